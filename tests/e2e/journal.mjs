// Experiments that lose nothing and pay nothing twice: killed at random places,
// cut at what was last on the disk, on a full disk, in shards, with ceilings of
// money and time.  JOURNAL_KILLS=1000 kills that often.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { asking, datasetRun, jsonl, rowsOf, serve, testServed }
  from '../lib/experiments.mjs';
import { callCgi } from '../lib/gateway.mjs';
import { SECRET, signed } from '../lib/http.mjs';
import { isRoot, program, runDir, sleep, stopAll } from '../lib/proc.mjs';
import { scriptedProvider } from '../lib/provider.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const KILLS = Number(process.env.JOURNAL_KILLS ?? 60);
const POWER_CUTS = Math.max(4, Math.floor(KILLS / 40));
const ROWS = 60, AT_ONCE = 6;
const provider = await scriptedProvider();
const random = n => Math.floor(Math.random() * n);

// --- a program that is started for each request

// {dir, run(data, {killAfter, lines, limit})}: CGI processes over one folder.
function folder(name, rows, more = {}) {
  const dir = runDir(name);
  fs.mkdirSync(path.join(dir, 'data'));
  fs.writeFileSync(path.join(dir, 'data/rows.jsonl'), jsonl(rows));
  const file = path.join(dir, 'agentmark-fcgi.yaml');
  fs.writeFileSync(file, JSON.stringify({
    webhook: { secret: SECRET },
    providers: { test: { driver: 'chat', base_url: provider.base } },
    models: [{ match: '^test', provider: 'test' }],
    datasets: { root: 'data' },
    store: 'none',
    log: { level: 'debug', target: 'log' },
    ...more,
    experiments: { state_dir: 'state', ...more.experiments },
  }), { mode: 0o600 });
  const env = { AGENTMARK_FCGI_CONFIG: file, TMPDIR: dir };
  const run = (data, { killWhen, bin = program() } = {}) => {
    const body = datasetRun({ concurrency: AT_ONCE, ...data });
    return callCgi(bin, env, {
      body, headers: signed(body),
      onPiece: (reply, child) => {
        if (killWhen?.(reply))
          child.proc.kill('SIGKILL');
        return false;
      },
    });
  };
  const state = more.experiments?.state_dir ?? path.join(dir, 'state');
  return {
    dir, run, env, file,
    journal: id => path.join(state, 'journals', `${id}.ndjson`),
  };
}

const idOf = reply => reply.values.find(line => line.runId)?.runId;
const lineOf = (reply, type) => reply.values.find(line => line.type === type);
const keyOf = line => `${line.row.index}/${line.row.repeat}`;

// The rows that a journal holds: those of its lines that are whole.
function kept(file) {
  if (!fs.existsSync(file))
    return [];
  const text = fs.readFileSync(file, 'utf8');
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
    .filter(line => line.includes('"row":{')).map(line => JSON.parse(line));
}

// Each row and repeat once.
function complete(reply, rows, repeat = 1) {
  assert.equal(reply.status, 200, reply.body);
  const keys = reply.values.filter(line => line.row).map(keyOf);
  assert.equal(keys.length, rows * repeat, reply.body.slice(-500));
  assert.equal(new Set(keys).size, rows * repeat);
}

// --- killed

// One run, killed until it is through.  *Nothing that is kept is asked for
// again, and whatever a client has seen is kept.
async function killed(t, round) {
  const { run, journal } = t;
  let kills = 0, id;
  for (;;) {
    const before = id ? kept(journal(id)) : [];
    const asked = new Set(before.map(line =>
      `${line.result.input.q}`));
    provider.reset();
    const lines = before.length + random(ROWS);
    const reply = await run({ details: true, ...(id ? { resume: id } : {}) },
      { killWhen: r => r.values.filter(v => v.row).length > lines });
    id ??= idOf(reply);
    for (const call of provider.calls)
      assert.ok(!asked.has(call.text), `${call.text} is paid twice`);
    if (reply.complete) {
      complete(reply, ROWS);
      return kills;
    }
    kills++;
    const there = new Set(kept(journal(id)).map(keyOf));
    for (const line of reply.values.filter(v => v.row))
      assert.ok(there.has(keyOf(line)), `round ${round}: a line is lost`);
  }
}

