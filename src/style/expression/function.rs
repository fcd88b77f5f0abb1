//! Functions from before there were expressions (`{"stops": …}`), as expressions.
//!
//! The reference implementation has two readings, which differ in what it never says: one that draws, and one that turns
//! a style's functions into expressions. Here they are turned into expressions; [`Reading::Drawn`] keeps what is seen
//! in a picture of the first.

use super::ParseError;
use super::operators::{Operator, special};
use super::parse::{Parse, at, error, unknown};
use super::spec::PropertySpec;
use serde_json::{Map, Value as Json, json};

/// What is made of two stops at one input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// The output jumps there, as in a picture.
    Drawn,
    /// The second is left out.
    Converted,
}

/// What stands for a default that a function lacks. Nobody writes it.
const NO_DEFAULT: &str = "function-without-default";

pub fn operators() -> Vec<Operator> {
    vec![special(NO_DEFAULT, |_, _| error("'undefined' value invalid. Use null instead."))]
}

type Stop = (Json, Json);

pub fn converted(function: &Map<String, Json>, spec: &PropertySpec, reading: Reading) -> Parse<Json> {
    let function = Function { spec, reading, function };
    match function.function.get("stops") {
        None => function.identity(),
        Some(_) => function.of_stops(),
    }
}

struct Function<'a> {
    spec: &'a PropertySpec,
    reading: Reading,
    function: &'a Map<String, Json>,
}

/// How outputs follow from inputs.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exponential,
    Interval,
    Categorical,
}

