//! Texts put together, taken apart and changed.

use super::operators::{Operator, Reads, function, function_of_many};
use super::value::bounded;
use super::{Type, Value};
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    use Type::{Boolean, String, Value as Any};
    let texts = || Type::array(String, None);
    vec![
        function_of_many("concat", Any, String, |args, context| {
            let texts = args.iter().map(|arg| arg.evaluate(context)?.to_text());
            let texts = texts.collect::<Result<Vec<Arc<str>>, _>>()?;
            Ok(Value::String(bounded(texts.iter().map(|text| &**text))?.into()))
        }),
        function("upcase", [String], String, |args, context| {
            Ok(Value::String(args[0].string(context)?.to_uppercase().into()))
        }),
        function("downcase", [String], String, |args, context| {
            Ok(Value::String(args[0].string(context)?.to_lowercase().into()))
        }),
        function("split", [String, String], texts(), |args, context| {
            let (text, by) = (args[0].string(context)?, args[1].string(context)?);
            let part = |part: &str| Value::String(part.into());
            let parts = match by.is_empty() {
                // By characters, where ECMAScript cuts those beyond the Basic Multilingual Plane in half.
                true => text.chars().map(|c| part(c.encode_utf8(&mut [0; 4]))).collect(),
                false => text.split(&*by).map(part).collect(),
            };
            Ok(Value::Array(parts))
        }),
        function("join", [texts(), String], String, |args, context| {
            let (items, by) = (args[0].evaluate(context)?, args[1].string(context)?);
            let items: &[Value] = if let Value::Array(items) = &items { items } else { &[] };
            let texts = items.iter().map(Value::to_text).collect::<Result<Vec<Arc<str>>, _>>()?;
            let between = texts.iter().enumerate().flat_map(|(i, text)| [if i > 0 { &*by } else { "" }, text]);
            Ok(Value::String(bounded(between)?.into()))
        }),
        // Every script that a font has can be drawn; the operand is not looked at.
        function("is-supported-script", [String], Boolean, |_, _| Ok(Value::Bool(true))).reading(Reads::Globals),
    ]
}