await test(`killed ${KILLS} times, nothing is lost or paid twice`,
  async () => {
    const t = folder('journal-kills',
      asking(Array.from({ length: ROWS }, (_, i) => `row ${i} wait-2`)));
    let kills = 0, runs = 0;
    while (kills < KILLS)
      kills += await killed(t, runs++);
    console.log(`# ${kills} kills in ${runs} runs`);
  });

// --- power: what was on the disk for certain is all that is left

function cutAtSync(t, id) {
  const log = fs.readFileSync(path.join(t.dir, 'log'), 'utf8');
  const synced = [...log.matchAll(/journal_synced.* run=(\S+) bytes=(\d+)/g)]
    .filter(m => m[1] === id).map(m => Number(m[2]));
  const file = t.journal(id);
  const bytes = synced.at(-1) ?? 0;
  fs.truncateSync(file, bytes);
  // Blocks that were given out and never written hold zeros, or anything.
  fs.appendFileSync(file, Buffer.alloc(random(2) * 4096));
  return bytes;
}

await test(`${POWER_CUTS} cuts of power lose the last second at most`,
  async () => {
    const rows = 200;
    const t = folder('journal-power',
      asking(Array.from({ length: rows }, (_, i) => `row ${i} wait-80`)));
    for (let i = 0; i < POWER_CUTS; i++) {
      const seen = [];
      const after = 1300 + random(1000);
      const cut = await t.run({ details: true }, {
        killWhen: r => r.lines.length && r.lines.at(-1).at > after,
      });
      const id = idOf(cut);
      const end = cut.lines.at(-1).at;
      for (const line of cut.values.filter(v => v.row))
        seen.push([keyOf(line), end - line.at]);
      assert.ok(cutAtSync(t, id) > 0, 'nothing was on the disk');
      const there = new Set(kept(t.journal(id)).map(keyOf));
      // A second, and what the disk took for it.
      for (const [key, age] of seen)
        assert.ok(age < 1500 || there.has(key),
          `${key} is lost, ${age.toFixed()} ms old`);
      complete(await t.run({ details: true, resume: id }), rows);
    }
  });

await test('damage costs the lines that it hit', async () => {
  const t = folder('journal-damage', asking(['a', 'b', 'c', 'd']));
  const first = await t.run({ details: true });
  complete(first, 4);
  const file = t.journal(idOf(first));
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  lines[2] = lines[2].replace('"tokens":7', '"tokens":8');
  fs.writeFileSync(file, lines.join('\n') + '{"type":"dataset","resu');
  provider.reset();
  complete(await t.run({ details: true, resume: idOf(first) }), 4);
  assert.equal(provider.calls.length, 1);
});

// --- a full disk

async function full(t, run) {
  provider.reset();
  const cut = await run({ details: true });
  const end = lineOf(cut, 'end');
  assert.equal(end?.reason, 'disk', cut.body.slice(-500));
  assert.match(end.message, /./);
  const rows = cut.values.filter(line => line.row);
  assert.ok(rows.length > 5 && rows.length < 3000, `${rows.length} rows`);
  assert.equal(provider.calls.length, rows.length, 'an answer is lost');
  assert.deepEqual(kept(t.journal(end.resume)).map(keyOf).sort(),
    rows.map(keyOf).sort());
  return { id: end.resume, rows: rows.length };
}

const LONG = Array.from({ length: 3000 }, (_, i) =>
  `row ${i} say:${'long '.repeat(400)}`);

