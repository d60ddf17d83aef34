// Experiments for tests: the body of a dataset-run, its rows, and a program
// that serves it with a configuration of the test's own.
import fs from 'node:fs';
import path from 'node:path';
import { callFcgi } from './gateway.mjs';
import { call, SECRET, signed } from './http.mjs';
import { program, runDir, stop } from './proc.mjs';
import { lighttpdFcgi, spawnFcgi } from './servers.mjs';
import { test } from './tap.mjs';

const identifier = name => ({ type: 'Identifier', name });

// {props.NAME}, as the CLI sends it.
function prop(name) {
  const expression = {
    type: 'MemberExpression', object: identifier('props'),
    property: identifier(name), computed: false, optional: false,
  };
  const body = [{ type: 'ExpressionStatement', expression }];
  return {
    type: 'mdxFlowExpression', value: `props.${name}`,
    data: { estree: { type: 'Program', body, sourceType: 'module' } },
  };
}

// A prompt whose user message is the row's `q`.
export function rowPrompt({ model = 'test', evals, dataset, schema } = {}) {
  const config = { model_name: model, ...(schema ? { schema } : {}) };
  const settings = JSON.stringify({ dataset, evals });
  const kind = schema ? 'object_config' : 'text_config';
  return {
    type: 'root',
    children: [
      {
        type: 'yaml',
        value: `name: rows\n${kind}: ${JSON.stringify(config)}\n` +
          `test_settings: ${settings}`,
      },
      {
        type: 'mdxJsxFlowElement', name: 'User', attributes: [],
        children: [prop('q')],
      },
    ],
  };
}

export function datasetRun({ evals, model, schema, dataset, ...data }) {
  return JSON.stringify({
    type: 'dataset-run',
    data: {
      ast: rowPrompt({ evals, model, dataset, schema }),
      datasetPath: 'rows.jsonl', experimentId: 'tests', ...data,
    },
  });
}

export const jsonl = rows =>
  rows.map(row => JSON.stringify(row) + '\n').join('');
export const asking = questions =>
  questions.map(q => ({ input: { q } }));
export const rowsOf = reply =>
  reply.values.filter(line => line.type === 'dataset');
export const errorsOf = reply =>
  reply.values.filter(line => line.type === 'error');

const byDefault = provider => ({
  webhook: { secret: SECRET },
  providers: { test: { base_url: provider } },
  models: [{ match: '^test', provider: 'test' }],
  datasets: { root: 'data' },
  log: { level: 'error' },
});

// Serves with CONFIGURATION beside what every test needs.  `files` are written
// below its datasets; `front` is 'lighttpd' or nothing.
export async function serve({ provider, configuration = {}, files = {},
  front, env = {}, rows, evals = {}, args }) {
  const dir = runDir('experiments');
  const data = path.join(dir, 'data');
  fs.mkdirSync(data);
  const put = (name, content) => {
    const file = path.join(data, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  };
  for (const [name, content] of Object.entries(files))
    put(name, content);
  if (rows)
    put('rows.jsonl', jsonl(rows));
  for (const [name, script] of Object.entries(evals))
    fs.writeFileSync(path.join(dir, name), script, { mode: 0o755 });
  const file = path.join(dir, 'agentmark-fcgi.yaml');
  // JSON is YAML.
  fs.writeFileSync(file, JSON.stringify(
    { ...byDefault(provider), ...configuration }), { mode: 0o600 });
  const state = path.join(dir, 'tmp');
  fs.mkdirSync(state);
  const worker = await spawnFcgi({
    bin: program(), dir, args,
    env: { AGENTMARK_FCGI_CONFIG: file, TMPDIR: state, ...env },
  });
  const server = front === 'lighttpd'
    ? await lighttpdFcgi({ dir, socket: worker.socket }) : undefined;
  const send = (body, more = {}) => {
    const request = { body, headers: signed(body), ...more };
    return server ? call(server.base, request)
      : callFcgi(worker.socket, request);
  };
  return {
    dir, data, put, worker, base: server?.base, pid: worker.pid, state, send,
    run: (o, more) => send(datasetRun(o), more),
    close: async () => {
      await stop(server?.child);
      await stop(worker.child);
    },
  };
}

// test() around a server of its own.
export const testServed = (name, options, body) =>
  test(name, async () => {
    const server = await serve(options);
    try {
      await body(server);
    } finally {
      await server.close();
    }
  });

// The children of a process: {pid, state, name}.
export function childrenOf(pid) {
  const found = [];
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry))
      continue;
    let text;
    try {
      text = fs.readFileSync(`/proc/${entry}/stat`, 'utf8');
    } catch {
      continue;
    }
    const [, name, state, parent] = /\((.*)\) (\S) (\d+)/.exec(text);
    if (Number(parent) === pid)
      found.push({ pid: Number(entry), state, name });
  }
  return found;
}
