// Started by `run`; see there.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { call, SECRET, signature, signed } from '../lib/http.mjs';
import { cleanEnv, root, runDir, sleep, start, stop, stopAll }
  from '../lib/proc.mjs';
import { nginxFcgi, spawnFcgi } from '../lib/servers.mjs';
import { startProvider } from './provider.mjs';

const [tools, roundsText, only = ''] = process.argv.slice(2);
const rounds = Number(roundsText);
const bin = process.env.AGENTMARK_FCGI ?? path.join(root, 'build',
  'agentmark-fcgi');
const dir = runDir('bench');
const KB = 1024;
const MACHINE = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];

// --- the provider

const { cert, ports } = await startProvider(tools, dir);

// The system's authorities and our own, named by their hashes, so that finding
// the right one costs what it costs in life.
const authorities = path.join(dir, 'authorities');
const SYSTEM = '/etc/ssl/certs';
fs.mkdirSync(authorities);
for (const name of fs.readdirSync(SYSTEM).filter(n => /^[0-9a-f]{8}\./.test(n)))
  fs.symlinkSync(path.join(SYSTEM, name), path.join(authorities, name));
const hash = execFileSync('openssl', ['x509', '-hash', '-noout', '-in', cert],
  { encoding: 'utf8' }).trim();
fs.copyFileSync(cert, path.join(authorities, `${hash}.0`));

const configuration = path.join(dir, 'agentmark-fcgi.yaml');
fs.writeFileSync(configuration, `webhook:
  secret: ${SECRET}
providers:
  plain:
    base_url: http://127.0.0.1:${ports.http}/v1
  secure:
    base_url: https://localhost:${ports.https}/v1
    api_key: key-of-the-bench
models:
  - match: "^secure-"
    provider: secure
  - match: "^bench"
    provider: plain
log:
  level: error
`, { mode: 0o600 });
const env = {
  AGENTMARK_FCGI_CONFIG: configuration, SSL_CERT_DIR: authorities,
};

// --- the requests: recorded ones, for another model

function recorded(name, model, more = {}) {
  const file = path.join(root, 'tests/data/http', name, 'request.body');
  const body = JSON.parse(fs.readFileSync(file, 'utf8'));
  const [yaml] = body.data.ast.children;
  yaml.value = yaml.value.replace(/model_name: .*/, `model_name: ${model}`);
  body.data.options = { shouldStream: more.stream ?? false };
  const elements = body.data.ast.children.slice(1);
  while (JSON.stringify(body).length < (more.bytes ?? 0))
    body.data.ast.children.push(...structuredClone(elements));
  return JSON.stringify(body);
}

const EIGHT_KB = 'tpl_condprops.json', SMALL = 'text_basic.json';
const requests = {
  oneShot: recorded(EIGHT_KB, 'bench'),
  stream: recorded(EIGHT_KB, 'bench-each', { stream: true }),
  burst: recorded(EIGHT_KB, 'bench-burst', { stream: true }),
  stamp: recorded(EIGHT_KB, 'bench-stamp', { stream: true }),
  large: recorded(EIGHT_KB, 'bench', { bytes: 100 * KB }),
  small: JSON.stringify({ type: 'get-evals', data: {} }).padEnd(300),
  secure: recorded(SMALL, 'secure-bench'),
  secureSlow: recorded(SMALL, 'secure-bench-slow'),
  echo: recorded(SMALL, 'echo/bench'),
};
const file = Object.fromEntries(Object.entries(requests).map(([name, text]) => {
  const at = path.join(dir, `${name}.json`);
  fs.writeFileSync(at, text);
  return [name, at];
}));

// --- measures

