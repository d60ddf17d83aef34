// Traces: what is told of runs, rows, calls, tools and evals, how it is sent,
// and that whoever takes it slowly, or never, delays nobody.
import fs from 'node:fs';
import path from 'node:path';
import { collector } from '../lib/collector.mjs';
import { datasetRun, jsonl } from '../lib/experiments.mjs';
import { callCgi, callFcgi } from '../lib/gateway.mjs';
import { SECRET, signed } from '../lib/http.mjs';
import { program, runDir, stop, until } from '../lib/proc.mjs';
import { ast, promptRun } from '../lib/prompts.mjs';
import { mockProvider, spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const bin = program();
const mock = await mockProvider();
const LATE = 20000;

const configured = (telemetry, more = {}) => ({
  webhook: { secret: SECRET },
  providers: { mock: { base_url: `${mock.base}/v1`, api_key: 'test-key' } },
  models: [{ match: '^(mock|test)', provider: 'mock' }],
  tools: { weather: {
    exec: ['./weather'], description: 'The weather',
    parameters: { type: 'object', properties: { q: { type: 'string' } } },
  } },
  datasets: { root: '.' }, store: 'store.db', telemetry,
  log: { level: 'warning', target: 'log' }, ...more,
});

function prepared(telemetry, more) {
  const dir = runDir('telemetry');
  const file = path.join(dir, 'agentmark-fcgi.yaml');
  const config = configured(telemetry, more);
  config.log.target = path.join(dir, 'log');
  fs.writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  fs.writeFileSync(path.join(dir, 'weather'),
    '#!/bin/sh\nread -r l; echo \'{"sky":"SECRET-RESULT"}\'\n',
    { mode: 0o755 });
  fs.writeFileSync(path.join(dir, 'rows.jsonl'), jsonl([
    { input: { q: 'SECRET-ROW' }, expected_output: 'SECRET-EXPECTED' },
    { input: { q: 'two' } }]));
  return { dir, env: { AGENTMARK_FCGI_CONFIG: file } };
}

async function served(telemetry, more, body, env = {}) {
  const { dir, env: own } = prepared(telemetry, more);
  const worker = await spawnFcgi({ bin, dir, env: { ...own, ...env } });
  const send = (text, headers = {}) =>
    callFcgi(worker.socket, { body: text, headers: signed(text, headers) });
  try {
    await body({ dir, send, get: (to, headers) => callFcgi(worker.socket,
      { method: 'GET', path: to, headers }), log: () => fs.readFileSync(`${dir}/log`, 'utf8') });
  } finally {
    await stop(worker.child);
  }
}

const json = c => ({
  collectors: { test: { url: c.base, encoding: 'json', gzip: false } },
});
const withCollector = (name, body, telemetry = {}, more) =>
  test(name, async () => {
    const c = await collector();
    try {
      await served({ ...json(c), ...telemetry }, more, o =>
        body({ ...o, collector: c }));
    } finally {
      await c.close();
    }
  });
const rootsOf = spans => spans.filter(s => !s.parentSpanId);
const arrived = async (c, n) => {
  await until(() => rootsOf(c.spans()).length >= n, LATE);
  return c.spans();
};
const named = (spans, name) => spans.filter(s => s.name === name);
const traceOf = reply => reply.values.find(l => l.type === 'done').traceId;

function withTool(model) {
  const tree = ast({ model, user: 'SECRET-QUESTION' });
  tree.children[0].value = 'name: tools\ntext_config: ' + JSON.stringify(
    { model_name: model, max_calls: 3, tools: ['weather'] });
  return JSON.stringify({ type: 'prompt-run', data: { ast: tree } });
}

// --- what is told

await withCollector('a run and its call', async ({ send, collector: c }) => {
  const parent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
  await mock.reset();
  const reply = await send(promptRun({ model: 'mock-cached' }),
    { traceparent: parent });
  const spans = await arrived(c, 1);
  const [root] = rootsOf(spans);
  assert.equal(root.traceId, traceOf(reply));
  assert.equal(root.name, 'e2e');
  assert.equal(root.kind, 1);
  assert.deepEqual(root.status, { code: 1 });
  assert.deepEqual(root.links,
    [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }]);
  assert.deepEqual(spans.map(s => s.name).sort(),
    ['chat mock-cached', 'e2e', 'render']);
  const [call] = named(spans, 'chat mock-cached');
  assert.equal(call.parentSpanId, root.spanId);
  assert.equal(call.kind, 3);
  const a = call.attributes;
  assert.equal(a['gen_ai.operation.name'], 'chat');
  assert.equal(a['gen_ai.provider.name'], 'mock');
  assert.equal(a['gen_ai.request.model'], 'mock-cached');
  assert.equal(a['gen_ai.response.model'], 'mock-cached');
  assert.deepEqual(a['gen_ai.response.finish_reasons'], ['stop']);
  assert.equal(a['gen_ai.usage.cache_read.input_tokens'], 3);
  assert.equal(a['gen_ai.usage.reasoning.output_tokens'], 2);
  assert.ok(a['gen_ai.response.time_to_first_chunk'] > 0);
  assert.equal(a['http.response.status_code'], 200);
  assert.equal(a['server.address'], '127.0.0.1');
  const { requests } = await mock.log();
  assert.equal(requests[0].headers.traceparent,
    `00-${root.traceId}-${call.spanId}-01`);
  for (const s of spans)
    assert.ok(BigInt(s.endTimeUnixNano) >= BigInt(s.startTimeUnixNano) &&
      BigInt(s.endTimeUnixNano) <= BigInt(root.endTimeUnixNano), s.name);
});

