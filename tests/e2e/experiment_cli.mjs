// Experiments from the command line: what every option makes of the request,
// what is written in which format, gates and exit statuses, the terminal, and
// runs that are interrupted, gone on with and put together.
import fs from 'node:fs';
import path from 'node:path';
import { SECRET } from '../lib/http.mjs';
import { program, runDir } from '../lib/proc.mjs';
import { scriptedProvider } from '../lib/provider.mjs';
import { lighttpdFcgi } from '../lib/servers.mjs';
import { call, onTerminal, readCsv, readJunit, row, scriptedEndpoint, write }
  from '../lib/study.mjs';
import { assert, finish, test } from '../lib/tap.mjs';
import { journals } from './experiment_journals.mjs';

const equal = assert.deepEqual;
const dir = runDir('experiment');
const endpoint = await scriptedEndpoint();
const env = { THE_SECRET: SECRET };

const prompt = (name, { model = 'm1', evals = '[exact_match]' } = {}) =>
  write(dir, `${name}.prompt.mdx`, `---
name: ${name}
text_config:
  model_name: ${model} # of the prompt
test_settings:
  dataset: rows.jsonl
  evals: ${evals}
---
<User>
  {props.q}
</User>
`);
prompt('one');
prompt('two');

const at = ['--url', `${endpoint.base}/x`, '--secret', 'env:THE_SECRET'];
const experiment = (args, more = {}) =>
  call(dir, ['experiment', ...at, ...args], { ...env, ...more });
const good = n => Array.from({ length: n }, (_, i) =>
  row(i, { scores: { exact_match: 1 }, expected: 'x' }));

// --- what is asked

const plain = { experimentId: 'one', cache: true, details: true,
  summary: true };
const gate = (threshold, rate, name) =>
  ({ ...(name && { eval: name }), threshold, rate });

// The arguments, and what they add to or take from `data`.
const options = [
  [[], {}],
  [['--dataset', 'd/x.jsonl'], { datasetPath: 'd/x.jsonl' }],
  [['--dataset=d=x.csv'], { datasetPath: 'd=x.csv' }],
  [['--sample', '20', '--seed', '7'],
    { sampling: { sample: 20, seed: 7 }, statisticsSeed: 7 }],
  [['--sample', '20%', '--seed', '0'],
    { sampling: { sample: 20, seed: 0 }, statisticsSeed: 0 }],
  [['--rows', '0,3-5,9'], { sampling: { rows: [0, 3, 4, 5, 9] } }],
  [['--split', 'train:80'],
    { sampling: { split: { portion: 'train', percentage: 80 } } }],
  [['--split', 'test:80', '--seed', '3'], { statisticsSeed: 3,
    sampling: { split: { portion: 'test', percentage: 80 }, seed: 3 } }],
  [['--repeat', '5'], { repeat: 5 }],
  [['--shard', '2/8'], { shard: '2/8' }],
  [['--concurrency', '3'], { concurrency: 3 }],
  [['--name', 'nightly'], { experimentId: 'nightly' }],
  [['--threshold', '0.9'], { gates: [gate(0.9, false)] }],
  [['--threshold', '90%'], { gates: [gate(0.9, true)] }],
  [['--gate', 'exact_match>=0.5', '--gate', 'exact_match>=75%'],
    { gates: [gate(0.5, false, 'exact_match'),
      gate(0.75, true, 'exact_match')] }],
  [['--threshold', '0.5', '--stop-early'],
    { gates: [gate(0.5, false)], stopEarly: true }],
  [['--cluster', '/metadata/topic'], { cluster: '/metadata/topic' }],
  [['--confidence', '0.9'], { confidence: 0.9 }],
  [['--max-cost', '1.5'], { maxCostUsd: 1.5 }],
  [['--no-cache'], { cache: false }],
  [['--replay'], { replay: 'strict' }],
  [['--resume', '0123abcd-0123-4123-8123-0123456789ab'],
    { resume: '0123abcd-0123-4123-8123-0123456789ab' }],
  [['--resume', '0123abcd-0123-4123-8123-0123456789ab', '--retry-errors'],
    { resume: '0123abcd-0123-4123-8123-0123456789ab', retryErrors: true }],
  [['--baseline', '0123abcd-0123-4123-8123-0123456789ab'],
    { baseline: '0123abcd-0123-4123-8123-0123456789ab' }],
];

