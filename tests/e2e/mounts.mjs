// The files of deploy/, as they stand but for their paths, under the servers
// they are for: what streams, what is refused, what comes back.
//   node mounts.mjs [--table] [REGEX]     --table: the matrix, as Markdown
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { call, SECRET, signature, signed } from '../lib/http.mjs';
import { apache, deployed, lighttpd, nginx, owned, place, running, workers }
  from '../lib/mounts.mjs';
import { cleanEnv, freePort, program, root, sleep, start, stop, until }
  from '../lib/proc.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

// Servers read what is written here as a user of their own.
process.umask(0o022);

const table = process.argv[2] === '--table';
const only = new RegExp(process.argv[table ? 3 : 2] ?? '.');
const STREAMS = 8;
// 50 ms on a quiet machine; the rest is for a busy one.
const AT_ONCE = 250;
const MB = 1024 * 1024;

// --- a model that says when it spoke

let speaking = 0;
let speakers = 1; // that must have come before anyone speaks
const SAYS = 6;
const provider = http.createServer((request, response) => {
  request.resume();
  request.on('end', async () => {
    const id = { id: 'c', object: 'chat.completion.chunk', model: 'm' };
    const chunk = (delta, reason = null) => response.write(`data: ${
      JSON.stringify({ ...id, choices: [{ index: 0, delta,
        finish_reason: reason }] })}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    speaking++;
    await until(() => speaking >= speakers, 20000);
    for (let i = 0; i < SAYS && !response.destroyed; i++) {
      chunk({ content: `[${performance.now()}]` });
      await sleep(100);
    }
    chunk({}, 'stop');
    response.end('data: [DONE]\n\n');
  });
});
const providerPort = await freePort();
await new Promise(done => provider.listen(providerPort, '127.0.0.1', done));

function configuration(secret = SECRET) {
  return JSON.stringify({
    webhook: { secret }, log: { level: 'error' },
    providers: {
      test: { base_url: `http://127.0.0.1:${providerPort}/v1`, api_key: 'k' },
    },
    models: [{ match: '^test', provider: 'test' }],
  });
}

// A shared host: cgi-bin below the documents, what the .htaccess says, and the
// name that the program has in a release.
async function sharedHost(at) {
  const host = path.join(at.dir, 'www', 'cgi-bin');
  fs.mkdirSync(host);
  at.program = path.join(host, 'agentmark-fcgi.cgi');
  fs.copyFileSync(program(), at.program);
  fs.chmodSync(at.program, 0o755);
  fs.writeFileSync(path.join(host, '.htaccess'), deployed('cgi-bin/.htaccess',
    []));
  const file = path.join(host, 'agentmark-fcgi.yaml');
  fs.writeFileSync(file, deployed('cgi-bin/agentmark-fcgi.yaml',
    [['PUT-THE-WEBHOOK-SECRET-HERE', SECRET],
      ['    api_key: "PUT-THE-KEY-HERE"', `    api_key: k
    base_url: http://127.0.0.1:${providerPort}/v1
models:
  - match: "^test"
    provider: shared
  # its driver speaks chat completions`], ['  openai:', '  shared:']]));
  owned(file);
  const server = await apache(at, ['cgid'], `<Directory "${at.dir}/www">
  AllowOverride All
  Require all granted
</Directory>
`);
  const base = server.base.replace('/agentmark', '/cgi-bin/agentmark-fcgi.cgi');
  at.secrets = base.replace(/cgi$/, 'yaml');
  return { ...server, base };
}

const mounts = [
  { name: 'lighttpd, spawned', file: 'lighttpd/spawned.conf', kept: true,
    serve: at => lighttpd(at, deployed('lighttpd/spawned.conf', at.places)) },
  { name: 'lighttpd, socket', file: 'lighttpd/socket.conf', socket: true,
    serve: at => lighttpd(at, deployed('lighttpd/socket.conf', at.places)) },
  { name: 'Apache mod_proxy_fcgi', file: 'apache/proxy_fcgi.conf', socket: true,
    serve: at => apache(at, ['proxy', 'proxy_fcgi'],
      deployed('apache/proxy_fcgi.conf', at.places)) },
  { name: 'Apache mod_fcgid', file: 'apache/fcgid.conf',
    serve: at => apache(at, ['fcgid'],
      deployed('apache/fcgid.conf', at.places)) },
  { name: 'Apache mod_cgid', file: 'apache/cgid.conf',
    serve: at => apache(at, ['cgid'],
      deployed('apache/cgid.conf', at.places)) },
  { name: 'nginx', file: 'nginx/agentmark-fcgi.conf', socket: true,
    serve: at => nginx(at, deployed('nginx/agentmark-fcgi.conf', at.places)) },
  { name: 'cgi-bin of a shared host', file: 'cgi-bin/.htaccess',
    serve: sharedHost },
];

// --- what is proved of each

const prompt = promptRun({ model: 'test' });
const evals = '{"type":"get-evals","data":{}}';
const ask = (base, body = prompt, more = {}) =>
  call(base, { body, headers: signed(body), ...more });

async function streams(base, n = 1) {
  speaking = 0;
  speakers = n;
  const replies = await Promise.all(Array.from({ length: n },
    () => ask(base, prompt, { headers: {
      ...signed(prompt), 'accept-encoding': 'gzip, deflate',
    } })));
  for (const reply of replies) {
    assert.equal(reply.status, 200, reply.body || reply.error);
    assert.equal(reply.headers['agentmark-streaming'], 'true');
    assert.ok(reply.complete);
    assert.equal(reply.body.match(/\[\d+\.?\d*\]/g)?.length, SAYS, reply.body);
  }
  return replies;
}

// How late lines are, in milliseconds.
const lateness = reply => reply.lines.flatMap(line => {
  const said = /\[(\d+\.?\d*)\]/.exec(line.text);
  return said ? [reply.began + line.at - Number(said[1])] : [];
});

const proofs = {
  'a line arrives': async ({ base }) => {
    await streams(base); // the first one starts what is started late
    const [reply] = await streams(base);
    const late = lateness(reply);
    const worst = Math.max(...late);
    assert.equal(late.length, SAYS);
    assert.ok(worst < AT_ONCE, `${worst} ms late`);
    return `within ${Math.max(1, Math.ceil(worst))} ms`;
  },
  unsigned: async ({ base }) => {
    assert.equal((await ask(base, evals)).status, 200);
    for (const headers of [{}, { 'x-agentmark-signature-256': 'sha256=00' },
      signed(evals, { 'x-agentmark-signature-256':
        signature(evals, 'another') })])
      assert.equal((await ask(base, evals, { headers })).status, 401);
    return '401';
  },
  '10 MB': async ({ base }) => {
    const reply = await ask(base, evals.padEnd(10 * MB));
    assert.equal(reply.status, 200, reply.body);
    return '200';
  },
  '11 MB': async ({ base }) => {
    const reply = await ask(base, evals.padEnd(11 * MB));
    assert.equal(reply.status, 413, reply.body || reply.error);
    assert.match(reply.json.message, /larger than/);
    return '413';
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
  [`${STREAMS} streams at once`]: async ({ base }) => {
    const replies = await streams(base, STREAMS);
    const worst = Math.max(...replies.flatMap(lateness));
    assert.ok(worst < 2 * AT_ONCE, `${worst} ms late`);
    return 'yes';
  },
  'a killed worker': async ({ base, at, mount }) => {
    const before = running(at).length;
    speaking = 0;
    speakers = 1;
    // In the middle of an answer: the one that speaks, and all that are idle.
    await ask(base, prompt, { onPiece: reply => {
      if (!/\[\d/.test(reply.body))
        return false;
      for (const pid of running(at))
        process.kill(pid, 'SIGKILL');
      return true;
    } });
    const kept = mount.kept ? before : 1;
    if (mount.socket || mount.kept)
      assert.ok(await until(() => running(at).length >= kept, 20000, 100));
    assert.ok(await until(async () => (await ask(base, evals)).status === 200,
      20000, 200));
    await streams(base);
    return 'comes back';
  },
};

const rows = [];
for (const mount of mounts.filter(one => only.test(one.name))) {
  const at = place('mounts', configuration());
  const said = {};
  let server, pool;
  await test(`${mount.name}: deploy/${mount.file} is taken`, async () => {
    pool = mount.socket ? await workers(at) : undefined;
    server = await mount.serve(at);
  });
  for (const [name, prove] of Object.entries(proofs))
    await test(`${mount.name}: ${name}`, async () => {
      said[name] = 'no';
      said[name] = await prove({ base: server.base, at, mount });
    });
  if (at.secrets)
    await test(`${mount.name}: the configuration is not shown`, async () => {
      assert.equal((await call(at.secrets, { method: 'GET' })).status, 403);
    });
  rows.push([`${mount.name}`, ...Object.values(said)]);
  await stop(server?.child);
  await stop(pool);
}

await test('every file of these folders is used', () => {
  const files = ['lighttpd', 'apache', 'nginx'].flatMap(dir =>
    fs.readdirSync(path.join(root, 'deploy', dir)).map(f => `${dir}/${f}`));
  assert.deepEqual(files.filter(f => !mounts.some(m => m.file === f)), []);
});
await test('systemd takes its units', async () => {
  const verify = '/usr/bin/systemd-analyze';
  if (!fs.existsSync(verify))
    return;
  const at = place('units', configuration());
  const units = ['service', 'socket'].map(kind => {
    const file = path.join(at.dir, `agentmark-fcgi.${kind}`);
    fs.writeFileSync(file, deployed(`systemd/agentmark-fcgi.${kind}`,
      at.places.slice(0, 3)));
    return file;
  });
  const child = start(verify, ['verify', '--man=no', ...units],
    { env: cleanEnv() });
  const { code } = await child.exited;
  assert.equal(code, 0, child.err);
  assert.equal(child.err, '');
});
if (table) {
  const line = cells => console.log(`| ${cells.join(' | ')} |`);
  line(['mount', ...Object.keys(proofs)]);
  line(Array.from({ length: Object.keys(proofs).length + 1 }, () => '---'));
  rows.forEach(line);
}
provider.closeAllConnections();
provider.close();
await finish();
