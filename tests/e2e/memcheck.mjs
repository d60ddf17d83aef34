// The program under valgrind answers everything of the mixture without an
// error of memory and without a leak.
import fs from 'node:fs';
import path from 'node:path';
import { callFcgi } from '../lib/gateway.mjs';
import { root, runDir, sleep, stop } from '../lib/proc.mjs';
import { writeConfiguration } from '../lib/prompts.mjs';
import { mockProvider, spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';
import { mix } from './mix.mjs';

const bin = process.env.AGENTMARK_FCGI ?? `${root}/build/agentmark-fcgi`;
const dir = runDir('memcheck');
const log = path.join(dir, 'valgrind.log');
const mock = await mockProvider(true);
const worker = await spawnFcgi({
  bin: '/usr/bin/valgrind', dir,
  args: ['-q', '--error-exitcode=99', '--leak-check=full',
    '--errors-for-leak-kinds=definite,indirect', `--log-file=${log}`, bin],
  env: { AGENTMARK_FCGI_CONFIG: writeConfiguration(dir, { mock: mock.base }) },
});

for (const { name, request, check } of mix)
  await test(`valgrind: ${name}`, async () => {
    const reply = await callFcgi(worker.socket, { ...request, timeout: 60000 });
    assert.equal(check?.(reply), undefined, reply.body.slice(0, 500));
  });
await test('valgrind has found nothing', async () => {
  process.kill(worker.pid, 'SIGTERM');
  const end = await Promise.race([worker.child.exited, sleep(20000)]);
  // Remarks on itself, such as that it does not know openat2(2), are --PID--.
  const found = fs.readFileSync(log, 'utf8').replace(/^--\d+-- .*\n/gm, '');
  assert.equal(found.slice(0, 4000), '');
  assert.deepEqual(end, { code: 0, signal: null });
});
await stop(worker.child);
await finish();
