// End to end: the program as plain CGI, as CGI and FastCGI under lighttpd, and
// as FastCGI under Apache and nginx, against the scripted provider.
//   node e2e.mjs [REGEX]      only the mounts whose name matches
import fs from 'node:fs';
import path from 'node:path';
import { callCgi, callFcgi } from '../lib/gateway.mjs';
import { call, signed } from '../lib/http.mjs';
import { program, runDir, stop, until } from '../lib/proc.mjs';
import { promptRun, writeConfiguration } from '../lib/prompts.mjs';
import { apacheFcgi, lighttpdCgi, lighttpdFcgi, mockProvider, nginxFcgi,
  spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';
import { everything, refusal } from './checks.mjs';

const only = new RegExp(process.argv[2] ?? '.');
const bin = program();
const logs = runDir('sanitizers');
fs.chmodSync(logs, 0o777);
const sanitizers = `${process.env.ASAN_OPTIONS ?? ''}:log_path=${logs}/report`;
const mock = await mockProvider();

function environment(dir) {
  return {
    AGENTMARK_FCGI_CONFIG: writeConfiguration(dir, { mock: mock.base }),
    ASAN_OPTIONS: sanitizers, UBSAN_OPTIONS: `log_path=${logs}/report`,
  };
}

// A server that notices a client's leaving at the second write to it needs two
// heartbeats, one second each.
const SECOND_WRITE = 3500;
const AT_ONCE = 250;
// From the close of the gateway's connection the promise is 50 ms; the rest is
// for this process to look.
const PROMISED = 50 + 50;

async function direct() {
  const env = environment(runDir('cgi'));
  return {
    name: 'CGI', noticesMs: SECOND_WRITE, mock,
    call: o => callCgi(bin, env, o),
  };
}

async function underLighttpdCgi() {
  const dir = runDir('lighttpd-cgi');
  const server = await lighttpdCgi({ dir, bin, env: environment(dir) });
  return {
    name: 'lighttpd CGI', noticesMs: SECOND_WRITE, mock,
    call: o => call(server.base, o), servers: [server],
  };
}

function fastcgi(name, server, noticesMs) {
  return async () => {
    const dir = runDir('fcgi');
    const env = environment(dir);
    const mount = { name, noticesMs, mock };
    mount.renew = async () => {
      await stop(mount.worker?.child);
      mount.worker = await spawnFcgi({ bin, dir, env });
    };
    await mount.renew();
    if (server) {
      const front = await server({ dir, socket: mount.worker.socket });
      mount.servers = [front];
      mount.call = o => call(front.base, o);
    } else {
      mount.raw = true;
      mount.call = o => callFcgi(mount.worker.socket, o);
    }
    return mount;
  };
}

const mounts = {
  'CGI': direct,
  'FastCGI': fastcgi('FastCGI', null, PROMISED),
  'lighttpd CGI': underLighttpdCgi,
  'lighttpd FastCGI': fastcgi('lighttpd FastCGI', lighttpdFcgi, SECOND_WRITE),
  'Apache FastCGI': fastcgi('Apache FastCGI', apacheFcgi, SECOND_WRITE),
  'nginx FastCGI': fastcgi('nginx FastCGI', nginxFcgi, AT_ONCE),
};

for (const [name, mounted] of Object.entries(mounts)) {
  if (!only.test(name))
    continue;
  let mount;
  await test(`${name}: starts`, async () => { mount = await mounted(); });
  if (mount)
    await everything(mount);
  for (const server of mount?.servers ?? [])
    await stop(server.child);
  await stop(mount?.worker?.child);
}

async function pool() {
  const dir = runDir('pool');
  const server = await lighttpdFcgi(
    { dir, bin, workers: 4, env: environment(dir) });
  await test('pool: four streams run at one time', async () => {
    const body = promptRun({ model: 'mock-delay-100-chunks-8' });
    const send = () => call(server.base, { body, headers: signed(body) });
    const began = Date.now();
    const replies = await Promise.all([send(), send(), send(), send()]);
    const took = Date.now() - began;
    for (const reply of replies)
      assert.equal(reply.values.at(-1)?.type, 'done', reply.body);
    assert.ok(took < 2500, `${took} ms for four streams of 1 s`);
  });
  await stop(server.child);
}

// Started by a web server with no configuration, or a wrong one, the program
// answers instead of ending before a head.
async function unconfigured() {
  const dir = runDir('unconfigured');
  const wrong = path.join(dir, 'wrong.yaml');
  fs.writeFileSync(wrong, 'webhook:\n  sekret: x\n', { mode: 0o600 });
  const cases = {
    'no configuration': {},
    'a missing file': { AGENTMARK_FCGI_CONFIG: path.join(dir, 'none.yaml') },
    'an unknown key': { AGENTMARK_FCGI_CONFIG: wrong },
    'the empty secret': { AGENTMARK_WEBHOOK_SECRET: '' },
    'the word DEFAULT': { AGENTMARK_WEBHOOK_SECRET: 'DEFAULT' },
  };
  const body = '{"type":"get-evals"}';
  const request = { body, headers: signed(body) };
  const check = reply => {
    refusal(reply, 503);
    assert.match(reply.json.message, /^not configured: \S+$/);
  };
  for (const [name, env] of Object.entries(cases)) {
    await test(`CGI with ${name}: 503`, async () =>
      check(await callCgi(bin, env, request)));
    await test(`FastCGI with ${name}: 503, every time`, async () => {
      const worker = await spawnFcgi({ bin, dir, env });
      check(await callFcgi(worker.socket, request));
      check(await callFcgi(worker.socket, { ...request, method: 'GET' }));
      check(await callFcgi(worker.socket, request));
      await stop(worker.child);
    });
  }
}

async function requestParameters() {
  await test('SetEnv parameters count, HTTP_* never', async () => {
    const dir = runDir('params');
    const file = writeConfiguration(dir, { mock: mock.base });
    const worker = await spawnFcgi({ bin, dir, env: {} });
    const body = '{"type":"get-evals"}';
    const send = vars =>
      callFcgi(worker.socket, { body, headers: signed(body), vars });
    const header = await send({ HTTP_AGENTMARK_FCGI_CONFIG: file });
    assert.equal(header.status, 503, header.body);
    const given = await send({ AGENTMARK_FCGI_CONFIG: file });
    assert.equal(given.status, 200, given.body);
    await stop(worker.child);
  });
}

if (only.test('others')) {
  await pool();
  await unconfigured();
  await requestParameters();
  await test('the sanitizers are silent', async () => {
    await until(() => false, 200);
    const reports = fs.readdirSync(logs).map(file =>
      fs.readFileSync(path.join(logs, file), 'utf8').slice(0, 3000));
    assert.deepEqual(reports, []);
  });
}
await finish();
