//! The Style Spec's expression language: parsed once from JSON, evaluated for a zoom and a feature.
//!
//! JSON becomes a tree of typed operators (`parse`, by the table in `operators`), in which constants are already
//! evaluated; [`Expression::compiled`] gives the common forms their fast ones, [`Expression::at_zoom`] evaluates what no
//! feature can change. Each family of operators has a file with its rows of the table and how they are computed:
//!
//! | file | operators |
//! |---|---|
//! | `lookup` | `get`, `has`, `at`, `in`, `index-of`, `slice`, `length`, what belongs to the feature and to the drawing |
//! | `decision` | `case`, `match`, `coalesce`, comparisons, `all`, `any`, `!` |
//! | `ramp` | `step`, `interpolate`, `interpolate-hcl`, `interpolate-lab` |
//! | `math` | arithmetic |
//! | `text` | `concat`, `upcase`, `downcase`, `split`, `join`, `is-supported-script` |
//! | `color` | `rgb`, `rgba`, `to-rgba` |
//! | `convert` | types: `literal`, `array`, `number`, `to-color`, `typeof` and the like |
//! | `variable` | `let`, `var` |
//! | `collator` | `collator`, `resolved-locale` |
//! | `formatted` | `format`, `image` |
//! | `number_format` | `number-format` |
//! | `within`, `distance` | the same |
//! | `filter`, `function` | filters and functions from before there were expressions: they become expressions |

mod bounds;
mod collator;
mod color;
mod compile;
mod context;
mod convert;
mod decision;
mod distance;
pub(super) mod ecma;
mod filter;
mod formatted;
mod function;
pub(super) mod geometry;
mod locale;
mod lookup;
mod math;
mod number_format;
mod operators;
mod parse;
mod ramp;
mod spec;
mod text;
mod types;
mod value;
mod variable;
mod within;

use crate::limits;
use operators::{Evaluate, Reads};
use std::fmt;
use std::sync::Arc;

pub use collator::Collator;
pub use context::{Context, Feature, Field, Globals};
pub use filter::{Filter, can_hold, conditions, parse_filter, parse_legacy_or_expression, refusing};
pub use function::{Reading, with_tokens};
pub use operators::is_operator;
pub use spec::{PropertySpec, parse_property};
pub use types::Type;
pub use value::{Image, Object, Projection, Section, Value};

/// A parsed expression: an operator and its operands.
#[derive(Clone, Debug)]
pub struct Expression {
    op: Op,
    args: Box<[Expression]>,
    of: Type,
}

/// What an expression does with its operands, which stand in the order in which they were written.
#[derive(Clone, Debug)]
enum Op {
    Literal(Value),
    /// An operator whose operands are all there is to it.
    Call {
        name: &'static str,
        reads: Reads,
        evaluate: Evaluate,
    },
    /// The first operand that is of the expression's type.
    Assert,
    /// The first operand that can be made one of the expression's type.
    Convert,
    /// Pairs of condition and output, then one more output.
    Case,
    /// The input, the outputs, then one more output.
    Match(Arc<decision::Labels>),
    Coalesce,
    Compare(decision::Comparison),
    /// The input, then the outputs.
    Step(Arc<[f64]>),
    Interpolate(Arc<ramp::Ramp>),
    /// Two outputs of a ramp whose input is known: the place between them.
    Between(Arc<ramp::Ramp>, f64),
    /// The variables' values, then the body.
    Let,
    Variable {
        up: usize,
        index: usize,
    },
    Collator,
    Format(Arc<[formatted::Options]>),
    Image,
    NumberFormat(number_format::Options),
    GlobalState(Arc<str>),
    Within(Arc<within::Area>),
    Distance(Arc<distance::Targets>),
    /// A property of the feature, by a name known when parsing.
    Get(Arc<str>),
    Has(Arc<str>),
    /// Whether the geometry is of the type of this name.
    TypeIs(Arc<str>),
    /// Whether a property of the feature is this text.
    Is(Arc<str>, Arc<str>),
    /// Whether the operand is one of these.
    OneOf(Arc<lookup::Set>),
}

pub type Eval<T = Value> = Result<T, EvalError>;

/// Why an expression has no value; callers fall back to the property's default.
#[derive(Clone, Debug, PartialEq)]
pub enum EvalError {
    /// A value has another type than the one that is wanted there. Put into words only where somebody reads them:
    /// filters fail at every feature that lacks a property.
    Mismatch {
        expected: Type,
        found: Type,
    },
    Text(Arc<str>),
}

impl EvalError {
    fn text(message: impl AsRef<str>) -> EvalError {
        EvalError::Text(message.as_ref().into())
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Mismatch { expected, found } => {
                write!(f, "Expected value to be of type {expected}, but found {found} instead.")
            }
            EvalError::Text(message) => f.write_str(message),
        }
    }
}

fn fail<T>(message: impl AsRef<str>) -> Eval<T> {
    Err(EvalError::text(message))
}

/// Why JSON is not an expression: where in it, as `[1][2]`, and what is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseError {
    pub key: String,
    pub message: String,
    /// Whether it may be right, and is only not known here.
    pub unknown: bool,
    /// Whether it is wrong only for what was expected in its place.
    by_expectation: bool,
}

impl ParseError {
    pub fn new(message: impl Into<String>) -> ParseError {
        ParseError { key: String::new(), message: message.into(), unknown: false, by_expectation: false }
    }
}

/// Parses an expression that is expected to be of a type.
pub fn parse(json: &serde_json::Value, expected: Option<&Type>) -> Result<Expression, ParseError> {
    parse::Parser::default().parse(json, expected, parse::Annotation::Inferred)
}

