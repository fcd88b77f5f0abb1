//! JSON to [`Expression`], one arm an operator.

use super::{Comparison, Curve, Expression, Label, Math, ParseError, Type, Value};
use crate::limits;
use crate::style::color::Color;
use serde_json::Value as Json;
use std::collections::HashMap;

/// What the place of an expression wants: where colours are wanted, texts are colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    Any,
    Color,
}

type Parse<T = Expression> = Result<T, ParseError>;

pub fn parse(json: &Json, expected: Expected) -> Parse {
    Parser { depth: 0 }.parse(json, expected)
}

pub(super) fn error<T>(message: impl Into<String>) -> Parse<T> {
    Err(ParseError { key: String::new(), message: message.into(), unknown: false })
}

pub(super) fn unknown<T>(what: &str, name: &str) -> Parse<T> {
    Err(ParseError { key: String::new(), message: format!("the {what} {name:?} is not known here"), unknown: true })
}

/// Puts the index of an operand in front of an error's key.
pub(super) fn at<T>(index: usize, parse: Parse<T>) -> Parse<T> {
    parse.map_err(|e| ParseError { key: format!("[{index}]{}", e.key), ..e })
}

struct Parser {
    depth: usize,
}

impl Parser {
    fn parse(&mut self, json: &Json, expected: Expected) -> Parse {
        match json {
            Json::Array(items) => {
                if self.depth == limits::EXPRESSION_DEPTH {
                    return error(format!("expressions nest at most {} deep", limits::EXPRESSION_DEPTH));
                }
                self.depth += 1;
                let parsed = self.operator(items, expected);
                self.depth -= 1;
                parsed
            }
            Json::Object(_) => error("an object is not an expression; write [\"literal\", {…}]"),
            literal => self.literal(literal, expected),
        }
    }

    fn literal(&self, json: &Json, expected: Expected) -> Parse {
        let value = Value::from_json(json);
        match (expected, &value) {
            (Expected::Color, Value::String(text)) => match Color::parse(text) {
                Some(color) => Ok(Expression::Literal(Value::Color(color))),
                None => error(format!("{text:?} is not a CSS colour")),
            },
            _ => Ok(Expression::Literal(value)),
        }
    }

