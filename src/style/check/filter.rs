//! Filters: expressions, and the deprecated form, which is told from them by its content.

use super::reference::{Member, REFERENCE, Type};
use super::walk::{Context, Walk, type_name};
use super::{Kind, brief, expression};
use serde_json::{Value as Json, json};

/// Which of the two forms an array is. `Both` means the same in either and decides nothing.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Expression,
    Deprecated,
    Both,
}

pub fn check(walk: &mut Walk, path: &str, json: &Json) {
    if form(json) == Form::Deprecated {
        return deprecated(walk, path, json);
    }
    if let Some((key, filter)) = mixed(json) {
        let instead = match in_expressions(filter) {
            Some(instead) => format!("write {}", brief(&instead.to_string())),
            None => "write it as an expression".to_string(),
        };
        let message = format!("{} is a deprecated filter within an expression: {instead}", brief(&filter.to_string()));
        walk.warning(Kind::MixedFilter, &format!("{path}{key}"), message);
    }
    expression::check(walk, path, json, &Member::of(Type::Boolean), Context::Filter);
}

fn form(json: &Json) -> Form {
    let items = match json {
        Json::Bool(_) => return Form::Both,
        Json::Array(items) if !items.is_empty() => items,
        _ => return Form::Deprecated,
    };
    let is_array = |i: usize| items.get(i).is_some_and(Json::is_array);
    let when = |is_expression: bool| if is_expression { Form::Expression } else { Form::Deprecated };
    match items[0].as_str() {
        Some("has") => match &items[1..] {
            [] => Form::Deprecated,
            [name, ..] if name == "$id" || name == "$type" => Form::Deprecated,
            [_] => Form::Both,
            _ => Form::Expression,
        },
        Some("in") => when(items.len() >= 3 && (!items[1].is_string() || is_array(2))),
        Some("!in" | "!has" | "none") => Form::Deprecated,
        Some("==" | "!=" | ">" | ">=" | "<" | "<=") => when(items.len() != 3 || is_array(1) || is_array(2)),
        Some("any" | "all") => {
            // One part that can only be an expression settles it for the whole.
            let forms: Vec<Form> = items[1..].iter().map(form).collect();
            match [Form::Expression, Form::Deprecated].into_iter().find(|form| forms.contains(form)) {
                Some(form) => form,
                None => Form::Both,
            }
        }
        _ => Form::Expression,
    }
}

/// The first deprecated filter within an expression, and where: `[2][1]`.
fn mixed(json: &Json) -> Option<(String, &Json)> {
    let items = json.as_array()?;
    let places: Vec<usize> = match items.first()?.as_str()? {
        "all" | "any" | "none" => (1..items.len()).collect(),
        "!" => vec![1],
        "case" => (1..items.len().saturating_sub(1)).step_by(2).collect(),
        _ => Vec::new(),
    };
    places.into_iter().find_map(|i| {
        let part = items.get(i).filter(|part| part.is_array())?;
        if form(part) == Form::Deprecated {
            return Some((format!("[{i}]"), part));
        }
        mixed(part).map(|(key, filter)| (format!("[{i}]{key}"), filter))
    })
}

/// A deprecated filter's test as an expression, where there is a plain one.
fn in_expressions(filter: &Json) -> Option<Json> {
    let items = filter.as_array()?;
    let (operator, name) = (items.first()?.as_str()?, items.get(1)?.as_str()?);
    let value = match name {
        "$type" => json!(["geometry-type"]),
        "$id" => json!(["id"]),
        name => json!(["get", name]),
    };
    let has_value = name != "$type" && name != "$id";
    match operator {
        "==" | "!=" | "<" | "<=" | ">" | ">=" if items.len() == 3 => Some(json!([operator, value, items[2]])),
        "in" => Some(json!(["in", value, ["literal", items[2..]]])),
        "!in" => Some(json!(["!", ["in", value, ["literal", items[2..]]]])),
        "has" if items.len() == 2 && has_value => Some(json!(["has", name])),
        "!has" if items.len() == 2 && has_value => Some(json!(["!", ["has", name]])),
        _ => None,
    }
}

fn deprecated(walk: &mut Walk, path: &str, json: &Json) {
    let Some(items) = json.as_array() else { return walk.wrong_type(path, json, "an array") };
    let Some(operator) = items.first() else {
        return walk.error(Kind::Filter, path, "a filter has at least an operator");
    };
    walk.one_of(&format!("{path}[0]"), operator, &REFERENCE.filter_operators);
    let operator = operator.as_str().unwrap_or_default();
    let of_type = items.get(1).is_some_and(|name| name == "$type");
    match operator {
        "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "!in" => {
            if operator.starts_with(['<', '>']) && of_type {
                walk.error(Kind::Filter, path, format!("\"$type\" cannot be compared with {operator:?}"));
            }
            if !operator.ends_with("in") && items.len() != 3 {
                walk.error(Kind::Filter, path, format!("a filter with {operator:?} has 3 items, not {}", items.len()));
            }
            if let Some(name) = items.get(1).filter(|name| !name.is_string()) {
                walk.wrong_type(&format!("{path}[1]"), name, "a string");
            }
            for (i, value) in items.iter().enumerate().skip(2) {
                let at = format!("{path}[{i}]");
                if of_type {
                    walk.one_of(&at, value, &REFERENCE.geometry_types);
                } else if !(value.is_string() || value.is_number() || value.is_boolean()) {
                    walk.wrong_type(&at, value, "a string, a number or a boolean");
                }
            }
        }
        "any" | "all" | "none" => {
            for (i, part) in items.iter().enumerate().skip(1) {
                deprecated(walk, &format!("{path}[{i}]"), part);
            }
        }
        "has" | "!has" => match items.get(1) {
            _ if items.len() != 2 => {
                walk.error(Kind::Filter, path, format!("a filter with {operator:?} has 2 items, not {}", items.len()));
            }
            Some(name) if !name.is_string() => {
                let message = format!("a string is expected, not {}", type_name(name));
                walk.error(Kind::Type, &format!("{path}[1]"), message);
            }
            _ => {}
        },
        _ => {}
    }
}
