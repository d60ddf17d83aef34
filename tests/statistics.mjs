// What common/stat and the summary of an experiment say, against a second
// implementation (tests/lib/stat.mjs) over a thousand random inputs, and against
// simulated experiments whose truth is known.
//   STAT_TOOL=…/stat_tool STAT_SIM=…/stat_sim node tests/statistics.mjs
import { spawnSync } from 'node:child_process';
import * as stat from './lib/stat.mjs';
import { assert, finish, test } from './lib/tap.mjs';

const TOOL = process.env.STAT_TOOL ?? 'build-san/stat_tool';
const SIM = process.env.STAT_SIM ?? 'build/stat_sim';

function lines(program, args, input) {
  const r = spawnSync(program, args,
    { input, encoding: 'utf8', maxBuffer: 1 << 30 });
  assert.equal(r.status, 0, `${program}: ${r.error ?? r.stderr.slice(0, 4000)}`);
  return r.stdout.trim().split('\n').map(x => JSON.parse(x));
}

const ask = questions => lines(TOOL, [],
  questions.map(q => JSON.stringify(q)).join('\n') + '\n');
const simulate = what => lines(SIM, [what]);

// --- random inputs, the same ones each time (mulberry32)

let state = 20260101;
function random() {
  let t = state = state + 0x6d2b79f5 | 0;
  t = Math.imul(t ^ t >>> 15, t | 1);
  t ^= t + Math.imul(t ^ t >>> 7, t | 61);
  return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
}
const int = (low, high) => low + Math.floor(random() * (high - low + 1));
const times = (n, f) => Array.from({ length: n }, (x, i) => f(i));
const pick = list => list[int(0, list.length - 1)];

// EXPECTED's members are in ACTUAL, numbers to a relative WITHIN; undefined and
// NaN are members that are not there.
function near(actual, expected, within, at = '') {
  if (expected === undefined || Number.isNaN(expected))
    assert.ok(actual === undefined || actual === null, `${at}: ${actual}`);
  else if (typeof expected === 'number')
    assert.ok(Math.abs(actual - expected) <=
      within * Math.max(1e-3, Math.abs(expected)),
    `${at}: ${actual}, and not ${expected}`);
  else if (typeof expected !== 'object')
    assert.equal(actual, expected, at);
  else {
    if (Array.isArray(expected))
      assert.equal(actual?.length, expected.length, at);
    for (const [k, v] of Object.entries(expected))
      near(actual?.[k], v, within, `${at}/${k}`);
  }
}

const scores = n => times(n, () => pick([0, 1, random(), int(0, 4) / 4]));
const ends = i => [i.low, i.high];

function units(binary) {
  return times(int(2, 30), () => {
    const n = int(1, 5);
    return { n, s: binary ? int(0, n) : scores(n).reduce((a, b) => a + b, 0) };
  });
}

function ofUnits(f, binary, more) {
  const u = units(binary), rest = more();
  return [[u.map(x => x.s), u.map(x => x.n), ...rest],
    () => f(u, ...rest.map((x, i) => i === 1 ? x === 1 : x))];
}

// A name: [arguments, what is expected of them].
const calls = {
  sum: () => {
    const list = times(int(1, 60),
      () => (random() - 0.5) * 2 ** int(-60, 60));
    return [[list], () => stat.sum(list)];
  },
  wilson: () => {
    const n = int(1, 2000), k = int(0, n), c = pick([0.9, 0.95, 0.99]);
    return [[k, n, c],
      () => stat.wilson(k / n, n, stat.normalQuantile(1 - (1 - c) / 2))];
  },
  normalCdf: () => {
    const x = random() * 10 - 5;
    return [[x], () => stat.normalCdf(x)];
  },
  normalQuantile: () => {
    const p = random() * 0.998 + 0.001;
    return [[p], () => stat.normalQuantile(p)];
  },
  tCdf: () => {
    const x = random() * 10 - 5, df = int(1, 300);
    return [[x, df], () => stat.tCdf(x, df)];
  },
  tQuantile: () => {
    const p = pick([0.9, 0.95, 0.975, 0.995]), df = int(1, 60);
    return [[p, df], () => stat.tQuantile(p, df)];
  },
  betaInc: () => {
    const a = int(1, 60), b = int(1, 60), x = random() * 0.98 + 0.01;
    return [[a, b, x], () => stat.betaInc(a, b, x)];
  },
  binomialCdf: () => {
    const n = int(1, 400), k = int(0, n), p = random() * 0.98 + 0.01;
    return [[k, n, p], () => stat.binomialCdf(k, n, p)];
  },
  se: () => ofUnits(u => stat.estimate(u).se, false, () => []),
  intervalMean: () => ofUnits((u, c, b) => ends(stat.meanInterval(u, c, b)),
    false, () => [pick([0.9, 0.95]), int(0, 1)]),
  intervalRate: () => ofUnits((u, c) => ends(stat.rateInterval(u, c)), true,
    () => [pick([0.9, 0.95])]),
  pMean: () => ofUnits(stat.meanP, false, () => [random(), int(0, 1)]),
  pRate: () => ofUnits(stat.rateP, true, () => [random() * 0.98 + 0.01]),
  mcnemar: () => {
    const a = int(0, 60), b = int(0, 60);
    return [[a, b], () => stat.mcnemar(a, b)];
  },
  flip: () => {
    const d = times(int(1, 12), () => pick([0, 1, -1, random() - 0.4]));
    return [[d, d.map(() => 1), 1], () => stat.flip(d)];
  },
  holm: () => {
    const p = times(int(1, 12), () => pick([random(), random() / 50, 0.01]));
    return [[p], () => stat.holm(p)];
  },
  passAtK: () => {
    const n = int(1, 40), c = int(0, n), k = int(1, n);
    return [[n, c, k], () => stat.passAtK(n, c, k)];
  },
  passHatK: () => {
    const n = int(1, 40), c = int(0, n), k = int(1, n);
    return [[n, c, k], () => stat.passHatK(n, c, k)];
  },
  sequence: () => {
    const list = scores(int(1, 80));
    return [[list, 0.05], () => stat.sequence(list, 0.05)];
  },
  bet: () => {
    const list = scores(int(1, 80)), m = random() * 0.98 + 0.01;
    return [[list, m], () => stat.bet(list, m)];
  },
};