    fn operator(&mut self, items: &[Json], expected: Expected) -> Parse {
        let Some(Json::String(operator)) = items.first() else {
            return error("an expression begins with the name of an operator; write arrays as [\"literal\", […]]");
        };
        let operands = &items[1..];
        let count = operands.len();
        let takes = |wanted: std::ops::RangeInclusive<usize>| {
            if wanted.contains(&count) {
                return Ok(());
            }
            let wanted = match (wanted.start(), wanted.end()) {
                (a, b) if a == b => a.to_string(),
                (a, &usize::MAX) => format!("at least {a}"),
                (a, b) => format!("{a} to {b}"),
            };
            error(format!("{operator:?} takes {wanted} operands, not {count}"))
        };
        const MANY: usize = usize::MAX;
        use Expression as E;
        let parsed = match operator.as_str() {
            "literal" => {
                takes(1..=1)?;
                return at(1, self.literal(&operands[0], expected));
            }
            "zoom" => takes(0..=0).map(|()| E::Zoom)?,
            "id" => takes(0..=0).map(|()| E::Id)?,
            "geometry-type" => takes(0..=0).map(|()| E::GeometryType)?,
            "properties" => takes(0..=0).map(|()| E::Properties)?,
            "get" | "has" => {
                takes(1..=2)?;
                match (operator.as_str(), operands) {
                    ("get", [Json::String(name)]) => E::Property(name.as_str().into()),
                    ("has", [Json::String(name)]) => E::HasProperty(name.as_str().into()),
                    ("get", _) => E::Get(self.all(operands, 1)?),
                    _ => E::Has(self.all(operands, 1)?),
                }
            }
            "at" => takes(2..=2).and_then(|()| Ok(E::At(self.two(operands)?)))?,
            "in" => takes(2..=2).and_then(|()| Ok(E::In(self.two(operands)?)))?,
            "length" => takes(1..=1).and_then(|()| Ok(E::Length(self.one(operands)?)))?,
            "!" => takes(1..=1).and_then(|()| Ok(E::Not(self.one(operands)?)))?,
            "all" => E::All(self.all(operands, 1)?),
            "any" => E::Any(self.all(operands, 1)?),
            "==" | "!=" | "<" | "<=" | ">" | ">=" if count == 3 => return unknown("third operand of", operator),
            "==" => takes(2..=2).and_then(|()| Ok(E::Equal(self.two(operands)?)))?,
            "!=" => takes(2..=2).and_then(|()| Ok(E::Not(Box::new(E::Equal(self.two(operands)?)))))?,
            "<" | "<=" | ">" | ">=" => {
                takes(2..=2)?;
                E::Compare(comparison(operator), self.two(operands)?)
            }
            "case" => {
                takes(3..=MANY)?;
                self.case(operands, expected)?
            }
            "match" => {
                takes(4..=MANY)?;
                self.matching(operands, expected)?
            }
            "coalesce" => {
                takes(1..=MANY)?;
                let options = operands.iter().enumerate().map(|(i, e)| at(i + 1, self.parse(e, Expected::Any)));
                E::Coalesce(options.collect::<Parse<_>>()?)
            }
            "step" => {
                takes(2..=MANY)?;
                self.step(operands, expected)?
            }
            "interpolate" => {
                takes(4..=MANY)?;
                self.interpolate(operands, expected)?
            }
            "boolean" => self.typed(E::Assert, Type::Bool, operands)?,
            "number" => self.typed(E::Assert, Type::Number, operands)?,
            "string" => self.typed(E::Assert, Type::String, operands)?,
            "object" => self.typed(E::Assert, Type::Object, operands)?,
            "array" => {
                takes(1..=3)?;
                self.array(operands)?
            }
            "to-boolean" => takes(1..=1).and_then(|()| self.typed(E::Convert, Type::Bool, operands))?,
            "to-string" => takes(1..=1).and_then(|()| self.typed(E::Convert, Type::String, operands))?,
            "to-number" => self.typed(E::Convert, Type::Number, operands)?,
            "to-color" => self.typed(E::Convert, Type::Color, operands)?,
            "rgb" => takes(3..=3).and_then(|()| Ok(E::Rgba(self.all(operands, 1)?)))?,
            "rgba" => takes(4..=4).and_then(|()| Ok(E::Rgba(self.all(operands, 1)?)))?,
            "concat" => E::Concat(self.all(operands, 1)?),
            "upcase" => takes(1..=1).and_then(|()| Ok(E::Upcase(self.one(operands)?)))?,
            "downcase" => takes(1..=1).and_then(|()| Ok(E::Downcase(self.one(operands)?)))?,
            "typeof" => takes(1..=1).and_then(|()| Ok(E::Typeof(self.one(operands)?)))?,
            "e" => E::Literal(Value::Number(std::f64::consts::E)),
            "pi" => E::Literal(Value::Number(std::f64::consts::PI)),
            "ln2" => E::Literal(Value::Number(std::f64::consts::LN_2)),
            name => {
                let (operator, wanted) = match name {
                    "+" => (Math::Add, 0..=MANY),
                    "*" => (Math::Multiply, 0..=MANY),
                    "-" => (Math::Subtract, 1..=2),
                    "/" => (Math::Divide, 2..=2),
                    "%" => (Math::Remainder, 2..=2),
                    "^" => (Math::Power, 2..=2),
                    "min" => (Math::Min, 0..=MANY),
                    "max" => (Math::Max, 0..=MANY),
                    "abs" => (Math::Abs, 1..=1),
                    "ceil" => (Math::Ceil, 1..=1),
                    "floor" => (Math::Floor, 1..=1),
                    "round" => (Math::Round, 1..=1),
                    "sqrt" => (Math::Sqrt, 1..=1),
                    "ln" => (Math::Ln, 1..=1),
                    "log2" => (Math::Log2, 1..=1),
                    "log10" => (Math::Log10, 1..=1),
                    _ => return unknown("operator", name),
                };
                takes(wanted)?;
                E::Math(operator, self.all(operands, 1)?)
            }
        };
        let passed_down = matches!(parsed, E::Case(..) | E::Match { .. } | E::Stops { .. });
        let is_color = matches!(parsed, E::Rgba(_) | E::Convert(Type::Color, _));
        if expected == Expected::Color && !passed_down && !is_color {
            return Ok(E::Convert(Type::Color, Box::new([parsed])));
        }
        Ok(parsed)
    }

    /// Operands in order; `first` is the index of the first in its array.
    fn all(&mut self, operands: &[Json], first: usize) -> Parse<Box<[Expression]>> {
        operands.iter().enumerate().map(|(i, e)| at(first + i, self.parse(e, Expected::Any))).collect()
    }

    fn one(&mut self, operands: &[Json]) -> Parse<Box<Expression>> {
        at(1, self.parse(&operands[0], Expected::Any)).map(Box::new)
    }

    fn two(&mut self, operands: &[Json]) -> Parse<Box<[Expression; 2]>> {
        let first = at(1, self.parse(&operands[0], Expected::Any))?;
        Ok(Box::new([first, at(2, self.parse(&operands[1], Expected::Any))?]))
    }

    fn typed(&mut self, make: impl Fn(Type, Box<[Expression]>) -> Expression, of: Type, operands: &[Json]) -> Parse {
        if operands.is_empty() {
            return error("an operand is missing");
        }
        Ok(make(of, self.all(operands, 1)?))
    }

    /// `["array", type, length, value]`, of which type and length may be left out.
    fn array(&mut self, operands: &[Json]) -> Parse {
        let [of @ .., value] = operands else { return error("an operand is missing") };
        let item = match of.first().map(Json::as_str) {
            None => None,
            Some(Some("number")) => Some(Type::Number),
            Some(Some("string")) => Some(Type::String),
            Some(Some("boolean")) => Some(Type::Bool),
            Some(_) => return at(1, error("the type of an array's items is \"number\", \"string\" or \"boolean\"")),
        };
        let length = match of.get(1) {
            None => None,
            Some(length) => match length.as_u64() {
                Some(length) => Some(length as usize),
                None => return at(2, error("the length of an array is a whole number")),
            },
        };
        let value = at(operands.len(), self.parse(value, Expected::Any))?;
        Ok(Expression::Array { item, length, value: Box::new(value) })
    }

