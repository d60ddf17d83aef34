// The commands `experiment`, `merge` and `report` for tests: how they are
// called, an endpoint that says what it is told, and strict readers of what
// they write.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { SECRET, signature } from './http.mjs';
import { cleanEnv, program, start } from './proc.mjs';
import { listen } from './provider.mjs';

// Calls the program in DIR; {code, out, err}.
export async function call(dir, args, env = {}) {
  const child = start(program(), args, { cwd: dir, env: cleanEnv(env) });
  const out = [];
  child.proc.stdout.on('data', d => out.push(d));
  const { code, signal } = await child.exited;
  return { code, signal, out: Buffer.concat(out).toString(),
    err: child.err };
}

// One row of an endpoint that knows details.
export function row(index, { repeat = 0, output = 'x', expected, error,
  scores = {}, input = { q: `q${index}` }, ...more } = {}) {
  const evals = Object.entries(scores).map(([name, score]) =>
    ({ name, score, passed: score >= 0.5, ...more.eval }));
  const details = { index, repeat, hash: String(index).padStart(32, '0'),
    ms: 1000 + index, inputTokens: 10, outputTokens: 2, costUsd: 0.001,
    ...more.row };
  return error
    ? { type: 'error', error, index, itemName: `i${index}`, input,
      traceId: 't', runId: 'r1', runName: 'n', row: details }
    : { type: 'dataset', result: { input, expectedOutput: expected,
      actualOutput: output, tokens: 12, evals }, traceId: 't',
    runId: 'r1', runName: 'n', row: details };
}

// An endpoint: `say(data)` gives the lines of its answer, or {status, message}.
// What it was asked is in `asked`, and whether that was signed.
export async function scriptedEndpoint() {
  const endpoint = { asked: [], say: () => [] };
  const server = await listen((request, response, body) => {
    const { type, data } = JSON.parse(body);
    endpoint.asked.push({ type, data,
      signed: request.headers['x-agentmark-signature-256'] ===
        signature(body, SECRET) });
    const said = endpoint.say(data);
    if (!Array.isArray(said)) {
      response.writeHead(said.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: said.message }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson',
      'agentmark-streaming': 'true' });
    response.end(said.map(line => typeof line === 'string' ? line
      : `${JSON.stringify(line)}\n`).join(''));
  });
  return Object.assign(endpoint, server);
}

// RFC 4180, and nothing else: records end with CRLF, a quote stands only
// around a field or twice within it, all records have as many fields.
export function readCsv(text) {
  const records = [];
  let fields = [];
  let i = 0;
  while (i < text.length) {
    let field = '';
    if (text[i] === '"') {
      for (i++; ; i++) {
        if (i >= text.length)
          throw new Error('a quoted field does not end');
        if (text[i] !== '"')
          field += text[i];
        else if (text[i + 1] === '"')
          field += text[i++];
        else
          break;
      }
      i++;
    } else {
      const end = /[,"\r\n]|$/g;
      end.lastIndex = i;
      const { index } = end.exec(text);
      field = text.slice(i, index);
      i = index;
    }
    fields.push(field);
    if (text[i] === ',') {
      i++;
      if (i === text.length)
        throw new Error('the last record does not end');
    } else if (text.startsWith('\r\n', i)) {
      records.push(fields);
      fields = [];
      i += 2;
    } else {
      throw new Error(`at ${i}: ${JSON.stringify(text.slice(i, i + 9))}`);
    }
  }
  const [head, ...rest] = records;
  if (fields.length || rest.some(r => r.length !== head.length))
    throw new Error('records of different lengths');
  return rest.map(r => Object.fromEntries(head.map((h, k) => [h, r[k]])));
}

// By a parser that takes well-formed XML only: suites, their counts and cases.
export function readJunit(file) {
  const script = `
import json, sys, xml.etree.ElementTree as e
root = e.parse(sys.argv[1]).getroot()
assert root.tag == 'testsuites', root.tag
print(json.dumps([dict(s.attrib, cases=[dict(c.attrib, problems=[
    dict(p.attrib, kind=p.tag, text=p.text) for p in c]) for c in s])
    for s in root]))`;
  return JSON.parse(execFileSync('python3', ['-c', script, file]));
}

// Runs a command on a terminal of its own; `keys` are [seconds, text] that are
// typed. {code, screen}: all that was written there.
export async function onTerminal(dir, args, { columns = 80, keys = [],
  env = {} } = {}) {
  const script = `
import fcntl, json, os, pty, select, struct, sys, termios, time
columns, keys, args = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.2)
    os.execv(args[0], args)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
out, began = b'', time.time()
while True:
    if keys and time.time() - began > keys[0][0]:
        what = keys.pop(0)[1]
        if isinstance(what, str):
            os.write(fd, what.encode())
        else:
            fcntl.ioctl(fd, termios.TIOCSWINSZ,
                struct.pack('HHHH', 24, what, 0, 0))
    if select.select([fd], [], [], 0.05)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps([status, out.decode(errors='replace')]))`;
  const child = start('python3', ['-c', script,
    JSON.stringify([columns, keys, [program(), ...args]])],
  { cwd: dir, env: cleanEnv({ TERM: 'xterm', ...env }) });
  const out = [];
  child.proc.stdout.on('data', d => out.push(d));
  await child.exited;
  const text = Buffer.concat(out).toString();
  if (!text)
    throw new Error(child.err);
  const [code, screen] = JSON.parse(text);
  return { code, screen };
}

export const write = (dir, name, text) => {
  const file = path.join(dir, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
};
