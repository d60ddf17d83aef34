// The driver `mastra`: the program in front of a real Mastra server, whose
// agents ask the mock provider.
import { ast } from '../lib/prompts.mjs';
import { serve } from '../lib/experiments.mjs';
import { assert, test } from '../lib/tap.mjs';

const HELLO =
  'Hello from the mock. The quick brown fox jumps over the lazy dog.';
const SCHEMA = {
  type: 'object', properties: { a: { type: 'string' }, n: { type: 'number' } },
  required: ['a', 'n'],
};
const CALL = {
  toolCallId: 'call_mock_1', toolName: 'weather',
  args: { location: 'sample location' },
};
const usage = (input, output) => ({
  inputTokens: input, outputTokens: output, totalTokens: input + output,
  promptTokens: input, completionTokens: output,
});

// Lines without the times that the test client adds.
const plain = reply => reply.values.map(({ at, ...line }) => line);
const textOf = lines => lines.map(line => line.result ?? '').join('');

export async function mastraServer({ mock, watched, base }) {
  const server = await serve({
    provider: mock, env: watched,
    configuration: {
      providers: {
        mastra: { driver: 'mastra', base_url: base },
        desk: { driver: 'mastra', base_url: `${base}/api`,
          options: { agent: 'echo' } },
      },
      models: [],
    },
  });
  const run = async (model, { stream = false, config, ...more } = {}) => {
    const tree = ast({ model, ...more });
    const yaml = tree.children[0];
    if (config)
      yaml.value = `name: e2e\ntext_config: ${JSON.stringify(
        { model_name: model, ...config })}`;
    const reply = await server.send(JSON.stringify({
      type: 'prompt-run', data: { ast: tree, options: { shouldStream: stream } },
    }));
    return reply;
  };
  const requests = async () => {
    const { requests: all } = await (await fetch(`${mock}/__log`)).json();
    return all.map(request => request.body);
  };
  const each = (name, body) => test(`mastra server: ${name}`, async () => {
    await fetch(`${mock}/__reset`);
    await body();
  });

  await each('text', async () => {
    const { json, status } = await run('mastra/hello');
    assert.equal(status, 200);
    assert.equal(json.result, HELLO);
    assert.equal(json.finishReason, 'stop');
    assert.deepEqual(json.usage, usage(6, 13));
    const [{ messages }] = await requests();
    assert.deepEqual(messages, [
      { role: 'system', content: 'You are a test.' },
      { role: 'user', content: 'Hi there' },
    ]);
  });
  await each('text, streamed', async () => {
    const lines = plain(await run('mastra/hello', { stream: true }));
    assert.equal(textOf(lines), HELLO);
    assert.ok(lines.length > 10);
    assert.equal(lines.find(line => line.finishReason).finishReason, 'stop');
  });
  await each('the agent of an option', async () => {
    const { json } = await run('desk/any');
    assert.equal(json.result, 'echo: Hi there');
  });
  await each('settings', async () => {
    await run('mastra/hello', { config: {
      max_tokens: 9, presence_penalty: 0.1, seed: 7, stop_sequences: ['END'],
    } });
    const [body] = await requests();
    assert.equal(body.max_tokens, 9);
    assert.equal(body.presence_penalty, 0.1);
    assert.equal(body.seed, 7);
    assert.deepEqual(body.stop, ['END']);
  });
  await each('an object', async () => {
    const { json } = await run('mastra/hello',
      { kind: 'object', schema: SCHEMA });
    assert.deepEqual(json.result, { a: 'sample a', n: 3.5 });
    assert.deepEqual(json.usage, usage(6, 2));
  });
  await each('an object, streamed', async () => {
    const lines = plain(await run('mastra/hello',
      { kind: 'object', schema: SCHEMA, stream: true }))
      .filter(line => line.result);
    assert.ok(lines.length >= 2, JSON.stringify(lines));
    assert.deepEqual(lines.at(-1).result, { a: 'sample a', n: 3.5 });
  });
  await each('the agent\'s own tool', async () => {
    const { json } = await run('mastra/tool', { config: { max_calls: 3 } });
    assert.equal(json.result, 'Tool said: {"degrees":21}');
    assert.deepEqual(json.toolCalls, [CALL]);
    assert.deepEqual(json.toolResults, [{ toolCallId: 'call_mock_1',
      toolName: 'weather', result: { degrees: 21 } }]);
  });
  await each('the agent\'s own tool, streamed', async () => {
    const lines = plain(await run('mastra/tool',
      { stream: true, config: { max_calls: 3 } }));
    assert.deepEqual(lines[0], { type: 'text', toolCall: CALL });
    assert.deepEqual(lines[1].toolResult.result, { degrees: 21 });
    assert.equal(textOf(lines), 'Tool said: {"degrees":21}');
  });
  await each('a tool that fails', async () => {
    const whole = (await run('mastra/broken', { config: { max_calls: 3 } }))
      .json;
    assert.equal(whole.toolResults[0].result, 'no weather today');
    const lines = plain(await run('mastra/broken',
      { stream: true, config: { max_calls: 3 } }));
    assert.equal(lines[1].toolResult.result, 'no weather today');
    assert.equal(textOf(lines), 'Tool said: no weather today');
  });
  await each('max_calls', async () => {
    const { json } = await run('mastra/toolloop', { config: { max_calls: 2 } });
    assert.equal(json.finishReason, 'tool-calls');
    assert.equal(json.toolCalls.length, 2);
  });
  await each('errors', async () => {
    const whole = await run('mastra/401');
    assert.equal(whole.status, 500);
    assert.match(whole.body, /Incorrect API key provided: mock/);
    assert.doesNotMatch(whole.body, /attempts/); // it was not run again
    const lines = plain(await run('mastra/errchunk', { stream: true }));
    assert.equal(textOf(lines), 'Hello from the');
    assert.ok(lines.some(line => line.type === 'error' &&
      line.error === 'Mock stream error'), JSON.stringify(lines));
    const unknown = await run('mastra/nobody');
    assert.match(unknown.body, /Agent with id nobody not found/);
  });
  await each('images are refused', async () => {
    const image = ast({ model: 'mastra/hello' });
    image.children = [{ type: 'yaml', value:
      'name: e2e\nimage_config: {"model_name":"mastra/hello"}' },
    { ...image.children[2], name: 'ImagePrompt' }];
    const reply = await server.send(JSON.stringify({
      type: 'prompt-run', data: { ast: image } }));
    assert.equal(reply.status, 500);
    assert.match(reply.body,
      /Executor 'mastra-v0' does not support image prompts\./);
  });
  await server.close();
}
