// `agentmark-fcgi pool`: growth, ends, reloads and failures, seen from outside.
//   pool.mjs [SECONDS [REGEX]]    how long it is reloaded under load, default
//   15, and only the tests whose name matches
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { callFcgi, fcgiRequest } from '../lib/gateway.mjs';
import { call, SECRET, signature, signed } from '../lib/http.mjs';
import { cleanEnv, connects, freePort, program, runDir, sleep, start, stop,
  until } from '../lib/proc.mjs';
import { promptRun, writeConfiguration } from '../lib/prompts.mjs';
import { lighttpdFcgi, mockProvider, nginxFcgi, spawnFcgi }
  from '../lib/servers.mjs';
import { assert, finish, test as run } from '../lib/tap.mjs';

const seconds = Number(process.argv[2] ?? 15);
const only = new RegExp(process.argv[3] ?? '.');
const bin = program();
const mock = await mockProvider(true);
const test = (name, body) => only.test(name) ? run(name, body) : undefined;
// Sanitizers make the start of a worker slow, and other tests may run.
const SLOW = 20000;

// The pool's own lines; those of requests are left out.
function listenToLog(child) {
  const lines = [];
  let rest = '';
  child.proc.stderr.on('data', data => {
    const parts = (rest + data).split('\n');
    rest = parts.pop();
    lines.push(...parts.filter(line => / event=(pool|worker)/.test(line) ||
      !/ event=/.test(line)));
  });
  return lines;
}