await test('every option and what it makes of the request', async () => {
  endpoint.say = () => good(2);
  for (const [args, data] of options) {
    endpoint.asked = [];
    const { code, err } = await experiment(['one.prompt.mdx', ...args]);
    equal(code, 0, `${args}: ${err}`);
    equal(endpoint.asked.length, 1);
    const [{ type, data: { ast, ...said }, signed }] = endpoint.asked;
    equal([type, signed], ['dataset-run', true]);
    equal(ast.type, 'root');
    equal(said, { ...plain, ...data }, String(args));
  }
});

await test('another model changes its name in the frontmatter alone',
  async () => {
    endpoint.asked = [];
    await experiment(['one.prompt.mdx', '--model', 'a/b "c"']);
    const yaml = endpoint.asked[0].data.ast.children
      .find(node => node.type === 'yaml').value;
    equal(yaml, `name: one
text_config:
  model_name: "a/b \\"c\\"" # of the prompt
test_settings:
  dataset: rows.jsonl
  evals: [exact_match]`);
  });

await test('a secret from a file, and none', async () => {
  write(dir, 'secret', `${SECRET}\n`);
  for (const [args, signed] of [[['--secret', 'file:secret'], true],
    [[], false]]) {
    endpoint.asked = [];
    const { code, err } = await call(dir, ['experiment', 'one.prompt.mdx',
      '--url', `${endpoint.base}/x`, ...args]);
    equal(code, 0, err);
    equal(endpoint.asked[0].signed, signed);
  }
});

// Arguments that cannot be meant, and a part of the reason.
const wrong = [
  [[], 'which prompt'],
  [['none.mdx'], 'prompt not found: none.mdx'],
  [['one.prompt.mdx', '--nonsense'], 'unexpected --nonsense'],
  [['one.prompt.mdx', '--rows'], '--rows: which LIST'],
  [['one.prompt.mdx', '--replay=1'], '--replay takes no value'],
  [['one.prompt.mdx', '--rows', '3-1'], '--rows: 3-1 is not a list'],
  [['one.prompt.mdx', '--rows', '1,,2'], '--rows: 1,,2 is not a list'],
  [['one.prompt.mdx', '--rows', ''], '--rows:  is not a list'],
  [['one.prompt.mdx', '--rows', '9223372036854775807'], 'is not a list'],
  [['one.prompt.mdx', '--sample', '1.5'], '--sample: 1.5 is not'],
  [['one.prompt.mdx', '--sample', '1e300'], '--sample: 1e300 is not'],
  [['one.prompt.mdx', '--sample', '101'], 'between 1 and 100'],
  [['one.prompt.mdx', '--sample', '5', '--rows', '1'], 'mutually exclusive'],
  [['one.prompt.mdx', '--split', 'train'], '--split: train is not'],
  [['one.prompt.mdx', '--split', 'all:80'], '"train" or "test"'],
  [['one.prompt.mdx', '--repeat', '0'], 'data.repeat'],
  [['one.prompt.mdx', '--repeat', 'x'], '--repeat: x is not a whole'],
  [['one.prompt.mdx', '--shard', '9/8'], 'data.shard'],
  [['one.prompt.mdx', '--shard', '1/2', '--sample', '5'], 'needs a --seed'],
  [['one.prompt.mdx', '--threshold', '2'], 'from 0 to 1'],
  [['one.prompt.mdx', '--threshold', 'x'], '--threshold: x is not'],
  [['one.prompt.mdx', '--gate', 'exact_match'], '--gate: exact_match is not'],
  [['one.prompt.mdx', '--gate', '>=1'], '--gate: >=1 is not'],
  [['one.prompt.mdx', '--stop-early'], 'needs data.gates'],
  [['one.prompt.mdx', '--retry-errors'], 'goes with data.resume'],
  [['one.prompt.mdx', '--baseline', 'nothing'], 'nothing'],
  [['one.prompt.mdx', '--markdown', '2.2'], 'the endpoint\'s own option'],
  [['one.prompt.mdx', '--format', 'pdf'], '--format: pdf is not'],
  [['one.prompt.mdx', '--output', 'x.pdf'], 'x.pdf says no format'],
  [['one.prompt.mdx', '--output', 'no/x.csv'], 'no/x.csv: No such file'],
  [['one.prompt.mdx', '--secret', SECRET], 'env:NAME or file:PATH'],
  [['one.prompt.mdx', '--secret', 'env:NOT_SET'], 'NOT_SET is not set'],
  [['one.prompt.mdx', 'two.prompt.mdx', '--resume',
    '0123abcd-0123-4123-8123-0123456789ab'], 'one prompt, one model'],
];

