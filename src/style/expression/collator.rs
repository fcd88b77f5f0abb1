//! `collator`: texts compared as readers order them, with or without regard to case and diacritics.
//!
//! The order is the root of the Unicode CLDR's, in ICU4X. It agrees with the reference implementation (ECMA-402's
//! `Intl.Collator` for searching) wherever a locale keeps to the root, as most with Latin, Greek and Cyrillic letters do
//! for upper and lower case and for diacritics; of those that have letters of their own, German is known here, in which
//! ä, ö and ü are ae, oe and ue. The tables of all other locales would make the binary larger by 1 MB.

use super::operators::{Operator, function, special};
use super::parse::{Call, Parse, Parser, error};
use super::{Context, Eval, EvalError, Expression, Op, Type, Value, locale};
use icu_collator::options::{CaseLevel, CollatorOptions, Strength};
use icu_collator::provider as data;
use icu_normalizer::provider::{NormalizerNfdDataV1, NormalizerNfdTablesV1};
use icu_provider::prelude::*;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    vec![
        special("collator", parse),
        function("resolved-locale", [Type::Collator], Type::String, |args, context| {
            match args[0].evaluate(context)? {
                Value::Collator(collator) => Ok(Value::String(collator.resolved.as_str().into())),
                other => Err(EvalError::Mismatch { expected: Type::Collator, found: other.type_of() }),
            }
        }),
    ]
}

fn parse(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() != 1 {
        return error("Expected one argument.");
    }
    let Json::Object(options) = &call.items[1] else {
        return error("Collator options argument must be an object.");
    };
    let no = Json::Bool(false);
    let mut args = Vec::with_capacity(3);
    for name in ["case-sensitive", "diacritic-sensitive"] {
        args.push(parser.option(options.get(name).unwrap_or(&no), &Type::Boolean)?);
    }
    if let Some(locale) = options.get("locale").filter(|locale| super::parse::is_truthy(locale)) {
        args.push(parser.option(locale, &Type::String)?);
    }
    Ok(Expression { op: Op::Collator, args: args.into(), of: Type::Collator })
}

pub fn collator(args: &[Expression], context: &Context) -> Eval {
    let (case, diacritics) = (args[0].bool(context)?, args[1].bool(context)?);
    let locale = args.get(2).map(|locale| locale.string(context)).transpose()?;
    Ok(Value::Collator(Arc::new(Collator::new(case, diacritics, locale)?)))
}

pub struct Collator {
    locale: Option<Arc<str>>,
    resolved: String,
    /// Whether ä, ö and ü are ae, oe and ue.
    german: bool,
    case: bool,
    diacritics: bool,
    rules: icu_collator::Collator,
}

impl Collator {
    fn new(case: bool, diacritics: bool, locale: Option<Arc<str>>) -> Eval<Collator> {
        // An empty name is none.
        let locale = locale.filter(|name| !name.is_empty());
        let named = locale.as_deref().map(locale::parse).transpose()?;
        let mut options = CollatorOptions::default();
        (options.strength, options.case_level) = match (case, diacritics) {
            (false, false) => (Some(Strength::Primary), Some(CaseLevel::Off)),
            (true, false) => (Some(Strength::Primary), Some(CaseLevel::On)),
            (false, true) => (Some(Strength::Secondary), Some(CaseLevel::Off)),
            (true, true) => (Some(Strength::Tertiary), Some(CaseLevel::Off)),
        };
        let rules = icu_collator::Collator::try_new_unstable(&Root, Default::default(), options)
            .map_err(|e| EvalError::text(e.to_string()))?;
        Ok(Collator {
            german: named.as_ref().is_some_and(|locale| locale.language() == "de"),
            resolved: named.as_ref().map_or_else(|| locale::DEFAULT.to_string(), locale::ordered_by),
            locale,
            case,
            diacritics,
            rules,
        })
    }

    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        let rules = self.rules.as_borrowed();
        match self.german {
            true => rules.compare(&german(a), &german(b)),
            false => rules.compare(a, b),
        }
    }

    pub fn locale(&self) -> Option<&str> {
        self.locale.as_deref()
    }

    /// What makes texts different, by the name it has in ECMA-402.
    pub fn sensitivity(&self) -> &'static str {
        match (self.case, self.diacritics) {
            (false, false) => "base",
            (true, false) => "case",
            (false, true) => "accent",
            (true, true) => "variant",
        }
    }
}

impl fmt::Debug for Collator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Collator({:?}, {})", self.locale, self.sensitivity())
    }
}

/// Umlauts as two letters, the second of them marked so that it differs from a plain one as the umlaut does.
fn german(text: &str) -> Cow<'_, str> {
    const DIAERESIS: char = '\u{308}';
    if !text.contains(['ä', 'ö', 'ü', 'Ä', 'Ö', 'Ü', DIAERESIS]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let letters = match c {
            'ä' => "ae",
            'ö' => "oe",
            'ü' => "ue",
            'Ä' => "AE",
            'Ö' => "OE",
            'Ü' => "UE",
            // Written as two characters.
            'a' | 'o' | 'u' | 'A' | 'O' | 'U' if chars.next_if_eq(&DIAERESIS).is_some() => {
                out.push(c);
                if c.is_lowercase() { "e" } else { "E" }
            }
            other => {
                out.push(other);
                continue;
            }
        };
        out.push_str(letters);
        out.push(DIAERESIS);
    }
    Cow::Owned(out)
}

/// ICU4X's data without the rules of single locales.
struct Root;

macro_rules! load_from {
    ($provider:expr; $($marker:ty),+) => {
        $(impl DataProvider<$marker> for Root {
            fn load(&self, request: DataRequest) -> Result<DataResponse<$marker>, DataError> {
                $provider.load(request)
            }
        })+
    };
}

load_from!(data::Baked; data::CollationRootV1, data::CollationDiacriticsV1, data::CollationJamoV1);
load_from!(data::Baked; data::CollationMetadataV1, data::CollationSpecialPrimariesV1, data::CollationReorderingV1);
load_from!(icu_normalizer::provider::Baked; NormalizerNfdDataV1, NormalizerNfdTablesV1);

impl DataProvider<data::CollationTailoringV1> for Root {
    fn load(&self, request: DataRequest) -> Result<DataResponse<data::CollationTailoringV1>, DataError> {
        Err(DataErrorKind::IdentifierNotFound.with_req(data::CollationTailoringV1::INFO, request))
    }
}
