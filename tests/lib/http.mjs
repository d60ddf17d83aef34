// HTTP as a webhook's sender speaks it, with the arrival time of every line.
import crypto from 'node:crypto';
import http from 'node:http';

export const SECRET = 'test-secret';
export const SIGNATURE = 'x-agentmark-signature-256';

export function signature(body, secret = SECRET) {
  return 'sha256=' +
    crypto.createHmac('sha256', secret).update(body).digest('hex');
}

export function signed(body, headers = {}) {
  return {
    'content-type': 'application/json', [SIGNATURE]: signature(body),
    ...headers,
  };
}

// Collects a reply piece by piece; `lines` are {text, at} with `at` in
// milliseconds since the request was sent.
export class Reply {
  constructor() {
    this.began = performance.now();
    this.status = 0;
    this.headers = {};
    this.body = '';
    this.lines = [];
    this.rest = '';
    this.complete = false;
  }
  add(text) {
    const at = performance.now() - this.began;
    this.body += text;
    const parts = (this.rest + text).split('\n');
    this.rest = parts.pop();
    for (const line of parts)
      this.lines.push({ text: line, at });
  }
  get values() {
    return this.lines.filter(line => line.text).map(line => {
      const text = line.text;
      try {
        return { ...JSON.parse(text), at: line.at };
      } catch {
        return { unparsable: text, at: line.at };
      }
    });
  }
  get json() {
    try {
      return JSON.parse(this.body);
    } catch {
      return undefined;
    }
  }
}

// `onLine(reply)` is called at every piece that arrives; when it returns true
// the client leaves.
export function call(base, o = {}) {
  const { method = 'POST', body = '', headers = {}, onPiece } = o;
  const reply = new Reply();
  return new Promise(done => {
    const finish = error => {
      reply.error = error;
      reply.took = performance.now() - reply.began;
      done(reply);
    };
    const request = http.request(base + (o.path ?? ''), {
      method, agent: false, timeout: o.timeout ?? 30000,
      headers: {
        ...headers,
        ...(body.length ? { 'content-length': Buffer.byteLength(body) } : {}),
      },
    }, response => {
      reply.status = response.statusCode;
      reply.headers = response.headers;
      response.setEncoding('utf8');
      response.on('data', text => {
        reply.add(text);
        if (onPiece?.(reply))
          request.destroy();
      });
      response.on('end', () => {
        reply.complete = response.complete;
        finish();
      });
      response.on('error', e => finish(e.message));
    });
    if (o.leaveAfter !== undefined)
      setTimeout(() => request.destroy(), o.leaveAfter);
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', e => finish(e.message));
    request.end(body);
  });
}
