// The scripted provider of the measurements, with a certificate of its own.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { start, until } from '../lib/proc.mjs';

export async function startProvider(tools, dir) {
  const key = path.join(dir, 'key.pem'), cert = path.join(dir, 'cert.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
    '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const child = start(path.join(tools, 'provider'), [cert, key]);
  await until(() => /https \d+/.test(child.out));
  const ports = Object.fromEntries(child.out.trim().split('\n')
    .map(line => line.split(' ')));
  return { child, pid: child.pid, cert, ports };
}
