// Evals outside of the program: commands, one a call or as workers, and URLs.
// Whatever they do costs their eval alone, within its time limit, and leaves no
// process behind.
import { asking, childrenOf, errorsOf, rowsOf, testServed }
  from '../lib/experiments.mjs';
import { SECRET, signature, SIGNATURE } from '../lib/http.mjs';
import { listen } from '../lib/provider.mjs';
import { until } from '../lib/proc.mjs';
import { assert, test } from '../lib/tap.mjs';

const TIMEOUT = 1;
const GOOD = '{"score":1,"passed":true,"label":"good","reason":"it is"}';
const seconds = reply => reply.lines.at(-1).at / 1000;

// {script, reason}: what the command does once it has read a line, and what is
// said of it.  As a worker it does it to every line.
const wrong = {
  hang: { script: 'sleep 1000', reason: /timed out after 1000 ms/ },
  deaf: {
    head: 'trap "" TERM', script: 'while :; do sleep 1; done',
    reason: /timed out after 1000 ms/,
  },
  crash: { script: 'kill -SEGV $$', reason: /signal 11/ },
  leave: {
    script: 'echo "no such model" >&2; exit 3',
    reason: /status 3: no such model/,
  },
  flood: { script: 'yes "not a line that is JSON"', reason: /not JSON/ },
  errors: { script: 'yes >&2', reason: /wrote too much|timed out/ },
  endless: { script: 'cat /dev/zero', reason: /wrote too much/ },
  garbage: { script: 'echo "{score: 1"', reason: /not JSON/ },
  number: { script: 'echo 5', reason: /no object/ },
  list: { script: 'echo "[1]"', reason: /no object/ },
  refuses: { script: `echo '{"error":"cannot judge"}'`, reason: /cannot judge/ },
};
const silent = { script: 'exit 0', reason: /no answer/ };

const perCall = ({ head = '', script }) =>
  `#!/bin/sh\n${head}\nread -r line\n${script}\n`;
const asWorker = ({ head = '', script }) =>
  `#!/bin/sh\n${head}\nwhile read -r line; do\n${script}\ndone\n`;

function failed(entry, reason) {
  const { name, score, passed } = entry;
  assert.deepEqual({ score, passed }, { score: 0, passed: false }, name);
  assert.match(entry.reason, reason, name);
}

async function quiet(server, allowed = 0) {
  const rest = () => childrenOf(server.pid)
    .filter(child => child.state === 'Z' || !allowed);
  await until(() => !rest().length, 3000);
  assert.deepEqual(rest(), []);
}

async function commands({ common, workers }) {
  const kind = workers ? 'a worker' : 'a command';
  const make = workers ? asWorker : perCall;
  const all = { ...wrong, ...(workers ? {} : { silent }) };
  const ROWS = 3;
  for (const [name, what] of Object.entries(all))
    await testServed(`evals: ${kind} of the kind ${name}`, {
      ...common, rows: asking(['a', 'b', 'c']),
      evals: { bad: make(what), good: make({ script: `echo '${GOOD}'` }) },
      configuration: {
        evals: {
          bad: { exec: ['./bad'], timeout: TIMEOUT, workers },
          good: { exec: ['./good'], timeout: 20, workers },
        },
      },
    }, async server => {
      const reply = await server.run({ evals: ['bad', 'good'] });
      assert.equal(reply.status, 200, reply.body);
      assert.equal(errorsOf(reply).length, 0, reply.body);
      const rows = rowsOf(reply);
      assert.equal(rows.length, ROWS, reply.body);
      for (const { result } of rows) {
        assert.equal(result.actualOutput, result.input.q);
        assert.deepEqual(result.evals[1],
          { name: 'good', ...JSON.parse(GOOD) });
        failed(result.evals[0], what.reason);
      }
      // One worker takes the rows one after the other.
      const most = workers ? ROWS * TIMEOUT + 1.5 : TIMEOUT + 1.5;
      assert.ok(seconds(reply) < most, `${seconds(reply)} s`);
      await quiet(server, workers);
    });
}

async function together({ common, workers }) {
  const make = workers ? asWorker : perCall;
  const names = Object.keys(wrong);
  const evals = Object.fromEntries(names.map(n => [n, make(wrong[n])]));
  const conf = Object.fromEntries(names.map(name =>
    [name, { exec: [`./${name}`], timeout: TIMEOUT, workers }]));
  await testServed(`evals: all ${workers ? 'workers' : 'commands'} at one time`,
    {
      ...common, rows: asking(['a', 'b', 'c', 'd']), evals,
      configuration: { evals: conf },
    }, async server => {
      const reply = await server.run({ evals: names });
      const rows = rowsOf(reply);
      assert.equal(rows.length, 4, reply.body);
      for (const { result } of rows)
        for (const [i, name] of names.entries())
          failed(result.evals[i], wrong[name].reason);
      await quiet(server, workers);
    });
}

