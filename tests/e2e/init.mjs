// `init`: what it writes, what it refuses, and that every server takes its
// snippet; and the manual pages, which are as free of errors as mandoc can tell.
import fs from 'node:fs';
import path from 'node:path';
import { cleanEnv, isRoot, program, root, runDir, start } from '../lib/proc.mjs';
import { APACHE_MODULES, command } from '../lib/servers.mjs';
import { assert, finish, test } from '../lib/tap.mjs';

const KEY = 'sk-typed-1234';

async function run(cmd, args, { input, cwd } = {}) {
  const child = start(cmd, args,
    { cwd, stdin: input === undefined ? undefined : 'pipe' });
  child.proc.stdin?.on('error', () => {});
  child.proc.stdin?.end(input);
  const { code } = await child.exited;
  return { code, out: child.out, err: child.err };
}

// A folder, and init in it.
function place() {
  const dir = runDir('init');
  return {
    dir, conf: path.join(dir, 'am.yaml'),
    file: name => path.join(dir, name),
    read: name => fs.readFileSync(path.join(dir, name), 'utf8'),
    files: () => fs.readdirSync(dir).sort(),
    init: (args, input = '') =>
      run(program(), ['--config', path.join(dir, 'am.yaml'), 'init', ...args],
        { input, cwd: dir }),
    check: () =>
      run(program(), ['--config', path.join(dir, 'am.yaml'), 'check',
        '--offline']),
  };
}
const mode = file => (fs.statSync(file).mode & 0o777).toString(8);
const secretMode = isRoot ? '640' : '600';

await test('flags answer all questions', async () => {
  const at = place();
  fs.writeFileSync(at.file('key'), 'k\n');
  const said = await at.init(['--server', 'lighttpd', '--path=/hook',
    '--provider', 'anthropic', '--key', 'file:key']);
  assert.equal(said.code, 0, said.err);
  assert.equal(said.err, '');
  assert.deepEqual(at.files(),
    ['am.lighttpd.conf', 'am.secret', 'am.yaml', 'key']);
  const secret = at.read('am.secret');
  assert.match(secret, /^[0-9a-f]{64}\n$/);
  assert.ok(said.out.includes(secret.trim()));
  assert.ok(said.out.includes('https://YOUR-HOST/hook\n'));
  assert.ok(said.out.includes(`--config ${at.conf} check\n`));
  assert.equal(mode(at.file('am.secret')), secretMode);
  assert.equal(mode(at.conf), secretMode);
  const snippet = at.read('am.lighttpd.conf');
  assert.ok(snippet.includes('"/hook" =>'));
  assert.ok(snippet.includes(`"bin-path" => "${fs.realpathSync(program())}"`));
  assert.ok(snippet.includes(`"AGENTMARK_FCGI_CONFIG" => "${at.conf}"`));
  const checked = await at.check();
  assert.equal(checked.code, 0, checked.out);
  assert.match(checked.out, /secret: webhook.secret, from file:\S*am.secret, 32/);
  assert.match(checked.out, /provider: anthropic, .* key from file:\/.*\/key/);
});
await test('questions, and a key that is typed', async () => {
  const at = place();
  const said = await at.init([],
    `iis\nnginx\nno\n/a b\n\nnobody\n\n${KEY}\n\n${KEY}\n`);
  assert.equal(said.code, 0, said.err);
  assert.match(said.err, /no such server[^]*a path as[^]*no such provider/);
  assert.match(said.err, /and never the key itself/);
  assert.ok(!said.out.includes(KEY) && !said.err.includes(KEY));
  assert.equal(at.read('am.key'), `${KEY}\n`);
  assert.equal(mode(at.file('am.key')), secretMode);
  assert.match(at.read('am.yaml'), /openai:\n    api_key: "file:am.key"/);
  assert.deepEqual(at.files(), ['agentmark-fcgi.service',
    'agentmark-fcgi.socket', 'am.key', 'am.nginx.conf', 'am.secret', 'am.yaml']);
  assert.match(said.out, fs.existsSync('/run/systemd/system')
    ? /systemctl enable --now agentmark-fcgi.socket/
    : /spawn-fcgi -s \/run\/agentmark-fcgi.sock .* --config \S*am.yaml pool\n/);
});
await test('the end of the input takes what is usual', async () => {
  const at = place();
  const said = await at.init(['--server=none', '--provider=echo']);
  assert.equal(said.code, 0, said.err);
  assert.deepEqual(at.files(), ['am.secret', 'am.yaml']);
  assert.equal((await at.check()).code, 0);
});
await test('nothing is overwritten, and a secret never', async () => {
  const at = place();
  const args = ['--server=caddy', '--provider=openai', '--key=env:K'];
  fs.writeFileSync(at.file('am.secret'), 'the one of before\n');
  fs.writeFileSync(at.file('am.caddy'), 'mine');
  const said = await at.init(args);
  assert.equal(said.code, 1);
  assert.match(said.err, /am\.caddy is there already; --force overwrites it/);
  assert.deepEqual(at.files(), ['am.caddy', 'am.secret']);
  const forced = await at.init([...args, '--force']);
  assert.equal(forced.code, 0, forced.err);
  assert.equal(at.read('am.secret'), 'the one of before\n');
  assert.match(forced.out, /secret {7}the one of before\n/);
  assert.ok(at.read('am.caddy').includes('reverse_proxy'));
  assert.match(at.read('am.yaml'), /api_key: "env:K"/);
});

