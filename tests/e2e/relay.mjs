// The relay: what AgentMark's CLI posts unsigned reaches a signed mount, what
// comes back is what came, and nobody but this machine's programs is served.
//   node relay.mjs [PATH-OF-AGENTMARK]
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { serve } from '../lib/experiments.mjs';
import { call, SECRET, SIGNATURE, signature } from '../lib/http.mjs';
import { cleanEnv, freePort, program, runDir, sleep, start, stop, until }
  from '../lib/proc.mjs';
import { mockProvider } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const home = runDir('relay');
const secretFile = path.join(home, 'secret');
fs.writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
const JSON_TYPE = { 'content-type': 'application/json' };
const LIMIT = 10 * 1024 * 1024;
// A relay and an endpoint on one busy machine: a promise of 50 ms and the rest
// for them to be scheduled.
const AT_ONCE = 250;

// --- an endpoint that notes what it gets and answers as it is told

const seen = [];
let answer = (_request, response) => response.end('{}');
const endpoint = http.createServer(async (request, response) => {
  const pieces = [];
  const noted = { headers: request.headers, left: false, url: request.url };
  response.on('close', () => { noted.left = !response.writableFinished; });
  for await (const piece of request)
    pieces.push(piece);
  noted.body = Buffer.concat(pieces);
  seen.push(noted);
  answer(request, response);
});
const endpointPort = await freePort();
await new Promise(done => endpoint.listen(endpointPort, '127.0.0.1', done));

async function relay(args, env = {}) {
  const child = start(program(), ['relay', ...args], { env: cleanEnv(env) });
  await until(() => child.ended || child.out.includes('\n'), 15000);
  return child;
}

const port = await freePort();
const base = `http://127.0.0.1:${port}`;
const running = await relay(['--to', `http://127.0.0.1:${endpointPort}/hook`,
  '--secret-file', secretFile, '--listen', `localhost:${port}`]);
const post = (body, more = {}) =>
  call(base, { body, headers: JSON_TYPE, ...more });

// Sends bytes, and gives back all that comes until the relay closes, or until
// `enough` says so.
function raw(bytes, { enough = () => false, half = false } = {}) {
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1');
    let got = '';
    const end = () => { socket.destroy(); done(got); };
    socket.setTimeout(20000, end);
    socket.on('data', data => {
      got += data.toString('latin1');
      if (enough(got))
        end();
    });
    socket.on('close', end);
    socket.on('error', end);
    if (half)
      socket.end(bytes);
    else
      socket.write(bytes);
  });
}

const head = (lines, first = 'POST / HTTP/1.1') =>
  [first, `Host: localhost:${port}`, ...lines, '', ''].join('\r\n');
const POST = ['Content-Type: application/json'];
const statusOf = text => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);

