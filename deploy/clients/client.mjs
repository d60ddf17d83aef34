#!/usr/bin/env node
// client.mjs PROMPT [PROPS]: prints what the prompt answers, as it comes.
import { createHmac } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

const [promptPath, props = '{}'] = process.argv.slice(2);
const body = JSON.stringify({ type: 'prompt-run', data: { promptPath, customProps: JSON.parse(props) } });
const hmac = createHmac('sha256', process.env.AGENTMARK_WEBHOOK_SECRET).update(body).digest('hex');
const reply = await fetch(process.env.AGENTMARK_URL, { method: 'POST', body,
  headers: { 'Content-Type': 'application/json', 'x-agentmark-signature-256': `sha256=${hmac}` } });
if (!reply.ok) throw new Error((await reply.json()).message);
for await (const line of createInterface(Readable.fromWeb(reply.body))) {
  const chunk = line ? JSON.parse(line) : {};
  if (chunk.type === 'error') throw new Error(chunk.error);
  if (chunk.type === 'text' && chunk.result) process.stdout.write(chunk.result);
}
