// The line protocol of the `command` driver (docs/executors.md) for programs
// that wrap an SDK: lines in, events out, cancelling, tools, errors, and the
// names that JavaScript's SDKs have for a prompt's settings.  Knows no SDK.
//
//     serve({
//       async text(request, call) {
//         for await (const piece of mySdk(request.messages, call.signal))
//           call.text(piece);
//         return { reason: 'stop', usage: { inputTokens: 5 } };
//       },
//     });
//
// A handler for each kind (text, object, image, speech) emits through `call`
// and returns how it ended; what it throws becomes the error of the call.
import readline from 'node:readline';

// Standard output belongs to the protocol; SDKs like to print warnings there.
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const write = event => print(JSON.stringify(event) + '\n');

// The first text among message, error.message, error and data.error.message,
// else the value as JSON.
export function errorText(error) {
  if (error === null || error === undefined || error === '')
    return 'Unknown error';
  if (typeof error !== 'object')
    return String(error);
  const found = [error.message, error.error?.message, error.error,
    error.data?.error?.message].find(text => text && typeof text === 'string');
  return found ?? JSON.stringify(error);
}

// The status of the vendor that failed and how long it wants to be left alone.
// SDKs wrap the failure of a last attempt.
function refusal(error) {
  const { statusCode, status, responseHeaders: headers } =
    error?.lastError ?? error ?? {};
  const code = statusCode ?? status;
  const ms = Number(headers?.['retry-after-ms']);
  const seconds = Number(headers?.['retry-after']);
  return {
    ...(Number.isInteger(code) && code >= 400 && { status: code }),
    ...(ms > 0 ? { retryAfter: ms / 1000 } :
      seconds > 0 && { retryAfter: seconds }),
  };
}

// An SDK's package, or the end of this program with a last line that says what
// is missing: that line is the reason that a client is told.
export async function load(name) {
  try {
    return await import(name);
  } catch (e) {
    console.error(e);
    console.error(`cannot load ${name}: ${errorText(e).split('\n')[0]}`);
    return process.exit(1);
  }
}

class Call {
  constructor(request) {
    this.request = request;
    this.stopper = new AbortController();
    this.asked = new Map(); // tool calls that we run for it, by their id
    this.begun = false;
    this.over = false;
  }
  get signal() {
    return this.stopper.signal;
  }
  event(type, rest) {
    if (this.over)
      return;
    this.begun = true;
    write({ id: this.request.id, type, ...rest });
  }
  text(text) {
    if (text)
      this.event('text-delta', { text });
  }
  reasoning(text) {
    if (text)
      this.event('reasoning-delta', { text });
  }
  partial(partial) {
    this.event('object-delta', { partial });
  }
  object(value) {
    this.event('object-final', { value });
  }
  images(images) {
    this.event('image', { images });
  }
  speech(speech) {
    this.event('speech', { speech });
  }
  // Tools that the SDK ran by itself.  Those that were asked for with run() are
  // shown by the endpoint and not told again.
  toolCall(toolCallId, name, args) {
    if (!this.asked.has(toolCallId))
      this.event('tool-call', { toolCallId, name, args: args ?? {} });
  }
  toolResult(toolCallId, name, result, isError = false) {
    if (!this.asked.has(toolCallId))
      this.event('tool-result', {
        toolCallId, name, result, ...(isError && { isError }),
      });
  }
  // Asks the endpoint to run one of request.tools.  A tool that failed gives
  // { result: the text why, isError: true }.
  run(toolCallId, name, args) {
    return new Promise((done, failed) => {
      const stop = () => failed(this.signal.reason);
      if (this.signal.aborted)
        return stop();
      this.signal.addEventListener('abort', stop, { once: true });
      this.asked.set(toolCallId, answer => {
        this.signal.removeEventListener('abort', stop);
        done(answer);
      });
      this.event('tool-request', { toolCallId, name, args: args ?? {} });
    });
  }
  answer(answer) {
    this.asked.get(answer.toolCallId)?.(answer);
  }
  end(event) {
    if (!this.over)
      write({ id: this.request.id, ...event });
    this.over = true;
  }
  fail(error) {
    this.end({
      type: 'error', error: errorText(error),
      ...(!this.begun && refusal(error)),
    });
  }
}

