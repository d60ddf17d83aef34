// Statistics once more, straight from their formulas and slowly: sums are
// rational, integrals are summed, signs are all tried.  What common/stat says is
// compared with this.

// --- distributions

// Phi(x) = 1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ...)
export function normalCdf(x) {
  let term = x, sum = x;
  for (let k = 1; Math.abs(term) > 1e-18; k++)
    sum += term *= x * x / (2 * k + 1);
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

function bisect(f, target, low, high) {
  for (let i = 0; i < 70; i++) {
    const x = (low + high) / 2;
    if (f(x) < target) low = x; else high = x;
  }
  return low;
}

export const normalQuantile = p => bisect(normalCdf, p, -7, 7);

// With t = sqrt(df) tan(angle) the density is a power of the cosine.
function cosines(df, angle) {
  const steps = 2000, h = angle / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++)
    sum += Math.cos(i * h) ** (df - 1) * (i % steps ? 2 + 2 * (i % 2) : 1);
  return sum * h / 3;
}

const halves = new Map();
export function tCdf(t, df) {
  if (df === Infinity)
    return normalCdf(t);
  if (!halves.has(df))
    halves.set(df, cosines(df, Math.PI / 2));
  const part = cosines(df, Math.atan(Math.abs(t) / Math.sqrt(df)));
  return 0.5 + Math.sign(t) * part / halves.get(df) / 2;
}

const quantiles = new Map();
export function tQuantile(p, df) {
  const key = `${p} ${df}`;
  if (!quantiles.has(key)) {
    const x = df === Infinity ? normalQuantile(p)
      : Math.tan(bisect(a => tCdf(Math.sqrt(df) * Math.tan(a), df), p,
          -Math.PI / 2, Math.PI / 2)) * Math.sqrt(df);
    quantiles.set(key, x);
  }
  return quantiles.get(key);
}

export function choose(n, k) {
  let c = 1n;
  for (let i = 0n; i < BigInt(k); i++)
    c = c * (BigInt(n) - i) / (i + 1n);
  return k > n ? 0n : c;
}

const ratio = (a, b) => Number(a * 10n ** 30n / b) / 1e30;

export function binomialPmf(n, p) {
  const out = [];
  for (let k = 0, log = n * Math.log1p(-p); k <= n; k++) {
    out.push(Math.exp(log));
    log += Math.log((n - k) / (k + 1) * p / (1 - p));
  }
  return out;
}

export function binomialCdf(k, n, p) {
  return binomialPmf(n, p).slice(0, k + 1).reduce((a, b) => a + b, 0);
}

// Of whole a and b: at least a of a + b - 1 trials.
export function betaInc(a, b, x) {
  return binomialPmf(a + b - 1, x).slice(a).reduce((s, y) => s + y, 0);
}

// --- sums: every double here is a whole number of 2^-300

const UNIT = 300;
function wholes(x) {
  let shift = 0;
  while (!Number.isInteger(x)) {
    x *= 2;
    shift++;
  }
  return BigInt(x) << BigInt(UNIT - shift);
}

export function sum(list) {
  const all = list.reduce((a, x) => a + wholes(x), 0n);
  return Number(all) / 2 ** UNIT;
}

// --- means and rates of units [{s, n}]

const add = (units, f) => units.reduce((a, u) => a + f(u), 0);

export function estimate(units) {
  const G = units.length, n = add(units, u => u.n), mean = add(units, u => u.s) / n;
  const scatter = add(units, u => (u.s - u.n * mean) ** 2);
  const flat = scatter <= 1e-13 * add(units, u => u.s * u.s);
  const se = G < 2 ? NaN : flat ? 0 : Math.sqrt(G / (G - 1) * scatter) / n;
  const alone = units.every(u => u.n === 1);
  let effective = n;
  if (!alone)
    effective = se > 0 && mean > 0 && mean < 1
      ? Math.min(n, mean * (1 - mean) / se ** 2) : G;
  return { G, n, mean, se, effective, df: alone ? Infinity : G - 1 };
}

const twoSided = confidence => 1 - (1 - confidence) / 2;

