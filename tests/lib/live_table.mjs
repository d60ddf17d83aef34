// The table of providers in README.md: its rows are the vendors that the
// program knows, its cells what was seen when they were asked (tests/live).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { cleanEnv, program, root } from './proc.mjs';

export const ABILITIES =
  ['text', 'stream', 'object', 'object stream', 'tools', 'usage'];
export const README = path.join(root, 'README.md');
export const RESULTS = path.join(root, 'tests/data/live.json');
const BEGIN = '<!-- tests/live --table -->\n', END = '<!-- end -->\n';

// {name, title, driver, base_url, variable}, without those of this program.
export function vendorRows() {
  const { stdout, status } = spawnSync(program(), ['providers'],
    { env: cleanEnv(), encoding: 'utf8' });
  if (status !== 0)
    throw new Error('agentmark-fcgi providers fails');
  return stdout.split('\n\n')[0].split('\n').slice(2)
    .map(line => line.split('|').slice(1).map(cell => cell.trim()))
    .map(([name, title, driver, base_url, variable]) =>
      ({ name, title, driver, base_url, variable }))
    .filter(row => row.base_url);
}

export const readResults = file => JSON.parse(fs.readFileSync(file, 'utf8'));

// RESULTS are {date, providers: {NAME: {date, model, ABILITY: yes or no}}}.
export function tableOf(rows, { date, providers }) {
  const line = cells => `| ${cells.join(' | ')} |\n`;
  return `State of ${date}:\n\n` +
    line(['provider', 'driver', ...ABILITIES, 'live run']) +
    `|${'---|'.repeat(ABILITIES.length + 3)}\n` +
    rows.map(({ name, title, driver }) => {
      const seen = providers[name];
      return line([`${title} (\`${name}\`)`, driver,
        ...ABILITIES.map(ability => seen?.[ability] ?? ''),
        seen ? `${seen.date}, ${seen.model}` : 'scripted only']);
    }).join('');
}

function between(text) {
  const from = text.indexOf(BEGIN) + BEGIN.length;
  const to = text.indexOf(END, from);
  if (from < BEGIN.length || to < 0)
    throw new Error(`there is no ${BEGIN.trim()} … ${END.trim()}`);
  return [from, to];
}

export const tableIn = text => text.slice(...between(text));

export function writeTable(file, table) {
  const text = fs.readFileSync(file, 'utf8');
  const [from, to] = between(text);
  fs.writeFileSync(file, text.slice(0, from) + table + text.slice(to));
}
