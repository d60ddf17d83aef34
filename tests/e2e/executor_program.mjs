// The programs of deploy/executors behind the endpoint: a provider with the
// driver `command`, whose workers stay, asked as AgentMark asks.
import { ast } from '../lib/prompts.mjs';
import { serve } from '../lib/experiments.mjs';
import { assert, test } from '../lib/tap.mjs';

const SCHEMA = {
  type: 'object', properties: { a: { type: 'string' }, n: { type: 'number' } },
  required: ['a', 'n'], additionalProperties: false,
};
const TOOL = 'read line; echo \'{"degrees":21}\'';

const plain = reply => reply.values.map(({ at, ...line }) => line);
const textOf = lines => lines.map(line => line.result ?? '').join('');

function prompt(kind, config, says) {
  const tree = ast({ model: 'x' });
  const [yaml, system, user] = tree.children;
  yaml.value = `name: e2e\n${kind}_config: ${JSON.stringify(config)}`;
  const tag = { image: 'ImagePrompt', speech: 'SpeechPrompt' }[kind];
  if (says)
    user.children[0].children[0].value = says;
  if (tag)
    user.name = tag;
  return { ...tree, children: kind === 'image'
    ? [yaml, user] : [yaml, system, user] };
}

export async function behindProgram(
  { name, env, command, models, mock, watched }) {
  const server = await serve({
    provider: mock, env: watched,
    configuration: {
      providers: { sdk: { driver: 'command', exec: command, env, workers: 2 } },
      models: [{ match: '/', provider: 'sdk' }],
      executor: 'sdk',
      tools: { weather: {
        exec: ['sh', '-c', TOOL], description: 'The weather of a place.',
        parameters: { type: 'object',
          properties: { location: { type: 'string' } },
          required: ['location'], additionalProperties: false },
      } },
    },
  });
  const run = (kind, config, stream = false, says = undefined) =>
    server.send(JSON.stringify({
      type: 'prompt-run',
      data: { ast: prompt(kind, config, says),
        options: { shouldStream: stream } },
    }));
  const each = (what, body) => test(`${name} behind the program: ${what}`, body);
  const model = models.text;

  await each('text', async () => {
    const { status, json, body } = await run('text', { model_name: model });
    assert.equal(status, 200, body);
    assert.match(json.result, /^Hello from the /);
    assert.equal(json.finishReason, 'stop');
    const { inputTokens, promptTokens, outputTokens } = json.usage;
    assert.ok(outputTokens > 0);
    assert.equal(promptTokens, inputTokens);
  });
  await each('text, streamed', async () => {
    const lines = plain(await run('text', { model_name: model }, true));
    assert.match(textOf(lines), /^Hello from the /);
    assert.ok(lines.filter(line => line.result).length > 3);
    assert.equal(lines.find(line => line.finishReason)?.finishReason, 'stop');
  });
  for (const stream of [false, true])
    await each(`an object${stream ? ', streamed' : ''}`, async () => {
      const reply = await run('object',
        { model_name: models.object, schema: SCHEMA }, stream);
      const found = stream
        ? plain(reply).filter(line => line.result).at(-1) : reply.json;
      assert.ok(found, reply.body);
      assert.deepEqual(Object.keys(found.result), ['a', 'n']);
    });
  for (const stream of [false, true])
    await each(`a tool of ours in two steps${stream ? ', streamed' : ''}`,
      async () => {
        const reply = await run('text', { model_name: models.tool,
          tools: ['weather'], max_calls: 3 }, stream);
        const lines = plain(reply);
        const [call, result] = stream
          ? [lines.find(l => l.toolCall)?.toolCall,
            lines.find(l => l.toolResult)?.toolResult]
          : [reply.json?.toolCalls[0], reply.json?.toolResults[0]];
        assert.equal(call?.toolName, 'weather', reply.body);
        assert.deepEqual(Object.keys(call.args), ['location']);
        assert.deepEqual(result?.result, { degrees: 21 }, reply.body);
        assert.equal(stream ? textOf(lines) : reply.json.result,
          'Tool said: {"degrees":21}');
      });
  if (models.image)
    await each('an image', async () => {
      const { json, body } = await run('image', { model_name: models.image });
      assert.equal(json?.result?.[0].mimeType, 'image/png', body);
      assert.ok(json.result[0].base64.length > 40);
    });
  if (models.speech)
    await each('a speech', async () => {
      const { json, body } = await run('speech',
        { model_name: models.speech, voice: 'alloy', output_format: 'wav' });
      assert.match(json?.result?.mimeType ?? '', /^audio\//, body);
      assert.ok(json.result.base64.length > 40);
    });
  await each('an error', async () => {
    const { status, body } = await run('text',
      { model_name: models.bad, max_retries: 0 });
    assert.equal(status, 500);
    assert.match(body, /Incorrect API key provided|API Error: 401/);
    const lines = plain(await run('text',
      { model_name: models.bad, max_retries: 0 }, true));
    assert.ok(lines.some(line => line.type === 'error'));
  });
  await each('a client that leaves, and the next one', async () => {
    const body = JSON.stringify({ type: 'prompt-run', data: {
      ast: prompt('text', { model_name: models.slow }) } });
    await server.send(body, { leaveAfter: 300 });
    const { json } = await run('text', { model_name: model });
    assert.match(json?.result ?? '', /^Hello from the /);
  });
  await server.close();
}
