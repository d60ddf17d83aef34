// How the program is linked.  As it is installed, libcurl is loaded by whoever
// calls a provider; as one file (deploy/static), it needs nothing of the system,
// not even a root directory with more in it than itself and the certificates.
//   node static.mjs CYCLONEDX-LIBRARY   the libraries are kept in build-static
import { execFileSync, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import path from 'node:path';
import { callCgi } from '../lib/gateway.mjs';
import { call, SECRET, signed } from '../lib/http.mjs';
import { cleanEnv, freePort, isRoot, program, root, runDir, start }
  from '../lib/proc.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { lighttpdCgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const validator = path.resolve(process.argv[2]);
const MB = 1e6;
const LARGEST = 5 * MB;
const MACHINE = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
const SOURCES = ['build-aux', 'cgi', 'common', 'deploy'];
const cache = path.resolve(process.env.STATIC_DIR ??
  path.join(root, 'build-static'));
const dir = runDir('static');
const run = (cmd, args, o = {}) =>
  execFileSync(cmd, args, { encoding: 'utf8', stdio: 'pipe', ...o });

// --- a provider over TLS 1.3 alone

const key = path.join(dir, 'key.pem'), cert = path.join(dir, 'cert.pem');
run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
  'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', key,
  '-out', cert, '-subj', '/CN=a test', '-addext',
  'subjectAltName=DNS:localhost,IP:127.0.0.1']);
let heard = [];
const provider = http2.createSecureServer({
  key: fs.readFileSync(key), cert: fs.readFileSync(cert),
  minVersion: 'TLSv1.3', allowHTTP1: true,
}, (request, response) => {
  heard.push([request.httpVersion, request.socket.getProtocol?.() ??
    request.stream.session.socket.getProtocol()]);
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({
      choices: [{ message: { content: 'well' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    }));
  });
});
const port = await freePort();
await new Promise(done => provider.listen(port, '127.0.0.1', done));

// Answers with the descriptors that it was started with.
const EXECUTOR = `read -r line
id=$(echo "$line" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
open=$(cd /proc/$$/fd && echo *)
echo '{"id":"'$id'","type":"text-delta","text":"'$open'"}'
echo '{"id":"'$id'","type":"finish","reason":"stop"}'`;

function configuration(where, host = 'localhost') {
  const file = path.join(where, 'agentmark-fcgi.yaml');
  fs.writeFileSync(file, JSON.stringify({
    webhook: { secret: SECRET }, log: { level: 'error' },
    retries: 0,
    providers: {
      test: { base_url: `https://${host}:${port}/v1`, api_key: 'k' },
      program: { driver: 'command', exec: ['/bin/sh', '-c', EXECUTOR] },
    },
    models: [{ match: '^test', provider: 'test' },
      { match: '^program', provider: 'program' }],
  }), { mode: 0o600 });
  return file;
}

const echo = promptRun({ model: 'echo/any', stream: false });
const prompt = promptRun({ model: 'test', stream: false });
const evals = '{"type":"get-evals","data":{}}';
const asCgi = (bin, env, body, headers = signed(body)) =>
  callCgi(bin, env, { body, headers });

// --- as it is installed

// A library of that name lies before the system's, which shows whether and when
// it is looked for.
const shadow = path.join(dir, 'shadow');
const late = { AGENTMARK_FCGI_CONFIG: configuration(dir),
  LD_LIBRARY_PATH: shadow, SSL_CERT_FILE: cert };
fs.mkdirSync(shadow);

await test('libcurl is not loaded for a refusal, nor for an echo', async () => {
  fs.writeFileSync(path.join(shadow, 'libcurl.so.4'), 'no library');
  assert.equal((await asCgi(program(), late, evals, {})).status, 401);
  const reply = await asCgi(program(), late, echo);
  assert.equal(reply.json?.result, 'Hi there', reply.body);
});

await test('a call says why libcurl cannot be loaded', async () => {
  const reply = await asCgi(program(), late, prompt);
  assert.equal(reply.status, 500);
  assert.match(reply.json.message, /^libcurl cannot be loaded: .*libcurl/);
  const version = run(program(), ['--version'], { env: cleanEnv(late) });
  assert.match(version, /^TLS: libcurl cannot be loaded/m);
});

await test('a libcurl without what is needed is not used', async () => {
  run('gcc', ['-shared', '-x', 'c', '/dev/null', '-o',
    path.join(shadow, 'libcurl.so.4')]);
  const reply = await asCgi(program(), late, prompt);
  assert.equal(reply.json.message,
    'libcurl.so.4 is too old: it has no curl_easy_cleanup');
});

