// The files of deploy/, as they stand but for their paths, under the servers
// they are for.  A mount's serve(at) starts what its file is for, in the
// directory of `at`: {child, base, restart}; its workers(at) who answers.
import fs from 'node:fs';
import path from 'node:path';
import { SECRET } from './http.mjs';
import { cleanEnv, freePort, isRoot, program, root, runDir, start, stop, until }
  from './proc.mjs';
import { answering, APACHE_MODULES, command, listens } from './servers.mjs';

export const WORKERS = 8;

// What the files name, and what takes its place here.
export function deployed(name, places) {
  let text = fs.readFileSync(path.join(root, 'deploy', name), 'utf8');
  for (const [from, to] of places)
    text = text.replaceAll(from, to);
  return text;
}

// Configurations belong to the user of the workers alone.
function owned(file, { uid, gid } = account('www-data')) {
  fs.chmodSync(file, 0o600);
  if (isRoot)
    fs.chownSync(file, uid, gid);
}

function account(name) {
  const entry = fs.readFileSync('/etc/passwd', 'utf8').split('\n')
    .find(line => line.startsWith(`${name}:`)).split(':');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

// The program in a directory of its own, as cgi-bin is, and its configuration.
export function place(name, configuration) {
  const dir = runDir(name);
  const bin = path.join(dir, 'cgi-bin');
  fs.chmodSync(dir, 0o755);
  for (const sub of [bin, path.join(dir, 'www')]) {
    fs.mkdirSync(sub);
    fs.chmodSync(sub, 0o755);
  }
  const at = {
    dir, bin, program: path.join(bin, 'agentmark-fcgi'),
    conf: path.join(dir, 'agentmark-fcgi.yaml'),
    socket: path.join(dir, 'am.sock'),
  };
  fs.copyFileSync(program(), at.program);
  fs.chmodSync(at.program, 0o755);
  fs.writeFileSync(at.conf, configuration);
  owned(at.conf);
  at.places = [
    ['/usr/local/lib/cgi-bin/agentmark-fcgi', at.program],
    ['/usr/local/lib/cgi-bin', at.bin],
    ['/etc/agentmark-fcgi.yaml', at.conf],
    ['/run/agentmark-fcgi.sock', at.socket],
    ['/run/lighttpd/agentmark.sock', at.socket],
    ['/run/agentmark-fcgi.pid', path.join(dir, 'pids')],
    ...(isRoot ? [] : [['-U www-data -G www-data', ''],
      ['-u www-data -g www-data', '']]),
  ];
  return at;
}

// The same for mounts, which ask PROVIDER.  With SILENCE, in seconds, it is the
// limit of the server for silent streams.
export function placed(name, provider, silence) {
  const at = place(name, configuration({ provider, silence }));
  if (silence)
    at.places.push(...SILENCE.map(([from, to]) =>
      [from, to.replace('N', silence)]));
  return Object.assign(at, { provider, silence });
}

// The limits for silent streams that the files set.
const SILENCE = [
  ['max-write-idle = 900', 'max-write-idle = N'],
  ['timeout=900', 'timeout=N'],
  ['FcgidIOTimeout 900', 'FcgidIOTimeout N'],
  ['Timeout 900', 'Timeout N'],
  ['read_timeout 900s', 'read_timeout Ns'],
];

const provided = at => ({
  log: { level: 'error' },
  ...(at.silence ? { heartbeat: at.silence / 4 } : {}),
  providers: {
    test: { base_url: `${at.provider}/v1`, api_key: 'k', driver: 'chat' },
  },
  models: [{ match: '^test', provider: 'test' }],
});

const configuration = at => JSON.stringify({
  webhook: { secret: SECRET }, ...provided(at),
});

// Who answers for a program that was placed: the master of a pool does not.
export function running(at) {
  if (!fs.existsSync(at.program))
    return [];
  const { dev, ino } = fs.statSync(at.program);
  return fs.readdirSync('/proc').filter(pid => /^\d+$/.test(pid)).map(Number)
    .filter(pid => {
      try {
        const exe = fs.statSync(`/proc/${pid}/exe`);
        return exe.dev === dev && exe.ino === ino &&
          !/\0pool\0(?!--worker)/.test(
            fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        return false;
      }
    });
}

// --- who starts the workers of a socket: {child, restart}

const isThere = (at, child) => until(
  () => child.ended || (listens(at.socket) && running(at).length > 0), 20000);

async function script(at, name, args = []) {
  const file = path.join(at.dir, 'start');
  fs.writeFileSync(file, deployed(`workers/${name}`, at.places));
  const child = start('sh', [file, ...args], { cwd: at.dir });
  await isThere(at, child);
  return child;
}

// A file that is run in the foreground; a restart is an end and a new start.
const foreground = name => async at => {
  const workers = { child: await script(at, name) };
  workers.restart = async () => {
    const before = workers.child;
    before.proc.kill('SIGTERM');
    await before.exited; // one whose socket is in use does not start
    workers.child = await script(at, name);
  };
  return workers;
};

async function pool(at) {
  const child = await script(at, 'pool');
  return { child, reloads: true, restart: () => child.proc.kill('SIGHUP') };
}

// A pool as whoever runs the tests, so that its store may be in that directory.
export async function workers(at) {
  const child = start(command('spawn-fcgi'), ['-n', '-s', at.socket, '-M',
    '0666', '--', at.program, '--config', at.conf, 'pool'], { cwd: at.dir });
  await isThere(at, child);
  return child;
}

// One that leaves its workers to themselves, each with a line in a file.
async function alone(at) {
  const file = path.join(at.dir, 'pids');
  const pids = () => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
    .map(Number);
  const signal = name => pids().forEach(pid => {
    try {
      process.kill(pid, name);
    } catch {
      // it has ended
    }
  });
  const end = () => running(at).forEach(pid => process.kill(pid, 'SIGKILL'));
  process.prependListener('exit', end);
  const child = await script(at, 'spawn-fcgi');
  await child.exited;
  await until(() => running(at).length === WORKERS, 20000);
  return {
    child,
    restart: async () => {
      signal('SIGTERM');
      await until(() => running(at).length === 0, 20000);
      await script(at, 'spawn-fcgi');
    },
    stop: end,
  };
}

// As systemd passes the socket: as descriptor 0, or as the first of LISTEN_FDS.
const activated = inetd => async at => {
  const unit = deployed('systemd/agentmark-fcgi.service', at.places);
  const line = /^ExecStart=(.*)$/m.exec(unit)[1].split(' ');
  if (inetd && !/^StandardInput=socket$/m.test(unit))
    throw new Error('the unit does not take the socket as descriptor 0');
  const child = start(SYSTEMD.file,
    ['-l', at.socket, ...(inetd ? ['--inetd'] : []), ...line],
    { cwd: at.dir });
  await until(() => child.ended || listens(at.socket), 20000);
  fs.chmodSync(at.socket, 0o666);
  return { child, reloads: true, restart: () => child.proc.kill('SIGHUP') };
};

// --- the servers

export async function lighttpd(at, text) {
  const port = await freePort();
  const conf = path.join(at.dir, 'lighttpd.conf');
  const log = path.join(at.dir, 'lighttpd.log');
  fs.writeFileSync(conf, `server.document-root = "${at.dir}/www"
server.upload-dirs = ( "${at.dir}" )
server.errorlog = "${log}"
server.bind = "127.0.0.1"
server.port = ${port}
${text}`);
  const child = start(command('lighttpd'), ['-D', '-f', conf], { cwd: at.dir });
  await answering(child, 'lighttpd', { host: '127.0.0.1', port }, log);
  return {
    child, base: `http://127.0.0.1:${port}/agentmark`,
    restart: () => child.proc.kill('SIGUSR1'),
  };
}

// In a namespace of mounts when there are MOUNTS, "FROM TO": what suEXEC wants
// to find at its place is there for Apache alone.
export async function apache(at, modules, text, mounts = []) {
  const port = await freePort();
  const conf = path.join(at.dir, 'apache.conf');
  const log = path.join(at.dir, 'apache.log');
  const all = ['mpm_event', 'authz_core', 'env', 'alias', 'mime', ...modules];
  fs.writeFileSync(conf, `ServerRoot "${at.dir}"
ServerName localhost
Listen 127.0.0.1:${port}
PidFile "${at.dir}/apache.pid"
DefaultRuntimeDir "${at.dir}"
Mutex file:${at.dir} default
ErrorLog "${log}"
DocumentRoot "${at.dir}/www"
${all.map(name =>
    `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`).join('\n')}
TypesConfig /etc/mime.types
${isRoot ? 'User www-data\nGroup www-data\n' : ''}
GracefulShutdownTimeout 1
${modules.includes('cgid') ? `ScriptSock ${at.dir}/cgid.sock` : ''}
${modules.includes('fcgid') ? `FcgidIPCDir ${at.dir}/fcgid
FcgidProcessTableFile ${at.dir}/fcgid_shm` : ''}
${text}`);
  const run = [command('apache2'), '-d', at.dir, '-f', conf, '-DFOREGROUND'];
  const line = mounts.length === 0 ? run : ['unshare', '-m', 'sh', '-c',
    `${mounts.map(one => `mount --bind ${one} && `).join('')}exec "$@"`, 'sh',
    ...run];
  const child = start(line[0], line.slice(1), { cwd: at.dir });
  await answering(child, 'apache2', { host: '127.0.0.1', port }, log);
  return {
    child, base: `http://127.0.0.1:${port}/agentmark`,
    restart: () => child.proc.kill('SIGUSR1'),
  };
}

export async function nginx(at, text) {
  const port = await freePort();
  const conf = path.join(at.dir, 'nginx.conf');
  const log = path.join(at.dir, 'nginx.log');
  fs.copyFileSync('/etc/nginx/fastcgi_params',
    path.join(at.dir, 'fastcgi_params'));
  fs.writeFileSync(conf, `daemon off;
${isRoot ? 'user root;' : ''}
worker_processes 1;
pid ${at.dir}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name =>
    `${name}_temp_path ${at.dir}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
${text}
  }
}
`);
  const child = start(command('nginx'), ['-p', at.dir, '-c', conf, '-e', log],
    { cwd: at.dir });
  await answering(child, 'nginx', { host: '127.0.0.1', port }, log);
  return {
    child, base: `http://127.0.0.1:${port}/agentmark`,
    restart: () => child.proc.kill('SIGHUP'),
  };
}