function wrap(child, rest) {
  const log = listenToLog(child);
  const pool = { child, log, pid: child.pid, ...rest };
  pool.logged = pattern => log.filter(line => pattern.test(line));
  pool.awaits = pattern =>
    until(() => pool.logged(pattern).length > 0, SLOW);
  pool.workers = () => fs.readFileSync(
    `/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    .split(' ').filter(Boolean).map(Number);
  pool.status = async () => {
    const had = pool.logged(/event=pool /).length;
    process.kill(child.pid, 'SIGUSR2');
    await until(() => pool.logged(/event=pool /).length > had, SLOW, 5);
    const line = pool.logged(/event=pool /).at(-1) ?? '';
    return Object.fromEntries([...line.matchAll(/(\w+)=(\d+)(?= |$)/g)]
      .map(([, name, value]) => [name, Number(value)]));
  };
  pool.reaches = wanted => until(
    async () => wanted(await pool.status()), SLOW, 50);
  return pool;
}

async function startPool(args = [], o = {}) {
  const dir = o.dir ?? runDir('pool');
  const conf = o.conf ?? writeConfiguration(dir, { mock: mock.base });
  const socket = path.join(dir, 'am.sock');
  const child = start(o.bin ?? bin,
    ['--config', conf, 'pool', '--listen', o.listen ?? socket, ...args],
    { cwd: dir, env: cleanEnv(o.env) });
  const pool = wrap(child, { dir, conf, socket });
  await pool.awaits(/event=pool_started/);
  assert.ok(await pool.reaches(s => s.idle > 0), pool.log.join('\n'));
  return pool;
}

const ends = pool => Promise.race([pool.child.exited, sleep(SLOW)]);

const body = model => promptRun({ model });
const QUICK = body('mock');
const HALF_A_SECOND = body('mock-delay-50-chunks-8');
const LONG = body('mock-delay-100-chunks-20');
const ENDLESS = body('mock-delay-1000-chunks-100');

const post = (pool, text, o = {}) => callFcgi(pool.socket,
  { body: text, headers: signed(text), timeout: 120000, ...o });

// What is wrong with a stream that should have reached its end.
function trouble(reply) {
  if (reply.complete && reply.status === 200 &&
      reply.values.at(-1)?.type === 'done')
    return undefined;
  return `status ${reply.status}, complete ${reply.complete}, ` +
    `${reply.error}: ${reply.body.slice(-200)}`;
}
const good = reply => assert.equal(trouble(reply), undefined);
const allGood = replies =>
  assert.deepEqual(replies.map(trouble).filter(Boolean), []);

// --- where it listens

await test('wrong uses end with 2 and a sentence', async () => {
  for (const [args, says] of [
    [['--min', '3', '--max', '2'], /--min is more than --max/],
    [['--min', '0'], /--min cannot be 0/],
    [['--max', '1001'], /--max cannot be 1001/],
    [['--max', '9999999999999999999'], /--max cannot be 9/],
    [['--stop-timeout', '3d'], /--stop-timeout cannot be 3d/],
    [['--mode', '0888'], /--mode cannot be 0888/],
    [['--min-spare=5'], /--min-spare is more than --max-spare/],
    [['--listen'], /a value is missing behind --listen/],
    [['--worker'], /unexpected --worker/],
    [['x'], /unexpected x/]]) {
    const child = start(bin, ['pool', ...args]);
    assert.equal((await child.exited).code, 2, args.join(' '));
    assert.match(child.err, says);
  }
});

await test('what cannot be listened at ends with 1', async () => {
  const dir = runDir('pool-listen');
  fs.writeFileSync(path.join(dir, 'file'), 'x');
  for (const [args, says] of [
    [[], /where to --listen/],
    [['--listen', '1.2.3.4.5:80'], /neither a path nor ADDR:PORT/],
    [['--listen', 'localhost:http'], /neither a path nor ADDR:PORT/],
    [['--listen', './none/x.sock'], /cannot listen at .*No such file/],
    [['--listen', './file'], /is there and no socket/],
    [['--listen', './o.sock', '--owner', 'no-such-user'], /there is no user/],
    [['--listen', `/${'x'.repeat(120)}`], /path of the socket is too long/]]) {
    const child = start(bin, ['pool', ...args], { cwd: dir });
    assert.equal((await child.exited).code, 1, args.join(' '));
    assert.match(child.err, says);
  }
  assert.equal(fs.readFileSync(path.join(dir, 'file'), 'utf8'), 'x');
  assert.equal(fs.existsSync(path.join(dir, 'o.sock')), false);
});

await test('a socket has its mode and owner, and is gone at the end',
  async () => {
    for (const [args, mode] of [[[], 0o660], [['--mode', '0606'], 0o606],
      [['--owner', `:${process.getgid()}`], 0o660]]) {
      const pool = await startPool(args);
      assert.equal(fs.statSync(pool.socket).mode & 0o777, mode);
      await stop(pool.child);
      assert.equal(fs.existsSync(pool.socket), false);
    }
  });

await test('a socket in use is left alone, one that is not is replaced',
  async () => {
    const pool = await startPool();
    const other = start(bin, ['pool', '--listen', pool.socket]);
    assert.equal((await other.exited).code, 1);
    assert.match(other.err, /somebody listens at .* already/);
    const { dir, conf } = pool;
    const workers = pool.workers();
    pool.child.proc.kill('SIGKILL');
    await ends(pool);
    assert.ok(fs.existsSync(pool.socket));
    const gone = pid => !fs.existsSync(`/proc/${pid}`);
    assert.ok(await until(() => workers.every(gone), SLOW),
      'workers end with their master');
    const next = await startPool([], { dir, conf });
    good(await post(next, QUICK));
    await stop(next.child);
  });

await test('an address and a port', async () => {
  const port = await freePort();
  const pool = await startPool([], { listen: `127.0.0.1:${port}` });
  good(await callFcgi({ host: '127.0.0.1', port },
    { body: QUICK, headers: signed(QUICK) }));
  await stop(pool.child);
  assert.equal(await connects({ host: '127.0.0.1', port }), false);
});

await test('a socket that is passed as descriptor 0', async () => {
  const dir = runDir('pool-passed');
  const conf = writeConfiguration(dir, { mock: mock.base });
  const pool = await spawnFcgi({ bin, dir, env: {},
    args: ['--config', conf, 'pool'] });
  good(await post(pool, QUICK));
  await stop(pool.child);
});

await test('a socket that systemd passes, and what it is told', async () => {
  const dir = runDir('pool-activated');
  const conf = writeConfiguration(dir, { mock: mock.base });
  const notify = path.join(dir, 'notify');
  const hearer = start('python3', ['-c', `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
for i in range(2):
    print(s.recv(1000).decode(), flush=True)`, notify]);
  await until(() => fs.existsSync(notify), SLOW);
  const pool = { socket: path.join(dir, 'am.sock') };
  pool.child = start('python3', ['-c', `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(10)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
os.execv(sys.argv[2], sys.argv[2:])`,
  pool.socket, bin, '--config', conf, 'pool'],
  { env: cleanEnv({ NOTIFY_SOCKET: notify }) });
  await until(() => hearer.out === 'READY=1\n', SLOW);
  const replies = await Promise.all([post(pool, QUICK), post(pool, QUICK)]);
  await stop(pool.child);
  assert.ok(fs.existsSync(pool.socket), 'it is not ours to remove');
  await until(() => hearer.ended, SLOW);
  assert.equal(hearer.out + hearer.err, 'READY=1\nSTOPPING=1\n',
    pool.child.err);
  allGood(replies);
});

// --- how many

await test('it grows with what is asked, no further than --max, and shrinks',
  async () => {
    const pool = await startPool(['--max', '6', '--max-spare', '2']);
    const first = await pool.status();
    assert.deepEqual([first.workers, first.busy], [1, 0]);
    const replies = Array.from({ length: 10 }, () => post(pool, LONG));
    assert.ok(await pool.reaches(s => s.busy === 6));
    assert.ok((await pool.status()).workers <= 6);
    assert.ok(pool.logged(/event=pool_full/).length === 1);
    allGood(await Promise.all(replies));
    assert.ok(await pool.reaches(s => s.workers === 2), 'to --max-spare');
    await pool.reaches(s => s.requests === 10);
    const last = await pool.status();
    assert.deepEqual([last.idle, last.busy, last.requests, last.respawned],
      [2, 0, 10, 0]);
    await stop(pool.child);
  });

await test('it never shrinks below --min', async () => {
  const pool = await startPool(
    ['--min', '3', '--max', '5', '--max-spare', '1']);
  assert.ok(await pool.reaches(s => s.idle === 3));
  const pids = pool.workers();
  await sleep(1500);
  assert.deepEqual(pool.workers(), pids);
  await stop(pool.child);
});

await test('connections that send nothing hold up nobody', async () => {
  const port = await freePort();
  const pool = await startPool([], { listen: `127.0.0.1:${port}` });
  const silent = Array.from({ length: 3 },
    () => net.connect(port, '127.0.0.1'));
  assert.ok(await pool.reaches(s => s.busy === 3));
  good(await callFcgi({ host: '127.0.0.1', port },
    { body: QUICK, headers: signed(QUICK) }));
  for (const socket of silent)
    socket.destroy();
  await stop(pool.child);
});

await test('a worker that has served --max-requests is replaced', async () => {
  const pool = await startPool(['--max-requests', '3', '--max-spare', '1']);
  const pids = new Set();
  for (let i = 0; i < 9; i++) {
    for (const pid of pool.workers())
      pids.add(pid);
    good(await post(pool, QUICK));
  }
  assert.ok(pids.size >= 3, `${pids.size} workers for 9 requests`);
  assert.ok(await pool.reaches(s => s.requests === 9 && s.respawned === 0));
  await stop(pool.child);
});

await test('a worker that grows beyond --max-memory is replaced', async () => {
  const pool = await startPool(['--max-memory', '1', '--max-spare', '1']);
  const [before] = pool.workers();
  good(await post(pool, QUICK));
  assert.ok(await until(() => !pool.workers().includes(before), SLOW));
  good(await post(pool, QUICK));
  await stop(pool.child);
});

// --- web servers

for (const [name, server] of [['lighttpd', lighttpdFcgi],
  ['nginx', nginxFcgi]]) {
  await test(`under ${name}: eight streams at once`, async () => {
    const pool = await startPool(['--max', '8', '--mode', '0666']);
    const front = await server({ dir: pool.dir, socket: pool.socket });
    const replies = await Promise.all(Array.from({ length: 8 }, () =>
      call(front.base, { body: LONG, headers: signed(LONG) })));
    allGood(replies);
    for (const reply of replies)
      assert.ok(reply.values.at(-1).at - reply.values[0].at > 500,
        'lines arrive one by one');
    await stop(front.child);
    await stop(pool.child);
  });
}

// --- failures

await test('a worker that is killed comes back', async () => {
  const pool = await startPool();
  const [pid] = pool.workers();
  process.kill(pid, 'SIGKILL');
  assert.ok(await pool.awaits(
    new RegExp(`level=warning event=worker_died worker=${pid} signal=9 `)));
  assert.ok(await pool.reaches(s => s.idle === 1 && s.respawned === 1));
  good(await post(pool, QUICK));
  await stop(pool.child);
});

// A program that ends at once, in the place of the good one.
function breakable(dir) {
  const file = path.join(dir, 'agentmark-fcgi');
  const place = (from, text) => {
    if (text)
      fs.writeFileSync(`${file}.new`, text);
    else
      fs.copyFileSync(from, `${file}.new`);
    fs.chmodSync(`${file}.new`, 0o755);
    fs.renameSync(`${file}.new`, file);
  };
  place(bin);
  return {
    file, mend: () => place(bin),
    spoil: () => place(undefined, '#!/bin/sh\nexit 3\n'),
  };
}

await test('workers that die young are started less and less often',
  async () => {
    const dir = runDir('pool-broken');
    const copy = breakable(dir);
    const pool = await startPool([], { dir, bin: copy.file });
    copy.spoil();
    await sleep(1100); // one that dies later than that does not die young
    process.kill(pool.workers()[0], 'SIGKILL');
    const young = / event=worker_died .*status=3/;
    assert.ok(await until(() => pool.logged(young).length === 4, SLOW));
    const at = pool.logged(young).map(line => Date.parse(/time=(\S+)/
      .exec(line)[1]));
    assert.ok(at[1] - at[0] < 900, 'the first time at once');
    assert.ok(at[2] - at[1] >= 990, 'then after a second');
    assert.ok(at[3] - at[2] >= 1990, 'then after two');
    copy.mend();
    assert.ok(await pool.reaches(s => s.idle === 1));
    good(await post(pool, QUICK));
    await stop(pool.child);
  });

await test('a reload with a program that does not start changes nothing',
  async () => {
    const dir = runDir('pool-broken');
    const copy = breakable(dir);
    const pool = await startPool(['--max', '1'], { dir, bin: copy.file });
    const [old] = pool.workers();
    copy.spoil();
    process.kill(pool.pid, 'SIGHUP');
    assert.ok(await pool.awaits(/event=worker_died .*status=3/));
    good(await post(pool, QUICK));
    assert.ok(pool.workers().includes(old));
    copy.mend();
    process.kill(pool.pid, 'SIGHUP');
    assert.ok(await pool.awaits(/event=pool_reloaded/));
    assert.ok(await until(() => !pool.workers().includes(old), SLOW));
    good(await post(pool, QUICK));
    await stop(pool.child);
  });

// --- reloads

const NEW_SECRET = 'a-secret-that-is-newer';
const withSecret = (text, secret) => ({ headers: {
  'x-agentmark-signature-256': signature(text, secret) } });

function rewrite(pool, from, to) {
  const text = fs.readFileSync(pool.conf, 'utf8');
  assert.ok(text.includes(from));
  fs.writeFileSync(pool.conf, text.replace(from, to));
}

await test('SIGHUP: a new configuration, and streams that run on', async () => {
  const pool = await startPool(['--max', '4']);
  const streams = Array.from({ length: 3 }, () => post(pool, LONG));
  assert.ok(await pool.reaches(s => s.busy === 3));
  const old = pool.workers();
  rewrite(pool, `secret: ${SECRET}`, `secret: ${NEW_SECRET}`);
  process.kill(pool.pid, 'SIGHUP');
  assert.ok(await pool.awaits(/event=pool_reloaded/));
  const secret = withSecret(QUICK, NEW_SECRET);
  const [first] = await Promise.all([post(pool, QUICK, secret)]);
  allGood(await Promise.all(streams));
  good(first);
  assert.ok(await until(
    () => !pool.workers().some(pid => old.includes(pid)), SLOW));
  assert.equal((await post(pool, QUICK)).status, 401);
  good(await post(pool, QUICK, secret));
  assert.equal((await pool.status()).respawned, 0);
  await stop(pool.child);
});

await test('SIGHUP: a wrong configuration leaves the old one in use',
  async () => {
    const pool = await startPool();
    const old = pool.workers();
    rewrite(pool, 'webhook:\n', 'webhook:\n  sekret: x\n');
    process.kill(pool.pid, 'SIGHUP');
    assert.ok(await pool.awaits(/level=error event=pool_not_reloaded/));
    assert.deepEqual(pool.workers(), old);
    good(await post(pool, QUICK));
    rewrite(pool, '  sekret: x\n', '');
    process.kill(pool.pid, 'SIGHUP');
    assert.ok(await pool.awaits(/event=pool_reloaded/));
    await stop(pool.child);
  });

// A stream that is not waited for any longer says so.
function isEnded(reply) {
  assert.ok(reply.complete);
  assert.match(reply.body, /\{"type":"error","error":"the server stops"\}\n$/);
}

await test('SIGHUP: who does not end in --reload-timeout is ended',
  async () => {
    const pool = await startPool(['--reload-timeout', '500ms']);
    const stream = post(pool, ENDLESS);
    assert.ok(await pool.reaches(s => s.busy === 1));
    process.kill(pool.pid, 'SIGHUP');
    isEnded(await stream);
    assert.equal(pool.logged(/event=worker_killed/).length, 0);
    good(await post(pool, QUICK));
    assert.equal((await pool.status()).respawned, 0);
    await stop(pool.child);
  });

// --- ends

for (const signal of ['SIGTERM', 'SIGINT']) {
  await test(`${signal}: streams run to their ends, nobody else comes in`,
    async () => {
      const pool = await startPool(['--max', '3']);
      const streams = [post(pool, LONG), post(pool, LONG)];
      assert.ok(await pool.reaches(s => s.busy === 2));
      process.kill(pool.pid, signal);
      assert.ok(await until(() => !fs.existsSync(pool.socket), SLOW));
      allGood(await Promise.all(streams));
      assert.deepEqual(await ends(pool), { code: 0, signal: null });
      assert.equal(pool.logged(/event=worker_(killed|died)/).length, 0);
    });
}

// libfcgi waits for the first bytes in a call that a signal would end, and would
// close the connection.
await test('a worker that is told to end serves whom it has accepted',
  async () => {
    const pool = await startPool();
    const [worker] = pool.workers();
    const socket = net.connect(pool.socket);
    let answer = '';
    socket.on('data', data => { answer += data; });
    socket.on('error', () => {}); // what is missing is seen below
    const closed = new Promise(done => socket.on('close', done));
    assert.ok(await pool.reaches(s => s.busy === 1));
    process.kill(worker, 'SIGTERM');
    await sleep(50);
    socket.write(fcgiRequest({ body: QUICK, headers: signed(QUICK) }));
    await closed;
    assert.match(answer, /"type":"done"/);
    await stop(pool.child);
  });

await test('SIGTERM: after --stop-timeout nothing runs any more', async () => {
  const pool = await startPool(['--stop-timeout', '500ms']);
  const stream = post(pool, ENDLESS);
  assert.ok(await pool.reaches(s => s.busy === 1));
  const workers = pool.workers();
  process.kill(pool.pid, 'SIGTERM');
  assert.equal((await ends(pool)).code, 0);
  isEnded(await stream);
  assert.deepEqual(
    workers.filter(pid => fs.existsSync(`/proc/${pid}`)), []);
  assert.equal(pool.logged(/event=worker_killed/).length, 0);
});

await test('SIGTERM: a worker that does not hear it is killed', async () => {
  const pool = await startPool(['--stop-timeout', '500ms']);
  const stream = post(pool, ENDLESS);
  assert.ok(await pool.reaches(s => s.busy === 1));
  const workers = pool.workers();
  for (const pid of workers)
    process.kill(pid, 'SIGSTOP');
  process.kill(pool.pid, 'SIGTERM');
  assert.equal((await ends(pool)).code, 0);
  assert.equal((await stream).complete, false);
  assert.equal(pool.logged(/event=worker_killed/).length, workers.length);
});

await test('SIGTERM twice: at once', async () => {
  const pool = await startPool(['--stop-timeout', '1h']);
  const stream = post(pool, ENDLESS);
  assert.ok(await pool.reaches(s => s.busy === 1));
  process.kill(pool.pid, 'SIGTERM');
  assert.ok(await pool.awaits(/event=pool_stops/));
  await sleep(600); // two that come together are one
  process.kill(pool.pid, 'SIGTERM');
  assert.equal((await ends(pool))?.code, 0);
  isEnded(await stream);
});

// Who manages services may signal a whole group, and the master passes it on.
await test('a worker: twice at once is once, later it ends with an error',
  async () => {
    const pool = await startPool();
    const streams = [post(pool, LONG), post(pool, ENDLESS)];
    assert.ok(await pool.reaches(s => s.busy === 2));
    const twice = () => pool.workers().map(pid => {
      process.kill(pid, 'SIGTERM');
      return process.kill(pid, 'SIGTERM');
    });
    twice();
    good(await streams[0]);
    twice();
    isEnded(await streams[1]);
    await stop(pool.child);
  });

await test('stop_timeout: one signal ends a stream, and a one-shot reply',
  async () => {
    const pool = await startPool([],
      { env: { AGENTMARK_FCGI_STOP_TIMEOUT: '0.3' } });
    const once = promptRun({ model: 'mock-hang', stream: false });
    const streams = [post(pool, ENDLESS), post(pool, once)];
    assert.ok(await pool.reaches(s => s.busy === 2));
    await sleep(100);
    process.kill(pool.pid, 'SIGTERM');
    isEnded(await streams[0]);
    const reply = await streams[1];
    assert.equal(reply.status, 503);
    assert.equal(reply.body, '{"message":"the server stops"}');
    await stop(pool.child);
  });

// --- all of it

async function reloadedUnderLoad() {
  const pool = await startPool(['--max', '16', '--max-spare', '16']);
  const end = Date.now() + seconds * 1000;
  const wrong = [];
  let answered = 0;
  const caller = async () => {
    while (Date.now() < end) {
      const problem = trouble(await post(pool, HALF_A_SECOND));
      answered++;
      if (problem)
        wrong.push(problem);
    }
  };
  const callers = Array.from({ length: 200 }, caller);
  let reloads = 0;
  while (Date.now() < end) {
    await sleep(1000);
    process.kill(pool.pid, 'SIGHUP');
    reloads++;
  }
  await Promise.all(callers);
  await pool.reaches(s => s.busy === 0);
  const { requests, respawned } = await pool.status();
  console.log(`# ${answered} streams, ${reloads} reloads, ${
    pool.logged(/event=pool_reloaded/).length} of them complete`);
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${answered}`);
  assert.deepEqual([requests, respawned], [answered, 0]);
  assert.ok(pool.logged(/event=pool_reloaded/).length > 1);
  assert.deepEqual(pool.logged(/event=worker_(ended|killed)/), []);
  await stop(pool.child);
}

await test(`200 at once, reloaded every second for ${seconds} s: none is lost`,
  reloadedUnderLoad);

await stop(mock.child);
await finish();
