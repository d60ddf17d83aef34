// Whom tests/live asks as what: the cheapest model of each vendor that takes
// tools, as of 2026-11-25.  `price` is for those that the program's own table
// does not know, in US dollars for a million tokens or for a call.
export const MODELS = {
  openai: { model: 'gpt-6-luna' },
  anthropic: { model: 'claude-haiku-5-5' },
  google: { model: 'gemini-3.1-flash-lite' },
  bedrock: {
    model: 'amazon.nova-micro-v1:0',
    instead: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    also: ['AWS_SESSION_TOKEN', 'AWS_REGION'],
  },
  // The model is the name of a deployment.
  azure: {
    model: process.env.AZURE_OPENAI_DEPLOYMENT,
    needs: ['AZURE_RESOURCE_NAME'],
  },
  cerebras: { model: 'gpt-oss-120b', price: { input: 0.35, output: 0.75 } },
  cohere: { model: 'command-r7b-12-2024' },
  deepseek: { model: 'deepseek-v4-flash' },
  fireworks: { model: 'accounts/fireworks/models/gpt-oss-20b' },
  groq: { model: 'openai/gpt-oss-20b' },
  mistral: { model: 'ministral-3b-latest' },
  openrouter: { model: 'openai/gpt-oss-20b' },
  together: { model: 'openai/gpt-oss-20b' },
  xai: { model: 'grok-4-1-fast-non-reasoning' },
  // A search costs more than all others together, so it goes last.  It takes
  // no tools.
  perplexity: {
    model: 'sonar', price: { input: 1, output: 1, call: 0.005 }, last: true,
    lacks: ['tools'],
  },
};
