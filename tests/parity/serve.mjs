// Started by `serve`; see there.
import { call } from '../lib/http.mjs';
import { program, runDir, stopAll, until } from '../lib/proc.mjs';
import { writeConfiguration } from '../lib/prompts.mjs';
import { lighttpdFcgi } from '../lib/servers.mjs';

const [port, mock, datasets, fixtures] = process.argv.slice(2);
if (!fixtures) {
  console.error('usage: serve PORT MOCK_URL DATASETS FIXTURES');
  process.exit(2);
}

const dir = runDir('serve');
const server = await lighttpdFcgi({
  dir, port: Number(port), bin: program(), workers: 8,
  env: {
    AGENTMARK_FCGI_CONFIG: writeConfiguration(dir, {
      mock, datasets, fixtures,
      // That is what the recorded installation had.
      templates: 'templates: {markdown: "2.2"}\n',
    }),
  },
});
const health = await until(async () => {
  const reply = await call(server.base, { method: 'GET', timeout: 2000 });
  return reply.status === 200 ? reply : undefined;
}, 20000);
if (!health) {
  const reply = await call(server.base, { method: 'GET', timeout: 2000 });
  console.error(`no health: ${reply.status} ${reply.body}${reply.error ?? ''}`);
  await stopAll();
  process.exit(1);
}
console.log('ready');
await server.child.exited;
console.error('lighttpd has ended');
process.exit(1);
