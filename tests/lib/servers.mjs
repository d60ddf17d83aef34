// Real web servers in front of the program, each on 127.0.0.1 with a free port
// and everything it writes below one run directory.  They run as the user who
// runs the tests; as root, Apache's workers run as www-data, which it insists
// on.
import fs from 'node:fs';
import path from 'node:path';
import { cleanEnv, connects, freePort, isRoot, start, stop, until }
  from './proc.mjs';

export const APACHE_MODULES = '/usr/lib/apache2/modules';

// What the Debian packages put outside an ordinary user's PATH.
export function command(name) {
  const dirs = [...process.env.PATH.split(':'), '/usr/sbin', '/sbin'];
  const found = dirs.map(dir => path.join(dir, name))
    .find(file => fs.existsSync(file));
  if (!found)
    throw new Error(`${name} is not installed`);
  return found;
}

export async function answering(child, name, where, log) {
  await until(async () => child.ended || connects(where), 15000);
  if (!child.ended && await connects(where))
    return;
  await stop(child);
  const text = log && fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '';
  throw new Error(`${name} does not start: ${child.err}${text.slice(-2000)}`);
}

// Whether somebody listens on a Unix socket, which is there a little earlier.
export function listens(socket) {
  const ACCEPTS = '00010000';
  return fs.readFileSync('/proc/net/unix', 'utf8').split('\n')
    .some(line => line.endsWith(` ${socket}`) &&
      line.split(/ +/)[3] === ACCEPTS);
}

// One FastCGI process behind a Unix socket; its pid is the program's.
export async function spawnFcgi({ bin, args = [], dir, env }) {
  const socket = path.join(dir, 'am.sock');
  fs.rmSync(socket, { force: true });
  const child = start(command('spawn-fcgi'),
    ['-n', '-s', socket, '-M', '0666', '--', bin, ...args],
    { env: cleanEnv(env), cwd: dir });
  // A connection that sends nothing would hold the worker: look, do not knock.
  await until(() => child.ended || listens(socket), 15000, 5);
  if (child.ended)
    throw new Error(`spawn-fcgi: ${child.err}`);
  return { child, socket, pid: child.pid };
}

const quoted = text => `"${String(text).replace(/["\\]/g, '\\$&')}"`;
const table = vars => Object.entries(vars)
  .map(([name, value]) => `${quoted(name)} => ${quoted(value)}`).join(', ');

function lighttpdHead(dir, port, modules) {
  fs.mkdirSync(path.join(dir, 'www'), { recursive: true });
  fs.mkdirSync(path.join(dir, 'up'), { recursive: true });
  return `server.modules = ( ${modules.map(quoted).join(', ')} )
server.document-root = ${quoted(path.join(dir, 'www'))}
server.upload-dirs = ( ${quoted(path.join(dir, 'up'))} )
server.errorlog = ${quoted(path.join(dir, 'lighttpd.log'))}
server.bind = "127.0.0.1"
server.port = ${port}
server.max-request-size = 16384
server.stream-response-body = 1
`;
}

async function lighttpd(dir, port, text) {
  const conf = path.join(dir, 'lighttpd.conf');
  fs.writeFileSync(conf, text);
  const child = start(command('lighttpd'), ['-D', '-f', conf], { cwd: dir });
  await answering(child, 'lighttpd', { host: '127.0.0.1', port },
    path.join(dir, 'lighttpd.log'));
  return { child, port, base: `http://127.0.0.1:${port}` };
}

// Either in front of a SOCKET that somebody serves, or with WORKERS processes
// of BIN that lighttpd starts itself.
export async function lighttpdFcgi(o) {
  const { dir, socket, bin, env = {}, workers = 1, port = await freePort() }
    = o;
  const own = bin ? `"bin-path" => ${quoted(bin)},
    "bin-environment" => ( ${table(cleanEnv(env))} ),
    "min-procs" => ${workers}, "max-procs" => ${workers},
    "kill-signal" => 15,` : '';
  return lighttpd(dir, port, `${lighttpdHead(dir, port, ['mod_fastcgi'])}
fastcgi.server = ( "/" => ((
    "socket" => ${quoted(socket ?? path.join(dir, 'pool.sock'))}, ${own}
    "check-local" => "disable" )) )
`);
}

