// What every driver must do, by the program behind a web server, against a
// server that speaks the vendor's protocol: the list of test_conformance.c as
// far as it can be seen from outside, and with it what only a network shows.
//   node conformance.mjs [REGEX]      only the tests whose name matches
import fs from 'node:fs';
import path from 'node:path';
import { serve } from '../lib/experiments.mjs';
import { callFcgi } from '../lib/gateway.mjs';
import { signed } from '../lib/http.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { root, sleep, until } from '../lib/proc.mjs';
import { listen } from '../lib/provider.mjs';
import { protocols, scriptedVendors, talk, transcript }
  from '../lib/scripted.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const only = new RegExp(process.argv[2] ?? '.');
const GONE_MS = 1000; // until a vendor's call is closed behind its client
const RETRY_AFTER = 1; // seconds; without it the program waits for two
const CUT = 'Failed to process successful response';

// Which transcript of a driver shows what.
const shown = {
  anthropic: {
    text: 'once_text_basic', stream: 'text_basic', object: 'once_object',
    'object stream': 'object_basic', unicode: 'text_unicode',
    error: 'text_errchunk', cut: 'text_cut', empty: 'text_empty',
  },
  bedrock: {
    text: 'own_once_text', stream: 'own_text', object: 'own_once_object',
    'object stream': 'own_object', unicode: 'own_text',
    error: 'own_exception', cut: 'own_cut', empty: 'own_empty',
  },
  chat: {
    text: 'once_text', stream: 'text_params', object: 'once_object',
    'object stream': 'object_basic', unicode: 'text_unicode',
    error: 'text_errchunk', cut: 'text_cut', empty: 'text_empty',
  },
  gemini: {
    text: 'own_once_text', stream: 'own_text', object: 'own_once_object',
    'object stream': 'own_object', unicode: 'own_unicode',
    error: 'own_error_middle', cut: 'own_cut', empty: 'own_empty',
  },
  mastra: {
    text: 'own_once_text', stream: 'own_text', object: 'own_once_object',
    'object stream': 'own_object', unicode: 'own_text',
    error: 'own_error_middle', cut: 'own_cut', empty: 'own_tripwire',
  },
  'mastra-v0': {
    text: 'own_once_text', stream: 'own_text', object: 'own_once_object',
    'object stream': 'own_object', unicode: 'own_text',
    error: 'own_error_middle', cut: 'own_cut', empty: 'own_filter',
  },
  ollama: {
    text: 'own_once_text', stream: 'own_text', object: 'own_once_object',
    'object stream': 'own_object', unicode: 'own_unicode',
    error: 'own_error_middle', cut: 'own_cut', empty: 'own_empty',
  },
  responses: {
    text: 'once_text', stream: 'text_basic', object: 'once_object',
    'object stream': 'object_basic', unicode: 'text_unicode',
    error: 'text_errchunk', cut: 'text_cut', empty: 'text_empty',
  },
};
// These run their tools themselves, and one has objects only whole.
const agents = ['mastra', 'mastra-v0'];
const whole = ['mastra-v0'];

// --- the program, its vendors and its tools

const vendors = await scriptedVendors();

// The tools answer what the talk says they did.
let results = [];
const toolbox = await listen((request, response, body) => {
  const { name } = JSON.parse(body);
  const at = results.findIndex(r => r.toolName === name);
  const [{ result, isError }] = results.splice(at, 1);
  response.end(JSON.stringify(isError ? { error: result } : result));
});

const declared = {};
for (const driver of Object.keys(protocols).filter(d => !agents.includes(d)))
  for (const { name, description, schema } of
    talk(driver, 'tools_stream').tools)
    declared[name] = { http: toolbox.base, description, parameters: schema };

const server = await serve({
  front: 'lighttpd',
  configuration: {
    providers: Object.fromEntries(Object.keys(protocols).map(driver =>
      [driver, { driver, base_url: `${vendors.base}/${driver}`,
        api_key: 'test-key' }])),
    models: [], tools: declared,
  },
});