await test('libcurl is loaded for a call', async () => {
  fs.unlinkSync(path.join(shadow, 'libcurl.so.4'));
  const reply = await asCgi(program(), late, prompt);
  assert.equal(reply.json?.result, 'well', reply.body);
  const version = run(program(), ['--version'], { env: cleanEnv() });
  assert.match(version, /^agentmark-fcgi \S+ .*AgentMark CLI \d/);
  assert.match(version, /^TLS: [A-Za-z]+\/\d/m);
});

// --- as one file

const built = path.join(cache, `agentmark-fcgi-${MACHINE}`);
const build = (top, env = {}) => run(path.join(top, 'deploy/static/build'),
  [MACHINE], { env: { ...process.env, STATIC_DIR: cache, ...env } });

await test('it is built', () => {
  build(root);
});

await test('two builds are the same bytes', () => {
  const other = path.join(dir, 'another', 'place');
  fs.mkdirSync(other, { recursive: true });
  for (const entry of fs.readdirSync(root, { withFileTypes: true }))
    if (entry.isFile() || SOURCES.includes(entry.name))
      fs.cpSync(path.join(root, entry.name), path.join(other, entry.name), {
        recursive: true, preserveTimestamps: true,
        filter: file => path.basename(file) !== 'node_modules',
      });
  const first = fs.readFileSync(built);
  build(other, { STATIC_PROGRAM: path.join(dir, 'build'), TZ: 'Asia/Tokyo' });
  assert.ok(first.equals(fs.readFileSync(built)), 'they differ');
});

await test('it is one file of at most 5 MB that loads no other', () => {
  const size = fs.statSync(built).size;
  assert.ok(size <= LARGEST, `${size} bytes`);
  const segments = run('readelf', ['-lWd', built]);
  assert.doesNotMatch(segments, /INTERP|NEEDED/);
  assert.doesNotMatch(fs.readFileSync(built, 'latin1'),
    new RegExp(path.dirname(cache)));
});

await test('it names its libraries', () => {
  assert.match(run(built, ['--version'], { env: cleanEnv() }),
    /^TLS: OpenSSL\/3\.0\.\d+$/m);
});

await test('alone in a cgi-bin it runs a prompt over TLS 1.3', async () => {
  const where = path.join(dir, 'host');
  fs.mkdirSync(where);
  const server = await lighttpdCgi({ dir: where, bin: built,
    env: { SSL_CERT_FILE: cert } });
  configuration(path.join(where, 'www'));
  heard = [];
  const reply = await call(server.base,
    { body: prompt, headers: signed(prompt) });
  assert.equal(reply.json?.result, 'well', reply.body);
  assert.deepEqual(heard, [['2.0', 'TLSv1.3']]);
  assert.equal((await call(server.base, { body: prompt })).status, 401);
});

await test('it starts programs, with no descriptor of its own', async () => {
  const body = promptRun({ model: 'program', stream: false });
  // One that it inherits, as from a server that forgot to close it.
  const script = path.join(dir, 'inherited');
  fs.writeFileSync(script, `#!/bin/sh\nexec ${built} 9</dev/null\n`,
    { mode: 0o755 });
  const reply = await asCgi(script,
    { AGENTMARK_FCGI_CONFIG: configuration(dir) }, body);
  assert.match(reply.json?.result ?? reply.body, /^0 1 2( 3)?$/);
});

// A root directory with nothing in it but what a test puts there.
function emptyRoot() {
  const where = fs.mkdtempSync(path.join(dir, 'root-'));
  fs.copyFileSync(built, path.join(where, 'agentmark-fcgi'));
  configuration(where, '127.0.0.1');
  return where;
}

async function inRoot(where, body) {
  const script = path.join(where, 'run');
  const enter = isRoot ? `chroot ${where}`
    : `unshare --map-root-user --root=${where}`;
  fs.writeFileSync(script, `#!/bin/sh\nexec ${enter} /agentmark-fcgi\n`,
    { mode: 0o755 });
  return asCgi(script, { AGENTMARK_FCGI_CONFIG: '/agentmark-fcgi.yaml' },
    body);
}

await test('it needs no file of the system', async () => {
  const reply = await inRoot(emptyRoot(), echo);
  assert.equal(reply.json?.result, 'Hi there', reply.body + reply.stderr);
});

await test('without a certificate it trusts nobody', async () => {
  const reply = await inRoot(emptyRoot(), prompt);
  assert.equal(reply.status, 500);
  assert.match(reply.json.message, /certificate/);
});

for (const file of ['etc/ssl/certs/ca-certificates.crt',
  'etc/pki/tls/certs/ca-bundle.crt', 'etc/ssl/cert.pem',
  'etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', 'etc/ssl/ca-bundle.pem',
  'etc/ssl/certs/HASH.0'])
  await test(`it finds the certificates in /${file}`, async () => {
    const where = emptyRoot();
    const hash = run('openssl', ['x509', '-hash', '-noout', '-in', cert]);
    const at = path.join(where, file.replace('HASH', hash.trim()));
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.copyFileSync(cert, at);
    const reply = await inRoot(where, prompt);
    assert.equal(reply.json?.result, 'well', reply.body + reply.stderr);
  });

