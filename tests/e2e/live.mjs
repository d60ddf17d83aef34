// The list of tests/e2e/conformance.mjs as far as one can ask a vendor for it,
// against the vendors themselves.  The program runs as a CGI script, under a
// budget of its own: what has been spent is counted by it, over all of its
// processes, and what would be too much is refused.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { callCgi } from '../lib/gateway.mjs';
import { SECRET, signed } from '../lib/http.mjs';
import { MODELS } from '../lib/live_models.mjs';
import { ABILITIES, readResults, README, RESULTS, tableOf, vendorRows,
  writeTable } from '../lib/live_table.mjs';
import { program, runDir, stopAll } from '../lib/proc.mjs';
import { promptRun } from '../lib/prompts.mjs';

const BUDGET = 0.05; // US dollars
const MAX_TOKENS = 600; // some think first
const UNPRICED = 2; // US dollars for a million tokens
const PROBE_MS = 1000;
const CALL_SECONDS = 120;
const TODAY = new Date().toISOString().slice(0, 10);

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    table: { type: 'boolean' }, update: { type: 'boolean' },
    config: { type: 'string' },
    model: { type: 'string', multiple: true, default: [] },
    readme: { type: 'string', default: README },
    results: { type: 'string', default: RESULTS },
  },
});
// {providers, prices} beside what every run has; JSON.
const given = options.config
  ? JSON.parse(fs.readFileSync(options.config, 'utf8')) : {};
const named = Object.fromEntries(options.model.map(pair => {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}));

// --- who is asked

// What runs on this machine and has a model.
async function localModel({ driver, variable }, base) {
  const ollama = driver === 'ollama';
  const key = process.env[variable];
  try {
    const reply = await fetch(`${base}${ollama ? '/api/tags' : '/models'}`, {
      signal: AbortSignal.timeout(PROBE_MS),
      headers: key ? { authorization: `Bearer ${key}` } : {},
    });
    const { models, data } = await reply.json();
    return ollama ? models[0]?.name : data[0]?.id;
  } catch {
    return undefined;
  }
}

const isSet = name => Boolean(process.env[name]);

async function asked(row) {
  const { needs = [], instead, ...known } = MODELS[row.name] ?? {};
  const provider = given.providers?.[row.name];
  if (wanted.length && !wanted.includes(row.name))
    return undefined;
  const keyed = provider?.api_key || (row.variable && isSet(row.variable)) ||
    instead?.every(isSet);
  if (row.variable && !(keyed && (provider || needs.every(isSet))))
    return undefined;
  const base = provider?.base_url ?? row.base_url;
  const model = named[row.name] ?? (row.name in MODELS ? known.model
    : await localModel(row, base));
  return model ? { ...row, ...known, model } : undefined;
}

// --- the program

const TOOL = 'get_weather';
const dir = runDir('live');
const file = path.join(dir, 'agentmark-fcgi.yaml');

function pricesOf(vendors) {
  const own = vendors.filter(v => v.price || !v.variable)
    .map(v => [`${v.name}/*`, v.price ?? { input: 0, output: 0 }]);
  return { ...Object.fromEntries(own), ...given.prices };
}

function configure(vendors) {
  fs.writeFileSync(path.join(dir, 'weather'),
    '#!/bin/sh\nread -r line\necho \'{"celsius": 21, "sky": "clear"}\'\n',
    { mode: 0o755 });
  fs.writeFileSync(file, JSON.stringify({ // JSON is YAML
    webhook: { secret: SECRET, budget: { day: BUDGET, month: BUDGET } },
    store: path.join(dir, 'store.db'),
    providers: given.providers ?? {},
    prices: pricesOf(vendors),
    spending: { unpriced: String(UNPRICED) },
    tools: { [TOOL]: {
      exec: ['./weather'], description: 'Get the weather for a location',
      parameters: {
        type: 'object', properties: { location: { type: 'string' } },
        required: ['location'],
      },
    } },
    timeouts: { total: CALL_SECONDS }, log: { level: 'error' },
  }), { mode: 0o600 });
}

function keysOf({ variable, instead = [], needs = [], also = [] }) {
  const names = [variable, ...instead, ...needs, ...also];
  return Object.fromEntries(names.filter(isSet)
    .map(name => [name, process.env[name]]));
}

const SCHEMA = {
  type: 'object', properties: { title: { type: 'string' } },
  required: ['title'], additionalProperties: false,
};

