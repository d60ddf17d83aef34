// Stands in for the program `claude` that the Claude Agent SDK runs: lines of
// JSON both ways, control requests answered, one turn, no model.  What it does
// is in the model's name, parts joined by "-":
//   echo     answers with the prompt (else with a greeting)
//   tool     calls the first tool of the first MCP server of the SDK
//   401      ends as when the API refuses
//   maxturns ends as when there were too many turns
//   slow     waits ten seconds before it answers
//   die      ends without a result
// CLAUDE_STAND_IN_LOG=FILE gets a line of JSON with its arguments and what it
// was told.
import fs from 'node:fs';
import readline from 'node:readline';

const args = process.argv.slice(2);
const option = name => {
  const at = args.findIndex(a => a === name || a.startsWith(`${name}=`));
  if (at < 0)
    return undefined;
  return args[at].includes('=')
    ? args[at].slice(name.length + 1) : args[at + 1];
};
const model = option('--model') ?? 'default';
const has = word => model.split('-').includes(word);
const session_id = '00000000-0000-4000-8000-000000000000';
const say = message => process.stdout.write(JSON.stringify(message) + '\n');
let number = 0;
const uuid = () =>
  `00000000-0000-4000-8000-${String(++number).padStart(12, '0')}`;

if (args.includes('--version') || args.includes('-v')) {
  console.log('2.1.0 (Claude Code)');
  process.exit(0);
}

// An instance of a JSON schema.
function instance(schema) {
  if (schema?.enum)
    return schema.enum[0];
  switch (schema?.type) {
  case 'object':
    return Object.fromEntries(Object.entries(schema.properties ?? {})
      .map(([key, value]) => [key, instance(value)]));
  case 'array': return [instance(schema.items)];
  case 'integer': return 42;
  case 'number': return 3.5;
  case 'boolean': return true;
  default: return 'sample';
  }
}

const waiting = new Map();
const told = { args, initialize: undefined, prompt: undefined };

function ask(request) {
  const request_id = uuid();
  say({ type: 'control_request', request_id, request });
  return new Promise(done => waiting.set(request_id, done));
}

let rpc = 0;
async function mcp(server_name, method, params) {
  const reply = await ask({
    subtype: 'mcp_message', server_name,
    message: { jsonrpc: '2.0', id: ++rpc, method, params },
  });
  const { result, error } = reply.mcp_response ?? reply;
  if (error)
    throw new Error(error.message);
  return result;
}

async function useTool() {
  const [server] = told.initialize?.sdkMcpServers ?? [];
  if (!server)
    return 'no server';
  await mcp(server, 'initialize', {
    protocolVersion: '2025-06-18', capabilities: {},
    clientInfo: { name: 'stand-in', version: '1' },
  });
  const { tools: [tool] } = await mcp(server, 'tools/list', {});
  const input = instance(tool.inputSchema);
  const name = `mcp__${server}__${tool.name}`;
  assistant([{ type: 'tool_use', id: 'toolu_1', name, input }]);
  const { content, isError } = await mcp(server, 'tools/call',
    { name: tool.name, arguments: input });
  say({
    type: 'user', session_id, uuid: uuid(), parent_tool_use_id: null,
    message: { role: 'user', content: [{ type: 'tool_result',
      tool_use_id: 'toolu_1', content, is_error: isError === true }] },
  });
  return `${isError ? 'failed: ' : ''}${content[0].text}`;
}

const usage = {
  input_tokens: 11, output_tokens: 7, cache_creation_input_tokens: 0,
  cache_read_input_tokens: 3,
};

function assistant(content) {
  say({
    type: 'assistant', session_id, uuid: uuid(), parent_tool_use_id: null,
    message: { id: 'msg_1', type: 'message', role: 'assistant', model,
      content, stop_reason: null, stop_sequence: null, usage },
  });
}

const event = value => say({
  type: 'stream_event', session_id, uuid: uuid(), parent_tool_use_id: null,
  event: value,
});

