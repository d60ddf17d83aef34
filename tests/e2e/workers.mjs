// The workers of deploy/evals with registries as AgentMark projects have them,
// and deploy/judges/agreement with a model that answers what is in the rows.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { SECRET } from '../lib/http.mjs';
import { cleanEnv, program, root, runDir } from '../lib/proc.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const dir = runDir('workers');
const node = [process.execPath, path.join(root,
  'deploy/evals/agentmark-evals.mjs')];
const python = ['python3', path.join(root, 'deploy/evals/agentmark_evals.py')];

function write(name, text) {
  const file = path.join(dir, name);
  fs.writeFileSync(file, text);
  return file;
}

function run([command, ...args], input = '', env = {}) {
  const child = spawn(command, args, { env: cleanEnv(env) });
  const got = { out: '', err: '' };
  child.stdout.on('data', data => { got.out += data; });
  child.stderr.on('data', data => { got.err += data; });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise(done => child.on('close', code =>
    done({ ...got, code })));
}

const lines = values => values.map(v => `${JSON.stringify(v)}\n`).join('');
const parsed = out => out.trim().split('\n').map(line => JSON.parse(line));

// --- Node

const object = write('object.mjs', `
export const evals = {
  exact: ({ output, expectedOutput }) => {
    const same = output === expectedOutput;
    return { score: same ? 1 : 0, passed: same };
  },
  slow: async ({ output }) => {
    console.log('thinking');
    await new Promise(done => setTimeout(done, 5));
    return { score: NaN, label: output };
  },
  thrower: () => { throw new Error('eval exploded'); },
  nothing: () => {},
  extras: ({ props, metadata, latencyMs, usage }) =>
    ({ props, metadata, latencyMs, usage }),
};
`);

test.each = async (cases, name, body) => {
  for (const [what, ...args] of cases)
    await test(`${name}: ${what}`, () => body(...args));
};

await test('node: rows in, results out, in order', async () => {
  const got = await run([...node, object, 'exact'], lines([
    { output: 'a', expectedOutput: 'a' }, { output: 'a' },
    { output: { k: 1 }, expectedOutput: { k: 1 } }]));
  assert.deepEqual(parsed(got.out), [
    { score: 1, passed: true }, { score: 0, passed: false },
    { score: 0, passed: false }]);
  assert.equal(got.code, 0);
});

await test('node: async evals, NaN, prints that go to the log', async () => {
  const got = await run([...node, object, 'slow'],
    `${lines([{ output: 'ü' }])}\n${lines([{ output: 'z' }])}`);
  assert.deepEqual(parsed(got.out), [
    { score: null, label: 'ü' }, { score: null, label: 'z' }]);
  assert.equal(got.err, 'thinking\nthinking\n');
});

await test('node: what is thrown, and no result', async () => {
  const thrown = await run([...node, object, 'thrower'], lines([{}, {}]));
  assert.deepEqual(parsed(thrown.out),
    [{ error: 'eval exploded' }, { error: 'eval exploded' }]);
  assert.equal(thrown.code, 1);
  const nothing = await run([...node, object, 'nothing'], lines([{}]));
  assert.equal(nothing.out, '{}\n');
  const garbage = await run([...node, object, 'exact'], 'garbage\n');
  assert.match(parsed(garbage.out)[0].error, /JSON/);
});

await test('node: everything of a row arrives', async () => {
  const row = { props: { a: 1 }, metadata: { m: null }, latencyMs: 12,
    usage: { totalTokens: 3 } };
  const got = await run([...node, object, 'extras'], lines([row]));
  assert.deepEqual(parsed(got.out), [row]);
});

await test('node: names and configuration', async () => {
  const names = await run([...node, object, '--names']);
  assert.equal(names.out, '["exact","extras","nothing","slow","thrower"]\n');
  const { out } = await run([...node, object, '--config']);
  const items = out.trim().split('\n');
  assert.equal(items[0], 'evals:');
  assert.equal(items[1], `  "exact": ${JSON.stringify({
    exec: [...node, object, 'exact'], workers: 1 })}`);
});

