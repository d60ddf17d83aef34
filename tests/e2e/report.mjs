// The report of an experiment as a page: opened from a file in Chromium, at the
// sizes of a phone and a desk, in light and dark.
//   node report.mjs [FOLDER-FOR-PICTURES]
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { browser, contrast, overflow, pageOf } from '../lib/browser.mjs';
import { jsonl } from '../lib/experiments.mjs';
import { cleanEnv, program, runDir } from '../lib/proc.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const pictures = process.argv[2];
const dir = runDir('report');
const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);
const prompt = (name, user) => `---
name: ${name}
text_config:
  model_name: echo/model
test_settings:
  evals: [exact_match, levenshtein, f1]
---

<User>${user}</User>
`;
const SCRIPT = '<script>document.title="taken"</script>';

write('a.prompt.mdx', prompt('a', 'Answer: {props.q}'));
write('b.prompt.mdx', prompt('b', '{props.q}'));
const words = 'the quick brown fox jumps over a lazy dog and runs away'.split(' ');
const rows = Array.from({ length: 40 }, (_, i) => ({
  input: { q: `${words.slice(0, 2 + i % 9).join(' ')} ${i}` },
  expected_output: i % 4 === 0 ? `Answer: nothing like it ${i}`
    : `${i % 2 ? '' : 'Answer: '}${words.slice(0, 2 + i % 9).join(' ')} ${i}`,
}));
rows[0] = { input: { q: SCRIPT }, expected_output: 'safe & sound' };
write('rows.jsonl', jsonl(rows));
write('agentmark-fcgi.yaml', JSON.stringify({
  webhook: { secret: 'x'.repeat(32) }, datasets: { root: '.' },
  evals: { builtin: 'all' },
}));
fs.chmodSync(path.join(dir, 'agentmark-fcgi.yaml'), 0o600);

async function experiment(...args) {
  const config = ['--config', path.join(dir, 'agentmark-fcgi.yaml')];
  try {
    const { stdout, stderr } = await promisify(execFile)(program(),
      [...config, 'experiment', ...args], {
        cwd: dir, maxBuffer: 1 << 26,
        env: cleanEnv({ TMPDIR: dir, HOME: dir }),
      });
    return { code: 0, stdout, stderr };
  } catch (e) {
    return { code: e.code, stdout: e.stdout, stderr: e.stderr };
  }
}

const one = await experiment('a.prompt.mdx', '--dataset', 'rows.jsonl',
  '--gate', 'exact_match>=0.9', '--format', 'html', '--output', 'one.html');
const two = await experiment('a.prompt.mdx', 'b.prompt.mdx', '--dataset',
  'rows.jsonl', '--format', 'html', '--output', 'two.html');
const url = name => pathToFileURL(path.join(dir, name)).href;

const chromium = await browser();
const open = async (name, options = {}) => {
  const seen = await pageOf(chromium,
    { viewport: { width: 1280, height: 900 }, ...options });
  await seen.page.goto(url(name));
  return seen;
};

await test('the reports are made', () => {
  assert.equal(one.code, 1, one.stderr); // the gate
  assert.equal(two.code, 0, two.stderr);
});
const single = await open('one.html');
const both = await open('two.html');

await test('one file, no script, nothing from elsewhere', async () => {
  for (const [seen, name] of [[single, 'one.html'], [both, 'two.html']]) {
    assert.deepEqual(seen.requests.filter(r => !r.startsWith('data:')),
      [url(name)]);
    assert.deepEqual(seen.complaints, []);
    assert.equal(await seen.page.locator('script').count(), 0);
    assert.notEqual(await seen.page.title(), 'taken');
  }
});
await test('scores, with their intervals drawn', async () => {
  const text = await single.page.locator('main').innerText();
  for (const name of ['exact_match', 'levenshtein', 'f1'])
    assert.ok(text.includes(name), name);
  const dots = await single.page.locator('td svg circle').count();
  assert.ok(dots >= 3, `${dots}`);
  const title = await single.page.locator('td svg title').first()
    .evaluate(t => t.textContent);
  assert.match(title, /^\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]$/);
});
await test('the gate that failed', async () => {
  const section = single.page.locator('section',
    { has: single.page.getByRole('heading', { name: 'Gates' }) });
  assert.match(await section.innerText(), /exact_match[^]*failed/);
  assert.equal(await section.locator('line.mark').count(), 1);
});
await test('histograms hold every row', async () => {
  const counts = await single.page.locator('figure').evaluateAll(figures =>
    figures.map(f => [...f.querySelectorAll('rect.bar title')]
      .reduce((sum, t) => sum + Number(t.textContent.split(': ')[1]), 0)));
  assert.deepEqual(counts, [40, 40, 40]);
});
await test('the worst rows, with what differs', async () => {
  const details = single.page.locator('details');
  assert.equal(await details.count(), 10);
  const first = details.first();
  await first.locator('summary').click();
  const text = await first.innerText();
  assert.ok(text.includes(SCRIPT) || /Row \d+/.test(text), text);
  assert.ok(await first.locator('ins, del').count() > 0);
  const all = await single.page.content();
  assert.ok(all.includes('safe &amp; sound'));
});
await test('the comparison', async () => {
  const section = both.page.locator('section',
    { has: both.page.getByRole('heading', { name: /against/ }) });
  const text = await section.innerText();
  assert.match(text, /exact_match/);
  assert.match(text, /better|worse|unclear/);
  assert.ok(await section.locator('svg circle').count() >= 2);
  assert.ok(await section.locator('details').count() > 0);
});
for (const [width, height, what] of [[390, 844, 'phone'], [1280, 900, 'desk']])
  for (const colorScheme of ['light', 'dark'])
    await test(`${what}, ${colorScheme}: fits and can be read`, async () => {
      const seen = await open('two.html',
        { viewport: { width, height }, colorScheme });
      await seen.page.locator('details').first().evaluate(d => {
        d.open = true;
      });
      if (pictures)
        await seen.page.screenshot({
          path: path.join(pictures, `report-${what}-${colorScheme}.png`),
          fullPage: true });
      assert.ok(await overflow(seen.page) <= 0, 'wider than the window');
      assert.ok(await contrast(seen.page) >= 4.5, 'contrast');
      await seen.close();
    });

await chromium.close();
await finish();
