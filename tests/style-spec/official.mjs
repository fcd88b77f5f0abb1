// A case of `rasterzen style eval` by the official package: the same line in, what the line out should say.

import * as spec from '@maplibre/maplibre-gl-style-spec';

const {createPropertyExpression, convertFunction, isFunction, Color, toString} = spec;

// Runtime warnings of filters are of no interest here.
console.warn = () => {};


/** The reference of a property, with what it leaves out. */
function complete(given = {}) {
    const complete = {...given};
    complete['property-type'] ??= 'data-driven';
    complete.expression ??= {};
    complete.expression = {interpolated: true, parameters: ['zoom', 'feature'], ...complete.expression};
    return complete;
}

/** The filter that the package makes of one, as it would be evaluated. */
function compileFilter(filter) {
    let compiled;
    // `featureFilter` converts older filters, and keeps what it made to itself: it is seen when it evaluates.
    const evaluate = spec.StyleExpression.prototype.evaluate;
    try {
        spec.StyleExpression.prototype.evaluate = function () {
            compiled = this;
            return false;
        };
        spec.featureFilter(filter, 'filter').filter({zoom: 0}, {type: 1, properties: {}});
    } finally {
        spec.StyleExpression.prototype.evaluate = evaluate;
    }
    return compiled;
}

const mercatorX = (lng) => (180 + lng) / 360;
const mercatorY = (lat) => (180 - (180 / Math.PI) * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360))) / 360;

function place(geometry, {z, x, y}) {
    const point = ([lng, lat]) => ({
        x: Math.round((mercatorX(lng) * 2 ** z - x) * 8192),
        y: Math.round((mercatorY(lat) * 2 ** z - y) * 8192),
    });
    const line = (points) => points.map(point);
    const {type, coordinates} = geometry;
    switch (type) {
        case 'Point':
            return ['Point', [[point(coordinates)]]];
        case 'MultiPoint':
            return ['Point', coordinates.map((at) => [point(at)])];
        case 'LineString':
            return ['LineString', [line(coordinates)]];
        case 'MultiLineString':
            return ['LineString', coordinates.map(line)];
        case 'Polygon':
            return ['Polygon', coordinates.map(line)];
        case 'MultiPolygon':
            return ['Polygon', coordinates.flatMap((polygon) => polygon.map(line))];
    }
}

function featureOf({feature = {}, canonical}) {
    const {id, geometry, properties = {}} = feature;
    // Without a geometry there is no type; of JavaScript's undefined the package makes this and that.
    const made = {properties, type: null};
    if (id !== undefined) made.id = id;
    if (geometry && canonical) [made.type, made.geometry] = place(geometry, canonical);
    else if (geometry) made.type = geometry.type;
    return made;
}

/** `{type, value}` or `{error}`, with the key if the expression does not compile. */
export function evaluate(testCase) {
    const {expression, canonical, zoom, heatmapDensity, lineProgress, elevation, accumulated, globalState} = testCase;
    let compiled;
    if (testCase.filter) {
        try {
            compiled = compileFilter(structuredClone(expression));
            if (!compiled) return {type: 'boolean', value: true};
        } catch (error) {
            // The package puts all errors into one text: "key: message, …".
            const [, key, message] = error.message.match(/^((?:\[\d+\])*): (.*)$/s) ?? [, '', error.message];
            return {error: message, key, several: message};
        }
    } else {
        const property = complete(testCase.spec);
        let result;
        try {
            const parsed = isFunction(expression) ? convertFunction(expression, property) : expression;
            result = createPropertyExpression(parsed, 'expression', property);
        } catch (error) {
            return {error: error.message, key: ''};
        }
        if (result.result === 'error') return {error: result.value[0].message, key: result.value[0].key};
        compiled = result.value._styleExpression;
    }
    const globals = {zoom, heatmapDensity, lineProgress, elevation, accumulated, globalState};
    try {
        const {availableImages = [], feature} = testCase;
        const value = compiled.evaluateWithoutErrorHandling(
            globals,
            featureOf(testCase),
            feature?.featureState ?? {},
            canonical,
            availableImages
        );
        const plain = value instanceof Color ? value.rgb : (value ?? null);
        return {type: toString(compiled.expression.type), value: JSON.parse(JSON.stringify(plain))};
    } catch (error) {
        return {error: error.message};
    }
}

