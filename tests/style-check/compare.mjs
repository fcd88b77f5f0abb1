// Holds `rasterzen style check` against the official validator: over the broken styles in fixtures/styles/broken, and
// over styles that chance has broken, the same for the same seed.
//
//   npm ci && npm run compare                                   some hundred styles
//   npm run compare -- --mutations 20000 --seed 7 --show 5      as many as you like
//   npm run compare -- --program ../../target/release/rasterzen
//
// What is compared is the set of pairs of a path and a kind of problem; of expressions only the property, not where in
// it or why. DELIBERATE has what ours finds there and the official validator does not, with the reason.
// Where the official validator names a member of `light`, `sky`, `projection`, `terrain` or a raster-dem source by its
// bare name, so is ours here; and `sources.NAME.PROPERTY` is our `sources.NAME.clusterProperties.PROPERTY`. Where it
// throws (null among layers or sources), or takes apart as pairs whatever `clusterProperties` holds, ours must have
// found an error.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { latest, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';

const ROOT = path.resolve(import.meta.dirname, '../..');
const { values: settings } = parseArgs({
  options: {
    program: { type: 'string', default: path.join(ROOT, 'target/debug/rasterzen') },
    mutations: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    show: { type: 'string', default: '20' },
  },
});

// What the official messages are about; what none of these fits is an expression's.
const KINDS = [
  [/^color expected, "/, 'color'],
  [/^(array|boolean|number|string|object|color|projection|string or array|string, number, or boolean) expected, /, 'type'],
  [/^expected one of /, 'enum'],
  [/is less than the minimum value/, 'minimum'],
  [/is greater than the maximum value/, 'maximum'],
  [/^array length |^padding requires |^variableAnchorOffsetCollection requires /, 'length'],
  [/^unknown property |redundantly specifies|is only valid when "encoding"|^Please use runtime APIs/, 'unknown'],
  [/^missing required property |^either "type" or "ref" is required|^"type" is required/, 'missing'],
  [/^duplicate layer id/, 'duplicate-id'],
  [/prohibited for ref layers|^ref layer |^ref cannot reference/, 'ref'],
  [/^source ".*" not found|requires a (raster|vector|raster-dem) source|must specify a "source-layer"/, 'source'],
  [/^raster-dem source can only|specifies a line-gradient/, 'source'],
  [/^filter array |cannot be use with operator/, 'filter'],
  [/^Mixing deprecated filter syntax/, 'mixed-filter'],
  [/functions? not supported|does not support identity functions|"property" property is required/, 'function'],
  [/^identity function may not|^array must have at least one stop|^object stop key must have/, 'function'],
  [/^stop (zoom|domain) value|stop domain type must match|^integer expected|not allowed in function stops/, 'function'],
  [/does not support interpolation syntax/, 'token'],
  [/^"glyphs" url must include/, 'glyphs'],
  [/^all the sprites'/, 'sprite'],
  [/unicode range/, 'unicode-range'],
  [/^constants have been deprecated/, 'deprecated'],
];
const OURS_ALONE = new Set(['document', 'refused', 'not-drawn', 'source-layer']);

// Found in expressions by ours alone, on purpose.
const DELIBERATE = [
  // The official validator does not say which type a filter has; the official `featureFilter`, which draws, does, and
  // throws at these.
  /^layers\[\d+\]\.filter: Expected boolean but found /,
];

const bare = (place) => place.replace(/(\[\d+\])+$/, '');

// Two sets of pairs: what is compared strictly, and expressions by property.
function sets(problems) {
  const strict = new Set();
  const expressions = new Map();
  for (const { place, kind, message } of problems) {
    if (kind === 'expression') expressions.set(bare(place), `${place}: ${message}`);
    else strict.add(`${place} ${kind}`);
  }
  return { strict, expressions };
}

function official(style) {
  if (isUnpaired(style)) return { threw: 'cluster properties that are no pairs' };
  let errors;
  try {
    errors = validateStyleMin(structuredClone(style));
  } catch (error) {
    return { threw: error.message };
  }
  return sets(errors.map(({ message }) => {
    const found = /^([^ ]*?): /s.exec(message);
    const place = found ? found[1] : '';
    const rest = found ? message.slice(found[0].length) : message;
    const kind = KINDS.find(([pattern]) => pattern.test(rest))?.[1] ?? 'expression';
    return { place, kind, message: rest };
  }));
}

function ours(report, style) {
  const dems = Object.entries(style?.sources ?? {}).filter(([, s]) => s?.type === 'raster-dem').map(([name]) => name);
  const prefixes = ['light', 'sky', 'projection', 'terrain', ...dems.map((name) => `sources.${name}`)];
  const problems = report.problems.filter(({ kind }) => !OURS_ALONE.has(kind)).map(({ path: place, kind, message }) => {
    const prefix = prefixes.find((prefix) => place.startsWith(`${prefix}.`));
    return { place: prefix ? place.slice(prefix.length + 1) : place, kind, message };
  });
  for (const problem of problems) problem.place = problem.place.replace('.clusterProperties.', '.');
  return { ...sets(problems), errors: report.errors };
}

// Whether a source has cluster properties that are no object of pairs.
function isUnpaired(style) {
  const sources = style?.sources && typeof style.sources === 'object' ? Object.values(style.sources) : [];
  return sources.some((source) => {
    if (source?.type !== 'geojson' || !source.cluster) return false;
    const properties = source.clusterProperties ?? {};
    const isObject = typeof properties === 'object' && !Array.isArray(properties);
    return !isObject || Object.values(properties).some((pair) => !Array.isArray(pair) || pair.length !== 2);
  });
}

// A small generator of numbers (mulberry32), so that a seed names its styles.
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

// A style with every type of source and layer, and every property at a value that is right.
function everything() {
  const right = (member) => {
    if (member.type === 'resolvedImage' || member.type === 'formatted') return 'text';
    if (member.default !== undefined) return member.default;
    if (member.type === 'enum') return Object.keys(member.values)[0];
    if (member.type === 'array') return member.value === 'enum' ? [Object.keys(member.values)[0]] : [1, 2];
    if (member.type === 'variableAnchorOffsetCollection') return ['top', [0, 1]];
    if (member['property-type'] === 'color-ramp') return ['interpolate', ['linear'], [member.expression.parameters[0]], 0, 'red', 1, 'blue'];
    return member.type === 'color' ? 'rgb(10, 20, 30)' : 1;
  };
  const sources = {
    vector: { type: 'vector', url: 'https://example.org/v.json', promoteId: { roads: 'id' } },
    raster: { type: 'raster', tiles: ['https://example.org/{z}/{x}/{y}.png'], tileSize: 256 },
    dem: { type: 'raster-dem', url: 'https://example.org/d.json', encoding: 'terrarium' },
    geojson: { type: 'geojson', data: 'https://example.org/g.json', lineMetrics: true, cluster: true, clusterProperties: { sum: ['+', ['get', 'n']] } },
    video: { type: 'video', urls: ['https://example.org/v.mp4'], coordinates: [[0, 1], [1, 1], [1, 0], [0, 0]] },
    image: { type: 'image', url: 'https://example.org/i.png', coordinates: [[0, 1], [1, 1], [1, 0], [0, 0]] },
  };
  const of = { raster: 'raster', hillshade: 'dem', 'color-relief': 'dem', line: 'geojson', heatmap: 'geojson' };
  const layers = Object.keys(latest.layer.type.values).map((type) => {
    const properties = (part) => Object.fromEntries(Object.entries(latest[`${part}_${type}`] ?? {})
      .filter(([name]) => name !== 'raster-resampling').map(([name, member]) => [name, right(member)]));
    const layer = { id: `all-${type}`, type, minzoom: 2, maxzoom: 20, layout: properties('layout'), paint: properties('paint') };
    if (type === 'background') return layer;
    const source = of[type] ?? 'vector';
    return { ...layer, source, ...(source === 'vector' ? { 'source-layer': 'roads' } : {}), ...(source === 'geojson' ? { filter: ['==', ['get', 'a'], 1] } : {}) };
  });
  layers.push(
    { id: 'copy', ref: 'all-fill', paint: { 'fill-color': 'red' } },
    {
      id: 'functions', type: 'circle', source: 'vector', 'source-layer': 'pois',
      filter: ['all', ['==', '$type', 'Point'], ['in', 'kind', 'a', 'b'], ['!has', 'c'], ['any', ['>', 'n', 5], ['none', ['has', 'd']]]],
      paint: {
        'circle-radius': { base: 1.5, stops: [[0, 1], [5, 2], [9, 4]] },
        'circle-color': { type: 'categorical', property: 'kind', stops: [['a', 'red'], ['b', '#0f0']], default: 'blue' },
        'circle-opacity': { property: 'n', type: 'interval', stops: [[{ zoom: 0, value: 0 }, 0.5], [{ zoom: 9, value: 0 }, 1]] },
        'circle-blur': { type: 'identity', property: 'blur' },
        'circle-color-transition': { duration: 100, delay: 0 },
      },
    },
    {
      id: 'expressions', type: 'line', source: 'vector', 'source-layer': 'roads',
      filter: ['all', ['==', ['geometry-type'], 'LineString'], ['match', ['get', 'kind'], ['a', 'b'], true, false]],
      layout: { 'line-sort-key': ['get', 'sort_rank'], visibility: 'visible' },
      paint: {
        'line-color': ['case', ['has', 'colour'], ['to-color', ['get', 'colour']], '#123456'],
        'line-width': ['interpolate', ['exponential', 1.4], ['zoom'], 5, 1, 15, ['match', ['get', 'kind'], 'a', 4, 2]],
        'line-dasharray': [2, 1],
      },
    },
  );
  return {
    version: 8, name: 'everything', metadata: { a: 1 }, center: [0, 0], zoom: 3, bearing: 0, pitch: 0,
    light: { anchor: 'map', color: 'white', intensity: 0.4, position: [1, 2, 3], 'color-transition': { duration: 5 } },
    sky: { 'sky-color': 'blue', 'fog-ground-blend': 0.5 },
    projection: { type: 'mercator' }, terrain: { source: 'dem', exaggeration: 1 }, state: { a: { default: 1 } },
    sprite: [{ id: 'one', url: 'https://example.org/1' }, { id: 'two', url: 'https://example.org/2' }],
    glyphs: 'https://example.org/{fontstack}/{range}.pbf',
    'font-faces': { A: 'https://example.org/a.ttf', B: [{ url: 'https://example.org/b.ttf', 'unicode-range': ['U+0-7F', 'U+4??'] }] },
    transition: { duration: 300, delay: 0 }, sources, layers,
  };
}

const VALUES = [
  null, true, false, 0, 1, -1, 0.5, 25, 1e9, '', 'blue', 'bleu', '#12345', 'visible', 'all-fill', 'vector', 'raster', '{name}', [], {}, [1], [1, 2], [-1, 2, 3],
  ['a', 'b'], ['get', 'kind'], ['zoom'], ['foo', 1], ['literal', [1, 2]], ['==', 'kind', 'a'], ['in', '$type', 'Line'], ['!in', 5, []],
  ['all', ['==', ['get', 'a'], 1], ['==', 'b', 2]], ['none', ['>', '$type', 'Point'], ['has']], { a: 1 }, { stops: [] },
  { stops: [[0, 1], [5, 2]] }, { stops: [[5, 1], [0, 2]] }, { stops: [[0, 'red'], [5, 'bleu']] }, { property: 'n', stops: [['a', 1]] },
  { type: 'categorical', property: 'n', stops: [['a', 1], ['a', 2], [1, 3]] }, { type: 'identity', stops: [[0, 1]] }, { type: 'exponential', property: 'n', stops: [[0, 1, 2], 5] },
  { type: 'categorical', stops: [[0.5, 'red']] }, { stops: [[{ zoom: 1, value: 2 }, 1], [{ zoom: 0, value: 1 }, ['get', 'x']], [{ value: 1 }, 2]] },
  { stops: [[0, { stops: [[1, 2]] }]], default: 'x', base: -1, colour: 1 }, 'U+GG', 'U+5-1',
];
const NAMES = ['type', 'ref', 'source', 'filter', 'paint.night', 'layers', 'foo', 'fill-color', 'line-width', 'line-width-transition', 'visibility', 'text-font', 'promoteId', 'constants', 'sprite', 'redFactor', 'stops', 'minzoom', 'text-variable-anchor-offset', 'icon-padding', 'line-gradient', 'resampling', 'raster-resampling'];

// Breaks a style in place.
function mutate(style, next) {
  const places = [];
  const walk = (json) => {
    for (const key of Object.keys(json)) {
      places.push([json, key]);
      if (json[key] !== null && typeof json[key] === 'object') walk(json[key]);
    }
  };
  walk(style);
  if (places.length === 0) return;
  const [parent, key] = places[next(places.length)];
  const value = structuredClone(VALUES[next(VALUES.length)]);
  switch (next(7)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1); else delete parent[key];
      break;
    case 1:
      if (Array.isArray(parent)) parent.push(structuredClone(parent[key]));
      else { parent[NAMES[next(NAMES.length)]] = parent[key]; delete parent[key]; }
      break;
    case 2:
      if (Array.isArray(parent)) parent.splice(Number(key), 0, value); else parent[NAMES[next(NAMES.length)]] = value;
      break;
    case 3: {
      const [, other] = places[next(places.length)];
      const [from] = places.find(([, name]) => name === other);
      parent[key] = structuredClone(from[other]);
      break;
    }
    default:
      parent[key] = value;
  }
}

const styles = [];
const broken = path.join(ROOT, 'fixtures/styles/broken');
for (const name of fs.readdirSync(broken).filter((name) => name.endsWith('.json')).sort()) {
  styles.push({ name, style: JSON.parse(fs.readFileSync(path.join(broken, name))) });
}
const hands = styles.length;
const bases = [JSON.parse(fs.readFileSync(path.join(ROOT, 'styles/light.json'))), everything(), everything()];
const next = random(Number(settings.seed));
for (let i = 0; i < Number(settings.mutations); i += 1) {
  const style = structuredClone(bases[i % bases.length]);
  for (let n = 1 + next(3); n > 0; n -= 1) mutate(style, next);
  styles.push({ name: `mutation ${i}`, style });
}
styles.push({ name: 'everything', style: everything() });

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'style-check-'));
const reports = [];
const BATCH = 500;
for (let from = 0; from < styles.length; from += BATCH) {
  const files = styles.slice(from, from + BATCH).map(({ style }, i) => {
    const file = path.join(directory, `${from + i}.json`);
    fs.writeFileSync(file, JSON.stringify(style));
    return file;
  });
  let output;
  try {
    output = execFileSync(settings.program, ['style', 'check', '--json', ...files], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    if (error.status !== 1) throw error;
    output = error.stdout;
  }
  reports.push(...output.toString().trimEnd().split('\n').map((line) => JSON.parse(line)));
}

// What `style convert` writes is a style without any error.
const options = path.join(ROOT, 'fixtures/styles/options');
const converted = fs.readdirSync(options).filter((name) => name.endsWith('.json')).flatMap((name) => {
  const style = JSON.parse(execFileSync(settings.program, ['style', 'convert', path.join(options, name)]));
  return validateStyleMin(style).map(({ message }) => `${name}: ${message}`);
});

const minus = (a, b) => [...a].filter((item) => !b.has(item));
const told = { pairs: 0, threw: 0, wrong: converted, expressions: { both: 0, missed: [], extra: [], deliberate: 0 } };
styles.forEach(({ name, style }, i) => {
  const theirs = official(style);
  const found = ours(reports[i], style);
  const file = path.join(directory, `${i}.json`);
  if (theirs.threw !== undefined) {
    told.threw += 1;
    if (found.errors === 0) told.wrong.push(`${name} (${file}): ours finds nothing (${theirs.threw})`);
    return;
  }
  told.pairs += theirs.strict.size;
  for (const pair of minus(theirs.strict, found.strict)) told.wrong.push(`${name} (${file}): missed ${pair}`);
  for (const pair of minus(found.strict, theirs.strict)) told.wrong.push(`${name} (${file}): only ours ${pair}`);
  const [theirKeys, ourKeys] = [theirs, found].map(({ expressions }) => new Set(expressions.keys()));
  const isDeliberate = (place) => DELIBERATE.some((pattern) => pattern.test(found.expressions.get(place)));
  const [missed, more] = [minus(theirKeys, ourKeys), minus(ourKeys, theirKeys)];
  const extra = more.filter((place) => !isDeliberate(place));
  told.expressions.both += theirKeys.size - missed.length;
  told.expressions.deliberate += more.length - extra.length;
  told.expressions.missed.push(...missed.map((place) => `${name} (${file}): missed ${place}`));
  told.expressions.extra.push(...extra.map((place) => `${name} (${file}): only ours ${found.expressions.get(place)}`));
});

const { both, missed, extra, deliberate } = told.expressions;
const show = Number(settings.show);
console.log(`${hands} styles broken by hand, ${styles.length - hands} by chance (seed ${settings.seed}), ${told.threw} of them too broken for the official validator`);
console.log(`${told.pairs} pairs of path and kind, ${told.wrong.length} disagreements`);
console.log(`expressions: ${both} properties found by both, ${missed.length} by the official validator alone, ${extra.length} by ours alone, ${deliberate} more on purpose`);
const lines = [...told.wrong, ...extra, ...missed];
for (const line of lines.slice(0, show)) console.log(`  ${line}`);
if (lines.length > 0) process.exitCode = 1;
else fs.rmSync(directory, { recursive: true });