await test('a wrong use ends with 2, says why and asks nobody', async () => {
  endpoint.asked = [];
  for (const [args, reason] of wrong) {
    const { code, err, out } = await experiment(args);
    equal([code, out], [2, ''], `${args}: ${err}`);
    assert(err.includes(reason), `${args}: ${err}`);
    assert(!err.includes(SECRET), err);
  }
  equal(endpoint.asked, []);
});

// --- what is written

const nasty = 'a "b", <c> & \u{1f600}\r\nd\u0001\ufffe\u001b[31m\ud800';
const mixed = [
  row(2, { scores: { exact_match: 1, toxic: 0.25 }, output: { a: [1] },
    expected: null, eval: { label: 'L', reason: nasty } }),
  row(0, { scores: { exact_match: 0 }, output: nasty, input: { q: nasty },
    expected: 'y', eval: { reason: nasty } }),
  row(1, { error: `no: ${nasty}` }),
  row(0, { repeat: 1, scores: { exact_match: 1 }, expected: 'y' }),
];
const clean = nasty.replace('\ud800', '\ufffd');

await test('CSV', async () => {
  endpoint.say = () => mixed;
  const { code, out } = await experiment(
    ['one.prompt.mdx', '--format', 'csv', '--repeat', '2']);
  equal(code, 1);
  const rows = readCsv(out);
  equal(Object.keys(rows[0]), ['index', 'repeat', 'input', 'expected',
    'output', 'error', 'exact_match score', 'exact_match passed',
    'exact_match label', 'exact_match reason', 'toxic score', 'toxic passed',
    'toxic label', 'toxic reason', 'inputTokens', 'outputTokens', 'costUsd',
    'ms']);
  equal(rows.map(r => [r.index, r.repeat]),
    [['0', '0'], ['0', '1'], ['1', '0'], ['2', '0']]);
  equal(JSON.parse(rows[0].input).q, nasty);
  equal([rows[0].output, rows[0].expected, rows[0]['exact_match score'],
    rows[0]['exact_match passed'], rows[0]['toxic score']],
  [clean, 'y', '0', 'false', '']);
  equal([rows[2].error, rows[2].output], [`no: ${clean}`, '']);
  equal([rows[3].output, rows[3]['toxic score'], rows[3]['toxic label'],
    rows[3].costUsd, rows[3].ms, rows[3].expected],
  ['{"a":[1]}', '0.25', 'L', '0.001', '1002', '']);
});

await test('CSV: spreadsheets calculate nothing', async () => {
  const texts = ['=1+1', '+1 a', '-', '@a', '\t=1', '\r=1', '-1.5', '+1e3',
    'a=1', '', '- "a"'];
  endpoint.say = () => texts.map((output, i) => row(i, { output }));
  const { out } = await experiment(['one.prompt.mdx', '--format', 'csv']);
  equal(readCsv(out).map(r => r.output), ["'=1+1", "'+1 a", "'-", "'@a",
    "'\t=1", "'\r=1", '-1.5', '+1e3', 'a=1', '', '\'- "a"']);
  endpoint.say = () => mixed;
});

await test('JUnit, whose text XML can hold', async () => {
  const { code } = await experiment(['one.prompt.mdx', '--output', 'o.xml',
    '--repeat', '2', '--gate', 'exact_match>=0.99', '--threshold', '0']);
  equal(code, 1);
  const [suite, ...more] = readJunit(path.join(dir, 'o.xml'));
  equal(more, []);
  equal([suite.name, suite.tests, suite.failures, suite.errors],
    ['one', '8', '3', '1']);
  equal(suite.cases.map(c => [c.name, c.problems.map(p => p.kind)]), [
    ['row 0: exact_match', ['failure']],
    ['row 0 repeat 1: exact_match', []],
    ['row 1', ['error']],
    ['row 2: exact_match', []],
    ['row 2: toxic', ['failure']],
    ['gate: exact_match >= 0.99', ['failure']],
    ['gate: exact_match >= 0', []],
    ['gate: toxic >= 0', []],
  ]);
  const shown = clean.replace('\u0001', '\ufffd').replace('\ufffe', '\ufffd')
    .replace('\u001b', '\ufffd');
  equal(suite.cases[0].problems[0].message, `score 0: ${shown}`);
  assert(suite.cases[0].problems[0].text.includes(`output: ${shown}`));
  equal(suite.cases[2].problems[0].message, `no: ${shown}`);
  equal(suite.cases[0].time, '1.000');
});

