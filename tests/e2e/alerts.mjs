// Alerts: every way against a receiver, receivers that fail, and workers that
// are killed while they deliver.
//   ALERTS=N  how many alerts the last test sends (800)
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { callFcgi } from '../lib/gateway.mjs';
import { call, SECRET, signature, SIGNATURE, signed } from '../lib/http.mjs';
import { freePort, program, runDir, sleep, stop, until }
  from '../lib/proc.mjs';
import { headersOf, httpReceiver, mailReceiver } from '../lib/receivers.mjs';
import { lighttpdCgi, lighttpdFcgi, spawnFcgi } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const ALERTS = Number(process.env.ALERTS ?? 800);
const WORKERS = 4;
const bin = program();

const alertOf = (more = {}, message = 'Errors < 5 & more') => ({
  type: 'alert',
  data: {
    alert: {
      id: 'a-1', currentValue: 7.5, threshold: 5, status: 'triggered',
      timeWindow: '15 minutes', type: 'error_rate', ...more,
    },
    message, timestamp: '2026-06-23T10:00:00.000Z',
  },
});
const wrapped = event => JSON.stringify({ event });

// A directory with a configuration of ALERTS.
function configured(alerts, more = {}) {
  const dir = runDir('alerts');
  const file = path.join(dir, 'agentmark-fcgi.yaml');
  fs.writeFileSync(file, JSON.stringify({
    webhook: { secret: SECRET }, alerts, store: 'store.db',
    log: { level: 'warning', target: path.join(dir, 'log') }, ...more,
  }), { mode: 0o600 });
  return { dir, env: { AGENTMARK_FCGI_CONFIG: file } };
}

const linesOf = file => fs.existsSync(file)
  ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

// What the log tells of deliveries, without times and ports, sorted.
const toldOf = log => linesOf(log).filter(line => / event=delivery/.test(line))
  .map(line => line.replace(/.* event=/, '')
    .replace(/ port \d+ after \d+ ms/, '')).sort();

// One worker without a web server.
async function serve(alerts, variables) {
  const { dir, env } = configured(alerts);
  Object.assign(env, variables);
  let worker = await spawnFcgi({ bin, dir, env });
  const at = name => path.join(dir, name);
  return {
    at,
    log: () => toldOf(at('log')),
    send: body => callFcgi(worker.socket, { body, headers: signed(body) }),
    restart: async () => {
      await stop(worker.child);
      worker = await spawnFcgi({ bin, dir, env });
    },
    kill: () => process.kill(worker.pid, 'SIGTERM'),
    ended: () => worker.child.ended,
    close: () => stop(worker.child),
  };
}

function expectProcessed(reply, event) {
  assert.equal(reply.status, 200, reply.body);
  assert.deepEqual(reply.json, {
    message: 'Alert processed', alertId: event.data.alert.id,
    status: event.data.alert.status,
  });
}

// --- every way