    fn case(&mut self, operands: &[Json], expected: Expected) -> Parse {
        let [pairs @ .., otherwise] = operands else { return error("the last output is missing") };
        if pairs.len() % 2 != 0 {
            return error("\"case\" takes pairs of a condition and an output, then one more output");
        }
        let mut branches = Vec::new();
        for (i, pair) in pairs.chunks_exact(2).enumerate() {
            let condition = at(2 * i + 1, self.parse(&pair[0], Expected::Any))?;
            branches.push((condition, at(2 * i + 2, self.parse(&pair[1], expected))?));
        }
        let otherwise = at(operands.len(), self.parse(otherwise, expected))?;
        Ok(Expression::Case(branches.into(), Box::new(otherwise)))
    }

    fn matching(&mut self, operands: &[Json], expected: Expected) -> Parse {
        let [input, pairs @ .., otherwise] = operands else { return error("the last output is missing") };
        if pairs.len() % 2 != 0 {
            return error("\"match\" takes an input, pairs of labels and an output, then one more output");
        }
        let input = Box::new(at(1, self.parse(input, Expected::Any))?);
        let mut labels = HashMap::new();
        let mut outputs = Vec::new();
        for (i, pair) in pairs.chunks_exact(2).enumerate() {
            let here = 2 * i + 2;
            let several = match &pair[0] {
                Json::Array(several) => several.as_slice(),
                one => std::slice::from_ref(one),
            };
            for label in several {
                let label = match label {
                    Json::String(text) => Label::String(text.as_str().into()),
                    Json::Number(n) if n.as_f64().is_some_and(|n| n.fract() == 0.0 && n.abs() < 9e15) => {
                        Label::Number(n.as_f64().unwrap_or_default() as i64)
                    }
                    _ => return at(here, error("labels are strings, whole numbers, or arrays of either")),
                };
                if labels.insert(label, outputs.len()).is_some() {
                    return at(here, error("a label stands twice"));
                }
            }
            outputs.push(at(here + 1, self.parse(&pair[1], expected))?);
        }
        let otherwise = Box::new(at(operands.len(), self.parse(otherwise, expected))?);
        Ok(Expression::Match { input, labels, outputs: outputs.into(), otherwise })
    }

    fn step(&mut self, operands: &[Json], expected: Expected) -> Parse {
        if !operands.len().is_multiple_of(2) {
            return error("\"step\" takes an input, an output, then pairs of a stop and an output");
        }
        let input = Box::new(at(1, self.parse(&operands[0], Expected::Any))?);
        let mut stops = vec![(f64::NEG_INFINITY, at(2, self.parse(&operands[1], expected))?)];
        self.stops(&operands[2..], 3, expected, &mut stops)?;
        Ok(Expression::Stops { curve: Curve::Step, input, stops: stops.into() })
    }

    fn interpolate(&mut self, operands: &[Json], expected: Expected) -> Parse {
        let curve = match operands[0].as_array().map(Vec::as_slice) {
            Some([Json::String(name)]) if name == "linear" => Curve::Linear,
            Some([Json::String(name), base]) if name == "exponential" => match base.as_f64() {
                Some(base) if base > 0.0 => Curve::Exponential(base),
                _ => return at(1, error("the base of \"exponential\" is a number above 0")),
            },
            Some([Json::String(name), ..]) => return at(1, unknown("curve", name)),
            _ => return at(1, error("the curves are [\"linear\"] and [\"exponential\", base]")),
        };
        if !operands.len().is_multiple_of(2) {
            return error("\"interpolate\" takes a curve, an input, then pairs of a stop and an output");
        }
        let input = Box::new(at(2, self.parse(&operands[1], Expected::Any))?);
        let mut stops = Vec::new();
        self.stops(&operands[2..], 3, expected, &mut stops)?;
        Ok(Expression::Stops { curve, input, stops: stops.into() })
    }

    fn stops(
        &mut self,
        pairs: &[Json],
        first: usize,
        expected: Expected,
        stops: &mut Vec<(f64, Expression)>,
    ) -> Parse<()> {
        for (i, pair) in pairs.chunks_exact(2).enumerate() {
            let here = first + 2 * i;
            let Some(stop) = pair[0].as_f64() else { return at(here, error("a stop is a number")) };
            if stops.last().is_some_and(|(last, _)| *last >= stop) {
                return at(here, error("stops go upwards"));
            }
            stops.push((stop, at(here + 1, self.parse(&pair[1], expected))?));
        }
        Ok(())
    }
}

pub(super) fn comparison(operator: &str) -> Comparison {
    match operator {
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        _ => Comparison::GreaterOrEqual,
    }
}