const wrong = [
  ['a key as an argument', ['--key', KEY], /never the key itself/],
  ['a key in no file', ['--key', 'file:none'], /no such file/],
  ['a variable without a name', ['--key', 'env:'], /env:NAME or file:PATH/],
  ['a server', ['--server', 'iis'], /no such server/],
  ['a provider', ['--provider', 'nobody'], /no such provider/],
  ['a path', ['--path', 'x'], /a path as \/agentmark/],
  ['a path to elsewhere', ['--path', '/../x'], /a path as \/agentmark/],
  ['a path that ends a string', ['--path', '/x"'], /a path as \/agentmark/],
  ['a group', ['--group', 'no-such-group'], /there is no group/],
  ['an option', ['--secret', 'x'], /unexpected --secret/],
  ['an option without its value', ['--key'], /value is missing behind --key/],
];
for (const [name, args, says] of wrong)
  await test(`refused: ${name}`, async () => {
    const at = place();
    const said = await at.init(['--server=lighttpd', '--path=/x',
      '--provider=openai', '--key=env:K', ...args]);
    assert.equal(said.code, 2, said.out);
    assert.match(said.err, says);
    assert.ok(!said.err.includes(KEY));
    assert.deepEqual(at.files(), []);
  });
await test('refused: no answer', async () => {
  const at = place();
  assert.equal((await at.init([])).code, 2);
  const said = await at.init(['--server=nginx', '--provider=openai']);
  assert.equal(said.code, 2);
  assert.match(said.err, /where does the key come from/);
  assert.deepEqual(at.files(), []);
});
await test('refused: a folder that is not there', async () => {
  const said = await run(program(), ['--config', '/nowhere/am.yaml', 'init',
    '--server=none', '--provider=echo', '--path=/x'], { input: '' });
  assert.equal(said.code, 2);
  assert.match(said.err, /no such folder/);
});

// --- the servers' own judgement

