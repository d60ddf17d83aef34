// MCP servers as they are published, over each transport: their lists of tools,
// and prompts whose model calls them.
//   node mcp.mjs DIRECTORY-OF-THE-SERVERS
import fs from 'node:fs';
import path from 'node:path';
import { callCgi, callFcgi } from '../lib/gateway.mjs';
import { cleanEnv, freePort, program, runDir, start, stop, until }
  from '../lib/proc.mjs';
import { mockProvider, spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const bin = process.argv[2];
const exe = program();
const home = runDir('mcp');
const files = path.join(home, 'files');
const preload = ['loopback', 'listen_loopback'].flatMap(name => ['--require',
  new URL(`../lib/${name}.cjs`, import.meta.url).pathname]);
const server = (name, ...args) => [process.execPath, ...preload,
  fs.realpathSync(path.join(bin, `mcp-server-${name}`)), ...args];

fs.mkdirSync(files);
// What the mock model makes of the schema of paths.
for (const name of ['sample paths1', 'sample paths2'])
  fs.writeFileSync(path.join(files, name), 'the text of the file');

async function listening(transport, where) {
  const port = await freePort();
  const [command, ...args] = server('everything', transport);
  const child = start(command, args,
    { env: cleanEnv({ PORT: String(port) }), cwd: home });
  await until(() => child.ended || /port/.test(child.err), 20000);
  assert.ok(!child.ended, child.err);
  return { child, port, url: `http://127.0.0.1:${port}/${where}` };
}

const mock = await mockProvider();
const streamable = await listening('streamableHttp', 'mcp');
const sse = await listening('sse', 'sse');

// JSON is YAML.
const configuration = mcp => JSON.stringify({
  webhook: { signature: 'off' },
  providers: { chat: { base_url: `${mock.base}/v1` } },
  models: [{ match: '^mock-', provider: 'chat' }],
  mcp, experiments: { at_once: 0 }, store: 'none',
});

function configure(name, mcp) {
  const file = path.join(home, `${name}.yaml`);
  fs.writeFileSync(file, configuration(mcp));
  return file;
}

const all = {
  everything: { exec: server('everything', 'stdio') },
  fs: { exec: server('filesystem', files), dir: files },
  http: { url: streamable.url },
  old: { url: sse.url },
  chosen: { url: sse.url, transport: 'sse' },
};
const file = configure('all', all);

async function tools(configured) {
  const child = start(exe, ['--config', configured, 'tools']);
  const { code } = await child.exited;
  return {
    code, err: child.err,
    names: child.out.split('\n').filter(line => line.startsWith('mcp://')),
  };
}

const namesOf = (list, name) => list.names
  .filter(uri => uri.startsWith(`mcp://${name}/`))
  .map(uri => uri.slice(`mcp://${name}/`.length));

await test('tools of all servers are listed', async () => {
  const list = await tools(file);
  assert.equal(list.code, 0, list.err);
  const names = namesOf(list, 'everything');
  assert.ok(names.includes('echo') && names.includes('get-sum'), names.join());
  for (const name of ['http', 'old', 'chosen'])
    assert.deepEqual(namesOf(list, name), names, name);
  assert.ok(namesOf(list, 'fs').includes('read_text_file'));
});

await test('a server that is not there is told', async () => {
  const list = await tools(configure('gone', {
    ...all, gone: { exec: [process.execPath, '/no/such/server.js'] },
    dead: { url: 'http://127.0.0.1:1/mcp' },
    loud: { exec: ['sh', '-c', 'printf "a\\033[2Jboom\\n" >&2; exit 1'] },
  }));
  assert.equal(list.code, 1);
  assert.match(list.err, /server loud ended with status 1: a\ufffd\[2Jboom/);
  assert.match(list.err, /server gone ended with status 1: Error: Cannot find/);
  assert.match(list.err, /server dead cannot be reached/);
  assert.ok(namesOf(list, 'fs').length > 0);
});

// --- prompts

const says = (name, value) => ({
  type: 'mdxJsxFlowElement', name, attributes: [],
  children: [{ type: 'paragraph', children: [{ type: 'text', value }] }],
});

function body({ model = 'mock-tool', uses, stream = false }) {
  const config = { model_name: model, tools: uses, max_calls: 3 };
  return JSON.stringify({
    type: 'prompt-run',
    data: {
      ast: {
        type: 'root', children: [
          { type: 'yaml',
            value: `name: mcp\ntext_config: ${JSON.stringify(config)}` },
          says('User', 'Use your tool'),
        ],
      },
      options: { shouldStream: stream },
    },
  });
}

const headers = { 'content-type': 'application/json' };
const env = { AGENTMARK_FCGI_CONFIG: file };
const cgi = o => callCgi(exe, env, { headers, body: body(o) });

// What the mock model answers tells what the tool gave.
async function expectAnswer(ask, o, expected) {
  const reply = await ask(o);
  assert.equal(reply.status, 200, reply.body + (reply.stderr ?? ''));
  assert.match(reply.body, expected);
  if (reply.exit)
    assert.equal(reply.exit.code, 0, reply.stderr);
}

for (const name of ['everything', 'http', 'old'])
  await test(`a prompt calls echo of ${name}`, () => expectAnswer(cgi,
    { uses: [`mcp://${name}/echo`] }, /Tool said: Echo: sample message/));

await test('a stream tells of the call and its result', async () => {
  const reply = await cgi({ uses: ['mcp://http/echo'], stream: true });
  const lines = reply.body.split('\n').filter(Boolean).map(JSON.parse);
  const call = lines.find(line => line.toolCall)?.toolCall;
  const result = lines.find(line => line.toolResult)?.toolResult;
  assert.equal(call?.toolName, 'echo', reply.body);
  assert.equal(result?.result, 'Echo: sample message', reply.body);
});

// Processes that were started for the directory of this run.
const servers = () => fs.readdirSync('/proc')
  .filter(name => /^\d+$/.test(name)).filter(name => {
    try {
      return fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(files);
    } catch {
      return false;
    }
  });

await test('a prompt reads a file, and the server ends with it', async () => {
  await expectAnswer(cgi, { uses: ['mcp://fs/read_multiple_files'] },
    /Tool said: .*the text of the file/);
  assert.ok(await until(() => !servers().length, 3000));
});

await test('all tools of a server can be named', async () => {
  await mock.reset();
  await expectAnswer(cgi, { uses: ['mcp://everything/*'] }, /Tool said: /);
  const { requests } = await mock.log();
  const sent = requests[0].body.tools.map(tool => tool.function.name);
  assert.ok(sent.includes('echo') && sent.includes('get-sum'), sent.join());
});

await test('a server or tool that is not there fails the prompt', async () => {
  for (const uses of ['mcp://nowhere/echo', 'mcp://everything/nothing',
    'mcp://everything']) {
    const reply = await cgi({ uses: [uses] });
    assert.equal(reply.status, 500, reply.body);
    assert.match(reply.body, /nowhere|nothing|everything/);
  }
});

// [state, parent] of a process.
function statOf(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return ['X'];
  }
}

const childrenOf = pid => fs.readdirSync('/proc')
  .filter(name => /^\d+$/.test(name) && Number(statOf(name)[1]) === pid);

await test('a worker keeps its servers, and outlives them', async () => {
  const worker = await spawnFcgi({ bin: exe, dir: home, env });
  const ask = o => callFcgi(worker.socket, { headers, body: body(o) });
  const echo = { uses: ['mcp://everything/echo'] };
  const said = /Tool said: Echo: sample message/;
  await expectAnswer(ask, echo, said);
  const first = childrenOf(worker.pid);
  assert.equal(first.length, 1);
  await expectAnswer(ask, echo, said);
  assert.deepEqual(childrenOf(worker.pid), first);
  process.kill(Number(first[0]), 'SIGKILL');
  // The worker has seen its end when it has reaped it.
  await until(() => !fs.existsSync(`/proc/${first[0]}`));
  await expectAnswer(ask, echo, said);
  assert.notDeepEqual(childrenOf(worker.pid), first);
  const last = childrenOf(worker.pid);
  await stop(worker.child);
  assert.ok(await until(() =>
    last.every(pid => !fs.existsSync(`/proc/${pid}`)), 5000));
});

await test('a session over HTTP is begun anew when it is lost', async () => {
  const worker = await spawnFcgi({ bin: exe, dir: home, env });
  const ask = () => callFcgi(worker.socket,
    { headers, body: body({ uses: ['mcp://http/echo'] }) });
  const said = /Tool said: Echo: sample message/;
  await expectAnswer(ask, {}, said);
  await stop(streamable.child);
  const [command, ...args] = server('everything', 'streamableHttp');
  streamable.child = start(command, args,
    { env: cleanEnv({ PORT: String(streamable.port) }), cwd: home });
  await until(() => /port/.test(streamable.child.err), 20000);
  await expectAnswer(ask, {}, said);
  await stop(worker.child);
});

await finish();
