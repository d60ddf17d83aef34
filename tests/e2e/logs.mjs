// The log of a worker: which lines a request leaves, what stands on each, and
// what never does.
import fs from 'node:fs';
import path from 'node:path';
import { asking, rowsOf, serve } from '../lib/experiments.mjs';
import { signed } from '../lib/http.mjs';
import { runDir, sleep, until } from '../lib/proc.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { scriptedProvider } from '../lib/provider.mjs';
import { httpReceiver } from '../lib/receivers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const reports = runDir('sanitizers');
fs.chmodSync(reports, 0o777);
const sanitizers = {
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:log_path=${reports}/report`,
  UBSAN_OPTIONS: `log_path=${reports}/report`,
};
const provider = await scriptedProvider();
const RANDOM = /^[0-9a-f]{32}$/;
const ID = 'x-request-id';

async function logging(log, body) {
  const collector = await httpReceiver();
  const server = await serve({
    provider: provider.base, env: sanitizers, rows: asking(['a', 'b']),
    configuration: { log: { target: 'log', ...log }, webhook: {
      secrets: [{ name: 'ci', value: 'test-secret' }],
    }, telemetry: { collectors: { all: { url: collector.base } } } },
  });
  const file = path.join(server.dir, 'log');
  const lines = () => fs.existsSync(file)
    ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
      .filter(line => !/\bconfiguration\b/.test(line)) : [];
  try {
    await body({
      server, file, lines,
      values: event => lines().map(line => JSON.parse(line))
        .filter(line => !event || line.event === event),
    });
  } finally {
    await server.close();
    await collector.close();
  }
}

const ask = (server, o, id) => {
  const body = promptRun({ model: 'test', ...o });
  return server.send(body,
    { headers: signed(body, id === undefined ? {} : { [ID]: id }) });
};

await test('a prompt leaves one line, with its ids and counts', () =>
  logging({ format: 'json' }, async ({ server, values }) => {
    const reply = await ask(server, { model: 'echo/a' }, 'web-1.2~3');
    assert.equal(reply.headers[ID], 'web-1.2~3');
    const done = reply.values.at(-1);
    assert.equal(done.type, 'done');
    assert.ok(await until(() => values('request').length));
    const [{ time, ms, in: read, ...line }] = values('request');
    assert.match(time, /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(ms >= 0 && read > 100);
    assert.deepEqual(line, {
      level: 'info', event: 'request', request_id: 'web-1.2~3',
      trace_id: done.traceId, method: 'POST', status: 200,
      type: 'prompt-run', model: 'a', out: Buffer.byteLength(reply.body),
      input_tokens: 6, output_tokens: 2, gone: 0, caller: 'ci',
    });
    assert.equal(values().length, 1);
  }));

await test('ids that could do harm are replaced', () =>
  logging({ format: 'json' }, async ({ server, values }) => {
    const ids = ['two words', 'x'.repeat(65), '', '\u00e4', 'a\tb'];
    const own = new Set();
    for (const id of ids) {
      const reply = await ask(server, { stream: false }, id);
      assert.equal(reply.status, 200);
      assert.match(reply.headers[ID], RANDOM, id);
      own.add(reply.headers[ID]);
    }
    const kept = 'x'.repeat(64);
    const reply = await ask(server, {}, kept);
    assert.equal(reply.headers[ID], kept);
    assert.ok(await until(() => values('request').length === 6));
    assert.deepEqual(values('request').map(line => line.request_id),
      [...own, kept]);
  }));

await test('every reply has an id, and no line has that of another', () =>
  logging({ format: 'json' }, async ({ server, values }) => {
    const replies = [
      await server.send('{}', { headers: {} }),
      await server.send('', { method: 'GET', headers: {} }),
      await server.send('', { method: 'PUT', headers: {} }),
      await server.send('', { method: 'OPTIONS', headers: {} }),
      await server.send('{"type":"get-evals","data":{}}'),
      await server.send('{"type":"none"}'),
    ];
    assert.deepEqual(replies.map(r => r.status),
      [401, 200, 405, 204, 200, 400]);
    for (const reply of replies)
      assert.match(reply.headers[ID], RANDOM);
    assert.ok(await until(() => values('request').length === 6));
    assert.deepEqual(values('request').map(line => line.request_id),
      replies.map(reply => reply.headers[ID]));
    assert.deepEqual(values('request').map(line => line.type),
      [undefined, undefined, undefined, undefined, 'get-evals', undefined]);
    assert.equal(values('request')[0].caller, '');
    assert.ok(values().every(line => !line.trace_id));
  }));

await test('an experiment has the id of its run on each line', () =>
  logging({ format: 'json' }, async ({ server, values }) => {
    server.put('rows.jsonl', asking(['a', 'b', 'status-400 c'])
      .map(row => JSON.stringify(row) + '\n').join(''));
    const rows = rowsOf(await server.run({ evals: ['unknown'] }));
    assert.equal(rows.length, 2);
    assert.ok(await until(() => values('request').length));
    const all = values();
    const attempt = all.find(line => line.event === 'attempt_failed');
    assert.match(attempt.trace_id, RANDOM);
    assert.ok(rows.every(row => row.traceId !== attempt.trace_id));
    assert.ok(all.some(line => line.event === 'eval_unknown'));
    assert.deepEqual([...new Set(all.map(line => line.run_id))],
      [rows[0].runId]);
    const line = all.at(-1);
    assert.equal(line.type, 'dataset-run');
    assert.equal(line.input_tokens, 10);
    assert.equal(line.output_tokens, 4);
  }));

// --- content

const SECRETS = /test-secret|test-key|PRIVATE/;

async function failures(server) {
  const replies = [
    await ask(server, { user: 'PRIVATE status-400', stream: false }),
    await ask(server, { user: 'PRIVATE status-400', stream: true }),
    await ask(server, { model: 'none/PRIVATE', user: 'PRIVATE' }),
    await server.send('{"type":"PRIVATE","data":{}}'),
    await server.run({ evals: ['a'], datasetPath: '../PRIVATE.jsonl' }),
    await server.run({ evals: ['a'], schema: 'PRIVATE' }),
  ];
  return replies.map(reply => reply.status);
}

await test('what was said is not in it, and nothing secret', () =>
  logging({ format: 'json' }, async ({ server, lines, values }) => {
    await failures(server);
    assert.ok(await until(() => values('request').length === 6));
    const told = lines().filter(line => SECRETS.test(line)).map(line => {
      const { event, reason, model } = JSON.parse(line);
      return { event, reason: reason?.slice(0, 60), model };
    });
    // A model and a file are named by who asks: that is no content.
    assert.deepEqual(told.filter(line => line.event !== 'request' &&
      !/^(no provider|the dataset)/.test(line.reason)), []);
    const failed = values('failed');
    assert.ok(failed.length >= 4);
    for (const { code, reason } of failed)
      assert.equal(['prompt', 'provider', 'request'].includes(code),
        reason === undefined, code);
  }));

await test('at the debug level reasons are', () =>
  logging({ format: 'json', level: 'debug' }, async ({ server, values }) => {
    await failures(server);
    assert.ok(await until(() => values('request').length === 6));
    const debug = values().filter(line => line.level === 'debug');
    assert.ok(debug.some(line => /Status 400/.test(line.reason)));
    assert.ok(!JSON.stringify(values()).includes('test-secret'));
  }));

// --- forms and files

await test('logfmt is the default', () =>
  logging({}, async ({ server, lines }) => {
    await ask(server, { stream: false });
    assert.ok(await until(() => lines().length));
    assert.match(lines()[0], new RegExp('^time=\\S+ level=info ' +
      'event=request request_id=\\w{32} trace_id=\\w{32} method=POST ' +
      'status=200 type=prompt-run model=test ms=\\d+ in=\\d+ out=\\d+ ' +
      'input_tokens=5 output_tokens=2 gone=0 caller="ci"$'));
  }));

await test('a file that was rotated is opened anew', () =>
  logging({}, async ({ server, file, lines }) => {
    await ask(server, { stream: false });
    assert.ok(await until(() => lines().length === 1));
    fs.renameSync(file, `${file}.1`);
    await sleep(1100);
    await ask(server, { stream: false });
    assert.ok(await until(() => lines().length === 1));
    assert.equal(fs.readFileSync(`${file}.1`, 'utf8')
      .match(/event=request/g).length, 1);
    assert.equal(fs.statSync(file).mode & 0o137, 0);
  }));

await test('the sanitizers are silent', () => {
  const found = fs.readdirSync(reports).map(file =>
    fs.readFileSync(path.join(reports, file), 'utf8').slice(0, 3000));
  assert.deepEqual(found, []);
});
await finish();
