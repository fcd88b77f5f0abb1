// The hand-written cases of operators.jsonl are what the official package gives too, and there is one for each operator
// of the specification. (That rasterzen gives the same is tested by `cargo test`.)

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';
import {compare} from './compare.mjs';
import {evaluate} from './official.mjs';

const reference = JSON.parse(
    readFileSync(new URL('node_modules/@maplibre/maplibre-gl-style-spec/dist/latest.json', import.meta.url), 'utf8')
);
const lines = readFileSync(new URL('operators.jsonl', import.meta.url), 'utf8').trimEnd().split('\n');
const cases = lines.map((line) => JSON.parse(line));

test('every operator has a case', () => {
    const written = new Set(cases.map(({operator}) => operator));
    const missing = Object.keys(reference.expression_name.values).filter((name) => !written.has(name));
    assert.deepEqual(missing, []);
});

for (const {operator, case: line, expected} of cases) {
    test(`${operator}: ${JSON.stringify(line.expression)}`, () => {
        const found = evaluate(line);
        assert.equal(compare(found, expected), undefined, JSON.stringify(found));
    });
}
