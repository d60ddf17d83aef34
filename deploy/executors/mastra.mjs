// Mastra 1 as a library: npm install @mastra/core@1 (Node 22.13 or later).
// A Mastra server needs none of this: see the driver `mastra`.
//
// With MASTRA_ENTRY=FILE the agents are those of the project: FILE exports
// `mastra`, and a prompt's model names one of them.  Else an agent is made of
// the prompt: its system messages are the instructions, its tools run in the
// endpoint, its model is "vendor/model" for Mastra's router, with OPENAI_API_KEY,
// OPENAI_BASE_URL and so on.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  errorText, load, maxSteps, serve, settings, splitModel, toolChoice, usage,
} from './executor.mjs';

const { Agent } = await load('@mastra/core/agent');
const { createTool } = await load('@mastra/core/tools');

const entry = process.env.MASTRA_ENTRY;
const project = entry &&
  (await import(pathToFileURL(path.resolve(entry)))).mastra;

function model(request) {
  const { vendor, id } = splitModel(request);
  const name = vendor.toUpperCase().replaceAll('-', '_');
  const url = process.env[`${name}_BASE_URL`];
  return url
    ? { id: `${vendor}/${id}`, url, apiKey: process.env[`${name}_API_KEY`] }
    : `${vendor}/${id}`;
}

const textOf = ({ content }) => typeof content === 'string' ? content
  : content.map(part => part.text ?? '').join('\n');

const instructionsOf = ({ messages }) =>
  messages.filter(m => m.role === 'system').map(textOf).join('\n\n');

function tools(request, call) {
  return Object.fromEntries((request.tools ?? []).map(tool => [tool.name,
    createTool({
      id: tool.name, description: tool.description ?? tool.name,
      inputSchema: tool.parameters ?? { type: 'object', properties: {} },
      async execute(args, context) {
        const id = context?.agent?.toolCallId ?? context?.toolCallId;
        const { result, isError } = await call.run(id, tool.name, args);
        if (isError)
          throw new Error(errorText(result));
        return result;
      },
    })]));
}

function agentOf(request, call) {
  const name = request.model ?? request.config.model_name;
  if (project)
    return project.getAgentById?.(name) ?? project.getAgent(name);
  return new Agent({
    id: request.name ?? 'prompt', name: request.name ?? 'prompt',
    instructions: instructionsOf(request),
    model: model(request), maxRetries: 0, tools: tools(request, call),
  });
}

const REASONS = { tripwire: 'content-filter', retry: 'other' };
const reasonOf = reason => REASONS[reason] ?? reason;
const waits = 'the agent waits for a decision, which cannot be made here';

// Chunks of agents' streams, {type, payload}; true when it was the last one.
function take({ type, payload, object }, request, call, end) {
  switch (type) {
  case 'text-delta':
    if (request.kind === 'text')
      call.text(payload.text);
    break;
  case 'reasoning-delta':
    call.reasoning(payload.text);
    break;
  case 'tool-call':
    if (!request.tools?.some(tool => tool.name === payload.toolName))
      call.toolCall(payload.toolCallId, payload.toolName, payload.args);
    break;
  case 'tool-result':
    call.toolResult(payload.toolCallId, payload.toolName, payload.result,
      payload.isError === true);
    break;
  case 'tool-error':
    call.toolResult(payload.toolCallId, payload.toolName,
      errorText(payload.error?.cause ?? payload.error), true);
    break;
  case 'object':
    if (request.kind === 'object')
      call.partial(object);
    break;
  case 'object-result':
    call.object(object);
    break;
  case 'tool-call-approval':
  case 'tool-call-suspended':
    throw new Error(waits);
  case 'error':
    throw payload.error;
  case 'abort':
    throw new Error('the agent was stopped');
  case 'finish':
    end.reason = reasonOf(payload.stepResult.reason);
    end.usage = usage(payload.output.usage);
    break;
  default:
  }
}

// A whole answer: the calls of all steps, then their results, then the text.
function takeWhole(result, request, call, end) {
  if (result.finishReason === 'suspended')
    throw new Error(waits);
  if (result.error)
    throw result.error;
  // A tool that failed is no result; it stands among what the model was told.
  const failures = step => (step.content ?? [])
    .filter(part => part.output?.type?.startsWith('error'))
    .map(({ output, ...part }) => ({ type: 'tool-result',
      payload: { ...part, result: output.value, isError: true } }));
  const chunks = result.steps.flatMap(step => step.toolCalls)
    .concat(result.steps.flatMap(step =>
      [...step.toolResults, ...failures(step)]));
  for (const chunk of chunks)
    take(chunk, request, call, end);
  if (request.kind === 'object')
    call.object(result.object);
  else
    call.text(result.text);
  end.reason = reasonOf(result.finishReason);
  end.usage = usage(result.totalUsage ?? result.usage);
}

async function run(request, call) {
  const { config } = request;
  const agent = agentOf(request, call);
  const instructions = instructionsOf(request);
  const end = {};
  const messages = request.messages.filter(m => m.role !== 'system');
  const options = {
    ...(instructions && { instructions }),
    modelSettings: { ...settings(config), maxRetries: 0 },
    maxSteps: project && !config.max_calls ? undefined : maxSteps(request),
    toolChoice: toolChoice(config),
    ...(request.kind === 'object' &&
      { structuredOutput: { schema: request.schema ?? config.schema } }),
    abortSignal: call.signal,
  };
  if (request.stream) {
    const stream = await agent.stream(messages, options);
    for await (const chunk of stream.fullStream)
      take(chunk, request, call, end);
  } else {
    takeWhole(await agent.generate(messages, options), request, call, end);
  }
  return end;
}

serve({ text: run, object: run });