function partials(text) {
  if (!args.includes('--include-partial-messages'))
    return;
  event({ type: 'message_start', message: { id: 'msg_1', type: 'message',
    role: 'assistant', model, content: [], usage } });
  event({ type: 'content_block_start', index: 0,
    content_block: { type: 'thinking', thinking: '', signature: '' } });
  event({ type: 'content_block_delta', index: 0,
    delta: { type: 'thinking_delta', thinking: 'Let me think.' } });
  event({ type: 'content_block_stop', index: 0 });
  event({ type: 'content_block_start', index: 1,
    content_block: { type: 'text', text: '' } });
  for (const piece of text.match(/\s*\S+\s*$|\s*\S+/g) ?? [])
    event({ type: 'content_block_delta', index: 1,
      delta: { type: 'text_delta', text: piece } });
  event({ type: 'content_block_stop', index: 1 });
  event({ type: 'message_stop' });
}

function result(rest) {
  say({
    type: 'result', subtype: 'success', is_error: false, duration_ms: 12,
    duration_api_ms: 10, num_turns: 1, session_id, total_cost_usd: 0.0125,
    usage, modelUsage: {}, permission_denials: [], uuid: uuid(), ...rest,
  });
}

const log = () => process.env.CLAUDE_STAND_IN_LOG && fs.appendFileSync(
  process.env.CLAUDE_STAND_IN_LOG, JSON.stringify(told) + '\n');

async function turn(prompt) {
  told.prompt = prompt;
  log();
  say({
    type: 'system', subtype: 'init', cwd: process.cwd(), session_id,
    uuid: uuid(), tools: [], mcp_servers: [], model, permissionMode: 'dontAsk',
    slash_commands: [], apiKeySource: 'user', output_style: 'default',
  });
  say({ type: 'system', subtype: 'something_new', uuid: uuid(), session_id });
  if (has('slow'))
    await new Promise(done => setTimeout(done, 10000));
  if (has('die'))
    process.exit(3);
  if (has('maxturns'))
    return result({ subtype: 'error_max_turns', is_error: true,
      errors: ['Reached maximum number of turns (1)'] });
  if (has('401'))
    return result({ is_error: true,
      result: 'Failed to authenticate. API Error: 401' });
  const text = has('tool') ? `Tool said: ${await useTool()}`
    : has('echo') ? `echo: ${prompt}` : 'Hello from the stand-in.';
  partials(text);
  assistant([{ type: 'text', text }]);
  const schema = told.initialize?.jsonSchema ?? option('--json-schema');
  return result({ result: text, ...(schema && { structured_output: instance(
    typeof schema === 'string' ? JSON.parse(schema) : schema) }) });
}

const textOf = content => typeof content === 'string' ? content
  : content.map(part => part.text ?? '').join('\n');

const input = readline.createInterface({ input: process.stdin });
input.on('line', async line => {
  if (!line.trim())
    return;
  const message = JSON.parse(line);
  if (message.type === 'control_request') {
    const { subtype } = message.request;
    if (subtype === 'initialize')
      told.initialize = message.request;
    say({ type: 'control_response', response: {
      subtype: 'success', request_id: message.request_id,
      response: subtype === 'initialize'
        ? { commands: [], models: [], output_style: 'default',
          available_output_styles: [], account: {} } : {},
    } });
    if (subtype === 'interrupt')
      process.exit(0);
  } else if (message.type === 'control_response') {
    const { request_id, response, error } = message.response;
    waiting.get(request_id)?.(response ?? { error: { message: error } });
    waiting.delete(request_id);
  } else if (message.type === 'user') {
    await turn(textOf(message.message.content));
    ended = true;
    if (closed)
      process.exit(0);
  }
});
let closed = false;
let ended = false;
input.on('close', () => {
  closed = true;
  if (ended || told.prompt === undefined)
    process.exit(0);
});
// `claude -p PROMPT` as well as lines.
if (option('--input-format') !== 'stream-json') {
  const at = args.findIndex(a => a === '-p' || a === '--print');
  const given = at >= 0 && args[at + 1] && !args[at + 1].startsWith('-')
    ? args[at + 1] : fs.readFileSync(0, 'utf8');
  input.close();
  await turn(given);
  process.exit(0);
}