async function everyWay(front) {
  const receiver = await httpReceiver();
  const mail = await mailReceiver();
  const way = name => `${receiver.base}/${name}`;
  const { dir, env } = configured({
    chat: { slack: way('slack') }, team: { teams: way('teams') },
    talk: { discord: way('discord') },
    duty: { pagerduty: 'R0UTE', url: way('pagerduty') },
    hook: { webhook: way('hook'), secret: 'hook-secret' },
    open: { webhook: way('open') },
    people: {
      mail: { server: mail.url, from: 'AgentMark <am@example.com>',
        to: ['ops@example.com', 'refused@example.com'] },
      title: '{type} ist {status} \u00e9',
    },
    script: { exec: './take' }, system: { syslog: true },
    file: { file: 'alerts.ndjson' },
    cost: { file: 'cost.ndjson', types: 'cost' },
    solved: { file: 'solved.ndjson', status: ['resolved'] },
    high: { file: 'high.ndjson', above: 5.5 },
  });
  fs.writeFileSync(path.join(dir, 'take'), '#!/bin/sh\ncat >>"$0.out"\n',
    { mode: 0o755 });
  const server = await front({ dir, bin, env });
  const send = body => call(server.base, { body, headers: signed(body) });
  const event = alertOf();
  const solved = alertOf({ status: 'resolved' });
  const file = name => linesOf(path.join(dir, name)).map(JSON.parse);
  const arrived = n => [
    ...['slack', 'teams', 'discord', 'pagerduty', 'hook', 'open']
      .map(name => receiver.got(`/${name}`)),
    mail.mails, file('take.out'), file('alerts.ndjson'),
  ].every(list => list.length >= n);
  try {
    expectProcessed(await send(wrapped(event)), event);
    assert.ok(await until(() => arrived(1), 20000), 'some did not arrive');
    expectProcessed(await send(JSON.stringify(solved)), solved);
    assert.ok(await until(() => arrived(2), 20000), 'some did not arrive');
    const states = receiver.json('/slack').map(m => m.attachments[0].color);
    assert.deepEqual(states, ['#e01e5a', '#2eb67d']);
    assert.equal(receiver.json('/teams')[0].attachments[0].content.type,
      'AdaptiveCard');
    assert.equal(receiver.json('/discord')[1].embeds[0].title,
      'Error rate is back to normal');
    assert.deepEqual(receiver.json('/pagerduty')
      .map(m => [m.routing_key, m.event_action, m.dedup_key]), [
      ['R0UTE', 'trigger', 'agentmark:error_rate:a-1'],
      ['R0UTE', 'resolve', 'agentmark:error_rate:a-1']]);
    assert.deepEqual(receiver.json('/hook'), [event, solved]);
    for (const { headers, text } of receiver.got('/hook'))
      assert.equal(headers[SIGNATURE], signature(text, 'hook-secret'));
    assert.equal(new Set(receiver.got('/hook')
      .map(one => one.headers['idempotency-key'])).size, 2);
    assert.deepEqual(receiver.json('/open'), [event, solved]);
    assert.equal(receiver.got('/open')[0].headers[SIGNATURE], undefined);
    const [first] = mail.mails;
    assert.equal(first.from, 'am@example.com');
    assert.deepEqual(first.to, ['ops@example.com']);
    const { headers, body } = headersOf(first);
    assert.equal(headers.To, 'ops@example.com, refused@example.com');
    assert.equal(headers.Subject, `=?UTF-8?B?${
      Buffer.from('error_rate ist triggered \u00e9').toString('base64')}?=`);
    assert.equal(body, 'Errors < 5 & more\r\n\r\nValue: 7.5 %\r\n' +
      'Threshold: 5 %\r\nWindow: 15 minutes\r\nType: error_rate\r\n' +
      'Status: triggered\r\nTime: 2026-06-23T10:00:00.000Z\r\n');
    assert.deepEqual(file('take.out'), [event, solved]);
    assert.deepEqual(file('alerts.ndjson'), [event, solved]);
    assert.deepEqual(file('solved.ndjson'), [solved]);
    assert.deepEqual([file('cost.ndjson'), file('high.ndjson')], [[], []]);
    assert.deepEqual(toldOf(path.join(dir, 'log')), []);
  } finally {
    await stop(server.child);
    await receiver.close();
    await mail.close();
  }
}

await test('all ways as FastCGI', () => everyWay(o =>
  lighttpdFcgi({ ...o, workers: 2 })));
await test('all ways as CGI', () => everyWay(lighttpdCgi));

// --- duplicates

await test('what comes twice goes once', async () => {
  const receiver = await httpReceiver();
  const server = await serve({ hook: { webhook: `${receiver.base}/hook` } });
  const event = alertOf();
  const other = alertOf({ id: 'a-2' });
  // The same by its id, its status and its time.
  const again = alertOf({ currentValue: 8 }, 'in other words');
  for (const one of [event, event, again, other])
    expectProcessed(await server.send(wrapped(one)), one);
  await until(() => receiver.got('/hook').length >= 2);
  await server.restart();
  expectProcessed(await server.send(wrapped(event)), event);
  await sleep(500);
  assert.deepEqual(receiver.json('/hook'), [event, other]);
  await server.close();
  await receiver.close();
});

