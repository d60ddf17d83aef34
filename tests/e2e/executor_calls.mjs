// Programs that answer prompts, behind the program: streams, tools, crashes,
// broken lines, clients that leave, pools, fallbacks.
import fs from 'node:fs';
import path from 'node:path';
import { asking, jsonl, rowsOf, serve } from '../lib/experiments.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { root, until } from '../lib/proc.mjs';
import { listen } from '../lib/provider.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const GONE_MS = 50;

const lib = name => path.join(root, 'tests/lib', name);
const node = [process.execPath, lib('command.mjs')];

// A vendor of chat completions: the key says whether it is well.
const vendor = await listen((request, response) => {
  const well = request.headers.authorization === 'Bearer well';
  response.writeHead(well ? 200 : 503,
    { 'content-type': 'application/json' });
  response.end(JSON.stringify(well
    ? { choices: [{ message: { content: 'from the vendor' },
      finish_reason: 'stop' }], usage: { prompt_tokens: 1,
      completion_tokens: 1 } }
    : { error: { message: 'down' } }));
});

const home = fs.mkdtempSync('/tmp/claude-home-');
const base = `${vendor.base}/v1`;
const providers = {
  one: { driver: 'command', exec: node },
  pool: { driver: 'command', exec: node, workers: 2,
    env: { COLOUR: 'blue' }, dir: '/' },
  claude: { driver: 'claude-agent', exec: [lib('claude.py')],
    env: { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C', TZ: 'UTC' },
    dir: home, options: { permission_mode: 'plan' } },
  well: { base_url: base, api_key: 'well' },
  down: { base_url: base, api_key: 'down' },
};
const server = await serve({
  provider: base,
  configuration: {
    providers, retries: 0, heartbeat: 0,
    models: [
      { name: 'from-child', provider: 'pool',
        fallback: ['well/m'] },
      { name: 'from-vendor', provider: 'down',
        fallback: ['down/other', 'one/m'] },
      { name: 'openai/gpt', provider: 'down', executor: 'pool', model: 'gpt' },
    ],
    tools: { weather: { exec: ['sh', '-c',
      'read -r args; echo "{\\"saw\\":$args}"'], parameters: {
      type: 'object', properties: { city: { type: 'string' } } } } },
  },
  files: { 'pids.jsonl': jsonl(asking(Array(6).fill('pid'))) },
});

const ask = (model, user, more = {}) =>
  server.send(promptRun({ model, user, ...more }), more);

// A prompt that names tools.
function withTools(model, user, stream) {
  const body = JSON.parse(promptRun({ model, user, stream }));
  const front = body.data.ast.children[0];
  front.value = front.value.replace(`"model_name"`,
    `"tools":["weather"],"model_name"`);
  return server.send(JSON.stringify(body));
}
const plain = reply => reply.values.map(({ at, ...value }) => value);
const texts = reply => plain(reply).filter(v => v.result !== undefined)
  .map(v => v.result).join('');
const lives = pid => fs.existsSync(`/proc/${pid}`);
const wire = { inputTokens: 4, outputTokens: 2, totalTokens: 6,
  promptTokens: 4, completionTokens: 2 };

for (const name of ['one', 'pool']) {
  await test(`${name}: a text is streamed word by word`, async () => {
    const reply = await ask(`${name}/m`, 'to be or not');
    assert.deepEqual(plain(reply).slice(0, -1), [
      ...['to ', 'be ', 'or ', 'not '].map(result =>
        ({ type: 'text', result })),
      { type: 'text', finishReason: 'length', usage: wire },
    ]);
    const [first, , , last] = reply.values;
    assert.ok(last.at - first.at > 50, `${last.at - first.at} ms`);
  });
  await test(`${name}: a text at once`, async () => {
    const reply = await ask(`${name}/m`, 'to be', { stream: false });
    assert.equal(reply.json.result, 'to be ');
    assert.deepEqual(reply.json.usage, wire);
  });
  await test(`${name}: an object`, async () => {
    const schema = { type: 'object' };
    const o = { kind: 'object', schema };
    const reply = await ask(`${name}/m`, 'object', o);
    assert.deepEqual(plain(reply).slice(0, -1), [
      { type: 'object', result: { a: [] } },
      { type: 'object', result: { a: [1] } },
      { type: 'object', usage: wire },
    ]);
    const once = await ask(`${name}/m`, 'object', { ...o, stream: false });
    assert.deepEqual(once.json.result, { a: [1] });
  });
  await test(`${name}: usage may be missing`, async () => {
    const reply = await ask(`${name}/m`, 'told');
    assert.deepEqual(plain(reply).at(-2),
      { type: 'text', finishReason: 'stop' });
    const call = JSON.parse(texts(reply));
    assert.equal(call.kind, 'text');
    assert.equal(call.model, 'm');
    assert.equal(call.name, 'e2e');
    assert.equal(call.config.model_name, `${name}/m`);
  });
  await test(`${name}: it asks us to run a tool`, async () => {
    const reply = await withTools(`${name}/m`, 'weather');
    const lines = plain(reply);
    const args = { city: 'Ulm' }, result = { saw: args };
    assert.deepEqual(lines.slice(0, 3), [
      { type: 'text', toolCall: { toolCallId: 'c1', toolName: 'weather',
        args } },
      { type: 'text', toolResult: { toolCallId: 'c1', toolName: 'weather',
        result } },
      { type: 'text', result: JSON.stringify(result) },
    ]);
    const once = await withTools(`${name}/m`, 'weather', false);
    assert.equal(once.json.toolCalls.length, 1);
    assert.equal(once.json.toolResults.length, 1);
  });

  const failures = {
    crash: 'the command ended with status 3: boom',
    garbage: 'a line that is no JSON object',
    wrong: 'a line with another id',
  };
  for (const [word, reason] of Object.entries(failures)) {
    await test(`${name}: ${word} costs one call`, async () => {
      const error = `Executor '${name}' failed: ${reason}`;
      const reply = await ask(`${name}/m`, word);
      assert.deepEqual(plain(reply)[0], { type: 'error', error });
      const once = await ask(`${name}/m`, word, { stream: false });
      assert.equal(once.status, 500);
      assert.equal(once.json.message, error);
      assert.equal(texts(await ask(`${name}/m`, 'well')), 'well ');
    });
  }
  await test(`${name}: what it said before it crashed stays`, async () => {
    const lines = plain(await ask(`${name}/m`, 'late'));
    assert.equal(lines[0].result, 'some');
    assert.match(lines[1].error, /ended with status 3/);
  });
  await test(`${name}: an error of its own`, async () => {
    assert.deepEqual(plain(await ask(`${name}/m`, 'error'))[0],
      { type: 'error', error: 'the SDK failed' });
  });

  for (const word of ['slow', 'silent']) {
    await test(`${name}: a client that leaves ends a ${word} one`,
      async () => {
        let pid, left;
        const reply = await ask(`${name}/m`, word, { onPiece: r => {
          pid = Number(r.values[0]?.result);
          left = performance.now();
          return pid > 0;
        } });
        assert.ok(pid > 0, reply.body);
        await until(() => !lives(pid), 3000, 2);
        const took = performance.now() - left;
        assert.ok(took < GONE_MS, `after ${took.toFixed()} ms`);
      });
  }
}

await test('two calls at once on a pool', async () => {
  const reply = await server.run({ model: 'pool/m', evals: [],
    datasetPath: 'pids.jsonl', concurrency: 6 });
  const pids = rowsOf(reply).map(row => row.result.actualOutput);
  assert.equal(pids.length, 6, reply.body);
  assert.equal(new Set(pids).size, 2);
  const again = texts(await ask('pool/m', 'pid'));
  assert.ok(pids.includes(again));
});

await test('its environment is clean', async () => {
  const env = JSON.parse(texts(await ask('pool/m', 'env')));
  assert.equal(env.COLOUR, 'blue');
  const extra = Object.keys(env).filter(name =>
    !['COLOUR', 'PATH', 'HOME', 'LANG', 'TZ', 'PWD', 'SHLVL', '_']
      .includes(name));
  assert.deepEqual(extra, []);
});

await test('an executor runs what another provider is named for', async () => {
  const call = JSON.parse(texts(await ask('openai/gpt', 'told')));
  assert.equal(call.model, 'gpt');
  assert.equal(call.config.model_name, 'openai/gpt');
});

await test('others step in', async () => {
  const o = { stream: false };
  const a = await ask('from-child', 'crash', o);
  assert.equal(a.json.result, 'from the vendor');
  const b = await ask('from-vendor', 'hello you', o);
  assert.equal(b.json.result, 'hello you ');
  const streamed = await ask('from-child', 'late');
  assert.match(plain(streamed)[1].error, /ended with status 3/);
});

await test('claude: what it is started with', async () => {
  const reply = await ask('claude/sonnet', 'Hi there');
  const told = JSON.parse(texts(reply));
  assert.deepEqual(told.env, { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C',
    TZ: 'UTC', ...(told.env.LC_CTYPE ? { LC_CTYPE: told.env.LC_CTYPE } : {}) });
  assert.equal(told.cwd, home);
  assert.equal(told.text, 'Hi there');
  const { args } = told;
  const after = flag => args[args.indexOf(flag) + 1];
  assert.equal(after('--model'), 'sonnet');
  assert.equal(after('--system-prompt'), 'You are a test.');
  assert.equal(after('--permission-mode'), 'plan');
  assert.equal(after('--setting-sources'), '');
  assert.ok(args.includes('--include-partial-messages'));
  assert.deepEqual(plain(reply).at(-2).usage, { inputTokens: 7,
    outputTokens: 3, totalTokens: 10, promptTokens: 7, completionTokens: 3 });
});

await test('claude: objects, and what it does not do', async () => {
  const schema = { type: 'object', required: ['told'] };
  const reply = await ask('claude/sonnet', 'x',
    { kind: 'object', schema, stream: false });
  assert.deepEqual(reply.json.result, { told: 'x' });
  const image = await ask('claude/sonnet', 'x', { kind: 'image' });
  assert.equal(image.status, 500);
  assert.equal(image.json.message,
    `Executor 'claude-agent-sdk-v0' does not support image prompts.`);
});

await test('claude: a client that leaves ends it', async () => {
  let pid, left;
  await ask('claude/sonnet', 'hang', { onPiece: r => {
    pid = Number(r.values[0]?.result);
    left = performance.now();
    return pid > 0;
  } });
  await until(() => !lives(pid), 3000, 2);
  const took = performance.now() - left;
  assert.ok(took < GONE_MS, `after ${took.toFixed()} ms`);
});

await server.close();
await vendor.close();
fs.rmSync(home, { recursive: true });
finish();