await test('it says where it listens', async () => {
  assert.equal(running.out, `listening on http://localhost:${port}\n`);
  const reply = await call(base, { method: 'GET' });
  assert.equal(reply.status, 200);
  assert.match(reply.body, /^agentmark-fcgi \S+ relay: .*\n$/);
});
await test('the exact bytes are signed and handed on', async () => {
  seen.length = 0;
  const body = '{ "a" : "Grüße, 世界",\t"b":1e400 }\n';
  const reply = await post(body, {
    headers: { ...JSON_TYPE, traceparent: `00-${'a'.repeat(32)}-b7ad6b7169203331-01`,
      cookie: 'no', authorization: 'no', [SIGNATURE]: 'sha256=no' },
  });
  assert.equal(reply.status, 200);
  const [got] = seen;
  assert.equal(got.body.toString(), body);
  assert.equal(got.url, '/hook');
  assert.equal(got.headers[SIGNATURE], signature(body));
  assert.equal(got.headers['content-type'], 'application/json');
  assert.match(got.headers.traceparent, /^00-a+-/);
  assert.equal(got.headers.cookie, undefined);
  assert.equal(got.headers.authorization, undefined);
});
await test('it answers at either address of localhost', async () => {
  const six = fs.existsSync('/proc/net/if_inet6') &&
    fs.readFileSync('/proc/net/if_inet6', 'utf8').includes(' lo\n');
  for (const where of ['127.0.0.1', ...(six ? ['[::1]'] : [])])
    assert.equal((await call(`http://${where}:${port}`,
      { method: 'GET' })).status, 200, where);
});
await test('status, headers and body come back as they are', async () => {
  for (const [status, type, body] of [[200, 'application/json', '{"a":1}'],
    [401, 'application/json; charset=utf-8', '{"message":"Ungültig"}'],
    [503, 'text/plain', 'busy'], [204, undefined, '']]) {
    answer = (_, response) => {
      response.writeHead(status, {
        ...(type ? { 'content-type': type } : {}), 'retry-after': '7',
        'set-cookie': 'a=b', 'cache-control': 'no-store',
      });
      response.end(body);
    };
    const reply = await post('{}');
    assert.equal(reply.status, status);
    assert.equal(reply.headers['content-type'], type);
    assert.equal(reply.headers['retry-after'], '7');
    assert.equal(reply.headers['cache-control'], 'no-store');
    assert.equal(reply.headers['set-cookie'], undefined);
    assert.equal(reply.headers['agentmark-streaming'], undefined);
    assert.equal(reply.body, body);
    assert.equal(reply.complete, true);
  }
});
await test('lines arrive as they are written', async () => {
  const written = [];
  answer = async (_, response) => {
    response.writeHead(200, {
      'content-type': 'application/x-ndjson', 'agentmark-streaming': 'true',
    });
    for (let i = 0; i < 6; i++) {
      written.push(performance.now());
      response.write(`{"line":${i}}\n`);
      await sleep(120);
    }
    response.end();
  };
  const reply = await post('{}');
  assert.equal(reply.headers['agentmark-streaming'], 'true');
  assert.equal(reply.headers['content-type'], 'application/x-ndjson');
  assert.equal(reply.lines.length, 6);
  reply.lines.forEach((line, i) => {
    const late = reply.began + line.at - written[i];
    assert.ok(late < AT_ONCE, `line ${i} is ${late} ms late`);
  });
});
await test('a body of 10 MB is taken, and not a byte more', async () => {
  answer = (_, response) => response.end('{}');
  const whole = JSON.stringify('x'.repeat(LIMIT - 2));
  seen.length = 0;
  assert.equal((await post(whole)).status, 200);
  assert.equal(seen[0].headers[SIGNATURE], signature(whole));
  const over = await post(whole + ' ');
  assert.equal(over.status, 413);
  assert.deepEqual(over.json,
    { message: `the body is larger than ${LIMIT} bytes` });
  // In chunks nobody can know before.
  const chunks = Array.from({ length: 12 },
    () => `100000\r\n${'x'.repeat(1048576)}\r\n`).join('');
  const late = await raw(head([...POST, 'Transfer-Encoding: chunked']) + chunks);
  assert.equal(statusOf(late), 413);
  assert.equal(seen.length, 1);
});
await test('a big answer comes whole, to a slow reader too', async () => {
  const line = `{"x":"${'y'.repeat(1000)}"}\n`;
  const N = 40000;
  answer = (_, response) => {
    response.writeHead(200, { 'agentmark-streaming': 'true' });
    let i = 0;
    const more = () => {
      while (i < N) {
        i++;
        if (!response.write(line))
          return response.once('drain', more);
      }
      response.end();
    };
    more();
  };
  const total = await new Promise(done => {
    const request = http.request(base,
      { method: 'POST', headers: JSON_TYPE, agent: false }, response => {
        let n = 0;
        response.on('data', d => { n += d.length; });
        response.on('end', () => done(response.complete ? n : -1));
        response.pause();
        setTimeout(async () => {
          const rss = /VmRSS:\s+(\d+)/.exec(
            fs.readFileSync(`/proc/${running.pid}/status`, 'utf8'))[1];
          response.resume();
          if (Number(rss) > 400 * 1024)
            done(`${rss} kB`);
        }, 1000);
      });
    request.end('{}');
  });
  assert.equal(total, line.length * N);
});
await test('chunks, in pieces of a byte, with a trailer', async () => {
  answer = (_, response) => response.end('{"ok":1}');
  seen.length = 0;
  const text = head([...POST, 'Transfer-Encoding: chunked', 'Connection: close'])
    + '3;ext="1"\r\n{"a\r\n4\r\n":1}\r\n0\r\nTrailer: x\r\n\r\n';
  const got = await new Promise(done => {
    let all = '';
    const socket = net.connect(port, '127.0.0.1', async () => {
      socket.setNoDelay(true);
      for (const byte of text) {
        socket.write(byte);
        await new Promise(setImmediate);
      }
    });
    socket.on('data', d => { all += d; });
    socket.on('close', () => done(all));
  });
  assert.equal(statusOf(got), 200);
  assert.match(got, /\r\n8\r\n\{"ok":1\}\r\n0\r\n\r\n$/);
  assert.equal(seen[0].body.toString(), '{"a":1}');
});
await test('Expect: 100-continue is answered, when a body is wanted',
  async () => {
    const ask = (type, body) => head([`Content-Type: ${type}`,
      'Expect: 100-continue', `Content-Length: ${body}`, 'Connection: close']);
    const got = await new Promise(done => {
      let all = '';
      const socket = net.connect(port, '127.0.0.1');
      socket.write(ask('application/json', 2));
      socket.on('data', d => {
        all += d;
        if (all === 'HTTP/1.1 100 Continue\r\n\r\n')
          socket.write('{}');
      });
      socket.on('close', () => done(all));
    });
    assert.match(got, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    assert.equal(statusOf(await raw(ask('text/plain', 2))), 415);
    assert.equal(statusOf(await raw(ask('application/json', LIMIT + 1))), 413);
  });
await test('a connection is kept, and requests may wait in it', async () => {
  answer = (_, response) => response.end('{"ok":1}');
  const one = head([...POST, 'Content-Length: 2']) + '{}';
  const get = head([], 'GET / HTTP/1.1');
  const last = head([...POST, 'Content-Length: 2', 'Connection: close']) + '{}';
  const got = await raw(one + get + one + last);
  assert.equal(got.match(/HTTP\/1\.1 200 OK/g).length, 4, got);
  assert.equal(got.match(/Connection: close/g).length, 1);
  const old = await raw('POST / HTTP/1.0\r\nHost: localhost\r\n' +
    `${POST[0]}\r\nContent-Length: 2\r\n\r\n{}`);
  assert.match(old, /\r\nConnection: close\r\n\r\n\{"ok":1\}$/);
  assert.ok(!old.includes('chunked'), old);
});
await test('fifty at once', async () => {
  let now = 0, most = 0;
  answer = async (_, response) => {
    most = Math.max(most, ++now);
    await until(() => most === 50, 10000);
    now--;
    response.end('{"ok":1}');
  };
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, i) => post(`{"i":${i}}`)));
  assert.equal(most, 50);
  assert.ok(replies.every(reply => reply.body === '{"ok":1}'));
});
await test('more than a hundred clients: the rest waits', async () => {
  answer = (_, response) => response.end('{"ok":1}');
  const idle = Array.from({ length: 120 },
    () => net.connect(port, '127.0.0.1'));
  await Promise.all(idle.map(s => new Promise(done => s.on('connect', done))));
  const waits = post('{}');
  await sleep(100);
  for (const socket of idle)
    socket.destroy();
  assert.equal((await waits).status, 200);
});

