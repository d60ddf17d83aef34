// deploy/quickstart as a stranger runs it: one answer and its end; and a folder
// of prompts that AgentMark's CLI finds, which pages of a browser cannot use.
import fs from 'node:fs';
import path from 'node:path';
import { call } from '../lib/http.mjs';
import { cleanEnv, root, runDir, start, stop, until } from '../lib/proc.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const script = path.join(root, 'deploy/quickstart');
const BUILD_MS = 600000;
const env = cleanEnv({ HOME: process.env.HOME ?? '/' });
const run = args => start(script, args, { env });

await test('--once streams an answer and ends', async () => {
  const child = run(['--once']);
  assert.equal((await child.exited).code, 0, child.err);
  assert.match(child.out, /"type":"text"[^]*"type":"done"/);
});

await test('a wrong use says how', async () => {
  for (const args of [['--twice'], ['--once', 'x'], ['--dev', 'a', 'b']]) {
    const child = run(args);
    assert.equal((await child.exited).code, 2, args.join(' '));
  }
});

const folder = runDir('quickstart');
fs.copyFileSync(path.join(root, 'deploy/examples/hello.prompt.mdx'),
  path.join(folder, 'mine.prompt.mdx'));
const dev = run(['--dev', folder]);
await until(() => dev.ended || dev.out.includes('listening'), BUILD_MS);

const post = (data, headers) => call('http://127.0.0.1:9417/', {
  body: JSON.stringify({ type: 'prompt-run', data }),
  headers: { 'content-type': 'application/json', ...headers },
});
const mine = { promptPath: 'mine.prompt.mdx', options: { shouldStream: true } };

await test('--dev answers a prompt of the folder, unsigned', async () => {
  const reply = await post(mine);
  assert.equal(reply.status, 200, dev.err);
  assert.match(reply.body, /"type":"done"/);
});

await test('--dev knows the folder alone', async () => {
  const reply = await post({ ...mine, promptPath: '../other.prompt.mdx' });
  assert.ok(reply.status >= 400, String(reply.status));
});

await test('--dev refuses what a page could send', async () => {
  const strange = {
    403: [{ origin: 'https://example.org' }, { host: 'example.org' }],
    415: [{ 'content-type': 'text/plain' }],
  };
  for (const [status, all] of Object.entries(strange))
    for (const headers of all)
      assert.equal((await post(mine, headers)).status, Number(status));
});

await test('--dev leaves nothing behind', async () => {
  const log = dev.out.match(/The log is (.*)\.$/m)[1];
  assert.ok(fs.existsSync(log));
  await stop(dev);
  await until(() => !fs.existsSync(path.dirname(log)));
});

await finish();
