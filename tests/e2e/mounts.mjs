// What is proved of each mount (../lib/mounts.mjs): what streams, what is
// refused, who is noticed to leave, what restarts and kills come to.  Each
// proof measures its cell of the table.
//   node mounts.mjs [--table | --update] [REGEX]
// --table prints the table as Markdown, --update writes it into every document
// that has a place for it.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { call, signature, signed } from '../lib/http.mjs';
import { deployed, mounted, mounts, placed, running, WORKERS }
  from '../lib/mounts.mjs';
import { cleanEnv, freePort, isRoot, root, runDir, sleep, start, until }
  from '../lib/proc.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const mode = /^--(table|update)$/.exec(process.argv[2])?.[1];
const only = new RegExp(process.argv[mode ? 3 : 2] ?? '.');
// 50 ms on a quiet machine; the rest is for a busy one.
const AT_ONCE = 250;
const MB = 1024 * 1024;
const LINE_MS = 100;
// The servers' limit for silence in one proof, and how long the model is silent.
const LIMIT_S = 2;
const SILENT_MS = 2.5 * LIMIT_S * 1000;
// Whoever is not noticed to leave by then is not noticed: heartbeats, one a
// second, need time; without them nothing will happen.
const LEAVE_STREAM_MS = 8000;
const LEAVE_REPLY_MS = 3000;
// A stream that something restarts under; one that mod_fcgid does not wait for.
const RESTART_LINES = 35;
const LONG_LINES = 90;

// --- a model that says when it spoke, and knows when its caller has gone

const calls = [];
let speakers = 1; // that must have come before anyone speaks
const number = (model, word, other) =>
  Number(new RegExp(`-${word}-(\\d+)`).exec(model)?.[1] ?? other);

// The model's name says what it does: -lines-N, -silent-MS after the first
// line, -hang after it.  A reply in one piece never comes.
async function speak(call, response) {
  const chunk = (delta, reason = null) => response.write(`data: ${
    JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm',
      choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`);
  const word = () => chunk({ content: `[${performance.now()}]` });
  const lines = number(call.model, 'lines', 6);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  await until(() => calls.length >= speakers, 20000);
  word();
  if (call.model.endsWith('-hang'))
    return;
  await sleep(number(call.model, 'silent', LINE_MS));
  for (let i = 1; i < lines && !response.destroyed; i++) {
    word();
    await sleep(LINE_MS);
  }
  chunk({}, 'stop');
  response.end('data: [DONE]\n\n');
}

const provider = http.createServer((request, response) => {
  const parts = [];
  request.on('data', data => parts.push(data));
  request.on('end', () => {
    if (request.method !== 'POST') { // the command check looks who is there
      response.writeHead(404).end();
      return;
    }
    const { model, stream } = JSON.parse(Buffer.concat(parts));
    const call = { model, response };
    calls.push(call);
    response.on('close', () => { call.ended = performance.now(); });
    if (stream)
      speak(call, response);
  });
});
const providerPort = await freePort();
await new Promise(done => provider.listen(providerPort, '127.0.0.1', done));
const providerUrl = `http://127.0.0.1:${providerPort}`;

// --- asking

const evals = '{"type":"get-evals","data":{}}';
const ask = (base, body, more = {}) =>
  call(base, { body, headers: signed(body), ...more });
const run = (base, model, more = {}) => ask(base, promptRun({ model }), more);
const isAnswered = base => until(
  async () => (await ask(base, evals)).status === 200, 20000, 200);

async function streams(base, n = 1) {
  const body = promptRun({ model: 'test' });
  calls.length = 0;
  speakers = n;
  const replies = await Promise.all(Array.from({ length: n },
    () => ask(base, body, { headers: {
      ...signed(body), 'accept-encoding': 'gzip, deflate',
    } })));
  speakers = 1;
  for (const reply of replies) {
    assert.equal(reply.status, 200, reply.body || reply.error);
    assert.equal(reply.headers['agentmark-streaming'], 'true');
    assert.ok(reply.complete);
    assert.equal(reply.body.match(/\[\d+\.?\d*\]/g)?.length, 6, reply.body);
  }
  return replies;
}

