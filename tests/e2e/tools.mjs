// Tools end to end under a real web server: commands, one a call or as workers,
// and URLs.  Whatever they do is a result that the model and the client see
// alike, within the time limit, and leaves no process behind.
//   node tools.mjs [REGEX]      only the parts whose name matches
import fs from 'node:fs';
import path from 'node:path';
import { childrenOf, datasetRun, errorsOf, rowPrompt, rowsOf, serve }
  from '../lib/experiments.mjs';
import { SECRET, signature, SIGNATURE } from '../lib/http.mjs';
import { runDir, until } from '../lib/proc.mjs';
import { ast } from '../lib/prompts.mjs';
import { listen } from '../lib/provider.mjs';
import { assert, finish, test } from '../lib/tap.mjs';
import { modelThatCalls, plan } from './tools_model.mjs';

const only = new RegExp(process.argv[2] ?? '.');
const logs = runDir('sanitizers');
fs.chmodSync(logs, 0o777);
const sanitizers = {
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:log_path=${logs}/report`,
  UBSAN_OPTIONS: `log_path=${logs}/report`,
};
const model = await modelThatCalls();

function promptRun({ steps, tools, max_calls, stream = false }) {
  const tree = ast({ model: 'test', user: plan(steps) });
  const config = { model_name: 'test', tools, max_calls };
  tree.children[0].value = `name: tools\ntext_config: ${
    JSON.stringify(config)}`;
  return JSON.stringify({
    type: 'prompt-run',
    data: { ast: tree, options: { shouldStream: stream } },
  });
}

// TOOLS are those of the configuration, SCRIPTS the commands beside it.
async function served(name, { tools, scripts = {}, ...more }, body) {
  if (!only.test(name))
    return;
  await test(name, async () => {
    const { configuration, env, ...rest } = more;
    const server = await serve({
      provider: `${model.base}/v1`, front: 'lighttpd', evals: scripts,
      configuration: { tools, ...configuration },
      env: { ...sanitizers, ...env }, ...rest,
    });
    model.calls.length = 0;
    try {
      await body(server);
    } finally {
      await server.close();
    }
  });
}

const ask = (server, o, more) => server.send(promptRun(o), more);

async function quiet(server, allowed = 0) {
  const rest = () => childrenOf(server.pid)
    .filter(child => child.state === 'Z' || !allowed);
  await until(() => !rest().length, 5000);
  assert.deepEqual(rest(), []);
}

const perCall = script => `#!/bin/sh\nread -r line\n${script}\n`;
const asWorker = script =>
  `#!/bin/sh\nwhile read -r line; do\n${script}\ndone\n`;

// --- what tools do

const SLOW = perCall('sleep 0.5; echo \'"slept"\'');
await served('two tools of half a second take half a second', {
  tools: { slow: { exec: ['./slow'] } }, scripts: { slow: SLOW },
}, async server => {
  const reply = await ask(server,
    { steps: [[['slow', {}], ['slow', {}]]], tools: ['slow'], max_calls: 2 });
  assert.equal(reply.status, 200, reply.body);
  assert.deepEqual(reply.json.toolResults.map(r => r.result),
    ['slept', 'slept']);
  const took = model.calls[1].came - model.calls[0].ended;
  assert.ok(took >= 480 && took < 950, `${took} ms`);
});

// {script, says}: what the command does once it has read a line, and the text
// that the model and the client get.
const wrong = {
  hang: { script: 'sleep 1000', says: /^the tool timed out after 1000 ms$/ },
  crash: { script: 'kill -SEGV $$', says: /died of signal 11/ },
  leave: {
    script: 'echo "no such city" >&2; exit 3',
    says: /^the command ended with status 3: no such city$/,
  },
  flood: { script: 'yes', says: /^the tool's answer is not JSON: y$/ },
  endless: { script: 'cat /dev/zero', says: /^the command wrote too much$/ },
  errors: { script: 'yes >&2', says: /wrote too much|timed out/ },
  garbage: { script: 'echo "<html>"', says: /is not JSON: <html>$/ },
  refuses: { script: `echo '{"error":"closed"}'`, says: /^closed$/ },
};
for (const workers of [0, 1]) {
  const make = workers ? asWorker : perCall;
  const scripts = Object.fromEntries(
    Object.entries(wrong).map(([name, o]) => [name, make(o.script)]));
  const tools = Object.fromEntries(Object.keys(wrong).map(name =>
    [name, { exec: [`./${name}`], timeout: 1, workers }]));
  const names = Object.keys(wrong);
  await served(`what fails (${workers} workers)`, { tools, scripts },
    async server => {
      const reply = await ask(server, {
        steps: [names.map(name => [name, {}]), names.map(n => [n, {}])],
        tools: names, max_calls: 3,
      });
      assert.equal(reply.status, 200, reply.body);
      const { toolCalls, toolResults, result } = reply.json;
      assert.equal(toolCalls.length, 2 * names.length);
      assert.deepEqual(toolResults.map(r => r.toolName),
        [...names, ...names]);
      for (const r of toolResults)
        assert.match(r.result, wrong[r.toolName].says, r.toolName);
      assert.equal(result, 'done: ' +
        toolResults.map(r => r.result).join(' | '));
      await quiet(server, workers);
    });
}

await served('a client that leaves takes its tools along', {
  tools: { hang: { exec: ['./hang'] } },
  scripts: { hang: perCall('sleep 1000') },
}, async server => {
  const reply = await ask(server, {
    steps: [[['hang', {}]]], tools: ['hang'], max_calls: 2, stream: true,
  }, { onLine: r => r.body.includes('toolCall') });
  assert.ok(reply.body.includes('"toolName":"hang"'), reply.body);
  await quiet(server);
});

await served('twenty steps', {
  tools: { add: { exec: ['./add'], workers: 1 } },
  scripts: { add: asWorker('echo "$line"') },
}, async server => {
  const steps = Array.from({ length: 20 }, (_, i) => [['add', { i }]]);
  const o = { steps, tools: ['add'], max_calls: 30 };
  const { json, body } = await ask(server, o);
  assert.equal(model.calls.length, 21, body);
  assert.deepEqual(json.toolResults.map(r => r.result.i),
    steps.map((_, i) => i));
  assert.equal(json.usage.inputTokens, 100);
  assert.equal(json.finishReason, 'stop');
  const stream = await ask(server, { ...o, stream: true });
  const kinds = stream.values.map(line =>
    line.toolCall ? 'c' : line.toolResult ? 'r' : line.result ? 't' : 'f');
  assert.equal(kinds.join(''), 'cr'.repeat(20) + 'tff');
  assert.equal(stream.values.at(-2).usage.inputTokens, 2100);
  model.calls.length = 0;
  const few = await ask(server, { ...o, max_calls: 5 });
  assert.equal(model.calls.length, 5);
  assert.equal(few.json.finishReason, 'tool-calls');
  assert.equal(few.json.toolResults.length, 5);
  assert.equal(few.json.result, '');
});

await served('huge arguments', {
  tools: { length: { exec: ['./length'] } },
  scripts: { length: '#!/bin/sh\nhead -n 1 | wc -c\n' },
}, async server => {
  const text = 'x'.repeat(1 << 20);
  model.huge = { text };
  const reply = await ask(server,
    { steps: [[['length', 'huge']]], tools: ['length'], max_calls: 2 });
  assert.equal(reply.json?.toolResults[0].result, text.length + 12);
  assert.equal(reply.json.result, `done: ${text.length + 12}`);
});

// --- what a tool and a model are told

await served('names, descriptions and schemas', {
  tools: {
    'get the weather': {
      exec: ['cat'], description: 'How it is',
      parameters: 'file:weather.json',
    },
    'get.the.weather': { exec: ['cat'] },
  },
  scripts: {
    'weather.json': JSON.stringify({
      type: 'object', required: ['city'],
      properties: { city: { type: 'string' } },
    }),
  },
}, async server => {
  const { json, body } = await ask(server, {
    steps: [[['get_the_weather', { city: 'Kyiv' }],
      ['get_the_weather_2', {}], ['get_the_weather', { town: 'Kyiv' }],
      ['nothing', {}], ['get_the_weather', 'not json']]],
    tools: ['get the weather', 'get.the.weather'], max_calls: 2,
  });
  assert.deepEqual(model.calls[0].tools.map(t => t.function), [
    {
      name: 'get_the_weather', description: 'How it is', strict: false,
      parameters: {
        type: 'object', required: ['city'],
        properties: { city: { type: 'string' } },
      },
    },
    {
      name: 'get_the_weather_2', strict: false,
      parameters: { type: 'object', properties: {} },
    },
  ]);
  assert.deepEqual(json.toolCalls.map(c => c.toolName), ['get the weather',
    'get.the.weather', 'get the weather', 'nothing', 'get the weather'], body);
  const results = json.toolResults.map(r => r.result);
  assert.deepEqual(results[0], { city: 'Kyiv' });
  assert.deepEqual(results[1], {});
  assert.match(results[2], /do not fit the tool's schema.*"city"/);
  assert.match(results[3], /no tool nothing; there are: get_the_weather, /);
  assert.match(results[4], /^the arguments cannot be read: invalid JSON/);
  const told = model.calls[1].messages.filter(m => m.role === 'tool');
  assert.deepEqual(told.slice(2).map(m => m.content), results.slice(2));
});

await served('the environment of a command', {
  tools: {
    env: { exec: ['./env'], env: { TOOL_KEY: 'env:KEY_OF_IT', LANG: 'C' } },
  },
  scripts: {
    env: perCall('printf \'"\'; env | sort | tr "\\n" " "; echo \'"\''),
  },
  env: { KEY_OF_IT: 'k', OPENAI_API_KEY: 'secret' },
}, async server => {
  const { json } = await ask(server,
    { steps: [[['env', {}]]], tools: ['env'], max_calls: 2 });
  const names = json.toolResults[0].result.trim().split(' ')
    .map(pair => pair.split('=')[0]);
  assert.match(json.toolResults[0].result, /TOOL_KEY=k /);
  assert.match(json.toolResults[0].result, /LANG=C /);
  assert.deepEqual(names.filter(n => !['PATH', 'HOME', 'LANG', 'TZ', 'PWD',
    'TOOL_KEY', '_', 'SHLVL', 'OLDPWD'].includes(n)), []);
});

const posts = [];
const service = await listen((request, response, body) => {
  posts.push({ headers: request.headers, body });
  const { name, arguments: args } = JSON.parse(body);
  response.statusCode = args.status ?? 200;
  response.end(args.says ?? JSON.stringify({ name, got: args }));
});
await served('tools behind a URL', {
  tools: {
    remote: { http: service.base, secret: SECRET },
    open: { http: `${service.base}/x` },
    gone: { http: 'http://127.0.0.1:9/' },
  },
}, async server => {
  const { json, body } = await ask(server, {
    steps: [[['remote', { a: 'é' }]], [['open', { says: '7' }]],
      [['open', { status: 500 }]],
      [['open', { status: 404, says: '{"error":"no such city"}' }]],
      [['open', { says: '<html>' }]], [['gone', {}]]],
    tools: ['remote', 'open', 'gone'], max_calls: 9,
  });
  const results = json?.toolResults.map(r => r.result);
  assert.deepEqual(results?.slice(0, 5), [
    { name: 'remote', got: { a: 'é' } }, 7, 'the tool\'s status is 500',
    'no such city', 'the tool\'s answer is not JSON: <html>'], body);
  assert.match(results[5], /127\.0\.0\.1/);
  assert.equal(posts[0].headers[SIGNATURE], signature(posts[0].body));
  assert.equal(posts[1].headers[SIGNATURE], undefined);
});

await served('prompts that name what is not there', {
  tools: { one: { exec: ['cat'] }, two: { exec: ['cat'] } },
  configuration: {
    providers: {
      test: { base_url: `${model.base}/v1` }, echo: { driver: 'echo' },
    },
  },
}, async server => {
  for (const [tools, text] of [
    [['three'], /the tool three is not configured; there are: one, two/],
    [['mcp://x/y'], /the MCP server of mcp:\/\/x\/y is not configured/],
    [['mcp:///y'], /Invalid MCP URI: mcp:\/\/\/y/],
    ['one', /tools: expected an array of strings/],
  ])
    for (const stream of [false, true]) {
      const reply = await ask(server, { steps: [], tools, stream });
      assert.equal(reply.status, 500, reply.body);
      assert.match(reply.json.message, text);
    }
  assert.equal(model.calls.length, 0);
  const own = await ask(server, {
    steps: [[['one', {}]]], max_calls: 2,
    tools: { one: { description: 'mine', parameters: { type: 'object' } } },
  });
  assert.equal(own.status, 200, own.body);
  assert.equal(model.calls[0].tools[0].function.description, 'mine');
});

// --- executors

const EXECUTOR = `#!/usr/bin/env python3
import json, sys
call = json.loads(sys.stdin.readline())
def say(**event):
    print(json.dumps({"id": call["id"], **event}), flush=True)
say(type="text-delta", text="offered: %s; " % ", ".join(
    tool["name"] for tool in call["tools"]))
for i, name in enumerate(["slow", "fast", "nothing"]):
    say(type="tool-request", toolCallId="c%d" % i, name=name, args={"i": i})
seen = []
for i in range(3):
    answer = json.loads(sys.stdin.readline())["toolResult"]
    seen.append("%s=%s%s" % (answer["toolCallId"],
        "!" if answer.get("isError") else "", json.dumps(answer["result"])))
say(type="text-delta", text="; ".join(sorted(seen)))
say(type="finish", reason="stop")
`;
await served('tools that an executor asks for', {
  tools: { slow: { exec: ['./slow'] }, fast: { exec: ['cat'] } },
  scripts: { slow: SLOW, executor: EXECUTOR },
  configuration: {
    providers: { test: { driver: 'command', exec: ['./executor'] } },
  },
}, async server => {
  const o = { steps: [], tools: ['slow', 'fast', 'Read'] };
  const text = 'offered: slow, fast; c0="slept"; c1={"i": 1}; c2=!"there is ' +
    'no tool nothing; there are: slow, fast"';
  const { json, body } = await ask(server, o);
  assert.equal(json?.result, text, body);
  assert.deepEqual(json.toolCalls.map(c => [c.toolName, c.args]),
    [['slow', { i: 0 }], ['fast', { i: 1 }], ['nothing', { i: 2 }]]);
  assert.deepEqual(json.toolResults.map(r => r.result).slice(0, 2),
    ['slept', { i: 1 }]);
  const stream = await ask(server, { ...o, stream: true });
  const kinds = stream.values.map(line =>
    line.toolCall ? 'c' : line.toolResult ? 'r' : line.result ? 't' : 'f');
  assert.equal(kinds.join(''), 'tcccrrrtff', stream.body);
  await quiet(server);
});

// --- experiments

await served('rows and judges with tools', {
  tools: {
    twice: {
      exec: ['python3', '-uc', `import json, sys
for line in sys.stdin: print(json.dumps(json.loads(line)["n"] * 2))`],
      workers: 3,
    },
  },
  rows: Array.from({ length: 30 }, (_, n) =>
    ({ input: { q: plan([[['twice', { n }]]]), n } })),
  scripts: {
    'judge.prompt.mdx': `---
name: judge
text_config:
  model_name: test
  tools: [twice]
  max_calls: 2
---
<User>${plan([[['twice', { n: 0.25 }]]], '{"score":%}')}</User>
`,
  },
  configuration: {
    tools: {
      twice: {
        exec: ['python3', '-uc', `import json, sys
for line in sys.stdin: print(json.dumps(json.loads(line)["n"] * 2))`],
        workers: 3,
      },
    },
    evals: { judge: { judge: 'judge.prompt.mdx' } },
  },
}, async server => {
  const body = JSON.parse(datasetRun({ evals: ['judge'] }));
  body.data.ast = rowPrompt({ evals: ['judge'] });
  const yaml = body.data.ast.children[0];
  yaml.value = yaml.value.replace('{"model_name":"test"}',
    '{"model_name":"test","tools":["twice"],"max_calls":2}');
  const reply = await server.send(JSON.stringify(body));
  assert.equal(errorsOf(reply).length, 0, reply.body);
  const rows = rowsOf(reply);
  assert.equal(rows.length, 30, reply.body);
  for (const { result } of rows) {
    assert.equal(result.actualOutput, `done: ${result.input.n * 2}`);
    assert.equal(result.tokens, 101);
    assert.equal(result.evals[0].score, 0.5, JSON.stringify(result.evals));
  }
});

await service.close();
await model.close();
await test('the sanitizers are silent', () => {
  const reports = fs.readdirSync(logs).map(file =>
    fs.readFileSync(path.join(logs, file), 'utf8').slice(0, 3000));
  assert.deepEqual(reports, []);
});
await finish();