await test('whatever is missing, it is processed', async () => {
  const server = await serve({ file: { file: 'out' } });
  const bodies = ['{"type":"alert","data":{}}',
    '{"type":"alert","data":{"alert":null,"new":[1]}}',
    '{"event":{"type":"alert","data":{"id":7,"threshold":"x"}},"more":1}',
    JSON.stringify(alertOf({}, 'x'.repeat(300000)))];
  const replies = [];
  for (const body of bodies)
    replies.push((await server.send(body)).json);
  assert.deepEqual(replies, [{ message: 'Alert processed' },
    { message: 'Alert processed' },
    { message: 'Alert processed', alertId: '7' },
    { message: 'the alert is larger than 262144 bytes' }]);
  await until(() => linesOf(server.at('out')).length === 3);
  assert.equal(linesOf(server.at('out')).length, 3);
  await server.close();
});

// --- receivers that fail

await test('what fails is tried again', async () => {
  const receiver = await httpReceiver();
  const mail = await mailReceiver();
  const way = name => ({ webhook: `${receiver.base}/${name}`, timeout: 0.5 });
  const port = await freePort();
  const once = answer => n => n === 0 ? answer : { status: 202 };
  receiver.answers['/broken'] = once({ status: 500 });
  receiver.answers['/busy'] = once(
    { status: 429, headers: { 'retry-after': '2' } });
  receiver.answers['/hanging'] = once(undefined);
  const server = await serve({
    broken: way('broken'), busy: way('busy'), hanging: way('hanging'),
    well: way('well'),
    closed: { webhook: `http://127.0.0.1:${port}/`, timeout: 0.5 },
    people: { mail: { server: mail.url, from: 'a@b', to: 'later@b' } },
    script: { exec: ['/bin/sh', '-c',
      'cat >>out; test -e tried || { : >tried; echo no >&2; exit 3; }'] },
  });
  const event = alertOf();
  expectProcessed(await server.send(wrapped(event)), event);
  const times = name => receiver.got(`/${name}`).map(one => one.at);
  await until(() => ['broken', 'busy', 'hanging']
    .every(name => times(name).length >= 2) && mail.mails.length, 15000);
  for (const [name, wait] of [['broken', 950], ['busy', 1950],
    ['hanging', 1450]]) {
    const [first, second, ...more] = times(name);
    assert.ok(second - first >= wait, `${name}: ${second - first} ms`);
    assert.deepEqual(more, []);
  }
  assert.equal(times('well').length, 1);
  assert.equal(mail.mails.length, 1);
  await until(() => server.log().length >= 6);
  assert.deepEqual(server.log(), [
    'delivery_failed route=alert:broken dropped=0 reason="status 500: ok"',
    'delivery_failed route=alert:busy dropped=0 reason="status 429: ok"',
    'delivery_failed route=alert:closed dropped=0 reason="Failed to connect ' +
      'to 127.0.0.1: Couldn\'t connect to server"',
    'delivery_failed route=alert:hanging dropped=0 ' +
      'reason="no answer within 500 ms (first byte)"',
    'delivery_failed route=alert:people dropped=0 ' +
      'reason="RCPT failed: 450 (last error)"',
    'delivery_failed route=alert:script dropped=0 ' +
      'reason="the command ended with status 3: no"',
  ]);
  await server.close();
  await receiver.close();
  await mail.close();
});

await test('what is refused is dropped, and no secret is told', async () => {
  const receiver = await httpReceiver();
  receiver.answers['/s3cret'] = () =>
    ({ status: 404, body: 'Cannot POST /s3cret' });
  receiver.answers['/s3cret?a=t0ken'] = () =>
    ({ status: 404, body: 'Cannot POST /s3cret' });
  receiver.answers['/?t0ken'] = () =>
    ({ status: 403, body: 'not with t0ken' });
  receiver.answers['/x'] = () => ({ status: 400, body: 'bad\n"thing"' });
  const server = await serve({
    lost: { slack: `${receiver.base}/s3cret` },
    lost2: { slack: `${receiver.base}/s3cret?a=t0ken` },
    lost3: { slack: `${receiver.base}/?t0ken` },
    bad: { pagerduty: 's3cret', url: `${receiver.base}/x` },
  });
  for (const id of ['1', '2'])
    await server.send(wrapped(alertOf({ id })));
  await until(() => receiver.got('/x').length === 2 &&
    receiver.got('/s3cret').length === 2);
  await until(() => server.log().length >= 4);
  assert.deepEqual(server.log(), [
    'delivery_dropped route=alert:bad dropped=1 ' +
      'reason="status 400: bad \'thing\'"',
    'delivery_dropped route=alert:lost dropped=1 reason="status 404"',
    'delivery_dropped route=alert:lost2 dropped=1 reason="status 404"',
    'delivery_dropped route=alert:lost3 dropped=1 reason="status 403"',
  ]);
  await server.close();
  await receiver.close();
});

