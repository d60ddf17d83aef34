// A worker that runs the evals of an AgentMark project as they are:
//   node agentmark-evals.mjs MODULE NAME       one row a line in, a result out
//   node agentmark-evals.mjs MODULE --names    the names, as JSON
//   node agentmark-evals.mjs MODULE --config   `evals:` for the configuration
// --export EXPORT says which export of MODULE holds them.  For TypeScript start
// node with a loader: node --import tsx agentmark-evals.mjs evals.ts NAME.
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Where projects keep their evals, by AgentMark's own names.
const EXPORTS = ['evalRegistry', 'scorers', 'evals', 'createEvalRegistry',
  'client', 'default'];

// Standard output is the protocol's: what evals print goes to the log.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const isFunction = value => typeof value === 'function';

// A Map of all evals, of whatever holds them: a Map, an object, an instance of
// AgentMark's class EvalRegistry, or a client that has one.
function entries(holder) {
  if (holder === null || typeof holder !== 'object')
    return undefined;
  if (isFunction(holder.getEvalRegistry))
    return entries(holder.getEvalRegistry());
  if (holder instanceof Map)
    return holder;
  if (isFunction(holder.get) && isFunction(holder.register))
    return entries(holder.getAll?.() ?? holder.evals);
  const found = Object.entries(holder).filter(([, f]) => isFunction(f));
  return found.length ? new Map(found) : undefined;
}

async function registry(module, name) {
  const exports = name ? [name] : EXPORTS;
  for (const key of exports) {
    const value = module[key] ?? module.default?.[key];
    const made = isFunction(value) && (name || key === 'createEvalRegistry')
      ? await value() : value;
    const found = entries(await made);
    if (found)
      return found;
  }
  const { default: ignored, ...functions } = module;
  return name ? undefined : entries(functions);
}

// JavaScript prints the message of what is thrown, whatever it is.
const message = error => String(error?.message ?? error);

async function answer(run, line) {
  try {
    return JSON.stringify(await run(JSON.parse(line)) ?? {});
  } catch (error) {
    return JSON.stringify({ error: message(error) });
  }
}

async function serve(run) {
  let status = 0;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (!line.trim())
      continue;
    const text = await answer(run, line);
    if (text.startsWith('{"error":'))
      status = 1;
    write(`${text}\n`);
  }
  process.exitCode = status;
}

// JSON is YAML.
function configuration(file, names, options) {
  const script = fileURLToPath(import.meta.url);
  const node = [process.execPath, ...process.execArgv, script, file];
  return ['evals:', ...names.map(name => `  ${JSON.stringify(name)}: ` +
    JSON.stringify({ exec: [...node, name, ...options], workers: 1 }))]
    .join('\n');
}

function usage(text) {
  console.error(`agentmark-evals: ${text}`);
  process.exit(2);
}

const args = process.argv.slice(2);
const at = args.indexOf('--export');
const options = at < 0 ? [] : args.splice(at, 2);
const [given, name] = args;
if (args.length !== 2 || options.length === 1)
  usage('MODULE and NAME, --names or --config are wanted');
const file = path.resolve(given);
const evals = await registry(await import(pathToFileURL(file)), options[1]);
if (!evals)
  usage(`${given} exports no evals`);
const names = [...evals.keys()].sort();
if (name === '--names')
  write(`${JSON.stringify(names)}\n`);
else if (name === '--config')
  write(`${configuration(file, names, options)}\n`);
else if (isFunction(evals.get(name)))
  await serve(row => evals.get(name)(row));
else
  usage(`${given} has no eval ${name}`);