// --- who is not served

const fields = more => Object.entries({ ...JSON_TYPE, ...more })
  .map(([name, value]) => `${name}: ${value}`);
const asked = (host, more = {}, first = 'POST / HTTP/1.1') => raw([first,
  ...(host === undefined ? [] : [`Host: ${host}`]), ...fields(more),
  'Content-Length: 2', '', '{}'].join('\r\n'),
{ enough: text => /\}$|\r\n0\r\n\r\n$|relay: .*\n$/.test(text) });

await test('a name that was made to point here (DNS rebinding)', async () => {
  seen.length = 0;
  for (const host of ['evil.example', `evil.example:${port}`, '', '127.0.0.2',
    'localhost.evil.example', '127.0.0.1.evil.example', 'localhost:',
    'localhost:9417.evil.example', 'localhost@evil.example', '[::1].x',
    'xlocalhost', '0.0.0.0', '[::]', 'localhost:1 ,x', '127.1',
    `10.0.0.1:${port}`]) {
    assert.equal(statusOf(await asked(host)), 403, host);
    assert.equal(statusOf(await asked(host, {}, 'GET / HTTP/1.1')), 403, host);
  }
  assert.equal(statusOf(await asked(undefined)), 400);
  assert.equal(statusOf(await asked('localhost\r\nHost: evil.example')), 400);
  assert.equal(seen.length, 0);
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:9417'])
    assert.equal(statusOf(await asked(host)), 200, host);
});
await test('a page: it says its origin', async () => {
  for (const origin of ['https://evil.example', 'null', '',
    `http://localhost:${port}`])
    for (const method of ['POST', 'OPTIONS', 'GET'])
      assert.equal(statusOf(await asked('localhost', { origin },
        `${method} / HTTP/1.1`)), 403, `${method} ${origin}`);
});
await test('a form: it is not JSON', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded',
    'multipart/form-data', 'application/jsonx', 'text/plain;application/json'])
    assert.equal(statusOf(await asked('localhost', { 'content-type': type })),
      415, type);
  assert.equal(statusOf(await raw(head(['Content-Length: 2']) + '{}')), 415);
  for (const type of ['application/json;charset=utf-8', 'Application/JSON ; a'])
    assert.equal(statusOf(await asked('localhost', { 'content-type': type })),
      200, type);
  assert.equal(statusOf(
    await asked('localhost', { 'content-encoding': 'gzip' })), 415);
});
await test('other methods', async () => {
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'get', 'PATCH']) {
    const reply = await asked('localhost', {}, `${method} / HTTP/1.1`);
    assert.equal(statusOf(reply), 405, method);
    assert.match(reply, /\r\nAllow: GET, POST\r\n/);
  }
});
await test('what is malformed or could be read in two ways', async () => {
  seen.length = 0;
  const chunked = [...POST, 'Transfer-Encoding: chunked'];
  const cases = [
    [400, 'hello\r\n\r\n'], [400, '\r\n\r\n\r\n'], [400, 'POST /\r\n\r\n'],
    [400, '\x16\x03\x01\x02\x00\x01\x00\r\n'],
    [505, head([], 'POST / HTTP/2.0')], [400, head([], 'POST / HTTQ/1.1')],
    [400, head([], 'GET http://localhost/ HTTP/1.1')],
    [400, head([], 'CONNECT evil.example:443 HTTP/1.1')],
    [400, head(['Content-Length: 2', 'Content-Length: 2']) + '{}'],
    [400, head(['Content-Length: 2', 'Transfer-Encoding: chunked'])],
    [400, head(['Content-Length: +2'])], [400, head(['Content-Length: 2,2'])],
    [400, head(['Content-Length: 0x2'])], [400, head(['Content-Length:'])],
    [400, head(['Content-Length : 2'])], [400, head(['A: b', ' c: d'])],
    [400, head(['no colon'])], [400, head(['A: \x00'])],
    [400, head(['A: b\rContent-Length: 2'])],
    [400, 'GET / HTTP/1.1\nHost: localhost\n\n'],
    [501, head(['Transfer-Encoding: gzip, chunked'])],
    [501, head(['Transfer-Encoding: xchunked'])],
    [417, head(['Expect: 200-ok', 'Content-Length: 2'])],
    [431, head([`A: ${'x'.repeat(40000)}`])],
    [400, head(chunked) + 'x\r\n'], [400, head(chunked) + '-1\r\n'],
    [400, head(chunked) + '2\r\n{}x\r\n'], [400, head(chunked) + '\r\n'],
    [413, head(chunked) + 'ffffffffffffffffff\r\n'],
    [400, head(chunked) + `1;${'x'.repeat(2000)}\r\n`],
    [431, head(chunked) + '0\r\n' + `a: ${'b'.repeat(900)}\r\n`.repeat(50)],
    [413, head(['Content-Length: 99999999999999999999999'])],
  ];
  for (const [status, text] of cases) {
    const got = await raw(Buffer.from(text, 'latin1'));
    assert.equal(statusOf(got), status, JSON.stringify(text.slice(0, 200)));
    assert.match(got, /Connection: close\r\n/);
    assert.equal(typeof JSON.parse(got.split('\r\n\r\n')[1]).message, 'string');
  }
  assert.equal(seen.length, 0);
});
await test('a body that is cut reaches nobody', async () => {
  seen.length = 0;
  assert.equal(await raw(head([...POST, 'Content-Length: 9']) + '{}',
    { half: true }), '');
  assert.equal(await raw(head([...POST, 'Transfer-Encoding: chunked']) +
    '2\r\n{}\r\n', { half: true }), '');
  assert.equal((await post('{}')).status, 200);
  assert.equal(seen.length, 1);
});
await test('a head that does not come to its end: 408', async () => {
  const got = await raw('POST / HTTP/1.1\r\nHost: loc');
  assert.equal(statusOf(got), 408);
});

