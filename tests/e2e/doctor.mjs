// The command `check`: against the files of deploy/ under their servers, and
// with each mistake made on purpose; and a configuration whose providers are
// scripted.
//   node doctor.mjs [REGEX]
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { SECRET } from '../lib/http.mjs';
import { apache, deployed, lighttpd, nginx, place, workers }
  from '../lib/mounts.mjs';
import { cleanEnv, freePort, program, runDir, start, stop }
  from '../lib/proc.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const only = new RegExp(process.argv[2] ?? '.');

// What `check` finds: {ok, findings, code}, with the findings by their names.
async function check(args, { conf, env = {} } = {}) {
  const child = start(program(), [...conf ? ['--config', conf] : [], 'check',
    '--json', ...args], { env: cleanEnv(env) });
  const { code } = await child.exited;
  let said;
  try {
    said = JSON.parse(child.out);
  } catch {
    throw new Error(`${code}: ${child.out}${child.err}`);
  }
  assert.equal(code, said.ok ? 0 : 1);
  const of = {};
  for (const finding of said.findings)
    of[finding.what] = finding;
  return { ...said, code, of, text: child.out };
}

// --- mounts

const TOKEN = 'status-token';
const configuration = (more = {}) => JSON.stringify({
  webhook: { secret: SECRET }, log: { level: 'error' },
  store: 'state/store.db', status: { token: TOKEN }, ...more,
});

// The deployed text with one mistake: every pair is FROM and TO.
function mistaken(text, pairs = []) {
  for (const [from, to] of pairs) {
    assert.ok(typeof from === 'string' ? text.includes(from) : from.test(text),
      `${from} is not in the file`);
    text = text.replace(from, to);
  }
  return text;
}

const mounts = {
  lighttpd: { file: 'lighttpd/socket.conf', serve: lighttpd },
  proxy_fcgi: { file: 'apache/proxy_fcgi.conf',
    serve: (at, text, more = []) =>
      apache(at, ['proxy', 'proxy_fcgi', ...more], text) },
  fcgid: { file: 'apache/fcgid.conf', own: true,
    serve: (at, text, more = []) => apache(at, ['fcgid', ...more], text) },
  cgid: { file: 'apache/cgid.conf', own: true, deaf: true,
    serve: (at, text, more = []) => apache(at, ['cgid', ...more], text) },
  nginx: { file: 'nginx/agentmark-fcgi.conf', serve: nginx },
};

// Serves the mount with the mistakes, and hands what `check` finds to LOOK.
async function mounted(name, o, look) {
  const mount = mounts[name];
  const at = place('doctor', configuration(o.conf));
  const state = path.join(at.dir, 'state');
  fs.mkdirSync(state, { mode: 0o700 });
  if (mount.own) {
    const { uid, gid } = fs.statSync(at.conf);
    fs.chownSync(state, uid, gid);
  }
  const text = mistaken(deployed(mount.file, at.places), o.pairs);
  const pool = mount.own ? undefined : await workers(at);
  const server = await mount.serve(at, (o.before ?? '') + text, o.modules);
  try {
    const local = path.join(at.dir, 'here.yaml');
    fs.writeFileSync(local, configuration(), { mode: 0o600 });
    await look(await check(['--url', server.base, ...o.args ?? []],
      { conf: o.local ?? local }), at);
  } finally {
    await stop(server.child);
    await stop(pool);
  }
}

const PROBES = ['endpoint', 'certificate', 'signature', 'refusals',
  'large body', 'too large body', 'chunked body', 'kept connection',
  'model echo', 'streaming', 'compression', 'at once', 'disconnect', 'silence',
  'clock'];

// Each is a name and a body; most of their time is waiting.
const cases = Object.keys(mounts).filter(one => only.test(one)).map(name =>
  [`${name}: nothing is wrong with deploy/${mounts[name].file}`,
    () => mounted(name, { args: ['--silence', '2'] }, said => {
      const { deaf } = mounts[name]; // to a client that leaves
      assert.deepEqual(said.findings.map(f => f.what), PROBES);
      assert.equal(said.code, 0);
      for (const { what, verdict, text } of said.findings)
        assert.equal(verdict, what === 'certificate' ? 'not tried' :
          what === 'disconnect' && deaf ? 'warning' : 'ok', text);
      assert.ok(!said.text.includes(SECRET) && !said.text.includes(TOKEN));
    })]);

