// How the rows of an experiment run: their order, how many at once, the
// provider's refusals, the client's leaving, experiments at one time.
import path from 'node:path';
import fs from 'node:fs';
import { asking, childrenOf, errorsOf, jsonl, rowsOf, serve, testServed }
  from '../lib/experiments.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { sleep, stop, until } from '../lib/proc.mjs';
import { assert, test } from '../lib/tap.mjs';

const RUN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TRACE = /^[0-9a-f]{32}$/;
const times = (n, what) =>
  Array.from({ length: n }, (_, i) => `${what} number ${i}`);

function streamed(reply) {
  assert.equal(reply.error, undefined);
  assert.equal(reply.status, 200, reply.body);
  assert.ok(reply.complete, `cut: ${reply.body.slice(-300)}`);
  assert.match(reply.headers['content-type'], /^application\/x-ndjson/);
  assert.equal(reply.headers['agentmark-streaming'], 'true');
  assert.equal(reply.rest, '');
}

function refused(reply, status, message) {
  assert.equal(reply.status, status, reply.body);
  assert.match(reply.headers['content-type'], /^application\/json/);
  assert.match(reply.json?.message ?? '', message);
}

// --- order, flushes and heartbeats

async function order({ name, provider, common }) {
  const slow = ['wait-900 slow', ...times(8, 'wait-40')];
  await testServed(`${name}: a slow row holds up no other`,
    { ...common, rows: asking(slow) }, async server => {
      const reply = await server.run({ concurrency: 4 });
      streamed(reply);
      const rows = rowsOf(reply);
      assert.equal(rows.length, 9, reply.body);
      assert.equal(rows.at(-1).result.input.q, 'wait-900 slow');
      assert.ok(rows.at(-2).at < 600, `${rows.at(-2).at} ms`);
    });
  const waits = [100, 350, 600, 850].map(ms => `wait-${ms}`);
  await testServed(`${name}: a row's line leaves when the row ends`,
    { ...common, rows: asking([...waits].reverse()) }, async server => {
      provider.reset();
      const reply = await server.run({});
      streamed(reply);
      const rows = rowsOf(reply);
      assert.deepEqual(rows.map(row => row.result.input.q), waits);
      for (const row of rows) {
        const { ended } = provider.calls.find(
          call => call.text === row.result.input.q);
        const late = row.at + reply.began - ended;
        assert.ok(late < 120, `${row.result.input.q}: ${late.toFixed()} ms`);
      }
    });
  await testServed(`${name}: every row says which run it is of`,
    { ...common, rows: asking(['a', 'status-400', 'b']) }, async server => {
      const reply = await server.run({ experimentId: 'named "so"' });
      streamed(reply);
      const lines = reply.values;
      assert.equal(lines.length, 3, reply.body);
      assert.equal(new Set(lines.map(line => line.runId)).size, 1);
      assert.equal(new Set(lines.map(line => line.traceId)).size, 3);
      for (const line of lines) {
        assert.match(line.runId, RUN);
        assert.match(line.traceId, TRACE);
        assert.equal(line.runName, 'named "so"');
      }
      const [error] = errorsOf(reply);
      assert.equal(error.error, 'Status 400');
      assert.equal(error.index, 1);
      assert.deepEqual(error.input, { q: 'status-400' });
      const [row] = rowsOf(reply);
      assert.equal(row.result.tokens, 7);
      assert.deepEqual(row.result.evals, []);
    });
  await testServed(`${name}: silent rows have a heartbeat`,
    { ...common, rows: asking(['wait-3200']) }, async server => {
      const reply = await server.run({});
      streamed(reply);
      const [row] = rowsOf(reply);
      const blank = reply.lines.filter(line => !line.text && line.at < row.at);
      assert.ok(blank.length >= 2 && blank.length <= 4,
        `${blank.length} blank lines`);
      assert.ok(blank[0].at < 1500, `the first after ${blank[0].at} ms`);
    });
}

// --- how many at once