const RUNS = 1000;
for (const [f, make] of Object.entries(calls))
  await test(`${f}: ${RUNS} random inputs`, () => {
    const cases = times(RUNS, make);
    ask(cases.map(([args]) => ({ f, args }))).forEach((actual, i) => near(
      actual, cases[i][1](), f === 'sum' ? 0 : 1e-7, JSON.stringify(cases[i][0])));
  });

await test('quantiles are right to 0.2 %, and exact below 512', () => {
  const cases = times(RUNS, () => [times(int(1, 300),
    () => Math.floor(2 ** (random() * 31))), pick([0.5, 0.95, 0.99, random()])]);
  ask(cases.map(args => ({ f: 'quantile', args }))).forEach((actual, i) => {
    const exact = stat.quantile(...cases[i]);
    assert.ok(Math.abs(actual - exact) <= (exact < 512 ? 0 : exact / 512),
      `${actual}, and not ${exact}`);
  });
});

// More flips than can be tried: sampled, and for large samples as if normal.
await test('sampled signs say what the normal distribution says', () => {
  const cases = times(50, () => times(400, () => random() - 0.5 + 0.04));
  const sampled = ask(cases.map(d => ({ f: 'flip', args: [d, d.map(() => 1), 1] })));
  const many = ask(cases.map(d => ({
    f: 'flipMany', args: [stat.sum(d), stat.sum(d.map(x => x * x))],
  })));
  sampled.forEach((p, i) => assert.ok(Math.abs(p - many[i]) < 0.02,
    `${p}, and not ${many[i]}`));
});

// Two bootstraps of other seeds differ by some hundredths of their width, one
// way as often as the other.
await test('the bootstrap gives the intervals of another one', () => {
  const cases = times(40, () => times(int(20, 40), () => {
    const n = int(1, 4);
    return { n, s: n * random() ** 3 };
  }));
  const off = ask(cases.map((u, i) => ({
    f: 'bootstrap', args: [u.map(x => x.s), u.map(x => x.n), 0.95, i + 1],
  }))).map(([low, high], i) => {
    const [l, h] = stat.bootstrap(cases[i], 0.95, random, 4000);
    return [(low - l) / (h - l), (high - h) / (h - l)];
  });
  for (const side of [0, 1]) {
    const mean = off.reduce((a, x) => a + x[side], 0) / off.length;
    assert.ok(Math.abs(mean) < 0.02, `${mean}`);
    assert.ok(off.every(x => Math.abs(x[side]) < 0.12), `${off}`);
  }
});

// --- summaries

function makeRows(n, repeat, clusters, bias) {
  return times(n, index => times(repeat, k => {
    const failed = random() < 0.05, own = random() * 0.5 + bias;
    const passed = random() < own, graded = int(0, 8) / 8 * own;
    const evals = [{ name: 'exact', score: Number(passed), passed },
      { name: 'graded', score: graded, passed: graded > 0.4 }];
    if (random() < 0.1)
      evals.pop();
    return {
      index, repeat: k, hash: String(index).padStart(32, '0'), failed,
      ms: int(1, 4000), inputTokens: int(1, 1000), outputTokens: 5,
      costUsd: random() / 100, evals: failed ? undefined : evals,
      ...clusters && index % 4 && { cluster: `c${index % clusters}` },
    };
  })).flat();
}