await test('a password is sent over trusted TLS only', async () => {
  const dir = runDir('mail');
  const pem = name => path.join(dir, name);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
    '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-keyout', pem('key'), '-out', pem('cert')], { stdio: 'ignore' });
  const plain = await mailReceiver();
  const secure = await mailReceiver(
    { key: fs.readFileSync(pem('key')), cert: fs.readFileSync(pem('cert')) });
  const people = (server, to) => ({ mail: { server, from: 'a@b', to } });
  const login = { user: 'u', password: 's3cret' };
  const route = (server, to) =>
    ({ mail: { ...people(server, to).mail, ...login } });
  const alerts = {
    without: people(secure.url, 'without@b'),
    bare: route(plain.url, 'bare@b'), covered: route(secure.url, 'covered@b'),
  };
  const known = () => [...plain.mails, ...secure.mails]
    .map(mail => [mail.to[0], mail.tls]).sort();
  const distrusting = await serve(alerts);
  await distrusting.send(wrapped(alertOf()));
  await until(() => distrusting.log().length >= 2 && known().length);
  assert.deepEqual(known(), [['without@b', true]]);
  assert.deepEqual([plain.logins, secure.logins], [[], []]);
  await distrusting.close();
  const trusting = await serve(alerts, { SSL_CERT_FILE: pem('cert') });
  await trusting.send(wrapped(alertOf()));
  await until(() => known().length >= 3);
  assert.deepEqual(known(), [['covered@b', true], ['without@b', true],
    ['without@b', true]]);
  assert.deepEqual([plain.logins, secure.logins], [[], ['\0u\0s3cret']]);
  await trusting.close();
  await plain.close();
  await secure.close();
});

// --- nobody waits

const hangingAll = receiver => Object.fromEntries(
  ['a', 'b', 'c', 'd'].map(name => {
    receiver.answers[`/${name}`] = () => undefined;
    return [name, { webhook: `${receiver.base}/${name}` }];
  }));

await test('a reply within 50 ms although receivers hang', async () => {
  const receiver = await httpReceiver();
  const server = await serve(hangingAll(receiver));
  const took = [];
  for (let i = 0; i < 20; i++) {
    const event = alertOf({ id: `n-${i}` });
    const reply = await server.send(wrapped(event));
    expectProcessed(reply, event);
    took.push(reply.took);
  }
  took.sort((a, b) => a - b);
  console.log(`# ${took[0].toFixed()} to ${took.at(-1).toFixed()} ms`);
  // The machine may be busy; the receivers would hold up every one of them.
  assert.ok(took[0] < 50 && took[10] < 500, took.join(' '));
  // Nor is the end of the worker held up.
  const began = performance.now();
  server.kill();
  await until(() => server.ended(), 10000);
  assert.ok(server.ended() && performance.now() - began < 5000);
  await server.close();
  await receiver.close();
});

await test('a CGI reply ends although receivers hang', async () => {
  const receiver = await httpReceiver();
  const { dir, env } = configured(hangingAll(receiver));
  const server = await lighttpdCgi({ dir, bin, env });
  for (let i = 0; i < 3; i++) {
    const event = alertOf({ id: `n-${i}` });
    const body = wrapped(event);
    const reply = await call(server.base, { body, headers: signed(body) });
    expectProcessed(reply, event);
    assert.ok(reply.complete && reply.took < 5000, `${reply.took} ms`);
  }
  await until(() => receiver.got('/d').length);
  assert.ok(receiver.got('/d').length);
  await stop(server.child);
  await receiver.close();
});

