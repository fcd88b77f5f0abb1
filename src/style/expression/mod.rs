//! The Style Spec's expression language: parsed once from JSON, evaluated for a zoom and a feature.
//!
//! An operator is one arm in `parse` and one in `eval`. Legacy filters and stop functions become the same tree.

mod eval;
mod legacy;
mod parse;
mod value;

use crate::value::Attributes;
use std::collections::HashMap;
use std::sync::Arc;

pub use legacy::{parse_filter, parse_function};
pub use parse::{Expected, parse};
pub use value::Value;

/// What an expression is evaluated for.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub zoom: f64,
    pub feature: Option<&'a dyn Attributes>,
}

/// Why an expression has no value; callers fall back to the property's default.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalError(pub String);

/// Why JSON is not an expression: where in it, as `[1][2]`, and what is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseError {
    pub key: String,
    pub message: String,
    /// Whether it may be right, and is only not known here.
    pub unknown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Math {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Min,
    Max,
    Abs,
    Ceil,
    Floor,
    Round,
    Sqrt,
    Ln,
    Log2,
    Log10,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Type {
    Bool,
    Number,
    String,
    Color,
    Object,
}

/// How a value between two stops follows from the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    Step,
    Linear,
    Exponential(f64),
}

/// What a `match` label can be: strings, or whole numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    Number(i64),
    String(Arc<str>),
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub enum Expression {
    Literal(Value),
    Zoom,
    Id,
    GeometryType,
    Properties,
    /// A property of the feature, by a name known when parsing.
    Property(Arc<str>),
    HasProperty(Arc<str>),
    Get(Box<[Expression]>),
    Has(Box<[Expression]>),
    At(Box<[Expression; 2]>),
    In(Box<[Expression; 2]>),
    Length(Box<Expression>),
    Not(Box<Expression>),
    All(Box<[Expression]>),
    Any(Box<[Expression]>),
    Equal(Box<[Expression; 2]>),
    Compare(Comparison, Box<[Expression; 2]>),
    Math(Math, Box<[Expression]>),
    Case(Box<[(Expression, Expression)]>, Box<Expression>),
    Match {
        input: Box<Expression>,
        labels: HashMap<Label, usize>,
        outputs: Box<[Expression]>,
        otherwise: Box<Expression>,
    },
    Coalesce(Box<[Expression]>),
    /// `step` (whose first stop is at minus infinity) and `interpolate`.
    Stops {
        curve: Curve,
        input: Box<Expression>,
        stops: Box<[(f64, Expression)]>,
    },
    /// The first of the expressions whose value is of the type.
    Assert(Type, Box<[Expression]>),
    /// An array of so many items of a type.
    Array {
        item: Option<Type>,
        length: Option<usize>,
        value: Box<Expression>,
    },
    /// The first of the expressions whose value can be made one of the type.
    Convert(Type, Box<[Expression]>),
    Rgba(Box<[Expression]>),
    Concat(Box<[Expression]>),
    Upcase(Box<Expression>),
    Downcase(Box<Expression>),
    Typeof(Box<Expression>),
    /// Legacy filters compare only values of one type, and are false for others.
    LegacyCompare(Comparison, Box<Expression>, Value),
}

impl Expression {
    pub fn evaluate(&self, context: &Context) -> Result<Value, EvalError> {
        eval::evaluate(self, context)
    }

    /// Whether the value can differ between features.
    pub fn reads_feature(&self) -> bool {
        match self {
            Expression::Id
            | Expression::GeometryType
            | Expression::Properties
            | Expression::Property(_)
            | Expression::HasProperty(_) => true,
            // Without an object, the property is the feature's.
            Expression::Get(e) | Expression::Has(e) if e.len() == 1 => true,
            other => other.children().any(Expression::reads_feature),
        }
    }

    /// The largest number this can give at `zoom` for any feature; none where nothing bounds it.
    pub fn upper_bound(&self, zoom: f64) -> Option<f64> {
        match self {
            Expression::Literal(Value::Number(number)) => Some(*number),
            Expression::Case(branches, otherwise) => {
                largest(branches.iter().map(|(_, output)| output).chain([&**otherwise]), zoom)
            }
            Expression::Match { outputs, otherwise, .. } => largest(outputs.iter().chain([&**otherwise]), zoom),
            Expression::Coalesce(options) => largest(options.iter(), zoom),
            Expression::Stops { input, stops, .. } if matches!(**input, Expression::Zoom) => {
                // Only the stops on both sides of the zoom count.
                let next = stops.partition_point(|(at, _)| *at <= zoom);
                let near = next.saturating_sub(1)..(next + 1).min(stops.len());
                largest(stops[near].iter().map(|(_, output)| output), zoom)
            }
            Expression::Stops { stops, .. } => largest(stops.iter().map(|(_, output)| output), zoom),
            other if !other.reads_feature() => match other.evaluate(&Context { zoom, feature: None }) {
                Ok(Value::Number(number)) => Some(number),
                _ => None,
            },
            _ => None,
        }
    }

    fn children(&self) -> Box<dyn Iterator<Item = &Expression> + '_> {
        use Expression as E;
        match self {
            E::Literal(_) | E::Zoom | E::Id | E::GeometryType | E::Properties | E::Property(_) | E::HasProperty(_) => {
                Box::new(std::iter::empty())
            }
            E::Get(e)
            | E::Has(e)
            | E::All(e)
            | E::Any(e)
            | E::Math(_, e)
            | E::Coalesce(e)
            | E::Assert(_, e)
            | E::Convert(_, e)
            | E::Rgba(e)
            | E::Concat(e) => Box::new(e.iter()),
            E::At(e) | E::In(e) | E::Equal(e) | E::Compare(_, e) => Box::new(e.iter()),
            E::Length(e) | E::Not(e) | E::Upcase(e) | E::Downcase(e) | E::Typeof(e) | E::LegacyCompare(_, e, _) => {
                Box::new(std::iter::once(&**e))
            }
            E::Array { value, .. } => Box::new(std::iter::once(&**value)),
            E::Case(branches, otherwise) => {
                Box::new(branches.iter().flat_map(|(a, b)| [a, b]).chain(std::iter::once(&**otherwise)))
            }
            E::Match { input, outputs, otherwise, .. } => Box::new(outputs.iter().chain([&**input, &**otherwise])),
            E::Stops { input, stops, .. } => {
                Box::new(stops.iter().map(|(_, output)| output).chain(std::iter::once(&**input)))
            }
        }
    }
}

fn largest<'a>(mut expressions: impl Iterator<Item = &'a Expression>, zoom: f64) -> Option<f64> {
    expressions.try_fold(f64::NEG_INFINITY, |max, e| Some(max.max(e.upper_bound(zoom)?)))
}
