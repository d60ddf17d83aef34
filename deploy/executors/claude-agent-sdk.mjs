// The Claude Agent SDK: npm install @anthropic-ai/claude-agent-sdk
// The driver `claude-agent` runs the same program without Node; this way the
// endpoint's tools can be given to the agent, and the SDK's own options are at
// hand: change `options` below.
//
//   CLAUDE_EXECUTABLE       the program, where the package has none
//   CLAUDE_PERMISSION_MODE  dontAsk where it is not set
//   CLAUDE_MAX_BUDGET_USD   what one run may cost
import { errorText, load, serve, splitModel } from './executor.mjs';

const { query } = await load('@anthropic-ai/claude-agent-sdk');
const { McpServer } = await load('@modelcontextprotocol/sdk/server/mcp.js');
const { CallToolRequestSchema, ListToolsRequestSchema } =
  await load('@modelcontextprotocol/sdk/types.js');

const SERVER = 'agentmark';

const partText = part => part.type === 'text' ? part.text
  : part.type === 'image' ? '[Attached image]' : '[Attached file]';
const textOf = ({ content }) => typeof content === 'string' ? content
  : content.map(partText).join('\n');
const joined = messages => messages.map(textOf).join('\n\n');

// The endpoint's tools, as an MCP server in this process.
function toolServer(tools, call) {
  const instance = new McpServer({ name: SERVER, version: '1.0.0' },
    { capabilities: { tools: {} } });
  let number = 0;
  instance.server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, parameters }) => ({
      name, description,
      inputSchema: parameters ?? { type: 'object', properties: {} },
    })),
  }));
  instance.server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { result, isError } = await call.run(
      `tool_${++number}`, params.name, params.arguments);
    const text = typeof result === 'string' ? result : JSON.stringify(result);
    return { content: [{ type: 'text', text: text ?? '' }], isError };
  });
  return { type: 'sdk', name: SERVER, instance };
}

function options({ kind, messages, config, schema, stream, model, tools = [] },
    call) {
  const system = joined(messages.filter(m => m.role === 'system'));
  const stopper = new AbortController();
  call.signal.addEventListener('abort', () => stopper.abort());
  const ours = new Set(tools.map(tool => tool.name));
  const names = (config.tools ?? []).filter(name => !ours.has(name));
  return {
    model: splitModel({ model, config }).id,
    ...(system && { systemPrompt: system }),
    ...(config.max_calls && { maxTurns: config.max_calls }),
    ...(kind === 'object' && { outputFormat:
      { type: 'json_schema', schema: schema ?? config.schema } }),
    ...(tools.length && {
      mcpServers: { [SERVER]: toolServer(tools, call) } }),
    allowedTools: [...names, ...tools.map(t => `mcp__${SERVER}__${t.name}`)],
    permissionMode: process.env.CLAUDE_PERMISSION_MODE ?? 'dontAsk',
    ...(process.env.CLAUDE_MAX_BUDGET_USD && {
      maxBudgetUsd: Number(process.env.CLAUDE_MAX_BUDGET_USD) }),
    ...(process.env.CLAUDE_EXECUTABLE && {
      pathToClaudeCodeExecutable: process.env.CLAUDE_EXECUTABLE }),
    includePartialMessages: stream && kind === 'text',
    settingSources: [],
    persistSession: false,
    abortController: stopper,
  };
}

function usageOf({ usage = {}, total_cost_usd: costUsd }) {
  return {
    inputTokens: usage.input_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
    cachedInputTokens: usage.cache_read_input_tokens ?? undefined,
    ...(Number.isFinite(costUsd) && { costUsd }),
  };
}

async function run(request, call) {
  const prompt = joined(request.messages.filter(m => m.role !== 'system'));
  let result;
  for await (const message of query({
    prompt, options: options(request, call) })) {
    const delta = message.type === 'stream_event' &&
      message.event?.type === 'content_block_delta' && message.event.delta;
    if (delta?.type === 'text_delta')
      call.text(delta.text);
    else if (delta?.type === 'thinking_delta')
      call.reasoning(delta.thinking);
    else if (message.type === 'result')
      result = message;
  }
  if (!result)
    throw new Error('the agent ended without a result');
  if (result.subtype !== 'success' || result.is_error)
    throw new Error(result.errors?.length ? result.errors.map(errorText)
      .join('\n') : result.result || `Error: ${result.subtype}`);
  if (request.kind === 'object')
    call.object(result.structured_output);
  else if (!request.stream)
    call.text(result.result);
  return { reason: 'stop', usage: usageOf(result) };
}

serve({ text: run, object: run });