// The mistake, where it is made, what is found and which line mends it.
const mistakes = [
  { mistake: 'a wrong secret', mount: 'lighttpd',
    conf: { webhook: { secret: 'another secret' } }, what: 'signature',
    says: /secret is not/, mend: /--secret-file/ },
  { mistake: 'no stream-response-body', mount: 'lighttpd',
    pairs: [['server.stream-response-body = 1', '']], what: 'streaming',
    says: /buffered/, mend: /^lighttpd: server\.stream-response-body = 1$/ },
  { mistake: 'bodies of 1 MB', mount: 'lighttpd',
    pairs: [['max-request-size = 16384', 'max-request-size = 1024']],
    what: 'large body', says: /413/,
    mend: /lighttpd: server\.max-request-size = 16384/ },
  { mistake: 'no flushpackets', mount: 'proxy_fcgi',
    pairs: [[' flushpackets=on', '']], what: 'streaming', says: /buffered/,
    mend: /^Apache: mod_proxy_fcgi: flushpackets=on/ },
  { mistake: 'compression', mount: 'proxy_fcgi',
    modules: ['filter', 'deflate'],
    pairs: [['SetEnv no-gzip 1', 'SetOutputFilter DEFLATE'],
      [' flushpackets=on', '']],
    what: 'compression', says: /gzip/, mend: /^Apache: SetEnv no-gzip 1/ },
  { mistake: 'a header that is unset', mount: 'proxy_fcgi',
    modules: ['headers'],
    pairs: [['SetEnv no-gzip 1', `SetEnv no-gzip 1
  RequestHeader unset x-agentmark-signature-256`]],
    what: 'signature', says: /does not get through/,
    mend: /^Apache: no RequestHeader unset/ },
  { mistake: 'a short timeout', mount: 'proxy_fcgi',
    pairs: [['timeout=900', 'timeout=1']], conf: { heartbeat: 0 }, args: ['--silence', '4'],
    what: 'silence', says: /breaks off/,
    mend: /mod_proxy_fcgi: timeout=900/ },
  { mistake: 'bodies of 1 MB', mount: 'cgid',
    before: 'LimitRequestBody 1048576\n', what: 'large body', says: /413/,
    mend: /Apache: LimitRequestBody 16777216/ },
  { mistake: 'the default buffer', mount: 'fcgid',
    pairs: [['FcgidOutputBufferSize 0', '']], what: 'streaming',
    says: /buffered/, mend: /mod_fcgid: FcgidOutputBufferSize 0/ },
  { mistake: 'the default limit', mount: 'fcgid',
    pairs: [['FcgidMaxRequestLen 16777216', '']], what: 'large body',
    says: /500/, mend: /FcgidMaxRequestLen 16777216/ },
  { mistake: 'buffering and a deaf ear', mount: 'nginx',
    pairs: [['fastcgi_buffering off;',
      'fastcgi_ignore_headers X-Accel-Buffering;']],
    what: 'streaming', says: /buffered/,
    mend: /^nginx: fastcgi_buffering off;$/ },
  { mistake: 'the default limit', mount: 'nginx',
    pairs: [[/client_max_body_size 16m;/, '']], what: 'large body',
    says: /413/, mend: /^nginx: client_max_body_size 16m;$/ },
  { mistake: 'a short timeout', mount: 'nginx',
    pairs: [['fastcgi_read_timeout 900s', 'fastcgi_read_timeout 1s']],
    conf: { heartbeat: 0 }, args: ['--silence', '4'], what: 'silence', says: /breaks off/,
    mend: /^nginx: fastcgi_read_timeout 900s;/ },
  { mistake: 'no workers', mount: 'nginx',
    pairs: [[/am\.sock/, 'nobody.sock']], what: 'endpoint', says: /502/,
    mend: /^nginx: fastcgi_pass/ },
  { mistake: 'a secret that may not use echo', mount: 'nginx',
    conf: { webhook: { secret: SECRET, models: ['gpt-*'] } },
    what: 'model echo', verdict: 'not tried', says: /may not use/,
    mend: /echo\/\*/ },
  { mistake: 'signatures that are not asked for', mount: 'nginx',
    conf: { webhook: { secret: SECRET, signature: 'optional' } },
    what: 'refusals', says: /unsigned is answered 200/, mend: /required/ },
];
for (const m of mistakes.filter(one => only.test(one.mount)))
  cases.push([`${m.mount}: ${m.mistake}`, () => mounted(m.mount, m, said => {
    const found = said.of[m.what];
    assert.equal(found.verdict, m.verdict ?? 'error', JSON.stringify(found));
    assert.match(found.text, m.says);
    assert.match(found.mend, m.mend);
    assert.equal(said.code, m.verdict ? 0 : 1);
  })]);
await Promise.all(Array.from({ length: 2 }, async () => {
  for (let one; (one = cases.shift());)
    await test(...one);
}));

