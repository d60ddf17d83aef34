// tests/live against scripted vendors in place of real ones, and the table that
// it keeps in README.md.
import fs from 'node:fs';
import path from 'node:path';
import { MODELS } from '../lib/live_models.mjs';
import { README, RESULTS, tableIn, vendorRows } from '../lib/live_table.mjs';
import { cleanEnv, root, runDir, start } from '../lib/proc.mjs';
import { scriptedVendors } from '../lib/scripted.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const vendors = await scriptedVendors();
const dir = runDir('live-test');
const rows = vendorRows();
const local = rows.filter(row => !row.variable || !(row.name in MODELS));

// Every provider at the scripted server, with a key unless it says KEYLESS.
function config(name, { keyless, ...more } = {}) {
  const file = path.join(dir, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify({
    providers: Object.fromEntries(rows.map(row => [row.name,
      { base_url: `${vendors.base}/${row.driver}`,
        ...(keyless ? {} : { api_key: 'test-key' }) }])),
    ...more,
  }));
  return file;
}

async function liveWith(env, ...args) {
  const child = start(path.join(root, 'tests/live'), args, { env: cleanEnv({
    AGENTMARK_FCGI: process.env.AGENTMARK_FCGI ?? '', ...env,
  }) });
  const { code } = await child.exited;
  return { code, out: child.out, err: child.err };
}

const live = (...args) => liveWith({}, ...args);

const cellsOf = (out, name) => out.split('\n')
  .find(line => line.includes(`\`${name}\``))
  ?.split('|').slice(3, -1).map(cell => cell.trim());

const models = [...local, { name: 'azure' }].flatMap(({ name }) =>
  ['--model', `${name}=m`]);

await test('README.md has the table that tests/live --table prints',
  async () => {
    const { code, out, err } = await live('--table');
    assert.equal(code, 0, err);
    assert.equal(tableIn(fs.readFileSync(README, 'utf8')), out,
      'run tests/live --table --update');
  });

await test('without a key nobody is asked', async () => {
  const { code, out, err } = await live();
  // A server on this machine may answer.
  if (!out)
    assert.equal(code, 1);
  assert.match(err + out, /OPENAI_API_KEY|ollama|llamacpp|lmstudio/);
});

await test('every provider does all', async () => {
  vendors.play();
  const { code, out, err } = await live('--config', config('all'), ...models);
  assert.equal(code, 0, out + err);
  for (const { name } of rows) {
    const cells = cellsOf(out, name);
    assert.deepEqual(cells?.slice(0, 6), ['yes', 'yes', 'yes', 'yes',
      MODELS[name]?.lacks ? '' : 'yes', 'yes'], `${name}\n${out}`);
    assert.match(cells[6], /^\d{4}-\d\d-\d\d, ./);
  }
});

await test('keys are those of the environment', async () => {
  vendors.play();
  const { code, out, err } = await liveWith({
    GROQ_API_KEY: 'g-key', AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 's-key', AZURE_OPENAI_API_KEY: 'a-key',
  }, '--config', config('keyless', { keyless: true }), 'groq', 'bedrock',
  'azure', 'openai');
  assert.equal(code, 0, out + err);
  const sent = driver => vendors.calls.filter(c => c.driver === driver)
    .map(c => c.headers.authorization);
  assert.ok(sent('chat').length >= 6);
  assert.deepEqual(sent('chat').filter(key => key !== 'Bearer g-key'), []);
  assert.deepEqual(sent('bedrock').filter(key =>
    !key.startsWith('AWS4-HMAC-SHA256 Credential=AKID/')), []);
  for (const name of ['azure', 'openai'])
    assert.equal(cellsOf(out, name), undefined, out);
});

await test('what runs here is asked as what it has', async () => {
  vendors.play({ bytes: '{"models":[{"name":"found:1b"}]}' });
  const { code, out, err } = await live('--config',
    config('local', { keyless: true }), 'ollama');
  assert.equal(code, 0, out + err);
  assert.equal(vendors.calls[0].url, '/api/tags');
  assert.match(cellsOf(out, 'ollama')[6], /, found:1b$/);
});

await test('what fails is told and in the table', async () => {
  const no = { status: 400, bytes: '{"error":{"message":"No such model."}}' };
  vendors.play(no);
  const { code, out, err } = await live('--config', config('fails'), 'openai');
  assert.equal(code, 1);
  assert.match(err, /^openai: text: .*No such model\./);
  assert.deepEqual(cellsOf(out, 'openai').slice(0, 6),
    ['no', 'yes', 'yes', 'yes', 'yes', 'yes']);
  assert.equal(cellsOf(out, 'anthropic'), undefined);
});

await test('--update changes what was run and nothing else', async () => {
  const results = path.join(dir, 'results.json');
  const readme = path.join(dir, 'README.md');
  fs.copyFileSync(RESULTS, results);
  fs.copyFileSync(README, readme);
  vendors.play();
  const o = ['--config', config('update'), '--readme', readme, '--results',
    results];
  const { code, err } = await live(...o, '--update', 'groq');
  assert.equal(code, 0, err);
  const [before, after] = [README, readme]
    .map(file => fs.readFileSync(file, 'utf8'));
  const other = text => text.split('\n')
    .filter(line => !/`groq`|^State of/.test(line));
  assert.deepEqual(other(after), other(before));
  await live('--table', '--update', '--readme', readme);
  assert.equal(fs.readFileSync(readme, 'utf8'), before);
  assert.deepEqual(cellsOf(after, 'groq').slice(0, 6), Array(6).fill('yes'));
  const table = await live(...o, '--table');
  assert.equal(tableIn(after), table.out);
});

await test('no more is spent than the budget', async () => {
  vendors.play();
  const dear = await live('--config', config('dear',
    { prices: { 'openai/*': { output: 100 } } }), 'openai');
  assert.equal(vendors.calls.length, 0);
  assert.match(dear.err, /^openai: text: not asked: .*budget/);
  assert.equal(cellsOf(dear.out, 'openai'), undefined);
  const some = await live('--config', config('some',
    { prices: { 'openai/*': { call: 0.02 } } }), 'openai');
  assert.equal(vendors.calls.length, 2, some.err);
  assert.deepEqual(cellsOf(some.out, 'openai').slice(0, 6),
    ['yes', 'yes', '', '', '', 'yes']);
});

await vendors.close();
finish();