await test('JSON: one document with the rows in order', async () => {
  const { out } = await experiment(['one.prompt.mdx', '--format', 'json',
    '--repeat', '2']);
  const { runs, comparisons } = JSON.parse(out);
  equal(comparisons, []);
  equal(runs.length, 1);
  equal([runs[0].name, runs[0].runId, runs[0].model, runs[0].dataset],
    ['one', 'r1', 'm1', 'rows.jsonl']);
  equal(runs[0].rows.map(r => JSON.stringify(r)),
    [mixed[1], mixed[3], mixed[2], mixed[0]].map(r => JSON.stringify(r)));
  equal([runs[0].summary.rows, runs[0].summary.failed], [4, 1]);
});

await test('JSON Lines: as they came, and the summary', async () => {
  const { out } = await experiment(['one.prompt.mdx', '--repeat', '2']);
  const lines = out.trimEnd().split('\n');
  equal(lines.slice(0, 4), mixed.map(r => JSON.stringify(r)));
  equal(lines.length, 5);
  equal([JSON.parse(lines[4]).type, JSON.parse(lines[4]).rows],
    ['summary', 4]);
});

await test('the table, and files beside it', async () => {
  const { out, err } = await experiment(['one.prompt.mdx', '--output',
    'o.csv', '--output', 'o.json', '--output', 'o.jsonl', '--output',
    'o.txt', '--repeat', '2', '--gate', 'exact_match>=0.5']);
  equal(err, '');
  equal(out, fs.readFileSync(path.join(dir, 'o.txt'), 'utf8'));
  equal(readCsv(fs.readFileSync(path.join(dir, 'o.csv'), 'utf8')).length, 4);
  JSON.parse(fs.readFileSync(path.join(dir, 'o.json'), 'utf8'));
  const lines = out.split('\n');
  equal(lines[0], 'one: 4 rows, 1 failed, each 2 times');
  assert(/^ {2}eval +rows +passed +mean score +gate$/.test(lines[2]), out);
  assert(/^ {2}exact_match +3 +66\.7% \[[\d., ]+\] +0\.667 \[[\d., ]+\] +>= 0\.5 (passed|failed)/
    .test(lines[3]), out);
  assert(out.includes('tokens: 40 in, 8 out'), out);
  assert(out.includes('cost: $0.0040'), out);
  assert(/latency: p50 1\.00 s p95/.test(out), out);
  assert(out.includes('row 1 failed: no: a "b"'), out);
  assert(!out.includes('\u001b') && !out.includes('\u0001'), out);
});

await test('an endpoint that means harm steers no terminal', async () => {
  const steer = '\u001b]0;x\u0007\u009b2J\u202e';
  endpoint.say = () => [
    { type: 'estimate', rows: 1, runId: steer },
    row(0, { error: steer }),
    { type: 'end', reason: steer, message: steer, resume: steer },
    { type: 'summary', warnings: [steer, 5], decided: steer, gates: [5,
      { eval: steer, threshold: steer, warning: steer }], evals: [5,
      { name: steer, n: steer, passes: 5 }], comparison: { evals: [5,
      { name: steer }] } },
  ];
  const { code, out, err } = await experiment(['one.prompt.mdx', '--format',
    'table']);
  equal(code, 1, err);
  assert(err.includes('--resume \ufffd]0;x\ufffd\ufffd2J\ufffd'), err);
  assert(!/[\u0007\u001b\u009b\u202e]/.test(out + err), out + err);
});

await test('wide and combining characters stand in line', async () => {
  const names = ['日本語', 'e\u0301te\u0301', 'plain'];
  endpoint.say = () => [row(0, { scores:
    Object.fromEntries(names.map(name => [name, 1])) })];
  const { out } = await experiment(['one.prompt.mdx', '--format', 'table']);
  const wide = text => [...text].reduce((n, c) =>
    n + (/[\u3000-\u9fff]/.test(c) ? 2 : /\u0301/.test(c) ? 0 : 1), 0);
  const columns = out.split('\n').slice(3, 6)
    .map(line => wide(line.slice(0, line.indexOf(' 1 '))));
  equal(new Set(columns).size, 1, out);
});