/// What is read of a feature.
#[derive(Debug, Default, PartialEq)]
pub struct Inputs<'a> {
    /// The properties' names, each once.
    pub properties: Vec<&'a str>,
    pub geometry_type: bool,
}

impl<'a> Inputs<'a> {
    /// False where they are too many: what depends on so much is seldom the same twice.
    pub fn add_property(&mut self, name: &'a str) -> bool {
        if !self.properties.contains(&name) {
            self.properties.push(name);
        }
        self.properties.len() <= limits::INPUTS
    }
}

impl Expression {
    fn literal(value: Value) -> Expression {
        let of = value.type_of();
        Expression { op: Op::Literal(value), args: Box::default(), of }
    }

    fn is_literal(&self) -> bool {
        matches!(self.op, Op::Literal(_))
    }

    /// The value of a literal.
    pub fn constant(&self) -> Option<&Value> {
        match &self.op {
            Op::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The type of every value that it can have.
    pub fn type_of(&self) -> &Type {
        &self.of
    }

    pub fn evaluate(&self, context: &Context) -> Eval {
        let args = &*self.args;
        match &self.op {
            Op::Literal(value) => Ok(value.clone()),
            Op::Call { evaluate: Evaluate::Value(value), .. } => value(args, context),
            Op::Get(name) => Ok(context.property(name).map_or(Value::Null, |field| field.value())),
            Op::Call { evaluate: Evaluate::Test(_), .. }
            | Op::Compare(_)
            | Op::Within(_)
            | Op::Has(_)
            | Op::TypeIs(_)
            | Op::Is(..)
            | Op::OneOf(_) => Ok(Value::Bool(self.bool(context)?)),
            Op::Assert => convert::assert(args, &self.of, context),
            Op::Convert => convert::convert(args, &self.of, context),
            Op::Case => decision::case(args, context),
            Op::Match(labels) => decision::matching(labels, args, context),
            Op::Coalesce => decision::coalesce(args, context),
            Op::Step(stops) => ramp::step(stops, args, context),
            Op::Interpolate(ramp) => ramp::interpolate(ramp, args, context),
            Op::Between(ramp, t) => ramp::mix(ramp, &args[0].evaluate(context)?, &args[1].evaluate(context)?, *t),
            Op::Let => variable::bind(args, context),
            Op::Variable { up, index } => match context.scope {
                Some(scope) => scope.value(*up, *index),
                None => Ok(Value::Null),
            },
            Op::Collator => collator::collator(args, context),
            Op::Format(options) => formatted::format(options, args, context),
            Op::Image => formatted::image(args, context),
            Op::NumberFormat(options) => number_format::number_format(*options, args, context),
            Op::GlobalState(name) => lookup::global_state(name, context),
            Op::Distance(targets) => Ok(Value::Number(distance::distance(targets, context))),
        }
    }

    fn number(&self, context: &Context) -> Eval<f64> {
        match self.evaluate(context)? {
            Value::Number(number) => Ok(number),
            other => Err(EvalError::Mismatch { expected: Type::Number, found: other.type_of() }),
        }
    }

    fn bool(&self, context: &Context) -> Eval<bool> {
        match &self.op {
            Op::Call { evaluate: Evaluate::Test(test), .. } => test(&self.args, context),
            Op::Compare(comparison) => decision::compare(comparison, &self.args, context),
            Op::Within(area) => Ok(within::within(area, context)),
            Op::Has(name) => Ok(context.property(name).is_some()),
            Op::TypeIs(name) => Ok(context.feature.and_then(|feature| feature.geometry_type()) == Some(name)),
            Op::Is(name, text) => Ok(context.property(name).is_some_and(|field| field.text() == Some(text))),
            Op::OneOf(set) => lookup::one_of(set, &self.args[0], context),
            _ => match self.evaluate(context)? {
                Value::Bool(flag) => Ok(flag),
                other => Err(EvalError::Mismatch { expected: Type::Boolean, found: other.type_of() }),
            },
        }
    }

    /// Whether the value is `true`.
    pub fn holds(&self, context: &Context) -> bool {
        self.bool(context) == Ok(true)
    }

    fn string(&self, context: &Context) -> Eval<Arc<str>> {
        match self.evaluate(context)? {
            Value::String(text) => Ok(text),
            other => Err(EvalError::Mismatch { expected: Type::String, found: other.type_of() }),
        }
    }

    /// What the operator itself depends on, besides its operands.
    fn reads(&self) -> Reads {
        match &self.op {
            Op::Call { reads, .. } => *reads,
            Op::Get(_) | Op::Has(_) | Op::TypeIs(_) | Op::Is(..) | Op::Within(_) | Op::Distance(_) => Reads::Feature,
            Op::GlobalState(_) | Op::Image => Reads::Globals,
            _ => Reads::Nothing,
        }
    }

    /// Whether the value can differ between features.
    pub fn reads_feature(&self) -> bool {
        self.depends_on(Reads::Feature)
    }

    /// Whether the value can differ between zooms.
    pub fn reads_zoom(&self) -> bool {
        self.depends_on(Reads::Zoom)
    }

    /// Adds what the expression reads of a feature; false where that is more than [`Inputs`] can hold.
    pub fn add_inputs<'a>(&'a self, inputs: &mut Inputs<'a>) -> bool {
        let is_held = match &self.op {
            Op::Get(name) | Op::Has(name) | Op::Is(name, _) => inputs.add_property(name),
            Op::TypeIs(_) | Op::Call { name: "geometry-type", .. } => {
                inputs.geometry_type = true;
                true
            }
            _ => self.reads() != Reads::Feature,
        };
        is_held && self.args.iter().all(|arg| arg.add_inputs(inputs))
    }

    fn depends_on(&self, what: Reads) -> bool {
        self.reads() == what || self.args.iter().any(|arg| arg.depends_on(what))
    }
}
