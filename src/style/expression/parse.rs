//! JSON to a typed [`Expression`].
//!
//! Every place expects a type, or none. What stands there and may have any type is checked when it is evaluated
//! (`Op::Assert`), or converted where the Style Spec has it so (`Op::Convert`); what has another type is an error.
//! What depends on nothing is evaluated at once.

use super::operators::{self, Form, Overload, Reads, Takes};
use super::{Context, Expression, Op, ParseError, Type, Value};
use crate::limits;
use serde_json::Value as Json;

pub type Parse<T = Expression> = Result<T, ParseError>;

/// What is done with a value of unknown type where a certain one is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Annotation {
    /// What the expected type says.
    Inferred,
    Convert,
    /// Nothing: `coalesce` looks at the values itself.
    None,
}

/// An operator with its operands and the type that is expected of it.
pub struct Call<'a> {
    pub name: &'a str,
    /// The whole array: the operands begin at 1, so that indices are those in error keys.
    pub items: &'a [Json],
    pub expected: Option<&'a Type>,
}

impl<'a> Call<'a> {
    /// How many operands there are.
    pub fn count(&self) -> usize {
        self.items.len() - 1
    }

    /// The expected type where it says anything.
    pub fn wanted(&self) -> Option<&'a Type> {
        self.expected.filter(|expected| **expected != Type::Value)
    }
}

#[derive(Default)]
pub struct Parser {
    depth: usize,
    /// The variables of each `let` around, from the outermost.
    scopes: Vec<Vec<(String, Expression)>>,
}

pub fn error<T>(message: impl Into<String>) -> Parse<T> {
    Err(ParseError::new(message))
}

/// What may be right, and is only not known here.
pub fn unknown<T>(message: impl Into<String>) -> Parse<T> {
    Err(ParseError { unknown: true, ..ParseError::new(message) })
}

/// Puts the index of an operand in front of an error's key.
pub fn at<T>(index: usize, parse: Parse<T>) -> Parse<T> {
    parse.map_err(|e| ParseError { key: format!("[{index}]{}", e.key), ..e })
}

/// Makes an error one of the place itself, whatever was expected of it.
fn own<T>(parse: Parse<T>) -> Parse<T> {
    parse.map_err(|e| ParseError { by_expectation: false, ..e })
}

/// The error of an operator that is not known.
fn unknown_operator<T>(name: &str) -> Parse<T> {
    let name = crate::style::brief(name);
    at(0, unknown(format!("Unknown expression \"{name}\". If you wanted a literal array, use [\"literal\", [...]].")))
}

/// What `typeof` gives in ECMAScript, for messages.
pub fn kind_of_json(json: &Json) -> &'static str {
    match json {
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        _ => "object",
    }
}

/// Whether ECMAScript takes it for true: options that are not are left out.
pub fn is_truthy(json: &Json) -> bool {
    Value::from_json(json).to_bool()
}

impl Parser {
    pub fn parse(&mut self, json: &Json, expected: Option<&Type>, annotation: Annotation) -> Parse {
        let parsed = match json {
            Json::Array(items) => {
                if self.depth == limits::EXPRESSION_DEPTH {
                    return error(format!("Expressions nest at most {} deep.", limits::EXPRESSION_DEPTH));
                }
                self.depth += 1;
                let parsed = self.operator(items, expected);
                self.depth -= 1;
                parsed?
            }
            Json::Object(_) => return error("Bare objects invalid. Use [\"literal\", {...}] instead."),
            literal => Expression::literal(Value::from_json(literal)),
        };
        let (parsed, annotated) = match expected {
            Some(expected) => annotate(parsed, expected, annotation)?,
            None => (parsed, false),
        };
        // Images are looked up when it is known which there are.
        if parsed.is_literal() || parsed.of == Type::Image || !is_constant(&parsed) {
            return Ok(parsed);
        }
        match parsed.evaluate(&Context::nowhere()) {
            Ok(value) => Ok(Expression { op: Op::Literal(value), args: Box::default(), of: parsed.of }),
            Err(e) => Err(ParseError { by_expectation: annotated, ..ParseError::new(e.to_string()) }),
        }
    }

    fn operator(&mut self, items: &[Json], expected: Option<&Type>) -> Parse {
        let name = match items.first() {
            None => {
                return error(
                    "Expected an array with at least one element. If you wanted a literal array, use [\"literal\", []].",
                );
            }
            Some(Json::String(name)) => name,
            Some(other) => {
                let found = kind_of_json(other);
                return at(
                    0,
                    error(format!(
                        "Expression name must be a string, but found {found} instead. \
                         If you wanted a literal array, use [\"literal\", [...]]."
                    )),
                );
            }
        };
        let call = Call { name, items, expected };
        match operators::find(name) {
            None => unknown_operator(name),
            Some(operator) => match &operator.form {
                Form::Special(parse) => parse(self, &call),
                Form::Function { gives, overloads } => {
                    let (overload, args) = own(self.function(&call, overloads))?;
                    let op = Op::Call { name: operator.name, reads: overload.reads, evaluate: overload.evaluate };
                    Ok(Expression { op, args, of: gives.clone() })
                }
            },
        }
    }