// Medians of many, of all that the process costs.
function cost(body, headers, want) {
  const tool = path.join(dir, 'client');
  const file = path.join(dir, 'body');
  if (!fs.existsSync(tool))
    run('gcc', ['-O2', '-D_GNU_SOURCE', '-o', tool,
      path.join(root, 'tests/bench/client.c')]);
  fs.writeFileSync(file, body);
  const [status, , us] = run(tool, ['exec', built, file, '200'], {
    env: cleanEnv({
      AGENTMARK_FCGI_CONFIG: configuration(dir), REQUEST_METHOD: 'POST',
      GATEWAY_INTERFACE: 'CGI/1.1', CONTENT_TYPE: 'application/json',
      CONTENT_LENGTH: String(Buffer.byteLength(body)),
      HTTP_X_AGENTMARK_SIGNATURE_256:
        headers['x-agentmark-signature-256'] ?? '',
    }),
  }).trim().split(' ').map(Number);
  assert.equal(status, want);
  return us / 1000;
}

await test('a refusal costs at most 2 ms of CPU, an echo 3 ms', () => {
  const refusal = cost(evals, {}, 401);
  const run = cost(echo, signed(echo), 200);
  console.log(`# refusal ${refusal} ms, echo ${run} ms`);
  assert.ok(refusal <= 2, `a refusal: ${refusal} ms`);
  assert.ok(run <= 3, `an echo: ${run} ms`);
});

// --- for another machine, where somebody built it

const arm = path.join(cache, 'agentmark-fcgi-aarch64');
const QEMU = 'qemu-aarch64-static';
if (arm !== built && fs.existsSync(arm) &&
    spawnSync(QEMU, ['--version']).status === 0)
  await test('for arm64, too, it runs a prompt over TLS 1.3', async () => {
    const size = fs.statSync(arm).size;
    assert.ok(size <= LARGEST, `${size} bytes`);
    const script = path.join(dir, 'arm');
    fs.writeFileSync(script, `#!/bin/sh\nexec ${QEMU} ${arm}\n`,
      { mode: 0o755 });
    const env = { AGENTMARK_FCGI_CONFIG: configuration(dir),
      SSL_CERT_FILE: cert };
    assert.equal((await asCgi(script, env, evals, {})).status, 401);
    heard = [];
    const reply = await asCgi(script, env, prompt);
    assert.equal(reply.json?.result, 'well', reply.body + reply.stderr);
    assert.deepEqual(heard, [['2.0', 'TLSv1.3']]);
  });

// --- what it is made of

await test('its list of materials is CycloneDX', async () => {
  const { Spec, Validation } = createRequire(import.meta.url)(validator);
  const check = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  const text = run(path.join(root, 'deploy/static/sbom'), ['1.2.3', built,
    path.join(cache, MACHINE, 'versions')],
  { env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' } });
  const bom = JSON.parse(text);
  assert.equal(await check.validate(text), null);
  bom.components[0].licenses = [{ license: { id: 'no licence' } }];
  assert.notEqual(await check.validate(JSON.stringify(bom)), null);
  assert.equal(bom.metadata.component.hashes[0].content,
    crypto.createHash('sha256').update(fs.readFileSync(built)).digest('hex'));
  const names = bom.components.map(one => one.name);
  for (const name of ['openssl', 'curl', 'libunistring', 'musl', 'sqlite3'])
    assert.ok(names.includes(name), name);
});

// --- what is published

await test('a release is whole', async () => {
  const out = path.join(dir, 'release');
  const [, version] = run(program(), ['--version'], { env: cleanEnv() })
    .split(' ');
  run(path.join(root, 'deploy/static/release'), [version, out], {
    cwd: path.dirname(program()),
    env: { ...process.env, STATIC_DIR: cache, STATIC_ARCHS: MACHINE },
  });
  run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out });
  const name = `agentmark-fcgi-${version}-shared-host-${MACHINE}.zip`;
  const unpacked = path.join(dir, 'unpacked');
  run('python3', ['-m', 'zipfile', '-e', path.join(out, name), unpacked]);
  assert.deepEqual(fs.readdirSync(unpacked).sort(), ['.htaccess',
    'NOTICES.txt', 'README.txt', 'agentmark-fcgi.cgi', 'agentmark-fcgi.yaml',
    'agentmark-fcgi.yaml.example']);
  assert.ok(fs.readFileSync(path.join(unpacked, 'agentmark-fcgi.cgi'))
    .equals(fs.readFileSync(built)));
  const files = fs.readdirSync(out).join('\n');
  assert.match(files, /^libunistring_.*\.orig\.tar/m);
  assert.match(files, /^agentmark-fcgi-.*\.tar\.xz$/m);
});

provider.close();
await finish();