async function ceilings({ name, provider, common }) {
  const most = async (server, o) => {
    provider.reset();
    const reply = await server.run(o);
    streamed(reply);
    assert.equal(errorsOf(reply).length, 0, reply.body);
    return provider.most;
  };
  await testServed(`${name}: as many rows at once as are asked for`,
    { ...common, rows: asking(times(70, 'wait-80')) }, async server => {
      assert.equal(await most(server, {}), 20);
      assert.equal(await most(server, { concurrency: 3 }), 3);
      assert.equal(await most(server, { concurrency: 40 }), 40);
    });
  await testServed(`${name}: but not more than are configured`, {
    ...common, configuration: { experiments: { concurrency: 5 } },
    rows: asking(times(30, 'wait-50')),
  }, async server => {
    assert.equal(await most(server, { concurrency: 50 }), 5);
    assert.equal(await most(server, {}), 5);
  });
}

// The widest crowd among CALLS.
const crowd = calls => Math.max(...calls.map(call => call.peers));

async function refusals({ name, provider, common }) {
  const CAPACITY = 4, ROWS = 900, OPEN_AT = 250;
  await testServed(`${name}: fewer rows at once when the provider refuses`,
    { ...common, rows: asking(times(ROWS, 'wait-20')) }, async server => {
      provider.reset();
      provider.retryAfter = 300;
      let taken = 0, opened;
      provider.refuse = inflight => {
        if (taken < OPEN_AT && inflight > CAPACITY)
          return true;
        if (++taken === OPEN_AT)
          opened = performance.now();
        return false;
      };
      const reply = await server.run({ concurrency: 32 });
      streamed(reply);
      assert.equal(reply.values.length, ROWS);
      const late = provider.calls.filter(
        call => call.came > opened - 500 && call.came < opened);
      console.log(`# ${provider.refused} refusals for ${OPEN_AT} answers, ` +
        `${errorsOf(reply).length} rows lost, ${crowd(late)} at once then`);
      assert.ok(crowd(late) <= 3 * CAPACITY, `${crowd(late)} at once`);
      assert.ok(provider.refused < OPEN_AT, `${provider.refused} refusals`);
    });
  await testServed(`${name}: and as many as before when it takes them again`,
    { ...common, rows: asking(times(ROWS, 'wait-20')) }, async server => {
      provider.reset();
      provider.retryAfter = 50;
      let left = 30;
      provider.refuse = () => left-- > 0;
      const reply = await server.run({ concurrency: 32 });
      streamed(reply);
      assert.equal(rowsOf(reply).length, ROWS);
      const { calls } = provider;
      const end = calls.at(-1).came;
      const [then, last] = [crowd(calls.slice(70, 110)),
        crowd(calls.filter(call => call.came > end - 300))];
      assert.ok(then <= 22, `${then} at once after the refusals`);
      assert.ok(last >= 30, `${last} at once at the end`);
    });
}

// --- a client that leaves

async function leaving({ name, provider, common, raw }) {
  // A web server may notice at the second write, a heartbeat later.
  const limit = raw ? 50 : 3500;
  await testServed(`${name}: when the client leaves, all calls end`,
    { ...common, rows: asking(times(100, 'hang')) }, async server => {
      provider.reset();
      let left;
      const going = server.run({ concurrency: 40 }, {
        onPiece: () => left !== undefined,
        leaveAfter: 700,
      });
      assert.ok(await until(() => provider.inflight === 40, 3000));
      await going;
      left = performance.now();
      assert.ok(await until(() => provider.inflight === 0, limit + 1000, 2),
        `${provider.inflight} calls are left`);
      const last = Math.max(...provider.calls.map(c => c.ended)) - left;
      console.log(`# the last call ended after ${last.toFixed(1)} ms`);
      assert.ok(last < limit, `after ${last.toFixed()} ms`);
      assert.equal(provider.calls.length, 40, 'and no new one began');
      const next = await server.send(promptRun(
        { model: 'test', user: 'say:next', stream: false }));
      assert.equal(next.json?.result, 'next', next.body);
    });
  await testServed(`${name}: and so do its evals`, {
    ...common, rows: asking(times(6, 'quick')),
    evals: { hang: '#!/bin/sh\nsleep 1000\n' },
    configuration: { evals: { hang: { exec: ['./hang'], timeout: 60 } } },
  }, async server => {
    const going = server.run({ evals: ['hang'] }, { leaveAfter: 1200 });
    const there = () => childrenOf(server.pid).length;
    assert.ok(await until(() => there() === 6, 3000), `${there()} children`);
    const during = childrenOf(server.pid);
    await going;
    assert.ok(await until(() => there() === 0, limit + 1500), 'children stay');
    for (const { pid } of during)
      assert.ok(!fs.existsSync(`/proc/${pid}`), `${pid} runs on`);
  });
}

