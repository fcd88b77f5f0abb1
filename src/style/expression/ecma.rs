//! Conversions between numbers and texts as ECMAScript does them: the Style Spec's are those.

use std::cmp::Ordering;

/// A text as a number (ECMA-262, 7.1.4.1); NaN for what is none.
pub fn number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let digits = |digits: &str, radix: u32| match digits.is_empty() {
        true => f64::NAN,
        false => digits
            .chars()
            .try_fold(0.0, |sum, c| Some(sum * f64::from(radix) + f64::from(c.to_digit(radix)?)))
            .unwrap_or(f64::NAN),
    };
    match (text, text.get(..2)) {
        ("", _) => 0.0,
        (_, Some("0x" | "0X")) => digits(&text[2..], 16),
        (_, Some("0o" | "0O")) => digits(&text[2..], 8),
        (_, Some("0b" | "0B")) => digits(&text[2..], 2),
        ("Infinity" | "+Infinity", _) => f64::INFINITY,
        ("-Infinity", _) => f64::NEG_INFINITY,
        // Rust would also read "inf" and "nan".
        _ if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// What is trimmed off texts: white space and line ends (ECMA-262, 12.2 and 12.3).
pub fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// A text without the white space around it.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// A number as text (ECMA-262, 6.1.6.1.20).
pub fn text(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_string(),
        f64::INFINITY if number > 0.0 => "Infinity".to_string(),
        f64::INFINITY => "-Infinity".to_string(),
        1e21.. => format!("{number:e}").replace('e', "e+"),
        ..1e-6 => format!("{number:e}"),
        _ => format!("{number}"),
    }
}

/// Halves go up (ECMA-262, 21.3.2.28).
pub fn round(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { floor + 1.0 } else { floor }
}

/// The power, which is NaN where a 1 meets an infinity or NaN (ECMA-262, 6.1.6.1.3).
pub fn power(base: f64, exponent: f64) -> f64 {
    match exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        true => f64::NAN,
        false => base.powf(exponent),
    }
}

/// The smallest of numbers, NaN if one is (ECMA-262, 21.3.2.25).
pub fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// The largest of numbers, NaN if one is (ECMA-262, 21.3.2.24).
pub fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Texts in the order of their UTF-16 code units.
pub fn compare(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// An index that counts from the end where it is negative, within a length (ECMA-262, 23.1.3.28, steps 3 to 5).
pub fn relative_index(index: f64, length: usize) -> usize {
    let index = if index.is_nan() { 0.0 } else { index.trunc() };
    match index < 0.0 {
        true => (length as f64 + index).max(0.0) as usize,
        false => index.min(length as f64) as usize,
    }
}
