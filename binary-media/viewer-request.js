// Reduces Accept to the two values that the svg routes tell apart, so that CloudFront keeps at most two copies of a
// tile: `image/png` where the header asks for PNG rather than SVG, else `*/*`. The rule is that of src/format.rs; both
// are tested with fixtures/accept.json.
//
// For CloudFront Functions, JavaScript runtime 2.0: one file, no modules, no `for … of`. The template has a copy.

// A weight in thousandths (RFC 9110, 12.4.2); what is not a weight is not a wish.
function thousandths(weight) {
    const match = /^([01]?)(?:\.([0-9]*))?$/.exec(weight);
    if (!match || (match[1] === '' && !match[2])) {
        return 0;
    }
    const q = Number(match[1]) * 1000 + Number(((match[2] || '') + '000').slice(0, 3));
    return q <= 1000 ? q : 0;
}

// A media range as its name, in lower case, and its weight.
function parse(text) {
    const parts = text.split(';').map(part => part.trim());
    const weight = parts.slice(1).find(part => part.startsWith('q=') || part.startsWith('Q='));
    return { name: parts[0].toLowerCase(), q: weight === undefined ? 1000 : thousandths(weight.slice(2)) };
}

// The weight that the most specific of the ranges gives to a type of images; the higher one of two alike.
function quality(ranges, type) {
    const names = ['*/*', 'image/*', type];
    let specificity = -1;
    let best = 0;
    ranges.forEach(range => {
        const rank = names.indexOf(range.name);
        if (rank > specificity || (rank === specificity && range.q > best)) {
            specificity = rank;
            best = rank < 0 ? 0 : range.q;
        }
    });
    return best;
}

function handler(event) {
    const request = event.request;
    const accept = request.headers.accept || { value: '' };
    // Several lines are one list.
    const lines = accept.multiValue ? accept.multiValue.map(line => line.value) : [accept.value];
    const ranges = lines.join(',').split(',').map(parse);
    const named = ranges.some(range => range.name === 'image/png');
    const value = named && quality(ranges, 'image/png') > quality(ranges, 'image/svg+xml') ? 'image/png' : '*/*';
    request.headers.accept = accept.multiValue ? { value: value, multiValue: [{ value: value }] } : { value: value };
    return request;
}
