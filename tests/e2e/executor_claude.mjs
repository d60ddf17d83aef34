// The driver `claude-agent`: the program runs `claude` itself, for which
// tests/tools/claude-stand-in.mjs stands in.
import fs from 'node:fs';
import path from 'node:path';
import { ast } from '../lib/prompts.mjs';
import { serve } from '../lib/experiments.mjs';
import { root, runDir } from '../lib/proc.mjs';
import { assert, test } from '../lib/tap.mjs';

const SCHEMA = {
  type: 'object', properties: { a: { type: 'string' }, n: { type: 'number' } },
  required: ['a', 'n'],
};
const STAND_IN = path.join(root, 'tests/tools/claude-stand-in.mjs');
const plain = reply => reply.values.map(({ at, ...line }) => line);

export async function claudeDriver({ mock, watched }) {
  const log = path.join(runDir('claude'), 'log');
  const server = await serve({
    provider: mock, env: watched,
    configuration: {
      providers: { claude: {
        driver: 'claude-agent', exec: [process.execPath, STAND_IN],
        env: { CLAUDE_STAND_IN_LOG: log },
        options: { permission_mode: 'dontAsk', max_budget_usd: 0.5,
          allowed_tools: ['Read'] },
      } },
      models: [],
    },
  });
  const run = (model, config = {}, stream = false, kind = 'text') => {
    const tree = ast({ model, kind });
    tree.children[0].value = `name: e2e\n${kind}_config: ` +
      JSON.stringify({ model_name: model, ...config });
    return server.send(JSON.stringify({ type: 'prompt-run',
      data: { ast: tree, options: { shouldStream: stream } } }));
  };
  const told = () => {
    const lines = fs.readFileSync(log, 'utf8').trim().split('\n');
    return JSON.parse(lines.at(-1));
  };
  const each = (what, body) => test(`claude-agent: ${what}`, body);

  await each('text', async () => {
    const { json, body } = await run('claude/echo');
    assert.equal(json?.result, 'echo: Hi there', body);
    assert.equal(json.finishReason, 'stop');
    assert.equal(json.usage.outputTokens, 7);
  });
  await each('text, streamed', async () => {
    const lines = plain(await run('claude/hello', {}, true));
    const pieces = lines.filter(line => line.result !== undefined);
    assert.equal(pieces.map(line => line.result).join(''),
      'Hello from the stand-in.');
    assert.ok(pieces.length > 1);
  });
  await each('an object', async () => {
    const { json, body } =
      await run('claude/hello', { schema: SCHEMA }, false, 'object');
    assert.deepEqual(json?.result, { a: 'sample', n: 3.5 }, body);
  });
  await each('what the program is told', async () => {
    await run('claude/hello', { max_calls: 3, tools: ['WebSearch'] });
    const { args, initialize } = told();
    const text = JSON.stringify({ args, initialize });
    for (const word of ['hello', 'dontAsk', '0.5', 'Read', 'WebSearch', '3',
      'You are a test.'])
      assert.ok(text.includes(word), `${word}: ${text}`);
    assert.ok(told().prompt.includes('Hi there'));
  });
  for (const [model, why] of [
    ['claude/maxturns', /Reached maximum number of turns/],
    ['claude/401', /API Error: 401/], ['claude/die', /status 3/]])
    await each(`an error, ${model}`, async () => {
      const { status, body } = await run(model);
      assert.equal(status, 500);
      assert.match(body, why);
    });
  await each('images are refused', async () => {
    const tree = ast({ model: 'claude/hello' });
    tree.children = [{ type: 'yaml', value:
      'name: e2e\nimage_config: {"model_name":"claude/hello"}' },
    { ...tree.children[2], name: 'ImagePrompt' }];
    const { body } = await server.send(JSON.stringify({
      type: 'prompt-run', data: { ast: tree } }));
    assert.match(body, new RegExp('Executor \'claude-agent-sdk-v0\' does not ' +
      'support image prompts\\.'));
  });
  await server.close();
}