// --- how it ends

const scored = scores => scores.map((score, i) =>
  row(i, { scores: { exact_match: score } }));
const half = scored([1, 0, 1, 0]);
const estimate = { type: 'estimate', rows: 4, repeat: 1 };
const end = (reason, more) =>
  ({ type: 'end', reason, message: `because of ${reason}`, ...more });
const status = [
  ['all is well', half, [], 0],
  ['a gate holds', half, ['--threshold', '0.5'], 0],
  ['a gate fails', half, ['--threshold', '0.51'], 1],
  ['a rate fails', half, ['--threshold', '51%'], 1],
  ['one of two fails', half, ['--gate', 'exact_match>=0.1', '--gate',
    'exact_match>=0.9'], 1],
  ['a gate on nothing fails', half, ['--gate', 'missing>=0.1'], 1],
  ['a row failed', [...half, row(4, { error: 'x' })], [], 1],
  ['a line of the dataset is none', [...half,
    { type: 'error', error: 'broken', index: 9, line: 10, runId: 'r1' }],
  [], 1],
  ['it ended early', [...half, end('cost')], [], 1, 'because of cost'],
  ['it was decided', [...half, end('decided')], [], 0, 'because of decided'],
  ['it can go on', [...half, end('time', { resume: 'r1' })], [], 1,
    '--resume r1'],
  ['an error of all', [...half, { type: 'error', error: 'all is lost' }], [],
    1, 'all is lost'],
  ['the summary is missing', [estimate, ...half], [], 1, 'before its end'],
  ['with its summary', [estimate, ...half, { type: 'summary', rows: 4 }],
    [], 0],
  ['half a line', [...half, '{"type":"data'], [], 1, 'before its end'],
  ['a line that is none', [...half, 'nonsense\n'], [], 1, 'none that is known'],
  ['no rows', [], [], 2],
  ['refused', { status: 401, message: 'wrong signature' }, [], 2,
    'wrong signature'],
];

await test('exit statuses', async () => {
  for (const [name, lines, args, code, text] of status) {
    endpoint.say = () => lines;
    const got = await experiment(
      ['one.prompt.mdx', '--format', 'table', ...args]);
    equal(got.code, code, `${name}: ${got.out}${got.err}`);
    assert((got.out + got.err).includes(text ?? ''), got.out + got.err);
  }
  const { code, err } = await call(dir, ['experiment', 'one.prompt.mdx',
    '--url', 'http://127.0.0.1:1/']);
  equal(code, 2, err);
});

await test('an older endpoint: lines without details', async () => {
  endpoint.say = () => [
    { type: 'error', error: 'x', index: 1, itemName: 'i', input: { q: 1 } },
    ...half.map(({ row: details, ...line }) => line)];
  const { code, out } = await experiment(
    ['one.prompt.mdx', '--format', 'json', '--threshold', '0.5']);
  equal(code, 1);
  const { summary, rows } = JSON.parse(out).runs[0];
  equal([rows.length, summary.rows, summary.failed], [5, 5, 1]);
  equal(summary.evals[0].score.mean, 0.5);
  equal(summary.gates[0].of, 'mean');
});

// --- comparisons

const holm = ps => {
  const order = ps.map((p, i) => [p, i]).sort((a, b) => a[0] - b[0]);
  const out = [];
  let most = 0;
  order.forEach(([p, i], k) => {
    most = Math.max(most, Math.min(1, p * (ps.length - k)));
    out[i] = most;
  });
  return out;
};

