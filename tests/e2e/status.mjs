// The status page: who may see it, what it shows of all processes, and how it
// looks in a browser at the sizes of a phone and of a desk, in light and dark.
//   node status.mjs [FOLDER-FOR-PICTURES]
import fs from 'node:fs';
import path from 'node:path';
import { browser, contrast, overflow, pageOf } from '../lib/browser.mjs';
import { asking, datasetRun, serve } from '../lib/experiments.mjs';
import { call, signed } from '../lib/http.mjs';
import { sleep, until } from '../lib/proc.mjs';
import { promptRun } from '../lib/prompts.mjs';
import { mockProvider } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const pictures = process.argv[2];
const TOKEN = 'a token of some length';
const mock = await mockProvider(true);
const server = await serve({
  provider: `${mock.base}/v1`, front: 'lighttpd', rows: asking(['1', '2']),
  args: ['pool', '--min', '2', '--max', '4'],
  configuration: {
    webhook: { secrets: [{ name: 'owner', value: 'test-secret',
      budget: { day: 5, month: 40 } }] },
    models: [{ match: '^(mock|test)', provider: 'test' }],
    prices: { 'test/*': { input: 1000, output: 1000 } },
    alerts: { ops: { webhook: 'https://127.0.0.1:9/alert' } },
    status: { token: TOKEN }, echo: { delay_ms: 400 },
    store: 'store.db', log: { level: 'error' },
  },
});
const post = (body, more) =>
  call(server.base, { body, headers: signed(body), ...more });
const get = (to, headers = {}) =>
  call(server.base, { path: to, method: 'GET', headers });
const basic = text =>
  ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

// --- who may see it

