// Started by ../drift in a folder where @agentmark-ai/templatedx is installed.
// The package has the template language alone; what AgentMark's prompts add to
// it (role tags, attachments, the compiled configuration) is here, as
// AgentMark's prompt-core 1.2.3 does it.
import { TagPlugin, TemplateDX } from '@agentmark-ai/templatedx';
import fs from 'node:fs';
import path from 'node:path';

// The serialiser that it takes along shapes the text as much as it does itself.
const version = name => `${name} ${JSON.parse(fs.readFileSync(
  `node_modules/${name}/package.json`)).version}`;
console.log(`newest:  ${version('@agentmark-ai/templatedx')} with ` +
  version('mdast-util-to-markdown'));

class Role extends TagPlugin {
  async transform(props, children, { tagName, scope, nodeHelpers,
    createNodeTransformer }) {
    const extract = async () => {
      const user = tagName === 'User';
      const own = user ? scope.createChild() : scope;
      if (user)
        own.setShared('__insideMessageType', 'User');
      const transformer = createNodeTransformer(own);
      const done = await Promise.all(children.map(async child =>
        [await transformer.transformNode(child)].flat()));
      const tree = { type: 'root', children: done.flat() };
      const text = nodeHelpers.toMarkdown(tree).trim();
      const media = user ? own.getShared('media') ?? [] : [];
      return {
        name: tagName,
        content: media.length ? [{ type: 'text', text }, ...media] : text,
      };
    };
    const fields = scope.getShared('fields') ?? [];
    scope.setShared('fields', [...fields, extract()]);
    return [];
  }
}

class Attachment extends TagPlugin {
  async transform(props, children, { tagName, scope }) {
    if (scope.getShared('__insideMessageType') !== 'User')
      throw new Error('ImageAttachment and FileAttachment tags must be' +
        ' inside User tag.');
    const media = scope.getShared('media') ?? [];
    const { image, mimeType, data } = props;
    if (tagName === 'ImageAttachment') {
      if (image === undefined)
        throw new Error('ImageAttachment must contain an image prop');
      if (image)
        media.push({ type: 'image', image, ...(mimeType && { mimeType }) });
    } else {
      if (data === undefined || mimeType === undefined)
        throw new Error('FileAttachment must contain data and mimeType props');
      if (data && mimeType)
        media.push({ type: 'file', data, mimeType });
    }
    scope.setShared('media', media);
    return [];
  }
}

const ROLES = {
  image: ['ImagePrompt'], speech: ['System', 'SpeechPrompt'],
  language: ['System', 'User', 'Assistant'],
};

function kindOf(front) {
  if (front.image_config)
    return 'image';
  if (front.speech_config)
    return 'speech';
  if (front.text_config || front.object_config)
    return 'language';
  throw new Error('No valid config found in frontmatter. Please specify one' +
    ' of: image_config, speech_config, text_config, or object_config.');
}

function compiled(front, fields) {
  const first = name => fields.find(f => f.name === name)?.content ?? '';
  const { name, test_settings, agentmark_meta } = front;
  const rest = { test_settings, ...(agentmark_meta && { agentmark_meta }) };
  if (front.speech_config)
    return {
      name, ...rest, speech_config: {
        ...front.speech_config, text: first('SpeechPrompt'),
        instructions: first('System'),
      },
    };
  if (front.image_config)
    return {
      name, ...rest,
      image_config: { ...front.image_config, prompt: first('ImagePrompt') },
    };
  const messages = fields.map((field, i) => {
    if (i && field.name === 'System')
      throw new Error('System message may only be the first message: ' +
        field.content);
    return { role: field.name.toLowerCase(), content: field.content };
  });
  const config = front.object_config ? 'object_config' : 'text_config';
  return { name, messages, [config]: front[config], ...rest };
}

async function render(ast, props) {
  const engine = new TemplateDX();
  const front = engine.getFrontMatter(ast);
  const kind = kindOf(front);
  engine.registerTagPlugin(new Role(), ROLES[kind]);
  if (kind === 'language')
    engine.registerTagPlugin(new Attachment(),
      ['ImageAttachment', 'FileAttachment']);
  const shared = {};
  await engine.transform(ast, props ?? {}, shared);
  return compiled(front, await Promise.all(shared.fields ?? []));
}

const canon = v => JSON.stringify(v, (key, value) =>
  value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort()) : value);

const folder = process.argv[2];
let same = 0;
const differ = [];
process.on('unhandledRejection', () => {});
for (const name of fs.readdirSync(folder).sort()) {
  const read = file =>
    JSON.parse(fs.readFileSync(path.join(folder, name, file), 'utf8'));
  const { engine, ...other } = read('expected.json');
  if (!engine || !fs.existsSync(path.join(folder, name, 'ast.json')))
    continue;
  let got;
  try {
    got = { ok: true, value: await render(read('ast.json'),
      read('props.json')) };
  } catch (e) {
    got = { ok: false, error: { message: e.message } };
  }
  const want = engine.ok ? { ok: true, value: engine.value }
    : { ok: false, error: { message: engine.error.message } };
  const equal = want.ok || got.ok ? canon(got) === canon(want)
    : engine.error.text === 'any' || got.error.message === want.error.message;
  if (equal)
    same++;
  else
    differ.push(`${name}\n    recorded ${canon(want).slice(0, 300)}` +
      `\n    now      ${canon(got).slice(0, 300)}`);
}
for (const line of differ)
  console.log(line);
console.log(`${same} cases alike, ${differ.length} differ`);