// {kind, stream, user, config}
async function ask(vendor, { kind = 'text', stream, user, config = {} }) {
  const body = JSON.parse(promptRun({ model: 'm', kind, stream, user }));
  body.data.ast.children[0].value = `name: live\n${kind}_config: ${
    JSON.stringify({ model_name: `${vendor.name}/${vendor.model}`,
      max_tokens: MAX_TOKENS, ...config })}`;
  const text = JSON.stringify(body);
  const reply = await callCgi(program(), { ...keysOf(MODELS[vendor.name] ??
    {}), ...keysOf(vendor), AGENTMARK_FCGI_CONFIG: file, TMPDIR: dir },
  { body: text, headers: signed(text) });
  const values = stream ? reply.values : [reply.json ?? {}];
  const error = values.find(v => v.error)?.error ??
    (reply.status === 200 ? undefined : reply.json?.message ?? reply.body);
  return {
    // A budget may run out between two steps as well.
    error, refused: reply.status === 402 || /\bbudget of\b/.test(error),
    values,
    text: values.filter(v => v.type === 'text').map(v => v.result ?? '')
      .join(''),
    object: values.findLast(v => v.type === 'object' && v.result)?.result,
    usage: values.findLast(v => v.usage)?.usage,
    finish: values.findLast(v => v.finishReason)?.finishReason,
  };
}

// --- the list

const SAY = { user: 'Say hello, in one word.' };
const BOOK = {
  kind: 'object', user: 'Name a book.', config: { schema: SCHEMA },
};
const list = {
  text: { ask: { ...SAY, stream: false }, is: r => r.text.trim() && r.finish },
  stream: { ask: { ...SAY, stream: true }, is: r => r.text.trim() && r.finish },
  object: {
    ask: { ...BOOK, stream: false },
    is: r => typeof r.object?.title === 'string',
  },
  'object stream': {
    ask: { ...BOOK, stream: true },
    is: r => typeof r.object?.title === 'string',
  },
  tools: {
    ask: {
      user: `What is the weather in Oslo? Call ${TOOL} once, then answer.`,
      stream: true, config: { tools: [TOOL], max_calls: 4 },
    },
    is: ({ values, text }) => {
      const at = values.findIndex(v => v.toolResult?.toolName === TOOL);
      return at >= 0 && values[at].toolResult.result.celsius === 21 &&
        text.trim() && values.slice(at).some(v => v.result);
    },
  },
};

const counted = ({ usage }) => usage?.inputTokens > 0 && usage.outputTokens > 0;
const problem = r => r.error ?? 'it is not what was asked for: ' +
  JSON.stringify(r.values).slice(0, 300);

async function run(vendor) {
  const seen = { date: TODAY, model: vendor.model };
  const usages = [];
  for (const [ability, o] of Object.entries(list)) {
    if (vendor.lacks?.includes(ability))
      continue;
    const reply = await ask(vendor, o.ask);
    if (reply.refused) {
      console.error(`${vendor.name}: ${ability}: not asked: ${reply.error}`);
      continue;
    }
    const good = !reply.error && o.is(reply);
    seen[ability] = good ? 'yes' : 'no';
    if (good)
      usages.push(counted(reply));
    else
      console.error(`${vendor.name}: ${ability}: ${problem(reply)}`);
  }
  if (usages.length)
    seen.usage = usages.every(Boolean) ? 'yes' : 'no';
  return seen;
}

async function main() {
  const rows = vendorRows();
  const results = readResults(options.results);
  if (options.table) {
    const table = tableOf(rows, results);
    process.stdout.write(table);
    if (options.update)
      writeTable(options.readme, table);
    return 0;
  }
  const vendors = (await Promise.all(rows.map(asked))).filter(Boolean)
    .sort((a, b) => (a.last ?? false) - (b.last ?? false));
  if (!vendors.length) {
    console.error('there is nobody to ask: the variables of keys are ' +
      rows.map(r => r.variable).filter(Boolean).join(', '));
    return 1;
  }
  configure(vendors);
  const seen = {};
  for (const vendor of vendors) {
    const cells = await run(vendor);
    // Who was not asked for anything is not in the table.
    if (ABILITIES.some(ability => cells[ability]))
      seen[vendor.name] = cells;
  }
  process.stdout.write(tableOf(rows.filter(r => seen[r.name]),
    { date: TODAY, providers: seen }));
  if (options.update) {
    const all = { date: TODAY, providers: { ...results.providers, ...seen } };
    fs.writeFileSync(options.results, JSON.stringify(all, null, 2) + '\n');
    writeTable(options.readme, tableOf(rows, all));
  }
  return Object.values(seen).some(c => Object.values(c).includes('no'))
    ? 1 : 0;
}

const status = await main();
await stopAll();
process.exitCode = status;
