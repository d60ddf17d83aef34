// Agents of Mastra, called by what the mock provider's model does for them:
// hello, echo, tool (has a tool), broken (its tool fails), toolloop, length, 401,
// errchunk, badjson.
import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { createTool } from '@mastra/core/tools';
import { z } from 'zod';

const tool = (id, execute) => createTool({
  id, description: 'The weather of a place.',
  inputSchema: z.object({ location: z.string() }), execute,
});
const weather = tool('weather', async () => ({ degrees: 21 }));
const broken = tool('weather', async () => {
  throw new Error('no weather today');
});
const agent = (id, model, tools) => [id, new Agent({
  id, name: id, instructions: 'Be brief.', tools, maxRetries: 0,
  model: { id: `openai/${model}`, url: process.env.OPENAI_BASE_URL,
    apiKey: 'test-key' },
})];

export const mastra = new Mastra({
  logger: false,
  agents: Object.fromEntries([
    agent('hello', 'hello'), agent('echo', 'echo'), agent('length', 'length'),
    agent('401', '401'), agent('errchunk', 'errchunk'),
    agent('badjson', 'badjson'), agent('tool', 'tool-1', { weather }),
    agent('broken', 'tool-1', { weather: broken }),
    agent('toolloop', 'toolloop', { weather }),
  ]),
});
