// Vendors whose protocols are more than JSON over a bearer's key: Amazon's
// signatures are made again here, from what arrived, and compared; its streams
// are binary.  Azure and Google want their keys elsewhere; Google's samples
// become a file.  The program runs as a plain CGI script.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { callCgi } from '../lib/gateway.mjs';
import { SECRET, signed } from '../lib/http.mjs';
import { cleanEnv, program, root, runDir, start } from '../lib/proc.mjs';
import { listen } from '../lib/provider.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { record } from '../lib/records.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const ACCESS = 'AKIDEXAMPLE', KEY = 'wJalr/XUtn+FEMI:with:colons';
const TOKEN = 'token/with+signs==', BEARER = 'ABSKbearer', REGION = 'eu-west-3';

// --- Amazon's signature, from the request as it came

const sha256 = bytes => crypto.createHash('sha256').update(bytes).digest('hex');
const hmac = (key, text) =>
  crypto.createHmac('sha256', key).update(text).digest();

function signatureOf({ method, url, headers, body }, names, scope) {
  const canonical = [
    method,
    url.split('/').map(encodeURIComponent).join('/'),
    '',
    ...names.map(name => `${name}:${headers[name].trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'),
    sha256(canonical)].join('\n');
  const key = scope.reduce(hmac, `AWS4${KEY}`);
  return hmac(key, text).toString('hex');
}

// What Amazon would say against it, or nothing.
function refusal(request) {
  const { headers } = request;
  if (headers.authorization === `Bearer ${BEARER}`)
    return undefined;
  const match = new RegExp(
    `^AWS4-HMAC-SHA256 Credential=${ACCESS}/(\\d{8})/([^/]+)/([^/]+)/` +
    '(aws4_request), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$')
    .exec(headers.authorization ?? '');
  if (!match)
    return 'Missing Authentication Token';
  const [, day, region, service, last, names, signature] = match;
  const list = names.split(';');
  for (const name of ['host', 'content-type', 'x-amz-date'])
    assert.ok(list.includes(name), `${name} is not signed`);
  if (headers['x-amz-security-token'] !== undefined)
    assert.ok(list.includes('x-amz-security-token'), 'the token is not signed');
  assert.deepEqual([...list].sort(), list);
  assert.equal(region, REGION);
  assert.equal(service, 'bedrock');
  const date = headers['x-amz-date'];
  assert.equal(date.slice(0, 8), day);
  const at = Date.parse(date.replace(
    /^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  assert.ok(Math.abs(Date.now() - at) < 5 * 60 * 1000, date);
  const scope = [day, region, service, last];
  return signature === signatureOf(request, list, scope) ? undefined
    : 'The request signature we calculated does not match the signature you ' +
      'provided.';
}

// --- Amazon's event stream

const event = (type, payload) => record('event', type, payload);
const delta = value =>
  event('contentBlockDelta', { contentBlockIndex: 0, delta: value });
const end = reason => [
  event('contentBlockStop', { contentBlockIndex: 0 }),
  event('messageStop', { stopReason: reason }),
  event('metadata', { usage:
    { inputTokens: 7, outputTokens: 3, totalTokens: 10 } }),
];

function records(body, text) {
  const start = event('messageStart', { role: 'assistant' });
  if (/throttle/.test(text))
    return [start, delta({ text: 'A' }),
      record('exception', 'throttlingException', { message: 'Slow down.' })];
  const tool = body.toolConfig?.tools[0].toolSpec.name;
  if (!tool)
    return [start, delta({ text: 'Grüße ' }), delta({ text: '😀' }),
      ...end('end_turn')];
  return [start,
    event('contentBlockStart', { contentBlockIndex: 0,
      start: { toolUse: { toolUseId: 't1', name: tool } } }),
    delta({ toolUse: { input: '{"name":"A' } }),
    delta({ toolUse: { input: 'da"}' } }), ...end('tool_use')];
}

// --- all vendors

const seen = [];

function sendJson(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

// Bytes go out in pieces that have nothing to do with their records.
async function sendRecords(response, list) {
  const bytes = Buffer.concat(list);
  response.writeHead(200,
    { 'content-type': 'application/vnd.amazon.eventstream' });
  for (let at = 0; at < bytes.length; at += 37) {
    response.write(bytes.subarray(at, at + 37));
    await new Promise(setImmediate);
  }
  response.end();
}

function bedrock(request, response, body) {
  const text = JSON.stringify(body.messages);
  const refused = refusal(request);
  if (refused)
    return sendJson(response, 403, { message: refused });
  if (request.url.endsWith('/converse-stream'))
    return sendRecords(response, records(body, text));
  return sendJson(response, 200, {
    output: { message: { role: 'assistant', content: [{ text: 'Once.' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 },
  });
}

const SAMPLES = Buffer.from([1, 2, 3, 4]);

function gemini(request, response) {
  if (request.headers['x-goog-api-key'] !== 'g-key')
    return sendJson(response, 400, { error: { message: 'API key not valid.' } });
  const speaks = request.url.includes('tts');
  return sendJson(response, 200, { candidates: [{ content: { parts: [
    { inlineData: speaks
      ? { mimeType: 'audio/L16;codec=pcm;rate=24000',
        data: SAMPLES.toString('base64') }
      : { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }] } }] });
}

function azure(request, response) {
  if (request.headers['api-key'] !== 'a-key' || request.headers.authorization)
    return sendJson(response, 401, { error: { message: 'Access denied.' } });
  return sendJson(response, 200, { choices: [{ index: 0,
    message: { role: 'assistant', content: 'Azure.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
}

const handlers = { aws: bedrock, google: gemini, azure };

async function answer({ method, url, headers }, response, body) {
  const whole = { method, url, headers, body };
  seen.push({ ...whole, json: JSON.parse(body) });
  await handlers[url.split('/')[1]](whole, response, JSON.parse(body));
}

const vendor = await listen((request, response, body) => {
  answer(request, response, body).catch(error => {
    sendJson(response, 500, { message: String(error) });
  });
});

const bin = program();
const dir = runDir('vendors');
const file = path.join(dir, 'agentmark-fcgi.yaml');
fs.writeFileSync(file, `webhook:
  secret: ${SECRET}
providers:
  bedrock:
    base_url: ${vendor.base}/aws
  google:
    base_url: ${vendor.base}/google/v1beta
  azure:
    base_url: ${vendor.base}/azure/openai/v1
retries: 0
`, { mode: 0o600 });

const AWS = { AWS_ACCESS_KEY_ID: ACCESS, AWS_SECRET_ACCESS_KEY: KEY,
  AWS_REGION: REGION };

// What is drawn or spoken stands in a tag of its own.
function mediaRun(model, kind, tag, value) {
  const body = JSON.parse(promptRun({ model, kind }));
  const { children } = body.data.ast;
  children.splice(1, 2, { ...children[2], name: tag, children:
    [{ type: 'paragraph', children: [{ type: 'text', value }] }] });
  return JSON.stringify(body);
}

async function run(o, env) {
  const body = typeof o === 'string' ? o : promptRun(o);
  seen.length = 0;
  const reply = await callCgi(bin,
    { AGENTMARK_FCGI_CONFIG: file, ...env }, { body, headers: signed(body) });
  return reply;
}

const said = reply => reply.values.filter(v => v.type === 'text')
  .map(v => v.result).filter(Boolean).join('');
const errorOf = reply =>
  reply.values.find(v => v.type === 'error' || v.error)?.error;

const NAME = 'anthropic.claude-3-5-sonnet-20241022-v2:0';
const ARN = 'arn:aws:bedrock:eu-west-3:123456789012:inference-profile/eu.x:0';

for (const model of ['plain', NAME, ARN]) {
  await test(`bedrock: a signed stream of ${model}`, async () => {
    const reply = await run({ model: `bedrock/${model}` }, AWS);
    assert.equal(said(reply), 'Grüße 😀', reply.body);
    assert.equal(seen[0].url,
      `/aws/model/${encodeURIComponent(model)}/converse-stream`);
    assert.equal(seen[0].headers.accept, 'application/vnd.amazon.eventstream');
    assert.deepEqual(seen[0].json.system, [{ text: 'You are a test.' }]);
  });
}

await test('bedrock: one signed reply, with a token', async () => {
  const reply = await run({ model: `bedrock/${NAME}`, stream: false },
    { ...AWS, AWS_SESSION_TOKEN: TOKEN });
  assert.equal(JSON.parse(reply.body).result, 'Once.', reply.body);
  assert.equal(seen[0].headers['x-amz-security-token'], TOKEN);
});

await test('bedrock: a bearer instead of a signature', async () => {
  const reply = await run({ model: `bedrock/${NAME}` },
    { ...AWS, AWS_BEARER_TOKEN_BEDROCK: BEARER });
  assert.equal(said(reply), 'Grüße 😀', reply.body);
  assert.equal(seen[0].headers['x-amz-date'], undefined);
});

await test('bedrock: an object comes through a tool', async () => {
  const schema = { type: 'object', properties: { name: { type: 'string' } } };
  const reply = await run(
    { model: `bedrock/${NAME}`, kind: 'object', schema }, AWS);
  const objects = reply.values.filter(v => v.type === 'object' && v.result);
  assert.deepEqual(objects.at(-1)?.result, { name: 'Ada' }, reply.body);
});

await test('bedrock: a wrong secret is refused', async () => {
  const reply = await run({ model: `bedrock/${NAME}`, stream: false },
    { ...AWS, AWS_SECRET_ACCESS_KEY: 'wrong' });
  assert.match(reply.body, /signature we calculated does not match/);
  assert.doesNotMatch(reply.body, /wrong"/);
});

await test('bedrock: an exception in the stream', async () => {
  const reply = await run(
    { model: `bedrock/${NAME}`, user: 'throttle' }, AWS);
  assert.match(errorOf(reply) ?? '', /Slow down\./, reply.body);
});

await test('azure: the key has its own header', async () => {
  const reply = await run({ model: 'azure/gpt-4.1', stream: false },
    { AZURE_OPENAI_API_KEY: 'a-key' });
  assert.equal(JSON.parse(reply.body).result, 'Azure.', reply.body);
  assert.equal(seen[0].url, '/azure/openai/v1/chat/completions');
});

await test('google: an image', async () => {
  const reply = await run(mediaRun('google/gemini-3-pro-image', 'image',
    'ImagePrompt', 'A cat'), { GEMINI_API_KEY: 'g-key' });
  assert.deepEqual(JSON.parse(reply.body).result,
    [{ mimeType: 'image/png', base64: 'iVBORw0KGgo=' }], reply.body);
});

await test('google: speech becomes a WAV file', async () => {
  const reply = await run(mediaRun('google/gemini-3.8-flash-tts', 'speech',
    'SpeechPrompt', 'Hello'), { GEMINI_API_KEY: 'g-key' });
  const { result } = JSON.parse(reply.body);
  assert.equal(result.format, 'wav', reply.body);
  const wav = Buffer.from(result.base64, 'base64');
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
  assert.deepEqual(wav.subarray(44), SAMPLES);
});

await test('unknown models are answered with what is set', async () => {
  const reply = await run({ model: 'nobody' }, AWS);
  assert.match(reply.body, /configured providers: [a-z, ]*bedrock/);
  assert.match(reply.body, /without a key or an address: [a-z, ]*mistral/);
});

await test('the documentation has the table as it is', async () => {
  const child = start(bin, ['providers'], { env: cleanEnv() });
  await child.exited;
  const text = fs.readFileSync(path.join(root, 'docs/providers.md'), 'utf8');
  assert.ok(text.includes(child.out), child.out);
});

await vendor.close();
await finish();
