// An executor for tests: answers what the last message says, word by word.
//   command.mjs  reads calls until its input ends
import readline from 'node:readline';

const print = value => process.stdout.write(`${JSON.stringify(value)}\n`);
const sleep = ms => new Promise(done => setTimeout(done, ms));
const waiting = new Map();

const usage = { inputTokens: 4, outputTokens: 2 };

const answers = {
  pid: async say => {
    await sleep(100); // long enough for a second one to be busy as well
    say('text-delta', { text: String(process.pid) });
    say('finish', { usage });
  },
  told: (say, call) => {
    say('text-delta', { text: JSON.stringify(call) });
    say('finish', {});
  },
  env: say => {
    say('text-delta', { text: JSON.stringify(process.env) });
    say('finish', {});
  },
  slow: async say => {
    say('text-delta', { text: String(process.pid) });
    for (let i = 0; i < 1000; i++) {
      await sleep(50);
      say('text-delta', { text: '.' });
    }
  },
  silent: async say => {
    say('text-delta', { text: String(process.pid) });
    await sleep(100000);
  },
  object: say => {
    say('object-delta', { partial: { a: [] } });
    say('object-final', { value: { a: [1] } });
    say('finish', { usage });
  },
  weather: async (say, call) => {
    const answered = new Promise(done => waiting.set('c1', done));
    say('tool-request', { toolCallId: 'c1', name: call.tools[0].name,
      args: { city: 'Ulm' } });
    const { result, isError } = await answered;
    say('text-delta', { text: `${isError ? 'no: ' : ''}${
      JSON.stringify(result)}` });
    say('finish', { usage });
  },
  crash: () => {
    process.stderr.write('boom\n');
    process.exit(3);
  },
  late: say => {
    say('text-delta', { text: 'some' });
    process.exit(3);
  },
  garbage: () => process.stdout.write('not JSON\n'),
  wrong: say => say('finish', { id: 'another' }),
  error: say => say('error', { error: { message: 'the SDK failed' } }),
};

const words = async (say, call) => {
  for (const word of call.messages.at(-1).content.split(' ')) {
    say('text-delta', { text: `${word} ` });
    await sleep(30);
  }
  say('finish', { reason: 'length', usage });
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  if (call.toolResult)
    waiting.get(call.toolResult.toolCallId)(call.toolResult);
  else if (!call.cancel)
    (answers[call.messages.at(-1).content] ?? words)(
      (type, more) => print({ id: call.id, type, ...more }), call);
}
