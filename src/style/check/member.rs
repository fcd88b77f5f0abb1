//! Members of a style with rules of their own.

use super::reference::{Group, Member, REFERENCE, Type};
use super::walk::{Context, Others, Walk, below, truthy};
use super::{Kind, brief};
use serde_json::Value as Json;
use std::collections::HashSet;

/// The last code point of Unicode.
const LAST_CODE_POINT: u32 = 0x10_ffff;

/// `light`, `sky`, `projection` and `terrain`: members and their transitions; none of them is missed.
pub fn styled(walk: &mut Walk, path: &str, json: &Json, group: &Group) {
    let Some(map) = json.as_object() else { return walk.wrong_type(path, json, "an object") };
    for (name, json) in map {
        let at = below(path, name);
        let animated = name.strip_suffix("-transition").and_then(|name| group.get(name)).filter(|m| m.transition);
        match group.get(name) {
            _ if animated.is_some() => walk.value(&at, json, &Member::of(Type::Transition), Context::Root),
            Some(member) => walk.value(&at, json, member, Context::Root),
            None => walk.error(Kind::Unknown, &at, format!("there is no member {:?}", brief(name))),
        }
    }
}

/// The template of the URLs of glyphs.
pub fn glyphs(walk: &mut Walk, path: &str, json: &Json) {
    let Some(url) = json.as_str() else { return walk.wrong_type(path, json, "a string") };
    for token in ["{fontstack}", "{range}"] {
        if !url.contains(token) {
            walk.error(Kind::Glyphs, path, format!("the URL has no {token}"));
        }
    }
}

/// One URL, or several with an id each.
pub fn sprite(walk: &mut Walk, path: &str, json: &Json) {
    let Some(sprites) = json.as_array() else {
        return walk.simple(path, json, json.is_string(), "a string or an array");
    };
    let required = || Member { required: true, ..Member::of(Type::String) };
    let group = Group::from([("id".to_string(), required()), ("url".to_string(), required())]);
    let mut seen = HashSet::new();
    walk.items(path, sprites, |walk, at, sprite| {
        for name in ["id", "url"] {
            if let Some(value) = sprite.get(name).filter(|value| truthy(value))
                && !seen.insert((name, value.to_string()))
            {
                walk.error(Kind::Sprite, path, format!("the {name} {} stands twice", brief(&value.to_string())));
            }
        }
        walk.object(at, sprite, &group, &[], Others::Refused, &mut |_, _, _, _| {});
    });
}

/// Fonts by name: a URL, or several with the characters that each has.
pub fn font_faces(walk: &mut Walk, path: &str, json: &Json) {
    let Some(fonts) = json.as_object() else { return walk.wrong_type(path, json, "an object") };
    let ranges = Member { value: Some(super::reference::Items::Of(Type::String)), ..Member::of(Type::Array) };
    let url = Member { required: true, ..Member::of(Type::String) };
    let group = Group::from([("url".to_string(), url), ("unicode-range".to_string(), ranges)]);
    for (name, font) in fonts {
        let at = below(path, name);
        match font {
            Json::String(_) => {}
            Json::Array(faces) => walk.items(&at, faces, |walk, at, face| {
                walk.object(at, face, &group, &[], Others::Refused, &mut |_, _, _, _| {});
                let ranges = face.get("unicode-range").and_then(Json::as_array).into_iter().flatten();
                for (i, range) in ranges.enumerate().filter_map(|(i, range)| Some((i, range.as_str()?))) {
                    if let Err(message) = unicode_range(range) {
                        walk.error(Kind::UnicodeRange, &format!("{at}.unicode-range[{i}]"), message);
                    }
                }
            }),
            other => walk.wrong_type(&at, other, "a string or an array"),
        }
    }
}

/// A range as in CSS (Fonts 4, `unicode-range`): `U+26`, `U+0-7F` or `U+4??`.
fn unicode_range(text: &str) -> Result<(), String> {
    let wrong = || format!("{:?} is not a range such as \"U+26\", \"U+0-7F\" or \"U+4??\"", brief(text));
    let range = text.strip_prefix(['u', 'U']).and_then(|rest| rest.strip_prefix('+')).ok_or_else(wrong)?;
    let digits = range.trim_end_matches('?');
    let code = |digits: &str| {
        let right = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| right).ok_or_else(wrong)
    };
    if digits.len() < range.len() {
        return if digits.is_empty() && range.len() <= 6 || range.len() <= 6 && code(digits).is_ok() {
            Ok(())
        } else {
            Err(wrong())
        };
    }
    let (start, end) = range.split_once('-').unwrap_or((range, range));
    let (start, end) = (code(start)?, code(end)?);
    if start.max(end) > LAST_CODE_POINT {
        return Err(format!("{:?} goes beyond U+10FFFF", brief(text)));
    }
    if start > end {
        return Err(format!("{:?} ends before it begins", brief(text)));
    }
    Ok(())
}

/// A number, or one to four of them.
pub fn padding(walk: &mut Walk, path: &str, json: &Json) {
    let number = Member::of(Type::Number);
    match json {
        Json::Array(items) if !(1..=4).contains(&items.len()) => {
            walk.error(Kind::Length, path, format!("1 to 4 items are expected, not {}", items.len()));
        }
        Json::Array(items) => walk.items(path, items, |walk, path, json| walk.number(path, json, &number)),
        json => walk.number(path, json, &number),
    }
}

/// The name of a projection, or two names and how far it is from one to the other.
pub fn projection(walk: &mut Walk, path: &str, json: &Json) {
    let right = match json {
        Json::String(_) => true,
        Json::Array(items) => match items.as_slice() {
            [from, to, share] if from.is_string() && to.is_string() && share.is_number() => true,
            [operator, ..] => operator.as_str().is_some_and(|name| ["interpolate", "step", "literal"].contains(&name)),
            [] => false,
        },
        _ => false,
    };
    if !right {
        walk.wrong_type(path, json, "the name of a projection, or an array of two and a number,");
    }
}

/// The property that gives a feature its id, for all source layers or by their names.
pub fn promote_id(walk: &mut Walk, path: &str, json: &Json) {
    match json {
        Json::Object(map) => {
            for (name, json) in map {
                walk.simple(&below(path, name), json, json.is_string(), "a string");
            }
        }
        Json::Array(items) => {
            for (i, json) in items.iter().enumerate() {
                walk.simple(&format!("{path}.{i}"), json, json.is_string(), "a string");
            }
        }
        _ => {}
    }
}

/// Anchors, each followed by an offset.
pub fn anchor_offsets(walk: &mut Walk, path: &str, json: &Json) {
    let Some(items) = json.as_array().filter(|items| !items.is_empty() && items.len() % 2 == 0) else {
        return walk.error(Kind::Length, path, "an array of anchors, each followed by an offset, is expected");
    };
    let anchors = &REFERENCE.group("layout_symbol")["text-anchor"].values;
    let offset =
        Member { length: Some(2), value: Some(super::reference::Items::Of(Type::Number)), ..Member::of(Type::Array) };
    for (i, json) in items.iter().enumerate() {
        let at = format!("{path}[{i}]");
        if i % 2 == 0 { walk.one_of(&at, json, anchors) } else { walk.value(&at, json, &offset, Context::Root) }
    }
}