// The program as a CGI script: every request is a process of its own.
export async function lighttpdCgi(o) {
  const { dir, bin, env = {}, port = await freePort() } = o;
  const script = path.join(dir, 'www', 'agentmark.cgi');
  const text = `${lighttpdHead(dir, port, ['mod_setenv', 'mod_cgi'])}
setenv.add-environment = ( ${table(cleanEnv(env))} )
cgi.assign = ( ".cgi" => "" )
`;
  fs.copyFileSync(bin, script);
  fs.chmodSync(script, 0o755);
  const server = await lighttpd(dir, port, text);
  return { ...server, base: `${server.base}/agentmark.cgi` };
}

export async function apacheFcgi({ dir, socket }) {
  const port = await freePort();
  const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_fcgi'];
  const log = path.join(dir, 'apache.log');
  const conf = path.join(dir, 'apache.conf');
  const backend = `unix:${socket}|fcgi://agentmark/`;
  fs.writeFileSync(conf, `ServerRoot "${dir}"
ServerName localhost
Listen 127.0.0.1:${port}
PidFile "${dir}/apache.pid"
DefaultRuntimeDir "${dir}"
Mutex file:${dir} default
ErrorLog "${log}"
${modules.map(name =>
    `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`).join('\n')}
${isRoot ? 'User www-data\nGroup www-data\n' : ''}
StartServers 1
GracefulShutdownTimeout 1
<Proxy "${backend}" flushpackets=on timeout=900>
</Proxy>
<Location "/">
  SetHandler "proxy:${backend}"
</Location>
`);
  const child = start(command('apache2'),
    ['-d', dir, '-f', conf, '-DFOREGROUND'], { cwd: dir });
  await answering(child, 'apache2', { host: '127.0.0.1', port }, log);
  return { child, port, base: `http://127.0.0.1:${port}` };
}

const NGINX_PARAMS = [
  ['QUERY_STRING', '$query_string'], ['REQUEST_METHOD', '$request_method'],
  ['CONTENT_TYPE', '$content_type'], ['CONTENT_LENGTH', '$content_length'],
  ['SCRIPT_NAME', '$fastcgi_script_name'], ['REQUEST_URI', '$request_uri'],
  ['SERVER_PROTOCOL', '$server_protocol'], ['REMOTE_ADDR', '$remote_addr'],
];

// fastcgi_buffering stays on, as it is by default: that lines arrive at once
// is for the program's X-Accel-Buffering to bring about.
export async function nginxFcgi({ dir, socket }) {
  const port = await freePort();
  const log = path.join(dir, 'nginx.log');
  const conf = path.join(dir, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  fs.writeFileSync(conf, `daemon off;
${isRoot ? 'user root;' : ''}
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${log} warn;
events { worker_connections 256; }
http {
  access_log off;
  keepalive_requests 1000000;
  ${temp.map(name => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 16m;
    location / {
      ${NGINX_PARAMS.map(([name, value]) =>
    `fastcgi_param ${name} ${value};`).join('\n      ')}
      fastcgi_pass unix:${socket};
      fastcgi_read_timeout 900s;
    }
  }
}
`);
  const child = start(command('nginx'), ['-p', dir, '-c', conf, '-e', log],
    { cwd: dir });
  await answering(child, 'nginx', { host: '127.0.0.1', port }, log);
  return { child, port, base: `http://127.0.0.1:${port}` };
}

// The scripted model provider of tests/tools.
export async function mockProvider(quiet = false) {
  const port = await freePort();
  const tool = new URL('../tools/mock-provider.mjs', import.meta.url).pathname;
  const child = start(process.execPath,
    [tool, '--port', String(port), ...(quiet ? ['--nolog'] : [])]);
  await answering(child, 'mock-provider', { host: '127.0.0.1', port });
  const base = `http://127.0.0.1:${port}`;
  const ask = async (name, method = 'GET') =>
    (await fetch(`${base}/__${name}`, { method })).json();
  return {
    child, port, base,
    reset: () => ask('reset', 'POST'),
    log: () => ask('log'),
    inflight: async () => (await ask('stats')).inflight,
    asked: async () => (await ask('stats')).nreq,
  };
}
