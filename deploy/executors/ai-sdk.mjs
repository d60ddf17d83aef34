// Vercel's AI SDK, versions 4 and 5, as an executor.  What differs between the
// two are names; ai-sdk-v4.mjs and ai-sdk-v5.mjs say which is meant.
//
// Models are "vendor/model": openai and anthropic are set up by OPENAI_API_KEY,
// OPENAI_BASE_URL, ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL, any other vendor
// is the package @ai-sdk/VENDOR with its own variables.
import { createRequire } from 'node:module';
import {
  errorText, load, maxSteps, serve, settings, splitModel, toolChoice, usage,
} from './executor.mjs';

const require = createRequire(import.meta.url);

// Servers that imitate OpenAI know chat completions, few of them more.
async function openai(id, v5) {
  const { createOpenAI } = await import('@ai-sdk/openai');
  const baseURL = process.env.OPENAI_BASE_URL || undefined;
  const provider = createOpenAI({
    baseURL, ...(!v5 && { compatibility: 'strict' }),
  });
  const api = process.env.OPENAI_API ?? (baseURL ? 'chat' : 'default');
  return {
    chat: api === 'default' ? provider(id) : provider[api](id),
    image: () => provider.image(id),
    speech: () => provider.speech(id),
  };
}

async function other(vendor, id) {
  if (!/^[a-z0-9-]+$/.test(vendor))
    throw new Error(`no model '${vendor}/${id}'`);
  const module = await import(`@ai-sdk/${vendor}`).catch(() => {
    throw new Error(
      `model '${vendor}/${id}' needs the package @ai-sdk/${vendor}`);
  });
  const make = name => {
    const create = module[`create${name}`];
    const baseURL = process.env[`${vendor.toUpperCase()}_BASE_URL`];
    return create && baseURL ? create({ baseURL }) : undefined;
  };
  const camel = vendor.replace(/-(.)/g, (_, c) => c.toUpperCase());
  const name = camel[0].toUpperCase() + camel.slice(1);
  const provider = make(name) ?? module[camel];
  return {
    chat: provider(id),
    image: () => provider.image(id),
    speech: () => provider.speech(id),
  };
}

const models = (request, v5) => {
  const { vendor, id } = splitModel(request);
  return vendor === 'openai' ? openai(id, v5) : other(vendor, id);
};

// Version 5 calls the type of an attachment mediaType.
function parts(content, v5) {
  if (!Array.isArray(content) || !v5)
    return content;
  return content.map(({ mimeType, ...part }) =>
    ({ ...part, ...(mimeType && { mediaType: mimeType }) }));
}