// How late lines are, in milliseconds.
const lateness = reply => reply.lines.flatMap(line => {
  const said = /\[(\d+\.?\d*)\]/.exec(line.text);
  return said ? [reply.began + line.at - Number(said[1])] : [];
});

// What became of a stream that something happened to.
function fate(reply) {
  const last = reply.values.at(-1) ?? {};
  assert.ok(reply.complete, `cut after ${reply.body.slice(-200)}`);
  if (last.type === 'done' && !/"type":"error"/.test(reply.body))
    return 'goes on';
  assert.deepEqual([last.type, last.error], ['error', 'the server stops'],
    reply.body.slice(-500));
  return 'error line';
}

// WHAT is done to a mount in the middle of a stream.
async function inAStream({ base, mount }, what) {
  const lines = mount.kills ? LONG_LINES : RESTART_LINES;
  const model = `test-lines-${lines}`;
  const stream = run(base, model);
  assert.ok(await until(() => calls.some(one => one.model === model), 20000));
  await sleep(2 * LINE_MS);
  await what();
  const end = fate(await stream);
  calls.length = 0;
  assert.ok(await isAnswered(base));
  await streams(base);
  return end;
}

// From a client's leaving to the end of the model's call.
async function leave(client, call, ms) {
  const left = performance.now();
  client.destroy();
  await until(() => call.ended, ms, 2);
  const late = call.ended - left;
  if (!call.response.headersSent) // else it would be asked once more
    call.response.writeHead(400);
  call.response.end();
  return late ? `${Math.max(1, Math.round(late))} ms` : 'not noticed';
}

// A client that leaves when it is told to.
function leaver(base, body) {
  const request = http.request(base, { method: 'POST', agent: false,
    headers: { ...signed(body), 'content-length': Buffer.byteLength(body) } },
  response => response.resume().on('error', () => {}));
  request.on('error', () => {});
  request.end(body);
  return request;
}

async function leaving(base, model, stream) {
  const client = leaver(base, promptRun({ model, stream }));
  const ms = stream ? LEAVE_STREAM_MS : LEAVE_REPLY_MS;
  const found = () => calls.find(one => one.model === model);
  assert.ok(await until(found, 20000));
  await sleep(2 * LINE_MS);
  return leave(client, found(), ms);
}

// --- what is proved of each

