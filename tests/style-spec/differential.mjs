// Random cases by rasterzen and by the official package: they must agree to 6 significant digits.
//
//   node differential.mjs [--cases N] [--seed N] [--rasterzen PATH] [--show N]
//
// Exits with 1 if any differ, and prints the first of them.

import {spawnSync} from 'node:child_process';
import {parseArgs} from 'node:util';
import {compare} from './compare.mjs';
import {generator} from './generate.mjs';
import {evaluate} from './official.mjs';

const {values} = parseArgs({
    options: {
        cases: {type: 'string', default: '20000'},
        seed: {type: 'string', default: '1'},
        rasterzen: {type: 'string', default: new URL('../../target/debug/rasterzen', import.meta.url).pathname},
        show: {type: 'string', default: '10'},
    },
});
const make = generator(Number(values.seed));
const counts = {value: 0, 'runtime error': 0, 'compile error': 0, differ: 0};
let left = Number(values.cases);
let shown = 0;
while (left > 0) {
    const cases = Array.from({length: Math.min(left, 20_000)}, make);
    left -= cases.length;
    const input = cases.map((testCase) => JSON.stringify(testCase)).join('\n') + '\n';
    const run = spawnSync(values.rasterzen, ['style', 'eval'], {input, maxBuffer: 2 ** 31, encoding: 'utf8'});
    if (run.status !== 0) throw new Error(`rasterzen ended with ${run.status ?? run.signal}: ${run.stderr}`);
    const lines = run.stdout.trimEnd().split('\n');
    if (lines.length !== cases.length) throw new Error(`${cases.length} lines in, ${lines.length} out`);
    cases.forEach((testCase, i) => {
        const wanted = evaluate(testCase);
        const found = JSON.parse(lines[i]);
        counts['value' in wanted ? 'value' : 'key' in wanted ? 'compile error' : 'runtime error'] += 1;
        const difference = compare(wanted, found);
        if (!difference) return;
        counts.differ += 1;
        if (shown++ < Number(values.show)) {
            console.log(`${difference}\n  ${JSON.stringify(testCase)}\n  official:  ${JSON.stringify(wanted)}\n  rasterzen: ${lines[i]}\n`);
        }
    });
}
console.log(`${values.cases} cases with seed ${values.seed}: ${JSON.stringify(counts)}`);
process.exitCode = counts.differ ? 1 : 0;
