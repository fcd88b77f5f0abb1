//! `number-format`: numbers, amounts of money and measures as locales write them (ECMA-402, 16).
//!
//! The locales are those of `number_format/locales.tsv`, data of the Unicode CLDR in a form of our own, made by
//! `tests/style-spec/number-format.mjs`. A locale that is not among them is written as its language without script and
//! region, and where that is missing too, as English; so are numbers without a locale. Numbering systems other than a
//! locale's own (`-u-nu-…`) are not known, and of units made of two, only those in common use.

use super::operators::{Operator, special};
use super::parse::{Call, Parse, Parser, error, is_truthy};
use super::{Context, Eval, Expression, Op, Type, Value, fail, locale};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::LazyLock;

pub fn operators() -> Vec<Operator> {
    vec![special("number-format", parse)]
}

/// Which options there are; they stand after the number among the operands, in this order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    locale: bool,
    currency: bool,
    unit: bool,
    min: bool,
    max: bool,
}

fn parse(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() != 2 {
        return error("Expected two arguments.");
    }
    let mut args = vec![parser.operand(call, 1, Some(&Type::Number))?];
    let Json::Object(written) = &call.items[2] else {
        return error("NumberFormat options argument must be an object.");
    };
    let mut options = Options::default();
    for (name, of, given) in [
        ("locale", Type::String, &mut options.locale),
        ("currency", Type::String, &mut options.currency),
        ("unit", Type::String, &mut options.unit),
        ("min-fraction-digits", Type::Number, &mut options.min),
        ("max-fraction-digits", Type::Number, &mut options.max),
    ] {
        // A 0 counts as missing, in the reference implementation too.
        if let Some(option) = written.get(name).filter(|option| is_truthy(option)) {
            args.push(parser.option(option, &of)?);
            *given = true;
        }
    }
    if options.currency && options.unit {
        return error("NumberFormat options `currency` and `unit` are mutually exclusive");
    }
    Ok(Expression { op: Op::NumberFormat(options), args: args.into(), of: Type::String })
}

pub fn number_format(options: Options, args: &[Expression], context: &Context) -> Eval {
    let mut rest = args[1..].iter();
    let mut next = |given: bool| if given { rest.next() } else { None };
    let text = |arg: Option<&Expression>| arg.map(|arg| arg.string(context)).transpose();
    let number = |arg: Option<&Expression>| arg.map(|arg| arg.number(context)).transpose();
    let (locale, currency, unit) =
        (text(next(options.locale))?, text(next(options.currency))?, text(next(options.unit))?);
    let (min, max) = (number(next(options.min))?, number(next(options.max))?);
    let locale = match &locale {
        Some(name) => find(name)?,
        None => &LOCALES.english,
    };
    let currency = match &currency {
        Some(code) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Some(code.to_ascii_uppercase())
        }
        Some(other) => return fail(format!("Invalid currency code : {other}")),
        None => None,
    };
    let measure = match &unit {
        Some(name) => match locale.units.get(&**name) {
            Some(measure) => Some(measure),
            None => return fail(format!("Invalid unit argument for Intl.NumberFormat() '{name}'")),
        },
        None => None,
    };
    let (min, max) = fraction_digits(currency.as_deref(), min, max)?;
    let number = args[0].number(context)?;
    let decimal = Decimal::of(number.abs(), min, max);
    let negative = number.is_sign_negative() && !number.is_nan();
    let digits = locale.digits(number, &decimal, currency.is_some());
    let signed = |pattern: &Pattern| if negative { pattern.negative } else { pattern.positive };
    let text = match (&currency, measure) {
        (Some(code), _) => {
            let Amount { symbol, pattern } = locale.amount(code, number.is_finite());
            // The symbol first: it may hold a 0, and the digits a currency's sign.
            match signed(&pattern).split_once('¤') {
                Some((before, after)) => {
                    format!("{}{symbol}{}", before.replacen('0', &digits, 1), after.replacen('0', &digits, 1))
                }
                None => signed(&pattern).replacen('0', &digits, 1),
            }
        }
        (None, Some(measure)) => {
            let category = if number.is_finite() { decimal.plural(locale.name) } else { "other" };
            let form = measure.of(category);
            match unit.as_deref() {
                // The sign stands before all of it: percentages are numbers, not measures.
                Some("percent") => signed(&locale.plain).replacen('0', &form.replacen('0', &digits, 1), 1),
                _ => form.replacen('0', &signed(&locale.plain).replacen('0', &digits, 1), 1),
            }
        }
        (None, None) => signed(&locale.plain).replacen('0', &digits, 1),
    };
    Ok(Value::String(text.into()))
}

