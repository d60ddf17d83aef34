// AgentMark's CLI against the program: its output and its exit status judge.
//   node cli.mjs PATH-OF-AGENTMARK
import fs from 'node:fs';
import path from 'node:path';
import { serve } from '../lib/experiments.mjs';
import { cleanEnv, runDir, start } from '../lib/proc.mjs';
import { mockProvider } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const agentmark = fs.realpathSync(process.argv[2]);
const guard = new URL('../lib/loopback.cjs', import.meta.url).pathname;
const home = runDir('cli');
const mock = await mockProvider();

// --- the prompts and datasets of a user

const SCHEMA = `  schema:
    type: object
    properties:
      answer: {type: string}
      sure: {type: boolean}
`;

function prompt(name, { model, kind = 'text', schema = '', settings }) {
  const file = path.join(home, `${name}.prompt.mdx`);
  fs.writeFileSync(file, `---
name: ${name}
${kind}_config:
  model_name: ${model}
${schema}test_settings:
${settings.map(line => `  ${line}\n`).join('')}---

<System>You are a *test*.</System>
<User>
Say {props.word}
</User>
`);
  return file;
}

const props = ['props: {word: "from the prompt"}'];
const dataset = ['dataset: ./rows.jsonl', 'evals: [exact_match, contains]'];
const prompts = {
  text: prompt('text', { model: 'mock-echo', settings: props }),
  object: prompt('object',
    { model: 'mock-object', kind: 'object', schema: SCHEMA, settings: props }),
  late: prompt('late', { model: 'mock-errchunk', settings: props }),
  refused: prompt('refused', { model: 'mock-401', settings: props }),
  nobody: prompt('nobody', { model: 'mistral-9', settings: props }),
  // More columns and longer heads do not fit into the table that the CLI draws.
  table: prompt('table', {
    model: 'mock-last',
    settings: ['dataset: ./rows.jsonl', 'evals: [contains]'],
  }),
  experiment: prompt('experiment', { model: 'mock-last', settings: dataset }),
  objects: prompt('objects', {
    model: 'mock-object', kind: 'object', schema: SCHEMA,
    settings: ['dataset: ./objects.jsonl', 'evals: [json_equal]'],
  }),
  missing: prompt('missing',
    { model: 'mock-last', settings: ['dataset: ./none.jsonl'] }),
  plain: prompt('plain',
    { model: 'mock-last', settings: ['dataset: ./rows.jsonl'] }),
  many: prompt('many', {
    model: 'mock-last',
    settings: ['dataset: ./many.jsonl', 'evals: [exact_match]'],
  }),
  failing: prompt('failing',
    { model: 'mock-404', settings: ['dataset: ./rows.jsonl'] }),
};

const jsonl = rows => rows.map(row => JSON.stringify(row) + '\n').join('');
const MANY = 300;
const files = {
  'rows.jsonl': jsonl([
    { input: { word: 'one' }, expected_output: 'one' },
    { input: { word: 'zwei "世界", ok' }, expected_output: 'ok' },
    { input: { word: 'three' }, expected_output: 'four' },
  ]),
  'objects.jsonl': jsonl([
    {
      input: { word: 'x' },
      expected_output: '{"answer":"sample answer","sure":true}',
    },
  ]),
  'many.jsonl': jsonl(Array.from({ length: MANY }, (_, i) => (
    { input: { word: `word-${i}` }, expected_output: `word-${i}` }))),
};

// --- the CLI

async function cli(...args) {
  const child = start(process.execPath,
    ['--require', guard, agentmark, ...args], {
      cwd: home,
      env: cleanEnv({
        HOME: home, COLUMNS: '200', NO_COLOR: '1', CI: '1',
        AGENTMARK_NO_UPDATE_NOTIFIER: '1', NO_UPDATE_NOTIFIER: '1',
        AGENTMARK_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1',
      }),
    });
  const { code } = await child.exited;
  assert.ok(!child.err.includes('REFUSED'), child.err);
  return { code, out: child.out, err: child.err };
}

function ended(run, code) {
  assert.equal(run.code, code, `${run.out}\n${run.err}`);
}

const server = await serve({
  provider: mock.base, front: 'lighttpd', files,
  configuration: {
    webhook: { secret: 'test-secret', signature: 'off' },
    providers: { mock: { base_url: `${mock.base}/v1`, api_key: 'k' } },
    models: [{ match: '^mock', provider: 'mock' }],
  },
});
const runPrompt = (name, ...more) =>
  cli('run-prompt', prompts[name], '--server', server.base, ...more);
const runExperiment = (name, ...more) =>
  cli('run-experiment', prompts[name], '--server', server.base, ...more);

// --- run-prompt

