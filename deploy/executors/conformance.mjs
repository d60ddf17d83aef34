// Whether a program speaks the protocol of the `command` driver
// (docs/executors.md).  Says so in TAP and ends with status 1 when it does not.
//
//     node conformance.mjs --text openai/gpt-4o --object openai/gpt-4o \
//         -- node ai-sdk-v5.mjs
//
// Each option names the model that a kind of prompt is tried with; kinds without
// a model are left out:
//   --text --object --image --speech
//   --tool  a model that calls the tool it is given, and answers then
//   --slow  a model that takes some seconds, to be cancelled
//   --bad   a model that fails
// The program gets this process's environment.
import { spawn } from 'node:child_process';
import readline from 'node:readline';
import { parseArgs } from 'node:util';

const KINDS = ['text', 'object', 'tool', 'image', 'speech', 'slow', 'bad'];
const { values: models, positionals: command } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(KINDS.map(kind => [kind, { type: 'string' }])),
});
if (!command.length || !Object.keys(models).length) {
  console.error('usage: conformance.mjs --text MODEL … -- PROGRAM [ARGUMENT…]');
  process.exit(2);
}

const PATIENCE = 30000;
const SCHEMA = {
  type: 'object', properties: { a: { type: 'string' }, n: { type: 'number' } },
  required: ['a', 'n'], additionalProperties: false,
};
const TOOL = {
  name: 'weather', description: 'The weather of a place.',
  parameters: {
    type: 'object', properties: { location: { type: 'string' } },
    required: ['location'], additionalProperties: false,
  },
};
const TYPES = ['text-delta', 'reasoning-delta', 'tool-call', 'tool-result',
  'tool-request', 'object-delta', 'object-final', 'image', 'speech', 'finish',
  'error'];
const REASONS = ['stop', 'length', 'content-filter', 'tool-calls', 'error',
  'other', 'unknown'];

const expect = (value, text) => {
  if (!value)
    throw new Error(text);
};

