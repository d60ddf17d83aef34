// Vercel's AI SDK 5: npm install ai@5 @ai-sdk/openai@2 @ai-sdk/anthropic@2
import { run } from './ai-sdk.mjs';

await run(5);
