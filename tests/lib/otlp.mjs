// Reads what print_otlp writes: otlp.mjs PRINT_OTLP DEFINITIONS.  Started by
// tests/otlp.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { assert, finish, test } from './tap.mjs';

const [program, definitions] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { opentelemetry: { proto: { collector } } } =
  require(path.join(definitions, 'build/src/generated/root.js'));
const requests = {
  traces: collector.trace.v1.ExportTraceServiceRequest,
  metrics: collector.metrics.v1.ExportMetricsServiceRequest,
};

const written = (what, encoding) => execFileSync(program, [what, encoding]);
const readJson = what => JSON.parse(written(what, 'json'));

// As OTLP's JSON has it: ids in hexadecimal, 64 bits as text.
const IDS = ['traceId', 'spanId', 'parentSpanId'];
function asJson(value, key) {
  if (Array.isArray(value) && IDS.includes(key))
    return Buffer.from(value).toString('hex');
  if (Array.isArray(value))
    return value.map(item => asJson(item));
  if (value === null || typeof value !== 'object')
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k, asJson(v, k)]));
}
function readProtobuf(what) {
  const message = requests[what].decode(written(what, 'protobuf'));
  return asJson(requests[what].toObject(message,
    { longs: String, enums: Number, bytes: Array, json: true }));
}

// A list of nothing is not there in protobuf.
function lean(value) {
  if (Array.isArray(value))
    return value.map(lean);
  if (value === null || typeof value !== 'object')
    return value;
  return Object.fromEntries(Object.entries(value)
    .filter(([, v]) => !(Array.isArray(v) && v.length === 0))
    .map(([k, v]) => [k, lean(v)]));
}

for (const what of Object.keys(requests))
  await test(`${what}: both encodings say the same`, () =>
    assert.deepEqual(lean(readProtobuf(what)), lean(readJson(what))));

const { scopeSpans, resource } = readProtobuf('traces').resourceSpans[0];
const spans = scopeSpans[0].spans;
const values = Object.fromEntries(
  spans[0].attributes.map(a => [a.key, a.value]));
await test('the resource and the scope', () => {
  assert.deepEqual(resource.attributes, [
    { key: 'service.name', value: { stringValue: 'agentmark-client' } },
    { key: 'agentmark.app_id', value: { stringValue: 'app' } }]);
  assert.deepEqual(scopeSpans[0].scope, { name: 'agentmark' });
});
await test('a root', () => {
  const { traceId, spanId, parentSpanId, name, kind, status } = spans[0];
  assert.deepEqual({ traceId, spanId, parentSpanId, name, kind, status }, {
    traceId: 'ab'.repeat(16), spanId: '01'.repeat(8),
    parentSpanId: undefined, name: 'text_basic', kind: 1,
    status: { code: 2, message: 'rate limit' } });
  assert.equal(spans[0].startTimeUnixNano, '1700000000000000000');
  assert.equal(spans[0].endTimeUnixNano, '1700000000999999999');
});
await test('a child', () => {
  assert.equal(spans.length, 3);
  assert.equal(spans[1].parentSpanId, spans[0].spanId);
  assert.equal(spans[1].kind, 3);
  assert.deepEqual(spans[1].status, { code: 1 });
  assert.deepEqual(spans[2].status, {});
});
await test('texts of all lengths', () => {
  assert.equal(values.text.stringValue, 'Grüße, "Welt" \\ \n\t\u0001 😀');
  assert.equal(values['text.empty'].stringValue, '');
  for (const [key, n] of [['127', 127], ['128', 128], ['long', 20000]])
    assert.equal(values[`text.${key}`].stringValue, 'x'.repeat(n));
});
await test('integers', () => assert.deepEqual(
  ['int', 'int.zero', 'int.negative', 'int.least', 'int.most']
    .map(key => values[key].intValue),
  ['12345678901234', '0', '-1', '-9223372036854775808',
    '9223372036854775807']));
await test('other numbers', () => assert.deepEqual(
  ['double', 'double.tiny', 'double.whole', 'double.nan', 'double.infinite']
    .map(key => values[key].doubleValue),
  [0.1, 5e-324, 3, 'NaN', '-Infinity']));
await test('true, false and lists', () => {
  assert.deepEqual(values.bool, { boolValue: true });
  assert.deepEqual(values['bool.not'], { boolValue: false });
  assert.deepEqual(values.texts.arrayValue.values.map(v => v.stringValue),
    ['stop', '', 'ü']);
});
await test('events', () => assert.deepEqual(spans[0].events, [
  { timeUnixNano: '1700000000123456789', name: 'retry', attributes: [
    { key: 'why', value: { stringValue: '429' } },
    { key: 'n', value: { intValue: '2' } }] },
  { timeUnixNano: '0', name: '' }]));
await test('links', () => assert.deepEqual(spans[0].links,
  Array(2).fill({ traceId: 'fe'.repeat(16), spanId: 'fe'.repeat(8) })));

const { metrics } =
  readProtobuf('metrics').resourceMetrics[0].scopeMetrics[0];
await test('sums', () => {
  assert.deepEqual(metrics.map(m => m.name), ['agentmark.requests',
    'agentmark.runs', 'gen_ai.client.operation.duration']);
  const { sum, unit } = metrics[0];
  assert.equal(unit, '{request}');
  assert.equal(sum.isMonotonic, true);
  assert.equal(sum.aggregationTemporality, 2);
  assert.equal(sum.dataPoints[0].asDouble, 12.5);
});
await test('a histogram', () => {
  const { histogram, unit } = metrics[2];
  const { count: n, sum, bucketCounts, explicitBounds } =
    histogram.dataPoints[0];
  assert.equal(unit, 's');
  assert.equal(histogram.aggregationTemporality, 2);
  assert.deepEqual({ n, sum, bucketCounts, explicitBounds }, { n: '504',
    sum: 77.25, bucketCounts: ['0', '3', '500', '1'],
    explicitBounds: [0.01, 0.5, 10] });
});
await finish();