await withCollector('each attempt of a call', async ({ send, collector: c }) => {
  await mock.reset();
  await send(promptRun({ model: 'mock-flaky' }));
  const calls = named(await arrived(c, 1), 'chat mock-flaky');
  assert.deepEqual(calls.map(s => s.status.code), [2, 2, 1]);
  assert.deepEqual(calls.map(s => s.attributes['agentmark.attempt']),
    [1, 2, 3]);
  assert.deepEqual(calls.map(s => s.attributes['error.type']),
    ['500', '500', undefined]);
  assert.deepEqual(calls[0].events, [{
    name: 'retry', attributes: { 'agentmark.retry.wait_ms': '10' } }]);
  assert.equal(rootsOf(c.spans())[0].status.code, 1);
});

await withCollector('a stream that breaks', async ({ send, collector: c }) => {
  const reply = await send(promptRun({ model: 'mock-errchunk' }));
  const error = reply.values.find(l => l.type === 'error').error;
  const [root] = rootsOf(await arrived(c, 1));
  assert.deepEqual(root.status, { code: 2, message: error });
  assert.equal(root.attributes['agentmark.output'], 'Hello from the');
});

await withCollector('tools', async ({ send, collector: c }) => {
  const reply = await send(withTool('mock-tool'));
  const spans = await arrived(c, 1);
  const [tool] = named(spans, 'execute_tool weather');
  assert.ok(tool, reply.body);
  assert.equal(named(spans, 'chat mock-tool').length, 2);
  assert.equal(tool.parentSpanId, rootsOf(spans)[0].spanId);
  assert.equal(tool.attributes['gen_ai.tool.name'], 'weather');
  assert.equal(tool.attributes['gen_ai.tool.call.id'], 'call_mock_1');
  assert.match(tool.attributes['gen_ai.tool.call.result'], /SECRET-RESULT/);
});

await withCollector('rows and their evals', async ({ send, collector: c }) => {
  const reply = await send(datasetRun({ model: 'test-echo',
    evals: ['contains', 'exact_match'], dataset: 'rows.jsonl',
    experimentId: 'exp', experimentKey: 'key', sourceTreeHash: 'tree' }));
  const rows = reply.values.filter(l => l.type === 'dataset');
  const spans = await arrived(c, 2);
  assert.deepEqual(rootsOf(spans).map(s => s.traceId).sort(),
    rows.map(r => r.traceId).sort(), reply.body);
  const [first] = named(spans, 'experiment-exp-0');
  const a = first.attributes;
  assert.equal(a['agentmark.dataset_run_id'], rows[0].runId);
  assert.equal(a['agentmark.dataset_run_name'], 'exp');
  assert.equal(a['agentmark.dataset_input'], '{"q":"SECRET-ROW"}');
  assert.equal(a['agentmark.dataset_expected_output'], 'SECRET-EXPECTED');
  assert.equal(a['agentmark.experiment_key'], 'key');
  assert.equal(a['agentmark.source_tree_hash'], 'tree');
  const below = spans.filter(s => s.parentSpanId === first.spanId);
  assert.deepEqual(below.map(s => s.name).sort(), ['chat test-echo',
    'eval contains', 'eval exact_match', 'render']);
  const [scored] = named(below, 'eval exact_match');
  assert.equal(scored.attributes['agentmark.eval.passed'], false);
});

