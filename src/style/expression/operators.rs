//! The table of operators: each family's file has its rows.
//!
//! Most operators are functions: a type, the types of their operands (several lists of them where they are overloaded),
//! and how they are computed. What infers its type, or takes more than expressions, parses itself.

use super::parse::{Call, Parse, Parser};
use super::{Context, Eval, Expression, Type};
use super::{collator, color, convert, decision, distance, filter, formatted, function as old_function, lookup, math};
use super::{number_format, ramp, text, variable, within};
use std::collections::HashMap;
use std::sync::LazyLock;

pub struct Operator {
    pub name: &'static str,
    pub form: Form,
}

pub enum Form {
    Function { gives: Type, overloads: Vec<Overload> },
    Special(fn(&mut Parser, &Call) -> Parse),
}

pub struct Overload {
    pub takes: Takes,
    pub reads: Reads,
    pub evaluate: Evaluate,
}

impl Overload {
    /// One that depends on its operands alone.
    pub fn pure(takes: Takes, value: fn(&[Expression], &Context) -> Eval) -> Overload {
        Overload { takes, reads: Reads::Nothing, evaluate: Evaluate::Value(value) }
    }

    /// One that tells whether something holds of its operands alone.
    pub fn test(takes: Takes, test: fn(&[Expression], &Context) -> Eval<bool>) -> Overload {
        Overload { takes, reads: Reads::Nothing, evaluate: Evaluate::Test(test) }
    }
}

/// How an operator is computed: what filters are made of gives a plain boolean.
#[derive(Clone, Copy, Debug)]
pub enum Evaluate {
    Value(fn(&[Expression], &Context) -> Eval),
    Test(fn(&[Expression], &Context) -> Eval<bool>),
}

/// The operands of a function.
pub enum Takes {
    Each(Vec<Type>),
    /// Any number of operands of one type.
    Many(Type),
}

/// What besides its operands a value depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reads {
    Nothing,
    Zoom,
    Feature,
    /// What is neither: the style's state and images, and what drawing brings along.
    Globals,
}

static OPERATORS: LazyLock<HashMap<&'static str, Operator>> = LazyLock::new(|| {
    let families = [
        lookup::operators(),
        decision::operators(),
        ramp::operators(),
        math::operators(),
        text::operators(),
        color::operators(),
        convert::operators(),
        variable::operators(),
        collator::operators(),
        formatted::operators(),
        number_format::operators(),
        within::operators(),
        distance::operators(),
        filter::operators(),
        old_function::operators(),
    ];
    families.into_iter().flatten().map(|operator| (operator.name, operator)).collect()
});

/// Whether an array that begins with this name is an expression.
pub fn is_operator(name: &str) -> bool {
    find(name).is_some()
}

pub fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.get(name)
}

/// A function with one list of operands.
pub fn function<const N: usize>(
    name: &'static str,
    takes: [Type; N],
    gives: Type,
    value: fn(&[Expression], &Context) -> Eval,
) -> Operator {
    overloaded(name, gives, vec![Overload::pure(Takes::Each(takes.into()), value)])
}

/// A function with one list of operands that tells whether something holds.
pub fn test<const N: usize>(
    name: &'static str,
    takes: [Type; N],
    test: fn(&[Expression], &Context) -> Eval<bool>,
) -> Operator {
    overloaded(name, Type::Boolean, vec![Overload::test(Takes::Each(takes.into()), test)])
}

/// A function of any number of operands.
pub fn function_of_many(
    name: &'static str,
    takes: Type,
    gives: Type,
    value: fn(&[Expression], &Context) -> Eval,
) -> Operator {
    overloaded(name, gives, vec![Overload::pure(Takes::Many(takes), value)])
}

pub fn overloaded(name: &'static str, gives: Type, overloads: Vec<Overload>) -> Operator {
    Operator { name, form: Form::Function { gives, overloads } }
}

pub fn special(name: &'static str, parse: fn(&mut Parser, &Call) -> Parse) -> Operator {
    Operator { name, form: Form::Special(parse) }
}

impl Operator {
    pub fn reading(mut self, what: Reads) -> Operator {
        if let Form::Function { overloads, .. } = &mut self.form {
            overloads.iter_mut().for_each(|overload| overload.reads = what);
        }
        self
    }
}
