// Started by `dataset`; see there.
import fs from 'node:fs';
import path from 'node:path';
import { datasetRun } from '../lib/experiments.mjs';
import { SECRET, signature } from '../lib/http.mjs';
import { root, runDir, start, stop, stopAll } from '../lib/proc.mjs';
import { spawnFcgi } from '../lib/servers.mjs';
import { startProvider } from './provider.mjs';

const [tools, manyText, mode] = process.argv.slice(2);
const MANY = Number(manyText), FEW = 10000;
const bin = process.env.AGENTMARK_FCGI ?? path.join(root, 'build',
  'agentmark-fcgi');
const dir = runDir('bench-dataset');
const provider = await startProvider(tools, dir);

// About 100 bytes a row.
const data = path.join(dir, 'data');
fs.mkdirSync(data);
function writeRows(name, n) {
  const out = fs.openSync(path.join(data, name), 'w');
  let text = '';
  for (let i = 0; i < n; i++) {
    text += `{"input":{"q":"Which animal jumps over the dog of number ${
      String(i).padStart(7, '0')}?"},"expected_output":"fox"}\n`;
    if (text.length > 1e6 || i === n - 1) {
      fs.writeSync(out, text);
      text = '';
    }
  }
  fs.closeSync(out);
}
writeRows('few.jsonl', FEW);
writeRows('many.jsonl', MANY);

const configuration = path.join(dir, 'agentmark-fcgi.yaml');
fs.writeFileSync(configuration, JSON.stringify({
  webhook: { secret: SECRET },
  providers: { plain: { base_url: `http://127.0.0.1:${provider.ports.http}` } },
  models: [{ match: '^bench', provider: 'plain' }],
  datasets: { root: 'data' },
  log: { level: 'error' },
}), { mode: 0o600 });

// Seconds that all threads of a process have run.
function cpuSeconds(pid) {
  if (!fs.existsSync(`/proc/${pid}/stat`))
    return 0;
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(field[11]) + Number(field[12])) / 100;
}

// What `rows` says at each mark and at the end.
async function run(worker, file, request, ...marks) {
  const body = datasetRun({ datasetPath: file, ...request });
  const at = path.join(dir, 'body.json');
  fs.writeFileSync(at, body);
  const before = cpuSeconds(provider.pid);
  const child = start(path.join(tools, 'rows'), [worker.socket, at,
    signature(body), String(worker.pid), ...marks.map(String)]);
  const { code } = await child.exited;
  if (code !== 0)
    throw new Error(`rows: ${child.out} ${child.err}`);
  const said = child.out.trim().split('\n').map(line => {
    const [rows, others, seconds, cpu, rss, dirty] =
      line.split(' ').map(Number);
    return { rows, others, seconds, cpu, rss, dirty };
  });
  const end = said.at(-1);
  if (end.others)
    throw new Error(`${end.others} lines are no rows`);
  end.provider = cpuSeconds(provider.pid) - before;
  return { said, end };
}

const table = [];
function row(what, value, unit, goal, ok) {
  const mark = goal === undefined || ok ? '' : ' (missed)';
  table.push(`| ${what} | ${value} ${unit} | ${goal ?? ''}${mark} |`);
}
const number = (value, digits = 0) => value.toLocaleString('en-US',
  { minimumFractionDigits: digits, maximumFractionDigits: digits });

const worker = await spawnFcgi({
  bin, dir, env: { AGENTMARK_FCGI_CONFIG: configuration },
});
const evals = ['contains', 'exact_match'];

// Speed, and memory along the way.
async function speed() {
  const fast = { model: 'bench', concurrency: 20 };
  await run(worker, 'few.jsonl', fast);
  const { said: [few, last], end } = await run(worker, 'many.jsonl', fast,
    FEW, MANY - 100);
  const rate = end.rows / end.seconds;
  row(`rows a second, ${number(end.rows)} rows`, number(rate), '/s',
    '20,000', rate >= 20000);
  row('CPU a row', number(end.cpu / end.rows * 1000, 1), 'µs');
  row('CPU a row of the provider',
    number(end.provider / end.rows * 1e6, 1), 'µs');
  // A share of what others have mapped too (PSS) would change with them.
  for (const [what, key] of [['RSS', 'rss'], ['private memory', 'dirty']]) {
    const limit = few[key] * 1.05;
    row(`${what} at ${number(FEW)} rows`, number(few[key]), 'kB');
    row(`${what} at ${number(MANY)} rows`, number(last[key]), 'kB',
      `≤ ${number(limit)}`, last[key] <= limit);
  }
  const scored = await run(worker, 'few.jsonl', { ...fast, evals });
  row('CPU a row with two built-in evals',
    number(scored.end.cpu / scored.end.rows * 1000, 1), 'µs');
}

// A provider that takes 20 ms.
async function paced() {
  for (const concurrency of [20, 100]) {
    const { end } = await run(worker, 'few.jsonl',
      { model: 'bench-wait-20', concurrency });
    const best = concurrency / 0.02, rate = end.rows / end.seconds;
    row(`rows a second at 20 ms an answer, ${concurrency} at once`,
      number(rate), '/s', `${number(best * 0.95)}`, rate >= best * 0.95);
  }
}

// Kept answers scored anew: nobody is there to be asked.
async function replayed() {
  const goal = 30000;
  await run(worker, 'many.jsonl',
    { model: 'bench', concurrency: 100, cache: true });
  await stop(provider.child);
  const ways = [['', {}], [' with details', { details: true }]];
  for (const [way, more] of ways) {
    const { end } = await run(worker, 'many.jsonl', { model: 'bench', evals,
      concurrency: 100, replay: 'strict', ...more });
    const cpu = end.cpu / end.rows * 1000, most = 1e6 / goal;
    row(`rows a second, replayed${way}`, number(end.rows / end.seconds),
      '/s');
    row(`CPU a row${way}`, number(cpu, 1), 'µs', `≤ ${number(most, 1)}`,
      cpu <= most);
  }
  row('calls of the provider, which is stopped', 0, '');
}

if (mode === 'replay') {
  await replayed();
} else {
  await speed();
  await paced();
}
console.log('| what | measured | goal |\n|---|---|---|');
console.log(table.join('\n'));
await stop(worker.child);
await stopAll();
