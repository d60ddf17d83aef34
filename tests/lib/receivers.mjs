// What alerts are delivered to, in this process: an HTTP server that keeps what
// comes to each path, and a mail server.
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

// `answers` has a function for each path that is to answer otherwise than 200:
// it gets how many came before and returns {status, headers, body}, or nothing
// to never answer.
export function httpReceiver() {
  const got = {};
  const answers = {};
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('error', () => {});
    request.on('data', data => parts.push(data));
    request.on('end', () => {
      const path = request.url;
      const list = got[path] ??= [];
      const text = Buffer.concat(parts).toString();
      const answer = answers[path] ? answers[path](list.length)
        : { status: 200 };
      list.push({ headers: request.headers, text, at: performance.now(),
        status: answer?.status });
      if (!answer)
        return;
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body ?? 'ok');
    });
  });
  return new Promise(done => server.listen(0, '127.0.0.1', () => done({
    base: `http://127.0.0.1:${server.address().port}`,
    got: path => got[path] ?? [],
    json: path => (got[path] ?? []).map(one => JSON.parse(one.text)),
    answers,
    close: () => {
      server.closeAllConnections();
      return new Promise(end => server.close(end));
    },
  })));
}

// With the key and the certificate CREDENTIALS it speaks TLS when it is asked.
// Whoever is called refused@… is refused for good, later@… for now, the first
// time.
export function mailReceiver(credentials) {
  const mails = [];
  const logins = [];
  const seen = new Set();
  const commands = {
    EHLO: s => `250-tests\r\n250-AUTH PLAIN\r\n250 ${
      credentials && !s.tls ? 'STARTTLS' : '8BITMIME'}`,
    AUTH: s => { s.asked = true; return '334 '; },
    MAIL: (s, line) => { s.from = /<(.*?)>/.exec(line)[1]; return '250 ok'; },
    RCPT: (s, line) => {
      const to = /<(.*?)>/.exec(line)[1];
      const known = seen.has(to);
      seen.add(to);
      if (to.startsWith('refused@'))
        return '550 no such user';
      if (to.startsWith('later@') && !known)
        return '450 try again later';
      s.to.push(to);
      return '250 ok';
    },
    DATA: s => { s.data = []; return '354 go on'; },
    QUIT: () => '221 bye',
  };
  const talk = (socket, session) => {
    let rest = '';
    socket.on('error', () => {});
    socket.on('data', data => {
      if (session.data === undefined && /^STARTTLS\r\n$/i.test(String(data))) {
        socket.removeAllListeners('data');
        socket.write('220 go on\r\n');
        return talk(new tls.TLSSocket(socket,
          { isServer: true, ...credentials }), { to: [], tls: true });
      }
      const lines = (rest + data).split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (session.asked) {
          logins.push(Buffer.from(line, 'base64').toString());
          session.asked = false;
          socket.write('235 ok\r\n');
        } else if (!session.data) {
          const command = commands[line.slice(0, 4).toUpperCase()];
          socket.write(`${command ? command(session, line)
            : '502 unknown'}\r\n`);
        } else if (line === '.') {
          const { from, to, data: text } = session;
          mails.push({ from, to, text: text.join('\r\n'),
            tls: session.tls === true });
          delete session.data;
          socket.write('250 taken\r\n');
        } else {
          session.data.push(line.replace(/^\./, ''));
        }
      }
      return undefined;
    });
  };
  const server = net.createServer(socket => {
    socket.write('220 tests\r\n');
    talk(socket, { to: [] });
  });
  return new Promise(done => server.listen(0, '127.0.0.1', () => done({
    url: `smtp://127.0.0.1:${server.address().port}`, mails, logins,
    close: () => new Promise(end => server.close(end)),
  })));
}

export function headersOf(mail) {
  const [head, body] = mail.text.split('\r\n\r\n');
  const headers = {};
  for (const line of head.replaceAll('\r\n ', ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return { headers, body: Buffer.from(body, 'base64').toString() };
}