// Nanoseconds that a process has run, in user and system mode.
function cpu(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/schedstat`, 'utf8');
    return Number(text.split(' ')[0]);
  } catch {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(field[11]) + Number(field[12])) * 1e7;
  }
}

function kilobytes(pid, names) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return names.reduce((sum, name) =>
    sum + Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)[1]), 0);
}
const PRIVATE = ['Private_Clean', 'Private_Dirty'];

async function client(args, more = {}) {
  const child = start(path.join(tools, 'client'), args,
    { env: cleanEnv({ ...env, ...more }) });
  const { code } = await child.exited;
  const [status, us, cpuUs] = child.out.trim().split(' ').map(Number);
  if (code !== 0)
    throw new Error(`client: ${child.err}`);
  return { status, us, cpuUs };
}

const rows = [];
function row(what, values, unit, goal, digits = 3) {
  rows.push({ what, value: median(values), unit, goal, digits });
}

// One worker behind nginx, warmed; CPU in milliseconds for one request.
async function behindNginx() {
  const worker = await spawnFcgi({ bin, dir, env });
  const server = await nginxFcgi({ dir, socket: worker.socket });
  const send = async (name, n, want, header) => {
    const got = await client([String(server.port), file[name],
      header ?? signature(requests[name]), String(n)]);
    if (got.status !== want)
      throw new Error(`${name}: status ${got.status}, want ${want}`);
    return got.us;
  };
  const each = async (what, name, n, goal, want = 200, header = undefined) => {
    const values = [];
    await send(name, 50, want, header);
    for (let round = 0; round < rounds; round++) {
      const before = cpu(worker.pid);
      await send(name, n, want, header);
      values.push((cpu(worker.pid) - before) / n / 1e6);
    }
    row(what, values, 'ms CPU', goal);
  };
  await each('one-shot run, 8 kB request', 'oneShot', 2000, 0.25);
  await each('stream of 100 chunks, unpaced', 'stream', 1000, 0.6);
  await each('the same, from one segment', 'burst', 1000, 0.6);
  await each('refused signature, 300 bytes', 'small', 3000, 0.06, 401,
    `sha256=${'0'.repeat(64)}`);
  await each('run with a tree of 100 kB', 'large', 1000, 0.9);
  const first = [];
  for (let round = 0; round < rounds; round++)
    first.push(await send('stamp', 100, 200) / 1000);
  row("first chunk after the provider's", first, 'ms', 0.3);
  await stop(server.child);
  await stop(worker.child);
}

function expectOk(reply) {
  if (reply.status !== 200)
    throw new Error(`${reply.status} ${reply.body}${reply.error ?? ''}`);
}

// The first and second call over HTTPS, in a fresh worker each time.
async function secureCalls() {
  const first = [], second = [], later = [];
  const MORE = 50;
  const headers = signed(requests.secure);
  for (let i = 0; i < rounds * 5; i++) {
    const worker = await spawnFcgi({ bin, dir, env });
    const server = await nginxFcgi({ dir, socket: worker.socket });
    const send = async () => {
      const before = cpu(worker.pid);
      expectOk(await call(server.base, { body: requests.secure, headers }));
      await sleep(5);
      return (cpu(worker.pid) - before) / 1e6;
    };
    expectOk(await call(server.base, { method: 'GET' }));
    first.push(await send());
    second.push(await send());
    const before = cpu(worker.pid);
    const got = await client([String(server.port), file.secure,
      signature(requests.secure), String(MORE)]);
    if (got.status === 200)
      later.push((cpu(worker.pid) - before) / MORE / 1e6);
    await stop(server.child);
    await stop(worker.child);
  }
  row('first HTTPS call of a worker', first, 'ms CPU', 3);
  row('second HTTPS call of a worker', second, 'ms CPU', 0.2);
  row('every later one', later, 'ms CPU', 0.2);
}

// Sixteen workers on one socket, each of which has called over HTTPS.
async function poolOf16() {
  const SIZE = 16;
  const socket = path.join(dir, 'pool.sock');
  const pidfile = path.join(dir, 'pool.pid');
  execFileSync('spawn-fcgi', ['-s', socket, '-M', '0666', '-F', String(SIZE),
    '-P', pidfile, '--', bin], { env: cleanEnv(env), stdio: 'ignore' });
  const pids = fs.readFileSync(pidfile, 'utf8').trim().split(/\s+/)
    .map(Number);
  try {
    const server = await nginxFcgi({ dir, socket });
    const measure = (what, names, goal) => row(what,
      pids.map(pid => kilobytes(pid, names) / KB), 'MB', goal, 2);
    await sleep(500);
    measure('private memory of an idle worker', PRIVATE, 3);
    const body = requests.secureSlow;
    const send = () => call(server.base, { body, headers: signed(body) });
    (await Promise.all(Array.from({ length: SIZE }, send))).forEach(expectOk);
    await sleep(100);
    measure('PSS in a pool of 16 that have called over HTTPS', ['Pss'], 4.5);
    measure('private memory of each of them', PRIVATE, 4.5);
    await stop(server.child);
  } finally {
    for (const pid of pids)
      process.kill(pid, 'SIGTERM');
  }
}

// A process for a request, as CGI has it: of the build, and of the one file for
// all systems where deploy/static/build has made it.
async function startUp() {
  const programs = { '': bin };
  const alone = process.env.AGENTMARK_STATIC ??
    path.join(root, 'build-static', `agentmark-fcgi-${MACHINE}`);
  if (fs.existsSync(alone))
    programs['static, '] = alone;
  for (const [kind, one] of Object.entries(programs)) {
    const each = async (what, name, want, goals, secret) => {
      const took = [], used = [];
      for (let round = 0; round < rounds; round++) {
        const got = await client(['exec', one, file[name], '200'], {
          GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: 'POST',
          CONTENT_TYPE: 'application/json', SERVER_PROTOCOL: 'HTTP/1.1',
          CONTENT_LENGTH: String(Buffer.byteLength(requests[name])),
          HTTP_X_AGENTMARK_SIGNATURE_256: signature(requests[name], secret),
        });
        if (got.status !== want)
          throw new Error(`CGI ${what}: status ${got.status}`);
        took.push(got.us / 1000);
        used.push(got.cpuUs / 1000);
      }
      row(`CGI, ${kind}${what}: from exec to the answer`, took, 'ms', goals[0],
        2);
      row(`CGI, ${kind}${what}: the whole process`, used, 'ms CPU', goals[1],
        2);
    };
    await each('refused signature', 'small', 401, [10, 2], 'another');
    await each('echo run', 'echo', 200, [10, 3]);
  }
}

const parts = { behindNginx, secureCalls, poolOf16, startUp };
for (const [name, measure] of Object.entries(parts))
  if (name.includes(only))
    await measure();

console.log('| what | median | goal |\n|---|---|---|');
for (const { what, value, unit, goal, digits } of rows)
  console.log(`| ${what} | ${value.toFixed(digits)} ${unit}` +
    ` | ${goal}${value <= goal ? '' : ' (missed)'} |`);
for (const name of only ? [] : ['json_bench', 'mdx_bench'])
  console.log('\n' + execFileSync(path.join(root, 'build', name),
    { cwd: root, encoding: 'utf8' }));
await stopAll();