    /// The operands of a function, and the list of types that they fit.
    fn function<'o>(&mut self, call: &Call, overloads: &'o [Overload]) -> Parse<(&'o Overload, Box<[Expression]>)> {
        let fitting: Vec<&'o Overload> = overloads.iter().filter(|o| o.takes.fit(call.count())).collect();
        if let Some(&overload) = fitting.first() {
            let operands = (1..call.items.len())
                .map(|i| at(i, self.parse(&call.items[i], Some(overload.takes.at(i - 1)), Annotation::Inferred)));
            match operands.collect::<Parse<Box<[_]>>>() {
                Ok(args) => return Ok((overload, args)),
                // What fits equally well takes the same types.
                Err(e) if fitting.len() == 1 || !e.by_expectation => return Err(e),
                Err(_) => {}
            }
        }
        let found = (1..call.items.len()).map(|i| Ok(self.operand(call, i, None)?.of.to_string()));
        let found = found.collect::<Parse<Vec<_>>>()?.join(", ");
        let listed: Vec<String> = match fitting.is_empty() {
            true => overloads.iter().map(|o| o.takes.to_string()).collect(),
            false => fitting.iter().map(|o| o.takes.to_string()).collect(),
        };
        error(format!("Expected arguments of type {}, but found ({found}) instead.", listed.join(" | ")))
    }

    /// The operand at an index of the array, of a type that the operator says.
    pub fn operand(&mut self, call: &Call, index: usize, expected: Option<&Type>) -> Parse {
        own(at(index, self.parse(&call.items[index], expected, Annotation::Inferred)))
    }

    /// An operand of which is expected what is expected of the operator itself, or else what the operands before it
    /// have shown.
    pub fn output(&mut self, call: &Call, index: usize, of: &mut Option<Type>, annotation: Annotation) -> Parse {
        let parsed = at(index, self.parse(&call.items[index], of.as_ref(), annotation));
        let parsed = if call.wanted().is_some() { parsed } else { own(parsed) }?;
        if of.is_none() {
            *of = Some(parsed.of.clone());
        }
        Ok(parsed)
    }

    /// An operand of a type that follows from what is expected of the operator.
    pub fn inherited(&mut self, call: &Call, index: usize, expected: &Type) -> Parse {
        let parsed = at(index, self.parse(&call.items[index], Some(expected), Annotation::Inferred));
        if call.expected.is_some() { parsed } else { own(parsed) }
    }

    /// An expression among an operator's options; the reference implementation gives all of them the index 1.
    pub fn option(&mut self, json: &Json, expected: &Type) -> Parse {
        own(at(1, self.parse(json, Some(expected), Annotation::Inferred)))
    }

    /// Parses the body of a `let`, its variables known.
    pub fn with_variables<T>(
        &mut self,
        variables: Vec<(String, Expression)>,
        body: impl FnOnce(&mut Parser) -> Parse<T>,
    ) -> Parse<(Vec<Expression>, T)> {
        self.scopes.push(variables);
        let parsed = body(self);
        let variables = self.scopes.pop().unwrap_or_default();
        Ok((variables.into_iter().map(|(_, value)| value).collect(), parsed?))
    }

    /// The variable of this name: what it is bound to, how many `let` further out, and its place there.
    pub fn variable(&self, name: &str) -> Option<(&Expression, usize, usize)> {
        self.scopes.iter().rev().enumerate().find_map(|(up, scope)| {
            let (index, (_, value)) = scope.iter().enumerate().rfind(|(_, (known, _))| known == name)?;
            Some((value, up, index))
        })
    }
}

/// Makes an expression fit the expected type; whether something had to be put around it.
fn annotate(parsed: Expression, expected: &Type, annotation: Annotation) -> Parse<(Expression, bool)> {
    use Type as T;
    let actual = &parsed.of;
    let asserted = matches!(expected, T::String | T::Number | T::Boolean | T::Object | T::Array(..));
    let converted = match expected {
        T::Projection => matches!(actual, T::String | T::Array(..) | T::Value),
        T::Color | T::Formatted | T::Image => matches!(actual, T::Value | T::String),
        T::Padding | T::NumberArray => matches!(actual, T::Value | T::Number | T::Array(..)),
        T::ColorArray => matches!(actual, T::Value | T::String | T::Array(..)),
        T::Anchors => matches!(actual, T::Value | T::Array(..)),
        _ => false,
    };
    let op = match annotation {
        _ if !(converted || asserted && *actual == T::Value) => {
            return match expected.includes(actual) {
                true => Ok((parsed, false)),
                false => {
                    let message = format!("Expected {expected} but found {actual} instead.");
                    Err(ParseError { by_expectation: true, ..ParseError::new(message) })
                }
            };
        }
        Annotation::None => return Ok((parsed, false)),
        Annotation::Inferred if asserted => Op::Assert,
        _ => Op::Convert,
    };
    Ok((Expression { op, args: Box::new([parsed]), of: expected.clone() }, true))
}

/// Whether a value can be known before any zoom or feature is. Operands have been evaluated already, but for those of
/// annotations.
pub fn is_constant(expression: &Expression) -> bool {
    match &expression.op {
        Op::Assert | Op::Convert => expression.args.iter().all(is_constant),
        // An error is one only when it is reached; a collator depends on where it runs.
        Op::Collator | Op::Variable { .. } => false,
        _ => {
            let alone = matches!(expression.op, Op::Image) || expression.reads() == Reads::Nothing;
            alone && expression.args.iter().all(Expression::is_literal)
        }
    }
}

impl Takes {
    fn fit(&self, count: usize) -> bool {
        match self {
            Takes::Each(types) => types.len() == count,
            Takes::Many(_) => true,
        }
    }

    fn at(&self, index: usize) -> &Type {
        match self {
            Takes::Each(types) => &types[index],
            Takes::Many(of) => of,
        }
    }
}

impl std::fmt::Display for Takes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Takes::Each(types) => {
                write!(f, "({})", types.iter().map(Type::to_string).collect::<Vec<_>>().join(", "))
            }
            Takes::Many(of) => write!(f, "({of}...)"),
        }
    }
}