// --- ends

await test('a client that leaves takes its call with it', async () => {
  for (const quiet of [true, false]) {
    seen.length = 0;
    let timer;
    answer = (_, response) => {
      response.writeHead(200, { 'agentmark-streaming': 'true' });
      response.write('{"a":1}\n');
      if (!quiet)
        timer = setInterval(() => response.write('{"a":2}\n'), 5);
    };
    await post('{}', { onPiece: () => true });
    assert.ok(await until(() => seen[0].left, 2000), `quiet: ${quiet}`);
    clearInterval(timer);
  }
  // Before there is an answer, too.
  seen.length = 0;
  answer = () => {};
  const asks = post('{}', { leaveAfter: 200 });
  assert.ok(await until(() => seen[0]?.left, 3000));
  await asks;
});
await test('an answer that breaks off breaks off', async () => {
  answer = (_, response) => {
    response.writeHead(200, { 'agentmark-streaming': 'true' });
    response.write('{"a":1}\n', () => response.destroy());
  };
  const reply = await post('{}');
  assert.equal(reply.status, 200);
  assert.equal(reply.body, '{"a":1}\n');
  assert.ok(!reply.complete);
});
await test('an endpoint that redirects, or says nothing', async () => {
  answer = (_, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:1/' });
    response.end('moved');
  };
  const moved = await post('{}');
  assert.equal(moved.status, 502);
  assert.match(moved.json.message, /redirects/);
  answer = (_, response) => response.destroy();
  const nothing = await post('{}');
  assert.equal(nothing.status, 502);
  assert.match(nothing.json.message, /^the endpoint did not answer the relay: /);
});
await test('nobody there: 502, and the reason', async () => {
  const dead = await freePort(), other = await freePort();
  const child = await relay(['--to', `http://127.0.0.1:${dead}`,
    '--listen', `127.0.0.1:${other}`], { AGENTMARK_WEBHOOK_SECRET: SECRET });
  const reply = await call(`http://127.0.0.1:${other}`,
    { body: '{}', headers: JSON_TYPE });
  assert.equal(reply.status, 502);
  assert.match(reply.json.message, /did not answer the relay/);
  await stop(child);
});
await test('SIGTERM ends it, and what it was doing', async () => {
  seen.length = 0;
  answer = () => {};
  const asks = post('{}');
  await until(() => seen.length);
  running.proc.kill('SIGTERM');
  assert.equal((await running.exited).code, 0, running.err);
  assert.ok(await until(() => seen[0].left, 2000));
  assert.ok((await asks).error);
  assert.ok(!`${running.out}${running.err}`.includes(SECRET));
  assert.ok(!/ERROR: |runtime error/.test(running.err), running.err);
});