export function serve(handlers) {
  const calls = new Map();

  // A key that says nothing is as good as none.
  const said = config => Object.fromEntries(
    Object.entries(config ?? {}).filter(([, value]) => value !== null));

  const start = async message => {
    const request = { ...message, config: said(message.config) };
    const call = new Call(request);
    const handler = handlers[request.kind];
    calls.set(request.id, call);
    try {
      if (!handler)
        throw new Error(`this executor answers no ${request.kind} prompts`);
      const end = await handler(request, call);
      // A stream that was cut short by us may end as if it were whole.
      call.signal.throwIfAborted();
      call.end({ type: 'finish', reason: end?.reason ?? 'stop',
        ...(end?.usage && { usage: end.usage }) });
    } catch (e) {
      call.fail(call.signal.aborted ? 'cancelled' : e);
    }
    calls.delete(request.id);
  };

  const stop = () => {
    for (const call of calls.values()) {
      call.over = true; // nobody listens any more
      call.stopper.abort(new Error('cancelled'));
    }
    // An SDK that minds its signal closes its connections now.
    setTimeout(() => process.exit(0), calls.size ? 200 : 0);
  };

  const input = readline.createInterface({ input: process.stdin });
  input.on('line', line => {
    if (!line.trim())
      return;
    const message = JSON.parse(line);
    const call = calls.get(message.id);
    if (message.cancel)
      call?.stopper.abort(new Error('cancelled'));
    else if (message.toolResult)
      call?.answer(message.toolResult);
    else
      start(message);
  });
  input.on('close', stop);
  process.on('SIGTERM', stop);
  // A promise that an SDK has left behind: the call has its own error.
  process.on('unhandledRejection', e => console.error(errorText(e)));
  // Anything else is the end, and the last line is the reason that is told.
  process.on('uncaughtException', e => {
    console.error(e);
    console.error(errorText(e));
    process.exit(1);
  });
}

// A prompt's settings under the names of AI SDK and Mastra; OUTPUT is what the
// SDK calls the limit of tokens.  Keys that say nothing are left out.
export function settings(config, output = 'maxOutputTokens') {
  const names = {
    max_tokens: output, temperature: 'temperature', top_p: 'topP',
    top_k: 'topK', presence_penalty: 'presencePenalty',
    frequency_penalty: 'frequencyPenalty', stop_sequences: 'stopSequences',
    seed: 'seed',
  };
  return Object.fromEntries(Object.entries(names)
    .filter(([key]) => config[key] !== undefined)
    .map(([key, name]) => [name, config[key]]));
}

export function toolChoice(config) {
  const choice = config.tool_choice;
  return choice?.tool_name
    ? { type: 'tool', toolName: choice.tool_name } : choice ?? undefined;
}

// The steps of calling tools: one for a text, ten for an object, unless the
// prompt says (max_calls).
export function maxSteps({ kind, config }) {
  return config.max_calls ?? (kind === 'object' ? 10 : 1);
}

// Usage as any SDK counts it.
export function usage(from) {
  if (!from)
    return undefined;
  const input = from.inputTokens ?? from.promptTokens ?? from.input_tokens;
  const output =
    from.outputTokens ?? from.completionTokens ?? from.output_tokens;
  const number = n => Number.isFinite(n) ? n : undefined;
  return {
    inputTokens: number(input) ?? 0, outputTokens: number(output) ?? 0,
    totalTokens: number(from.totalTokens),
    cachedInputTokens: number(from.cachedInputTokens),
    reasoningTokens: number(from.reasoningTokens),
  };
}

// Splits "vendor/model".  A name without a vendor is OpenAI's, or Anthropic's
// when it begins with "claude".
export function splitModel({ model, config }) {
  const name = model ?? config.model_name;
  const slash = name.indexOf('/');
  if (slash > 0)
    return { vendor: name.slice(0, slash), id: name.slice(slash + 1) };
  return { vendor: /^claude/.test(name) ? 'anthropic' : 'openai', id: name };
}
