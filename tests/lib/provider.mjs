// A model provider in this process, for tests that must see when each call came
// and ended.  What it does to a call stands in the last user message:
//   wait-N    answers after N milliseconds     hang     never answers
//   status-N  answers N with an error          say:TEXT answers TEXT (to the
//             end of the message), else all of the message
// `refuse(inflight)`, when set, decides that a call is answered 429.
import http from 'node:http';

const word = (text, name) => {
  const found = new RegExp(`\\b${name}-(\\d+)`).exec(text);
  return found ? Number(found[1]) : undefined;
};

function completion(text) {
  return {
    id: 'chatcmpl-test', object: 'chat.completion', created: 1700000000,
    model: 'test',
    choices: [{
      index: 0, message: { role: 'assistant', content: text },
      finish_reason: 'stop',
    }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  };
}

function send(response, status, value, headers = {}) {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body), ...headers,
  });
  response.end(body);
}

export function listen(handler) {
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', data => parts.push(data));
    request.on('error', () => {});
    request.on('end', () =>
      handler(request, response, Buffer.concat(parts).toString()));
  });
  server.keepAliveTimeout = 60000;
  server.on('connection', socket => socket.setNoDelay(true));
  return new Promise(done => server.listen(0, '127.0.0.1', () => done({
    base: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise(closed => server.close(closed));
    },
  })));
}

// Calls are {text, came, ended, cut, peers}: times of performance.now(), `cut`
// when the caller hung up, `peers` the calls at work when it came, itself too.
export async function scriptedProvider() {
  const provider = {
    calls: [], inflight: 0, most: 0, refused: 0, refuse: undefined,
    retryAfter: 10,
    reset() {
      Object.assign(provider, {
        calls: [], most: provider.inflight, refused: 0, refuse: undefined,
      });
    },
  };
  const answer = (call, response) => {
    const said = /\bsay:([^]*)/.exec(call.text);
    const status = word(call.text, 'status');
    if (response.destroyed)
      return;
    if (status)
      send(response, status, { error: { message: `Status ${status}` } });
    else
      send(response, 200, completion(said ? said[1] : call.text));
  };
  const server = await listen((request, response, body) => {
    const { messages } = JSON.parse(body);
    const { content } = messages.findLast(m => m.role === 'user');
    const text = typeof content === 'string' ? content
      : content.map(part => part.text ?? '').join('');
    const call = {
      text, came: performance.now(), ended: undefined, cut: false,
      peers: ++provider.inflight,
    };
    provider.calls.push(call);
    provider.most = Math.max(provider.most, provider.inflight);
    response.on('close', () => {
      provider.inflight--;
      call.ended = performance.now();
      call.cut = !response.writableFinished;
    });
    if (provider.refuse?.(provider.inflight)) {
      provider.refused++;
      call.refused = true;
      send(response, 429, { error: { message: 'Too many calls' } },
        { 'retry-after-ms': String(provider.retryAfter) });
    } else if (!/\bhang\b/.test(text)) {
      setTimeout(answer, word(text, 'wait') ?? 0, call, response);
    }
  });
  return Object.assign(provider, server);
}