// --- experiments at one time

async function atOnce({ name, common }) {
  const state = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp',
    'agentmark-slots-'));
  const options = {
    ...common, rows: asking(['wait-1500', 'wait-1500']),
    configuration: { experiments: { at_once: 1, state_dir: state } },
  };
  const run = server => server.run({ concurrency: 1 });
  const busy = reply => {
    refused(reply, 429, /experiment/i);
    console.log(`# ${reply.json.message}`);
  };
  try {
    await test(`${name}: one experiment too many is 429`, async () => {
      const [one, two] = [await serve(options), await serve(options)];
      const going = run(one);
      await sleep(500);
      busy(await run(two));
      const prompt = await two.send(promptRun(
        { model: 'test', user: 'say:free', stream: false }));
      assert.equal(prompt.json?.result, 'free', prompt.body);
      streamed(await going);
      streamed(await run(two));
      const killed = run(one);
      await sleep(500);
      busy(await run(two));
      process.kill(one.pid, 'SIGKILL');
      await killed;
      streamed(await run(two));
      const leaver = two.run({ concurrency: 1 }, { leaveAfter: 300 });
      await leaver;
      await sleep(common.front ? 3500 : 300);
      streamed(await run(two));
      await stop(one.worker.child);
      await one.close();
      await two.close();
    });
  } finally {
    fs.rmSync(state, { recursive: true, force: true });
  }
}

// --- lines that are no rows

async function badLines({ name, common }) {
  const bad = n => '{"input": nothing}\n'.repeat(n);
  const good = jsonl(asking(['fine']));
  await testServed(`${name}: a bad line costs that line`, {
    ...common, files: {
      'rows.jsonl': jsonl(asking(['one'])) + '\n{broken\n' +
        jsonl(asking(['two'])) + '{"q":"flat"}\n' + jsonl(asking(['three'])),
    },
  }, async server => {
    const reply = await server.run({});
    streamed(reply);
    assert.deepEqual(rowsOf(reply).map(row => row.result.input.q).sort(),
      ['one', 'three', 'two']);
    const errors = errorsOf(reply).map(line => line.error);
    assert.equal(errors.length, 2, reply.body);
    assert.match(errors[0], /^Failed to parse JSON at line \d+ in dataset /);
    assert.match(errors[1], /^Invalid dataset row at line \d+: /);
  });
  await testServed(`${name}: 1,000 bad lines are a status`,
    { ...common, files: { 'rows.jsonl': bad(1000) + good } },
    async server => refused(await server.run({}), 500,
      /^Failed to parse JSON at line 1 in dataset rows\.jsonl: ./));
  await testServed(`${name}: 999 are not`,
    { ...common, files: { 'rows.jsonl': bad(999) + good } },
    async server => {
      const reply = await server.run({});
      streamed(reply);
      assert.equal(rowsOf(reply).length, 1);
      assert.equal(errorsOf(reply).length, 999);
    });
  await testServed(`${name}: what cannot be set up is a status`,
    { ...common, rows: asking(['one']) }, async server => {
      refused(await server.run({ datasetPath: 'none.jsonl' }), 500,
        /^Dataset not found: none\.jsonl/);
      refused(await server.run({ datasetPath: '../rows.jsonl' }), 500,
        /^Access denied/);
      refused(await server.run({ sampling: { sample: 0 } }), 500,
        /^Sample percentage/);
      refused(await server.run({ model: 'nobody-serves-this' }), 500, /./);
    });
}

export async function rows({ provider, env, front }) {
  const raw = front === 'FastCGI';
  const common = {
    provider: provider.base, env, front: raw ? undefined : front,
  };
  const mount = { name: front, provider, common, raw };
  await order(mount);
  await ceilings(mount);
  await leaving(mount);
  if (!raw)
    return;
  await refusals(mount);
  await atOnce(mount);
  await badLines(mount);
}
