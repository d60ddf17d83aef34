// Builds the judges' trees, JUDGE.json beside JUDGE.prompt.mdx, as `agentmark
// build` does: {ast, metadata}, the tree without places and derived data.
//   npm install --no-save unified@11 remark-parse@11 remark-mdx@3 \
//     remark-frontmatter@5 yaml@2
//   node deploy/judges/build.mjs [--check] [FILE.prompt.mdx...]
// The packages are looked for from the working directory.  --check writes
// nothing and fails when a tree is not what its source says.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(process.cwd(), 'node_modules');
const find = createRequire(path.join(process.cwd(), 'x.js'));

// Packages that are ES modules only have no entry for require.
async function load(name) {
  const dir = path.join(modules, name);
  const { exports: entry, main } = JSON.parse(
    fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
  const file = typeof entry === 'string' ? entry : main ?? 'index.js';
  return import(pathToFileURL(path.join(dir, file)));
}

const { unified } = await load('unified');
const { default: remarkParse } = await load('remark-parse');
const { default: remarkMdx } = await load('remark-mdx');
const { default: remarkFrontmatter } = await load('remark-frontmatter');
const YAML = find('yaml');

const DERIVED = new Set(['position', 'start', 'end', 'loc', 'range', 'data',
  'meta', 'raw', 'extra', 'comments']);
const KINDS = ['text', 'object', 'image', 'speech'];

function compress(value) {
  if (Array.isArray(value))
    return value.map(compress);
  if (value === null || typeof value !== 'object')
    return value;
  return Object.fromEntries(Object.entries(value)
    .filter(([key]) => !DERIVED.has(key))
    .map(([key, inner]) => [key, compress(inner)]));
}

function build(file) {
  const processor = unified().use(remarkParse)
    .use(remarkFrontmatter, ['yaml']).use(remarkMdx);
  const ast = compress(processor.parse(fs.readFileSync(file, 'utf8')));
  const front = YAML.parse(ast.children.find(n => n.type === 'yaml').value);
  const kind = KINDS.find(name => front[`${name}_config`]);
  const metadata = { path: path.basename(file), kind, name: front.name };
  return `${JSON.stringify({ ast, metadata })}\n`;
}

const args = process.argv.slice(2);
const check = args[0] === '--check';
const given = check ? args.slice(1) : args;
const files = given.length ? given : fs.readdirSync(here)
  .filter(name => name.endsWith('.prompt.mdx'))
  .map(name => path.join(here, name));
for (const file of files) {
  const target = file.replace(/\.prompt\.mdx$/, '.json');
  const text = build(file);
  if (!check) {
    fs.writeFileSync(target, text);
  } else if (fs.readFileSync(target, 'utf8') !== text) {
    console.error(`${target} is not what ${file} says`);
    process.exitCode = 1;
  }
}
