// Webhook bodies as AgentMark's CLI posts them, made from a few words, and the
// configuration that serves them from the mock provider.
import fs from 'node:fs';
import path from 'node:path';
import { SECRET } from './http.mjs';
import { root } from './proc.mjs';

const text = value => ({ type: 'text', value });
const says = (name, value) => ({
  type: 'mdxJsxFlowElement', name, attributes: [],
  children: [{ type: 'paragraph', children: [text(value)] }],
});

export function ast({ model, kind = 'text', user = 'Hi there', schema }) {
  const config = { model_name: model, ...(schema ? { schema } : {}) };
  return {
    type: 'root',
    children: [
      {
        type: 'yaml',
        value: `name: e2e\n${kind}_config: ${JSON.stringify(config)}`,
      },
      says('System', 'You are a test.'),
      says('User', user),
    ],
  };
}

export function promptRun(o) {
  return JSON.stringify({
    type: 'prompt-run',
    data: { ast: ast(o), options: { shouldStream: o.stream ?? true } },
  });
}

const EVALS = ['contains', 'exact_match', 'input_seen', 'json_equal',
  'label_only', 'thrower'];

const FIXTURES = path.join(root, 'tests/tools/fixtures.mjs');
const DATASETS = path.join(root, 'tests/data/datasets');

const TOOLS = JSON.parse(fs.readFileSync(
  path.join(root, 'tests/tools/tools.json'), 'utf8'));

// JSON is YAML.
const command = (fixtures, kind, name) => JSON.stringify({
  exec: [process.execPath, path.resolve(fixtures), kind, name], workers: 2,
  ...(kind === 'tool' ? TOOLS[name] : {}),
});

// Everything that the head of tools/replay.mjs asks for.
export function configuration(o) {
  const { mock, templates = '', fixtures = FIXTURES, datasets = DATASETS } = o;
  const all = (kind, names) => names.map(name =>
    `  ${name}: ${command(fixtures, kind, name)}\n`).join('');
  return `webhook:
  secret: ${SECRET}
${templates}providers:
  chat:
    driver: chat
    base_url: ${mock}/v1
    api_key: test-key
  anthropic:
    driver: anthropic
    base_url: ${mock}/anthropic/v1
    api_key: test-key
  openai:
    driver: responses
    base_url: ${mock}/v1
    api_key: test-key
models:
  - match: "^(mock|gpt-|dall-e-mock$)"
    provider: chat
evals:
${all('eval', EVALS)}tools:
${all('tool', Object.keys(TOOLS))}datasets:
  root: ${JSON.stringify(path.resolve(datasets))}
experiments:
  at_once: 0
store: store.db
telemetry:
  collectors:
    mock: {url: "${mock}/otlp", encoding: json, gzip: false}
`;
}

export function writeConfiguration(dir, o) {
  const file = path.join(dir, 'agentmark-fcgi.yaml');
  fs.writeFileSync(file, configuration(o), { mode: 0o600 });
  return file;
}
