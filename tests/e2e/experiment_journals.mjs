// Runs that are over, from their journals: gone on with after an interruption,
// run in shards (one of which is killed), put together, and told again, byte
// for byte as one run tells them.
import fs from 'node:fs';
import path from 'node:path';
import { cleanEnv, program, start, until } from '../lib/proc.mjs';
import { call, onTerminal, readCsv, write } from '../lib/study.mjs';
import { assert, test } from '../lib/tap.mjs';

const equal = assert.deepEqual;
const SHARDS = 8;
const ROWS = 40;

// Without what differs between two runs: ids, times, and what they took.
const timeless = text => text
  .replace(/"(traceId|runId)":("[^"]*"|null)/g, '"$1":""')
  .replace(/,?"(ms|\w*Ms)":[\d.]+/g, '')
  .replace(/ time="[\d.]+"/g, '')
  .replace(/^ {2}(latency|run): .*\n/gm, '');

export async function journals({ dir, provider }) {
  const state = path.join(dir, 'state');
  const found = () => fs.readdirSync(state, { recursive: true })
    .filter(name => name.endsWith('.ndjson'))
    .map(name => path.join(state, name));
  const asked = () => new Set(provider.calls.map(c => c.text)).size;
  write(dir, 'data/some.jsonl', Array.from({ length: ROWS }, (_, i) =>
    `{"input":{"q":"wait-150 say:${i}"},"expected_output":"${
      i % 3 ? i : 'no'}"}\n`).join(''));
  const here = (...args) => ['--config', 'c.yaml', 'experiment',
    'slow.prompt.mdx', '--dataset', 'data/some.jsonl', ...args];
  const only = (...args) => ['--config', 'c.yaml', ...args];

  await test('SIGINT, and --resume runs the rest', async () => {
    const { code, screen } = await onTerminal(dir, here('--no-cache',
      '--concurrency', '4', '--format', 'table'), { keys: [[1.6, '\u0003']] });
    equal(code, 130, screen);
    const [, id] = /--resume ([0-9a-f-]{36})/.exec(screen) ?? [];
    assert(id, screen);
    provider.reset();
    const rest = await call(dir, here('--no-cache', '--resume', id,
      '--format', 'csv', '--concurrency', '20'));
    equal(rest.code, 0, rest.err);
    equal(readCsv(rest.out).map(r => r.output),
      Array.from({ length: ROWS }, (_, i) => String(i)));
    assert(provider.calls.length > 0 && provider.calls.length < ROWS - 4,
      `${provider.calls.length} calls`);
    const again = await call(dir, only('report', id, '--format', 'csv'));
    equal([again.code, again.out], [0, rest.out], again.err);
  });

  // Everything that all runs of the same rows must say alike.
  const report = async (run, ...args) => {
    const files = ['csv', 'json', 'xml', 'txt'].map(e => `m.${e}`);
    const { code, err } = await call(dir, [...run, ...args,
      ...files.flatMap(file => ['--output', file])]);
    return { code, err, said: files.map(file =>
      timeless(fs.readFileSync(path.join(dir, file), 'utf8'))
        .replace(/,\d*(?=\r\n)/g, '')) };
  };
  let one;

  await test('one run, in replay', async () => {
    const kept = await call(dir, here('--concurrency', '20'));
    equal(kept.code, 0, kept.err);
    provider.reset();
    one = await report(here('--replay'), '--gate', 'exact_match>=0.9');
    equal([one.code, one.err], [1, '']);
    equal(provider.calls.length, 0);
  });

  const shards = [];
  const shard = async i => {
    const before = new Set(found());
    const got = await call(dir, here('--replay', '--shard', `${i}/${SHARDS}`));
    shards[i] = found().find(file => !before.has(file));
    return got;
  };

  await test('eight shards, put together, are that run', async () => {
    for (let i = 1; i <= SHARDS; i++)
      equal((await shard(i)).code, 0);
    const merged = await report(only('merge', ...shards.slice(1)),
      '--gate', 'exact_match>=0.9');
    equal([merged.code, merged.err], [1, '']);
    equal(merged.said, one.said);
    // In whatever order they are named, and by their ids.
    const ids = shards.slice(1).reverse().map(f => path.basename(f, '.ndjson'));
    equal((await report(only('merge', ...ids), '--gate', 'exact_match>=0.9'))
      .said, one.said);
  });

  await test('a shard that is missing, and one that is another\'s',
    async () => {
      const { code, err } = await call(dir,
        only('merge', ...shards.filter((_, i) => i !== 3)));
      equal(code, 1);
      assert(err.includes(`shard 3 of ${SHARDS} is missing`), err);
      const before = new Set(found());
      await call(dir, ['--config', 'c.yaml', 'experiment', 'slow.prompt.mdx',
        '--dataset', 'data/rows.jsonl', '--rows', '1', '--no-cache']);
      const other = found().find(file => !before.has(file));
      const wrong = await call(dir, only('merge', shards[1], other));
      equal(wrong.code, 2);
      assert(wrong.err.includes('no parts of one run'), wrong.err);
      for (const name of [write(dir, 'not.ndjson', '{}\n'), 'nothing'])
        equal((await call(dir, only('merge', name))).code, 2);
    });

  await test('a shard that is killed and run again', async () => {
    const before = new Set(found());
    const child = start(program(), here('--no-cache', '--concurrency', '1',
      '--shard', `2/${SHARDS}`), { cwd: dir, env: cleanEnv() });
    provider.reset();
    const half = await until(() => provider.calls.length > 2 &&
      found().find(file => !before.has(file)), 20000);
    process.kill(child.pid, 'SIGKILL');
    await child.exited;
    assert(half);
    const parts = shards.filter((_, i) => i !== 2);
    const cut = await call(dir, only('merge', half, ...parts));
    equal(cut.code, 1);
    assert(cut.err.includes(`shard 2 of ${SHARDS} did not come to its end`),
      cut.err);
    // What both have done is there once.
    const both = await report(only('merge', half, shards[2], ...parts),
      '--gate', 'exact_match>=0.9');
    assert(/rows are there twice/.test(both.err), both.err);
    equal([both.said[0], both.said[2]], [one.said[0], one.said[2]]);
  });

  await test('reports of several runs, and a baseline here', async () => {
    const { code, out, err } = await call(dir, only('report', shards[1],
      shards[1], '--format', 'json'));
    equal(code, 0, err);
    const { runs, comparisons } = JSON.parse(out);
    equal(new Set(runs.map(r => r.name)).size, 2);
    equal(comparisons[0].evals[0].difference, 0);
    const base = await call(dir, here('--replay', '--baseline',
      shards[1], '--format', 'json'));
    equal(base.code, 0, base.err);
    const [c] = JSON.parse(base.out).comparisons;
    equal([c.pairs, c.onlyHere, c.evals[0].difference],
      [ROWS / SHARDS, ROWS - ROWS / SHARDS, 0]);
    const power = await call(dir, only('experiment', '--power', '0.1',
      '--baseline', shards[1]));
    equal(JSON.parse(power.out).evals.map(e => e.name), ['exact_match']);
  });

  await test('rows that failed are run again', async () => {
    write(dir, 'data/shaky.jsonl',
      '{"input":{"q":"say:1"}}\n{"input":{"q":"status-400"}}\n');
    const args = ['--config', 'c.yaml', 'experiment', 'slow.prompt.mdx',
      '--dataset', 'data/shaky.jsonl', '--no-cache', '--format', 'json'];
    const first = await call(dir, args);
    equal(first.code, 1);
    const { runId } = JSON.parse(first.out).runs[0];
    provider.reset();
    const second = await call(dir, [...args, '--resume', runId]);
    equal([second.code, provider.calls.length], [1, 0], second.err);
    const third = await call(dir, [...args, '--resume', runId,
      '--retry-errors']);
    equal(third.code, 1);
    equal(asked(), 1);
  });
}
