// Random cases of `rasterzen style eval`: expressions, functions and filters, well typed and not, with what they are
// evaluated for. The same seed gives the same cases.

/** A random number generator (mulberry32, T. Ettinger, public domain): numbers from 0 to below 1. */
function random(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const texts = ['a', 'b', 'park', 'Straße', 'Ω', '🗺️', '', 'red', '5', ' 12.5 ', '0x1F', 'true', 'résumé', 'Resume', 'a,b,c',
    'top', 'mercator', 'NaN', 'Infinity', '-1e3', '#ff08', 'ǅ', 'İstanbul', 'ΑΣ', 'abcabc', 'x'.repeat(30)];
const colors = ['red', 'RebeccaPurple', 'transparent', '#f0c', '#ff00cc80', '#0f08', 'rgb(10, 20, 30)', 'rgba(255,0,0,.5)',
    'rgb(10% 20% 30% / 40%)', 'rgb(0 128 255)', 'hsl(120, 50%, 50%)', 'hsla(480deg 25% 75% / 0.25)', 'hsl(-30,100%,20%)',
    'rgb(300, -5, 1e1)', ' Blue ', 'rgb(1 2 3 4)', 'hsl(1,2,3)', '#ggg', 'rgb(1,2 3)', 'white', 'black', 'rgba(0,0,0,0)',
    'rgb(10%, 20, 30%)', 'gray', 'nocolor'];
const names = ['name', 'kind', 'n', 'm', 'flag', 'list', 'words', 'object', 'color', 'nothing', 'missing'];
const letters = {
    Latin: 'aAáÁàâäÄãåÅbBcCçÇdDeEéèêëfgGhHiIíïjklLmnNñÑoOóöÖøpqrRsSšßtTuUúüÜvwxyÿzZžŽæÆłŁ',
    Greek: 'αΑάΆβΒγδεέΕζηήθιίϊκλμνξοόπρσςΣτυύφχψωώΩ',
    Cyrillic: 'аАбБвгдеЕёЁжзиИйЙклмнопрсСтуфхцчшщъыьэюяЯіїєґў',
};

export function generator(seed) {
    const next = random(seed);
    const chance = (probability) => next() < probability;
    const int = (from, to) => from + Math.floor(next() * (to - from + 1));
    const pick = (list) => list[Math.floor(next() * list.length)];
    const times = (from, to, make) => Array.from({length: int(from, to)}, make);

    const number = () =>
        pick([
            () => int(-5, 20),
            () => int(-5, 20),
            () => int(-1000, 1000) / 8,
            () => pick([0, -0, 1, 2, 0.5, -0.5, 1.5, 2.5, 255, 256, 1e-7, 1e21, 1e9, 123456.789, 0.1, 359, -1]),
        ])();
    const word = () => {
        const script = letters[pick(Object.keys(letters))];
        return times(1, 3, () => pick([...script])).join('');
    };
    const text = () => (chance(0.2) ? word() : pick(texts));
    const boolean = () => chance(0.5);
    const json = (depth = 2) =>
        pick([
            () => null,
            boolean,
            number,
            text,
            () => pick(colors),
            () => (depth ? times(0, 4, () => json(depth - 1)) : 1),
            () => (depth ? times(0, 4, number) : 1),
            () => (depth ? Object.fromEntries(times(0, 3, () => [pick([...names, '2', '10']), json(depth - 1)])) : 'a'),
        ])();

    // Expressions of a type. The names of types are those of the reference; 'value' is any.

    /** What is known without looking at anything. */
    function literal(type) {
        switch (type) {
            case 'number':
                return number();
            case 'string':
                return text();
            case 'enum':
                return pick(['a', 'b', 'c']);
            case 'boolean':
                return boolean();
            case 'color':
                return pick(colors);
            case 'object':
                return ['literal', Object.fromEntries(times(0, 3, () => [pick(names), json(1)]))];
            case 'array<number>':
                return ['literal', times(0, 4, number)];
            case 'array<number, 2>':
                return ['literal', [number(), number()]];
            case 'array<string>':
                return ['literal', times(0, 4, text)];
            case 'array':
                return ['literal', times(0, 4, () => json(1))];
            case 'padding':
            case 'numberArray':
                return chance(0.3) ? number() : ['literal', times(chance(0.1) ? 0 : 1, 4, number)];
            case 'colorArray':
                return chance(0.4) ? pick(colors) : ['literal', times(1, 3, () => pick(colors))];
            case 'variableAnchorOffsetCollection': {
                const anchor = () => [pick(['top', 'left', 'bottom-right', 'center', 'nowhere'].slice(0, chance(0.1) ? 5 : 4)), [number(), number()]];
                return ['literal', times(1, 3, anchor).flat()];
            }
            case 'projectionDefinition':
                return pick(['mercator', 'vertical-perspective', ['literal', ['mercator', 'vertical-perspective', 0.5]]]);
            case 'formatted':
                return text();
            case 'resolvedImage':
                return pick(['icon', 'other', '']);
            default:
                return pick([null, number(), text(), boolean(), ['literal', json(2)]]);
        }
    }

    const plain = ['number', 'string', 'boolean'];
    const types = [...plain, 'color', 'object', 'array<number>', 'array<number, 2>', 'array<string>', 'array', 'value'];
    const properties = [...plain, ...plain, 'color', 'color', 'enum', 'array<number>', 'array<number, 2>', 'array<string>',
        'padding', 'numberArray', 'colorArray', 'variableAnchorOffsetCollection', 'projectionDefinition', 'formatted',
        'resolvedImage', undefined, undefined];

    let variables = [];

    /** An expression of a type, now and then of another. */
    function expression(type, depth) {
        if (chance(0.03)) type = pick(types);
        if (depth <= 0 || chance(0.12)) return chance(0.4) ? lookup() : literal(type);
        const of = (wanted) => expression(wanted, depth - 1);
        const any = () => of(pick(types));
        const forms = [
            ...(own[type] ?? own.value),
            ...(own[type] ?? own.value),
            ...(own[type] ?? own.value),
            () => lookup(),
            () => ['case', ...times(1, 2, () => [of('boolean'), of(type)]).flat(), of(type)],
            () => {
                const numeric = chance(0.5);
                const label = () => (numeric ? int(-3, 8) : pick(texts.slice(0, 9)));
                const labels = () => (chance(0.3) ? times(1, 3, label) : label());
                const input = chance(0.5) ? ['get', numeric ? 'n' : 'kind'] : of(numeric ? 'number' : 'string');
                return ['match', input, ...times(1, 3, () => [labels(), of(type)]).flat(), of(type)];
            },
            () => ['coalesce', ...times(1, 3, () => of(type))],
            () => ['step', of('number'), of(type), ...stops(1, 3, () => of(type))],
            () => bound(type, depth),
            () => ['at', chance(0.8) ? int(0, 2) : of('number'), ['literal', times(1, 4, () => plainOf(type))]],
        ];
        if (interpolated.has(type)) forms.push(() => interpolation(type, of), () => interpolation(type, of));
        return pick(forms)();

        /** A function of two operands of which the second may be missing. */
        function plainOf(type) {
            const made = literal(type);
            return Array.isArray(made) ? made[1] : made;
        }
    }

    const interpolated = new Set(['number', 'color', 'array<number, 2>', 'padding', 'numberArray', 'colorArray',
        'variableAnchorOffsetCollection', 'projectionDefinition']);

    function stops(from, to, output) {
        let at = int(-5, 5);
        return times(from, to, () => {
            at += chance(0.03) ? 0 : int(1, 8) / 2;
            return [at, output()];
        }).flat();
    }

    const curve = () =>
        pick([
            () => ['linear'],
            () => ['linear'],
            () => ['exponential', pick([1, 2, 0.5, 1.5, 10])],
            () => ['cubic-bezier', next(), next(), next(), next()].map((part) => (typeof part === 'number' ? +part.toFixed(3) : part)),
            () => (chance(0.2) ? ['cubic-bezier', 2, 0, 0, 1] : ['cubic-bezier', 0.42, 0, 0.58, 1]),
        ])();

    function interpolation(type, of) {
        const operator = type === 'color' || type === 'colorArray' ? pick(['interpolate', 'interpolate-hcl', 'interpolate-lab']) : 'interpolate';
        return [operator, curve(), chance(0.6) ? ['get', pick(['n', 'm'])] : of('number'), ...stops(1, 4, () => of(type))];
    }

    function bound(type, depth) {
        const around = variables;
        const name = pick(['x', 'y', 'z', 'long_name1']);
        const of = pick(types);
        const value = expression(of, depth - 1);
        variables = [...around, [name, of]];
        const body = expression(type, depth - 1);
        variables = around;
        return ['let', name, value, body];
    }

    /** What reads a variable, the feature or the drawing. */
    function lookup() {
        if (variables.length && chance(0.4)) return ['var', pick(variables)[0]];
        return pick([
            () => ['get', pick(names)],
            () => ['get', pick(names)],
            () => ['get', pick(names), ['get', 'object']],
            () => ['feature-state', pick(names)],
            () => ['global-state', pick(names)],
            () => ['id'],
            () => ['accumulated'],
            () => ['properties'],
            () => pick([['heatmap-density'], ['line-progress'], ['elevation'], ['pi'], ['e'], ['ln2']]),
            () => ['geometry-type'],
        ])();
    }

    const collator = (of) => {
        const options = {};
        if (chance(0.7)) options['case-sensitive'] = chance(0.8) ? boolean() : of('boolean');
        if (chance(0.7)) options['diacritic-sensitive'] = boolean();
        if (chance(0.4)) options.locale = pick(['en', 'en-US', 'fr', 'ru', 'el', 'it', 'bg', 'not_a_locale', 'zz']);
        return ['collator', options];
    };

    let level = 3;
    const of = (type) => {
        level -= 1;
        const made = expression(type, level);
        level += 1;
        return made;
    };
    const any = () => of(pick(types));
    const comparison = () => {
        const type = pick([...plain, 'value']);
        const operands = [pick(['==', '!=', '<', '<=', '>', '>=']), of(type), of(chance(0.8) ? type : 'value')];
        if (chance(0.2)) operands.push(collator(of));
        return operands;
    };
    const unary = (names, type) => () => [pick(names), of(type)];
    const needle = () => of(pick([...plain, 'value']));
    const haystack = () => of(pick(['string', 'array', 'array<string>', 'array<number>', 'value']));
    const geometry = () => pick([point, line, polygon, polygon, collection])();

    /** Operators by the type that they give. */
    const own = {
        number: [
            () => [pick(['+', '*', 'min', 'max']), ...times(0, 3, () => of('number'))],
            () => [pick(['-', '/', '^']), of('number'), of('number')],
            // Of computed numbers the last digit differs between mathematical libraries, and a remainder may be all of it.
            () => ['%', chance(0.5) ? ['get', 'n'] : int(-80, 80) / 8, int(-16, 16) / 8],
            () => ['-', of('number')],
            unary(['abs', 'ceil', 'floor', 'round', 'sqrt', 'ln', 'log2', 'log10', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan'], 'number'),
            unary(['abs', 'round'], 'number'),
            () => ['length', haystack()],
            () => ['index-of', needle(), haystack(), ...times(0, 1, () => of('number'))],
            () => ['number', ...times(1, 2, any)],
            () => ['to-number', ...times(1, 2, any)],
            () => ['distance', geometry()],
        ],
        string: [
            () => ['concat', ...times(0, 3, any)],
            unary(['upcase', 'downcase'], 'string'),
            () => ['to-string', any()],
            () => ['typeof', any()],
            () => ['string', ...times(1, 2, any)],
            () => ['slice', of('string'), of('number'), ...times(0, 1, () => of('number'))],
            () => ['join', of('array<string>'), of('string')],
            () => ['resolved-locale', ['collator', {locale: pick(['en', 'de', 'fr-CA', 'zz', 'pt-BR', 'sr-Latn', 'de-CH'])}]],
            () => ['number-format', chance(0.7) ? number() : of('number'), numberOptions()],
        ],
        boolean: [
            comparison,
            comparison,
            () => [pick(['all', 'any']), ...times(0, 3, () => of('boolean'))],
            () => ['!', of('boolean')],
            () => ['in', needle(), haystack()],
            () => ['has', pick(names), ...times(0, 1, () => of('object'))],
            () => ['boolean', ...times(1, 2, any)],
            () => ['to-boolean', any()],
            () => ['is-supported-script', of('string')],
            () => ['within', geometry()],
        ],
        color: [
            () => ['rgb', ...times(3, 3, () => (chance(0.7) ? int(0, 255) : of('number')))],
            () => ['rgba', ...times(3, 3, () => int(0, 255)), chance(0.7) ? next() : of('number')],
            () => ['to-color', ...times(1, 2, () => pick([() => pick(colors), () => ['literal', [...times(3, 3, () => int(0, 255)), ...times(0, 1, () => pick([1, 0.5, 2]))]], any])())],
        ],
        object: [() => ['object', ...times(1, 2, any)], () => ['properties']],
        'array<number>': [
            () => ['array', 'number', any()],
            () => ['to-rgba', of('color')],
            () => ['slice', of('array<number>'), of('number')],
        ],
        'array<number, 2>': [() => ['array', 'number', 2, any()], () => ['semiliteral', [of('number'), of('number')]]],
        'array<string>': [() => ['split', of('string'), of('string')], () => ['array', 'string', any()], () => ['semiliteral', times(0, 3, () => of('string'))]],
        array: [
            () => ['array', any()],
            () => ['array', pick([...plain, 'object']), int(0, 3), any()],
            () => ['slice', of('array'), of('number'), ...times(0, 1, () => of('number'))],
            () => ['semiliteral', times(0, 3, any)],
        ],
        formatted: [
            () => ['format', ...times(1, 3, () => [pick([() => of('string'), any, () => ['image', of('string')]])(), ...times(0, 1, formatOptions)]).flat()],
        ],
        resolvedImage: [
            () => ['image', chance(0.7) ? pick(['icon', 'other', '']) : of('string')],
            () => ['coalesce', ...times(1, 3, () => ['image', pick(['icon', 'other', 'third'])])],
        ],
        value: [() => lookup(), any, () => ['error', text()]],
    };

    function formatOptions() {
        const options = {};
        if (chance(0.4)) options['font-scale'] = chance(0.5) ? number() : of('number');
        if (chance(0.4)) options['text-font'] = of('array<string>');
        if (chance(0.4)) options['text-color'] = of('color');
        if (chance(0.3)) options['vertical-align'] = chance(0.8) ? pick(['top', 'center', 'bottom', 'left']) : of('string');
        return options;
    }

    function numberOptions() {
        const options = {};
        if (chance(0.8)) options.locale = pick(numberLocales);
        const kind = next();
        if (kind < 0.3) options.currency = pick(['EUR', 'USD', 'JPY', 'CHF', 'GBP', 'KWD', 'INR', 'XYZ', 'usd', 'RUB', 'bad']);
        else if (kind < 0.6) options.unit = pick(['meter', 'kilometer', 'day', 'hour', 'celsius', 'percent', 'kilometer-per-hour', 'mile', 'byte', 'year', 'week', 'furlong']);
        // Up to 20: beyond, engines differ.
        for (const name of ['min-fraction-digits', 'max-fraction-digits']) {
            if (chance(0.3)) options[name] = chance(0.9) ? int(0, 5) : ['min', of('number'), 20];
        }
        return options;
    }

    // Places around one tile, so that features and areas meet.

    const canonical = {z: 4, x: 8, y: 5};
    const position = () => [int(0, 2250) / 100, int(4098, 5578) / 100];
    const point = () => ({type: 'Point', coordinates: position()});
    const line = () => ({type: 'LineString', coordinates: times(2, 5, position)});
    const ring = () => {
        const [lng, lat] = position();
        const corners = int(3, 7);
        const size = int(5, 800) / 100;
        const points = Array.from({length: corners}, (_, i) => {
            const angle = (i / corners) * 2 * Math.PI;
            const radius = size * (0.4 + 0.6 * next());
            return [+(lng + radius * Math.cos(angle)).toFixed(3), +(lat + (radius / 2) * Math.sin(angle)).toFixed(3)];
        });
        return [...points, points[0]];
    };
    const polygon = () => ({type: 'Polygon', coordinates: [ring()]});
    const multi = () =>
        pick([
            () => ({type: 'MultiPoint', coordinates: times(1, 4, position)}),
            () => ({type: 'MultiLineString', coordinates: times(1, 3, () => times(2, 4, position))}),
            () => ({type: 'MultiPolygon', coordinates: times(1, 3, () => [ring()])}),
        ])();
    const feature = (shape) => ({type: 'Feature', properties: {}, geometry: shape});
    const collection = () =>
        pick([
            () => feature(polygon()),
            () => ({type: 'FeatureCollection', features: times(1, 3, () => feature(pick([polygon, polygon, line, point])()))}),
            multi,
            () => json(1),
        ])();

    /** What an expression is evaluated for. */
    function surroundings({expression}) {
        const made = {};
        const properties = {
            name: chance(0.8) ? text() : json(),
            kind: chance(0.8) ? pick(texts.slice(0, 9)) : json(),
            n: chance(0.85) ? number() : json(),
            m: chance(0.85) ? number() : json(),
            flag: chance(0.8) ? boolean() : json(),
            list: chance(0.8) ? times(0, 4, number) : json(),
            words: chance(0.8) ? times(0, 4, text) : json(),
            object: chance(0.8) ? Object.fromEntries(times(0, 4, () => [pick(names), json(1)])) : json(),
            color: chance(0.7) ? pick(colors) : json(),
            nothing: null,
        };
        for (const name of Object.keys(properties)) if (chance(0.1)) delete properties[name];
        made.feature = {properties};
        if (chance(0.6)) made.feature.id = chance(0.7) ? int(0, 9) : text();
        // Without a geometry there is no type; what the package makes of that is JavaScript's.
        if (chance(0.7) || JSON.stringify(expression).includes('geometry-type')) {
            made.feature.geometry = pick([point, point, line, line, polygon, multi])();
            if (chance(0.9)) made.canonical = canonical;
        }
        if (chance(0.3)) made.feature.featureState = {[pick(names)]: json(1)};
        made.zoom = chance(0.5) ? int(0, 22) : +(next() * 22).toFixed(2);
        if (chance(0.2)) made.heatmapDensity = next();
        if (chance(0.2)) made.lineProgress = next();
        if (chance(0.2)) made.elevation = number();
        if (chance(0.3)) made.accumulated = json(1);
        if (chance(0.5)) made.availableImages = pick([[], ['icon'], ['icon', 'other']]);
        if (chance(0.5)) made.globalState = {[pick(names)]: json(1), [pick(names)]: json(1)};
        return made;
    }

    /** What the reference says of a property. */
    function property(type) {
        const made = {};
        if (type?.startsWith('array')) {
            made.type = 'array';
            const [, value, length] = type.match(/^array(?:<(\w+)(?:, (\d))?>)?$/);
            if (value) made.value = value;
            if (length) made.length = +length;
        } else if (type) {
            made.type = type;
        }
        if (type === 'enum') made.values = {a: {}, b: {}, c: {}};
        if (chance(0.1)) made['property-type'] = pick(['data-driven', 'data-constant', 'cross-faded-data-driven']);
        if (chance(0.1)) made.expression = {interpolated: boolean(), parameters: pick([['zoom'], ['zoom', 'feature'], ['feature']])};
        return made;
    }

    /** An expression of a property: now and then with a curve of the zoom around. */
    function ofProperty() {
        const type = pick(properties);
        const spec = property(type);
        level = int(1, 4);
        variables = [];
        let made = expression(type ?? pick(types), level);
        if (chance(0.25)) {
            const output = () => expression(type ?? 'number', level - 1);
            made =
                chance(0.5) && interpolated.has(type)
                    ? ['interpolate', curve(), ['zoom'], ...stops(1, 4, output)]
                    : ['step', ['zoom'], output(), ...stops(1, 3, output)];
        } else if (chance(0.03)) {
            made = ['+', ['zoom'], made];
        }
        if (chance(0.05)) made = mutated(made);
        return {expression: made, spec};
    }

    /** The expression with something in it replaced or left out. */
    function mutated(made) {
        if (!Array.isArray(made) || made.length < 2 || made[0] === 'literal' || made[0] === 'array') return made;
        const at = int(1, made.length - 1);
        const copy = [...made];
        const way = next();
        if (way < 0.3) copy.splice(at, 1);
        else if (way < 0.5) copy[at] = literal(pick(types));
        else if (way < 0.6) copy.push(literal(pick(types)));
        else copy[at] = mutated(copy[at]);
        return copy;
    }

    /** Two words that differ in little, compared as readers do. */
    function ofCollation() {
        const script = [...letters[pick(Object.keys(letters))]];
        const one = times(1, 5, () => pick(script));
        const changed = (letter) =>
            pick([
                () => letter,
                () => letter,
                () => letter.toUpperCase(),
                () => letter.toLowerCase(),
                () => letter.normalize('NFD'),
                () => letter.normalize('NFD')[0],
                () => pick(script),
                () => letter + pick(['', '', ' ', '-', pick(script)]),
            ])();
        const other = one.map(changed);
        const options = {'case-sensitive': boolean(), 'diacritic-sensitive': boolean()};
        if (chance(0.6)) options.locale = pick(['en', 'en-GB', 'de', 'fr', 'it', 'nl', 'pt', 'ru', 'bg', 'el', 'en-x-none', 'zz']);
        const operator = pick(['==', '!=', '<', '<=', '>', '>=']);
        return {expression: [operator, one.join(''), other.join(''), ['collator', options]], spec: {type: 'boolean'}};
    }

    // Functions from before there were expressions.

    function ofFunction() {
        const type = pick(['number', 'number', 'color', 'color', 'string', 'boolean', 'enum', 'array<number, 2>']);
        const spec = {...property(type)};
        delete spec['property-type'];
        spec.expression = {interpolated: interpolated.has(type), parameters: ['zoom', 'feature']};
        const output = () => {
            let made = literal(type);
            if (type === 'color') made = pick(colors.slice(0, 15));
            return Array.isArray(made) ? made[1] : made;
        };
        if (chance(0.3)) spec.default = output();
        const made = {};
        const ramp = interpolated.has(type) ? pick(['exponential', 'exponential', 'interval', undefined]) : pick(['interval', undefined]);
        const kind = pick([ramp, ramp, 'categorical', 'identity']);
        if (kind) made.type = kind;
        if (chance(0.4)) made.default = output();
        const ofZoom = kind !== 'identity' && kind !== 'categorical' && chance(0.4);
        if (!ofZoom) made.property = pick(['n', 'm', 'kind', 'name', 'flag', 'color', 'list', 'missing']);
        if (kind !== 'identity') {
            const label = pick([() => int(-2, 6), () => pick(texts.slice(0, 8)), boolean]);
            const labels = kind === 'categorical' ? [...new Set(times(1, 4, label))] : undefined;
            const inner = () =>
                labels
                    ? labels.map((value) => [value, output()])
                    : chunks(stops(1, 4, output));
            if (made.property && chance(0.3)) {
                const zooms = chunks(stops(1, 3, inner));
                made.stops = zooms.flatMap(([zoom, list]) => list.map(([value, result]) => [{zoom, value}, result]));
            } else {
                made.stops = inner();
            }
            if (chance(0.3) && ramp !== 'interval') made.base = pick([1, 1.5, 2, 0.8]);
            if (type === 'color' && chance(0.3)) made.colorSpace = pick(['rgb', 'hcl', 'lab']);
        }
        return {expression: made, spec};
    }

    const chunks = (flat) => Array.from({length: flat.length / 2}, (_, i) => [flat[2 * i], flat[2 * i + 1]]);

    // Filters.

    function oldFilter(depth) {
        const key = () => pick([...names, '$id', '$type']);
        const value = (of) => (of === '$type' ? pick(['Point', 'LineString', 'Polygon']) : pick([number, text, boolean, () => pick(texts.slice(0, 9)), () => int(0, 9)])());
        if (depth > 0 && chance(0.45)) return [pick(['all', 'any', 'none']), ...times(0, 3, () => oldFilter(depth - 1))];
        return pick([
            () => {
                const of = key();
                return [pick(of === '$type' && chance(0.95) ? ['==', '!='] : ['==', '!=', '<', '<=', '>', '>=']), of, value(of)];
            },
            () => {
                const of = key();
                return [pick(['in', '!in']), of, ...times(0, 4, () => value(of))];
            },
            () => [pick(['has', '!has']), key()],
        ])();
    }

    function ofFilter() {
        level = int(1, 4);
        variables = [];
        if (chance(0.5)) {
            let made = oldFilter(2);
            if (chance(0.1)) made = ['all', made, expression('boolean', 2)];
            return {expression: made, filter: true};
        }
        return {expression: expression('boolean', level), filter: true};
    }

    return () => {
        const kind = next();
        const made = kind < 0.6 ? ofProperty() : kind < 0.66 ? ofCollation() : kind < 0.82 ? ofFilter() : ofFunction();
        const whole = JSON.stringify({...made, ...surroundings(made)});
        // Split into single characters, those of two UTF-16 code units stay whole in rasterzen.
        return JSON.parse(whole.includes('"split"') ? whole.replaceAll('🗺️', '§') : whole);
    };
}

const numberLocales = ['en', 'en-US', 'en-GB', 'en-IN', 'de', 'de-AT', 'de-CH', 'fr', 'fr-CA', 'es', 'es-MX', 'pt', 'pt-PT',
    'it', 'nl', 'sv', 'da', 'nb', 'fi', 'is', 'pl', 'cs', 'sk', 'hu', 'ro', 'bg', 'el', 'hr', 'sr', 'sl', 'et', 'lv', 'lt',
    'uk', 'ru', 'tr', 'ca', 'he', 'ar', 'ar-EG', 'fa', 'hi', 'bn', 'th', 'vi', 'id', 'ms', 'ja', 'ko', 'zh', 'zh-TW', 'zh-HK',
    'zz', 'not_a_locale'];
