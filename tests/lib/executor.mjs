// An executor's program as the endpoint speaks to it, without the endpoint: one
// call after another, tools answered from a table.
import readline from 'node:readline';
import { cleanEnv, start, stop } from './proc.mjs';

export class Executor {
  constructor(command, { env, cwd }) {
    this.child = start(command[0], command.slice(1),
      { env: cleanEnv(env), cwd, stdin: 'pipe' });
    this.number = 0;
    this.lines = readline.createInterface({ input: this.child.proc.stdout })
      [Symbol.asyncIterator]();
  }
  // All events of one call, without their id.
  async call(request, tools = {}) {
    const id = String(++this.number);
    const events = [];
    this.send({
      id, stream: false, messages: [{ role: 'user', content: 'Say hello.' }],
      ...request,
    });
    for (;;) {
      const { value: line, done } = await this.lines.next();
      if (done)
        throw new Error(`it has ended: ${this.child.err.slice(-1000)}`);
      const { id: of, ...event } = JSON.parse(line);
      if (of !== id)
        throw new Error(`a line of another call: ${line}`);
      events.push(event);
      if (event.type === 'finish' || event.type === 'error')
        return events;
      if (event.type === 'tool-request')
        this.send({ id, toolResult: {
          toolCallId: event.toolCallId, ...tools[event.name](event.args),
        } });
    }
  }
  send(message) {
    this.child.proc.stdin.write(JSON.stringify(message) + '\n');
  }
  close() {
    return stop(this.child);
  }
}