const proofs = {
  'a line': async ({ base, mount }) => {
    await streams(base); // the first one starts what is started late
    const [reply] = await streams(base);
    const late = lateness(reply);
    const worst = Math.max(...late);
    assert.equal(late.length, 6);
    if (mount.buffered && worst > 4 * LINE_MS)
      return 'at the end';
    assert.ok(worst < AT_ONCE, `${worst} ms late`);
    return `${Math.max(1, Math.ceil(worst))} ms`;
  },
  'signed, not': async ({ base }) => {
    assert.equal((await ask(base, evals)).status, 200);
    for (const headers of [{}, { 'x-agentmark-signature-256': 'sha256=00' },
      signed(evals, { 'x-agentmark-signature-256':
        signature(evals, 'another') })])
      assert.equal((await ask(base, evals, { headers })).status, 401);
    return '200, 401';
  },
  '10, 11 MB': async ({ base, mount }) => {
    const [ten, eleven] = [await ask(base, evals.padEnd(10 * MB)),
      await ask(base, evals.padEnd(11 * MB))];
    // mod_fcgid takes 128 kB where nobody says otherwise.
    if (mount.buffered && ten.status === 500)
      return `${ten.status}, ${eleven.status}`;
    assert.equal(ten.status, 200, ten.body || ten.error);
    assert.equal(eleven.status, 413, eleven.body || eleven.error);
    assert.match(eleven.json.message, /larger than/);
    return '200, 413';
  },
  'in chunks': async ({ base }) => {
    const status = await new Promise((done, failed) => {
      const request = http.request(base, {
        method: 'POST', agent: false,
        headers: { ...signed(evals), 'transfer-encoding': 'chunked' },
      }, response => {
        response.resume();
        done(response.statusCode);
      });
      request.on('error', failed);
      request.write(evals.slice(0, 9));
      setTimeout(() => request.end(evals.slice(9)), 50);
    });
    assert.equal(status, 200);
    return '200';
  },
  'a silent model': async ({ mount }) => {
    const other = await mounted(mount, placed('silent', providerUrl, LIMIT_S));
    try {
      const reply = await run(other.base, `test-silent-${SILENT_MS}`);
      assert.equal(fate(reply), 'goes on');
      assert.ok(reply.took > SILENT_MS, `${reply.took} ms`);
    } finally {
      await other.stop();
    }
    return 'waits';
  },
  'leaves a stream': async ({ base, mount }) => {
    const cell = await leaving(base, 'test-1-hang', true);
    assert.ok(mount.buffered || /ms/.test(cell), cell);
    return cell;
  },
  'leaves a reply': ({ base }) => leaving(base, 'test-2-hang', false),
  [`${WORKERS} streams`]: async ({ base, mount }) => {
    const replies = await streams(base, WORKERS);
    const worst = Math.max(...replies.flatMap(lateness));
    assert.ok(mount.buffered || worst < 2 * AT_ONCE, `${worst} ms late`);
    return 'at once';
  },
  'server restarts': async mount => {
    const end = await inAStream(mount, mount.restart);
    assert.equal(end, mount.mount.kills ? 'error line' : 'goes on');
    return end;
  },
  'workers restart': async mount => mount.workers
    ? inAStream(mount, mount.workers.restart) : '',
  // In the middle of an answer: the one that speaks, and all that are idle; but
  // for those that nobody starts again, of which one is killed.
  'a killed worker': async ({ base, at, mount }) => {
    const before = running(at).length;
    calls.length = 0;
    if (mount.alone)
      process.kill(running(at)[0], 'SIGKILL');
    else
      await run(base, 'test', { onPiece: reply => {
        if (!/\[\d/.test(reply.body))
          return false;
        for (const pid of running(at))
          process.kill(pid, 'SIGKILL');
        return true;
      } });
    if (mount.kept)
      assert.ok(await until(() => running(at).length >= before, 20000, 100));
    assert.ok(await isAnswered(base));
    await streams(base);
    if (mount.alone)
      assert.equal(running(at).length, before - 1);
    return mount.alone ? 'is gone' : 'comes back';
  },
};

// The silent model has a server of its own, and time: the others go on
// meanwhile, the two that leave beside each other.
const ASIDE = ['a silent model', 'leaves a stream', 'leaves a reply'];

async function prove(mount, said) {
  const at = placed('mounts', providerUrl);
  let server;
  await test(`${mount.name}: deploy/${mount.file} is taken`, async () => {
    server = await mounted(mount, at);
  });
  if (!server)
    return;
  const results = {};
  const attempt = async name => {
    try {
      said[name] = await proofs[name](server);
    } catch (e) {
      results[name] = e;
      said[name] = 'no';
    }
  };
  const report = name => test(`${mount.name}: ${name}: ${said[name]}`, () => {
    if (results[name])
      throw results[name];
  });
  const [silent, ...leaves] = ASIDE;
  let aside;
  for (const name of Object.keys(proofs))
    said[name] = 'no';
  for (const name of Object.keys(proofs)) {
    if (name === silent)
      aside = attempt(name);
    else if (name === leaves[0])
      await Promise.all(leaves.map(attempt));
    else if (!ASIDE.includes(name))
      await attempt(name);
  }
  await aside;
  for (const name of Object.keys(proofs))
    await report(name);
  if (at.secrets)
    await test(`${mount.name}: the configuration is not shown`, async () => {
      assert.equal((await call(at.secrets, { method: 'GET' })).status, 403);
    });
  if (at.runsAs)
    await test(`${mount.name}: it runs as its user`, async () => {
      const stream = run(server.base, 'test');
      assert.ok(await until(() => running(at).length > 0, 5000, 5));
      const [pid] = running(at);
      assert.equal(fs.statSync(`/proc/${pid}`).uid, at.runsAs);
      await stream;
    });
  await server.stop();
}

const rows = [];
for (const mount of mounts.filter(one => only.test(one.name))) {
  if (mount.root && !(isRoot && fs.existsSync(mount.root))) {
    console.log(`# ${mount.name}: left out, it needs root and ${mount.root}`);
    continue;
  }
  const said = {};
  await prove(mount, said);
  rows.push([mount.name, ...Object.values(said)]);
}

await test('every file of these folders is used', () => {
  const files = ['lighttpd', 'apache', 'nginx', 'caddy'].flatMap(dir =>
    fs.readdirSync(path.join(root, 'deploy', dir)).map(f => `${dir}/${f}`));
  assert.deepEqual(files.filter(f => !mounts.some(m => m.file === f)), []);
});

// --- systemd's own opinion of the units

const ANALYZE = '/usr/bin/systemd-analyze';

async function analyze(...args) {
  const child = start(ANALYZE, [...args], { env: cleanEnv() });
  const { code } = await child.exited;
  return { code, out: child.out, err: child.err };
}

if (fs.existsSync(ANALYZE)) {
  const at = placed('units', providerUrl);
  const [service, socket] = ['service', 'socket'].map(kind => {
    const file = path.join(at.dir, `agentmark-fcgi.${kind}`);
    fs.writeFileSync(file, deployed(`systemd/agentmark-fcgi.${kind}`,
      at.places.slice(0, 3)));
    return file;
  });
  await test('systemd takes its units', async () => {
    const { code, err } = await analyze('verify', '--man=no', service, socket);
    assert.equal(code, 0, err);
    assert.equal(err, '');
  });
  await test('the service is as closed as systemd calls OK', async () => {
    const { out } = await analyze('security', '--offline=yes', '--no-pager',
      service);
    const level = /exposure level for \S+: ([\d.]+) (\w+)/.exec(out);
    console.log(`# exposure level ${level?.[1]} ${level?.[2]}`);
    assert.ok(Number(level?.[1]) < 2.5, out.slice(-500));
  });
}

// --- where the configuration is found without any variable

await test('the configuration is found above the program, too', async () => {
  const dir = runDir('found');
  const bin = path.join(dir, 'html', 'cgi-bin');
  const at = placed('found', providerUrl);
  fs.mkdirSync(bin, { recursive: true });
  const file = path.join(bin, 'agentmark-fcgi');
  fs.copyFileSync(at.program, file);
  fs.chmodSync(file, 0o755);
  const found = async () => {
    const child = start(file, ['check']);
    await child.exited;
    return child.out.replaceAll(dir, '');
  };
  const name = 'agentmark-fcgi.yaml';
  for (const up of ['../..', '..', '.']) {
    const where = path.join(bin, up, name);
    fs.copyFileSync(at.conf, where);
    fs.chmodSync(where, 0o600);
    assert.match(await found(), new RegExp(
      `^configuration: ${path.join('/html/cgi-bin', up, name)}$`, 'm'));
  }
  if (!isRoot)
    return;
  fs.rmSync(path.join(bin, name));
  fs.chownSync(path.join(bin, '..', name), 2345, 2345);
  const text = await found();
  assert.match(text, /^configuration: \/agentmark-fcgi.yaml$/m);
  assert.match(text, /\/html\/agentmark-fcgi.yaml is another user's/);
});

// --- the table

const markdown = [['mount', ...Object.keys(proofs)],
  Array.from({ length: Object.keys(proofs).length + 1 }, () => '---'), ...rows]
  .map(cells => `| ${cells.join(' | ')} |\n`).join('');
const PLACE = /(<!-- mounts -->\n)[^]*?(<!-- \/mounts -->)/;

function update() {
  const documents = ['README.md', ...fs.readdirSync(path.join(root, 'docs'))
    .map(name => `docs/${name}`)].map(name => path.join(root, name));
  if (rows.length !== mounts.length)
    throw new Error('not every mount was there: nothing is written');
  for (const file of documents.filter(one => /\.md$/.test(one))) {
    const text = fs.readFileSync(file, 'utf8');
    if (PLACE.test(text))
      fs.writeFileSync(file, text.replace(PLACE, `$1${markdown}$2`));
  }
}

if (mode === 'table')
  console.log(markdown);
if (mode === 'update')
  update();
provider.closeAllConnections();
provider.close();
await finish();
