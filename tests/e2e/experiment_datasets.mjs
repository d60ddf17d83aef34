// Where the rows of an experiment come from: files by their names, and
// AgentMark's API, which a server in this process plays.
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { asking, errorsOf, jsonl, rowsOf, testServed }
  from '../lib/experiments.mjs';
import { listen } from '../lib/provider.mjs';
import { runDir, until } from '../lib/proc.mjs';
import { assert } from '../lib/tap.mjs';

const numbers = n => Array.from({ length: n }, (_, i) => String(i));
const asked = reply => rowsOf(reply).map(row => row.result.input.q);
const inOrder = { concurrency: 1 };

function failed(reply, message) {
  assert.equal(reply.status, 500, reply.body);
  assert.match(reply.json?.message ?? '', message);
}

// --- files

async function files({ common }) {
  const rows = numbers(50).map(q => (
    { input: { q }, expected_output: `${q}!` }));
  const csv = '\ufeffq,language,expected_output\r\n' +
    'one,de,1\r\n"two, ""quoted""\r\nin two lines",en,"{""n"":2}"\r\n' +
    '\r\nthree,"",\r\n';
  await testServed('datasets: gzip\'d JSONL', {
    ...common, files: {
      'rows.jsonl.gz': gzipSync(jsonl(rows)),
      'members.jsonl.gz': Buffer.concat([gzipSync(jsonl(rows.slice(0, 20))),
        gzipSync(''), gzipSync(jsonl(rows.slice(20)))]),
      'cut.jsonl.gz': gzipSync(jsonl(rows)).subarray(0, 60),
      'none.jsonl.gz': jsonl(rows),
    },
  }, async server => {
    for (const name of ['rows', 'members']) {
      const reply = await server.run(
        { datasetPath: `${name}.jsonl.gz`, ...inOrder });
      assert.deepEqual(asked(reply), numbers(50), name);
      assert.equal(rowsOf(reply)[7].result.expectedOutput, '7!');
    }
    const none = await server.run({ datasetPath: 'none.jsonl.gz' });
    failed(none, /./);
    const cut = await server.run({ datasetPath: 'cut.jsonl.gz', ...inOrder });
    console.log(`# ${none.json.message}; ${cut.body.slice(-200).trim()}`);
    if (cut.status === 200)
      assert.equal(errorsOf(cut).length, 1, cut.body);
  });
  await testServed('datasets: CSV', {
    ...common, files: { 'rows.csv': csv },
  }, async server => {
    const reply = await server.run({ datasetPath: 'rows.csv', ...inOrder });
    assert.deepEqual(rowsOf(reply).map(row => row.result.input), [
      { q: 'one', language: 'de' },
      { q: 'two, "quoted"\r\nin two lines', language: 'en' },
      { q: 'three', language: '' },
    ], reply.body);
    console.log(`# ${JSON.stringify(rowsOf(reply).map(
      row => row.result.expectedOutput))}`);
  });
  await testServed('datasets: byte order marks, CRLF, blank lines, no end', {
    ...common, files: {
      'rows.jsonl': '\ufeff\r\n' + jsonl(asking(['a'])).trim() + '\r\n\r\n  \n' +
        jsonl(asking(['b'])).trim(),
    },
  }, async server =>
    assert.deepEqual(asked(await server.run(inOrder)), ['a', 'b']));
  const outside = runDir('outside');
  fs.writeFileSync(path.join(outside, 'secret.jsonl'), jsonl(rows));
  await testServed('datasets: nothing outside of the root', {
    ...common, files: { 'sub/rows.jsonl': jsonl(asking(['in'])) },
  }, async server => {
    const link = (to, name) => fs.symlinkSync(to, path.join(server.data, name));
    link(path.join(outside, 'secret.jsonl'), 'file.jsonl');
    link(outside, 'folder');
    link('..', 'up');
    const inside = await server.run({ datasetPath: './sub/../sub/rows.jsonl' });
    assert.deepEqual(asked(inside), ['in'], inside.body);
    for (const name of ['file.jsonl', 'folder/secret.jsonl',
      'up/agentmark-fcgi.yaml', '../data/sub/rows.jsonl',
      path.join(outside, 'secret.jsonl'), 'sub/%2e%2e/../../x.jsonl',
      'sub\0/rows.jsonl', '/etc/passwd']) {
      const reply = await server.run({ datasetPath: name });
      assert.equal(reply.status, 500, `${name}: ${reply.body.slice(0, 200)}`);
      assert.ok(!reply.body.includes(outside) || name.includes(outside),
        reply.body);
    }
  });
  await testServed('datasets: a FIFO does not hold the program', {
    ...common,
  }, async server => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [path.join(server.data, 'pipe.jsonl')]);
    failed(await server.run({ datasetPath: 'pipe.jsonl' }, { timeout: 5000 }),
      /./);
  });
}