// The program, as the endpoint starts it: a process group of its own.
class Program {
  constructor() {
    this.proc = spawn(command[0], command.slice(1),
      { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.lines = [];
    this.log = '';
    this.number = 0;
    this.wake = () => {};
    this.proc.stdin.on('error', () => {});
    this.proc.on('error', e => { this.log += e.message; });
    this.proc.stderr.on('data', data => { this.log += data; });
    this.exited = new Promise(done => this.proc.on('close', (code, signal) => {
      this.ended = true;
      this.wake();
      done({ code, signal });
    }));
    readline.createInterface({ input: this.proc.stdout }).on('line', line => {
      this.lines.push(line);
      this.wake();
    });
  }
  send(message) {
    this.proc.stdin.write(JSON.stringify(message) + '\n');
  }
  async line(ms = PATIENCE) {
    const until = Date.now() + ms;
    while (!this.lines.length) {
      const left = until - Date.now();
      expect(!this.ended, `the program has ended: ${this.log.slice(-500)}`);
      expect(left > 0, `no line for ${ms} ms: ${this.log.slice(-500)}`);
      await new Promise(done => {
        const timer = setTimeout(done, left);
        this.wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    return this.lines.shift();
  }
  // One call: all its events, checked as the endpoint would.
  async call(request, onEvent = () => {}) {
    const id = String(++this.number);
    const events = [];
    this.send({ id, name: 'conformance', props: {}, ...request });
    for (;;) {
      const line = await this.line();
      let event;
      try {
        event = JSON.parse(line);
      } catch {
        throw new Error(`not a line of JSON: ${line.slice(0, 200)}`);
      }
      check(event, id, line);
      events.push(event);
      if (event.type === 'finish' || event.type === 'error')
        return events;
      await onEvent(event, id);
    }
  }
  async quit() {
    this.proc.stdin.end();
    const end = await Promise.race([this.exited,
      new Promise(done => setTimeout(() => done('late'), 5000))]);
    this.kill();
    return end;
  }
  kill() {
    try {
      process.kill(-this.proc.pid, 'SIGKILL');
    } catch { /* it has ended */ }
  }
}

function check(event, id, line) {
  const text = line.slice(0, 200);
  expect(event.id === id, `the id is not '${id}': ${text}`);
  expect(TYPES.includes(event.type), `unknown type: ${text}`);
  if (/^(text|reasoning)-delta$/.test(event.type))
    expect(typeof event.text === 'string', `no text: ${text}`);
  if (/^tool-/.test(event.type))
    expect(typeof event.toolCallId === 'string' &&
      typeof event.name === 'string', `no toolCallId or name: ${text}`);
  if (event.type === 'error')
    expect(typeof event.error === 'string' || event.error?.message,
      `no error: ${text}`);
  if (event.type === 'finish')
    expect(REASONS.includes(event.reason ?? 'stop'), `no reason: ${text}`);
  for (const [key, value] of Object.entries(event.usage ?? {}))
    expect(Number.isFinite(value) && value >= 0,
      `usage.${key} is no number: ${text}`);
}

const ask = (kind, model, more = {}) => ({
  kind, stream: false, model,
  messages: [{ role: 'user', content: 'Say hello.' }],
  config: { model_name: model, ...more.config }, ...more.request,
});
const finished = events => {
  const last = events.at(-1);
  expect(last.type === 'finish', `it failed: ${JSON.stringify(last.error)}`);
  return events;
};
const textOf = events => events.filter(e => e.type === 'text-delta')
  .map(e => e.text).join('');

function objectOf(events) {
  const final = events.find(e => e.type === 'object-final');
  const value = final ? final.value : JSON.parse(textOf(events));
  expect(value && typeof value === 'object', 'no object');
  return value;
}

let count = 0;
let failed = 0;
async function test(name, body) {
  let problem;
  try {
    await body();
  } catch (e) {
    problem = e;
  }
  count++;
  console.log(`${problem ? 'not ok' : 'ok'} ${count} - ${name}`);
  if (problem) {
    failed++;
    for (const line of problem.message.split('\n').slice(0, 10))
      console.log(`#   ${line}`);
  }
}

// A test that needs the program; it is started again when it has ended.
let program;
const withProgram = (name, body) => test(name, async () => {
  if (!program || program.ended)
    program = new Program();
  try {
    await body(program);
  } catch (e) {
    program.kill();
    program = undefined;
    throw e;
  }
});

for (const stream of [false, true]) {
  const how = stream ? 'streamed' : 'whole';
  const request = { stream };
  if (models.text)
    await withProgram(`text, ${how}`, async p => {
      const events = finished(await p.call(
        ask('text', models.text, { request })));
      expect(textOf(events), 'no text');
    });
  if (models.object)
    await withProgram(`object, ${how}`, async p => {
      const events = finished(await p.call(ask('object', models.object, {
        request: { stream, schema: SCHEMA }, config: { schema: SCHEMA },
      })));
      const value = objectOf(events);
      expect(typeof value.a === 'string' && typeof value.n === 'number',
        `not as the schema says: ${JSON.stringify(value)}`);
    });
  if (models.tool)
    await withProgram(`a tool, ${how}`, async p => {
      let asked = 0;
      const events = finished(await p.call(ask('text', models.tool, {
        request: { stream, tools: [TOOL] },
        config: { tools: [TOOL.name], max_calls: 3 },
      }), (event, id) => {
        if (event.type !== 'tool-request')
          return;
        asked++;
        expect(event.name === TOOL.name, `asked for ${event.name}`);
        p.send({ id, toolResult: {
          toolCallId: event.toolCallId, result: { degrees: 21 },
          isError: false,
        } });
      }));
      expect(asked === 1, `${asked} tool requests`);
      expect(!events.some(e => /^tool-(call|result)$/.test(e.type)),
        'a tool request was told of again');
      expect(textOf(events), 'no text after the tool');
    });
  if (models.tool)
    await withProgram(`a tool that fails, ${how}`, async p => {
      const events = finished(await p.call(ask('text', models.tool, {
        request: { stream, tools: [TOOL] },
        config: { tools: [TOOL.name], max_calls: 3 },
      }), (event, id) => event.type === 'tool-request' && p.send({
        id, toolResult: { toolCallId: event.toolCallId,
          result: 'no weather today', isError: true },
      })));
      expect(textOf(events), 'no text after the tool');
    });
  if (models.bad)
    await withProgram(`an error, ${how}`, async p => {
      const events = await p.call(ask('text', models.bad, { request }));
      expect(events.at(-1).type === 'error', 'it did not fail');
    });
}
if (models.image)
  await withProgram('an image', async p => {
    const events = finished(await p.call(ask('image', models.image,
      { config: { prompt: 'a cat', num_images: 1 } })));
    const images = events.find(e => e.type === 'image')?.images;
    expect(Array.isArray(images) && images[0].base64 &&
      /^image\//.test(images[0].mimeType), 'no image');
  });
if (models.speech)
  await withProgram('a speech', async p => {
    const events = finished(await p.call(ask('speech', models.speech,
      { config: { text: 'hello', voice: 'alloy' } })));
    const speech = events.find(e => e.type === 'speech')?.speech;
    expect(speech?.base64 && /^audio\//.test(speech.mimeType), 'no speech');
  });
await withProgram('an unknown kind is an error', async p => {
  const events = await p.call(ask('dance', models.text ?? 'x'));
  expect(events.at(-1).type === 'error', 'it did not fail');
});
if (models.text)
  await withProgram('blank lines and unknown keys', async p => {
    p.proc.stdin.write('\n\n');
    finished(await p.call(ask('text', models.text, {
      request: { tomorrow: { x: 1 },
        traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
      config: { unheard_of: true },
    })));
  });
await withProgram('it leaves when its input ends', async p => {
  const end = await p.quit();
  expect(end.code === 0, `it ended with ${JSON.stringify(end)}`);
  expect(!p.lines.length, `a line of no call: ${p.lines[0]}`);
});
if (models.slow)
  await withProgram('cancelled, it is quiet and leaves', async p => {
    p.send({ id: '1', ...ask('text', models.slow, {
      request: { stream: true } }) });
    await new Promise(done => setTimeout(done, 700));
    p.send({ id: '1', cancel: true });
    process.kill(-p.proc.pid, 'SIGTERM');
    const end = await Promise.race([p.exited,
      new Promise(done => setTimeout(() => done('late'), 1000))]);
    expect(end !== 'late', 'it is still there a second later');
    expect(!p.lines.some(line => line.includes('"finish"')),
      'it has finished a call that was cancelled');
  });
program?.kill();
console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
