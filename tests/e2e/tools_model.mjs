// A provider of chat completions whose model does what the last user message
// plans: the calls of every step, then a text with what the tools gave.
import { listen } from '../lib/provider.mjs';

// STEPS are lists of [tool, arguments]; TEXT has % for the results.  In hex,
// which means nothing to Markdown.
export const plan = (steps, text = 'done: %') =>
  `plan${Buffer.from(JSON.stringify({ steps, text })).toString('hex')}`;

const USAGE = { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101 };

function decide(model, { messages }) {
  const { content } = messages.findLast(m => m.role === 'user');
  const hex = /plan([0-9a-f]+)/.exec(content)[1];
  const { steps, text } = JSON.parse(Buffer.from(hex, 'hex'));
  const done = messages.filter(m => m.tool_calls).length;
  const results = messages.filter(m => m.role === 'tool')
    .map(m => m.content).join(' | ');
  if (done >= steps.length)
    return { content: text.replace('%', () => results), finish: 'stop' };
  const args = value => value === 'huge' ? JSON.stringify(model.huge)
    : typeof value === 'string' ? value : JSON.stringify(value);
  return {
    finish: 'tool_calls',
    tool_calls: steps[done].map(([name, value], i) => ({
      index: i, id: `c${done}_${i}`, type: 'function',
      function: { name, arguments: args(value) },
    })),
  };
}

function sendStream(response, { finish, ...delta }) {
  const line = o => response.write(`data: ${JSON.stringify(o)}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  line({ choices: [{ index: 0, delta: { role: 'assistant', ...delta } }] });
  line({ choices: [{ index: 0, delta: {}, finish_reason: finish }] });
  line({ choices: [], usage: USAGE });
  response.end('data: [DONE]\n\n');
}

function sendWhole(response, { finish, ...message }) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({
    choices: [{
      index: 0, finish_reason: finish,
      message: { role: 'assistant', content: null, ...message },
    }],
    usage: USAGE,
  }));
}

// `calls` are the requests' bodies with `came` and `ended`, times of
// performance.now().
export async function modelThatCalls() {
  const model = { calls: [], huge: {} };
  const server = await listen((request, response, text) => {
    const body = JSON.parse(text);
    const call = { ...body, came: performance.now() };
    model.calls.push(call);
    response.on('finish', () => { call.ended = performance.now(); });
    (body.stream ? sendStream : sendWhole)(response, decide(model, body));
  });
  return Object.assign(model, server);
}
