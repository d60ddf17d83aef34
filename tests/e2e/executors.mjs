// SDKs as executors: the programs of deploy/executors as tests/executors has
// put them next to their packages, tried by the conformance check, by what they
// ask of the provider, and behind the program; the driver of Mastra's servers
// with a real one, and that of the program `claude` with a stand-in.
//   node executors.mjs DIRECTORY NODE [REGEX]
import fs from 'node:fs';
import path from 'node:path';
import { cleanEnv, freePort, root, runDir, start, stop, until }
  from '../lib/proc.mjs';
import { assert, finish, test } from '../lib/tap.mjs';
import { claudeDriver } from './executor_claude.mjs';
import { conformance } from './executor_conformance.mjs';
import { mastraServer } from './executor_mastra.mjs';
import { behindProgram } from './executor_program.mjs';
import { requests } from './executor_requests.mjs';

const [dir, node, pattern = '.'] = process.argv.slice(2);
const only = new RegExp(pattern);

const port = await freePort();
const mock = `http://127.0.0.1:${port}`;
start(process.execPath, [path.join(root, 'tests/tools/mock-provider.mjs'), '--port',
  String(port)], { env: cleanEnv() });
await until(() => fetch(`${mock}/__health`).then(r => r.ok, () => false));

const logs = runDir('sanitizers');
const watched = {
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:log_path=${logs}/report`,
  UBSAN_OPTIONS: `log_path=${logs}/report`,
};

const env = {
  OPENAI_BASE_URL: `${mock}/v1`, OPENAI_API_KEY: 'test-key',
  ANTHROPIC_BASE_URL: `${mock}/anthropic/v1`, ANTHROPIC_API_KEY: 'test-key',
  CLAUDE_EXECUTABLE: path.join(root, 'tests/tools/claude-stand-in.mjs'),
};

// What each can do, and the mock's models that show it.  Version 4 of AI SDK
// asks for objects by a tool, which is what the mock's `tool-1` calls.
const openai = {
  text: 'openai/hello', tool: 'openai/tool-1', bad: 'openai/401',
  slow: 'openai/delay-500', image: 'openai/image', speech: 'openai/speech',
};
const sdks = [
  { name: 'ai-sdk-v5', node: process.execPath, vendor: 'openai',
    models: { ...openai, object: 'openai/hello' } },
  { name: 'ai-sdk-v4', node: process.execPath, vendor: 'openai',
    models: { ...openai, object: 'openai/tool-1' } },
  { name: 'mastra', node, vendor: 'openai',
    models: { ...openai, object: 'openai/hello',
      image: undefined, speech: undefined } },
  { name: 'claude-agent-sdk', node: process.execPath, vendor: 'claude',
    models: { text: 'claude/hello', object: 'claude/hello',
      tool: 'claude/tool', bad: 'claude/401', slow: 'claude/slow' } },
].filter(sdk => only.test(sdk.name)).map(sdk => ({
  ...sdk, env, mock, watched, dir: path.join(dir, sdk.name),
  command: [sdk.node, path.join(dir, sdk.name, `${sdk.name}.mjs`)],
}));

for (const sdk of sdks) {
  await conformance(sdk);
  await requests(sdk);
  await behindProgram(sdk);
}

if (only.test('claude-agent'))
  await claudeDriver({ mock, watched });
if (only.test('mastra server')) {
  const at = await freePort();
  const server = start(node, [path.join(dir, 'mastra/mastra-server.mjs')],
    { env: cleanEnv({ ...env, PORT: String(at) }) });
  await test('a Mastra server starts', async () => {
    await until(() => server.ended || server.out.includes('serving'), 60000);
    if (!server.out.includes('serving'))
      throw new Error(server.err);
  });
  await mastraServer({ mock, watched, base: `http://127.0.0.1:${at}` });
  await stop(server);
}
await test('the sanitizers are silent', () => {
  const reports = fs.readdirSync(logs).map(file =>
    fs.readFileSync(path.join(logs, file), 'utf8').slice(0, 3000));
  assert.deepEqual(reports, []);
});
await finish();
