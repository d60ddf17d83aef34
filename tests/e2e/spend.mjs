// A leaked secret of the smallest scope: whatever is tried with it, it spends
// no more than its budget and reaches no model, tool or dataset outside its
// lists.  The provider bills what it is asked for, to the last token that it
// may say, whether somebody reads that or not.
import fs from 'node:fs';
import path from 'node:path';
import { call, SIGNATURE, signature } from '../lib/http.mjs';
import { callCgi } from '../lib/gateway.mjs';
import { program, runDir, sleep, stop, until } from '../lib/proc.mjs';
import { listen } from '../lib/provider.mjs';
import { lighttpdCgi, lighttpdFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const INPUT = 10, OUTPUT = 1000, IMAGE = 0.04, CHARACTERS = 15; // US dollars
const RUN = 0.5, DAY = 1;
const WORKERS = 8, LEAKS = 15, ROWS = 1000;
const bin = program();
const dir = runDir('spend');

// --- the vendor

const vendor = { calls: [], billed: 0 };

function bill(url, body) {
  if (url.endsWith('/images/generations'))
    return IMAGE * (body.n ?? 1);
  if (url.endsWith('/audio/speech'))
    return body.input.length * CHARACTERS / 1e6;
  const input = Math.ceil(JSON.stringify(body.messages).length / 4);
  const most = body.max_tokens ?? 100000;
  const output = /short/.test(JSON.stringify(body.messages.at(-1)))
    ? Math.min(20, most) : most;
  return { input, output,
    cost: (input * INPUT + output * OUTPUT) / 1e6 };
}

function sendJson(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function toolCall(body) {
  const name = body.tools?.[0]?.function.name;
  return name && /loop/.test(JSON.stringify(body.messages))
    ? [{ index: 0, id: `call_${vendor.calls.length}`, type: 'function',
      function: { name, arguments: '{}' } }] : undefined;
}

async function stream(response, text, body, usage) {
  const piece = (delta, reason = null) => response.write(`data: ${
    JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })
  }\n\n`);
  const calls = toolCall(body);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (/cut-first/.test(text))
    return response.destroy();
  piece({ role: 'assistant', content: '' });
  for (let i = 0; i < 5 && !response.destroyed; i++) {
    piece({ content: `word ${i} ` });
    if (/slow/.test(text))
      await sleep(20);
  }
  if (calls)
    piece({ tool_calls: calls });
  piece({}, calls ? 'tool_calls' : 'stop');
  if (usage)
    response.write(`data: ${JSON.stringify({ choices: [], usage })}\n\n`);
  return response.end('data: [DONE]\n\n');
}

const server = await listen(async (request, response, raw) => {
  const body = JSON.parse(raw);
  const bills = bill(request.url, body);
  const text = JSON.stringify(body.messages ?? '');
  const cost = bills.cost ?? bills;
  vendor.calls.push({ url: request.url, model: body.model, body, cost });
  if (/refuse/.test(text))
    return sendJson(response, 500, { error: { message: 'no' } });
  vendor.billed += cost;
  if (/hang/.test(text))
    return undefined;
  if (request.url.endsWith('/images/generations'))
    return sendJson(response, 200, { data: Array.from(
      { length: body.n ?? 1 }, () => ({ b64_json: 'iVBORw0KGgo=' })) });
  if (request.url.endsWith('/audio/speech')) {
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    return response.end('ID3');
  }
  const usage = /untold/.test(text) ? undefined : {
    prompt_tokens: bills.input, completion_tokens: bills.output,
    total_tokens: bills.input + bills.output };
  if (body.stream)
    return stream(response, text, body, usage);
  if (/cut-first/.test(text)) {
    response.writeHead(200, { 'content-type': 'application/json',
      'content-length': 1000 });
    response.write('{');
    return setTimeout(() => response.destroy(), 5);
  }
  const calls = toolCall(body);
  if (/slow/.test(text))
    await sleep(100);
  return sendJson(response, 200, { usage, choices: [{ index: 0,
    finish_reason: calls ? 'tool_calls' : 'stop',
    message: { role: 'assistant', content: 'answer', tool_calls: calls } }] });
});

// --- the program

fs.mkdirSync(path.join(dir, 'data/ci'), { recursive: true });
fs.mkdirSync(path.join(dir, 'data/prod'));
fs.mkdirSync(path.join(dir, 'outside'));
const rows = n => Array.from({ length: n }, (_, i) =>
  `${JSON.stringify({ input: { q: `row ${i}` } })}\n`).join('');
fs.writeFileSync(path.join(dir, 'data/ci/rows.jsonl'), rows(ROWS));
fs.writeFileSync(path.join(dir, 'data/ci/two.jsonl'), rows(2));
fs.writeFileSync(path.join(dir, 'data/ci/ten.jsonl'), rows(10));
fs.writeFileSync(path.join(dir, 'data/prod/rows.jsonl'), rows(2));
fs.writeFileSync(path.join(dir, 'outside/rows.jsonl'), rows(2));
fs.symlinkSync('../outside', path.join(dir, 'data/link'));
fs.symlinkSync('../../outside/rows.jsonl',
  path.join(dir, 'data/ci/out.jsonl'));
fs.symlinkSync('../ci/two.jsonl', path.join(dir, 'data/prod/in.jsonl'));
fs.writeFileSync(path.join(dir, 'judge.prompt.mdx'), `---
name: judge
text_config:
  model_name: mock/judge
  max_tokens: 100
---
<User>short: how good is {props.output}?</User>
`);
fs.writeFileSync(path.join(dir, 'tool.sh'), `#!/bin/sh
echo >> "${dir}/tools.log"
cat > /dev/null
echo '{"result": "done"}'
`, { mode: 0o755 });

const leak = i => `leaked-secret-number-${i}`;
const scope = { models: ['mock/m', 'mock/first', 'mock/img', 'mock/tts'],
  tools: ['allowed'], datasets: ['ci/*'], budget: { run: RUN, day: DAY } };
const price = { input: INPUT, output: OUTPUT };
const conf = {
  webhook: {
    secret: 'the-secret-of-the-owner',
    secrets: Array.from({ length: LEAKS }, (_, i) =>
      ({ name: `leak-${i}`, value: leak(i), ...scope })),
  },
  providers: {
    mock: { driver: 'chat', base_url: `${server.base}/v1` },
    twin: { driver: 'chat', base_url: `${server.base}/v1` },
  },
  prices: { 'mock/img': { image: IMAGE }, 'mock/tts': {
    characters: CHARACTERS }, 'mock/*': price, 'twin/*': price },
  spending: { max_output_tokens: 100 },
  models: [{ name: 'mock/first', provider: 'mock', model: 'first',
    fallback: ['mock/dear'] }],
  tools: {
    allowed: { exec: ['./tool.sh'], parameters: { type: 'object' } },
    secret_tool: { exec: ['./tool.sh'], parameters: { type: 'object' } },
  },
  evals: { judged: { judge: 'judge.prompt.mdx' } },
  datasets: { root: 'data' },
  experiments: { at_once: 0, concurrency: ROWS, state_dir: 'state' },
  store: 'store.db',
  log: { target: 'program.log' },
};
const file = path.join(dir, 'agentmark-fcgi.yaml');
fs.writeFileSync(file, JSON.stringify(conf), { mode: 0o600 });
fs.mkdirSync(path.join(dir, 'state'), { mode: 0o700 });

// Reports of the sanitizers are written where the tests look at the end.
const logs = path.join(dir, 'sanitizers');
fs.mkdirSync(logs);
const env = {
  AGENTMARK_FCGI_CONFIG: file,
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:log_path=${logs}/report`,
  UBSAN_OPTIONS: `log_path=${logs}/report`,
};
const web = await lighttpdFcgi({ dir, bin, env, workers: WORKERS });

// --- requests

const says = (name, value) => ({
  type: 'mdxJsxFlowElement', name, attributes: [],
  children: [{ type: 'paragraph', children: [{ type: 'text', value }] }],
});

function prompt({ config = {}, user = 'Hello', kind = 'text', settings }) {
  const front = { name: 'leak',
    [`${kind}_config`]: { model_name: 'mock/m', ...config },
    ...(settings ? { test_settings: settings } : {}) };
  const names = { image: 'ImagePrompt', speech: 'SpeechPrompt' };
  return { type: 'root', children: [
    { type: 'yaml', value: JSON.stringify(front) },
    says(names[kind] ?? 'User', user)] };
}

const promptRun = (o = {}) => JSON.stringify({ type: 'prompt-run',
  data: { ast: prompt(o), options: { shouldStream: o.stream ?? false },
    ...o.data } });
const datasetRun = (o = {}) => JSON.stringify({ type: 'dataset-run',
  data: { ast: prompt(o), experimentId: 'leak', ...o.data } });
const headers = (body, secret) => ({ 'content-type': 'application/json',
  [SIGNATURE]: signature(body, secret) });
const send = (body, secret = leak(0), o = {}) => call(web.base,
  { body, headers: headers(body, secret), timeout: 120000, ...o });

// A secret that nothing was spent with.
let used = 1;
const fresh = () => leak(used++);

async function watched(attempt) {
  const before = vendor.calls.length;
  const billed = vendor.billed;
  const result = await attempt();
  return { result, billed: vendor.billed - billed,
    calls: vendor.calls.slice(before) };
}

// Nothing at all is reached, and the answer says why.
async function refused(body, status, words, secret = leak(0)) {
  const { result, calls } = await watched(() => send(body, secret));
  assert.deepEqual(calls.map(one => one.model), []);
  assert.ok([status].flat().includes(result.status),
    `${result.status} ${result.body}`);
  assert.match(result.body, words);
}

const within = (billed, budget) =>
  assert.ok(billed <= budget + 1e-9, `${billed} of ${budget} USD`);
const only = (calls, ...names) =>
  assert.deepEqual([...new Set(calls.map(one => one.model))].sort(), names);

// --- what it may do at all

await test('what the secret may do it does', async () => {
  const { result, billed, calls } = await watched(() =>
    send(promptRun({ user: 'short' })));
  assert.equal(result.status, 200, result.body);
  assert.equal(calls[0].body.max_tokens, 100);
  within(billed, 0.03);
  const data = await send(datasetRun({ user: 'short',
    data: { datasetPath: 'ci/two.jsonl' } }));
  assert.equal(data.values.filter(v => v.type === 'dataset').length, 2,
    data.body);
});

// --- models

await test('attempt 1: another model', () =>
  refused(promptRun({ config: { model_name: 'mock/dear' } }), 403,
    /the secret leak-0 may not use the model mock\/dear/));

await test('attempt 2: other spellings', async () => {
  for (const name of ['MOCK/m', 'mock/M', 'mock/m2', 'mock/m/', ' mock/m',
    'mock/m ', 'mock//m', 'mock/m/../dear', 'm', 'mock/*', 'mock/dear\u0000',
    'mock/dear\u0000mock/m'])
    await refused(promptRun({ config: { model_name: name } }), [403, 500],
      /may not use|provider/);
  for (const name of ['mock/m\u0000', 'mock/m\u0000/../dear']) {
    const { calls } = await watched(() =>
      send(promptRun({ user: 'short', config: { model_name: name } })));
    only(calls, ...calls.length ? ['m'] : []);
  }
});

await test('attempt 3: the same model elsewhere', () =>
  refused(promptRun({ config: { model_name: 'twin/m' } }), 403,
    /may not use the model twin\/m/));

await test('attempt 4: other eras, kinds and experiments', async () => {
  const ast = prompt({ config: { model_name: 'mock/dear' } });
  const data = { prompt: ast, options: { shouldStream: true } };
  await refused(JSON.stringify({ event: { type: 'prompt-run', data } }),
    403, /may not use/);
  await refused(datasetRun({ config: { model_name: 'mock/dear' },
    data: { datasetPath: 'ci/two.jsonl' } }), 403, /may not use/);
  await refused(promptRun({ kind: 'image',
    config: { model_name: 'mock/dear' } }), 403, /may not use/);
  await refused(promptRun({ kind: 'speech',
    config: { model_name: 'mock/dear', voice: 'v' } }), 403, /may not use/);
});

await test('attempt 5: a judge, which is paid from the same budget',
  async () => {
    const secret = fresh();
    const { calls, billed } = await watched(() => send(datasetRun({
      user: 'short', settings: { evals: ['judged'] },
      data: { datasetPath: 'ci/rows.jsonl', concurrency: 50 } }), secret));
    only(calls, 'judge', 'm');
    within(billed, RUN);
  });

await test('attempt 6: a fallback of a model that may be used', async () => {
  const { result, calls } = await watched(() => send(promptRun({
    user: 'refuse', config: { model_name: 'mock/first', max_retries: 0 } })));
  assert.ok([403, 500].includes(result.status), result.body);
  only(calls, ...calls.length ? ['first'] : []);
});

// --- tools

const ran = () => {
  try {
    return fs.readFileSync(path.join(dir, 'tools.log'), 'utf8').length;
  } catch {
    return 0;
  }
};

await test('attempt 7: tools outside the list', async () => {
  for (const tools of [['secret_tool'], ['allowed', 'secret_tool'],
    ['Allowed'], ['*'], ['allowed '], ['mcp://x/y'], ['mcp://x/*'],
    { secret_tool: { description: 'd', parameters: {} } }])
    await refused(promptRun({ user: 'loop', config: { tools } }),
      [400, 403, 500], /tool|MCP|mcp|may not/);
  assert.equal(ran(), 0);
  await refused(promptRun({ user: 'loop', config: {
    tools: ['secret_tool'] } }), 403, /leak-0 may not use the tool/);
});

await test('attempt 8: a loop of tools', async () => {
  const secret = fresh();
  const { calls, billed } = await watched(async () => {
    for (let i = 0; i < 4; i++)
      await send(promptRun({ user: 'loop', stream: i % 2 === 0, config: {
        tools: ['allowed'], max_calls: 1000, max_tokens: 30 } }), secret);
  });
  assert.ok(ran() > 3, `${ran()} runs`);
  assert.ok(calls.length > 5);
  within(billed, DAY);
});

// --- money

await test('attempt 9: maxCostUsd that is no lower number', async () => {
  const huge = { config: { max_tokens: 600 } };
  for (const maxCostUsd of [0.500001, 1, 1e6, 1e300, null])
    await refused(promptRun({ ...huge, data: { maxCostUsd } }), 402,
      /run budget of the secret leak-0 \(0.5 USD\)/);
  for (const maxCostUsd of [-1, -0.001, 'NaN', '1000', true, {}, [1]])
    await refused(promptRun({ ...huge, data: { maxCostUsd } }), 400,
      /maxCostUsd/);
  const raw = promptRun({ ...huge, data: { maxCostUsd: 'X' } });
  await refused(raw.replace('"X"', 'NaN'), 400, /./);
  await refused(raw.replace('"X"', '1e999'), [400, 402], /./);
  await refused(promptRun({ data: { maxCostUsd: 0.01 } }), 402,
    /\(0.01 USD\)/);
  await refused(promptRun({ data: { maxCostUsd: 0 } }), 402, /\(0 USD\)/);
});

await test('attempt 10: max_tokens that is huge, or none', async () => {
  for (const max_tokens of [1e6, 1e9, 1e300, 9007199254740993])
    await refused(promptRun({ config: { max_tokens } }), 402, /budget/);
  for (const max_tokens of [0, -1, -1e9, null]) {
    const { result, calls } = await watched(() =>
      send(promptRun({ user: 'short', config: { max_tokens } })));
    assert.ok([200, 400, 500].includes(result.status), result.body);
    for (const one of calls)
      assert.equal(one.body.max_tokens, 100);
  }
});

await test('attempt 11: hundreds of requests at once, eight workers',
  async () => {
    const secret = fresh();
    const { result, billed, calls } = await watched(() => Promise.all(
      Array.from({ length: 200 }, (_, i) => send(promptRun({
        user: 'slow', stream: i % 2 === 0 }), secret))));
    const statuses = new Set(result.map(one => one.status));
    within(billed, DAY);
    assert.ok(calls.length >= 5, `${calls.length} calls`);
    assert.ok([...statuses].every(s => [200, 402, 429].includes(s)),
      `${[...statuses]}`);
    const last = await send(promptRun(), secret);
    assert.equal(last.status, 402);
    assert.match(last.body, /day budget of the secret leak-\d+ \(1 USD\)/);
    assert.match(last.body, /resets at \d{4}-\d\d-\d\dT00:00:00Z/);
    const wait = Number(last.headers['retry-after']);
    assert.ok(wait > 0 && wait <= 24 * 3600, `${wait}`);
  });

await test('attempt 12: an experiment of 1000 rows at once', async () => {
  const secret = fresh();
  const { result, billed, calls } = await watched(() => send(datasetRun({
    data: { datasetPath: 'ci/rows.jsonl', concurrency: 1000 } }), secret));
  within(billed, RUN);
  assert.ok(calls.length > 0);
  assert.equal(result.status, 200, result.body.slice(0, 300));
  assert.match(result.body, /budget/);
});

await test('attempt 13: many experiments, over the runs to the day',
  async () => {
    const secret = fresh();
    const { billed } = await watched(() => Promise.all(
      Array.from({ length: WORKERS }, () => send(datasetRun({
        data: { datasetPath: 'ci/rows.jsonl', concurrency: 1000 } }),
      secret))));
    within(billed, DAY);
  });

await test('attempt 14: answers that break off and are retried', async () => {
  const secret = fresh();
  const body = promptRun({ user: 'cut-first', config: { max_retries: 19,
    max_tokens: 40 }, data: { options: { shouldStream: false } } });
  const { billed } = await watched(() => Promise.all(
    Array.from({ length: 12 }, () =>
      send(body, secret, { leaveAfter: 9000 }))));
  within(billed, DAY);
});

await test('attempt 15: clients that leave in the middle of streams',
  async () => {
    const secret = fresh();
    const { billed, calls } = await watched(async () => {
      for (let i = 0; i < 40; i++)
        await send(promptRun({ user: 'slow', stream: true }), secret,
          { onPiece: reply => reply.body.includes('word') });
    });
    assert.ok(calls.length >= 5 && calls.length <= 10,
      `${calls.length} calls`);
    within(billed, DAY);
  });

await test('attempt 16: clients that leave before the first word',
  async () => {
    const secret = fresh();
    const { billed, calls } = await watched(async () => {
      for (let round = 0; round < 5; round++)
        await Promise.all(Array.from({ length: 8 }, () => send(promptRun({
          user: 'hang', stream: true }), secret, { leaveAfter: 300 })));
      await sleep(1500); // the program hears of it
    });
    assert.ok(calls.length >= 5, `${calls.length} calls`);
    within(billed, DAY);
  });

await test('attempt 17: usage that is never told', async () => {
  const secret = fresh();
  const { billed } = await watched(async () => {
    for (let i = 0; i < 20; i++)
      await send(promptRun({ user: 'untold', stream: i % 2 === 0 }), secret);
  });
  within(billed, DAY);
});

await test('attempt 18: prompts that are expensive to read', async () => {
  const secret = fresh();
  const { billed } = await watched(async () => {
    for (let i = 0; i < 10; i++)
      await send(promptRun({ user: `short ${'9x!'.repeat(40000)}` }), secret);
  });
  within(billed, DAY);
});

await test('attempt 19: pictures and speech', async () => {
  const secret = fresh();
  await refused(promptRun({ kind: 'image', config: { model_name: 'mock/img',
    num_images: 13 } }), 402, /budget/, secret);
  await refused(promptRun({ kind: 'speech', config: { model_name: 'mock/tts',
    voice: 'v' }, user: 'ab '.repeat(20000) }), 402, /budget/, secret);
  const { billed, calls } = await watched(async () => {
    for (let i = 0; i < 20; i++)
      await send(promptRun({ kind: 'image', config: {
        model_name: 'mock/img', num_images: 3 } }), secret);
  });
  assert.ok(calls.length > 0);
  within(billed, DAY);
});

// --- datasets

const tricks = ['prod/rows.jsonl', 'ci/../prod/rows.jsonl',
  'ci//..//prod/rows.jsonl', './prod/rows.jsonl', 'ci/./../prod/rows.jsonl',
  'CI/rows.jsonl', 'ci/../../data/prod/rows.jsonl', '../outside/rows.jsonl',
  'ci/../../outside/rows.jsonl', '/prod/rows.jsonl',
  `${dir}/data/prod/rows.jsonl`, `${dir}/outside/rows.jsonl`,
  '/etc/passwd', 'link/rows.jsonl', 'ci/../link/rows.jsonl', 'ci/out.jsonl',
  'prod/in.jsonl', 'prod/rows.jsonl\u0000ci/two.jsonl',
  'ci/../prod/rows.jsonl\u0000', 'ci%2f..%2fprod%2frows.jsonl',
  'ci\\..\\prod\\rows.jsonl', 'file:ci/two.jsonl'];

await test('attempt 20: paths to other datasets', async () => {
  for (const datasetPath of tricks)
    await refused(datasetRun({ user: 'short', data: { datasetPath } }),
      [403, 500, 400], /./);
  for (const dataset of tricks.slice(0, 8))
    await refused(datasetRun({ user: 'short', settings: { dataset } }),
      [403, 500], /./);
  await refused(datasetRun({ user: 'short',
    data: { datasetPath: 'ci/../prod/rows.jsonl' } }), 403,
  /the secret leak-0 may not use the dataset prod\/rows\.jsonl/);
});

// --- who it is

await test('attempt 21: other signatures', async () => {
  const body = promptRun();
  for (const value of ['', 'sha256=', `sha256=${'0'.repeat(64)}`,
    signature(body, 'the-secret-of-the-owneR'), signature(`${body} `,
      leak(0))]) {
    const { result, calls } = await watched(() => call(web.base,
      { body, headers: value ? { [SIGNATURE]: value } : {} }));
    assert.equal(result.status, 401);
    assert.equal(calls.length, 0);
  }
  for (const extra of [{ scope: 'the-secret-of-the-owner' },
    { signedBy: 'webhook.secret' }, { signed_by: 'webhook.secret' }])
    await refused(promptRun({ config: { model_name: 'mock/dear' },
      data: extra }), 403, /leak-0/);
});

// --- processes

await test('attempt 22: workers that are killed with calls open', async () => {
  const secret = fresh();
  const { billed } = await watched(async () => {
    for (let round = 0; round < 4; round++) {
      const open = Array.from({ length: 4 }, () =>
        send(promptRun({ user: 'hang' }), secret));
      await sleep(600);
      const killed = workers();
      for (const pid of killed)
        process.kill(pid, 'SIGKILL');
      await Promise.all(open);
      // lighttpd starts others at its next tick, a second away at most.
      await until(() => workers().filter(pid =>
        !killed.includes(pid)).length === WORKERS, 20000);
    }
  });
  within(billed, DAY);
});

await test('attempt 23: CGI, each request a process of its own', async () => {
  const secret = fresh();
  const own = path.join(dir, 'cgi');
  fs.mkdirSync(own);
  const cgi = await lighttpdCgi({ dir: own, bin, env });
  const body = promptRun({ user: 'slow' });
  const { billed, calls, result } = await watched(() => Promise.all(
    Array.from({ length: 30 }, () => call(cgi.base,
      { body, headers: headers(body, secret), timeout: 120000 }))));
  assert.ok(calls.length >= 5, `${calls.length} calls`);
  assert.ok(result.some(one => one.status === 402 || one.status === 429));
  within(billed, DAY);
  const killed = await watched(() => Promise.all(
    Array.from({ length: 10 }, () => callCgi(bin, env, { body,
      headers: headers(body, secret), leaveAfter: 200 }))));
  within(billed + killed.billed, DAY);
  await stop(cgi.child);
});

// The pids of the program's workers that lighttpd started.
function workers() {
  const children = pid => {
    try {
      return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        .trim().split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  };
  return children(web.child.pid);
}

await test('what rows do not need, others get', async () => {
  const { result, billed } = await watched(() => send(datasetRun({
    user: 'short slow', data: { datasetPath: 'ci/ten.jsonl',
      concurrency: 10 } }), fresh()));
  assert.equal(result.values.filter(v => v.type === 'dataset').length, 10,
    result.body);
  within(billed, RUN);
});

await test('the owner is not held to any of that', async () => {
  const { result, calls } = await watched(() => send(promptRun({
    config: { model_name: 'mock/dear', max_tokens: 100000 } }),
  'the-secret-of-the-owner'));
  assert.equal(result.status, 200, result.body);
  only(calls, 'dear');
});

await stop(web.child);
await test('the sanitizers are silent', () => {
  const reports = fs.readdirSync(logs).map(name =>
    fs.readFileSync(path.join(logs, name), 'utf8').slice(0, 3000));
  assert.deepEqual(reports, []);
});
await server.close();
await finish();
