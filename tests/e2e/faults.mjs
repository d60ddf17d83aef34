// Vendors that refuse and vendors that have limits: what reaches the client in
// spite of that, and what reaches the vendor because of it.
import crypto from 'node:crypto';
import { asking, errorsOf, jsonl, rowsOf, serve }
  from '../lib/experiments.mjs';
import { callFcgi } from '../lib/gateway.mjs';
import { signed } from '../lib/http.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { program, runDir, sleep, stop } from '../lib/proc.mjs';
import { listen } from '../lib/provider.mjs';
import { spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const ROWS = 2000, FAULTY = 0.3, ATTEMPTS = 6;

const vendor = { attempts: new Map(), keys: {}, inflight: 0, most: 0, calls: 0 };

// Which attempts at which question fail is the same in every run.
function fails(question, attempt) {
  const hash = crypto.createHash('md5').update(`${question} ${attempt}`)
    .digest();
  return hash.readUInt32BE(0) / 2 ** 32 < FAULTY;
}

function send(response, status, value, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json',
    ...headers });
  response.end(JSON.stringify(value));
}

const refuse = (response, status) => send(response, status,
  { error: { message: `refused (${status})` } }, { 'retry-after-ms': '5' });

async function answer(request, response, body) {
  const asked = JSON.parse(body);
  const question = asked.messages.at(-1).content;
  const key = request.headers.authorization?.slice('Bearer '.length);
  vendor.calls++;
  vendor.keys[key] = (vendor.keys[key] ?? 0) + 1;
  if (asked.model.endsWith('flaky')) {
    const attempt = vendor.attempts.get(question) ?? 0;
    vendor.attempts.set(question, attempt + 1);
    if (fails(question, attempt))
      return refuse(response, 429);
  }
  if (key === 'refused' || key === 'busy')
    return refuse(response, key === 'busy' ? 429 : 401);
  vendor.most = Math.max(vendor.most, ++vendor.inflight);
  await sleep(asked.model === 'slow' ? 150 : 0);
  vendor.inflight--;
  return send(response, 200, {
    choices: [{ message: { content: 'well' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  });
}

const { base, close } = await listen(answer);
const url = `${base}/v1`;
const configuration = store => ({
  store, heartbeat: 0, log: { level: 'error' },
  providers: {
    test: { base_url: url },
    keys: { base_url: url, api_keys: ['refused', 'busy', 'good'] },
    one: { base_url: url, limits: { concurrent: 1 } },
    few: { base_url: url,
      limits: { requests_per_minute: 3, wait: 0.3 } },
  },
});

const questions = Array.from({ length: ROWS }, (_, i) => `question ${i}`);

await test('of calls that fail at 30 %, 99.9 % end well', async () => {
  const server = await serve({
    provider: url, files: { 'all.jsonl': jsonl(asking(questions)) },
    configuration: { ...configuration(), retries: ATTEMPTS - 1,
      experiments: { concurrency: 50 } },
  });
  const reply = await server.run({ model: 'test/flaky', evals: [],
    datasetPath: 'all.jsonl', concurrency: 50 }, { timeout: 300000 });
  await server.close();
  const lost = questions.filter(question => Array.from(
    { length: ATTEMPTS }, (_, i) => i).every(i => fails(question, i)));
  assert.equal(rowsOf(reply).length, ROWS - lost.length);
  assert.deepEqual(errorsOf(reply).map(row => row.input.q).sort(),
    lost.sort());
  for (const row of errorsOf(reply))
    assert.equal(row.error,
      `Failed after ${ATTEMPTS} attempts. Last error: refused (429)`);
  assert.ok(rowsOf(reply).length / ROWS >= 0.999,
    `${rowsOf(reply).length} of ${ROWS}`);
});

// Two processes, one store.
const dir = runDir('faults');
const served = await serve({ provider: url,
  configuration: { ...configuration(`${dir}/store.db`), retries: 2 } });
const other = await spawnFcgi({ bin: program(), dir, env: {
  AGENTMARK_FCGI_CONFIG: `${served.dir}/agentmark-fcgi.yaml`,
  TMPDIR: served.state } });

function ask(model, socket) {
  const body = promptRun({ model, stream: false });
  return callFcgi(socket, { body, headers: signed(body) });
}
const sockets = [served.worker.socket, other.socket];

await test('a key that is refused gives way to the next one', async () => {
  vendor.keys = {};
  const began = performance.now();
  const reply = await ask('keys/m', sockets[0]);
  assert.equal(reply.json?.result, 'well', reply.body);
  const took = performance.now() - began;
  assert.ok(took < 1500, `after ${took.toFixed()} ms`);
  assert.equal(vendor.keys.good, 1);
});
await test('it rests, for the other process too', async () => {
  await ask('keys/m', sockets[0]);
  await ask('keys/m', sockets[0]);
  const { refused } = vendor.keys;
  for (let i = 0; i < 4; i++)
    assert.equal((await ask('keys/m', sockets[1])).json.result, 'well');
  assert.equal(vendor.keys.refused, refused);
});

await test('two processes keep one limit of calls at once', async () => {
  vendor.most = 0;
  const replies = await Promise.all([0, 1, 0, 1].map(i =>
    ask('one/slow', sockets[i])));
  assert.deepEqual(replies.map(r => r.json.result), Array(4).fill('well'));
  assert.equal(vendor.most, 1);
});

await test('two processes keep one limit of calls a minute', async () => {
  const replies = [];
  for (const i of [0, 1, 0, 1, 0])
    replies.push(await ask('few/m', sockets[i]));
  assert.deepEqual(replies.map(r => r.json.result ?? r.json.message), [
    'well', 'well', 'well', 'rate limit of provider few',
    'rate limit of provider few',
  ]);
});

await served.close();
await stop(other.child);
await close();
finish();