async function caddy(at, text) {
  const [port, admin] = [await freePort(), await freePort()];
  const conf = path.join(at.dir, 'Caddyfile');
  const env = cleanEnv({ HOME: at.dir });
  fs.writeFileSync(conf, `{
	admin 127.0.0.1:${admin}
}
http://127.0.0.1:${port} {
${text}
}
`);
  const child = start(command('caddy'), ['run', '--config', conf],
    { cwd: at.dir, env });
  await answering(child, 'caddy', { host: '127.0.0.1', port });
  return {
    child, base: `http://127.0.0.1:${port}/agentmark`,
    restart: () => start(command('caddy'), ['reload', '--config', conf,
      '--address', `127.0.0.1:${admin}`, '--force'], { cwd: at.dir, env })
      .exited,
  };
}

// --- shared hosts: the program below the documents, what the .htaccess says

function host(at, home, ending, user) {
  const bin = path.join(home, 'public_html', 'cgi-bin');
  const name = `agentmark-fcgi${ending}`;
  fs.mkdirSync(bin, { recursive: true });
  at.program = path.join(bin, name);
  fs.copyFileSync(program(), at.program);
  fs.writeFileSync(path.join(bin, '.htaccess'), deployed('cgi-bin/.htaccess',
    []));
  for (const each of [home, path.dirname(bin), bin, at.program]) {
    fs.chmodSync(each, 0o755);
    if (user)
      fs.chownSync(each, user.uid, user.gid);
  }
  fs.chmodSync(path.join(bin, '.htaccess'), 0o644);
  return bin;
}