// --- how it is started

const started = async (args, env) => {
  const child = await relay(args, env);
  await stop(child);
  const { code } = await child.exited;
  return { code, err: child.err };
};
await test('wrong uses: 2, and what is wrong', async () => {
  const to = ['--to', 'http://127.0.0.1:1'];
  for (const [args, problem] of [[[], /--to which/],
    [['--to'], /missing behind --to/],
    [['--to', 'ftp://x'], /neither with http/],
    [['--to=ftp://x'], /neither with http/],
    [[...to, 'more'], /more/],
    [[...to, '--secret', SECRET], /unexpected --secret/],
    [[...to, '--listen', '0.0.0.0:1'], /no loopback/],
    [[...to, '--listen', '[::]:1'], /no loopback/],
    [[...to, '--listen', 'evil.example:1'], /no loopback/],
    [[...to, '--listen', '127.0.0.1'], /no port/],
    [[...to, '--listen', 'localhost:70000'], /no port/]]) {
    const run = await started(args, { AGENTMARK_WEBHOOK_SECRET: SECRET });
    assert.equal(run.code, 2, args.join(' '));
    assert.match(run.err, problem);
  }
});
await test('no secret, an empty file, a port that is taken: 1', async () => {
  const free = await freePort();
  const args = ['--to', 'http://127.0.0.1:1', '--listen', `127.0.0.1:${free}`];
  const empty = path.join(home, 'empty');
  fs.writeFileSync(empty, '\n');
  for (const [more, problem] of [[[], /no secret to sign with/],
    [['--secret-file', empty], /no secret in /],
    [['--secret-file', `${home}/none`], /cannot read /],
    [['--secret-file', secretFile, '--listen', `localhost:${endpointPort}`],
      /cannot listen at port/]]) {
    const run = await started([...args, ...more]);
    assert.equal(run.code, 1, more.join(' '));
    assert.match(run.err, problem);
  }
});

