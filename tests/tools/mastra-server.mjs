// A Mastra server on 127.0.0.1 for the agents of mastra-agents.mjs, to be copied
// with it next to its packages:
//   PORT=N OPENAI_BASE_URL=URL node mastra-server.mjs
import { MastraServer } from '@mastra/hono';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { mastra } from './mastra-agents.mjs';

const app = new Hono();
await new MastraServer({ app, mastra }).init();
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) },
  ({ port }) => console.log(`serving on ${port}`));
