// Experiments end to end, with FastCGI spoken to in raw records and under
// lighttpd, against a provider in this process.
//   node experiments.mjs [REGEX]      only the parts whose name matches
import fs from 'node:fs';
import path from 'node:path';
import { runDir } from '../lib/proc.mjs';
import { scriptedProvider } from '../lib/provider.mjs';
import { assert, finish, test } from '../lib/tap.mjs';
import { datasets } from './experiment_datasets.mjs';
import { evals } from './experiment_evals.mjs';
import { rows } from './experiment_rows.mjs';

const only = new RegExp(process.argv[2] ?? '.');
const logs = runDir('sanitizers');
fs.chmodSync(logs, 0o777);
const env = {
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:log_path=${logs}/report`,
  UBSAN_OPTIONS: `log_path=${logs}/report`,
};
const provider = await scriptedProvider();

for (const front of ['FastCGI', 'lighttpd'])
  if (only.test(`rows ${front}`))
    await rows({ provider, env, front });
if (only.test('evals'))
  await evals({ provider, env });
if (only.test('datasets'))
  await datasets({ provider, env });
await test('the sanitizers are silent', () => {
  const reports = fs.readdirSync(logs).map(file =>
    fs.readFileSync(path.join(logs, file), 'utf8').slice(0, 3000));
  assert.deepEqual(reports, []);
});
await finish();
