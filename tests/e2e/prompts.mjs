// Prompts by their names and from files: what the endpoint finds below its
// folder and in AgentMark's API, the clients in deploy/clients, and the
// commands render, parse and run.
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { SECRET, call, signature, signed } from '../lib/http.mjs';
import { cleanEnv, freePort, program, root, runDir, start } from
  '../lib/proc.mjs';
import { lighttpdFcgi, mockProvider } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const equal = assert.deepEqual;

const dir = runDir('prompts');
const bin = program();
const mock = await mockProvider();
const write = (name, text) => {
  const file = path.join(dir, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
};

const source = ({ model = 'echo/any', kind = 'text', more = '', body }) =>
  `---
name: p
${kind}_config:
  model_name: ${model}
${more}test_settings:
  props: {name: Ann}
  dataset: rows.jsonl
---
${body}
`;
const greeting = source({ body: `import Sign from './parts/sign.mdx'

<User>
  Hello {props.name}

  <Sign />
</User>` });
const schema = `  schema:
    type: object
    properties: {title: {type: string}}
`;

write('project/agentmark.json', '{}');
write('project/agentmark/greeting.prompt.mdx', greeting);
write('project/agentmark/parts/sign.mdx', 'bye {props.name}\n');
write('project/agentmark/broken.prompt.mdx',
  source({ body: '<User>\n  {props.}\n</User>' }));
write('project/agentmark/object.prompt.mdx', source({
  model: 'mock-object', kind: 'object', more: schema,
  body: '<User>\n  one\n</User>',
}));
write('project/agentmark/late.prompt.mdx', source({
  model: 'mock-errchunk', body: '<User>\n  one\n</User>',
}));
write('project/agentmark/image.prompt.mdx', source({
  model: 'dall-e-mock', kind: 'image', more: '  num_images: 2\n',
  body: '<ImagePrompt>\n  a cat\n</ImagePrompt>',
}));
write('project/agentmark/speech.prompt.mdx', source({
  model: 'tts-1', kind: 'speech', more: '  output_format: wav\n',
  body: '<SpeechPrompt>\n  hello\n</SpeechPrompt>',
}));
write('project/secret.prompt.mdx', greeting);
fs.symlinkSync('../secret.prompt.mdx',
  path.join(dir, 'project/agentmark/link.prompt.mdx'));
write('datasets/rows.jsonl', '{"input":{"name":"Row"}}\n');

// AgentMark's API, as far as it keeps prompts.
const asked = [];
const tree = {
  type: 'root',
  children: [
    { type: 'yaml', value: 'name: a\ntext_config: {model_name: echo/any}' },
    { type: 'mdxJsxFlowElement', name: 'User', attributes: [],
      children: [{ type: 'paragraph',
        children: [{ type: 'text', value: 'from the API' }] }] },
  ],
};
const api = http.createServer((request, reply) => {
  asked.push({ url: request.url, headers: request.headers });
  const found = request.url.includes('kept.prompt.mdx');
  reply.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
  reply.end(JSON.stringify(
    found ? { data: tree } : { error: { message: 'no such prompt' } }));
});
await new Promise(done => api.listen(0, '127.0.0.1', done));

const config = write('agentmark-fcgi.yaml', `webhook: {secret: ${SECRET}}
prompts: {root: project/agentmark, api: auto}
agentmark: {base_url: "http://127.0.0.1:${api.address().port}",
  api_key: key, app_id: app}
datasets: {root: datasets, api: false}
providers:
  openai: {driver: chat, base_url: "${mock.base}/v1", api_key: k}
models: [{match: "^mock", provider: openai}]
`);
fs.chmodSync(config, 0o600);
const env = { AGENTMARK_FCGI_CONFIG: config };
const server = await lighttpdFcgi({ dir, bin, env, workers: 2 });

const run = (promptPath, more = {}, type = 'prompt-run') => {
  const body = JSON.stringify({ type, data: {
    promptPath, options: { shouldStream: false }, ...more } });
  return call(server.base, { body, headers: signed(body) });
};

// --- by name

await test('a prompt by its name', async () => {
  for (const name of ['greeting.prompt.mdx', 'greeting.prompt', 'greeting',
    './greeting.prompt.mdx', '/greeting.prompt.mdx']) {
    const reply = await run(name, { customProps: { name: 'Bob' } });
    equal(reply.status, 200, reply.body);
    equal(reply.json.result, 'Hello Bob\n\nbye Bob');
  }
});

await test('test props where none are sent', async () => {
  const reply = await run('greeting');
  equal(reply.json.result, 'Hello Ann\n\nbye Ann');
});

await test('a change of a part is seen at once', async () => {
  write('project/agentmark/parts/sign.mdx', 'good night {props.name}\n');
  for (let i = 0; i < 4; i++)
    equal((await run('greeting')).json.result,
      'Hello Ann\n\ngood night Ann');
});

await test('an experiment by its name', async () => {
  const reply = await run('greeting', { experimentId: 'e' }, 'dataset-run');
  equal(reply.status, 200, reply.body);
  equal(reply.values[0].result.actualOutput,
    'Hello Row\n\ngood night Row');
});

await test('a broken source is told with its place', async () => {
  const reply = await run('broken');
  equal(reply.status, 500);
  assert(/^broken\.prompt\.mdx:10:/.test(reply.json.message),
    reply.json.message);
});

await test('nothing outside of the folder is read', async () => {
  for (const name of ['../secret.prompt.mdx', 'x/../../secret.prompt.mdx',
    'link.prompt.mdx', '', '..', '.', 'parts', 'a\0b']) {
    const reply = await run(name);
    assert([400, 500].includes(reply.status), `${name}: ${reply.body}`);
    assert(!reply.body.includes('Hello'), reply.body);
  }
});

await test('a tree that is sent goes before the name', async () => {
  const reply = await run('greeting', { ast: tree });
  equal(reply.json.result, 'from the API');
});

await test('what is not in the folder is asked of the API', async () => {
  const reply = await run('far/kept.prompt.mdx');
  equal(reply.status, 200, reply.body);
  equal(reply.json.result, 'from the API');
  const last = asked.at(-1);
  equal(last.url, '/v1/templates?path=far%2Fkept.prompt.mdx');
  equal(last.headers.authorization, 'key');
  equal(last.headers['x-agentmark-app-id'], 'app');
});

await test('what nobody has is a 400 that says so', async () => {
  const reply = await run('nothing');
  equal(reply.status, 400);
  assert(reply.json.message.includes('nothing') &&
    reply.json.message.includes('no such prompt') &&
    reply.json.message.includes('NAME.prompt.mdx'), reply.json.message);
});

await test('an API that is down is told', async () => {
  const closed = new Promise(done => api.close(done));
  api.closeAllConnections();
  await closed;
  const reply = await run('far/kept.prompt.mdx');
  equal(reply.status, 500);
  assert(reply.json.message.startsWith("AgentMark's API did not"),
    reply.json.message);
});

// --- clients

const clients = {
  sh: 'sh', py: 'python3', mjs: process.execPath, php: 'php', pl: 'perl',
};
for (const [end, command] of Object.entries(clients)) {
  const file = path.join(root, `deploy/clients/client.${end}`);
  const client = (args, url = server.base) => start(command, [file, ...args], {
    env: cleanEnv({ AGENTMARK_URL: url, AGENTMARK_WEBHOOK_SECRET: SECRET,
      HOME: dir }),
  });
  await test(`client.${end}`, async () => {
    const child = client(['greeting', '{"name":"Zoé \\"世\\""}']);
    const { code } = await child.exited;
    equal(code, 0, child.err);
    const said = end === 'sh' ? JSON.parse(child.out).result : child.out;
    equal(said.trim(), 'Hello Zoé "世"\n\ngood night Zoé "世"');
  });
  await test(`client.${end} fails where the endpoint does`, async () => {
    const child = client(['broken']);
    const { code } = await child.exited;
    assert(code !== 0, child.out);
  });
}

// --- commands

async function command(...args) {
  const cwd = fs.mkdtempSync(path.join(dir, 'cwd-'));
  const child = start(bin, args,
    { env: cleanEnv({ ...env, HOME: dir }), cwd });
  const { code } = await child.exited;
  return { code, out: child.out, err: child.err, cwd };
}
const file = name => path.join(dir, 'project/agentmark', name);

await test('parse prints the tree with its parts', async () => {
  const { code, out } = await command('parse', file('greeting.prompt.mdx'));
  equal(code, 0, out);
  const user = JSON.parse(out).children.find(x => x.name === 'User');
  equal(JSON.stringify(user).match(/props\.name/g).length, 2);
});

await test('parse shows the line that offends', async () => {
  const { code, out } = await command('parse', file('broken.prompt.mdx'));
  equal(code, 1);
  assert(/:10:\d+: .*\n +\{props\.\}/.test(JSON.parse(out).error), out);
});

await test('what parse prints renders as the source does', async () => {
  const parsed = await command('parse', file('greeting.prompt.mdx'));
  const json = write('greeting.json', parsed.out);
  const a = await command('render', file('greeting.prompt.mdx'));
  const b = await command('render', json);
  equal(a.code, 0, a.out);
  equal(a.out, b.out);
});

const props = write('props.json', '{"name":"Eve"}');
await test('run shows the text', async () => {
  const { code, out, err } = await command('run',
    file('greeting.prompt.mdx'), '--props', props);
  equal(code, 0, err);
  equal(out, 'Hello Eve\n\ngood night Eve\n');
  assert(/^tokens: \d+ in, \d+ out; finish reason: stop$/m.test(err), err);
});

await test('run --url posts it, signed', async () => {
  for (const more of [[], ['--no-stream'], ['--secret', SECRET]]) {
    const { code, out, err } = await command('run',
      file('greeting.prompt.mdx'), '--url', server.base, ...more);
    equal(code, 0, err);
    equal(out, 'Hello Ann\n\ngood night Ann\n');
  }
  const { code, err } = await command('run', file('greeting.prompt.mdx'),
    '--url', server.base, '--secret', 'wrong');
  equal(code, 1);
  assert(err.includes('signature'), err);
});

await test('run --url tells why there is no secret', async () => {
  const { code, err } = await command('--config', '/nowhere/am.yaml', 'run',
    file('greeting.prompt.mdx'), '--url', server.base);
  equal(code, 1);
  assert(err.includes('/nowhere/am.yaml: No such file'), err);
});

await test('run needs no secret, but all the rest', async () => {
  const wrong = write('wrong.yaml', 'webhook: {secret: DEFAULT}\n' +
    'providers: {foo: {driver: none}}\n');
  const prompt = write('foo.json', JSON.stringify({ type: 'root', children: [
    { type: 'yaml', value: 'name: x\ntext_config:\n  model_name: foo/x' },
  ] }));
  const { code, err } = await command('--config', wrong, 'run', prompt);
  equal(code, 1);
  assert(err.startsWith(`agentmark-fcgi: ${wrong}:2: providers.foo.driver: ` +
    'there is no none'), err);
});

await test('run indents objects', async () => {
  for (const more of [[], ['--no-stream'], ['--url', server.base]]) {
    const { code, out, err } = await command('run',
      file('object.prompt.mdx'), ...more);
    equal(code, 0, err);
    equal(out, `${JSON.stringify(JSON.parse(out), null, 2)}\n`);
  }
});

await test('run writes images and speech to files', async () => {
  for (const more of [[], ['--url', server.base]]) {
    const image = await command('run', file('image.prompt.mdx'), ...more);
    equal(image.code, 0, image.err);
    const names = image.out.trim().split('\n');
    equal(names, ['./image-1.png', './image-2.png']);
    const bytes = fs.readFileSync(path.join(image.cwd, names[0]));
    equal(bytes.subarray(1, 4).toString(), 'PNG');
    const speech = await command('run', file('speech.prompt.mdx'), ...more);
    equal(speech.code, 0, speech.err);
    equal(speech.out, './speech-1.wav\n');
  }
});

await test('run fails for an error in the middle of a stream', async () => {
  for (const more of [[], ['--url', server.base]]) {
    const { code, err } = await command('run', file('late.prompt.mdx'),
      ...more);
    equal(code, 1);
    assert(err.includes('agentmark-fcgi: '), err);
  }
});

await test('run --url tells of a page that is not the program\'s', async () => {
  const page = http.createServer((request, response) => {
    response.writeHead(502, { 'content-type': 'text/html' });
    response.end('<html><h1>Bad Gateway</h1></html>');
  }).listen(0, '127.0.0.1');
  await once(page, 'listening');
  const { code, err } = await command('run', file('greeting.prompt.mdx'),
    '--url', `http://127.0.0.1:${page.address().port}`);
  page.close();
  equal(code, 1);
  equal(err, 'agentmark-fcgi: 502, not from this program; ' +
    '`agentmark-fcgi check --url` says more\n');
});

await test('run fails where nobody answers', async () => {
  const port = await freePort();
  const { code, err } = await command('run', file('greeting.prompt.mdx'),
    '--url', `http://127.0.0.1:${port}`);
  equal(code, 1);
  assert(err.includes('agentmark-fcgi: '), err);
});

await finish();