export async function run(version) {
  const v5 = version === 5;
  const ai = await load('ai');
  const { version: found } = require('ai/package.json');
  if (Number.parseInt(found, 10) !== version) {
    console.error(`needs version ${version} of the package ai, not ${found}`);
    process.exit(1);
  }

  // Tools run in the endpoint.  One that failed tells the model why.
  const tools = (request, call) => request.tools?.length
    ? Object.fromEntries(request.tools.map(tool => [tool.name, {
      description: tool.description,
      [v5 ? 'inputSchema' : 'parameters']: ai.jsonSchema(
        tool.parameters ?? { type: 'object', properties: {} }),
      async execute(args, { toolCallId }) {
        const { result, isError } = await call.run(
          toolCallId, tool.name, args);
        if (isError && v5)
          throw new Error(errorText(result));
        return result;
      },
    }]))
    : undefined;

  // No retries here: the endpoint tries again, with its clocks and limits.
  const options = async (request, call) => ({
    model: (await models(request, v5)).chat,
    messages: request.messages.map(message =>
      ({ ...message, content: parts(message.content, v5) })),
    ...settings(request.config, v5 ? 'maxOutputTokens' : 'maxTokens'),
    maxRetries: 0,
    abortSignal: call.signal,
  });
  const withTools = (request, call) => ({
    tools: tools(request, call), toolChoice: toolChoice(request.config),
    ...(v5 ? { stopWhen: ai.stepCountIs(maxSteps(request)) }
      : { maxSteps: maxSteps(request) }),
  });

  // Calls that the endpoint runs are asked for in execute; what is left are the
  // vendor's own tools, and calls that were wrong.
  const tell = (part, call) => {
    const wrong = part.invalid || part.type === 'tool-error';
    const { toolCallId: id, toolName: name } = part;
    if (part.type === 'tool-call' && (wrong || part.providerExecuted))
      call.toolCall(id, name, part.input ?? part.args);
    else if (part.type === 'tool-error')
      call.toolResult(id, name, errorText(part.error), true);
    else if (part.type === 'tool-result')
      call.toolResult(id, name, part.output ?? part.result);
  };

  // Follows a stream of text and tools to its end.
  const follow = async (stream, call, onText) => {
    let end = {};
    for await (const part of stream) {
      if (part.type === 'error')
        throw part.error;
      else if (part.type === 'text-delta')
        onText(part.text ?? part.textDelta);
      else if (part.type === 'reasoning-delta' || part.type === 'reasoning')
        call.reasoning(part.text ?? part.textDelta);
      else if (part.type === 'finish')
        end = { reason: part.finishReason,
          usage: usage(part.totalUsage ?? part.usage) };
      else
        tell(part, call);
    }
    return end;
  };

  const quiet = { onError() {} }; // errors come through the stream

  async function text(request, call) {
    const all = {
      ...await options(request, call), ...withTools(request, call),
    };
    if (request.stream)
      return follow(ai.streamText({ ...all, ...quiet }).fullStream, call,
        piece => call.text(piece));
    const result = await ai.generateText(all);
    for (const step of result.steps)
      for (const part of step.content ?? [])
        tell(part, call);
    call.text(result.text);
    return { reason: result.finishReason,
      usage: usage(result.totalUsage ?? result.usage) };
  }

  // With tools an object is the output of a text.
  async function objectWithTools(request, call, all, schema) {
    const wanted = {
      ...all, ...withTools(request, call),
      experimental_output: ai.Output.object({ schema }),
    };
    if (!request.stream) {
      const result = await ai.generateText(wanted);
      call.object(result.experimental_output);
      return { reason: 'stop',
        usage: usage(result.totalUsage ?? result.usage) };
    }
    const result = ai.streamText({ ...wanted, ...quiet });
    let last;
    const watch = async () => {
      for await (const partial of result.experimental_partialOutputStream)
        call.partial(last = partial);
    };
    const [end] = await Promise.all(
      [follow(result.fullStream, call, () => {}), watch()]);
    if (last !== undefined)
      call.object(last);
    return end;
  }

  async function object(request, call) {
    const { config } = request;
    const all = await options(request, call);
    const schema = ai.jsonSchema(request.schema ?? config.schema);
    if (request.tools?.length)
      return objectWithTools(request, call, all, schema);
    const wanted = {
      ...all, schema, schemaName: config.schema_name,
      schemaDescription: config.schema_description,
    };
    if (!request.stream) {
      const result = await ai.generateObject(wanted);
      call.object(result.object);
      return { reason: result.finishReason, usage: usage(result.usage) };
    }
    const result = ai.streamObject({ ...wanted, ...quiet });
    result.object.catch(() => {}); // what can be read of it is the object
    let last, end = {};
    for await (const part of result.fullStream)
      if (part.type === 'error')
        throw part.error;
      else if (part.type === 'object')
        call.partial(last = part.object);
      else if (part.type === 'finish')
        end = { reason: part.finishReason, usage: usage(part.usage) };
    if (last !== undefined)
      call.object(last);
    return end;
  }

  const type = file => file.mediaType ?? file.mimeType;

  async function image(request, call) {
    const { config } = request;
    const { images } = await ai.experimental_generateImage({
      model: (await models(request, v5)).image(),
      prompt: config.prompt, n: config.num_images, size: config.size,
      aspectRatio: config.aspect_ratio, seed: config.seed,
      maxRetries: 0, abortSignal: call.signal,
    });
    call.images(images.map(file =>
      ({ mimeType: type(file), base64: file.base64 })));
  }

  async function speech(request, call) {
    const { config } = request;
    const { audio } = await ai.experimental_generateSpeech({
      model: (await models(request, v5)).speech(),
      text: config.text, voice: config.voice, speed: config.speed,
      outputFormat: config.output_format,
      instructions: config.instructions || undefined,
      maxRetries: 0, abortSignal: call.signal,
    });
    call.speech({
      mimeType: type(audio), base64: audio.base64, format: audio.format,
    });
  }

  serve({ text, object, image, speech });
}