impl Function<'_> {
    fn kind(&self) -> Parse<Kind> {
        match self.function.get("type").map(|kind| kind.as_str().unwrap_or_default()) {
            // Drawing goes in steps where there is nothing in between.
            Some("exponential") if !self.spec.interpolated && self.reading == Reading::Drawn => Ok(Kind::Interval),
            Some("exponential") => Ok(Kind::Exponential),
            Some("interval") => Ok(Kind::Interval),
            Some("categorical") => Ok(Kind::Categorical),
            None if self.spec.interpolated => Ok(Kind::Exponential),
            None => Ok(Kind::Interval),
            Some(name) => unknown(format!("Unknown function type \"{name}\"")),
        }
    }

    fn get(&self) -> Parse<Json> {
        match self.function.get("property") {
            Some(Json::String(name)) => Ok(json!(["get", name])),
            Some(_) => error("\"property\" is the name of a property"),
            None => error("this function names a \"property\""),
        }
    }

    fn default(&self) -> Option<Json> {
        self.function.get("default").map(literal)
    }

    fn identity(&self) -> Parse<Json> {
        match self.function.get("type").and_then(Json::as_str) {
            None | Some("identity") => {}
            Some(_) => return error("a function has \"stops\": an array of [input, output] pairs"),
        }
        let get = self.get()?;
        let kind = self.spec.kind.as_str();
        let Some(default) = self.default() else {
            // A text is checked, where an expression's would be converted.
            return Ok(if kind == "string" { json!(["string", get]) } else { get });
        };
        Ok(match kind {
            "enum" => json!(["match", get, self.spec.values, get, default]),
            "color" => json!(["to-color", get, default]),
            "array" => json!(["array", self.spec.value, self.spec.length, get, default]),
            kind => json!([kind, get, default]),
        })
    }

    fn of_stops(&self) -> Parse<Json> {
        let stops = self.function.get("stops").and_then(Json::as_array).filter(|stops| !stops.is_empty());
        let Some(stops) = stops else {
            return error("a function has \"stops\": an array of [input, output] pairs");
        };
        let of_property = self.function.contains_key("property");
        let mut pairs = Vec::with_capacity(stops.len());
        for (i, stop) in stops.iter().enumerate() {
            let Some([input, output]) = stop.as_array().map(Vec::as_slice) else {
                return at(i, error("a stop is a pair of an input and an output"));
            };
            let tokens = self.spec.tokens && !of_property && !input.is_object();
            let output = match output {
                Json::String(text) if tokens => with_tokens(text),
                other => literal(other),
            };
            pairs.push((input.clone(), output));
        }
        match (&pairs[0].0, of_property) {
            (Json::Object(_), _) => self.of_zoom_and_property(pairs),
            (_, true) => self.of_property(pairs),
            (_, false) => self.of_zoom(pairs),
        }
    }

    fn base(&self) -> Parse<f64> {
        match self.function.get("base") {
            None => Ok(1.0),
            Some(base) => base.as_f64().ok_or_else(|| ParseError::new("\"base\" is a number")),
        }
    }

    fn operator(&self) -> Parse<&'static str> {
        match self.function.get("colorSpace").and_then(Json::as_str) {
            Some("hcl") => Ok("interpolate-hcl"),
            Some("lab") => Ok("interpolate-lab"),
            None | Some("rgb") => Ok("interpolate"),
            Some(name) => error(format!("Unknown color space: \"{name}\"")),
        }
    }

    /// `step` or `interpolate` over numbers.
    fn ramp(&self, kind: Kind, input: Json, stops: Vec<Stop>) -> Parse<Json> {
        let stops = self.upwards(kind, stops)?;
        if kind == Kind::Interval {
            let mut step = vec!["step".into(), input];
            for (i, (at, output)) in stops.iter().enumerate() {
                step.extend((i > 0).then(|| at.clone()));
                step.push(output.clone());
            }
            // A step has at least one stop.
            if stops.len() == 1 {
                step.extend([0.into(), stops[0].1.clone()]);
            }
            return Ok(Json::Array(step));
        }
        let base = self.base()?;
        let curve = if base == 1.0 { json!(["linear"]) } else { json!(["exponential", base]) };
        Ok(interpolation(self.operator()?, curve, input, stops))
    }

    /// Stops by their numbers, which go upwards; two at one place are told apart or made one.
    fn upwards(&self, kind: Kind, stops: Vec<Stop>) -> Parse<Vec<Stop>> {
        if self.reading == Reading::Converted {
            let mut kept: Vec<Stop> = Vec::with_capacity(stops.len());
            for stop in stops {
                // A step does not show its first input, so that the second is never the same.
                let first_of_steps = kind == Kind::Interval && kept.len() == 1;
                if first_of_steps || kept.last().is_none_or(|(last, _)| *last != stop.0) {
                    kept.push(stop);
                }
            }
            return Ok(kept);
        }
        let mut numbered: Vec<(f64, Json)> = Vec::with_capacity(stops.len());
        for (i, (input, output)) in stops.into_iter().enumerate() {
            let Some(mut input) = input.as_f64() else { return at(i, error("the input of a stop is a number")) };
            if let Some((last, _)) = numbered.last_mut()
                && *last >= input
            {
                if *last > input {
                    return at(i, error("stops go upwards"));
                }
                // At the very place the second counts, but for the first stop of all.
                if i == 1 {
                    input = input.next_up();
                } else {
                    *last = last.next_down();
                }
            }
            numbered.push((input, output));
        }
        Ok(numbered.into_iter().map(|(input, output)| (json!(input), output)).collect())
    }

    fn of_zoom(&self, stops: Vec<Stop>) -> Parse<Json> {
        match self.kind()? {
            Kind::Categorical => error("a \"categorical\" function names a \"property\""),
            kind => self.ramp(kind, json!(["zoom"]), stops),
        }
    }

    fn of_property(&self, stops: Vec<Stop>) -> Parse<Json> {
        let get = self.get()?;
        match self.kind()? {
            Kind::Categorical => {
                let spec_default = self.spec.default.as_ref().map(literal);
                // Without any default there is no value, which a drawing notices when it comes to that.
                let fallback = self.default().or(spec_default).unwrap_or_else(|| match self.reading {
                    _ if self.spec.kind == "resolvedImage" => "".into(),
                    Reading::Drawn => json!(["error", "The function has no default."]),
                    Reading::Converted => json!([NO_DEFAULT]),
                });
                if stops[0].0.is_boolean() {
                    let branches = stops.into_iter().flat_map(|(value, output)| [json!(["==", get, value]), output]);
                    return Ok(std::iter::once("case".into()).chain(branches).chain([fallback]).collect());
                }
                let mut pairs: Vec<Json> = vec!["match".into(), get];
                for (label, output) in stops {
                    if pairs.len() < 4 || pairs[pairs.len() - 2] != label {
                        pairs.extend([label, output]);
                    }
                }
                pairs.push(fallback);
                Ok(Json::Array(pairs))
            }
            kind => {
                let ramp = self.ramp(kind, json!(["number", get]), stops)?;
                Ok(match self.default() {
                    Some(default) => json!(["case", ["==", ["typeof", get], "number"], ramp, default]),
                    None => ramp,
                })
            }
        }
    }

    /// A function of the property for each zoom, and what is between them.
    fn of_zoom_and_property(&self, stops: Vec<Stop>) -> Parse<Json> {
        let mut zooms: Vec<(Json, Vec<Stop>)> = Vec::new();
        for (i, (input, output)) in stops.into_iter().enumerate() {
            let (Some(zoom @ Json::Number(_)), Some(value)) = (input.get("zoom"), input.get("value")) else {
                return at(i, error("the input of a stop is {\"zoom\": number, \"value\": …}, as that of the others"));
            };
            let stop = (value.clone(), output);
            match zooms.iter_mut().find(|(known, _)| known == zoom) {
                Some((_, stops)) => stops.push(stop),
                None => zooms.push((zoom.clone(), vec![stop])),
            }
        }
        let outer = self.function.iter().filter(|(name, _)| ["type", "property", "default"].contains(&name.as_str()));
        let inner = Function { function: &outer.map(|(k, v)| (k.clone(), v.clone())).collect(), ..*self };
        let mut functions = Vec::with_capacity(zooms.len());
        for (zoom, stops) in zooms {
            functions.push((zoom, inner.of_property(stops)?));
        }
        match self.spec.interpolated {
            true => {
                let functions = self.upwards(Kind::Exponential, functions)?;
                Ok(interpolation(self.operator()?, json!(["linear"]), json!(["zoom"]), functions))
            }
            false => self.ramp(Kind::Interval, json!(["zoom"]), functions),
        }
    }
}

