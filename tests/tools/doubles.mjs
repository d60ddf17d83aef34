// Compares print_doubles with JavaScript's own String(x).
//
//     node doubles.mjs PROGRAM [COUNT [SEED]]
//
// Half of the doubles are random bit patterns; the others are decimals such as
// people write, powers of two and their neighbours, subnormals, and integers
// around 2^53. Exit status 1 when a line differs.
import { spawn } from "node:child_process";

const [program, countText = "1000000", seedText = "1"] = process.argv.slice(2);
if (!program) {
  console.error("usage: node doubles.mjs PROGRAM [COUNT [SEED]]");
  process.exit(2);
}
const count = Number(countText);
const BLOCK = 1 << 16;

let state = BigInt(seedText);
const words = new BigUint64Array(1);
const floats = new Float64Array(words.buffer);

// splitmix64
function random64() {
  state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
  let z = state;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

function fromBits(bits) {
  words[0] = bits;
  return floats[0];
}

function below(n) {
  return Number(random64() % BigInt(n));
}

function decimal() {
  const digits = 1 + below(17);
  const text = String(random64()).padStart(20, "1").slice(0, digits);
  return Number(`${below(2) ? "-" : ""}${text}e${below(60) - 40}`);
}

function nearPowerOfTwo() {
  const bits = BigInt(below(2047)) << 52n;
  return fromBits(bits + BigInt(below(5)) - (bits > 2n ? 2n : 0n));
}

function subnormal() {
  return fromBits(random64() >> BigInt(12 + below(52)));
}

function largeInteger() {
  return 2 ** (50 + below(24)) + below(1 << 20) - (1 << 19);
}

const kinds = [decimal, nearPowerOfTwo, subnormal, largeInteger];

function next(i) {
  return i % 2 ? fromBits(random64()) : kinds[(i >> 1) % kinds.length]();
}

const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
const expected = [];
let rest = "", checked = 0, wrong = 0;

function check(line) {
  const x = expected[checked % BLOCK];
  checked++;
  if (line === String(x)) return;
  wrong++;
  if (wrong <= 20) console.log(`expected ${String(x)}, got ${line}`);
}

let received; // resolves when a block has come back
child.stdout.setEncoding("latin1");
child.stdout.on("data", (part) => {
  const lines = (rest + part).split("\n");
  rest = lines.pop();
  lines.forEach(check);
  if (checked % BLOCK === 0 || checked === count) received();
});

for (let done = 0; done < count; done += BLOCK) {
  const n = Math.min(BLOCK, count - done);
  const block = new Float64Array(n);
  for (let i = 0; i < n; i++) expected[i] = block[i] = next(done + i);
  const back = new Promise((resolve) => (received = resolve));
  child.stdin.write(Buffer.from(block.buffer));
  await back;
}
child.stdin.end();
console.log(`${checked} doubles, ${wrong} wrong`);
process.exit(wrong || checked !== count ? 1 : 0);