await withCollector('groups', async ({ send, collector: c }) => {
  const data = JSON.parse(promptRun({ model: 'echo/x' })).data;
  await send(JSON.stringify({ type: 'prompt-run', data: {
    ...data, sessionId: 's1', sessionName: 'S', userId: 'u1',
    traceName: 'my trace', tags: ['a', 'b'],
    metadata: { tier: 'gold', limits: { a: 1 }, none: null, empty: '' },
    promptPath: 'a/b.prompt.mdx',
  } }));
  const [{ attributes: a }] = rootsOf(await arrived(c, 1));
  const expected = {
    'agentmark.session_id': 's1', 'gen_ai.conversation.id': 's1',
    'agentmark.session_name': 'S', 'agentmark.user_id': 'u1',
    'agentmark.trace_name': 'my trace', 'agentmark.tags': '["a","b"]',
    'agentmark.metadata.tier': 'gold',
    'agentmark.metadata.limits': '{"a":1}',
    'agentmark.metadata.none': undefined,
    'agentmark.metadata.empty': undefined,
    'agentmark.prompt_path': 'a/b.prompt.mdx',
  };
  for (const [key, value] of Object.entries(expected))
    assert.equal(a[key], value, key);
});

// --- what may not be seen

const content = c => JSON.stringify(c.requests.map(r => r.json));
async function secretRuns({ send, collector: c }) {
  await send(withTool('mock-tool'));
  await send(datasetRun({ model: 'test-echo', evals: ['contains'],
    dataset: 'rows.jsonl' }));
  await arrived(c, 3);
}
await withCollector('inputs are hidden', async o => {
  await secretRuns(o);
  const all = content(o.collector);
  assert.ok(!/SECRET-(QUESTION|ROW|EXPECTED)/.test(
    all.replace(/"agentmark.output","value":\{[^}]*\}/g, '')), all);
  assert.match(all, /SECRET-RESULT/);
}, { hide_inputs: true });
await withCollector('outputs are hidden', async o => {
  await secretRuns(o);
  const all = content(o.collector);
  assert.doesNotMatch(all, /SECRET-RESULT|agentmark.output|eval.reason/);
  assert.match(all, /SECRET-QUESTION/);
}, { hide_outputs: true });
await test('variables hide, too', async () => {
  const c = await collector();
  await served(json(c), {}, async o => {
    await secretRuns({ ...o, collector: c });
    assert.doesNotMatch(content(c), /SECRET/);
  }, { AGENTMARK_HIDE_INPUTS: '1', AGENTMARK_HIDE_OUTPUTS: 'true' });
  await c.close();
});
await withCollector('large media are left out', async ({ send, collector }) => {
  const tree = ast({ model: 'mock-image' });
  tree.children = [
    { type: 'yaml', value: 'name: i\nimage_config: {model_name: mock-image}' },
    { type: 'mdxJsxFlowElement', name: 'ImagePrompt', attributes: [],
      children: [{ type: 'paragraph',
        children: [{ type: 'text', value: 'a cat' }] }] }];
  const reply = await send(
    JSON.stringify({ type: 'prompt-run', data: { ast: tree } }));
  assert.match(reply.body, /iVBORw0KGgo/);
  const [root] = rootsOf(await arrived(collector, 1));
  assert.match(root.attributes['agentmark.output'],
    /"base64":"\[\d+ bytes of base64 left out\]"/);
}, { media_bytes: 20 });

// --- how it is sent

await test('protobuf, compressed, with headers', async () => {
  const c = await collector();
  const telemetry = { collectors: { test: {
    url: `${c.base}/prefix/`, headers: { 'X-Api-Key': 'k' } } } };
  await served(telemetry, {}, async ({ send }) => {
    const reply = await send(promptRun({ model: 'echo/x' }));
    await until(() => c.requests.length, LATE);
    const [request] = c.requests;
    assert.equal(request.path, '/prefix/v1/traces');
    assert.equal(request.headers['content-type'], 'application/x-protobuf');
    assert.equal(request.headers['content-encoding'], 'gzip');
    assert.equal(request.headers['x-api-key'], 'k');
    assert.ok(request.body.includes(Buffer.from(traceOf(reply), 'hex')));
  });
  await c.close();
});