// The roots of (p - x)^2 = z^2 x (1 - x) / n.
export function wilson(p, n, z) {
  const a = 1 + z * z / n, b = -2 * p - z * z / n, c = p * p;
  const root = Math.sqrt(b * b - 4 * a * c);
  return [Math.max(0, (-b - root) / (2 * a)), Math.min(1, (-b + root) / (2 * a))];
}

export function rateInterval(units, confidence) {
  const e = estimate(units);
  if (!(e.df >= 1))
    return { method: undefined };
  const [low, high] =
    wilson(e.mean, e.effective, tQuantile(twoSided(confidence), e.df));
  return { low, high, method: 'wilson' };
}

export function meanInterval(units, confidence, unit) {
  const e = estimate(units);
  if (unit && !(e.se > 0))
    return rateInterval(units, confidence);
  if (!(e.se > 0))
    return { method: undefined };
  const half = e.se * tQuantile(twoSided(confidence), e.G - 1);
  return {
    low: unit ? Math.max(0, e.mean - half) : e.mean - half,
    high: unit ? Math.min(1, e.mean + half) : e.mean + half,
    method: 't',
  };
}

const tails = (t, df) => 2 * (1 - tCdf(Math.abs(t), df));

export function rateP(units, value) {
  const e = estimate(units);
  if (!(e.df >= 1) || e.mean === value)
    return 1;
  return tails((e.mean - value) / Math.sqrt(value * (1 - value) / e.effective), e.df);
}

export function meanP(units, value, unit) {
  const e = estimate(units);
  if (e.mean === value)
    return 1;
  if (e.se > 0)
    return tails((e.mean - value) / e.se, e.G - 1);
  return unit ? rateP(units, value) : 1;
}

// BCa, where RANDOM gives numbers from 0 to 1.
export function bootstrap(units, confidence, random, replicates) {
  const { mean } = estimate(units), G = units.length;
  const means = Array.from({ length: replicates }, () => estimate(
    units.map(() => units[Math.floor(random() * G)])).mean).sort((a, b) => a - b);
  const below = means.filter(m => m < mean).length +
    means.filter(m => m === mean).length / 2;
  const z0 = normalQuantile(below / replicates);
  const without = units.map((u, i) => estimate(units.filter((x, k) => k !== i)).mean);
  const middle = without.reduce((a, b) => a + b, 0) / G;
  const power = k => without.reduce((a, x) => a + (middle - x) ** k, 0);
  const a = power(3) / (6 * power(2) ** 1.5);
  return [1 - twoSided(confidence), twoSided(confidence)].map(p => {
    const z = z0 + normalQuantile(p);
    return means[Math.floor(normalCdf(z0 + z / (1 - a * z)) * replicates)];
  });
}

// --- pairs

export function mcnemar(gained, lost) {
  const n = gained + lost, k = Math.min(gained, lost);
  if (gained === lost)
    return 1;
  let ways = 0n;
  for (let i = 0; i <= k; i++)
    ways += 2n * choose(n, i);
  if (n > 25)
    ways -= choose(n, k);
  return Math.min(1, ratio(ways, 1n << BigInt(n)));
}

export function flip(differences) {
  const d = differences.filter(x => x !== 0), all = 2 ** d.length;
  const total = Math.abs(d.reduce((a, b) => a + b, 0));
  let large = 0;
  for (let i = 0; i < all; i++) {
    const turned = d.reduce((a, b, k) => a + (i >> k & 1 ? b : -b), 0);
    large += Math.abs(turned) >= total - 1e-9;
  }
  return large / all;
}

export function holm(p) {
  const order = p.map((x, i) => i).sort((a, b) => p[a] - p[b]);
  const out = [];
  order.forEach((i, rank) => {
    const upTo = order.slice(0, rank + 1);
    out[i] = Math.min(1, Math.max(
      ...upTo.map((k, r) => (p.length - r) * p[k])));
  });
  return out;
}

// --- tries: the part of all choices of k out of n

export const passHatK = (n, c, k) => ratio(choose(c, k), choose(n, k));
export const passAtK = (n, c, k) => 1 - ratio(choose(n - c, k), choose(n, k));

// --- quantiles: the value at rank ceil(p n)

export function quantile(list, p) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * list.length) - 1)];
}

// --- sequences (Waudby-Smith and Ramdas 2023)

