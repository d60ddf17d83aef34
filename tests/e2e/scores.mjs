// Scores of experiments, posted to an API that takes them, takes some of them,
// or fails.
import fs from 'node:fs';
import path from 'node:path';
import { asking, datasetRun, rowsOf, serve } from '../lib/experiments.mjs';
import { callCgi } from '../lib/gateway.mjs';
import { signed } from '../lib/http.mjs';
import { program, runDir, sleep, until } from '../lib/proc.mjs';
import { scriptedProvider } from '../lib/provider.mjs';
import { httpReceiver } from '../lib/receivers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const PATH = '/v1/scores/batch';
const EVALS = {
  hello: { use: 'contains', options: { value: 'hello' } },
  sure: { exec: './sure' },
  bye: { use: 'contains', options: { value: 'bye' } },
};
const SURE = '#!/bin/sh\nread -r line\n' +
  `echo '{"score":0.25,"label":"so \u00e4","reason":"because"}'\n`;

const reports = runDir('sanitizers');
fs.chmodSync(reports, 0o777);
const sanitizers = {
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:log_path=${reports}/report`,
  UBSAN_OPTIONS: `log_path=${reports}/report`,
};
const provider = await scriptedProvider();

// body({server, receiver, posts, log}) with `posts` the batches so far.
async function posting(body, { agentmark = () => ({}), rows, more = {} } = {}) {
  const receiver = await httpReceiver();
  receiver.answers[PATH] = () => ({ status: 201, body: '{}' });
  const server = await serve({
    provider: provider.base, env: sanitizers,
    rows: rows ?? asking(['hello 1', 'bye 2']), evals: { sure: SURE },
    configuration: {
      evals: EVALS, store: 'store.db',
      agentmark: {
        base_url: receiver.base, api_key: 'key-1', app_id: 'app-1',
        scores: true, ...agentmark(receiver.base),
      },
      log: { level: 'warning', target: 'log' }, ...more,
    },
  });
  const posts = () => receiver.json(PATH).map(batch => batch.scores);
  const log = () => {
    const file = path.join(server.dir, 'log');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  };
  try {
    await body({ server, receiver, posts, log });
  } finally {
    await server.close();
    await receiver.close();
  }
}

const NAMES = ['hello', 'sure'];
const run = server => server.run({ evals: NAMES });
const good = posts => posts().flat();

await test('every score is posted, beside its trace', () =>
  posting(async ({ server, receiver, posts }) => {
    const rows = rowsOf(await run(server));
    assert.equal(rows.length, 2);
    assert.ok(await until(() => good(posts).length >= 4, 10000));
    const by = Object.fromEntries(good(posts).map(s => [s.client_id, s]));
    assert.equal(Object.keys(by).length, 4);
    for (const { traceId, result } of rows) {
      const passed = result.actualOutput.startsWith('hello');
      const { reason, ...first } = by[`${traceId}:hello`];
      assert.deepEqual(first, {
        client_id: `${traceId}:hello`, resource_id: traceId, name: 'hello',
        score: passed ? 1 : 0, label: passed ? 'PASS' : 'FAIL',
        type: 'experiment', source: 'experiment', data_type: '',
      });
      assert.equal(reason, result.evals[0].reason);
      assert.deepEqual(by[`${traceId}:sure`], {
        client_id: `${traceId}:sure`, resource_id: traceId, name: 'sure',
        score: 0.25, label: 'so \u00e4', reason: 'because',
        type: 'experiment', source: 'experiment', data_type: '',
      });
    }
    const [{ headers }] = receiver.got(PATH);
    assert.equal(headers.authorization, 'key-1');
    assert.equal(headers['x-agentmark-app-id'], 'app-1');
    assert.equal(headers['content-type'], 'application/json');
    await sleep(600);
    assert.equal(good(posts).length, 4);
  }));

await test('a batch that fails is posted again', () =>
  posting(async ({ server, receiver, posts }) => {
    receiver.answers[PATH] = n => ({ status: n < 1 ? 503 : 201, body: '{}' });
    await run(server);
    assert.ok(await until(() => posts().length >= 2, 10000));
    await until(() => new Set(posts().slice(1).flat()
      .map(s => s.client_id)).size === 4, 10000);
    const again = posts().slice(1).flat().map(s => s.client_id);
    assert.equal(again.length, 4);
    assert.equal(new Set(again).size, 4);
  }));

await test('what the API refuses of a batch is told and left', () =>
  posting(async ({ server, receiver, posts, log }) => {
    receiver.answers[PATH] = () => ({
      status: 207,
      body: JSON.stringify({ data: {
        results: [], summary: { total: 4, succeeded: 3, failed: 1 },
      } }),
    });
    await run(server);
    assert.ok(await until(() => /event=scores_refused scores=1/.test(log()),
      10000), log());
    await sleep(1500);
    assert.equal(good(posts).length, 4);
  }));

await test('what the API does not take at all is dropped', () =>
  posting(async ({ server, receiver, posts, log }) => {
    receiver.answers[PATH] = () => ({ status: 400, body: 'no' });
    await run(server);
    assert.ok(await until(() => /delivery_dropped route=scores/.test(log()),
      10000), log());
    await sleep(1500);
    assert.equal(good(posts).length, 4);
  }));

await test('no more than 1000 are in a batch', () => {
  const rows = asking(Array.from({ length: 1050 }, (_, i) => `hello ${i}`));
  return posting(async ({ server, receiver, posts }) => {
    let open = false;
    receiver.answers[PATH] = () => ({ status: open ? 201 : 503, body: '{}' });
    const reply = await server.run(
      { evals: ['hello', 'bye'], concurrency: 100 }, { timeout: 120000 });
    assert.equal(rowsOf(reply).length, 1050);
    open = true;
    const taken = () => receiver.got(PATH).filter(one => one.status === 201)
      .flatMap(one => JSON.parse(one.text).scores);
    assert.ok(await until(() => taken().length >= 2100, 60000));
    assert.equal(new Set(taken().map(s => s.client_id)).size, 2100);
    for (const batch of posts())
      assert.ok(batch.length <= 1000, `${batch.length}`);
  }, { rows });
});

await test('reasons are left out where outputs are hidden', () =>
  posting(async ({ server, posts }) => {
    await run(server);
    assert.ok(await until(() => good(posts).length >= 4, 10000));
    assert.ok(good(posts).every(s => !('reason' in s)));
  }, { more: { telemetry: { hide_outputs: true } } }));

await test('nothing is posted unless it is wanted', () =>
  posting(async ({ server, posts }) => {
    assert.equal(rowsOf(await run(server)).length, 2);
    await sleep(1500);
    assert.deepEqual(posts(), []);
  }, { agentmark: () => ({ scores: false }) }));

await test('the development server gets them without a key', () =>
  posting(async ({ server, receiver, posts }) => {
    await run(server);
    assert.ok(await until(() => good(posts).length >= 4, 10000));
    const [{ headers }] = receiver.got(PATH);
    assert.equal(headers.authorization, undefined);
    assert.equal(headers['x-agentmark-app-id'], undefined);
  }, { agentmark: base => ({ base_url: undefined, dev_server: base }) }));

await test('a CGI program posts behind its reply', () =>
  posting(async ({ server, posts }) => {
    const body = datasetRun({ evals: NAMES });
    const reply = await callCgi(program(), {
      ...sanitizers,
      AGENTMARK_FCGI_CONFIG: path.join(server.dir, 'agentmark-fcgi.yaml'),
      TMPDIR: server.state,
    }, { body, headers: signed(body) });
    assert.equal(rowsOf(reply).length, 2);
    assert.ok(await until(() => good(posts).length >= 4, 15000));
    await sleep(600);
    assert.equal(new Set(good(posts).map(s => s.client_id)).size, 4);
    assert.equal(good(posts).length, 4);
  }));

await test('the sanitizers are silent', () => {
  const found = fs.readdirSync(reports).map(file =>
    fs.readFileSync(path.join(reports, file), 'utf8').slice(0, 3000));
  assert.deepEqual(found, []);
});
await finish();