const apacheConf = (dir, snippet, modules) => `ServerRoot "${dir}"
ServerName localhost
Listen 127.0.0.1:8
PidFile "${dir}/pid"
ErrorLog "${dir}/log"
Mutex file:${dir} default
${['mpm_event', 'authz_core', 'env', 'alias', ...modules].map(name =>
    `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`).join('\n')}
Include "${snippet}"
`;
const apache = modules => (dir, snippet, conf) => {
  fs.writeFileSync(conf, apacheConf(dir, snippet, modules));
  return ['apache2', '-t', '-d', dir, '-f', conf];
};
const lighttpd = (dir, snippet, conf) => {
  fs.writeFileSync(conf, `server.document-root = "${dir}"
server.port = 8
include "${snippet}"
`);
  return ['lighttpd', '-tt', '-f', conf];
};
const judges = {
  lighttpd, 'lighttpd-socket': lighttpd,
  'apache-fcgid': apache(['fcgid']),
  'apache-proxy': apache(['proxy', 'proxy_fcgi']),
  'apache-cgi': apache(['cgid']),
  nginx: (dir, snippet, conf) => {
    fs.copyFileSync('/etc/nginx/fastcgi_params', `${dir}/fastcgi_params`);
    fs.writeFileSync(conf, `pid ${dir}/pid;
events { }
http {
  access_log off;
  server { listen 127.0.0.1:8; include ${snippet}; }
}
`);
    return ['nginx', '-t', '-p', dir, '-c', conf, '-e', `${dir}/log`];
  },
  caddy: (dir, snippet, conf) => {
    fs.writeFileSync(conf, `:8 {\n\timport ${snippet}\n}\n`);
    return ['caddy', 'validate', '--adapter', 'caddyfile', '--config', conf];
  },
};
for (const [name, judge] of Object.entries(judges))
  await test(`${name} takes its snippet`, async () => {
    const at = place();
    const said = await at.init([`--server=${name}`, '--provider=echo',
      '--path=/some/where']);
    assert.equal(said.code, 0, said.err);
    const snippet = at.file(at.files().find(f => /\.(caddy|conf)$/.test(f)));
    const text = fs.readFileSync(snippet, 'utf8');
    assert.match(text, /(["\s])\/some\/where\b/);
    assert.doesNotMatch(text, /usr\/local|["\s]\/agentmark\b/);
    const [cmd, ...args] = judge(at.dir, snippet, at.file('server'));
    const judged = await run(command(cmd), args, { cwd: at.dir });
    assert.equal(judged.code, 0, judged.err + judged.out);
  });
await test('a shared host gets its .htaccess', async () => {
  const at = place();
  const said = await at.init(['--server=cgi-bin', '--provider=echo']);
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, /YOUR-HOST\/cgi-bin\/agentmark-fcgi\n/);
  assert.deepEqual(at.files(), ['.htaccess', 'am.secret', 'am.yaml']);
  assert.equal(at.read('.htaccess'), fs.readFileSync(
    path.join(root, 'deploy/cgi-bin/.htaccess'), 'utf8'));
});
await test('systemd takes the units', async () => {
  const at = place();
  await at.init(['--server=nginx', '--provider=echo']);
  const verify = '/usr/bin/systemd-analyze';
  if (!fs.existsSync(verify))
    return;
  const said = await run(verify, ['verify', '--man=no',
    at.file('agentmark-fcgi.service'), at.file('agentmark-fcgi.socket')]);
  assert.equal(said.code, 0, said.err);
});

// --- manual pages

// What `help` lists, once in each page.
const help = (await run(program(), ['help'])).out;
const split = help.indexOf('\nOptions:\n');
const listed = {
  1: ['Cm', help.slice(0, split)],
  5: ['Va', help.slice(split, help.indexOf('\nVariables, '))],
};
for (const [section, [macro, text]] of Object.entries(listed))
  await test(`the page of section ${section} is whole, and good mdoc`,
    async () => {
      const at = place();
      const page = await run(program(), ['man', section]);
      assert.equal(page.code, 0, page.err);
      const names = [...text.matchAll(/^ {2}([^ \n]+)/gm)].map(m => m[1]);
      const items = [...page.out.matchAll(
        new RegExp(`^\\.It ${macro} ([^ \n]+)`, 'gm'))].map(m => m[1]);
      assert.ok(names.length > 10);
      assert.deepEqual(items, names);
      fs.writeFileSync(at.file('page'), page.out);
      const said = await run(command('mandoc'),
        ['-T', 'lint', '-W', 'warning', at.file('page')]);
      assert.equal(said.code, 0, said.out + said.err);
    });
await test('there is no page in another section', async () => {
  const said = await run(program(), ['man', '8']);
  assert.equal(said.code, 2);
  assert.match(said.err, /no page in section 8/);
});
await finish();