const REGISTRY_CLASS = `
class EvalRegistry {
  evals = new Map();
  register(name, f) {
    for (const n of [name].flat()) this.evals.set(n, f);
    return this;
  }
  get(name) { return this.evals.get(name); }
}
`;
const shapes = [
  ['the object evalRegistry', 'export const evalRegistry = { one: F };'],
  ['a Map', "export const evals = new Map([['one', F]]);"],
  ['the class EvalRegistry', `${REGISTRY_CLASS}
export const evalRegistry = new EvalRegistry().register(['one'], F);`],
  ['a function that makes it', `${REGISTRY_CLASS}
export const createEvalRegistry = () =>
  new EvalRegistry().register('one', F);`],
  ['a client', `export const client = {
  getEvalRegistry: () => ({ one: F }), getEvalNames: () => ['one'] };`],
  ['a client as the default export', `export default {
  getEvalRegistry: () => ({ one: F }) };`],
  ['the default export', 'export default { one: F };'],
  ['exported functions', 'export const one = F;'],
];

await test.each(shapes, 'node', async source => {
  const file = write('shape.mjs',
    source.replace('F', '(({ output }) => ({ label: output }))'));
  const names = await run([...node, file, '--names']);
  assert.equal(names.out, '["one"]\n', names.err);
  const got = await run([...node, file, 'one'], lines([{ output: 'x' }]));
  assert.equal(got.out, '{"label":"x"}\n');
});

await test('node: a CommonJS module, and an export by name', async () => {
  const file = write('common.cjs',
    'module.exports = { evals: { one: () => ({}) }, mine: { two: () => ({})}}');
  assert.equal((await run([...node, file, '--names'])).out, '["one"]\n');
  const named = await run([...node, file, '--names', '--export', 'mine']);
  assert.equal(named.out, '["two"]\n');
});

await test('node: what is not there', async () => {
  const missing = await run([...node, object, 'none']);
  assert.match(missing.err, /has no eval none/);
  assert.equal(missing.code, 2);
  const empty = await run([...node, write('empty.mjs', ''), '--names']);
  assert.match(empty.err, /exports no evals/);
  assert.equal((await run(node)).code, 2);
});

// --- Python

const module = write('project.py', `
import asyncio

def exact(params):
    print("thinking")
    same = params["output"] == params["expectedOutput"]
    return {"score": 1.0 if same else 0.0, "passed": same}

async def slow(params):
    await asyncio.sleep(0.005)
    return {"score": float("nan"), "label": params["output"]}

def thrower(params):
    raise ValueError("eval exploded")

evals = {"exact": exact, "slow": slow, "thrower": thrower,
         "nothing": lambda params: None}
`);

await test('python: rows in, results out', async () => {
  const got = await run([...python, module, 'exact'], lines([
    { output: 'a', expectedOutput: 'a' }, { output: 'a' }]));
  assert.deepEqual(parsed(got.out), [
    { score: 1, passed: true }, { score: 0, passed: false }]);
  assert.match(got.err, /thinking/);
  assert.equal(got.code, 0);
});

await test('python: async evals, what is raised, no result', async () => {
  const slow = await run([...python, module, 'slow'],
    lines([{ output: 'ü' }, { output: 'z' }]));
  assert.deepEqual(parsed(slow.out), [
    { score: null, label: 'ü' }, { score: null, label: 'z' }]);
  const thrown = await run([...python, module, 'thrower'], lines([{}]));
  assert.deepEqual(parsed(thrown.out), [{ error: 'eval exploded' }]);
  assert.equal(thrown.code, 1);
  const nothing = await run([...python, module, 'nothing'], lines([{}]));
  assert.equal(nothing.out, '{}\n');
});