// --- AgentMark's API

async function platform() {
  const api = { seen: [], answer: undefined };
  const server = await listen((request, response) => {
    api.seen.push({ url: request.url, headers: request.headers });
    api.answer(response, request);
  });
  return Object.assign(api, server);
}

const says = (status, text, type = 'application/x-ndjson') => response => {
  response.writeHead(status, { 'content-type': type });
  response.end(text);
};

async function overApi({ common, api }) {
  const keyed = {
    agentmark: { base_url: api.base, api_key: 'sk-test', app_id: 'app-1' },
    datasets: {},
  };
  const with_ = configuration => ({ ...common, configuration });
  await testServed('datasets: rows of the API', with_(keyed), async server => {
    api.seen = [];
    api.answer = says(200, jsonl(asking(['a', 'b'])));
    const reply = await server.run(
      { datasetPath: 'folder/my rows+.jsonl', ...inOrder });
    assert.deepEqual(asked(reply), ['a', 'b'], reply.body);
    assert.equal(api.seen.length, 1);
    const [{ url, headers }] = api.seen;
    assert.equal(url, '/v1/templates?path=folder%2Fmy+rows%2B.jsonl');
    assert.equal(headers.accept, 'application/x-ndjson');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers.authorization, 'sk-test');
    assert.equal(headers['x-agentmark-app-id'], 'app-1');
  });
  await testServed('datasets: arrays of rows of the API', with_(keyed),
    async server => {
      const rows = asking(['a', 'b', 'c']);
      const forms = [JSON.stringify(rows),
        `${JSON.stringify(rows.slice(0, 2))}\n${JSON.stringify(rows[2])}\n`];
      for (const text of forms) {
        api.answer = says(200, text, 'application/json');
        const reply = await server.run(inOrder);
        assert.deepEqual(asked(reply), ['a', 'b', 'c'], reply.body);
      }
    });
  await testServed('datasets: refusals of the API', with_(keyed),
    async server => {
      api.answer = says(404, '{"error":"Template not found"}');
      failed(await server.run({}), /^Template not found$/);
      api.answer = says(400, '{"error":{"code":"invalid_query_params",' +
        '"message":"path is wrong"}}');
      failed(await server.run({}), /path is wrong/);
      api.answer = says(502, '<html>bad gateway</html>', 'text/html');
      failed(await server.run({}), /502/);
      api.answer = response => response.socket.destroy();
      failed(await server.run({}), /./);
      api.answer = says(200, '');
      failed(await server.run({}), /empty or contains no valid rows/);
    });
  await testServed('datasets: an API that breaks off', with_(keyed),
    async server => {
      api.answer = response => {
        response.writeHead(200, { 'content-length': '5000' });
        response.write(jsonl(asking(['a', 'b'])));
        setTimeout(() => response.socket.destroy(), 200);
      };
      const reply = await server.run(inOrder);
      assert.equal(reply.status, 200, reply.body);
      assert.deepEqual(asked(reply), ['a', 'b'], reply.body);
      assert.equal(errorsOf(reply).length, 1, reply.body);
    });
  await testServed('datasets: rows run while the API sends', with_(keyed),
    async server => {
      api.answer = response => {
        response.writeHead(200);
        response.write(jsonl(asking(['a'])));
        setTimeout(() => response.end(jsonl(asking(['b']))), 800);
      };
      const reply = await server.run({});
      const [a, b] = rowsOf(reply);
      assert.ok(a.at < 500, `${a.at} ms`);
      assert.ok(b.at > 700, `${b.at} ms`);
    });
  await testServed('datasets: the API waits while rows run', with_(keyed),
    async server => {
      const ROW = { input: { q: 'wait-50', pad: 'x'.repeat(100000) } };
      let sent = 0, closed;
      api.answer = response => {
        response.writeHead(200);
        const more = () => {
          let taken = true;
          while (taken && sent < 1000) {
            taken = response.write(jsonl([ROW]));
            sent++;
          }
        };
        response.on('drain', more);
        response.on('close', () => { closed = performance.now(); });
        more();
      };
      let left;
      await server.run({ concurrency: 1 }, {
        onPiece: reply => {
          left = performance.now();
          return rowsOf(reply).length > 15;
        },
      });
      assert.ok(await until(() => closed, 2000), 'the call goes on');
      assert.ok(closed - left < 100, `closed after ${closed - left} ms`);
      console.log(`# ${sent} rows were sent for 16`);
      assert.ok(sent < 400, `${sent} rows of 100 kB were taken in advance`);
    });
  await testServed('datasets: no key without an app, none for a dev server', {
    ...common, configuration: {
      agentmark: {
        dev_server: api.base, base_url: 'http://127.0.0.1:1',
        api_key: 'sk-test', app_id: 'app-1',
      },
      datasets: {},
    },
  }, async server => {
    api.seen = [];
    api.answer = says(200, jsonl(asking(['a'])));
    const reply = await server.run({});
    assert.deepEqual(asked(reply), ['a'], reply.body);
    const [{ headers }] = api.seen;
    assert.equal(headers.authorization, undefined);
    assert.equal(headers['x-agentmark-app-id'], undefined);
  });
}