const agentmark = (name, access, expected) => test(name, async () => {
  const c = await collector();
  await served({ environment: 'staging', pull_request: '42' },
    { agentmark: access(c) }, async ({ send }) => {
      await send(promptRun({ model: 'echo/x' }));
      await until(() => c.requests.length, LATE);
      const [{ path: to, headers, json: body }] = c.requests;
      assert.equal(to, '/v1/traces');
      for (const [key, value] of Object.entries(expected.headers))
        assert.equal(headers[key], value, key);
      assert.deepEqual(body.resourceSpans[0].resource.attributes.map(
        a => [a.key, a.value.stringValue]), expected.resource);
    });
  await c.close();
});
await agentmark('AgentMark gets them with its headers',
  c => ({ base_url: c.base, api_key: 'am-key', app_id: 'app-1' }), {
    headers: { authorization: 'am-key', 'x-agentmark-app-id': 'app-1',
      'x-agentmark-environment': 'staging', 'x-agentmark-pr-number': '42',
      'content-type': 'application/json' },
    resource: [['service.name', 'agentmark-client'],
      ['agentmark.app_id', 'app-1']],
  });
await agentmark('its development server without a key',
  c => ({ dev_server: c.base, api_key: 'am-key', app_id: 'app-1' }), {
    headers: { authorization: undefined, 'x-agentmark-app-id': undefined },
    resource: [['service.name', 'agentmark-client']],
  });

await test('a CGI process leaves its trace behind', async () => {
  const c = await collector();
  const { env } = prepared(json(c));
  const body = promptRun({ model: 'echo/x' });
  const reply = await callCgi(bin, env, { body, headers: signed(body) });
  const [root] = rootsOf(await arrived(c, 1));
  assert.equal(root.traceId, traceOf(reply));
  await c.close();
});

// --- who takes them badly

const runs = async (send, n) => {
  let longest = 0;
  for (let i = 0; i < n; i++)
    longest = Math.max(longest, (await send(
      promptRun({ model: 'echo/x' }))).took);
  return longest;
};
await test('a collector that never answers delays nobody', async () => {
  const hole = await collector(() => undefined);
  let without, within;
  await served({}, {}, async ({ send }) => {
    await runs(send, 5);
    without = await runs(send, 60);
  });
  await served(json(hole), {}, async ({ send }) => {
    await runs(send, 5);
    await until(() => hole.requests.length, LATE); // it hangs
    within = await runs(send, 60);
    assert.equal(hole.requests.length, 1);
  });
  console.log(`# longest of 60: ${without.toFixed(1)} ms without, ` +
    `${within.toFixed(1)} ms with a collector that hangs`);
  assert.ok(within < without + 250, `${within} ms, ${without} ms without`);
  await hole.close();
});

await test('what is refused for now comes again', async () => {
  const c = await collector(n => n === 0
    ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 });
  await served(json(c), {}, async ({ send }) => {
    const reply = await send(promptRun({ model: 'echo/x' }));
    const spans = await arrived(c, 1);
    assert.equal(rootsOf(spans)[0].traceId, traceOf(reply));
    assert.equal(c.requests[0].status, 429);
  });
  await c.close();
});

await test('what is refused for good is counted and logged', async () => {
  const c = await collector(() => ({ status: 400, body: '<html>\u0000no' }));
  await served(json(c), {}, async ({ send, log }) => {
    await send(promptRun({ model: 'echo/x' }));
    await until(() => /delivery_dropped/.test(log()), LATE);
    assert.match(log(), /delivery_dropped route=otlp:test dropped=1 /);
    assert.match(log(), /status 400/);
  });
  await c.close();
});

await test('nothing is recorded where nobody wants it', async () => {
  await served({}, {}, async ({ send }) => {
    await mock.reset();
    const reply = await send(promptRun({ model: 'mock-x' }));
    assert.match(traceOf(reply), /^[0-9a-f]{32}$/);
    const { requests } = await mock.log();
    assert.equal(requests[0].headers.traceparent, undefined);
  });
});