function question(i) {
  const repeat = pick([1, 1, 2, 4]), clusters = pick([0, 0, 6]);
  const n = int(5, clusters ? 30 : 12), bias = random() * 0.5;
  return {
    f: 'summary',
    conf: {
      confidence: pick([0.9, 0.95]), repeat,
      gates: [{ threshold: pick([0.5, 0.75]) },
        { eval: 'exact', threshold: 0.6, rate: true }],
    },
    rows: makeRows(n, repeat, clusters, bias),
    baseline: i % 2 ? makeRows(n + int(-2, 2), repeat, 0, random() * 0.5)
      : undefined,
  };
}

const questions = times(RUNS, question)
  .filter(q => ['exact', 'graded'].every(name =>
    q.rows.some(r => r.evals?.some(e => e.name === name))));
const answers = ask(questions);

await test(`summaries of ${questions.length} random experiments`, () => {
  assert.ok(questions.length > RUNS * 0.9);
  answers.forEach((actual, i) => {
    const q = questions[i];
    if (q.baseline && new Set(q.rows.map(r => r.cluster ?? r.hash)).size > 11)
      return near(actual, stat.summary({ ...q, baseline: undefined }), 1e-5, i);
    near(actual, stat.summary(q), 1e-5, i);
  });
});

await test('the order of rows and their shards change nothing', () => {
  const shuffled = list => list?.map(x => [random(), x])
    .sort((a, b) => a[0] - b[0]).map(x => x[1]);
  const other = ask(questions.map(q => ({
    ...q, rows: shuffled(q.rows), baseline: shuffled(q.baseline),
  })));
  other.forEach((x, i) =>
    assert.equal(JSON.stringify(x), JSON.stringify(answers[i])));
});

await test('those that changed most come first', () => {
  let seen = 0;
  for (const c of answers.flatMap(a => a.comparison?.evals ?? [])) {
    for (const [list, sign] of [[c.worst, -1], [c.best, 1]]) {
      const sizes = list.map(x => sign * (x.after - x.before));
      assert.ok(list.length <= 10 && sizes.every(s => s > 0));
      assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
      seen += list.length;
    }
  }
  assert.ok(seen > 1000);
});

await test('a threshold inside the interval is warned of', () => {
  let inside = 0, outside = 0;
  for (const g of answers.flatMap(a => a.gates)) {
    const is = g.low <= g.threshold && g.threshold <= g.high;
    assert.equal(/lies inside/.test(g.warning ?? ''), is, JSON.stringify(g));
    if (is) inside++; else outside++;
  }
  assert.ok(inside > 100 && outside > 100);
});

// --- coverage

await test('Wilson covers what the binomial sum says it does', () => {
  const rates = simulate('rate'), z = stat.normalQuantile(0.975);
  assert.equal(rates.length, 30);
  for (const r of rates) {
    const exact = stat.binomialPmf(r.n, r.p).reduce((a, x, k) => {
      const [low, high] = stat.wilson(k / r.n, r.n, z);
      return a + (low <= r.p && r.p <= high ? x : 0);
    }, 0);
    const off = Math.sqrt(exact * (1 - exact) / r.runs);
    assert.ok(Math.abs(r.covered - exact) < 4 * off,
      `${JSON.stringify(r)}, and not ${exact}`);
    if (r.n >= 1000 && r.p <= 0.95)
      assert.ok(Math.abs(r.covered - 0.95) <= 0.01, JSON.stringify(r));
  }
});

await test('five repeats of a row are one row, and not five', () => {
  const all = simulate('repeats');
  for (const r of all) {
    const least = r.rows >= 200 ? 0.94 : 0.9;
    assert.ok(r.covered >= least && r.covered <= 0.98, JSON.stringify(r));
    if (r.rows >= 1000)
      assert.ok(Math.abs(r.covered - 0.95) <= 0.01, JSON.stringify(r));
    if (r.alike === 0.5)
      assert.ok(r.asIfIndependent > 0.68 && r.asIfIndependent < 0.8,
        JSON.stringify(r));
  }
});

await test('t and bootstrap cover the means of graded scores', () => {
  for (const r of simulate('means'))
    for (const covered of [r.t, r.bootstrap])
      assert.ok(covered > (r.rows < 100 ? 0.84 : 0.92) && covered < 0.98,
        JSON.stringify(r));
});

await test('who looks after every row decides wrongly at most 5 %', () => {
  const all = simulate('sequence');
  const level = all.filter(r => r.p === r.threshold);
  assert.ok(level.length >= 5 && all.length > level.length);
  for (const r of level) {
    assert.ok(r.bet <= 0.05 && r.interval <= 0.05, JSON.stringify(r));
    assert.ok(r.wilson > 0.3, JSON.stringify(r));
  }
  for (const r of all.filter(x => x.p !== x.threshold)) {
    assert.ok(r.bet > 0.99 && r.medianRows < 500, JSON.stringify(r));
    assert.equal(r.below, Number(r.p < r.threshold), JSON.stringify(r));
  }
});

await finish();
