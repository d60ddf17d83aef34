// What must hold for the program however it is mounted.  A mount is {name,
// call, mock, worker?, noticesMs}: call(request) as in ../lib/http.mjs; worker
// is what serves it, if it outlives a request; noticesMs is how long the web
// server may take to see that its client has left.
import { call, signature, signed, SIGNATURE } from '../lib/http.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { sleep, until } from '../lib/proc.mjs';
import { assert, test } from '../lib/tap.mjs';

const JSON_TYPE = /^application\/json/;
const TRACE = /^[0-9a-f]{32}$/;
const BODY_LIMIT = 10 * 1024 * 1024;

function post(mount, body, o = {}) {
  return mount.call({ body, headers: signed(body, o.headers), ...o.more });
}

const run = (mount, prompt, more) => post(mount, promptRun(prompt), { more });

function refusal(reply, status) {
  assert.equal(reply.status, status, `${reply.status} ${reply.body}`);
  assert.match(reply.headers['content-type'] ?? '', JSON_TYPE);
  assert.equal(typeof reply.json?.message, 'string', reply.body);
}

function whole(reply) {
  assert.equal(reply.error, undefined);
  assert.equal(reply.status, 200, reply.body);
  assert.ok(reply.complete, `cut: ${reply.body}`);
}

function streamed(reply) {
  whole(reply);
  assert.match(reply.headers['content-type'] ?? '', /^application\/x-ndjson/);
  assert.equal(reply.headers['agentmark-streaming'], 'true');
  const last = reply.values.at(-1);
  assert.equal(last?.type, 'done', reply.body);
  assert.match(last.traceId, TRACE);
  assert.equal(reply.values.filter(line => line.type === 'done').length, 1);
}

const said = reply => reply.values.map(line => line.result ?? '').join('');

async function gates(mount) {
  const { name } = mount;
  const evals = '{"type":"get-evals","data":{}}';
  await test(`${name}: GET is a health answer`, async () => {
    const reply = await mount.call({ method: 'GET' });
    assert.equal(reply.status, 200, reply.body);
    assert.match(reply.headers['content-type'] ?? '', /^text\/plain/);
    assert.ok(reply.body.length > 0);
  });
  await test(`${name}: HEAD has no body`, async () => {
    const reply = await mount.call({ method: 'HEAD' });
    assert.equal(reply.status, 200);
    assert.equal(reply.body, '');
  });
  await test(`${name}: OPTIONS is 204`, async () => {
    const reply = await mount.call({ method: 'OPTIONS' });
    assert.equal(reply.status, 204, reply.body);
  });
  await test(`${name}: other methods are 405 with Allow`, async () => {
    const reply = await post(mount, evals, { more: { method: 'PUT' } });
    refusal(reply, 405);
    assert.match(reply.headers.allow ?? '', /\bPOST\b/);
  });
  await test(`${name}: no signature is 401`, async () => {
    refusal(await mount.call({ body: evals }), 401);
  });
  await test(`${name}: a wrong signature is 401`, async () => {
    const headers = { [SIGNATURE]: signature(evals, 'other') };
    refusal(await mount.call({ body: evals, headers }), 401);
    const longer = { [SIGNATURE]: signature(evals) + '0' };
    refusal(await mount.call({ body: evals, headers: longer }), 401);
  });
  await test(`${name}: an encoded body is 415`, async () => {
    const headers = { 'content-encoding': 'gzip' };
    refusal(await post(mount, evals, { headers }), 415);
  });
  await test(`${name}: bad JSON is 400, once it is signed`, async () => {
    refusal(await post(mount, '{"type":'), 400);
    refusal(await mount.call({ body: '{"type":' }), 401);
  });
  await test(`${name}: a body over the limit is 413`, async () => {
    const body = evals.padEnd(BODY_LIMIT + 1);
    refusal(await post(mount, body), 413);
  });
  await test(`${name}: a body at the limit is taken`, async () => {
    const reply = await post(mount, evals.padEnd(BODY_LIMIT));
    assert.equal(reply.status, 200, reply.body);
  });
  await test(`${name}: get-evals is answered`, async () => {
    const reply = await post(mount, evals);
    assert.equal(reply.status, 200, reply.body);
    assert.equal(reply.json.type, 'evals');
  });
  await test(`${name}: a dataset that is not there is 500`, async () => {
    const { ast } = JSON.parse(promptRun({ model: 'mock' })).data;
    const data = { ast, datasetPath: 'x.jsonl', experimentId: 'e' };
    const body = JSON.stringify({ type: 'dataset-run', data });
    refusal(await post(mount, body), 500);
  });
}