// {driver, model, kind, stream, config, messages}
function prompt(o) {
  const { driver, kind = 'text', stream = true, config = {} } = o;
  const body = JSON.parse(promptRun({ model: 'm', kind, stream }));
  const [head, ...messages] = body.data.ast.children;
  head.value = `name: e2e\n${kind}_config: ${JSON.stringify({
    ...(kind === 'object' ? { schema: { type: 'object' } } : {}), ...config,
    model_name: `${driver}/${o.model ?? 'm'}`,
  })}`;
  o.messages?.forEach(({ content }, i) => {
    messages[i].children[0].children[0].value = content;
  });
  return JSON.stringify(body);
}

const ask = o => server.send(prompt(o));

// Sent by the test itself in place of a web server, so that it is known when
// the client is gone.
function askDirectly(o, more) {
  const body = prompt(o);
  return callFcgi(server.worker.socket,
    { body, headers: signed(body), ...more });
}

// --- what must come of events

const joined = events => events.map(e => e.text ?? '').join('');
const finalOf = events => events.find(e => e.final)?.final;
const finishOf = events => events.find(e => e.finish);
const errorOf = events => events.find(e => e.error)?.error;

function usageIs(usage, events, what) {
  const { input, output, total } = finishOf(events).usage;
  assert.deepEqual(
    [usage?.inputTokens, usage?.outputTokens, usage?.totalTokens],
    [input, output, total], what);
}

const textOf = reply => reply.values.filter(v => v.type === 'text')
  .map(v => v.result ?? '').join('');
const objectsOf = reply => reply.values
  .filter(v => v.type === 'object' && v.result !== undefined)
  .map(v => v.result);
const lineWith = (reply, key) =>
  reply.values.findLast(v => v[key] !== undefined)?.[key];

function streamIs(reply, events) {
  assert.equal(reply.status, 200, reply.body);
  assert.ok(reply.complete, 'the stream is not complete');
  assert.equal(textOf(reply), joined(events), reply.body);
  assert.equal(lineWith(reply, 'finishReason'), finishOf(events).finish);
  usageIs(lineWith(reply, 'usage'), events, reply.body);
  assert.equal(lineWith(reply, 'error'), undefined, reply.body);
}

// Text as far as it came, then the error, and nothing but the end behind it.
function breaksOff(reply, events, error) {
  assert.ok(joined(events), 'the transcript has text before its error');
  assert.equal(reply.status, 200, reply.body);
  assert.ok(reply.complete, 'the stream is not complete');
  assert.equal(textOf(reply), joined(events), reply.body);
  assert.deepEqual(reply.values.slice(-2).map(v => [v.type, v.error]),
    [['error', error], ['done', undefined]], reply.body);
  assert.equal(lineWith(reply, 'finishReason'), undefined, reply.body);
}

// --- tools: every request by value, every result where it belongs

const callsOf = step => step.events.filter(e => e.toolCall)
  .map(e => e.toolCall);

// A failure is told in words of the program's own where it found it itself.
function expected(step, bad, told) {
  let text = JSON.stringify(step.expect);
  for (const { toolCallId, result } of bad)
    text = text.replaceAll(JSON.stringify(result), JSON.stringify(
      told.find(r => r.toolCallId === toolCallId).result));
  return JSON.parse(text);
}

// Objects are told without what led to them.
function toldLike(lines, calls, all, isBad) {
  const told = lines('toolResult');
  assert.deepEqual(lines('toolCall').map(c => c.toolName),
    calls.map(c => c.name));
  assert.deepEqual(told.map(r => r.toolCallId), all.map(r => r.toolCallId));
  assert.deepEqual(told.filter(r => !isBad(r)).map(r => r.result),
    all.filter(r => !isBad(r)).map(r => r.result));
  return told;
}

