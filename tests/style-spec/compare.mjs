// Whether two answers of `style eval` agree: values to 6 significant digits, errors in where they are and what they say.

const isClose = (a, b) => a === b || Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b)) || Math.abs(a - b) < 1e-12;

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

function agree(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return isClose(a, b);
    if (typeof a === 'string' && typeof b === 'string') {
        if (a === b) return true;
        // Numbers within texts.
        const [of, other] = [a.match(NUMBER) ?? [], b.match(NUMBER) ?? []];
        return (
            a.replace(NUMBER, '#') === b.replace(NUMBER, '#') &&
            of.length === other.length &&
            of.every((number, i) => isClose(Number(number), Number(other[i])))
        );
    }
    if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
    // The characters of a number as text.
    const isText = (list) => Array.isArray(list) && list.every((item) => typeof item === 'string');
    if (isText(a) && isText(b) && a.length === b.length && agree(a.join(''), b.join(''))) return true;
    const keys = Object.keys(a);
    return (
        Array.isArray(a) === Array.isArray(b) &&
        keys.length === Object.keys(b).length &&
        keys.every((key) => key in b && agree(a[key], b[key]))
    );
}

/** What differs between the official answer and ours, or nothing. */
export function compare(wanted, found) {
    if (isOwn(wanted.error)) return undefined;
    if ('value' in wanted !== 'value' in found) return 'one has a value, the other none';
    // Half characters are no text in Unicode, and rasterzen has none.
    if ('value' in wanted && /\\ud[89a-f]/.test(JSON.stringify(wanted.value))) return undefined;
    if ('value' in wanted) {
        if (!agree(wanted.value, found.value)) return 'values differ';
        return wanted.type === found.type ? undefined : 'types differ';
    }
    if ('key' in wanted !== 'key' in found) return 'one compiles, the other does not';
    if ('key' in wanted && wanted.key !== found.key) return 'keys differ';
    // Of several errors in one text the first counts.
    const same = agree(wanted.error, found.error) || wanted.several?.startsWith(found.error);
    return same ? undefined : 'messages differ';
}

/** Errors of the JavaScript engine, which say nothing of the expression. */
const isOwn = (message) => /^(Cannot read|Cannot destructure|Cannot use 'in'|.* is not a function|.* is not iterable)/.test(message);
