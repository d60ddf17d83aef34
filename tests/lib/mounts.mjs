// The files of deploy/, as they stand but for their paths, under the servers
// that they are for.
import fs from 'node:fs';
import path from 'node:path';
import { freePort, isRoot, program, root, runDir, start, until }
  from './proc.mjs';
import { answering, APACHE_MODULES, command } from './servers.mjs';

// What the files name, and what takes its place here.
export function deployed(name, places) {
  let text = fs.readFileSync(path.join(root, 'deploy', name), 'utf8');
  for (const [from, to] of places)
    text = text.replaceAll(from, to);
  return text;
}

const readable = dir => {
  fs.chmodSync(dir, 0o755);
  return dir;
};

// The program in a directory of its own, as cgi-bin is; and its configuration.
export function place(name, configuration) {
  const dir = readable(runDir(name));
  const bin = path.join(dir, 'cgi-bin');
  for (const one of [bin, path.join(dir, 'www')]) {
    fs.mkdirSync(one);
    readable(one);
  }
  fs.copyFileSync(program(), path.join(bin, 'agentmark-fcgi'));
  fs.chmodSync(path.join(bin, 'agentmark-fcgi'), 0o755);
  const at = {
    dir, bin, program: path.join(bin, 'agentmark-fcgi'),
    conf: path.join(dir, 'agentmark-fcgi.yaml'),
    socket: path.join(dir, 'am.sock'),
  };
  fs.writeFileSync(at.conf, configuration);
  owned(at.conf);
  at.places = [
    ['/usr/local/lib/cgi-bin/agentmark-fcgi', at.program],
    ['/usr/local/lib/cgi-bin', at.bin],
    ['/etc/agentmark-fcgi.yaml', at.conf],
    ['/run/agentmark-fcgi.sock', at.socket],
    ['/run/lighttpd/agentmark.sock', at.socket],
  ];
  return at;
}

// Secrets are for the user of the workers alone.
export function owned(file) {
  fs.chmodSync(file, 0o600);
  if (!isRoot)
    return;
  const entry = fs.readFileSync('/etc/passwd', 'utf8').split('\n')
    .find(line => line.startsWith('www-data:')).split(':');
  fs.chownSync(file, Number(entry[2]), Number(entry[3]));
}

// --- who starts the workers of a socket: the line of systemd's unit, a pool

export async function workers(at) {
  const unit = deployed('systemd/agentmark-fcgi.service', at.places);
  const line = /^ExecStart=(.*)$/m.exec(unit)[1].split(' ');
  const child = start(command('spawn-fcgi'),
    ['-n', '-s', at.socket, '-M', '0666', '--', ...line], { cwd: at.dir });
  at.master = child.pid;
  await until(() => child.ended || running(at).length > 0, 20000);
  return child;
}

// Workers of the program that was placed there.
export function running(at) {
  return fs.readdirSync('/proc').filter(pid => /^\d+$/.test(pid)).map(Number)
    .filter(pid => {
      try {
        return pid !== at.master &&
          fs.readlinkSync(`/proc/${pid}/exe`) === at.program;
      } catch {
        return false;
      }
    });
}

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
  return { child, base: `http://127.0.0.1:${port}/agentmark` };
}

export async function apache(at, modules, text) {
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
  const child = start(command('apache2'),
    ['-d', at.dir, '-f', conf, '-DFOREGROUND'], { cwd: at.dir });
  await answering(child, 'apache2', { host: '127.0.0.1', port }, log);
  return { child, base: `http://127.0.0.1:${port}/agentmark` };
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
  return { child, base: `http://127.0.0.1:${port}/agentmark` };
}