async function answers(mount) {
  const { name } = mount;
  await test(`${name}: one-shot text`, async () => {
    const reply = await run(mount, { model: 'mock-echo', stream: false });
    whole(reply);
    assert.match(reply.headers['content-type'] ?? '', JSON_TYPE);
    const { traceId, ...rest } = reply.json;
    assert.match(traceId, TRACE);
    assert.deepEqual(rest, {
      type: 'text', result: 'echo: Hi there', finishReason: 'stop',
      usage: {
        inputTokens: 6, outputTokens: 3, totalTokens: 9,
        promptTokens: 6, completionTokens: 3,
      },
      toolCalls: [], toolResults: [],
    });
  });
  await test(`${name}: streamed text`, async () => {
    const reply = await run(mount, { model: 'mock-echo' });
    streamed(reply);
    assert.equal(said(reply), 'echo: Hi there');
    assert.equal(reply.values.at(-2).finishReason, 'stop');
  });
  await test(`${name}: text of every plane arrives whole`, async () => {
    const user = 'Grüße 世界 𝔘 "quoted" back\\\\slash';
    const reply = await run(mount, { model: 'mock-echo', user });
    streamed(reply);
    assert.ok(said(reply).includes('Grüße 世界 𝔘 "quoted"'), said(reply));
  });
  await test(`${name}: streamed object`, async () => {
    const schema = {
      type: 'object', required: ['title', 'count'],
      properties: { title: { type: 'string' }, count: { type: 'integer' } },
    };
    const reply = await run(mount,
      { model: 'mock-object', kind: 'object', schema });
    streamed(reply);
    const objects = reply.values.filter(line => line.result);
    assert.ok(objects.length > 2, reply.body);
    assert.deepEqual(objects.at(-1).result,
      { title: 'sample title', count: 42 });
  });
  await test(`${name}: one-shot object`, async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } } };
    const reply = await run(mount,
      { model: 'mock-object', kind: 'object', schema, stream: false });
    whole(reply);
    assert.deepEqual(reply.json.result, { n: 42 });
  });
  await test(`${name}: an error before the first byte is a status`, async () => {
    const reply = await run(mount, { model: 'mock-401', stream: false });
    refusal(reply, 500);
    assert.equal(reply.json.message, 'Incorrect API key provided: mock');
    refusal(await run(mount, { model: 'nobody-serves-this' }), 500);
  });
  await test(`${name}: an error after the first byte is a line`, async () => {
    const reply = await run(mount, { model: 'mock-errchunk' });
    streamed(reply);
    const errors = reply.values.filter(line => line.type === 'error');
    assert.equal(errors.length, 1, reply.body);
    assert.equal(reply.values.at(-2).type, 'error');
  });
  await test(`${name}: the built-in model needs no provider`, async () => {
    const reply = await run(mount, { model: 'echo/hello', user: 'Say it' });
    streamed(reply);
    assert.ok(said(reply).includes('Say it'), said(reply));
  });
}

async function streaming(mount) {
  const { name, mock } = mount;
  await test(`${name}: lines arrive while the model speaks`, async () => {
    const reply = await run(mount, { model: 'mock-delay-100-chunks-10' });
    streamed(reply);
    const lines = reply.values.filter(line => line.result);
    assert.equal(lines.length, 10, reply.body);
    const spread = lines.at(-1).at - lines[0].at;
    assert.ok(spread > 700, `all within ${spread.toFixed()} ms`);
    const gaps = lines.slice(1).map((line, i) => line.at - lines[i].at);
    const widest = Math.max(...gaps);
    assert.ok(widest < 450, `a gap of ${widest.toFixed()} ms`);
  });
  await test(`${name}: a silent stream has a heartbeat`, async () => {
    const reply = await run(mount, { model: 'mock-ttft-3000' });
    streamed(reply);
    const first = reply.values[0].at;
    const blank = reply.lines.filter(line => !line.text && line.at < first);
    assert.ok(first > 2900, `the model spoke after ${first.toFixed()} ms`);
    assert.ok(blank.length >= 2 && blank.length <= 5,
      `${blank.length} blank lines before the first`);
  });
  await test(`${name}: a client that leaves ends the call`, async () => {
    const asked = await mock.asked();
    await run(mount, { model: 'mock-delay-200-chunks-100' },
      { onPiece: reply => reply.values.length > 2 });
    const free = await until(async () => !await mock.inflight(),
      mount.noticesMs, 5);
    assert.ok(free, `still called ${mount.noticesMs} ms after the end`);
    assert.equal(await mock.asked(), asked + 1);
  });
  await test(`${name}: so does one that leaves a silent model`, async () => {
    const going = run(mount, { model: 'mock-hang' }, { leaveAfter: 300 });
    const begun = await until(() => mock.inflight(), 3000);
    assert.ok(begun, 'the model was never asked');
    await going;
    const free = await until(async () => !await mock.inflight(),
      mount.noticesMs, 5);
    assert.ok(free, `still called ${mount.noticesMs} ms after the end`);
  });
  await test(`${name}: the next request is served after that`, async () => {
    streamed(await run(mount, { model: 'mock-echo' }));
  });
}

// A supervisor that stops the program must not cut what it is saying.
async function signals(mount) {
  for (const signal of ['SIGUSR1', 'SIGTERM'])
    await test(`${mount.name}: ${signal} lets a stream end`, async () => {
      await mount.renew();
      const { child } = mount.worker;
      let sent = false;
      const reply = await run(mount, { model: 'mock-delay-100-chunks-10' }, {
        onPiece: r => {
          if (!sent && r.values.length > 1) {
            sent = true;
            process.kill(child.pid, signal);
          }
          return false;
        },
      });
      assert.ok(sent);
      streamed(reply);
      assert.equal(reply.values.filter(line => line.result).length, 10);
      const end = await Promise.race([child.exited, sleep(3000)]);
      assert.deepEqual(end, { code: 0, signal: null },
        'the program does not end after its stream');
    });
}

async function idleSignals(mount) {
  for (const signal of ['SIGUSR1', 'SIGTERM'])
    await test(`${mount.name}: ${signal} ends an idle worker`, async () => {
      await mount.renew();
      const { child } = mount.worker;
      streamed(await run(mount, { model: 'mock-echo' }));
      process.kill(child.pid, signal);
      const end = await Promise.race([child.exited, sleep(3000)]);
      assert.deepEqual(end, { code: 0, signal: null });
    });
}

export async function everything(mount) {
  await gates(mount);
  await answers(mount);
  await streaming(mount);
  if (!mount.worker)
    return;
  await signals(mount);
  if (mount.raw)
    await idleSignals(mount);
}

export { call, post, refusal, streamed };
