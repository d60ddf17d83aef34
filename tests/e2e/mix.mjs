// A mixture of everything that a process meets in its life, request by
// request: {name, request, check}.  The mixture is the same every time.
import { datasetRun } from '../lib/experiments.mjs';
import { signature, signed, SIGNATURE } from '../lib/http.mjs';
import { ast, promptRun } from '../lib/prompts.mjs';

const MEGABYTE = 1024 * 1024;
const SCHEMA = {
  type: 'object', required: ['title'],
  properties: {
    title: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
  },
};

function sent(body, more = {}) {
  return { body, headers: signed(body), ...more };
}

const run = (prompt, more) => sent(promptRun(prompt), more);
const oneShot = (model, more = {}) => run({ model, stream: false, ...more });

const experiment = (model, more = {}, o) => sent(datasetRun(
  { model, datasetPath: 'basic.jsonl', evals: ['contains', 'regex'], ...more }),
o);

const status = want => reply =>
  reply.status === want ? undefined : `${reply.status}, want ${want}`;
const done = reply =>
  reply.values.at(-1)?.type === 'done' ? undefined : 'no done line';
const failed = reply =>
  reply.values.at(-2)?.type === 'error' ? done(reply) : 'no error line';
const left = () => undefined;
const lines = (type, n) => reply =>
  reply.values.filter(line => line.type === type).length === n ? undefined
    : `not ${n} lines of ${type}`;

const evals = '{"type":"get-evals"}';
const object = { model: 'mock-object', kind: 'object', schema: SCHEMA };
const large = { model: 'mock-chunks-3', user: 'x'.repeat(MEGABYTE) };

export const mix = [
  ['a stream', run({ model: 'mock-chunks-20' }), done],
  ['a one-shot run', oneShot('mock-echo'), status(200)],
  ['an object stream', run(object), done],
  ['a one-shot object', run({ ...object, stream: false }), status(200)],
  ['a cut stream', run({ model: 'mock-cut' }), failed],
  ['a refused run', oneShot('mock-400'), status(500)],
  ['a refused stream', run({ model: 'mock-404' }), failed],
  ['a run that fails three times', oneShot('mock-500-ra'), status(500)],
  ['a malformed stream', run({ model: 'mock-malformed' }), undefined],
  ['a malformed reply', oneShot('mock-malformed'), status(500)],
  ['an error in a stream', run({ model: 'mock-errchunk' }), failed],
  ['a page in place of a stream', run({ model: 'mock-html' }), failed],
  ['a stream in small pieces', run({ model: 'mock-bytes-unicode' }), done],
  ['an object that is none',
    run({ ...object, model: 'mock-invalidjson' }), undefined],
  ['a client that leaves a stream',
    run({ model: 'mock-delay-5-chunks-50' },
      { onPiece: reply => reply.values.length > 2 }), left],
  ['a client that leaves a silent model',
    run({ model: 'mock-ttft-300' }, { leaveAfter: 30 }), left],
  ['bad JSON', sent('{"type":"prompt-run",'), status(400)],
  ['a bad tree', sent(JSON.stringify(
    { type: 'prompt-run', data: { ast: { type: 'root' } } })), status(500)],
  ['no tree', sent('{"type":"prompt-run","data":{}}'), status(400)],
  ['an unknown model', oneShot('nobody-serves-this'), status(500)],
  ['a body of 1 MB', run(large), done],
  ['a one-shot body of 1 MB', oneShot(large.model, large), status(200)],
  ['bad JSON of 1 MB', sent(JSON.stringify({ a: large.user }).slice(0, -1)),
    status(400)],
  ['a wrong signature',
    { body: evals, headers: { [SIGNATURE]: signature(evals, 'x') } },
    status(401)],
  ['a wrong signature under 1 MB',
    { body: large.user, headers: { [SIGNATURE]: signature('') } },
    status(401)],
  ['no signature', { body: evals }, status(401)],
  ['get-evals', sent(evals), status(200)],
  ['the built-in model', run({ model: 'echo/hello' }), done],
  ['a health check', { method: 'GET' }, status(200)],
  ['a method that is not served', sent(evals, { method: 'PUT' }),
    status(405)],
  ['an experiment', experiment('mock-last'), lines('dataset', 4)],
  ['a part of one', experiment('mock-last',
    { sampling: { split: { portion: 'test', percentage: 50 } } }),
  lines('dataset', 2)],
  ['an experiment that fails', experiment('mock-400'), lines('error', 4)],
  ['an experiment with a bad line',
    experiment('mock-last', { datasetPath: 'badjson.jsonl' }), undefined],
  ['an experiment without rows',
    experiment('mock-last', { datasetPath: 'empty.jsonl' }), status(500)],
  ['a client that leaves an experiment',
    experiment('mock-ttft-300', {}, { leaveAfter: 30 }), left],
  ['an event of an earlier era', sent(JSON.stringify({
    event: {
      type: 'prompt-run',
      data: {
        prompt: ast({ model: 'mock-echo' }), options: { shouldStream: false },
      },
    },
  })), undefined],
].map(([name, request, check]) => ({ name, request, check }));
