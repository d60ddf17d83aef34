// Random trees and what mdast-util-to-markdown with its MDX extension prints
// for them, as JSON lines {ast, md}.
//   node markdown-trees.mjs NODE_MODULES SEED COUNT
// tests/data/unit/tomarkdown-2.2.jsonl is seed 1, count 1500, of the packages
// mdast-util-to-markdown 2.2.3, mdast-util-mdx 3.0.0, mdast-util-mdx-jsx 3.2.1.
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [modules, seedText, countText] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(
  path.join(modules, name, 'index.js')));
const { toMarkdown } = await load('mdast-util-to-markdown');
const { mdxToMarkdown } = await load('mdast-util-mdx');

let state = Number(seedText) >>> 0;
function random(n) { // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[random(list.length)];
const chance = (percent) => random(100) < percent;

const words = [
  'a', 'b', 'word', 'snake_case', '__init__', '_', '__', 'a_', '_b', 'A1', '7',
  '1.', '12)', '1', ' ', ' ', ' ', '  ', '\t', '\n', '\n', '\n\n', '\r', '\r\n',
  '\r\r', '\n \n', '\\', '\\\\', '\\n', '*', '**', '***', '`', '``', '~', '~~',
  '#', '##', '# ', '+', '+ ', '-', '- ', '--', '=', '===', '>', '<', '<a>',
  '</b>', '<!--', '<?', '{', '}', '{x}', '[', ']', '](', '][', ']:', '!', '![',
  '(', ')', '"', "'", '&', '&amp;', '&#', '&x', '|', ':', ';', '.', ',', '?',
  '$', '^', '%', '@',
  '😀', '👍🏽', '日本', 'é', '«', '—', '€', '\u00a0',
  '\u2003', '\u2028', '\ufeff', '\u0085', '𝒳', '\ud83d', '\ude00', '\u0000',
  '\u007f', '𐄀', 'http://e.com', 'mailto:a@b',
];
function text() {
  const many = pick([0, 1, 1, 1, 1, 2, 2, 3, 4, 6]);
  let s = '';
  for (let i = 0; i < many; i++) s += pick(words);
  return s;
}
const few = (n, make) => Array.from({ length: random(n + 1) }, make);

function attributes() {
  return few(2, () => {
    if (chance(20)) return { type: 'mdxJsxExpressionAttribute',
      value: pick(['...x', '...a,\nb', '']) };
    const attribute = {
      type: 'mdxJsxAttribute', name: pick(['a', 'b-c', 'd']),
    };
    const kind = random(3);
    attribute.value = kind === 0 ? null : kind === 1 ? text()
      : { type: 'mdxJsxAttributeValueExpression',
        value: pick(['1', 'x\n y\n\nz', '[1,\r\n2]', '']) };
    return attribute;
  });
}
const name = () => pick(['b', 'Note', 'x.y', null]);
function element(type, children) {
  const node = { type, name: name(), attributes: [], children };
  if (node.name) node.attributes = attributes();
  return node;
}
const resource = (node) => {
  node.url = chance(50)
    ? pick(['', 'u', 'http://e.com/a_b?c=1&d', 'a b', '(x)']) : text();
  if (chance(40)) node.title = chance(30) ? '' : text();
  return node;
};
const reference = (node) => {
  node.identifier = pick(['a', 'b_c', 'word', '[x]']);
  if (chance(60)) node.label = pick(['a', 'A_b', 'word', text()]);
  node.referenceType = pick(['full', 'shortcut', 'collapsed']);
  return node;
};
const html = () => ({
  type: 'html',
  value: pick(['<b>', '</b>', '<div>', '<!-- x -->', '<?x?>', '<pre>',
    '</pre>', '<pre/>', '<SCRIPT x', '<![CDATA[x]]>', '<!DOC>', '<! >', '<1>',
    'x', '', '<h1 a>', '<h7>', '<a\nb>', '<table-x>', '<textarea', '<LI']),
});

const some = () => ({ type: 'text', value: text() });
const expression = (type) => ({ type, value: pick(['x', 'a\nb', '']) });

function inline(depth) {
  const kind = random(depth > 4 ? 6 : 20);
  if (chance(5)) return named();
  const inner = (n = 3) => few(n, () => inline(depth + 1));
  switch (kind) {
    case 0: case 1: case 2: return some();
    case 3: return { type: 'inlineCode', value: text() };
    case 4: return chance(30) ? html() : { type: 'break' };
    case 5: return expression('mdxTextExpression');
    case 6: return resource({ type: 'image', alt: pick([null, text()]) });
    case 7: return reference({ type: 'imageReference', alt: text() });
    case 8: return resource({ type: 'link', children: inner() });
    case 9: return reference({ type: 'linkReference', children: inner(2) });
    case 10: return element('mdxJsxTextElement', inner());
    case 11: return chance(30) ? block(depth + 1) : some();
    case 12: case 13: case 14: case 15:
      return { type: 'emphasis', children: inner() };
    default: return { type: 'strong', children: inner() };
  }
}
// Attention alone, with simple texts.
function attention(depth) {
  if (depth > 4 || chance(45)) {
    return {
      type: 'text',
      value: pick(['a', ' ', 'b c', '.', '!', 'a ', ' b', '"q"', '\n', 'x\n',
        '😀', '(', ')', 'a_b', '\\', 'a\\ ', '_', '']),
    };
  }
  return { type: pick(['emphasis', 'strong']),
    children: few(3, () => attention(depth + 1)) };
}
// A reference whose name may be its text.
function named() {
  const word = pick(['a', 'b c', 'b_c', 'x*', '&amp;']);
  const node = { type: pick(['linkReference', 'imageReference']),
    identifier: 'a', label: word,
    referenceType: pick(['full', 'shortcut', 'collapsed']) };
  if (node.type === 'imageReference') return { ...node, alt: word };
  return { ...node, children: [{ type: 'text', value: word }] };
}
// A tight item, in which it matters what follows what.
function tight() {
  const kinds = [
    () => ({ type: 'paragraph', children: row(4) }), html, html,
    () => ({ type: 'blockquote', children: few(2, () => block(4)) }),
    () => ({ type: 'definition', identifier: 'a', label: 'a', url: 'u' }),
    () => ({ type: 'heading', depth: 1 + random(3),
      children: [{ type: 'text', value: pick(['a', 'a\nb', '']) }] }),
    () => list(4),
    () => ({ type: 'code', lang: null, meta: null, value: '```' }),
    () => ({ type: 'thematicBreak' }),
  ];
  return { type: 'list', ordered: false, start: null, spread: false,
    children: [{ type: 'listItem', spread: false, checked: null,
      children: few(6, () => pick(kinds)()) }] };
}
function row(depth) {
  if (chance(25)) return few(8, () => attention(0));
  return few(4, () => inline(depth));
}
function item(depth) {
  const children = chance(15) ? [] : few(3, () => block(depth + 1));
  const spread = pick([true, false, null]);
  return { type: 'listItem', spread, checked: null, children };
}
function list(depth) {
  const node = { type: 'list', ordered: chance(40), start: null,
    spread: pick([true, false, false, false]),
    children: few(3, () => item(depth + 1)) };
  if (node.ordered) node.start = pick([1, 0, 7, 10, null]);
  return node;
}
function block(depth) {
  const kind = random(depth > 4 ? 6 : 16);
  const inner = () => few(3, () => block(depth + 1));
  switch (kind) {
    case 0: case 1: case 2: return { type: 'paragraph', children: row(depth) };
    case 3:
      return { type: 'heading', depth: 1 + random(6), children: row(depth) };
    case 4: return { type: 'thematicBreak' };
    case 5:
      return { type: 'code', lang: pick([null, text()]),
        meta: pick([null, text()]), value: text() };
    case 6:
      return resource({ type: 'definition',
        identifier: pick(['a', 'b_c', ']', '*']),
        label: pick([null, text()]) });
    case 7: return { type: 'blockquote', children: inner() };
    case 8: case 9: case 10: return list(depth);
    case 11: return element('mdxJsxFlowElement', inner());
    case 12: return expression('mdxFlowExpression');
    case 13: return html();
    case 14: return { type: 'mdxjsEsm', value: 'import x from "y"' };
    default: return chance(50) ? inline(depth) : some();
  }
}
function tree() {
  switch (random(6)) {
    case 0: return row(0);
    case 1: return [{ type: 'paragraph', children: row(0) }];
    case 2:
      return [{ type: 'paragraph', children: few(8, () => attention(0)) }];
    case 3: return [chance(50) ? tight() : list(0), ...few(2, () => block(0))];
    default: return few(4, () => block(0));
  }
}

for (let left = Number(countText); left > 0;) {
  const ast = { type: 'root', children: tree() };
  let md;
  try {
    md = toMarkdown(ast, { extensions: [mdxToMarkdown()] });
  } catch {
    continue; // No form for it.
  }
  const line = JSON.stringify({ ast, md });
  if (ast.children.length === 0 || (line.length > 1000 && chance(95)))
    continue;
  process.stdout.write(`${line}\n`);
  left--;
}
