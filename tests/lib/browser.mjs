// Debian's Chromium, headless, for scripts that tests/browser starts.
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './proc.mjs';

const require = createRequire(path.join(root, 'build-browser/package.json'));

export async function browser() {
  const { chromium } = require('playwright-core');
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

// A page in a context of OPTIONS that notes all it asks for and complains of.
export async function pageOf(chromium, options) {
  const context = await chromium.newContext(options);
  const page = await context.newPage();
  const requests = [];
  const complaints = [];
  page.on('request', r => requests.push(r.url()));
  page.on('console', m => {
    if (['error', 'warning'].includes(m.type()))
      complaints.push(m.text());
  });
  page.on('pageerror', e => complaints.push(String(e)));
  return { page, requests, complaints, close: () => context.close() };
}

// How much wider the page is than its window, pixels.
export const overflow = page => page.evaluate(() =>
  document.documentElement.scrollWidth - window.innerWidth);

// The least contrast of text with what is behind it, by WCAG 2's formula.
export const contrast = page => page.evaluate(() => {
  const rgb = text => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map(c => c / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const c = rgb(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] === 1)
        return c;
    }
    const probe = document.createElement('div');
    probe.style.background = 'Canvas';
    document.body.append(probe);
    const c = rgb(getComputedStyle(probe).backgroundColor);
    probe.remove();
    return c;
  };
  let least = 21;
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(n =>
      n.nodeType === 3 && n.data.trim());
    if (!own || element.closest('meter'))
      continue;
    const [a, b] = [rgb(getComputedStyle(element).color), behind(element)]
      .map(light).sort((x, y) => y - x);
    least = Math.min(least, (a + 0.05) / (b + 0.05));
  }
  return least;
});