// What a good command is told, and what becomes of its answer.
async function goodCommands({ common }) {
  const program = `#!/usr/bin/env python3
import json, os, sys
for line in sys.stdin:
    row = json.loads(line)
    print(json.dumps({"score": len(row["output"]) / 10, "seen": row,
        "env": sorted(os.environ), "pid": os.getpid(),
        "cwd": os.getcwd()}), flush=True)
`;
  for (const workers of [0, 2])
    await testServed(`evals: what a command is told (${workers} workers)`, {
      ...common, evals: { tell: program },
      rows: [{
        input: { q: 'say:Grüße' }, expected_output: { a: [1] },
        metadata: { tag: 'x' },
      }, ...asking(['b', 'c', 'd', 'e', 'f'])],
      configuration: {
        evals: {
          tell: { exec: ['./tell'], workers, threshold: 0.5, weight: 2 },
          inverse: { exec: ['./tell'], workers, threshold: 0.5, not: true },
        },
      },
      env: { OPENAI_API_KEY: 'key-of-the-test' },
    }, async server => {
      const reply = await server.run({ evals: ['tell', 'inverse'] });
      const rows = rowsOf(reply);
      assert.equal(rows.length, 6, reply.body);
      const { evals: [tell, inverse] } = rows.find(
        row => row.result.input.q === 'say:Grüße').result;
      const { latencyMs, ...seen } = tell.seen;
      assert.ok(latencyMs >= 0);
      assert.deepEqual(seen, {
        input: [{ role: 'user', content: 'say:Grüße' }], output: 'Grüße',
        expectedOutput: { a: [1] }, props: { q: 'say:Grüße' },
        metadata: { tag: 'x' }, toolCalls: [],
        usage: { inputTokens: 5, outputTokens: 2, totalTokens: 7 },
      });
      assert.equal(tell.score, 0.5);
      assert.equal(tell.passed, true);
      assert.equal(tell.weight, 2);
      assert.equal(inverse.score, 0.5);
      assert.equal(inverse.passed, false);
      assert.ok(!tell.env.some(key => /KEY|SECRET|CONFIG/.test(key)),
        `${tell.env}`);
      const pids = new Set(rows.flatMap(
        row => row.result.evals.map(entry => entry.pid)));
      if (workers)
        assert.ok(pids.size <= workers, `${pids.size} workers`);
      else
        assert.equal(pids.size, 12);
      await quiet(server, workers);
    });
  await testServed('evals: side by side, and side by side with rows', {
    ...common, rows: asking(['a', 'b', 'c', 'd']),
    evals: { slow: perCall({ script: `sleep 1; echo '${GOOD}'` }) },
    configuration: {
      evals: { one: { exec: ['./slow'] }, two: { exec: ['./slow'] } },
    },
  }, async server => {
    const reply = await server.run({ evals: ['one', 'two'] });
    assert.equal(rowsOf(reply).length, 4, reply.body);
    assert.ok(seconds(reply) < 2, `${seconds(reply)} s`);
  });
  await testServed('evals: a command that is not there', {
    ...common, rows: asking(['a']),
    configuration: {
      evals: {
        none: { exec: ['no-such-command-at-all'] },
        also: { exec: ['no-such-command-at-all'], workers: 1 },
      },
    },
  }, async server => {
    const reply = await server.run({ evals: ['none', 'also'] });
    const [row] = rowsOf(reply);
    for (const entry of row.result.evals)
      failed(entry, /no-such-command-at-all|No such file/);
    await quiet(server);
  });
  await testServed('evals: a large row to a command that does not read', {
    ...common,
    rows: [{ input: { q: `say:${'x'.repeat(300000)}` } }],
    evals: { closed: `#!/bin/sh\nexec <&-\necho '${GOOD}'\n` },
    configuration: { evals: { closed: { exec: ['./closed'] } } },
  }, async server => {
    const [row] = rowsOf(await server.run({ evals: ['closed'] }));
    assert.equal(row.result.evals[0].passed, true,
      JSON.stringify(row.result.evals[0]));
    await quiet(server);
  });
}

// A worker that dies at every third line, and one that ends in order.
async function renewed({ common }) {
  const script = end => `#!/bin/sh\nn=0\nwhile read -r line; do\n` +
    `n=$((n + 1))\n[ $n -lt 3 ] || ${end}\necho '${GOOD}'\ndone\n`;
  await testServed('evals: a worker that crashes costs one eval', {
    ...common, rows: asking(Array.from({ length: 9 }, (_, i) => `row ${i}`)),
    evals: { dies: script('kill -KILL $$'), ends: script('exit 0') },
    configuration: {
      evals: {
        dies: { exec: ['./dies'], workers: 1 },
        ends: { exec: ['./ends'], workers: 1 },
      },
    },
  }, async server => {
    const rows = rowsOf(await server.run({ evals: ['dies', 'ends'] }));
    const passed = at =>
      rows.filter(row => row.result.evals[at].passed).length;
    assert.equal(rows.length, 9);
    assert.equal(passed(0), 6);
    assert.equal(passed(1), 9);
    await quiet(server, 2);
  });
}

// --- evals behind a URL