function hostConfiguration(at, file, user) {
  const { providers: { test }, models, heartbeat } = provided(at);
  fs.writeFileSync(file, deployed('cgi-bin/agentmark-fcgi.yaml',
    [['PUT-THE-WEBHOOK-SECRET-HERE', SECRET],
      ['"PUT-THE-KEY-HERE"', `k
    base_url: ${test.base_url}
    driver: chat
${heartbeat ? `heartbeat: ${heartbeat}\n` : ''}models: ${
  JSON.stringify(models)}`], ['  openai:', '  test:']]));
  owned(file, user);
}

// What the host's own Apache says; a host sets its limits itself.
const MODULE = { '.cgi': 'cgid', '.fcgi': 'fcgid' };
const hosting = (at, dir, ending) => `${at.silence
  ? `${ending === '.cgi' ? '' : 'FcgidIO'}Timeout ${at.silence}` : ''}
DocumentRoot "${dir}"
<Directory "${dir}">
  AllowOverride All
  Require all granted
</Directory>
`;

const found = (server, ending) => ({
  ...server,
  base: server.base.replace('/agentmark', `/cgi-bin/agentmark-fcgi${ending}`),
});

const sharedHost = ending => async at => {
  const bin = host(at, path.join(at.dir, 'home'), ending);
  hostConfiguration(at, path.join(bin, 'agentmark-fcgi.yaml'));
  const server = found(await apache(at, [MODULE[ending]],
    hosting(at, path.dirname(bin), ending)), ending);
  at.secrets = server.base.replace(/agentmark-fcgi[.\w]*$/,
    'agentmark-fcgi.yaml');
  return server;
};