async function converse(driver, name) {
  const { kind, model, stream, config, tools, messages, steps }
    = talk(driver, name);
  const all = steps.flatMap(step => step.results ?? []);
  const calls = steps.flatMap(callsOf);
  const isBad = r => calls.find(c => c.id === r.toolCallId)?.badArgs;
  results = all.filter(r => !isBad(r));
  vendors.play(...steps);
  const reply = await ask({ driver, kind, model, stream, messages, config: {
    ...config, tools: tools.map(t => t.name), max_calls: 9 } });
  const lines = key => reply.values.map(v => v[key]).filter(Boolean);
  const told = stream ? toldLike(lines, calls, all, isBad) : [];
  assert.equal(vendors.calls.length, steps.length);
  steps.forEach((step, i) => assert.deepEqual(vendors.calls[i].json,
    expected(step, all.filter(isBad), told), `request ${i + 1}`));
  return { reply, steps };
}

async function tools(driver) {
  const { reply, steps } = await converse(driver, 'tools_stream');
  assert.ok(steps.length >= 2);
  assert.equal(textOf(reply), joined(steps.flatMap(s => s.events)));
  assert.equal(lineWith(reply, 'usage').inputTokens, steps.reduce((sum, s) =>
    sum + finishOf(s.events).usage.input, 0), 'usage is that of all steps');
  assert.equal(lineWith(reply, 'finishReason'), 'stop');
}

async function objectTools(driver) {
  const { reply, steps } = await converse(driver, 'object_tools_once');
  assert.deepEqual(reply.json.result, finalOf(steps.at(-1).events), reply.body);
  usageIs(reply.json.usage, steps.at(-1).events, reply.body);
}

// An agent's own calls are told as they were made.
async function agentTools(driver) {
  const t = transcript(driver, driver === 'mastra' ? 'own_tool_steps'
    : 'own_tool');
  vendors.play(t);
  const reply = await ask({ driver });
  const ids = key => t.events.filter(e => e[key]).map(e => e[key].id);
  const told = key => reply.values.filter(v => v[key])
    .map(v => v[key].toolCallId);
  assert.ok(ids('toolCall').length, 'the transcript has calls');
  assert.deepEqual(told('toolCall'), ids('toolCall'), reply.body);
  assert.deepEqual(told('toolResult'), ids('toolResult'), reply.body);
  assert.equal(vendors.calls.length, 1);
}

// A stream tells it in its first line, a whole reply by its status, too.
async function refusedAtOnce(driver) {
  const bytes = JSON.stringify({ message: 'No.', error: { message: 'No.' } });
  vendors.play({ status: 400, bytes });
  const { values, body } = await ask({ driver });
  assert.deepEqual(values.map(v => [v.type, v.error]),
    [['error', 'No.'], ['done', undefined]], body);
  assert.equal(vendors.calls.length, 1, 'it is not asked again');
  vendors.play({ status: 400, bytes });
  const reply = await ask({ driver, stream: false });
  assert.deepEqual([reply.status, reply.json?.message], [500, 'No.']);
  assert.equal(vendors.calls.length, 1, 'it is not asked again');
}

// --- the network

const refusal = {
  status: 429, headers: { 'retry-after': String(RETRY_AFTER) },
  bytes: JSON.stringify({ error: { message: 'Slow down.' } }),
};

async function refused(driver) {
  const t = transcript(driver, shown[driver].stream);
  vendors.play(refusal, t);
  const reply = await ask({ driver });
  streamIs(reply, t.events);
  assert.equal(vendors.calls.length, 2);
  const [first, second] = vendors.calls;
  const waited = second.came - first.closed;
  assert.ok(waited > RETRY_AFTER * 1000 - 50 && waited < 1950,
    `asked again after ${waited.toFixed()} ms`);
}

async function closedBehind(reply, left) {
  await until(() => vendors.calls[0].closed, 5000, 5);
  const { closed, ended } = vendors.calls[0];
  assert.ok(closed !== undefined, 'the call is still open');
  assert.ok(!ended, 'the call had ended by itself');
  assert.ok(closed >= left, 'it was closed before the client left');
  assert.ok(closed - left < GONE_MS, `${(closed - left).toFixed()} ms later`);
  await sleep(50);
  assert.equal(vendors.calls.length, 1, 'it is not asked again');
}