await test('prompts times models, compared with the first one', async () => {
  const chance = { 'one m1': 1, 'one m2': 0.5, 'two m1': 0.7, 'two m2': 0.05 };
  endpoint.asked = [];
  endpoint.say = ({ ast }) => {
    const yaml = ast.children.find(node => node.type === 'yaml').value;
    const [, name] = /name: (\w+)/.exec(yaml);
    const [, model] = /model_name: "(\w+)"/.exec(yaml);
    return scored(Array.from({ length: 40 },
      (_, i) => Number((i + 0.5) / 40 < chance[`${name} ${model}`])));
  };
  const { code, out, err } = await experiment(['one.prompt.mdx',
    'two.prompt.mdx', '--model', 'm1', '--model', 'm2', '--format', 'json',
    '--sample', '50']);
  equal(code, 0, err);
  const names = ['one (m1)', 'one (m2)', 'two (m1)', 'two (m2)'];
  const { runs, comparisons } = JSON.parse(out);
  equal(runs.map(r => r.name), names);
  equal(comparisons.map(c => [c.run, c.baseline]),
    names.slice(1).map(name => [name, names[0]]));
  const evals = comparisons.map(c => c.evals[0]);
  equal(evals.map(e => [e.name, e.n, e.before]),
    evals.map(() => ['exact_match', 40, 1]));
  const wanted = holm(evals.map(e => e.p));
  evals.forEach((e, i) =>
    assert(Math.abs(e.pHolm / wanted[i] - 1) < 1e-4, JSON.stringify(e)));
  equal(evals.map(e => e.verdict), ['worse', 'worse', 'worse']);
  equal(comparisons.map(c => c.regressed), [true, true, true]);
  // All draw the same rows, and a person can draw them again.
  const [, seed] = /--seed (\d+)/.exec(err);
  equal(endpoint.asked.map(a => a.data.sampling.seed),
    names.map(() => Number(seed)));
  const csv = await experiment(['one.prompt.mdx', '--model', 'm1', '--model',
    'm2', '--format', 'csv']);
  equal(new Set(readCsv(csv.out).map(r => r.run)),
    new Set(['one (m1)', 'one (m2)']));
});

await test('what all runs may cost', async () => {
  endpoint.asked = [];
  endpoint.say = () => half;
  const { code } = await experiment(['one.prompt.mdx', '--model', 'a',
    '--model', 'b', '--max-cost', '0.01']);
  equal(code, 0);
  equal(endpoint.asked.map(a => a.data.maxCostUsd.toFixed(4)),
    ['0.0100', '0.0060']);
});

await test('how many rows a difference takes', async () => {
  const { code, out } = await call(dir, ['experiment', '--power', '0.1',
    '--format', 'json']);
  equal(code, 0);
  // ((1.96 * sqrt(0.24) + 0.8416 / 2) / 0.1)^2 is 190.7.
  const { evals: [all], ...head } = JSON.parse(out);
  equal(head, { type: 'power', difference: 0.1, confidence: 0.95,
    power: 0.8 });
  assert(Math.abs(all.threshold - 191) < 1, out);
  assert(Math.abs(all.otherRows - 388) < 5, out);
  const less = await call(dir, ['experiment', '--power', '0.2']);
  assert(JSON.parse(less.out).evals[0].threshold < all.threshold / 3.5);
  const table = await call(dir, ['experiment', '--power', '0.1', '--format',
    'table']);
  assert(table.out.includes(String(all.threshold)), table.out);
});

// --- the terminal

const provider = await scriptedProvider();
const config = write(dir, 'c.yaml', JSON.stringify({
  webhook: { secret: SECRET }, experiments: { state_dir: 'state' },
  providers: { test: { base_url: provider.base } },
  models: [{ match: '^test', provider: 'test' }],
  prices: { test: { input: 1, output: 1 } },
}));
fs.chmodSync(config, 0o600);
write(dir, 'data/rows.jsonl', Array.from({ length: 60 }, (_, i) =>
  JSON.stringify({ input: { q: `wait-300 say:${i}` },
    expected_output: String(i % 4 ? i : 'no') }) + '\n').join(''));
prompt('slow', { model: 'test' });
const here = (...args) =>
  ['--config', 'c.yaml', 'experiment', 'slow.prompt.mdx', '--dataset',
    'data/rows.jsonl', '--no-cache', ...args];

await test('here, with the configuration\'s providers', async () => {
  const { code, out, err } = await call(dir, here('--rows', '0-7',
    '--format', 'json', '--markdown', '2.2', '--concurrency', '8'));
  equal(code, 0, err);
  const [run] = JSON.parse(out).runs;
  equal(run.rows.map(r => r.result.actualOutput),
    ['0', '1', '2', '3', '4', '5', '6', '7']);
  equal(run.summary.evals[0].score.mean, 0.75);
  equal(run.model, 'test');
  assert(provider.most <= 8);
});

await test('a dataset beside the prompt, where none is configured',
  async () => {
    write(dir, 'rows.jsonl', '{"input":{"q":"say:1"}}\n');
    const { code, out, err } = await call(path.dirname(dir), ['--config',
      config, 'experiment', path.join(dir, 'slow.prompt.mdx'), '--format',
      'csv']);
    equal(code, 0, err);
    equal(readCsv(out).length, 1);
  });