// --- AgentMark's CLI, through the relay, at a mount that wants signatures

if (process.argv[2]) {
  const agentmark = fs.realpathSync(process.argv[2]);
  const guard = new URL('../lib/loopback.cjs', import.meta.url).pathname;
  const mock = await mockProvider();
  const mount = await serve({
    provider: mock.base, front: 'lighttpd',
    rows: [{ input: { word: 'one' }, expected_output: 'one' },
      { input: { word: 'two' }, expected_output: 'three' }],
    configuration: {
      providers: { mock: { base_url: `${mock.base}/v1`, api_key: 'k' } },
      models: [{ match: '^mock', provider: 'mock' }],
    },
  });
  const through = await freePort();
  const front = await relay(['--to', mount.base, '--secret-file', secretFile,
    '--listen', `localhost:${through}`]);
  const file = path.join(home, 'hello.prompt.mdx');
  const write = model => fs.writeFileSync(file, `---
name: hello
text_config:
  model_name: ${model}
test_settings:
  props: {word: "from the prompt"}
  dataset: ./rows.jsonl
  evals: [exact_match]
---

<User>Say {props.word}</User>
`);
  const cli = async (...args) => {
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
    return { code, out: child.out, err: child.err };
  };
  const relayed = `http://localhost:${through}`;

  await test('the CLI, unsigned, is refused by the mount', async () => {
    write('mock-echo');
    const run = await cli('run-prompt', file, '--server', mount.base);
    assert.equal(run.code, 1);
    assert.match(run.err, /401/);
  });
  await test('run-prompt through the relay', async () => {
    write('mock-echo');
    const run = await cli('run-prompt', file, '--server', relayed);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /echo: Say from the prompt/);
    assert.match(run.out, /🪙 \d+ in, \d+ out/);
  });
  await test('run-experiment through the relay', async () => {
    write('mock-last');
    const run = await cli('run-experiment', file, '--server', relayed,
      '--threshold', '50');
    assert.equal(run.code, 0, run.out + run.err);
    assert.match(run.out, /Pass rate: 50% \(1\/2 evaluations passed\)/);
    assert.equal((await cli('run-experiment', file, '--server', relayed,
      '--threshold', '51')).code, 1);
  });
  await test('an error of the mount is told as it is', async () => {
    write('nobody-9');
    const run = await cli('run-prompt', file, '--server', relayed);
    assert.match(run.err, /nobody-9/);
  });
  await stop(front);
  await mount.close();
}
endpoint.closeAllConnections();
endpoint.close();
await finish();