async function goneInStream(driver) {
  const t = transcript(driver, shown[driver].cut);
  vendors.play({ ...t, how: 'open' });
  let left;
  const reply = await askDirectly({ driver }, { onPiece: r => {
    if (textOf(r) !== joined(t.events))
      return false;
    left = performance.now();
    return true;
  } });
  assert.equal(textOf(reply), joined(t.events));
  await closedBehind(reply, left);
}

async function goneBefore(driver) {
  vendors.play({ how: 'silent' });
  let left;
  const reply = await askDirectly({ driver, stream: false }, {
    leaveWhen: vendors.coming().then(() => { left = performance.now(); }),
  });
  assert.equal(reply.body, '');
  await closedBehind(reply, left);
}

// --- the list

const items = {
  text: async (driver, t) => {
    const { json, body } = await ask({ driver, stream: false });
    assert.equal(json?.result, joined(t.events), body);
    assert.equal(json.finishReason, finishOf(t.events).finish);
    usageIs(json.usage, t.events, body);
  },
  stream: async (driver, t) => streamIs(await ask({ driver }), t.events),
  object: async (driver, t) => {
    const { json, body } = await ask({ driver, kind: 'object', stream: false });
    assert.deepEqual(json?.result, finalOf(t.events), body);
    usageIs(json.usage, t.events, body);
  },
  'object stream': async (driver, t) => {
    const reply = await ask({ driver, kind: 'object' });
    const objects = objectsOf(reply);
    assert.deepEqual(objects.at(-1), finalOf(t.events), reply.body);
    assert.ok(objects.length > 1 || whole.includes(driver), reply.body);
    usageIs(lineWith(reply, 'usage'), t.events, reply.body);
  },
  empty: async (driver, t) => {
    assert.equal(joined(t.events), '');
    streamIs(await ask({ driver }), t.events);
  },
  unicode: async (driver, t) => {
    vendors.play({ ...t, how: 'bytes' });
    assert.match(joined(t.events), /[^\0-\x7f]/);
    streamIs(await ask({ driver }), t.events);
  },
  error: async (driver, t) =>
    breaksOff(await ask({ driver }), t.events, errorOf(t.events)),
  cut: async (driver, t) => {
    vendors.play({ ...t, how: 'cut' });
    breaksOff(await ask({ driver }), t.events, CUT);
  },
};
const names = {
  empty: 'an empty answer',
  unicode: 'unicode split across packets', error: 'an error in the middle',
  cut: 'a connection cut in the middle',
};
const more = {
  'tools in two steps': driver =>
    (agents.includes(driver) ? agentTools : tools)(driver),
  'an object behind tools': driver =>
    agents.includes(driver) ? undefined : objectTools(driver),
  'an error before anything': refusedAtOnce,
  '429 with Retry-After': refused,
  'a client gone in a stream': goneInStream,
  'a client gone before the reply': goneBefore,
};

async function each(name, body) {
  if (only.test(name))
    await test(name, body);
}

await test('whatever speaks to an address is held to the list', () => {
  const recorded = fs.readdirSync(path.join(root, 'tests/data/transcripts'));
  assert.deepEqual(Object.keys(protocols).sort(), recorded.sort());
  assert.deepEqual(Object.keys(shown), Object.keys(protocols));
});
for (const driver of Object.keys(protocols)) {
  for (const [item, check] of Object.entries(items))
    await each(`${driver}: ${names[item] ?? item}`, async () => {
      const t = transcript(driver, shown[driver][item]);
      vendors.play(t);
      await check(driver, t);
      assert.equal(vendors.calls.length, 1);
    });
  for (const [item, check] of Object.entries(more))
    if (item !== 'an object behind tools' || !agents.includes(driver))
      await each(`${driver}: ${item}`, () => check(driver));
}

await server.close();
await toolbox.close();
await vendors.close();
finish();
