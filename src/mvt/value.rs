//! Property values as they lie in a tile (4.1, 4.4).

use super::wire::{self, Malformed, Value};
use crate::value::Property;
use std::sync::Arc;

/// The extension of a value (4.1 leaves 8 and above to them) that marks a string as the JSON of an array or object: the
/// spec has no such values, and readers that do not know the mark get the text.
pub const JSON_MARK: u32 = 1000;

/// Checks a value, and counts its bytes of text.
pub fn check(value: &[u8]) -> Result<usize, Malformed> {
    let mut text = 0;
    for field in wire::fields(value) {
        match field? {
            (1, Value::Bytes(string)) => {
                std::str::from_utf8(string).map_err(|_| Malformed("a value is not UTF-8"))?;
                text = string.len();
            }
            (2, Value::Fixed32(_)) | (3, Value::Fixed64(_)) | (4..=7, Value::Varint(_)) | (8.., _) => {}
            _ => return Err(Malformed("a value has the wrong type")),
        }
    }
    Ok(text)
}

/// The value that checked bytes hold; null where they have no type. The spec wants exactly one: of several, that of the
/// lowest field number counts, and of several of the same, the last.
pub fn decode(value: &[u8]) -> Property {
    let mut found: Option<(u32, Property)> = None;
    let mut is_json = false;
    for (number, value) in wire::fields(value).map_while(Result::ok) {
        if let (JSON_MARK, Value::Varint(mark)) = (number, &value) {
            is_json = *mark == 1;
        }
        if found.as_ref().is_some_and(|(of, _)| *of < number) {
            continue;
        }
        let property = match (number, value) {
            (1, Value::Bytes(text)) => std::str::from_utf8(text).ok().map(|text| Property::String(text.into())),
            (2, Value::Fixed32(bytes)) => Some(Property::Double(f32::from_le_bytes(bytes).into())),
            (3, Value::Fixed64(bytes)) => Some(Property::Double(f64::from_le_bytes(bytes))),
            (4, Value::Varint(number)) => Some(Property::Int(number as i64)),
            (5, Value::Varint(number)) => Some(Property::UInt(number)),
            (6, Value::Varint(number)) => Some(Property::Int(wire::unzigzag64(number))),
            (7, Value::Varint(number)) => Some(Property::Bool(number != 0)),
            _ => None,
        };
        found = property.map(|property| (number, property)).or(found);
    }
    match found {
        Some((1, Property::String(text))) if is_json => match serde_json::from_str(&text) {
            Ok(json) => Property::Json(Arc::new(json)),
            Err(_) => Property::String(text),
        },
        Some((_, property)) => property,
        None => Property::Null,
    }
}
