// deploy/executors/conformance.mjs over one program; its tests count here.
import path from 'node:path';
import { cleanEnv, root, start } from '../lib/proc.mjs';
import { assert, test } from '../lib/tap.mjs';

export async function conformance({ name, env, command, models }) {
  const options = Object.entries(models).filter(([, model]) => model)
    .flatMap(([kind, model]) => [`--${kind}`, model]);
  const child = start(process.execPath, [
    path.join(root, 'deploy/executors/conformance.mjs'), ...options, '--',
    ...command,
  ], { env: cleanEnv(env) });
  await child.exited;
  const results = [...child.out.matchAll(
    /^(ok|not ok) \d+ - (.*)\n((?:#.*\n)*)/gm)];
  for (const [, ok, what, why] of results)
    await test(`${name}: ${what}`, () => assert.equal(ok, 'ok', why));
  await test(`${name} was tried in all that it can do`, () => {
    const wanted = 1 + 1 + 3 * 2 + 2 + 2; // kinds, tools, the program's life
    assert.ok(results.length >= wanted, child.out + child.err);
  });
}