// --- here

// A vendor: one key is right, one path is public, one never answers.
const vendor = http.createServer((request, response) => {
  const send = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (request.url.startsWith('/slow'))
    return;
  if (request.url.startsWith('/public/') || request.method === 'POST')
    send(200, {});
  else if (request.url.startsWith('/nolist/'))
    send(404, {});
  else if (/right-key/.test(request.headers.authorization ??
      request.headers['x-api-key'] ?? request.headers['x-goog-api-key']))
    send(200, { data: [] });
  else
    send(401, { error: { message: 'a wrong key: wrong-key' } });
});
await new Promise(done => vendor.listen(0, '127.0.0.1', done));
const at = `http://127.0.0.1:${vendor.address().port}`;
const closed = `http://127.0.0.1:${await freePort()}`;

if (only.test('silence'))
  await test('the silence that is asked for is bounded', async () => {
    for (const seconds of ['0', 'x', '901', '9223372036854775807']) {
      const child = start(program(), ['check', '--url', closed, '--silence',
        seconds], { env: cleanEnv() });
      assert.equal((await child.exited).code, 2, child.err);
      assert(child.err.startsWith('agentmark-fcgi: check: --silence wants ' +
        `seconds, not ${seconds}\n`), child.err);
    }
  });

if (only.test('here'))
  await test('here: providers, evals, collectors, roots', async () => {
    const dir = runDir('doctor');
    const conf = path.join(dir, 'conf.yaml');
    const provider = (base, api_key, driver = 'chat') =>
      ({ driver, base_url: base, api_key });
    fs.writeFileSync(conf, JSON.stringify({
      webhook: { secret: SECRET },
      providers: {
        right: provider(`${at}/v1`, 'right-key'),
        claude: provider(`${at}/v1`, 'right-key', 'anthropic'),
        gem: provider(`${at}/v1`, 'right-key', 'gemini'),
        wrong: provider(`${at}/v1`, 'wrong-key'),
        open: provider(`${at}/public`, 'some-key'),
        nolist: provider(`${at}/nolist`, 'some-key'),
        nobody: provider(`${closed}/v1`, 'some-key'),
        slow: provider(`${at}/slow`, 'some-key'),
        program: { driver: 'command', exec: ['/nowhere/program'] },
      },
      evals: {
        there: { http: `${at}/eval` },
        gone: { http: `${closed}/eval` },
      },
      telemetry: { collectors: {
        good: { url: `${at}/otlp`, encoding: 'json' },
      } },
      alerts: { hook: { webhook: `http://user:pass@127.0.0.1:${
        vendor.address().port}/secret-path?token=secret` } },
      datasets: { root: dir },
    }), { mode: 0o600 });
    const began = performance.now();
    const said = await check([], { conf });
    assert.ok(performance.now() - began < 15000);
    const verdicts = Object.fromEntries(said.findings
      .map(f => [f.what, f.verdict]));
    const want = {
      'providers right': 'ok', 'providers claude': 'ok',
      'providers gem': 'ok', 'providers wrong': 'error',
      'providers open': 'not tried', 'providers nolist': 'not tried',
      'providers nobody': 'error', 'providers slow': 'error',
      'providers program': 'error', 'evals there': 'ok',
      'evals gone': 'error', 'telemetry good': 'ok', 'alerts hook': 'ok',
      'datasets.root': 'ok', clock: 'ok',
    };
    for (const [what, verdict] of Object.entries(want))
      assert.equal(verdicts[what], verdict, `${what}: ${
        JSON.stringify(said.of[what])}`);
    assert.match(said.of['providers wrong'].text, /401: the key is refused/);
    assert.match(said.of['providers wrong'].mend,
      /providers\.wrong\.api_key/);
    assert.match(said.of['providers slow'].text, /within 5000 ms/);
    for (const secret of ['right-key', 'wrong-key', 'some-key', SECRET,
      'pass@', 'secret-path', 'token=secret'])
      assert.ok(!said.text.includes(secret), secret);
    const offline = await check(['--offline'], { conf });
    assert.ok(!offline.of['providers right']);
    assert.equal(offline.of['datasets.root'].verdict, 'ok');
  });

if (only.test('closed'))
  await test('closed: no server listens', async () => {
    const { of: { endpoint } } = await check(['--url', closed],
      { env: { AGENTMARK_WEBHOOK_SECRET: SECRET } });
    assert.match(endpoint.text, /no answer/);
    assert.equal(endpoint.mend, 'start the web server, or correct the address');
  });
vendor.closeAllConnections();
vendor.close();

await finish();
