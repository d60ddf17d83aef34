// Child processes, run directories and free ports of the end-to-end tests.
// Whatever was started here is stopped by its own process id (its process
// group, which it leads), however the test ends; run directories go with it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)), '../..');
export const isRoot = process.getuid() === 0;
export const sleep = ms => new Promise(done => setTimeout(done, ms));

// A configuration with a secret that everybody can read is refused.
process.umask(0o027);

const children = new Set();
const dirs = new Set();

// A private directory that other users (a web server's own user) may enter,
// but not list.
export function runDir(name) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `agentmark-${name}-`));
  fs.chmodSync(dir, 0o711);
  dirs.add(dir);
  return dir;
}

export function freePort() {
  return new Promise((done, failed) => {
    const server = net.createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

// Servers and programs get this environment and no other, so that a key or a
// secret of the person who runs the tests changes nothing.
export function cleanEnv(extra = {}) {
  const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', TZ: 'UTC' };
  for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'])
    if (process.env[name])
      env[name] = process.env[name];
  return { ...env, ...extra };
}

export function start(cmd, args, { env = cleanEnv(), cwd, stdin } = {}) {
  const proc = spawn(cmd, args, {
    env, cwd, detached: true, stdio: [stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  const child = { proc, pid: proc.pid, out: '', err: '', ended: false };
  child.exited = new Promise(done => {
    proc.on('error', e => {
      child.err += `${cmd}: ${e.message}\n`;
      child.ended = true;
      done({ code: 127 });
    });
    proc.on('close', (code, signal) => {
      child.ended = true;
      children.delete(child);
      done({ code, signal });
    });
  });
  proc.on('exit', () => { child.ended = true; });
  proc.stdout.on('data', d => { child.out = (child.out + d).slice(-65536); });
  proc.stderr.on('data', d => { child.err = (child.err + d).slice(-65536); });
  children.add(child);
  return child;
}

function signalGroup(child, signal) {
  if (!child.pid)
    return;
  try {
    process.kill(-child.pid, signal);
  } catch (e) {
    if (e.code !== 'ESRCH')
      throw e;
  }
}

// Asks the leader to end (it ends its own children), then the whole group.
export async function stop(child, signal = 'SIGTERM', ms = 5000) {
  if (!child || !children.has(child))
    return;
  if (!child.ended)
    child.proc.kill(signal);
  await Promise.race([child.exited, sleep(ms)]);
  signalGroup(child, 'SIGKILL');
  children.delete(child);
}

export async function stopAll() {
  await Promise.all([...children].reverse().map(child => stop(child)));
  removeDirs();
}

function removeDirs() {
  for (const dir of dirs)
    if (!process.env.KEEP_RUN_DIRS)
      fs.rmSync(dir, { recursive: true, force: true });
  dirs.clear();
}

process.on('exit', () => {
  for (const child of children)
    signalGroup(child, 'SIGKILL');
  removeDirs();
});
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]])
  process.once(signal, async () => {
    await stopAll();
    process.exit(status);
  });

// Waits until TRY answers something true; its last answer is returned.
export async function until(tryIt, ms = 5000, every = 20) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await tryIt();
    if (got || Date.now() >= end)
      return got;
    await sleep(every);
  }
}

export function connects(where) {
  return new Promise(done => {
    const socket = net.connect(where);
    socket.on('connect', () => { socket.destroy(); done(true); });
    socket.on('error', () => done(false));
  });
}

// The program under test: AGENTMARK_FCGI, or what was built last.
export function program() {
  const given = process.env.AGENTMARK_FCGI;
  if (given)
    return path.resolve(given);
  const built = ['build-san', 'build']
    .map(dir => path.join(root, dir, 'agentmark-fcgi'))
    .filter(file => fs.existsSync(file));
  if (!built.length)
    throw new Error('no agentmark-fcgi: build it, or set AGENTMARK_FCGI');
  return built[0];
}