for (const store of ['none', '/dev/null/store.db'])
  await test(`as CGI with the store ${store}`, async () => {
    const { dir, env } = configured({ file: { file: 'out' } }, { store });
    const server = await lighttpdCgi({ dir, bin, env });
    for (const id of ['1', '2']) {
      const event = alertOf({ id });
      const body = wrapped(event);
      expectProcessed(await call(server.base, { body, headers: signed(body) }),
        event);
    }
    const out = path.join(dir, 'out');
    await until(() => linesOf(out).length >= 2);
    assert.deepEqual(linesOf(out).map(line => JSON.parse(line).data.alert.id)
      .sort(), ['1', '2']);
    await stop(server.child);
  });

await test('a worker that ends delivers first', async () => {
  const receiver = await httpReceiver();
  const server = await serve({ file: { file: 'out' } });
  await Promise.all(Array.from({ length: 50 }, async (_, i) =>
    server.send(wrapped(alertOf({ id: `${i}` })))));
  server.kill();
  await until(() => server.ended(), 10000);
  assert.equal(linesOf(server.at('out')).length, 50);
  await server.close();
  await receiver.close();
});

// --- workers that die

const childrenOf = pid => fs.readdirSync('/proc')
  .filter(name => /^\d+$/.test(name))
  .filter(name => {
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ===
        String(pid);
    } catch {
      return false;
    }
  }).map(Number);

await test(`${ALERTS} alerts, and workers are killed`, async () => {
  const receiver = await httpReceiver();
  receiver.answers['/hook'] = n => ({ status: n % 50 === 25 ? 500 : 200 });
  const { dir, env } = configured({
    duty: { pagerduty: 'k', url: `${receiver.base}/duty`, timeout: 1 },
    hook: { webhook: `${receiver.base}/hook`, timeout: 1 },
    file: { file: 'out', timeout: 1 },
  });
  const server = await lighttpdFcgi({ dir, bin, env, workers: WORKERS });
  let kills = 0, repeats = 0, sent = 0, over = false;
  // An alert that gets no good reply is sent again, as whoever sends it would.
  const sendOne = async id => {
    const body = wrapped(alertOf({ id }));
    for (;;) {
      const reply = await call(server.base, { body, headers: signed(body),
        timeout: 10000 });
      if (reply.status === 200 && reply.json?.alertId === id)
        return;
      repeats++;
      await sleep(50);
    }
  };
  const sender = async () => {
    while (sent < ALERTS)
      await sendOne(`k-${sent++}`);
  };
  const killer = async () => {
    while (!over) {
      await sleep(200 + Math.random() * 1200);
      const workers = childrenOf(server.child.pid);
      const victim = workers[Math.floor(Math.random() * workers.length)];
      if (over || !victim)
        continue;
      process.kill(victim, 'SIGKILL');
      kills++;
    }
  };
  const began = performance.now();
  const killing = killer();
  await Promise.all(Array.from({ length: 8 }, sender));
  const accepted = performance.now();
  const keys = () => ({
    duty: receiver.json('/duty').map(m => m.dedup_key),
    hook: receiver.got('/hook').filter(m => m.status === 200)
      .map(m => m.headers['idempotency-key']),
    file: linesOf(path.join(dir, 'out'))
      .map(line => JSON.parse(line).data.alert.id),
  });
  const whole = () => Object.values(keys())
    .every(list => new Set(list).size === ALERTS);
  await sleep(1000);
  over = true;
  await killing;
  await until(whole, 60000 + ALERTS * 20, 1000);
  console.log(`# accepted in ${((accepted - began) / 1000).toFixed(1)} s, ` +
    `delivered in ${((performance.now() - began) / 1000).toFixed(1)} s, ` +
    `${kills} kills, ${repeats} sent again`);
  await sleep(1000);
  for (const [name, list] of Object.entries(keys())) {
    const twice = list.length - new Set(list).size;
    console.log(`# ${name}: ${list.length}, of which ${twice} twice`);
    assert.equal(new Set(list).size, ALERTS, `${name}: some are missing`);
    // Each route has one on its way in each worker, when that is killed.
    assert.ok(twice <= kills, `${name}: ${twice} twice, ${kills} kills`);
  }
  assert.ok(kills > 0);
  await stop(server.child);
  await receiver.close();
});

await finish();