if (isRoot && spawnSync('unshare', ['-m', 'true']).status === 0)
  await test('a full disk ends a run, and its rows are kept', async () => {
    const disk = runDir('journal-disk');
    assert.equal(spawnSync('mount',
      ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'none', disk]).status, 0);
    try {
      const t = folder('journal-full', asking(LONG),
        { experiments: { state_dir: disk } });
      const { id, rows } = await full(t, t.run);
      assert.equal(spawnSync('mount',
        ['-o', 'remount,size=60m', disk]).status, 0);
      provider.reset();
      complete(await t.run({ details: true, resume: id }), LONG.length);
      assert.equal(provider.calls.length, LONG.length - rows);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

await test('a file that may not grow ends a run, too', async () => {
  const t = folder('journal-fsize', asking(LONG));
  const bin = path.join(t.dir, 'limited');
  fs.writeFileSync(bin,
    `#!/bin/bash\nulimit -f 2048\nexec ${program()}\n`, { mode: 0o755 });
  const cut = await t.run({ details: true }, { bin });
  const end = lineOf(cut, 'end');
  assert.equal(end?.reason, 'disk', cut.body.slice(-500));
  const rows = cut.values.filter(line => line.row);
  const there = new Set(kept(t.journal(end.resume)).map(keyOf));
  const lost = rows.filter(line => !there.has(keyOf(line)));
  // What runs then is told, though it cannot be kept.
  assert.ok(lost.length <= AT_ONCE, `${lost.length} rows are not kept`);
  complete(await t.run({ details: true, resume: end.resume }), LONG.length);
});

// --- parts, repeats, errors

const FEW = Array.from({ length: 43 }, (_, i) => `row ${i}`);

await testServed('eight shards have each row once',
  { provider: provider.base, rows: asking(FEW) }, async server => {
    const seen = [];
    for (let i = 1; i <= 8; i++) {
      const reply = await server.run({ shard: `${i}/8`, details: true });
      const rows = rowsOf(reply);
      assert.ok(rows.length === 5 || rows.length === 6, reply.body);
      seen.push(...rows.map(row => row.result.input.q));
    }
    assert.deepEqual(seen.sort(), [...FEW].sort());
    const sample = { sample: 30 };
    const refused = await server.run({ shard: '1/2', sampling: sample });
    assert.equal(refused.status, 400, refused.body);
    const drawn = await server.run({ sampling: { sample: 30, seed: 4 } });
    const halves = [];
    for (const shard of ['1/2', '2/2'])
      halves.push(...rowsOf(await server.run(
        { shard, sampling: { ...sample, seed: 4 } })));
    assert.deepEqual(halves.map(row => row.result.input.q).sort(),
      rowsOf(drawn).map(row => row.result.input.q).sort());
  });

await testServed('a sample without seed is drawn once',
  { provider: provider.base, rows: asking(FEW) }, async server => {
    const first = await server.run({ sampling: { sample: 50 } });
    const again = await server.run(
      { sampling: { sample: 50 }, resume: idOf(first) });
    assert.deepEqual(rowsOf(again).map(row => row.traceId).sort(),
      rowsOf(first).map(row => row.traceId).sort());
  });

await testServed('only what failed is run again',
  { provider: provider.base, rows: asking(['a', 'status-400', 'b', 'c']) },
  async server => {
    const first = await server.run({ repeat: 3, details: true });
    complete(first, 4, 3);
    const id = idOf(first);
    provider.reset();
    const again = await server.run({ repeat: 3, details: true, resume: id });
    complete(again, 4, 3);
    assert.equal(provider.calls.length, 0, 'failed rows are done');
    for (const n of [1, 2]) {
      provider.reset();
      complete(await server.run({ repeat: 3, details: true, resume: id,
        retryErrors: true }), 4, 3);
      assert.deepEqual(provider.calls.map(call => call.text),
        Array(3).fill('status-400'), `time ${n}`);
    }
    const bare = await server.run({ repeat: 3, resume: id });
    assert.equal(bare.values.length, 12);
    assert.ok(bare.values.every(line => !line.row && !line.sum), bare.body);
  });

await testServed('lines that are no rows are told once', {
  provider: provider.base, files: {
    'rows.jsonl': '{broken\n' + jsonl(asking(['a'])) + '{"q":1}\n',
  },
}, async server => {
  const first = await server.run({ details: true, repeat: 2 });
  const again = await server.run(
    { details: true, repeat: 2, resume: idOf(first) });
  const texts = reply => reply.values.map(v => JSON.stringify(v.row)).sort();
  assert.equal(first.values.length, 4, first.body);
  assert.deepEqual(texts(again), texts(first));
});

await testServed('a run goes on with what it was begun with',
  { provider: provider.base, rows: asking(['a', 'b']),
    files: { 'other.jsonl': jsonl(asking(['c'])) } },
  async server => {
    const resume = idOf(await server.run({ evals: ['contains'] }));
    const cases = [
      [{}, /evals \(\["contains"\] then, \[\] now\)/],
      [{ model: 'test-2', evals: ['contains'] }, /another prompt \(/],
      [{ evals: ['contains'], datasetPath: 'other.jsonl' },
        /dataset \(rows\.jsonl then, other\.jsonl now\)/],
      [{ evals: ['contains'], repeat: 2 }, /repeat \(1 then, 2 now\)/],
      [{ evals: ['contains'], shard: '1/2' }, /shard \(1\/1 then, 1\/2 now\)/],
      [{ evals: ['contains'], sampling: { rows: [0] } }, /sampling \(null /],
      [{ resume: resume.replace(/./g, c => c === '-' ? c : '0') },
        /no journal of the run/],
      [{ resume: '../../etc/passwd' }, /data\.resume must be a run's id/],
    ];
    for (const [data, message] of cases) {
      const reply = await server.run({ resume, ...data });
      assert.equal(reply.status, 400, reply.body);
      assert.match(reply.json.message, message);
    }
  });

await testServed('values that are none are refused',
  { provider: provider.base, rows: asking(['a']) }, async server => {
    for (const data of [{ repeat: 0 }, { repeat: 1.5 }, { repeat: '2' },
      { shard: '0/2' }, { shard: '3/2' }, { shard: '1' }, { shard: 1 },
      { retryErrors: true }, { retryErrors: 1 }, { details: 'yes' },
      { cluster: 'metadata' }, { confidence: 1 }, { gates: {} },
      { gates: [{ threshold: 2 }] }, { stopEarly: true },
      { statisticsSeed: -1 }, { baseline: 'x' }, { replay: 'no' }]) {
      const reply = await server.run(data);
      assert.equal(reply.status, 400,
        JSON.stringify(data) + reply.body);
      assert.match(reply.json.message, /^data\.\w+ |^replay /);
    }
  });

await testServed('a run has one writer',
  { provider: provider.base, rows: asking(['wait-1500', 'b']) },
  async server => {
    const other = await serve({
      provider: provider.base, rows: asking(['wait-1500', 'b']),
      configuration: { experiments: { state_dir:
        path.join(server.state, `agentmark-fcgi-${process.getuid()}`) } },
    });
    try {
      let id;
      const going = server.run({}, {
        onPiece: r => {
          id = idOf(r);
          return false;
        },
      });
      for (let i = 0; i < 100 && !id; i++)
        await sleep(10);
      const second = await other.run({ resume: id });
      assert.equal(second.status, 429, second.body);
      assert.match(second.json.message, /still running/);
      await going;
      assert.equal((await other.run({ resume: id })).values.length, 2);
    } finally {
      await other.close();
    }
  });

// --- ceilings

await testServed('a run ends before it costs more', {
  provider: provider.base, rows: asking(FEW),
  configuration: { prices: { test: { input: 1000, output: 1000 } },
    spending: { max_output_tokens: 20 } },
}, async server => {
  let id, paid = 0;
  for (const maxCostUsd of [0.1, 0.15, 0.25, 5]) {
    provider.reset();
    const reply = await server.run({ details: true, maxCostUsd,
      concurrency: 5, ...(id ? { resume: id } : {}) });
    id ??= lineOf(reply, 'end')?.resume;
    assert.ok(id, reply.body);
    const rows = reply.values.filter(line => line.row);
    const cost = rows.reduce((sum, line) => sum + line.row.costUsd, 0);
    assert.ok(cost <= maxCostUsd, `${cost} of ${maxCostUsd}`);
    assert.equal(rows.length, paid + provider.calls.length);
    assert.ok(rows.every(line => line.type === 'dataset'), reply.body);
    paid = rows.length;
    const end = lineOf(reply, 'end');
    if (maxCostUsd < 5)
      assert.equal(end?.reason, 'cost', reply.body.slice(-500));
    else
      assert.equal(end, undefined);
  }
  assert.equal(paid, FEW.length);
});

await testServed('a run ends when its time is over', {
  provider: provider.base,
  rows: asking(Array.from({ length: 60 }, (_, i) => `row ${i} wait-100`)),
  configuration: { experiments: { run_seconds: 1 } },
}, async server => {
  let id, rows = 0, runs = 0;
  for (; rows < 60 && runs < 30; runs++) {
    const reply = await server.run({ concurrency: 2, details: true,
      ...(id ? { resume: id } : {}) });
    rows = reply.values.filter(line => line.row).length;
    if (rows < 60) {
      const end = lineOf(reply, 'end');
      assert.equal(end?.reason, 'time', reply.body.slice(-500));
      id = end.resume;
    } else {
      complete(reply, 60);
    }
  }
  assert.ok(runs > 1 && rows === 60, `${rows} rows in ${runs} runs`);
});

await testServed('decided gates end a run', {
  provider: provider.base, rows: asking(Array(400).fill('same')),
}, async server => {
  const reply = await server.run({ evals: ['exact_match'], summary: true,
    gates: [{ threshold: 0.9 }], stopEarly: true, concurrency: 4 });
  assert.equal(lineOf(reply, 'end')?.reason, 'decided',
    reply.body.slice(-500));
  assert.ok(rowsOf(reply).length < 400);
  assert.equal(reply.values[0].type, 'estimate');
  assert.equal(reply.values[0].rows, 400);
  assert.equal(reply.values.at(-1).type, 'summary');
});

// --- contents, commands

await testServed('hidden contents are not kept', {
  provider: provider.base, rows: asking(['a secret']),
  configuration: { telemetry: { hide_inputs: true, hide_outputs: true },
    experiments: { state_dir: 'state' } },
}, async server => {
  const first = await server.run({ evals: ['exact_match'] });
  assert.match(first.body, /a secret/);
  const file = path.join(server.dir, 'state/journals',
    `${idOf(first)}.ndjson`);
  assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /secret/);
  const again = await server.run({ evals: ['exact_match'],
    resume: idOf(first) });
  const [row] = rowsOf(again);
  assert.equal(row.result.tokens, 7);
  assert.equal(row.result.evals[0].name, 'exact_match');
  assert.equal(row.result.input, undefined);
  assert.equal(row.result.actualOutput, undefined);
});

await test('journals are listed and purged', async () => {
  const t = folder('journal-list', asking(['a', 'b']));
  const command = (...args) => spawnSync(program(),
    ['--config', t.file, ...args], { encoding: 'utf8', env: t.env });
  assert.match(command('runs').stdout, /^no journals in /);
  const id = idOf(await t.run({}));
  const listed = command('runs').stdout;
  assert.match(listed, new RegExp(`^${id}  .* complete .*tests, rows`, 'm'));
  assert.equal(fs.statSync(t.journal(id)).mode & 0o777, 0o600);
  assert.match(command('purge').stdout, /^0 journals/);
  const old = Date.now() / 1000 - 40 * 24 * 3600;
  fs.utimesSync(t.journal(id), old, old);
  assert.match(command('purge', '--older-than', '50').stdout, /^0 journals/);
  assert.match(command('purge').stdout, /^1 journal removed/);
  assert.equal(command('purge', '--older-than').status, 2);
  const next = idOf(await t.run({}));
  fs.utimesSync(t.journal(next), old, old);
  fs.rmSync(path.join(path.dirname(t.journal(next)), 'purged'));
  await t.run({});
  assert.ok(!fs.existsSync(t.journal(next)), 'a new run purges old ones');
  assert.match(command('purge', '--all').stdout, /^1 journal removed/);
});

await provider.close();
await stopAll();
await finish();