await test('run-prompt: a text prompt with its test props', async () => {
  const run = await runPrompt('text');
  ended(run, 0);
  assert.match(run.out, /=== Text Prompt Results ===/);
  assert.match(run.out, /echo: Say from the prompt/);
  assert.match(run.out, /🪙 8 in, 5 out, 13 total/);
  assert.equal(run.err, '');
});
await test('run-prompt: with props of its own', async () => {
  const run = await runPrompt('text', '--props', '{"word":"Grüße, 世界"}');
  ended(run, 0);
  assert.match(run.out, /echo: Say Grüße, 世界/);
  const file = path.join(home, 'props.yaml');
  fs.writeFileSync(file, 'word: of a file\n');
  assert.match((await runPrompt('text', '--props-file', file)).out,
    /echo: Say of a file/);
});
await test('run-prompt: an object prompt', async () => {
  const run = await runPrompt('object');
  ended(run, 0);
  assert.match(run.out, /=== Object Prompt Results ===/);
  const last = run.out.split('\x1b[2K').at(-1);
  assert.deepEqual(JSON.parse(/\{[^]*?\n\}/.exec(last)[0]),
    { answer: 'sample answer', sure: true });
  assert.match(run.out, /🪙 \d+ in, \d+ out/);
});
await test('run-prompt: an error in the stream is printed', async () => {
  const run = await runPrompt('late');
  ended(run, 0);
  assert.match(run.err, /❌ Mock stream error/);
});
await test('run-prompt: so is one before it', async () => {
  assert.match((await runPrompt('refused')).err,
    /Incorrect API key provided: mock/);
  assert.match((await runPrompt('nobody')).err, /mistral-9/);
});

// --- run-experiment

await test('run-experiment: a table of rows and evals', async () => {
  const run = await runExperiment('table');
  ended(run, 0);
  for (const head of ['Input', 'AI Result', 'Expected Output', 'contains'])
    assert.ok(run.out.includes(head), run.out);
  assert.equal(run.out.match(/\bPASS\b/g).length, 2, run.out);
  assert.equal(run.out.match(/\bFAIL\b/g).length, 1, run.out);
});
await test('run-experiment: a threshold that is reached', async () => {
  const run = await runExperiment('experiment', '--threshold', '66');
  ended(run, 0);
  assert.match(run.out, /✅ Experiment passed threshold check/);
  assert.match(run.out, /Pass rate: 66% \(4\/6 evaluations passed\)/);
});
await test('run-experiment: and one that is not', async () => {
  const run = await runExperiment('experiment', '--threshold', '67');
  ended(run, 1);
  assert.match(run.err, /❌ Experiment failed threshold check/);
  assert.match(run.err, /pass rate 66% is below threshold 67%/);
});
await test('run-experiment: as lines of JSON', async () => {
  const run = await runExperiment('experiment', '--format', 'jsonl');
  ended(run, 0);
  const rows = run.out.trim().split('\n').map(line => JSON.parse(line));
  const byInput = Object.fromEntries(rows.map(row => [row.Input, row]));
  assert.equal(rows.length, 3);
  const two = byInput['{"word":"zwei \\"世界\\", ok"}'];
  assert.equal(two['AI Result'], 'ok');
  assert.equal(two['Expected Output'], 'ok');
  assert.match(two.exact_match, /^PASS \(1\.00/);
  assert.match(byInput['{"word":"three"}'].contains, /^FAIL \(0\.00/);
});
await test('run-experiment: as JSON and CSV', async () => {
  const json = await runExperiment('experiment', '--format', 'json');
  ended(json, 0);
  assert.equal(JSON.parse(json.out).length, 3);
  const csv = await runExperiment('experiment', '--format', 'csv');
  ended(csv, 0);
  assert.equal(csv.out.trim().split('\n').length, 4);
});
await test('run-experiment: without evals', async () => {
  const skipped = await runExperiment('experiment', '--skip-eval');
  ended(skipped, 0);
  assert.ok(!skipped.out.includes('PASS'), skipped.out);
  const none = await runExperiment('plain', '--threshold', '100');
  ended(none, 0);
  assert.ok(!none.out.includes('PASS'), none.out);
});
await test('run-experiment: an object prompt', async () => {
  const run = await runExperiment('objects', '--threshold', '100');
  ended(run, 0);
  assert.match(run.out, /Pass rate: 100% \(1\/1/);
});
await test(`run-experiment: ${MANY} rows, each once`, async () => {
  const run = await runExperiment('many', '--format', 'jsonl',
    '--threshold', '100');
  ended(run, 0);
  const inputs = run.out.split('\n').filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line).Input);
  assert.equal(new Set(inputs).size, MANY);
  assert.equal(inputs.length, MANY);
  assert.match(run.out, new RegExp(`\\(${MANY}/${MANY} evaluations`));
});
await test('run-experiment: a dataset that is not there', async () => {
  const run = await runExperiment('missing');
  ended(run, 1);
  assert.match(run.err, /Error: Dataset not found: \.\/none\.jsonl/);
});
await test('run-experiment: rows that fail end the CLI in order', async () => {
  const run = await runExperiment('failing');
  ended(run, 0);
  assert.ok(!run.out.includes('three'), run.out);
});

// --- signatures, which this CLI does not make

await server.close();
for (const [signature, code] of [['optional', 0], ['required', 1]])
  await test(`run-prompt: signatures are ${signature}`, async () => {
    const other = await serve({
      provider: mock.base, front: 'lighttpd', files,
      configuration: {
        webhook: { secret: 'test-secret', signature },
        providers: { mock: { base_url: `${mock.base}/v1`, api_key: 'k' } },
        models: [{ match: '^mock', provider: 'mock' }],
      },
    });
    const run = await cli('run-prompt', prompts.text, '--server', other.base);
    ended(run, code);
    if (code)
      assert.match(run.err, /HTTP 401 .*[^]*signature/i);
    await other.close();
  });
await finish();
