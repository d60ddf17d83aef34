// Many mixed requests to one process leave its memory where it was after the
// first tenth:  soak.mjs [REQUESTS, default 10000]
import fs from 'node:fs';
import { callFcgi } from '../lib/gateway.mjs';
import { root, runDir, stop } from '../lib/proc.mjs';
import { writeConfiguration } from '../lib/prompts.mjs';
import { mockProvider, spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';
import { mix } from './mix.mjs';

// A sanitizer keeps what was freed, so its process grows: the soak looks at the
// program as it is installed.
const bin = process.env.AGENTMARK_FCGI ?? `${root}/build/agentmark-fcgi`;
const requests = Number(process.argv[2] ?? 10000);
const settled = Math.max(mix.length * 4, requests / 10);
const ALLOWED_GROWTH = 1.03;

const memory = pid =>
  Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`))[1]);
const descriptors = pid => fs.readdirSync(`/proc/${pid}/fd`).length;

const dir = runDir('soak');
const mock = await mockProvider(true);
const worker = await spawnFcgi({
  bin, dir,
  env: { AGENTMARK_FCGI_CONFIG: writeConfiguration(dir, { mock: mock.base }) },
});
const wrong = new Map();
let early;

for (let i = 0; i < requests && !worker.child.ended; i++) {
  const { name, request, check } = mix[i % mix.length];
  const reply = await callFcgi(worker.socket, request);
  const problem = check ? check(reply)
    : reply.status ? undefined : 'no answer';
  if (problem)
    wrong.set(name, `${problem}: ${reply.body.slice(0, 200)}`);
  if (i + 1 >= settled && !early)
    early = { rss: memory(worker.pid), fds: descriptors(worker.pid) };
}

await test(`${requests} mixed requests are answered by one process`, () => {
  assert.equal(worker.child.ended, false, 'the process has ended');
  assert.deepEqual(Object.fromEntries(wrong), {});
});
await test('its memory is where it was', () => {
  const late = memory(worker.pid);
  console.log(`# ${early.rss} kB after ${settled}, ${late} kB at the end`);
  assert.ok(late <= early.rss * ALLOWED_GROWTH,
    `${early.rss} kB, then ${late} kB`);
});
await test('so are its descriptors', () => {
  assert.ok(descriptors(worker.pid) <= early.fds + 2,
    `${early.fds}, then ${descriptors(worker.pid)}`);
});
await test('no call is left over', async () =>
  assert.equal(await mock.inflight(), 0));
await stop(worker.child);
await finish();