await test('the page asks browsers for the token', async () => {
  const reply = await get('/status');
  assert.equal(reply.status, 401);
  assert.match(reply.headers['www-authenticate'], /^Basic realm="/);
});
await test('every way to bring the token', async () => {
  for (const headers of [{ authorization: `Bearer ${TOKEN}` },
    { 'x-status-token': TOKEN }, basic(`anybody:${TOKEN}`), basic(`:${TOKEN}`)])
    for (const to of ['/status', '/status?again', '']) {
      const reply = await get(to, headers);
      assert.equal(reply.status, 200, to);
      assert.match(reply.headers['content-type'], /^text\/html/);
      assert.match(reply.headers['content-security-policy'],
        /default-src 'none'/);
    }
});
await test('nothing else does', async () => {
  for (const headers of [{ authorization: `Bearer ${TOKEN}x` },
    basic(TOKEN), basic('x:'), { authorization: 'Basic !' },
    { authorization: 'Bearer ' }, { 'x-status-token': '' }])
    assert.equal((await get('/status', headers)).status, 401);
  const plain = await get('');
  assert.equal(plain.status, 200);
  assert.match(plain.headers['content-type'], /^text\/plain/);
});
await test('whether it works, for everybody', async () => {
  assert.equal((await get('/healthz')).body, 'ok\n');
  assert.equal((await get('/readyz')).body, 'ready\n');
});
for (const [what, configuration, healthy, ready] of [
  ['no secret', { webhook: {} }, 200, 503],
  ['no token', {}, 200, 200],
  ['a store that cannot be', { store: 'data' }, 200, 503],
])
  await test(`${what}`, async () => {
    const other = await serve({ provider: mock.base, configuration,
      front: 'lighttpd' });
    const look = to => call(other.base, { path: to, method: 'GET' });
    try {
      assert.equal((await look('/healthz')).status, healthy);
      assert.equal((await look('/readyz')).status, ready);
      assert.equal((await look('/status')).status, 404);
    } finally {
      await other.close();
    }
  });

// --- what it shows

const named = (model, name, more) => {
  const job = JSON.parse(promptRun({ model, ...more }));
  job.data.ast.children[0].value += `\nname: ${name}`;
  return JSON.stringify(job);
};
const SCRIPT = '<script>document.title="taken"</script>';
await post(promptRun({ model: 'mock-cached' }));
await post(promptRun({ model: 'mock-401' }));
await post(promptRun({ model: 'mock-401', stream: false }));
await post(datasetRun({ model: 'test-echo', dataset: 'rows.jsonl',
  experimentId: SCRIPT }));

const chromium = await browser();
const look = options => pageOf(chromium, {
  httpCredentials: { username: 'x', password: TOKEN }, ...options });
const desk = await look({ viewport: { width: 1280, height: 900 } });
const url = `${server.base}/status`;
const table = async name => {
  const region = desk.page.getByRole('region', { name }).locator('table');
  return region.evaluate(t => [...t.tBodies[0].rows].map(row =>
    [...row.cells].map(c => c.textContent)));
};

await test('the last runs', async () => {
  await desk.page.goto(url);
  const rows = await table('Last runs');
  assert.equal(rows.length, 4);
  const columns = rows.map(r => [r[1], r[2], r[4], r[5]].join(' '));
  assert.deepEqual(columns, [
    'ok dataset-run test-echo owner',
    'error prompt-run mock-401 owner', 'error prompt-run mock-401 owner',
    'ok prompt-run mock-cached owner',
  ]);
  for (const row of rows.slice(1, 3))
    assert.notEqual(row[10], '', 'the error');
  assert.ok(Number(rows[3][6]) > 0 && Number(rows[3][7]) > 0, 'tokens');
  assert.ok(Number(rows[3][8]) > 0, 'cost');
});
await test('the last experiments', async () => {
  const rows = await table('Last experiments');
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0].slice(1, 6), ['ok', SCRIPT, 'test-echo', '2', '0']);
  assert.notEqual(await desk.page.title(), 'taken');
});
await test('budgets', async () => {
  const rows = await table('Budgets');
  assert.deepEqual(rows.map(r => r.slice(0, 2)),
    [['owner', 'day'], ['owner', 'month']]);
  const spent = (await table('Last runs')).reduce((s, r) => s + Number(r[8]), 0);
  assert.ok(Math.abs(Number(rows[0][3]) - spent) < 0.001, `${rows[0][3]}`);
});
await test('a run in progress, of another process, and its end', async () => {
  const running = post(promptRun({ model: 'echo/x',
    user: 'one two three four five six seven eight nine' }));
  const inProgress = async () => {
    await desk.page.goto(url);
    return await desk.page.getByText('Nothing runs.').count() === 0;
  };
  assert.ok(await until(inProgress, 10000, 100));
  assert.equal((await table('In progress'))[0][3], 'x');
  await running;
  await desk.page.goto(url);
  assert.equal(await desk.page.getByText('Nothing runs.').count(), 1);
});
await test('a client that left', async () => {
  await post(promptRun({ model: 'echo/x', user: 'a b c d e f g h i j k l' }),
    { onPiece: () => true });
  const left = async () => {
    await desk.page.goto(url);
    return (await table('Last runs'))[0][1] === 'left';
  };
  assert.ok(await until(left, 15000, 200));
});

// --- how it looks

await test('nothing is loaded from elsewhere, and nothing complains', () => {
  const strange = desk.requests.filter(r =>
    r !== url && !r.endsWith('/favicon.ico'));
  assert.deepEqual(strange, []);
  assert.deepEqual(desk.complaints.filter(c => !/favicon|404/.test(c)), []);
});
await test('a screen reader finds its way', async () => {
  const tree = await desk.page.locator('body').ariaSnapshot();
  for (const part of [/^- banner/m, /^- main/m, /heading .*level=1/,
    /region "Last runs"/, /columnheader "Tokens in"/, /heading "Budgets"/])
    assert.match(tree, part);
  assert.equal(await desk.page.locator('html').getAttribute('lang'), 'en');
});
for (const [width, height, what] of [[390, 844, 'phone'], [1280, 900, 'desk']])
  for (const colorScheme of ['light', 'dark'])
    await test(`${what}, ${colorScheme}: fits and can be read`, async () => {
      const seen = await look({ viewport: { width, height }, colorScheme });
      await seen.page.goto(url);
      if (pictures)
        await seen.page.screenshot({ fullPage: true,
          path: path.join(pictures, `status-${what}-${colorScheme}.png`) });
      assert.ok(await overflow(seen.page) <= 0, 'wider than the window');
      assert.ok(await contrast(seen.page) >= 4.5, 'contrast');
      await seen.close();
    });

await chromium.close();
await server.close();
await finish();
