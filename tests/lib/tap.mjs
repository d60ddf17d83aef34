// The Test Anything Protocol: `ok N - name`, `not ok N - name`, the plan last.
import assert from 'node:assert/strict';
import { stopAll } from './proc.mjs';

let count = 0;
let failed = 0;

export async function test(name, body) {
  let problem;
  try {
    await body();
  } catch (e) {
    problem = e;
  }
  count++;
  console.log(`${problem ? 'not ok' : 'ok'} ${count} - ${name}`);
  if (!problem)
    return;
  failed++;
  const text = problem instanceof assert.AssertionError
    ? problem.message : problem.stack ?? String(problem);
  for (const line of text.split('\n').slice(0, 40))
    console.log(`#   ${line.slice(0, 600)}`);
}

export async function finish() {
  console.log(`1..${count}`);
  await stopAll();
  process.exit(failed || !count ? 1 : 0);
}

export { assert };
