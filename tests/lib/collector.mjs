// A collector of OTLP/HTTP in this process.
import http from 'node:http';
import zlib from 'node:zlib';

const plain = v => v.stringValue ?? v.doubleValue ?? v.boolValue ??
  (v.intValue === undefined ? (v.arrayValue?.values ?? []).map(plain)
    : Number(v.intValue));
const attributesOf = list =>
  Object.fromEntries((list ?? []).map(a => [a.key, plain(a.value)]));
const spanOf = span => ({
  ...span, status: span.status ?? {}, attributes: attributesOf(span.attributes),
  events: (span.events ?? []).map(e => ({
    name: e.name, attributes: attributesOf(e.attributes),
  })),
});

// `answer` gets how many requests came before and returns {status, headers}, or
// nothing to never answer.
export function collector(answer = () => ({ status: 200 })) {
  const requests = [];
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('error', () => {});
    request.on('data', data => parts.push(data));
    request.on('end', () => {
      let body = Buffer.concat(parts);
      if (request.headers['content-encoding'] === 'gzip')
        body = zlib.gunzipSync(body);
      const said = answer(requests.length);
      const json = request.headers['content-type'] === 'application/json';
      requests.push({ path: request.url, headers: request.headers, body,
        status: said?.status, json: json ? JSON.parse(body) : undefined });
      if (!said)
        return;
      response.writeHead(said.status, said.headers);
      response.end(said.body ?? '{}');
    });
  });
  const taken = () => requests.filter(r => r.status === 200 && r.json);
  return new Promise(done => server.listen(0, '127.0.0.1', () => done({
    base: `http://127.0.0.1:${server.address().port}`,
    requests,
    spans: () => taken().flatMap(r => r.json.resourceSpans ?? [])
      .flatMap(r => r.scopeSpans).flatMap(s => s.spans).map(spanOf),
    metrics: () => taken().flatMap(r => r.json.resourceMetrics ?? [])
      .flatMap(r => r.scopeMetrics).flatMap(s => s.metrics),
    close: () => {
      server.closeAllConnections();
      return new Promise(end => server.close(end));
    },
  })));
}
