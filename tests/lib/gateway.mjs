// The program without a web server: as a CGI script that is run directly, and
// as a FastCGI application that is spoken to in raw records.  Both answer like
// call() of http.mjs, so the same checks run over all of them.
import net from 'node:net';
import { Reply } from './http.mjs';
import { cleanEnv, start } from './proc.mjs';

const BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, STDERR = 7;
const RECORD_MAX = 65528;

function variables({ method = 'POST', path = '/', headers = {}, body = '' }) {
  const vars = {
    GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'tests', SERVER_NAME: 'localhost', SERVER_PORT: '80',
    REMOTE_ADDR: '127.0.0.1', REQUEST_METHOD: method, REQUEST_URI: path,
    SCRIPT_NAME: path, QUERY_STRING: '',
  };
  const length = Buffer.byteLength(body);
  if (length)
    vars.CONTENT_LENGTH = String(length);
  for (const [name, value] of Object.entries(headers)) {
    const upper = name.toUpperCase().replaceAll('-', '_');
    vars[upper === 'CONTENT_TYPE' ? upper : `HTTP_${upper}`] = value;
  }
  return vars;
}

// Splits the head that a CGI program prints from the body behind it.
class GatewayReply extends Reply {
  constructor() {
    super();
    this.raw = '';
    this.inBody = false;
  }
  feed(text) {
    if (this.inBody)
      return this.add(text);
    this.raw += text;
    const head = /^([^]*?)\r?\n\r?\n/.exec(this.raw);
    if (!head)
      return undefined;
    for (const line of head[1].split(/\r?\n/)) {
      const colon = line.indexOf(':');
      this.headers[line.slice(0, colon).toLowerCase()] =
        line.slice(colon + 1).trim();
    }
    this.status = parseInt(this.headers.status ?? '200', 10);
    this.inBody = true;
    return this.add(this.raw.slice(head[0].length));
  }
}

export function callCgi(bin, env, o = {}) {
  const reply = new GatewayReply();
  const child = start(bin, [], {
    env: cleanEnv({ ...variables(o), ...env }), stdin: 'pipe',
  });
  const { stdin, stdout } = child.proc;
  stdin.on('error', () => {}); // the program may answer before it has read all
  stdin.end(o.body ?? '');
  stdout.setEncoding('utf8');
  const leave = () => {
    stdout.destroy();
    child.proc.kill('SIGTERM');
  };
  stdout.on('data', text => {
    reply.feed(text);
    if (o.onPiece?.(reply, child))
      leave();
  });
  if (o.leaveAfter !== undefined)
    setTimeout(leave, o.leaveAfter);
  return child.exited.then(end => {
    reply.complete = end.code === 0;
    reply.exit = end;
    reply.stderr = child.err;
    return reply;
  });
}

function record(type, content) {
  const head = Buffer.alloc(8);
  const padding = -content.length & 7;
  head[0] = 1;
  head[1] = type;
  head[3] = 1;
  head.writeUInt16BE(content.length, 4);
  head[6] = padding;
  return Buffer.concat([head, content, Buffer.alloc(padding)]);
}

function stream(type, content) {
  const records = [];
  for (let at = 0; at < content.length; at += RECORD_MAX)
    records.push(record(type, content.subarray(at, at + RECORD_MAX)));
  return Buffer.concat([...records, record(type, Buffer.alloc(0))]);
}

function size(length) {
  if (length < 128)
    return Buffer.from([length]);
  const four = Buffer.alloc(4);
  four.writeUInt32BE(length + 0x80000000);
  return four;
}

function params(vars) {
  return Buffer.concat(Object.entries(vars).flatMap(([name, value]) => {
    const n = Buffer.from(name), v = Buffer.from(value);
    return [size(n.length), size(v.length), n, v];
  }));
}

export function fcgiRequest(o) {
  const begin = Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([
    record(BEGIN, begin),
    stream(PARAMS, params({ ...variables(o), ...o.vars })),
    stream(STDIN, Buffer.from(o.body ?? '')),
  ]);
}

// `leaveWhen` is a promise: the client leaves when it is kept.
export function callFcgi(socketPath, o = {}) {
  const reply = new GatewayReply();
  const socket = net.connect(socketPath);
  let pending = Buffer.alloc(0);
  const decoder = new TextDecoder('utf-8');
  reply.stderr = '';

  const one = (type, content) => {
    if (type === STDOUT && content.length)
      reply.feed(decoder.decode(content, { stream: true }));
    else if (type === STDERR)
      reply.stderr += content;
    else if (type === END)
      reply.complete = true;
  };
  socket.on('data', data => {
    pending = pending.length ? Buffer.concat([pending, data]) : data;
    while (pending.length >= 8) {
      const length = pending.readUInt16BE(4);
      const whole = 8 + length + pending[6];
      if (pending.length < whole)
        break;
      one(pending[1], pending.subarray(8, 8 + length));
      pending = pending.subarray(whole);
    }
    if (o.onPiece?.(reply))
      socket.destroy();
  });
  socket.write(fcgiRequest(o));
  if (o.leaveAfter !== undefined)
    setTimeout(() => socket.destroy(), o.leaveAfter);
  o.leaveWhen?.then(() => socket.destroy());
  socket.setTimeout(o.timeout ?? 30000,
    () => socket.destroy(new Error('timeout')));
  return new Promise(done => {
    socket.on('error', e => { reply.error = e.message; });
    socket.on('close', () => {
      reply.took = performance.now() - reply.began;
      done(reply);
    });
  });
}