await test('python: names, configuration, the class EvalRegistry', async () => {
  const names = await run([...python, module, '--names']);
  assert.deepEqual(JSON.parse(names.out),
    ['exact', 'nothing', 'slow', 'thrower']);
  const { out } = await run([...python, module, '--config']);
  assert.match(out, /^evals:\n  "exact": \{"exec": \[.*"workers": 1\}\n/);
  const file = write('registry.py', `
class EvalRegistry:
    def __init__(self): self._evals = {}
    def register(self, name, f): self._evals[name] = f; return self
    def get(self, name): return self._evals.get(name)
    def list_names(self): return list(self._evals)

class Client:
    def get_eval_registry(self):
        return EvalRegistry().register("one", lambda p: {"label": "x"})

client = Client()
`);
  assert.equal((await run([...python, file, '--names'])).out, '["one"]\n');
  assert.equal((await run([...python, file, 'one'], '{}\n')).out,
    '{"label": "x"}\n');
  const missing = await run([...python, file, 'two']);
  assert.match(missing.err, /has no eval two/);
  assert.equal(missing.code, 2);
});

// --- judges

const JUDGES = ['closed_qa', 'factuality', 'faithfulness', 'pairwise',
  'relevance', 'toxicity'];
const rowsOf = name => fs.readFileSync(path.join(root,
  `tests/data/judges/${name}.jsonl`), 'utf8').trim().split('\n')
  .map(line => JSON.parse(line));
const SCORES = { first: 1, tie: 0.5, second: 0 };

// Answers with the label of the row whose output is in the message; of a
// comparison in which the sides are swapped, with the other side's.
function labelOf(name, text) {
  const all = rowsOf(name);
  const shows = (row, key, title) => text.includes(
    `BEGIN ${title}\n${row[key]}\nEND ${title}`);
  if (name !== 'pairwise')
    return all.find(row => text.includes(row.input) &&
      (shows(row, 'output', 'ANSWER') || shows(row, 'output', 'TEXT')))?.label;
  const same = all.find(row => shows(row, 'output', 'FIRST ANSWER') &&
    shows(row, 'expectedOutput', 'SECOND ANSWER'));
  const swapped = all.find(row => shows(row, 'output', 'SECOND ANSWER') &&
    shows(row, 'expectedOutput', 'FIRST ANSWER'));
  return same?.label ??
    { first: 'second', second: 'first', tie: 'tie' }[swapped?.label];
}

const asked = [];
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request)
    body += piece;
  const { model, messages } = JSON.parse(body);
  asked.push({ model, messages });
  const label = model.startsWith('knows-')
    ? labelOf(model.slice(6), messages.at(-1).content) ?? 'unknown' : 'tie';
  const verdict = { reason: 'r', label, score: SCORES[label] ?? 0 };
  const content = JSON.stringify(verdict);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({
    choices: [{ finish_reason: 'stop', message: { content } }] }));
});
await new Promise(done => server.listen(0, '127.0.0.1', done));
const config = write('judges.yaml', `webhook:
  secret: ${SECRET}
providers:
  mock:
    driver: chat
    base_url: http://127.0.0.1:${server.address().port}/v1
`);
fs.chmodSync(config, 0o600);

const agreement = (...args) => run([
  path.join(root, 'deploy/judges/agreement'), ...args,
  '--program', program(), '--config', config]);

// Some rows are enough to see that a judge is asked about them.
await test.each(JUDGES.map(name => [name, name]), 'agreement', async name => {
  asked.length = 0;
  const n = 8;
  const rows = write('rows.jsonl', lines(rowsOf(name).slice(0, n)));
  const got = await agreement(name, '--model', `mock/knows-${name}`, '--show',
    '--rows', rows);
  assert.equal(got.out, `${name}: ${n} of ${n} rows agree (100 %), ` +
    'kappa 1.00, 0 failed\n', got.err);
  assert.equal(asked.length, name === 'pairwise' ? 2 * n : n);
  assert.match(asked[0].messages[0].content, /^You /);
});

await test('agreement: a judge that always says the same', async () => {
  const n = rowsOf('pairwise').length;
  const ties = rowsOf('pairwise').filter(row => row.label === 'tie').length;
  const got = await agreement('pairwise', '--model', 'mock/other', '--show');
  const shown = got.out.trim().split('\n');
  assert.equal(shown.length, n - ties + 1);
  assert.equal(shown.at(-1), `pairwise: ${ties} of ${n} rows agree ` +
    `(${(100 * ties / n).toFixed(0)} %), kappa 0.00, 0 failed`);
  assert.match(shown[0], /^first, judged tie: /);
});

await test('agreement: no model', async () => {
  const got = await agreement('toxicity', '--model', 'nobody/none');
  assert.equal(got.code, 1);
  assert.match(got.err, /failed: .*nobody/);
  assert.match(got.err, /no row was judged/);
});

server.close();
server.closeAllConnections();
await finish();
