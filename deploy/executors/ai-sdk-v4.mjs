// Vercel's AI SDK 4: npm install ai@4 @ai-sdk/openai@1 @ai-sdk/anthropic@1
import { run } from './ai-sdk.mjs';

await run(4);