async function splits({ common, api }) {
  const rows = jsonl(asking(numbers(10)));
  const split = (portion, percentage, more) => (
    { sampling: { split: { portion, percentage }, ...more }, ...inOrder });
  const check = async server => {
    const train = asked(await server.run(split('train', 25)));
    const test = asked(await server.run(split('test', 25)));
    // Math.round(10 * 25 / 100) is 3.
    assert.deepEqual(train, numbers(3));
    assert.deepEqual(test, numbers(10).slice(3));
    const some = asked(await server.run(split('train', 50, { seed: 42 })));
    const others = asked(await server.run(split('test', 50, { seed: 42 })));
    assert.deepEqual(some, ['3', '4', '7', '9']);
    assert.equal(others.length, 6);
    const picked = await server.run(
      { sampling: { rows: [9, 0, 4, 4, 12] }, ...inOrder });
    assert.deepEqual(asked(picked), ['0', '4', '9']);
    assert.equal(errorsOf(picked).length, 1, picked.body);
    assert.match(errorsOf(picked)[0].error, /\b12\b/);
  };
  await testServed('datasets: parts of a file',
    { ...common, files: { 'rows.jsonl': rows } }, check);
  await testServed('datasets: parts of a gzip\'d file',
    { ...common, files: { 'rows.jsonl.gz': gzipSync(rows) } },
    async server => check({
      run: o => server.run({ ...o, datasetPath: 'rows.jsonl.gz' }),
    }));
  await testServed('datasets: parts of what the API sends', {
    ...common, configuration: {
      agentmark: { base_url: api.base, api_key: 'k', app_id: 'a' },
      datasets: {},
    },
  }, async server => {
    api.answer = says(200, rows);
    await check(server);
    assert.deepEqual(fs.readdirSync(server.state)
      .filter(name => !/^agentmark-fcgi-\d+$/.test(name)), []);
  });
}

export async function datasets({ provider, env }) {
  const common = { provider: provider.base, env };
  const api = await platform();
  await files({ common });
  await overApi({ common, api });
  await splits({ common, api });
  await api.close();
}
