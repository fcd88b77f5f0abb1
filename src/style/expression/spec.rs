//! What a property accepts, and its expressions with the rules that hold for properties.

use super::function::{self, Reading};
use super::parse::{Annotation, Parse, Parser, error};
use super::{Expression, Op, Type};
use serde_json::Value as Json;

/// What the Style Spec's reference says of a property.
#[derive(Clone, Debug)]
pub struct PropertySpec {
    /// The type by its name there; empty where it may be any.
    pub kind: String,
    /// Of an array, the type of its items, and how many there are.
    pub value: Option<String>,
    pub length: Option<usize>,
    pub default: Option<Json>,
    /// Of an enumeration, what it enumerates.
    pub values: Vec<String>,
    /// Whether `{name}` in a text is a property's value.
    pub tokens: bool,
    pub of_feature: bool,
    pub of_zoom: bool,
    pub interpolated: bool,
}

impl Default for PropertySpec {
    /// A property of any type that may depend on everything.
    fn default() -> PropertySpec {
        PropertySpec {
            kind: String::new(),
            value: None,
            length: None,
            default: None,
            values: Vec::new(),
            tokens: false,
            of_feature: true,
            of_zoom: true,
            interpolated: true,
        }
    }
}

impl PropertySpec {
    pub fn expected(&self) -> Option<Type> {
        match self.kind.as_str() {
            "array" => {
                let item = self.value.as_deref().and_then(Type::named).unwrap_or(Type::Value);
                Some(Type::array(item, self.length))
            }
            kind => Type::named(kind),
        }
    }

    /// Reads the properties of a property in the reference's JSON; what is missing or of another kind is as in
    /// [`PropertySpec::default`].
    pub fn from_json(json: &Json) -> PropertySpec {
        let text = |name: &str| json[name].as_str().map(str::to_string);
        let expression = json["expression"].as_object();
        let parameters = expression.and_then(|e| e.get("parameters")).and_then(Json::as_array);
        let values = match &json["values"] {
            Json::Object(map) => map.keys().cloned().collect(),
            Json::Array(names) => names.iter().filter_map(Json::as_str).map(str::to_string).collect(),
            _ => Vec::new(),
        };
        PropertySpec {
            kind: text("type").unwrap_or_default(),
            value: text("value"),
            length: json["length"].as_u64().map(|length| length as usize),
            default: json.get("default").cloned(),
            values,
            tokens: json["tokens"] == true,
            of_feature: text("property-type").is_none_or(|kind| kind.ends_with("data-driven")),
            of_zoom: parameters.is_none_or(|parameters| parameters.iter().any(|name| name == "zoom")),
            interpolated: expression.and_then(|e| e.get("interpolated")).is_none_or(|flag| flag == true),
        }
    }
}

/// Parses a property's expression or function.
pub fn parse_property(json: &Json, spec: &PropertySpec, reading: Reading) -> Parse {
    let json = match json {
        Json::Object(function) => &function::converted(function, spec, reading)?,
        expression => expression,
    };
    // A property that is a text takes everything as one.
    let annotation = if spec.kind == "string" { Annotation::Convert } else { Annotation::Inferred };
    let parsed = Parser::default().parse(json, spec.expected().as_ref(), annotation)?;
    if parsed.reads_feature() && !spec.of_feature {
        return error("data expressions not supported");
    }
    if !parsed.reads_zoom() {
        return Ok(parsed);
    }
    if !spec.of_zoom {
        return error("zoom expressions not supported");
    }
    match zoom_curve(&parsed)? {
        None => error(ZOOM_ELSEWHERE),
        Some(Expression { op: Op::Interpolate(_), .. }) if !spec.interpolated => {
            error("\"interpolate\" expressions cannot be used with this property")
        }
        Some(_) => Ok(parsed),
    }
}

const ZOOM_ELSEWHERE: &str =
    "\"zoom\" expression may only be used as input to a top-level \"step\" or \"interpolate\" expression.";

/// The one `step` or `interpolate` of the zoom, which may stand in `let` and `coalesce` only: between two of its stops a
/// property is drawn by interpolation.
fn zoom_curve(expression: &Expression) -> Parse<Option<&Expression>> {
    let within = expression.args.iter().map(zoom_curve).collect::<Parse<Vec<_>>>()?;
    let own = match expression.op {
        Op::Let => within.last().copied().flatten(),
        Op::Coalesce => within.iter().copied().flatten().next(),
        Op::Step(_) | Op::Interpolate(_) if matches!(expression.args[0].op, Op::Call { name: "zoom", .. }) => {
            Some(expression)
        }
        _ => None,
    };
    match (own, within.iter().copied().flatten().find(|other| own.is_none_or(|own| !std::ptr::eq(own, *other)))) {
        (own, None) => Ok(own),
        (None, Some(_)) => error(ZOOM_ELSEWHERE),
        (Some(_), Some(_)) => {
            error("Only one zoom-based \"step\" or \"interpolate\" subexpression may be used in an expression.")
        }
    }
}
