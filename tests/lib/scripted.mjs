// Vendors that say what tests/data has of them, whichever protocol they speak:
// transcripts and talks, as whole replies or as streams, in one piece, byte by
// byte, cut off, or left open.  What they were asked is counted and kept.
import fs from 'node:fs';
import path from 'node:path';
import { root, until } from './proc.mjs';
import { listen } from './provider.mjs';
import { recordLines } from './records.mjs';

const JSON_TYPE = 'application/json';
const SSE = { suffix: 'sse', type: 'text/event-stream' };
const asked = ({ json }) => json.stream === true;
const urlSays = word => ({ url }) => url.includes(word);

// How streams are asked for, and what they are made of.
export const protocols = {
  anthropic: { ...SSE, streams: asked },
  bedrock: {
    suffix: 'records', type: 'application/vnd.amazon.eventstream',
    streams: urlSays('/converse-stream'), encode: recordLines,
  },
  chat: { ...SSE, streams: asked },
  gemini: { ...SSE, streams: urlSays(':streamGenerateContent') },
  mastra: { ...SSE, streams: urlSays('/stream') },
  'mastra-v0': {
    suffix: 'txt', type: 'text/plain', streams: urlSays('/stream'),
  },
  ollama: {
    suffix: 'ndjson', type: 'application/x-ndjson',
    streams: ({ json }) => json.stream !== false,
  },
  responses: { ...SSE, streams: asked },
};

const data = (...names) =>
  fs.readFileSync(path.join(root, 'tests/data', ...names), 'utf8');

function stream(driver, text) {
  const { type, encode } = protocols[driver];
  return { type, bytes: encode ? encode(text) : Buffer.from(text) };
}

// What DRIVER's vendor said, and the events that must come of it.
export function transcript(driver, name) {
  const events = data('transcripts', driver, `${name}.events`).split('\n')
    .filter(Boolean).map(line => JSON.parse(line));
  const { suffix } = protocols[driver];
  const where = ['transcripts', driver];
  const reply = name.startsWith('once_') || name.startsWith('own_once_')
    ? { type: JSON_TYPE, bytes: Buffer.from(data(...where, `${name}.json`)) }
    : stream(driver, data(...where, `${name}.${suffix}`));
  return { ...reply, events };
}

function eventText(driver, event) {
  const text = typeof event === 'string' ? event : JSON.stringify(event);
  if (protocols[driver].suffix !== 'sse')
    return `${text}\n`;
  return `${event.type ? `event: ${event.type}\n` : ''}data: ${text}\n\n`;
}

const talkFile = (driver, name) =>
  path.join(root, 'tests/data/talks', driver, `${name}.json`);

// A conversation with tools; its steps have what is to be replied.
export function talk(driver, name) {
  const whole = JSON.parse(fs.readFileSync(talkFile(driver, name), 'utf8'));
  const steps = whole.steps.map(step => ({
    ...step,
    ...(whole.stream
      ? stream(driver, step.reply.map(e => eventText(driver, e)).join(''))
      : { type: JSON_TYPE, bytes: Buffer.from(JSON.stringify(step.reply)) }),
  }));
  return { ...whole, steps };
}

// --- without a script: whatever was asked for, from the talks

const RESULT = new RegExp(['"role":"tool"', '"tool_result"', '"toolResult"',
  '"functionResponse"', '"function_call_output"'].join('|'));

function fitting(driver, request) {
  const text = JSON.stringify(request.json);
  const way = protocols[driver].streams(request) ? 'stream' : 'once';
  const tools = text.includes('get_weather');
  const names = [`tools_${way}`, `tools_unstored_${way}`];
  if (text.includes('title'))
    names.unshift(...tools ? [] : [`object_${way}`], `object_tools_${way}`);
  const { steps } = talk(driver,
    names.find(name => fs.existsSync(talkFile(driver, name))));
  return tools && !RESULT.test(text) ? steps[0] : steps.at(-1);
}

// --- the server

async function write(response, { bytes, how }) {
  if (how !== 'bytes')
    return response.write(bytes);
  for (const byte of bytes) {
    response.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  return undefined;
}

async function send(response, reply) {
  const { status = 200, headers, type = JSON_TYPE, how } = reply;
  if (how === 'silent')
    return;
  response.writeHead(status, { 'content-type': type, ...headers });
  await write(response, reply);
  if (how === 'cut')
    // What was written has gone out by then.
    response.write('', () => response.destroy());
  else if (how !== 'open')
    response.end();
}

// Below BASE/DRIVER each of them answers with the next of `script`, or with
// what fits.  A reply is {bytes, type, status, headers, how}: whole unless how
// says `bytes` (one by one), `cut` (behind them), `open` (never ended) or
// `silent`.  Calls are {driver, url, headers, json, came, closed, ended}: times
// of performance.now(), and whether the reply had ended when it was closed.
export async function scriptedVendors() {
  const vendors = {
    calls: [], script: [],
    play(...replies) {
      vendors.calls.length = 0;
      vendors.script = replies;
    },
    coming: () => until(() => vendors.calls.length, 15000, 5),
  };
  const server = await listen((request, response, body) => {
    const [, driver, ...rest] = request.url.split('/');
    const call = {
      driver, url: `/${rest.join('/')}`, headers: request.headers,
      json: JSON.parse(body || '{}'), came: performance.now(),
    };
    vendors.calls.push(call);
    response.on('close', () => {
      call.closed = performance.now();
      call.ended = response.writableFinished;
    });
    send(response, vendors.script.shift() ?? fitting(driver, call))
      .catch(error => response.destroy(error));
  });
  return Object.assign(vendors, server);
}