/// Least and most digits behind the decimal mark (ECMA-402, 16.1.1 and 15.1.3).
fn fraction_digits(currency: Option<&str>, min: Option<f64>, max: Option<f64>) -> Eval<(usize, usize)> {
    let digits = |name: &str, digits: Option<f64>| match digits {
        None => Ok(None),
        Some(digits) if (0.0..=100.0).contains(&digits) => Ok(Some(digits as usize)),
        Some(_) => fail(format!("{name} value is out of range.")),
    };
    let min = digits("minimumFractionDigits", min)?;
    let max = digits("maximumFractionDigits", max)?;
    let of_currency = currency.map(|code| LOCALES.fraction_digits.get(code).copied().unwrap_or(2));
    let (usual_min, usual_max) = (of_currency.unwrap_or(0), of_currency.unwrap_or(3));
    match (min, max) {
        (Some(min), Some(max)) if min > max => fail("maximumFractionDigits value is out of range."),
        (Some(min), max) => Ok((min, max.unwrap_or(usual_max.max(min)))),
        (None, Some(max)) => Ok((usual_min.min(max), max)),
        (None, None) => Ok((usual_min, usual_max)),
    }
}

/// A number rounded for showing, in decimal digits. It is the shortest decimal that reads as the number that is
/// rounded; halves go up.
struct Decimal {
    integer: String,
    fraction: String,
}