// Mean and variance from the values before number t, with 1/2 and 1/4 as one
// value more; each value's own distance is from the mean with it.
function guesses(list) {
  const out = [];
  let total = 0.5, scatter = 0.25;
  for (let t = 0; t <= list.length; t++) {
    out.push({ mean: total / (t + 1), variance: scatter / (t + 1) });
    total += list[t];
    scatter += (list[t] - total / (t + 2)) ** 2;
  }
  return out;
}

export function sequence(list, alpha) {
  const before = guesses(list), psi = l => (-Math.log(1 - l) - l) / 4;
  let low = 0, high = 1;
  for (let n = 1; n <= list.length; n++) {
    let weights = 0, weighted = 0, variance = 0;
    for (let t = 1; t <= n; t++) {
      const g = before[t - 1];
      const l = Math.min(0.75, Math.sqrt(
        2 * Math.log(2 / alpha) / (g.variance * t * Math.log(1 + t))));
      weights += l;
      weighted += l * list[t - 1];
      variance += 4 * (list[t - 1] - g.mean) ** 2 * psi(l);
    }
    const half = (Math.log(2 / alpha) + variance) / weights;
    low = Math.max(low, weighted / weights - half);
    high = Math.min(high, weighted / weights + half);
  }
  return [low, high];
}

export function bet(list, m) {
  const before = guesses(list);
  let above = 1, below = 1;
  list.forEach((x, t) => {
    const { mean, variance } = before[t];
    const stake = (mean - m) / (variance + (mean - m) ** 2);
    above *= 1 + Math.min(Math.max(stake, 0), 0.75 / m) * (x - m);
    below *= 1 - Math.min(Math.max(-stake, 0), 0.75 / (1 - m)) * (x - m);
  });
  return [Math.log(above), Math.log(below)];
}

// --- whole summaries

function group(list, key) {
  const groups = new Map();
  for (const x of list)
    groups.set(key(x), [...(groups.get(key(x)) ?? []), x]);
  return [...groups.values()];
}

const unitOf = r => r.cluster ?? `row ${r.index}`;
const resultOf = (r, name) => (r.evals ?? []).find(e => e.name === name);

function unitsOf(rows, value, key = unitOf) {
  return group(rows, key).map(g => ({
    s: g.reduce((a, r) => a + value(r), 0), n: g.length,
  }));
}

const isUnit = list => list.every(x => x >= 0 && x <= 1);
const isPlain = list => list.every(x => x === 0 || x === 1);

function evalOf(rows, name, conf) {
  const scored = rows.filter(r => resultOf(r, name));
  const scores = scored.map(r => resultOf(r, name).score);
  const units = unitsOf(scored, r => resultOf(r, name).score);
  const passes = unitsOf(scored, r => Number(resultOf(r, name).passed));
  const interval = isPlain(scores) ? rateInterval(units, conf.confidence)
    : meanInterval(units, conf.confidence, isUnit(scores));
  const passed = scored.filter(r => resultOf(r, name).passed).length;
  const out = {
    name, n: scored.length, unscored: rows.length - scored.length,
    score: {
      n: scored.length, mean: sum(scores) / scored.length,
      standardError: estimate(units).se, ...interval,
      min: Math.min(...scores), max: Math.max(...scores),
    },
    passes: {
      n: scored.length, passed, rate: passed / scored.length,
      standardError: estimate(passes).se,
      ...rateInterval(passes, conf.confidence),
    },
  };
  if (units.length < scored.length)
    out.clusters = units.length;
  for (const [key, f] of [['passAtK', passAtK], ['passHatK', passHatK]]) {
    const list = [], tries = group(scored, r => r.index);
    for (let k = 1; k <= conf.repeat; k++) {
      const of = tries.filter(g => g.length >= k).map(g => f(g.length,
        g.filter(r => resultOf(r, name).passed).length, k));
      if (of.length)
        list.push(of.reduce((a, b) => a + b, 0) / of.length);
    }
    if (conf.repeat > 1)
      out[key] = list;
  }
  return out;
}

