// Prints the table of src/style/expression/number_format/locales.tsv: how node's Intl.NumberFormat writes numbers,
// amounts and measures. A line for each locale, fields separated by tabs:
//   locale, digit zero, decimal mark and group mark, both again for amounts, digits from which on groups are set apart, sizes of the first and the
//   other groups, infinity, NaN,
//   patterns of a number, of an amount, of an amount whose symbol ends in a letter (each positive and negative, with 0
//   for the digits and ¤ for the symbol), symbols of currencies (with the patterns, where they are none of these), patterns of units by plural category.
// The first line has the currencies with other than two fraction digits.
//
//   node number-format.mjs > ../../src/style/expression/number_format/locales.tsv

const locales = `en en-AU en-CA en-GB en-IN ar ar-EG bg bn ca cs da de de-AT de-CH el es es-419 es-MX et fa fi fr fr-CA
fr-CH he hi hr hu id is it ja ko lt lv ms nb nl pl pt pt-PT ro ru sk sl sr sv th tr uk vi zh zh-HK zh-TW`.split(/\s+/);
const compound = ['kilometer-per-hour', 'meter-per-second', 'mile-per-hour', 'mile-per-gallon', 'liter-per-kilometer'];
const units = [...Intl.supportedValuesOf('unit'), ...compound];
const currencies = Intl.supportedValuesOf('currency');
const isNumber = new Set(['integer', 'decimal', 'fraction', 'group']);

/** A formatted number with 0 for its digits and ¤ for the symbol of the currency. */
function pattern(format, number) {
    let text = '';
    for (const {type, value} of format.formatToParts(number)) {
        if (!isNumber.has(type)) text += type === 'currency' ? '¤' : value;
        else if (!text.includes('0')) text += '0';
    }
    return text;
}

const symbol = (format) => format.formatToParts(1).find((part) => part.type === 'currency').value;

const digits = currencies
    .map((currency) => [currency, new Intl.NumberFormat('en', {style: 'currency', currency}).resolvedOptions()])
    .filter(([, options]) => options.maximumFractionDigits !== 2)
    .map(([currency, options]) => `${currency}=${options.maximumFractionDigits}`);
console.log(`# ICU ${process.versions.icu}, CLDR ${process.versions.cldr}\t${digits.join(' ')}`);

for (const locale of locales) {
    const plain = new Intl.NumberFormat(locale, {maximumFractionDigits: 1});
    const zero = new Intl.NumberFormat(locale).format(0);
    const mark = (format, type) => format.formatToParts(123456.5).find((part) => part.type === type).value;
    const groups = plain.formatToParts(12345678901).filter((part) => part.type === 'integer').map((p) => p.value.length);
    const from = plain.formatToParts(1234).some((part) => part.type === 'group') ? 4 : 5;
    const amounts = new Map(
        currencies.map((currency) => [currency, new Intl.NumberFormat(locale, {style: 'currency', currency})])
    );
    const both = (format) => [pattern(format, 1), pattern(format, -1)];
    const ofSymbol = both(amounts.get('EUR'));
    const ofLetters = both(new Intl.NumberFormat(locale, {style: 'currency', currency: 'XTS'}));
    const symbols = [...amounts].flatMap(([currency, format]) => {
        const name = symbol(format);
        const near = ofSymbol[0].indexOf('¤') < ofSymbol[0].indexOf('0') ? name.at(-1) : name.at(0);
        const usual = /\p{S}/u.test(near) ? ofSymbol : ofLetters;
        const own = both(format);
        if (own.join() !== usual.join()) return [`${currency}=${name}:${own.join(':')}`];
        return name === currency ? [] : [`${currency}=${name}`];
    });
    const rules = new Intl.PluralRules(locale, {maximumFractionDigits: 20});
    const samples = [0, 1, 2, 3, 5, 11, 20, 21, 22, 100, 1e6, 0.5, 1.5];
    const measures = units.map((unit) => {
        const format = new Intl.NumberFormat(locale, {style: 'unit', unit});
        const forms = new Map([['other', undefined]]);
        for (const number of samples) {
            const category = rules.select(number);
            const form = pattern(format, number);
            const known = forms.get(category);
            if (known !== undefined && known !== form) console.error(`${locale}: ${unit} ${category}: ${known}, ${form}`);
            forms.set(category, form);
        }
        forms.set('other', forms.get('other') ?? forms.get('many'));
        const different = [...forms].filter(([category, form]) => category === 'other' || form !== forms.get('other'));
        return `${unit}=${different.map(([category, form]) => `${category}:${form}`).join('|')}`;
    });
    console.log(
        [
            locale,
            zero,
            mark(plain, 'decimal'),
            mark(plain, 'group'),
            mark(amounts.get('EUR'), 'decimal'),
            mark(amounts.get('EUR'), 'group'),
            from,
            groups.at(-1),
            groups.at(-2),
            plain.format(Infinity),
            plain.format(NaN),
            ...both(plain),
            ...ofSymbol,
            ...ofLetters,
            symbols.join(';'),
            measures.join(';'),
        ].join('\t')
    );
}