impl Decimal {
    fn of(number: f64, min: usize, max: usize) -> Decimal {
        let mut digits: Vec<u8> = Vec::new();
        let mut point = 0;
        let shortest = format!("{number:e}");
        if let Some((mantissa, exponent)) = shortest.split_once('e') {
            digits.extend(mantissa.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0'));
            point = exponent.parse::<i64>().unwrap_or_default() + 1;
        }
        // Leading zeros, so that there is a digit before the point and room for a carry.
        let zeros = (1 - point).max(0) as usize + 1;
        digits.splice(..0, std::iter::repeat_n(0, zeros));
        let point = (point + zeros as i64) as usize;
        let end = point + max;
        if digits.len() > end {
            let up = digits[end] >= 5;
            digits.truncate(end);
            if up && let Some(last) = digits.iter().rposition(|digit| *digit < 9) {
                digits[last] += 1;
                digits[last + 1..].fill(0);
            }
        }
        digits.resize(digits.len().max(point), 0);
        let text = |digits: &[u8]| digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
        let integer = text(&digits[..point]);
        let integer = match integer.trim_start_matches('0') {
            "" => "0".to_string(),
            digits => digits.to_string(),
        };
        let fraction = text(&digits[point..]);
        let fraction = format!("{:0<min$}", fraction.trim_end_matches('0'));
        Decimal { integer, fraction }
    }

    /// The plural category of the number in a language (Unicode CLDR, "Language Plural Rules").
    fn plural(&self, locale: &str) -> &'static str {
        // The operands of the rules: integer digits, how many fraction digits there are, those digits, and without
        // trailing zeros.
        let tail = |digits: &str| digits[digits.len().saturating_sub(15)..].parse::<u64>().unwrap_or(0);
        let (i, v, f) = (tail(&self.integer), self.fraction.len(), tail(&self.fraction));
        let t = tail(self.fraction.trim_end_matches('0'));
        // The number itself, where it is whole.
        let n = (f == 0).then_some(i);
        let one_of_integers = i == 1 && v == 0;
        let millions = i != 0 && i.is_multiple_of(1_000_000) && v == 0;
        let ends = |number: u64, digits: std::ops::RangeInclusive<u64>| digits.contains(&(number % 10));
        let teens = |number: u64, teens: std::ops::RangeInclusive<u64>| teens.contains(&(number % 100));
        let choose = |forms: &[(&'static str, bool)]| {
            forms.iter().find(|(_, holds)| *holds).map_or("other", |(category, _)| category)
        };
        match locale.split('-').next().unwrap_or_default() {
            "en" | "de" | "nl" | "sv" | "fi" | "et" => choose(&[("one", one_of_integers)]),
            "ca" | "it" => choose(&[("one", one_of_integers), ("many", millions)]),
            "pt" if locale == "pt-PT" => choose(&[("one", one_of_integers), ("many", millions)]),
            "fr" | "pt" => choose(&[("one", i < 2), ("many", millions)]),
            "es" => choose(&[("one", n == Some(1)), ("many", millions)]),
            "da" => choose(&[("one", n == Some(1) || (t != 0 && i < 2))]),
            "is" => {
                let one = |number| ends(number, 1..=1) && !teens(number, 11..=11);
                choose(&[("one", if t == 0 { one(i) } else { one(t) })])
            }
            "nb" | "bg" | "el" | "hu" | "tr" => choose(&[("one", n == Some(1))]),
            "hi" | "bn" | "fa" => choose(&[("one", i == 0 || n == Some(1))]),
            "ar" => {
                let last = n.map_or(0, |n| n % 100);
                choose(&[
                    ("zero", n == Some(0)),
                    ("one", n == Some(1)),
                    ("two", n == Some(2)),
                    ("few", (3..=10).contains(&last)),
                    ("many", (11..=99).contains(&last)),
                ])
            }
            "he" => choose(&[("one", one_of_integers || (i == 0 && v != 0)), ("two", i == 2 && v == 0)]),
            "pl" => choose(&[
                ("one", one_of_integers),
                ("few", v == 0 && ends(i, 2..=4) && !teens(i, 12..=14)),
                ("many", v == 0),
            ]),
            "ru" | "uk" => choose(&[
                ("one", v == 0 && ends(i, 1..=1) && !teens(i, 11..=11)),
                ("few", v == 0 && ends(i, 2..=4) && !teens(i, 12..=14)),
                ("many", v == 0),
            ]),
            "cs" | "sk" => {
                choose(&[("one", one_of_integers), ("few", (2..=4).contains(&i) && v == 0), ("many", v != 0)])
            }
            "ro" => choose(&[
                ("one", one_of_integers),
                ("few", v != 0 || n == Some(0) || (n != Some(1) && teens(i, 1..=19))),
            ]),
            "hr" | "sr" => {
                let one = |number| ends(number, 1..=1) && !teens(number, 11..=11);
                let few = |number| ends(number, 2..=4) && !teens(number, 12..=14);
                choose(&[("one", (v == 0 && one(i)) || one(f)), ("few", (v == 0 && few(i)) || few(f))])
            }
            "sl" => choose(&[
                ("one", v == 0 && i % 100 == 1),
                ("two", v == 0 && i % 100 == 2),
                ("few", v != 0 || teens(i, 3..=4)),
            ]),
            "lv" => {
                let one = |number| ends(number, 1..=1) && !teens(number, 11..=11);
                choose(&[
                    ("zero", n.is_some_and(|n| ends(n, 0..=0) || teens(n, 11..=19)) || (v == 2 && teens(f, 11..=19))),
                    ("one", n.is_some_and(one) || (v == 2 && one(f)) || (v != 2 && ends(f, 1..=1))),
                ])
            }
            "lt" => choose(&[
                ("one", n.is_some_and(|n| ends(n, 1..=1) && !teens(n, 11..=19))),
                ("few", n.is_some_and(|n| ends(n, 2..=9) && !teens(n, 11..=19))),
                ("many", f != 0),
            ]),
            _ => "other",
        }
    }
}

/// How a locale writes numbers: a line of the table.
struct Locale {
    name: &'static str,
    zero: char,
    decimal: &'static str,
    group: &'static str,
    decimal_of_amounts: &'static str,
    group_of_amounts: &'static str,
    /// Groups are set apart in numbers of at least so many digits.
    grouped_from: usize,
    /// The sizes of the group before the decimal mark and of those before it.
    groups: [usize; 2],
    infinity: &'static str,
    nan: &'static str,
    plain: Pattern,
    /// Of amounts whose symbol meets the digits with a sign, and with a letter.
    amount: Pattern,
    amount_with_letters: Pattern,
    symbols: HashMap<&'static str, &'static str>,
    units: HashMap<&'static str, Measure>,
}

/// A text with 0 for the digits and ¤ for a currency's symbol.
#[derive(Clone, Copy)]
struct Pattern {
    positive: &'static str,
    negative: &'static str,
}

struct Amount<'a> {
    symbol: &'a str,
    pattern: Pattern,
}