function gateOf(rows, gate, conf) {
  const value = r => {
    const e = resultOf(r, gate.eval);
    return !e ? 0 : gate.rate ? Number(e.passed) : e.score;
  };
  const scores = rows.flatMap(r => resultOf(r, gate.eval)?.score ?? []);
  const units = unitsOf(rows, value), mean = sum(rows.map(value)) / rows.length;
  const rate = gate.rate || isPlain(scores), unit = isUnit(scores);
  const interval = rate ? rateInterval(units, conf.confidence)
    : meanInterval(units, conf.confidence, unit);
  return {
    eval: gate.eval, of: gate.rate ? 'rate' : 'mean', threshold: gate.threshold,
    value: mean, low: interval.low, high: interval.high, n: rows.length,
    passed: mean >= gate.threshold - 1e-12,
    p: Math.abs(mean - gate.threshold) <= 1e-12 ? 1
      : rate ? rateP(units, gate.threshold) : meanP(units, gate.threshold, unit),
  };
}

function changeOf(pairs, name, conf) {
  const both = pairs.map(([before, after]) => ({
    hash: after.hash, cluster: after.cluster,
    before: resultOf(before, name), after: resultOf(after, name),
  })).filter(p => p.before && p.after);
  const key = p => p.cluster ?? `hash ${p.hash}`, n = both.length;
  const units = unitsOf(both, p => p.after.score - p.before.score, key);
  const passes = unitsOf(both, p => p.after.passed - p.before.passed, key);
  const gained = both.filter(p => p.after.passed && !p.before.passed).length;
  const lost = both.filter(p => p.before.passed && !p.after.passed).length;
  const alone = units.length === n;
  const scores = both.flatMap(p => [p.before.score, p.after.score]);
  const test = alone && isPlain(scores) ? 'mcnemar' : 'permutation';
  const interval = meanInterval(units, conf.confidence, false);
  const passesP = alone ? mcnemar(gained, lost) : flip(passes.map(u => u.s));
  const rate = side => both.filter(p => p[side].passed).length / n;
  return {
    name, n, test, low: interval.low, high: interval.high,
    before: sum(both.map(p => p.before.score)) / n,
    after: sum(both.map(p => p.after.score)) / n,
    difference: estimate(units).mean,
    p: test === 'mcnemar' ? passesP : flip(units.map(u => u.s)),
    passes: {
      n, before: rate('before'), after: rate('after'), gained, lost, p: passesP,
    },
  };
}

// The same members as a summary has, but for words and what is resampled.
export function summary({ conf, rows, baseline }) {
  const names = list => [...new Set(list.flatMap(
    r => (r.evals ?? []).map(e => e.name)))].sort();
  const gates = conf.gates.flatMap(g => g.eval ? [g]
    : names(rows).map(name => ({ ...g, eval: name })));
  const out = {
    type: 'summary', rows: rows.length,
    failed: rows.filter(r => r.failed).length,
    evals: names(rows).map(name => evalOf(rows, name, conf)),
    gates: gates.map(g => gateOf(rows, g, conf)),
    usage: {
      inputTokens: sum(rows.map(r => r.inputTokens)),
      costUsd: sum(rows.map(r => r.costUsd)),
    },
  };
  const adjusted = holm(out.gates.map(g => g.p));
  out.gates.forEach((g, i) => {
    g.pHolm = adjusted[i];
    g.certain = adjusted[i] < 1 - conf.confidence;
  });
  if (!baseline)
    return out;
  const there = new Map(baseline.map(r => [`${r.hash} ${r.repeat}`, r]));
  const pairs = rows.filter(r => there.has(`${r.hash} ${r.repeat}`))
    .map(r => [there.get(`${r.hash} ${r.repeat}`), r]);
  const evals = names(rows).map(name => changeOf(pairs, name, conf))
    .filter(c => c.n > 0);
  holm(evals.map(e => e.p)).forEach((p, i) => {
    evals[i].pHolm = p;
    evals[i].verdict = p >= 1 - conf.confidence || evals[i].difference === 0
      ? 'unclear' : evals[i].difference > 0 ? 'better' : 'worse';
  });
  out.comparison = {
    pairs: pairs.length, onlyHere: rows.length - pairs.length,
    onlyThere: baseline.length - pairs.length,
    failedHere: pairs.filter(p => p[1].failed).length,
    failedThere: pairs.filter(p => p[0].failed).length,
    regressed: evals.some(e => e.verdict === 'worse'), evals,
  };
  return out;
}