// --- metrics

const TOKEN = 'a token of some length';
const asked = { status: { token: TOKEN } };
await test('metrics for Prometheus', async () => {
  await served({}, asked, async ({ send, get }) => {
    await send(promptRun({ model: 'mock-cached' }));
    await send(promptRun({ model: 'mock-cached', stream: false }));
    await send(promptRun({ model: 'mock-401' }));
    await send(datasetRun({ model: 'test-echo', dataset: 'rows.jsonl' }));
    const reply = await get('/metrics', { authorization: `Bearer ${TOKEN}` });
    assert.equal(reply.status, 200);
    assert.match(reply.headers['content-type'], /^text\/plain/);
    const call = (model, more) => 'gen_ai_operation_name="chat",' +
      `gen_ai_provider_name="mock",gen_ai_request_model="${model}"${more}`;
    const stop = call('mock-cached', ',gen_ai_response_finish_reason="stop"');
    const duration = 'gen_ai_client_operation_duration_seconds';
    for (const line of [
      'agentmark_requests_total{method="POST",status="200"} 4',
      'agentmark_runs_total{kind="text",status="ok"} 2',
      'agentmark_runs_total{kind="text",status="error"} 1',
      'agentmark_rows_total{status="ok"} 2',
      `${duration}_count{${stop}} 2`,
      `${duration}_bucket{${stop},le="+Inf"} 2`,
      `${duration}_count{${call('mock-401', ',error_type="401"')}} 1`,
      `gen_ai_server_time_to_first_token_seconds_count{` +
        `${call('mock-cached', '')}} 1`,
    ])
      assert.ok(reply.body.includes(`\n${line}\n`), `${line}\n${reply.body}`);
    const token = call('mock-cached', ',gen_ai_token_type="output"');
    assert.match(reply.body,
      RegExp(`\ngen_ai_client_token_usage_sum\\{${token}\\} [1-9]`));
    const buckets = [...reply.body.matchAll(
      RegExp(`${duration}_bucket\\{${stop},le="[^"]*"\\} (\\d+)`, 'g'))]
      .map(m => Number(m[1]));
    assert.equal(buckets.length, 15);
    assert.deepEqual(buckets, [...buckets].sort((a, b) => a - b));
  });
});
await test('metrics for nobody else', async () => {
  await served({}, asked, async ({ get }) => {
    for (const headers of [{}, { authorization: `Bearer ${TOKEN}x` },
      { authorization: TOKEN }, { 'x-status-token': '' }])
      assert.equal((await get('/metrics', headers)).status, 404);
    assert.equal(
      (await get('/metrics', { 'x-status-token': TOKEN })).status, 200);
    assert.equal((await get('/', {})).status, 200);
  });
  await served({}, {}, async ({ get }) => {
    for (const headers of [{}, { authorization: 'Bearer ' }])
      assert.equal((await get('/metrics', headers)).status, 404);
  });
});
await test('metrics for a collector', async () => {
  const c = await collector();
  const telemetry = { collectors: { test: {
    url: c.base, encoding: 'json', gzip: false, metrics: true } } };
  await served(telemetry, {}, async ({ send, dir }) => {
    await send(promptRun({ model: 'mock-cached' }));
    await until(() => c.metrics().length, LATE);
    assert.equal(c.requests.filter(r => r.path === '/v1/metrics').length, 1,
      dir);
    const all = Object.fromEntries(c.metrics().map(m => [m.name, m]));
    const [point] = all['agentmark.runs'].sum.dataPoints;
    assert.equal(point.asDouble, 1);
    assert.ok(BigInt(point.startTimeUnixNano) < BigInt(point.timeUnixNano));
    const [took] =
      all['gen_ai.client.operation.duration'].histogram.dataPoints;
    assert.equal(took.count, '1');
    assert.deepEqual(took.attributes.map(a => [a.key, a.value.stringValue]), [
      ['gen_ai.operation.name', 'chat'], ['gen_ai.provider.name', 'mock'],
      ['gen_ai.request.model', 'mock-cached'],
      ['gen_ai.response.finish_reason', 'stop']]);
    assert.equal(all['gen_ai.client.token.usage'].unit, '{token}');
  });
  await c.close();
});

await stop(mock.child);
await finish();