/// The patterns of a unit: `category:pattern|…`.
struct Measure(&'static str);

impl Measure {
    fn of(&self, category: &str) -> &'static str {
        let of = |wanted: &str| {
            self.0.split('|').find_map(|form| form.split_once(':').filter(|(name, _)| *name == wanted)).map(|(_, p)| p)
        };
        of(category).or_else(|| of("other")).unwrap_or_default()
    }
}

impl Locale {
    fn digits(&self, number: f64, decimal: &Decimal, is_amount: bool) -> String {
        if number.is_nan() {
            return self.nan.to_string();
        }
        if number.is_infinite() {
            return self.infinity.to_string();
        }
        let (mark, group) = match is_amount {
            true => (self.decimal_of_amounts, self.group_of_amounts),
            false => (self.decimal, self.group),
        };
        let native = |digit: char| {
            char::from_u32(u32::from(self.zero) + digit.to_digit(10).unwrap_or_default()).unwrap_or(digit)
        };
        let length = decimal.integer.len();
        let mut text = String::new();
        for (i, digit) in decimal.integer.chars().enumerate() {
            let left = length - i;
            let [first, other] = self.groups;
            let begins_group = left == first || (left > first && (left - first).is_multiple_of(other));
            if i > 0 && begins_group && length >= self.grouped_from {
                text.push_str(group);
            }
            text.push(native(digit));
        }
        if !decimal.fraction.is_empty() {
            text.push_str(mark);
            text.extend(decimal.fraction.chars().map(native));
        }
        text
    }

    /// A space between letters and digits is put where there are digits only.
    fn amount<'a>(&self, code: &'a str, has_digits: bool) -> Amount<'a> {
        let (symbol, own) = match self.symbols.get(code).map(|entry| entry.split_once(':').unwrap_or((entry, ""))) {
            Some((symbol, own)) => (symbol, own),
            None => (code, ""),
        };
        if let Some((positive, negative)) = own.split_once(':') {
            return Amount { symbol, pattern: Pattern { positive, negative } };
        }
        let before = self.amount.positive.find('¤') < self.amount.positive.find('0');
        let near = if before { symbol.chars().next_back() } else { symbol.chars().next() };
        let is_sign = near.is_some_and(|c| !c.is_alphanumeric() && !matches!(c, '.' | '\u{200f}' | '\u{200e}'));
        let pattern = if is_sign || !has_digits { self.amount } else { self.amount_with_letters };
        Amount { symbol, pattern }
    }
}

struct Locales {
    all: HashMap<&'static str, Locale>,
    english: Locale,
    /// Of currencies that have other than two.
    fraction_digits: HashMap<&'static str, usize>,
}

static LOCALES: LazyLock<Locales> = LazyLock::new(|| {
    let mut lines = include_str!("number_format/locales.tsv").lines();
    let digits = lines.next().and_then(|line| line.split_once('\t')).map_or("", |(_, digits)| digits);
    let fraction_digits = pairs(digits, ' ').filter_map(|(code, digits)| Some((code, digits.parse().ok()?))).collect();
    let mut all: HashMap<_, _> = lines.filter_map(read).map(|locale| (locale.name, locale)).collect();
    let english = all.remove("en").unwrap_or_else(|| unreachable!("the table has English"));
    Locales { all, english, fraction_digits }
});

fn pairs(text: &'static str, between: char) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.split(between).filter_map(|pair| pair.split_once('='))
}

fn read(line: &'static str) -> Option<Locale> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    Some(Locale {
        name: next()?,
        zero: next()?.chars().next()?,
        decimal: next()?,
        group: next()?,
        decimal_of_amounts: next()?,
        group_of_amounts: next()?,
        grouped_from: next()?.parse().ok()?,
        groups: [next()?.parse().ok()?, next()?.parse().ok()?],
        infinity: next()?,
        nan: next()?,
        plain: Pattern { positive: next()?, negative: next()? },
        amount: Pattern { positive: next()?, negative: next()? },
        amount_with_letters: Pattern { positive: next()?, negative: next()? },
        symbols: pairs(next()?, ';').collect(),
        units: pairs(next()?, ';').map(|(name, forms)| (name, Measure(forms))).collect(),
    })
}

/// The locale that a tag names, or the nearest that there is.
fn find(tag: &str) -> Eval<&'static Locale> {
    let wanted = locale::parse(tag)?;
    let found = wanted.lookups().into_iter().find_map(|name| LOCALES.all.get(&*name));
    Ok(found.unwrap_or(&LOCALES.english))
}
