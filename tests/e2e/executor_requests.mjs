// What the programs ask of the provider for a prompt's settings, attachments
// and tools, and what they tell of how a call went.
import { Executor } from '../lib/executor.mjs';
import { assert, test } from '../lib/tap.mjs';

const CONFIG = {
  max_tokens: 64, temperature: 0.5, top_p: 0.9, presence_penalty: 0.1,
  frequency_penalty: 0.2, stop_sequences: ['END'], seed: 7, max_calls: 3,
};
const TOOL = {
  name: 'weather', description: 'The weather of a place.',
  parameters: { type: 'object', properties: { location: { type: 'string' } },
    required: ['location'], additionalProperties: false },
};
const SCHEMA = {
  type: 'object', properties: { a: { type: 'string' }, n: { type: 'number' } },
  required: ['a', 'n'], additionalProperties: false,
};
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M' +
  '9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const ask = (model, more = {}) => ({
  kind: 'text', model, ...more,
  config: { model_name: model, ...more.config },
});

async function asked(mock) {
  const { requests } = await (await fetch(`${mock}/__log`)).json();
  return requests.map(request => request.body);
}

// The values of BODY that CONFIG should have led to; others are the SDK's.
const chosen = (body, keys) =>
  Object.fromEntries(keys.map(key => [key, body[key]]));

async function settings(run, { mock, name }) {
  await run(ask('openai/hello', { config: CONFIG }));
  const [body] = await asked(mock);
  // Mastra sends to a model that it does not know what every model takes.
  const known = name === 'mastra' ? {} : { temperature: 0.5, top_p: 0.9 };
  const wanted = {
    model: 'hello', max_tokens: 64, presence_penalty: 0.1,
    frequency_penalty: 0.2, stop: ['END'], seed: 7, ...known,
  };
  assert.deepEqual(chosen(body, Object.keys(wanted)), wanted);
}

async function anthropicSettings(run, { mock }) {
  await run(ask('anthropic/hello', { config: {
    max_tokens: 64, top_k: 40, temperature: 0.5, stop_sequences: ['END'],
  } }));
  const [body] = await asked(mock);
  assert.deepEqual(
    chosen(body, ['max_tokens', 'top_k', 'temperature', 'stop_sequences']),
    { max_tokens: 64, top_k: 40, temperature: 0.5, stop_sequences: ['END'] });
}

async function attachments(run, { mock }) {
  await run(ask('openai/hello', { messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [
      { type: 'text', text: 'look' },
      { type: 'image', image: PIXEL, mimeType: 'image/png' },
      { type: 'file', data: 'JVBERi0=', mimeType: 'application/pdf' },
    ] },
    { role: 'assistant', content: 'I see.' },
    { role: 'user', content: 'And?' },
  ] }));
  const [{ messages }] = await asked(mock);
  const [text, image, file] = messages[1].content;
  assert.deepEqual(messages.map(message => message.role),
    ['system', 'user', 'assistant', 'user']);
  assert.equal(text.text, 'look');
  assert.equal(image.image_url.url, `data:image/png;base64,${PIXEL}`);
  assert.equal(file.file.file_data, 'data:application/pdf;base64,JVBERi0=');
}

// Two steps: the call, then what the tool gave; usage is that of both.
async function tools(run, { mock, name }, stream) {
  const events = await run(ask('openai/tool-1', {
    stream, tools: [TOOL], config: { tools: ['weather'], max_calls: 3 },
  }), { weather: () => ({ result: { degrees: 21 } }) });
  const bodies = await asked(mock);
  assert.equal(bodies.length, 2);
  const { function: offered } = bodies[0].tools[0];
  assert.equal(offered.name, 'weather');
  assert.equal(offered.description, TOOL.description);
  assert.deepEqual(offered.parameters.properties, TOOL.parameters.properties);
  assert.equal(bodies[1].messages.at(-1).content, '{"degrees":21}');
  assert.deepEqual(events[0], {
    type: 'tool-request', toolCallId: 'call_mock_1', name: 'weather',
    args: { location: 'sample location' },
  });
  assert.equal(events.filter(e => e.type === 'text-delta')
    .map(e => e.text).join(''), 'Tool said: {"degrees":21}');
  const { reason, usage } = events.at(-1);
  assert.equal(reason, 'stop');
  // Mastra's router does not ask for the usage of a stream.
  if (name !== 'mastra' || !stream)
    assert.equal(usage.outputTokens, 7 + 3);
}

async function oneStep(run, { mock }) {
  await run(ask('openai/tool-1', {
    tools: [TOOL], config: { tools: ['weather'] },
  }), { weather: () => ({ result: 1 }) });
  assert.equal((await asked(mock)).length, 1);
}

async function toolChoice(run, { mock }) {
  await run(ask('openai/hello', { tools: [TOOL], config: {
    tools: ['weather'], tool_choice: { type: 'tool', tool_name: 'weather' },
  } }));
  const [{ tool_choice: choice }] = await asked(mock);
  assert.deepEqual(choice,
    { type: 'function', function: { name: 'weather' } });
}