await test('a machine that keeps no answers', async () => {
  const text = JSON.parse(fs.readFileSync(config, 'utf8'));
  const file = write(dir, 'n.yaml', JSON.stringify({ ...text,
    store: 'none' }));
  fs.chmodSync(file, 0o600);
  const args = ['--config', 'n.yaml', 'experiment', 'slow.prompt.mdx',
    '--dataset', 'data/rows.jsonl', '--rows', '1'];
  const { code, err } = await call(dir, args);
  equal([code, err], [0, '']);
  const replay = await call(dir, [...args, '--replay']);
  equal(replay.code, 2);
  assert(replay.err.includes('keeps no answers'), replay.err);
});

// What a terminal shows at the end: lines that were drawn and cleared are gone.
const left = screen => screen.split('\n')
  .map(line => line.slice(line.lastIndexOf('\u001b[J') + 1)
    .replace(/^\[J/, '')).join('\n');

await test('a progress bar that fits and goes away', async () => {
  for (const columns of [120, 40]) {
    const { code, screen } = await onTerminal(dir,
      here('--concurrency', '10'), { columns });
    equal(code, 0, screen);
    const drawn = screen.split('\r').map(part => part.replace(/\u001b\[J/, ''))
      .filter(part => part.startsWith('slow  '));
    assert(drawn.length > 3, screen);
    assert(drawn.every(line => line.length < columns), drawn.join('\n'));
    assert(drawn.some(line => /\b[1-5]0(\/60 \d+%| rows)/.test(line)),
      drawn.join('\n'));
    equal(drawn.some(line => /exact_match 0\.\d+ \[/.test(line)),
      columns === 120, drawn.join('\n'));
    assert(screen.includes('\u001b[1m'), 'no style');
    assert(left(screen).includes('60 rows'), left(screen));
    assert(!left(screen).includes('10 rows'), left(screen));
  }
});

await test('NO_COLOR, a narrower terminal, and none', async () => {
  const { screen } = await onTerminal(dir, here('--concurrency', '10'),
    { env: { NO_COLOR: '1' }, columns: 100, keys: [[1, 30]] });
  assert(!/\u001b\[[\d;]*m/.test(screen), screen);
  assert(/\u001b\[[1-9]A/.test(screen),
    'what was drawn wider was not cleared');
  const quiet = await call(dir, here('--concurrency', '20', '--format',
    'table'));
  equal(quiet.err, '');
});

await test('Ctrl-C ends it in good order, twice at once', async () => {
  const { code, screen } = await onTerminal(dir,
    here('--concurrency', '5'), { keys: [[1.8, '\u0003']] });
  equal(code, 130, screen);
  assert(/ended early: it was interrupted/.test(screen), screen);
  provider.reset();
  const twice = await onTerminal(dir, here('--concurrency', '5'),
    { keys: [[1.5, '\u0003'], [1.51, '\u0003']] });
  equal(twice.code, 130);
});

// --- behind a web server

await test('at a mount that wants signatures', async () => {
  const mount = runDir('mount');
  write(mount, 'rows.jsonl', Array.from({ length: 9 }, (_, i) =>
    `{"input":{"q":"say:${i}"},"expected_output":"${i}"}\n`).join(''));
  const file = write(mount, 'agentmark-fcgi.yaml', JSON.stringify({
    webhook: { secret: SECRET }, datasets: { root: '.' },
    experiments: { state_dir: 'state' },
    providers: { test: { base_url: provider.base } },
    models: [{ match: '^test', provider: 'test' }],
  }));
  fs.chmodSync(file, 0o600);
  const server = await lighttpdFcgi({ dir: mount, bin: program(),
    env: { AGENTMARK_FCGI_CONFIG: file } });
  const args = ['experiment', 'slow.prompt.mdx', '--dataset', 'rows.jsonl',
    '--url', server.base, '--format', 'csv', '--threshold', '1'];
  const { code, out, err } = await call(dir,
    [...args, '--secret', 'env:THE_SECRET'], env);
  equal(code, 0, err);
  equal(readCsv(out).map(r => r.output), [...'012345678']);
  const refused = await call(dir, [...args, '--secret', 'env:THE_SECRET'],
    { THE_SECRET: 'wrong' });
  equal(refused.code, 2);
  assert(/signature/i.test(refused.err), refused.err);
});

await journals({ dir, provider, config });
await endpoint.close();
await provider.close();
await finish();
