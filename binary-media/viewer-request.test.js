// node --test binary-media/

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const source = fs.readFileSync(path.join(__dirname, 'viewer-request.js'), 'utf8');
const handler = new Function(source + '; return handler;')();
const table = JSON.parse(fs.readFileSync(path.join(__dirname, '../fixtures/accept.json'), 'utf8'));

// A header as CloudFront gives it: the first line as `value`, all of them as `multiValue` where there are several.
function field(lines) {
    const values = lines.map(line => ({ value: line }));
    return values.length > 1 ? { value: lines[0], multiValue: values } : values[0];
}

function event(lines) {
    const headers = { host: { value: 'd111111abcdef8.cloudfront.net' } };
    if (lines.length > 0) {
        headers.accept = field(lines);
    }
    const request = { method: 'GET', uri: '/svg/13/1315/3171.json', querystring: {}, headers: headers, cookies: {} };
    const context = { eventType: 'viewer-request' };
    return { version: '1.0', context: context, viewer: { ip: '198.51.100.11' }, request: request };
}

// All of a request but Accept.
function rest(request) {
    const { accept, ...headers } = request.headers;
    return { ...request, headers };
}

const rows = table.clients.concat(table.edge_cases);

for (const row of rows) {
    test(row.who, () => {
        const sent = event(row.accept).request;
        const request = handler(event(row.accept));
        const value = { png: 'image/png', svg: '*/*' }[row.svg];
        // What CloudFront sends of it: all of `multiValue` where that is there, else `value`.
        const accept = request.headers.accept;
        const lines = (accept.multiValue || [accept]).map(line => line.value);
        assert.deepStrictEqual(lines, [value], row.accept.join(' | '));
        assert.strictEqual(accept.value, value);
        assert.deepStrictEqual(rest(request), rest(sent));
    });
}

test('both values mean what they say', () => {
    for (const value of ['image/png', '*/*']) {
        assert.strictEqual(handler(event([value])).headers.accept.value, value);
    }
});
