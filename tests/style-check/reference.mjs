// Writes src/style/check/reference.json: what the MapLibre Style Spec says of every member of a style, taken from the
// official package's reference (v8.json) without its prose, and the names of its operators.
//
//   npm ci && npm run reference               writes the file
//   npm ci && npm run reference -- --check    fails if the file is not what would be written

import fs from 'node:fs';
import { expressions, latest } from '@maplibre/maplibre-gl-style-spec';

const FILE = new URL('../../src/style/check/reference.json', import.meta.url);
const { dependencies } = JSON.parse(fs.readFileSync(new URL('package.json', import.meta.url)));
const version = dependencies['@maplibre/maplibre-gl-style-spec'];

// What of a member is kept; `doc`, `example` and `sdk-support` are prose.
const KEPT = [
  'type', 'required', 'values', 'value', 'length', 'minimum', 'maximum', 'default', 'units', 'requires', 'tokens',
  'transition', 'expression', 'property-type',
];

function member(spec) {
  const kept = {};
  for (const key of KEPT) {
    if (spec[key] === undefined) continue;
    const value = spec[key];
    // The documented names of an enumeration; only `version` has a plain list.
    if (key === 'values') kept[key] = Array.isArray(value) ? value : Object.keys(value);
    else if (key === 'value' && typeof value === 'object' && !Array.isArray(value)) kept[key] = member(value);
    else kept[key] = value;
  }
  return kept;
}

const groups = {};
for (const name of Object.keys(latest)) {
  const wanted = /^(layout|paint|source)_/.test(name) ||
    ['$root', 'sources', 'layer', 'light', 'sky', 'terrain', 'projection', 'transition', 'function'].includes(name);
  if (!wanted) continue;
  groups[name] = {};
  for (const key of Object.keys(latest[name])) groups[name][key] = member(latest[name][key]);
}
const lists = {
  operators: Object.keys(expressions),
  'filter-operators': Object.keys(latest.filter_operator.values),
  'geometry-types': Object.keys(latest.geometry_type.values),
};

// One member a line, so that the difference between two versions can be read.
const lines = [
  '{',
  '  "origin": "@maplibre/maplibre-gl-style-spec, whose licence is in reference-LICENSE.txt",',
  `  "version": ${JSON.stringify(version)},`,
];
for (const [name, list] of Object.entries(lists)) lines.push(`  ${JSON.stringify(name)}: ${JSON.stringify(list)},`);
lines.push('  "groups": {');
const names = Object.keys(groups);
names.forEach((name, i) => {
  lines.push(`    ${JSON.stringify(name)}: {`);
  const members = Object.entries(groups[name]);
  members.forEach(([key, spec], j) => {
    lines.push(`      ${JSON.stringify(key)}: ${JSON.stringify(spec)}${j + 1 < members.length ? ',' : ''}`);
  });
  lines.push(`    }${i + 1 < names.length ? ',' : ''}`);
});
lines.push('  }', '}', '');
const text = lines.join('\n');

if (!process.argv.includes('--check')) {
  fs.mkdirSync(new URL('.', FILE), { recursive: true });
  fs.writeFileSync(FILE, text);
} else if (fs.readFileSync(FILE, 'utf8') !== text) {
  console.error('src/style/check/reference.json is not what the package gives: run `npm run reference`');
  process.exit(1);
}