const answers = {
  good: response => response.end(GOOD),
  hang: () => {},
  drips: response => {
    const drip = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(drip));
  },
  broken: response => response.socket.destroy(),
  cut: response => {
    response.writeHead(200, { 'content-length': '500' });
    response.write(GOOD);
    setTimeout(() => response.socket.destroy(), 20);
  },
  status: response => {
    response.statusCode = 500;
    response.end(GOOD);
  },
  garbage: response => response.end('<html>not JSON</html>'),
  flood: response => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65536)))
        ;
    };
    response.on('drain', more);
    more();
  },
};
const urlReasons = {
  hang: /./, drips: /./, broken: /./, cut: /./, status: /500/,
  garbage: /not JSON/, flood: /./,
};

async function urls({ common }) {
  const seen = [];
  const service = await listen((request, response, body) => {
    seen.push({ url: request.url, headers: request.headers, body });
    answers[request.url.slice(1)](response);
  });
  const names = Object.keys(urlReasons);
  const conf = { good: { http: `${service.base}/good`, secret: SECRET } };
  for (const name of names)
    conf[name] = { http: `${service.base}/${name}`, timeout: TIMEOUT };
  conf.nobody = { http: 'http://127.0.0.1:1/', timeout: TIMEOUT };
  await testServed('evals: behind URLs', {
    ...common, rows: asking(['a', 'b', 'c']),
    configuration: { evals: conf },
  }, async server => {
    const reply = await server.run({ evals: ['good', ...names, 'nobody'] });
    const rows = rowsOf(reply);
    assert.equal(rows.length, 3, reply.body);
    for (const { result: { evals: [good, ...others] } } of rows) {
      assert.deepEqual(good, { name: 'good', ...JSON.parse(GOOD) });
      for (const entry of others)
        failed(entry, urlReasons[entry.name] ?? /./);
    }
    assert.ok(seconds(reply) < TIMEOUT + 1, `${seconds(reply)} s`);
    for (const { url, headers, body } of seen) {
      assert.equal(headers['content-type'], 'application/json');
      assert.ok(JSON.parse(body).output);
      assert.equal(headers[SIGNATURE],
        url === '/good' ? signature(body) : undefined);
    }
    console.log(`# ${rows[0].result.evals.map(
      entry => `${entry.name}: ${entry.reason}`).join('; ')}`);
  });
  await service.close();
}

// --- built in

async function builtIn({ common }) {
  await testServed('evals: built-in ones, declared and not', {
    ...common,
    rows: [
      { input: { q: 'say:Forty-two' }, expected_output: 'Forty-two' },
      { input: { q: 'say:none' }, expected_output: 'Forty-two' },
    ],
    configuration: {
      evals: {
        builtin: ['exact_match'],
        polite: { use: 'contains_any', options: { values: ['two', 'three'] } },
        rude: {
          use: 'contains_any', options: { values: ['two'] }, not: true,
        },
      },
    },
  }, async server => {
    const reply = await server.run({
      evals: ['exact_match', 'polite', 'rude', 'contains', 'no_such_eval'],
      concurrency: 1,
    });
    assert.deepEqual(rowsOf(reply).map(row => row.result.evals.map(
      entry => [entry.name, entry.passed, entry.score])), [
      [['exact_match', true, 1], ['polite', true, 1], ['rude', false, 0],
        ['contains', true, 1]],
      [['exact_match', false, 0], ['polite', false, 0], ['rude', true, 1],
        ['contains', false, 0]],
    ]);
  });
  const listed = async (evals, check) =>
    testServed(`evals: get-evals with ${JSON.stringify(evals)}`,
      { ...common, configuration: evals === undefined ? {} : { evals } },
      async server => {
        const reply = await server.send('{"type":"get-evals"}');
        assert.equal(reply.status, 200, reply.body);
        const { type, result, traceId, ...rest } = reply.json;
        assert.deepEqual({ type, traceId, rest },
          { type: 'evals', traceId: '', rest: {} });
        check(JSON.parse(result), result);
      });
  const exactly = want => (names, text) => {
    assert.deepEqual(names, want);
    assert.equal(text, JSON.stringify(want));
  };
  const everything = (names, text) => {
    assert.ok(names.length > 30, text);
    assert.ok(names.includes('exact_match') && names.includes('json_schema'));
    assert.deepEqual(names, [...names].sort());
  };
  await listed(undefined, everything);
  await listed(['regex', 'contains'], exactly(['contains', 'regex']));
  await listed([], exactly([]));
  await listed({ zwei: { http: 'http://127.0.0.1:1/' }, 10: { use: 'regex',
    options: { pattern: 'x' } }, café: { exec: ['./x'] } },
  exactly(['10', 'café', 'zwei']));
  await listed({ mine: { exec: ['./x'] }, builtin: 'all' }, (names, text) => {
    everything(names, text);
    assert.ok(names.includes('mine'));
  });
}

export async function evals({ provider, env }) {
  const common = { provider: provider.base, env };
  for (const workers of [0, 1]) {
    await commands({ common, workers });
    await together({ common, workers });
  }
  await goodCommands({ common });
  await renewed({ common });
  await urls({ common });
  await builtIn({ common });
  await test('evals: no call is left over', () =>
    assert.equal(provider.inflight, 0));
}

