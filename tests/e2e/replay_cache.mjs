// Answers that are kept and given again: rows, judges, embeddings, tools,
// streams, images and speech, from one worker or several, and what is said
// where an answer is not there.  The vendor is in this process and counted.
//   node replay_cache.mjs [REGEX]      only the tests whose name matches
import fs from 'node:fs';
import path from 'node:path';
import { datasetRun, errorsOf, rowsOf, serve }
  from '../lib/experiments.mjs';
import { callFcgi } from '../lib/gateway.mjs';
import { SECRET, signature, SIGNATURE, signed } from '../lib/http.mjs';
import { program, runDir, stop } from '../lib/proc.mjs';
import { listen } from '../lib/provider.mjs';
import { spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const only = new RegExp(process.argv[2] ?? '.');
const logs = runDir('sanitizers');
fs.chmodSync(logs, 0o777);
const env = {
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:log_path=${logs}/report`,
  UBSAN_OPTIONS: `log_path=${logs}/report`,
};

// --- the vendor

const PIXEL = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const SOUND = Buffer.from('ID3 not quite a sound');
const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const vendor = { calls: 0, fails: false };

const textOf = ({ content }) => typeof content === 'string' ? content
  : content.map(part => part.text ?? '').join('');

function say({ messages, tools }) {
  const text = textOf(messages.findLast(m => m.role === 'user'));
  const result = messages.find(m => m.role === 'tool');
  if (tools && !result)
    return {
      tool_calls: [{ index: 0, id: 'c1', type: 'function',
        function: { name: 'note', arguments: '{"n":1}' } }],
    };
  if (text.startsWith('judge'))
    return { content: '{"score":0.75,"reason":"so so"}' };
  return { content: result ? `tool said ${result.content}`
    : `${text}, answer ${vendor.calls}` };
}

function chat(response, body) {
  const said = say(body);
  const reason = said.tool_calls ? 'tool_calls' : 'stop';
  if (!body.stream)
    return response.end(JSON.stringify({
      choices: [{ index: 0, finish_reason: reason,
        message: { role: 'assistant', content: null, ...said } }],
      usage: USAGE,
    }));
  const line = o => response.write(`data: ${JSON.stringify(o)}\n\n`);
  const delta = d => line({ choices: [{ index: 0, delta: d }] });
  for (const piece of said.content?.match(/[^]{1,4}/g) ?? [])
    delta({ content: piece });
  if (said.tool_calls)
    delta(said);
  line({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
  line({ choices: [], usage: USAGE });
  return response.end('data: [DONE]\n\n');
}

const embed = ({ input }) => ({
  data: input.map((text, index) =>
    ({ index, embedding: [1, text.length, 0.25] })), usage: USAGE,
});

const server = await listen((request, response, text) => {
  vendor.calls++;
  const body = JSON.parse(text);
  if (vendor.fails) {
    response.writeHead(400, { 'content-type': 'application/json' });
    return response.end('{"error":{"message":"no"}}');
  }
  const type = body.stream ? 'text/event-stream' : 'application/json';
  if (request.url.endsWith('/speech')) {
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    return response.end(SOUND);
  }
  response.writeHead(200, { 'content-type': type });
  if (request.url.endsWith('/generations'))
    return response.end(JSON.stringify(
      { data: [{ b64_json: PIXEL.toString('base64') }] }));
  if (request.url.endsWith('/embeddings'))
    return response.end(JSON.stringify(embed(body)));
  return chat(response, body);
});

// How often the vendor was asked while BODY ran.
async function asked(body) {
  const before = vendor.calls;
  const value = await body();
  return [vendor.calls - before, value];
}

// --- requests

const rows = Array.from({ length: 12 }, (_, i) =>
  ({ input: { q: `question ${i}` }, expected_output: `question ${i}` }));

// The prompt's configuration, a text's unless it says otherwise.
function withConfig(body, config, kind = 'text') {
  const value = JSON.parse(body);
  value.data.ast.children[0].value =
    value.data.ast.children[0].value.replace(/^\w+_config: .*$/m,
      `${kind}_config: ${JSON.stringify({ model_name: 'test', ...config })}`);
  return JSON.stringify(value);
}
const experiment = ({ config = {}, ...data }) =>
  withConfig(datasetRun({ evals: [], ...data }), config);

const text = value => ({ type: 'paragraph',
  children: [{ type: 'text', value }] });
const element = (name, value) => ({ type: 'mdxJsxFlowElement', name,
  attributes: [], children: [text(value)] });
function prompt({ kind = 'text', config = {}, tag = 'User', said = 'Hello',
  stream = false, ...data }) {
  const settings = { model_name: 'test', ...config };
  return JSON.stringify({
    type: 'prompt-run',
    data: {
      ast: {
        type: 'root',
        children: [{ type: 'yaml', value:
          `name: p\n${kind}_config: ${JSON.stringify(settings)}` },
        element(tag, said)],
      },
      options: { shouldStream: stream }, cache: true, ...data,
    },
  });
}

const TOOL = `#!/bin/sh
read -r line
echo x >> "$(dirname "$0")/ran"
echo '"noted"'
`;
// A server of the Model Context Protocol with the one tool.
const SERVER = `#!/usr/bin/env node
const answers = {
  initialize: { protocolVersion: '2025-03-26', capabilities: { tools: {} },
    serverInfo: { name: 's', version: '1' } },
  'tools/list': { tools: [{ name: 'note', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: 'noted' }] },
};
require('readline').createInterface({ input: process.stdin })
  .on('line', line => {
    const { id, method } = JSON.parse(line);
    if (id !== undefined)
      console.log(JSON.stringify(
        { jsonrpc: '2.0', id, result: answers[method] ?? {} }));
  });
`;
const LIMITED = 'a-secret-with-a-narrow-scope';
const JUDGE = `---
name: judge
text_config:
  model_name: test
---
<User>judge {props.output}</User>
`;
const configuration = {
  store: 'store.db',
  providers: { test: { base_url: server.base } },
  tools: { note: { exec: ['./note'], description: 'Takes a note',
    parameters: { type: 'object' } } },
  evals: {
    exact_match: { use: 'exact_match' }, contains: { use: 'contains' },
    judged: { judge: 'judge.prompt.mdx' },
    near: { similar: 'test', threshold: 0.1 },
  },
};
const evals = ['judged', 'near'];
const CACHE = 'store-answers.db';

async function served(name, body, more = {}) {
  if (!only.test(name))
    return;
  await test(name, async () => {
    const at = await serve({
      provider: server.base, env, rows, ...more,
      evals: { note: more.tool ?? TOOL, 'judge.prompt.mdx': JUDGE },
      configuration: { ...configuration, ...more.configuration },
    });
    vendor.fails = false;
    try {
      await body({
        ...at, cache: path.join(at.dir, CACHE),
        ran: () => fs.existsSync(path.join(at.dir, 'ran'))
          ? fs.readFileSync(path.join(at.dir, 'ran'), 'utf8').length / 2 : 0,
      });
    } finally {
      await at.close();
    }
  });
}

// A second worker with the same configuration.
async function another(at) {
  const { socket, child } = await spawnFcgi({
    bin: program(), dir: runDir('other'),
    env: { ...env, TMPDIR: at.state,
      AGENTMARK_FCGI_CONFIG: path.join(at.dir, 'agentmark-fcgi.yaml') },
  });
  return { child, send: body =>
    callFcgi(socket, { body, headers: signed(body) }) };
}

// What a run says but for what is its own, in the order of the dataset.
function lines(reply) {
  assert.equal(reply.status, 200, reply.body);
  assert.equal(errorsOf(reply).length, 0, reply.body);
  return rowsOf(reply).map(line => JSON.stringify(line.result)).sort();
}
function failures(reply, pattern) {
  const errors = errorsOf(reply);
  assert.equal(errors.length, rows.length, reply.body);
  for (const { error } of errors)
    assert.match(error, pattern);
}

// --- experiments

await served('rows, judges and embeddings are given again', async at => {
  const run = more => at.send(experiment({ evals, ...more }));
  const [first, one] = await asked(() => run({ cache: true }));
  assert.equal(first, 3 * rows.length);
  assert.equal(fs.statSync(at.cache).mode & 0o777, 0o600);
  for (const more of [{ cache: true }, { replay: 'strict' }]) {
    const [again, two] = await asked(() => run(more));
    assert.equal(again, 0);
    assert.deepEqual(lines(two), lines(one));
  }
  const told = await run({ replay: 'strict', details: true });
  for (const { row } of rowsOf(told)) {
    assert.equal(row.cached, true);
    assert.equal(row.costUsd ?? 0, 0);
  }
  const [fresh, three] = await asked(() => run({}));
  assert.equal(fresh, 3 * rows.length);
  assert.notDeepEqual(lines(three), lines(one));
});

await served('rows that are the same ask once', async at => {
  const [calls, told] = await asked(() =>
    at.send(experiment({ evals: ['judged'], cache: true, details: true })));
  assert.equal(calls, 2); // the prompt, and its judge
  assert.equal(rowsOf(told).length, 8);
  assert.equal(rowsOf(told).filter(({ row }) => row.cached).length, 7);
  const [repeats] = await asked(() =>
    at.send(experiment({ evals: [], cache: true, repeat: 2 })));
  assert.equal(repeats, 1); // the second of each row is another question
}, { rows: Array.from({ length: 8 }, () => rows[0]) });

await served('a row whose answer is not there says what is nearest',
  async at => {
    const run = more => at.send(experiment(more));
    await run({ cache: true, config: { temperature: 0.7 } });
    const [none, warm] = await asked(() =>
      run({ replay: 'strict', config: { temperature: 0.5 } }));
    assert.equal(none, 0);
    failures(warm,
      /^not in the cache; nearest: temperature 0\.7 there, 0\.5 here$/);
    const [other] = await asked(() =>
      run({ cache: true, config: { temperature: 0.5 } }));
    assert.equal(other, rows.length);
    const changed = JSON.parse(experiment({ replay: 'strict',
      config: { temperature: 0.7 } }));
    changed.data.ast.children.splice(1, 0,
      element('System', 'Be very brief, and say nothing twice at all. Yes.'));
    failures(await at.send(JSON.stringify(changed)),
      /^not in the cache; nearest: messages 1 there, 2 here; message 1/);
    failures(await run({ replay: 'strict', config: { temperature: 0.7 },
      experimentId: 'other', datasetPath: 'other.jsonl' }),
      /^not in the cache, and nothing that is like it$/);
  }, { files: { 'other.jsonl': rows.map((_, i) =>
    JSON.stringify({ input: { q: `else ${i}` } }) + '\n').join('') } });

await served('a text names the character from which it differs', async at => {
  const said = 'It is a long way from here to there, said the old man at ' +
    'the gate';
  await at.send(prompt({ said: `${said}, and slept` }));
  const miss = await at.send(prompt({ said: `${said}, and left`,
    replay: 'strict' }));
  assert.equal(miss.status, 500, miss.body);
  assert.equal(miss.json.message, 'not in the cache; nearest: message 1 ' +
    'differs from character 72 on: "slept" there, "left" here');
});

await served('tools run once', async at => {
  const config = { tools: ['note'], max_calls: 2 };
  const run = more => at.send(experiment({ config, ...more }));
  const [first, one] = await asked(() => run({ cache: true }));
  assert.equal(first, 2 * rows.length);
  assert.equal(at.ran(), rows.length);
  const [again, two] = await asked(() => run({ replay: 'strict' }));
  assert.equal(again, 0);
  assert.equal(at.ran(), rows.length);
  assert.deepEqual(lines(two), lines(one));
});

await served('a replay connects to no MCP server', async at => {
  const config = { tools: ['mcp://s/*'], max_calls: 2 };
  const run = more => at.send(experiment({ config, ...more }));
  const one = await run({ cache: true });
  lines(one);
  fs.writeFileSync(path.join(at.dir, 'note'), '#!/bin/sh\nexit 1\n');
  const fresh = await another(at);
  const ask = more => fresh.send(experiment({ config, ...more }));
  const [none, two] = await asked(() => ask({ replay: 'strict' }));
  assert.equal(none, 0);
  assert.deepEqual(lines(two), lines(one));
  assert.notEqual((await ask({})).status, 200);
  await stop(fresh.child);
}, { configuration: { mcp: { s: { exec: ['./note'] } } }, tool: SERVER });

await served('a secret gets no answers of models that it may not use',
  async at => {
    const body = experiment({ cache: true });
    lines(await at.send(body));
    const reply = await at.send(body, { headers: {
      ...signed(body), [SIGNATURE]: signature(body, LIMITED) } });
    assert.equal(reply.status, 403, reply.body);
    assert.match(reply.body, /model/);
  }, { configuration: { webhook: { secret: SECRET, secrets: [
    { name: 'limited', value: LIMITED, models: ['other/*'] }] } } });

await served('failures are not kept', async at => {
  vendor.fails = true;
  const [first] = await asked(() => at.send(experiment({ cache: true })));
  assert.equal(first, rows.length);
  vendor.fails = false;
  const [second, reply] =
    await asked(() => at.send(experiment({ cache: true })));
  assert.equal(second, rows.length);
  lines(reply);
});

await served('kept answers get other scores, the same each time', async at => {
  await at.send(experiment({ cache: true }));
  const score = () => at.send(experiment({ replay: 'strict',
    evals: ['exact_match', 'contains'] }));
  const [none, [one, two]] = await asked(() =>
    Promise.all([score(), score()]));
  assert.equal(none, 0);
  assert.deepEqual(lines(two), lines(one));
  for (const { result } of rowsOf(one))
    assert.deepEqual(result.evals.map(e => e.score), [0, 1]);
});

// --- prompts

await served('streams are kept for whole answers, and these for streams',
  async at => {
    const config = { tools: ['note'], max_calls: 2 };
    for (const [stream, more] of [[true, {}], [false, { config }],
      [true, { config, said: 'Other' }]]) {
      const ask = s => at.send(prompt({ stream: s, ...more }));
      const [first, one] = await asked(() => ask(stream));
      assert.equal(first, more.config ? 2 : 1, one.body);
      const [again, other] = await asked(() => ask(!stream));
      const [third, same] = await asked(() => ask(stream));
      assert.equal(again + third, 0);
      const [whole, pieces] = stream ? [other, one] : [one, other];
      const said = reply => reply.values.map(v => v.result ?? '').join('');
      assert.equal(said(pieces), whole.json.result);
      assert.ok(said(pieces));
      if (stream) {
        const rest = reply => reply.values.filter(v => v.type === 'text' &&
          v.result === undefined).map(v => JSON.stringify({ ...v, at: 0 }));
        assert.equal(said(same), said(one));
        assert.deepEqual(rest(same), rest(one));
      } else {
        assert.deepEqual({ ...same.json, traceId: 0 },
          { ...one.json, traceId: 0 });
      }
    }
  });

await served('objects, images and speech', async at => {
  const schema = { type: 'object', properties: { score: { type: 'number' } } };
  const all = [
    { kind: 'object', config: { schema }, said: 'judge this' },
    { kind: 'image', tag: 'ImagePrompt', said: 'a dot' },
    { kind: 'speech', tag: 'SpeechPrompt', said: 'one word',
      config: { voice: 'alloy' } },
  ];
  for (const o of all) {
    const [first, one] = await asked(() => at.send(prompt(o)));
    assert.equal(first, 1, one.body);
    assert.equal(one.status, 200, one.body);
    const [again, two] = await asked(() => at.send(prompt(o)));
    assert.equal(again, 0);
    assert.deepEqual({ ...two.json, traceId: 0 },
      { ...one.json, traceId: 0 });
  }
});

await served('a server that always keeps answers does so unasked', async at => {
  const body = prompt({ cache: undefined });
  assert.deepEqual([(await asked(() => at.send(body)))[0],
    (await asked(() => at.send(body)))[0]], [1, 0]);
}, { configuration: { experiments: { cache: 'always' } } });

// --- where there is none

for (const [how, more, reason] of [
  ['off', { experiments: { cache: 'off' } }, /experiments\.cache: off/],
  ['with inputs hidden', { telemetry: { hide_inputs: true } }, /is hidden/],
  ['with outputs hidden', { telemetry: { hide_outputs: true } }, /is hidden/],
  ['without a store', { store: 'none' }, /has no store/],
])
  await served(`no cache ${how}: a request for one is refused`, async at => {
    for (const body of [experiment({ cache: true }),
      experiment({ replay: 'strict' }), prompt({})]) {
      const [none, reply] = await asked(() => at.send(body));
      assert.equal(reply.status, 400, reply.body);
      assert.match(reply.json.message, reason);
      assert.equal(none, 0);
    }
    assert.equal((await at.send(experiment({}))).status, 200);
    assert.ok(!fs.existsSync(at.cache));
  }, { configuration: more });

await served('a value that means nothing is refused', async at => {
  for (const more of [{ cache: 'yes' }, { replay: 'loose' },
    { replay: true }]) {
    const reply = await at.send(experiment(more));
    assert.equal(reply.status, 400, reply.body);
  }
});

// --- the file

await served('a broken file is asked no more, and begun anew', async at => {
  await at.send(experiment({ cache: true }));
  const size = fs.statSync(at.cache).size;
  fs.rmSync(`${at.cache}-wal`, { force: true });
  fs.writeFileSync(at.cache, Buffer.alloc(size, 'broken'));
  const [again, reply] =
    await asked(() => at.send(experiment({ cache: true })));
  assert.equal(again, rows.length);
  lines(reply);
  const [kept] = await asked(() => at.send(experiment({ cache: true })));
  assert.equal(kept, 0);
});

await served('a file that cannot be used fails a replay alone', async at => {
  fs.mkdirSync(at.cache);
  const [all, reply] = await asked(() => at.send(experiment({ cache: true })));
  assert.equal(all, rows.length);
  lines(reply);
  const [none, strict] =
    await asked(() => at.send(experiment({ replay: 'strict' })));
  assert.equal(none, 0);
  failures(strict, /^the cache of answers cannot be read$/);
});

await served('the oldest answers make room', async at => {
  const config = i => ({ seed: i, stop_sequences: ['x'.repeat(20000)] });
  for (let i = 0; i < 8; i++)
    lines(await at.send(experiment({ cache: true, config: config(i) })));
  const [newest] = await asked(() =>
    at.send(experiment({ cache: true, config: config(7) })));
  const [oldest] = await asked(() =>
    at.send(experiment({ cache: true, config: config(0) })));
  assert.equal(newest, 0);
  assert.equal(oldest, rows.length);
  assert.ok(fs.statSync(at.cache).size <= 1048576);
}, { configuration: { experiments: { cache_bytes: 1048576 } } });

await served('two workers fill one file', async at => {
  const other = await another(at);
  const there = other.send;
  const bodies = [0, 1, 2, 3].map(seed =>
    experiment({ cache: true, config: { seed } }));
  await Promise.all(bodies.map((body, i) => i % 2 ? there(body)
    : at.send(body)));
  const [none, replies] = await asked(() =>
    Promise.all(bodies.map((body, i) => i % 2 ? at.send(body)
      : there(body))));
  await stop(other.child);
  assert.equal(none, 0);
  replies.forEach(lines);
});

await server.close();
await served('a replay needs no vendor', async at => {
  assert.equal((await at.send(experiment({ replay: 'strict' }))).status, 200);
});
await test('the sanitizers are silent', () => {
  const reports = fs.readdirSync(logs).map(file =>
    fs.readFileSync(path.join(logs, file), 'utf8').slice(0, 3000));
  assert.deepEqual(reports, []);
});
await finish();