// Version 4 asks such a model for some JSON, with the schema in the prompt.
async function objectWithTools(run, { mock, name }, stream) {
  const events = await run(ask('openai/tool-1', {
    kind: 'object', stream, schema: SCHEMA, tools: [TOOL],
    config: { schema: SCHEMA, tools: ['weather'] },
  }), { weather: () => ({ result: 1 }) });
  assert.ok((await asked(mock)).length >= 2);
  assert.deepEqual(events.find(e => e.type === 'object-final')?.value,
    name === 'ai-sdk-v4' ? 'sample v' : { a: 'sample a', n: 3.5 });
}

async function ends(run) {
  const usage = { inputTokens: 2, outputTokens: 13, totalTokens: 15 };
  const end = (await run(ask('openai/length'))).at(-1);
  assert.equal(end.reason, 'length');
  assert.deepEqual(chosen(end.usage, Object.keys(usage)), usage);
  assert.equal((await run(ask('openai/filter'))).at(-1).reason,
    'content-filter');
}

async function refusals(run) {
  assert.deepEqual(await run(ask('openai/429-ra')), [{
    type: 'error', error: 'Rate limit reached for mock model', status: 429,
    retryAfter: 0.01,
  }]);
  assert.deepEqual(await run(ask('openai/401', { stream: true })), [{
    type: 'error', error: 'Incorrect API key provided: mock', status: 401,
  }]);
  const middle = await run(ask('openai/errchunk', { stream: true }));
  assert.deepEqual(middle.at(-1),
    { type: 'error', error: 'Mock stream error' });
  assert.equal(middle.length, 4);
}

async function media(run, { mock }) {
  const painted = await run({ ...ask('openai/dall-e-2', { config: {
    prompt: 'a cat', num_images: 2, size: '256x256',
  } }), kind: 'image' });
  assert.deepEqual(painted[0].images.map(i => i.mimeType),
    ['image/png', 'image/png']);
  await run({ ...ask('openai/speech', { config: {
    text: 'hello', voice: 'alloy', output_format: 'wav', speed: 1.5,
    instructions: 'calm',
  } }), kind: 'speech' });
  const bodies = await asked(mock);
  assert.deepEqual(chosen(bodies[0], ['prompt', 'n', 'size']),
    { prompt: 'a cat', n: 2, size: '256x256' });
  assert.deepEqual(
    chosen(bodies.at(-1), ['input', 'voice', 'response_format', 'speed']),
    { input: 'hello', voice: 'alloy', response_format: 'wav', speed: 1.5 });
}

async function refusesMedia(run) {
  const [event] = await run({ ...ask('openai/x'), kind: 'image' });
  assert.equal(event.type, 'error');
}

// The agents of a project, their tools and instructions.
async function ownAgents(run) {
  const call = {
    toolCallId: 'call_mock_1', name: 'weather',
  };
  for (const stream of [false, true]) {
    const events = await run(ask('tool', { stream, config: { max_calls: 3 } }));
    assert.deepEqual(events.slice(0, 2), [
      { type: 'tool-call', ...call, args: { location: 'sample location' } },
      { type: 'tool-result', ...call, result: { degrees: 21 } },
    ]);
  }
  for (const stream of [false, true]) {
    const events = await run(ask('broken',
      { stream, config: { max_calls: 3 } }));
    assert.deepEqual(events[1], { type: 'tool-result', ...call,
      result: 'no weather today', isError: true });
  }
  assert.equal((await run(ask('nobody'))).at(-1).type, 'error');
}

const AI_SDK = {
  'the settings of a prompt': settings,
  'the settings at Anthropic': anthropicSettings,
  'attachments': attachments,
  'a tool in two steps': tools,
  'a tool in two steps, streamed': (run, sdk) => tools(run, sdk, true),
  'one step when nothing is said': oneStep,
  'a tool that must be called': toolChoice,
  'an object with tools': objectWithTools,
  'an object with tools, streamed':
    (run, sdk) => objectWithTools(run, sdk, true),
  'how it ended and what it took': ends,
  'refusals': refusals,
  'images and speech': media,
};
const MASTRA = {
  'the settings of a prompt': settings,
  'attachments': attachments,
  'a tool in two steps': tools,
  'a tool in two steps, streamed': (run, sdk) => tools(run, sdk, true),
  'one step when nothing is said': oneStep,
  'images are refused': refusesMedia,
  'the agents of a project': ownAgents,
};
const tests = {
  'ai-sdk-v5': AI_SDK, 'ai-sdk-v4': AI_SDK, mastra: MASTRA,
};

export async function requests(sdk) {
  for (const [what, body] of Object.entries(tests[sdk.name] ?? {}))
    await test(`${sdk.name}: ${what}`, async () => {
      await fetch(`${sdk.mock}/__reset`);
      const entry = body === ownAgents && { MASTRA_ENTRY: 'mastra-agents.mjs' };
      const executor = new Executor(sdk.command,
        { env: { ...sdk.env, ...entry }, cwd: sdk.dir });
      try {
        await body((...call) => executor.call(...call), sdk);
      } finally {
        await executor.close();
      }
    });
}