fn interpolation(operator: &str, curve: Json, input: Json, stops: Vec<Stop>) -> Json {
    [operator.into(), curve, input].into_iter().chain(stops.into_iter().flat_map(|(at, output)| [at, output])).collect()
}

fn literal(value: &Json) -> Json {
    match value {
        Json::Array(_) | Json::Object(_) | Json::Null => json!(["literal", value]),
        plain => plain.clone(),
    }
}

/// A text with the values of properties in it, as `"{name} street"`.
pub fn with_tokens(text: &str) -> Json {
    let mut parts: Vec<Json> = vec!["concat".into()];
    let mut rest = text;
    let mut plain = String::new();
    while let Some(open) = rest.find('{') {
        let after = &rest[open + 1..];
        // The name ends at the next brace, if that is one that closes.
        match after.find(['{', '}']).filter(|end| *end > 0 && after[*end..].starts_with('}')) {
            Some(end) => {
                plain.push_str(&rest[..open]);
                if !plain.is_empty() {
                    parts.push(std::mem::take(&mut plain).into());
                }
                parts.push(json!(["get", after[..end]]));
                rest = &after[end + 1..];
            }
            None => {
                plain.push_str(&rest[..=open]);
                rest = after;
            }
        }
    }
    if parts.len() == 1 {
        return text.into();
    }
    plain.push_str(rest);
    match (plain.is_empty(), parts.len()) {
        (true, 2) => json!(["to-string", parts[1]]),
        (true, _) => Json::Array(parts),
        (false, _) => {
            parts.push(plain.into());
            Json::Array(parts)
        }
    }
}