// A user of the machine's own list and suEXEC's log are replaced beside its
// documents, for this Apache alone.
const suexec = ending => async at => {
  const home = path.join(at.dir, 'home');
  const user = { uid: 2345, gid: 2345 };
  const mounts = [];
  host(at, path.join(home, 'neighbour'), ending, user);
  hostConfiguration(at, path.join(home, 'neighbour', 'agentmark-fcgi.yaml'),
    user);
  fs.chmodSync(home, 0o755);
  mounts.push(`${home} /var/www`);
  for (const [file, line] of [
    ['passwd', `neighbour:x:${user.uid}:${user.gid}::/:/bin/false`],
    ['group', `neighbour:x:${user.gid}:`]]) {
    const to = path.join(at.dir, file);
    fs.writeFileSync(to, `${fs.readFileSync(`/etc/${file}`, 'utf8')}${line}\n`);
    fs.chmodSync(to, 0o644);
    mounts.push(`${to} /etc/${file}`);
  }
  fs.mkdirSync(path.join(at.dir, 'log'));
  mounts.push(`${path.join(at.dir, 'log')} /var/log/apache2`);
  const server = await apache(at, ['suexec', MODULE[ending]],
    `SuexecUserGroup neighbour neighbour\n${
      hosting(at, '/var/www/neighbour/public_html', ending)}`, mounts);
  at.runsAs = user.uid;
  return found(server, ending);
};

const SUEXEC = { root: true, file: '/usr/lib/apache2/suexec' };
const SYSTEMD = { file: '/usr/bin/systemd-socket-activate' };

const plain = (server, file, ...modules) => at =>
  server(at, ...modules, deployed(file, at.places));

export const mounts = [
  { name: 'lighttpd', file: 'lighttpd/spawned.conf', kept: true,
    serve: plain(lighttpd, 'lighttpd/spawned.conf') },
  { name: 'lighttpd, multiwatch', file: 'lighttpd/socket.conf', kept: true,
    workers: foreground('multiwatch'),
    serve: plain(lighttpd, 'lighttpd/socket.conf') },
  { name: 'Apache mod_proxy_fcgi, pool', file: 'apache/proxy_fcgi.conf',
    workers: pool,
    serve: plain(apache, 'apache/proxy_fcgi.conf', ['proxy', 'proxy_fcgi']) },
  { name: 'Apache mod_fcgid', file: 'apache/fcgid.conf', kills: true,
    serve: plain(apache, 'apache/fcgid.conf', ['fcgid']) },
  { name: 'Apache mod_cgid', file: 'apache/cgid.conf',
    serve: plain(apache, 'apache/cgid.conf', ['cgid']) },
  { name: 'nginx, systemd', file: 'nginx/agentmark-fcgi.conf',
    workers: activated(true), needs: SYSTEMD,
    serve: plain(nginx, 'nginx/agentmark-fcgi.conf') },
  { name: 'nginx, spawn-fcgi alone', file: 'nginx/agentmark-fcgi.conf',
    workers: alone, alone: true,
    serve: plain(nginx, 'nginx/agentmark-fcgi.conf') },
  { name: 'Caddy, LISTEN_FDS', file: 'caddy/agentmark-fcgi.caddy',
    workers: activated(false), needs: SYSTEMD,
    serve: plain(caddy, 'caddy/agentmark-fcgi.caddy') },
  { name: 'shared host, .cgi', file: 'cgi-bin/.htaccess',
    serve: sharedHost('.cgi') },
  { name: 'shared host, .fcgi', file: 'cgi-bin/.htaccess', buffered: true,
    kills: true, serve: sharedHost('.fcgi') },
  { name: 'suEXEC, .cgi', file: 'cgi-bin/.htaccess', needs: SUEXEC,
    serve: suexec('.cgi') },
  { name: 'suEXEC, .fcgi', file: 'cgi-bin/.htaccess', needs: SUEXEC,
    buffered: true, kills: true, serve: suexec('.fcgi') },
];

// Its workers, its server: {base, at, stop, …}.
export async function mounted(mount, at) {
  const workers = mount.workers ? await mount.workers(at) : undefined;
  const server = await mount.serve(at);
  return {
    ...server, workers, at, mount,
    stop: async () => {
      await stop(server.child);
      await stop(workers?.child);
      workers?.stop?.();
    },
  };
}
