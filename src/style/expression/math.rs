//! Arithmetic.

use super::operators::{Operator, Overload, Takes, function, function_of_many, overloaded};
use super::{Context, Eval, Expression, Type, Value, ecma};
use std::f64::consts;

pub fn operators() -> Vec<Operator> {
    use Type::Number;
    const ONE: [Type; 1] = [Number];
    const TWO: [Type; 2] = [Number, Number];
    vec![
        function("e", [], Number, |_, _| Ok(Value::Number(consts::E))),
        function("pi", [], Number, |_, _| Ok(Value::Number(consts::PI))),
        function("ln2", [], Number, |_, _| Ok(Value::Number(consts::LN_2))),
        function_of_many("+", Number, Number, |args, context| all(args, context, 0.0, |sum, n| sum + n)),
        function_of_many("*", Number, Number, |args, context| all(args, context, 1.0, |product, n| product * n)),
        function_of_many("min", Number, Number, |args, context| all(args, context, f64::INFINITY, ecma::min)),
        function_of_many("max", Number, Number, |args, context| all(args, context, f64::NEG_INFINITY, ecma::max)),
        overloaded(
            "-",
            Number,
            vec![
                Overload::pure(Takes::Each(TWO.into()), |args, context| two(args, context, |a, b| a - b)),
                Overload::pure(Takes::Each(ONE.into()), |args, context| one(args, context, |n| -n)),
            ],
        ),
        function("/", TWO, Number, |args, context| two(args, context, |a, b| a / b)),
        function("%", TWO, Number, |args, context| two(args, context, |a, b| a % b)),
        function("^", TWO, Number, |args, context| two(args, context, ecma::power)),
        function("sqrt", ONE, Number, |args, context| one(args, context, f64::sqrt)),
        function("ln", ONE, Number, |args, context| one(args, context, f64::ln)),
        function("log2", ONE, Number, |args, context| one(args, context, |n| n.ln() / consts::LN_2)),
        function("log10", ONE, Number, |args, context| one(args, context, |n| n.ln() / consts::LN_10)),
        function("sin", ONE, Number, |args, context| one(args, context, f64::sin)),
        function("cos", ONE, Number, |args, context| one(args, context, f64::cos)),
        function("tan", ONE, Number, |args, context| one(args, context, f64::tan)),
        function("asin", ONE, Number, |args, context| one(args, context, f64::asin)),
        function("acos", ONE, Number, |args, context| one(args, context, f64::acos)),
        function("atan", ONE, Number, |args, context| one(args, context, f64::atan)),
        function("abs", ONE, Number, |args, context| one(args, context, f64::abs)),
        // Halves go away from zero.
        function("round", ONE, Number, |args, context| one(args, context, f64::round)),
        function("floor", ONE, Number, |args, context| one(args, context, f64::floor)),
        function("ceil", ONE, Number, |args, context| one(args, context, f64::ceil)),
    ]
}

fn one(args: &[Expression], context: &Context, of: fn(f64) -> f64) -> Eval {
    Ok(Value::Number(of(args[0].number(context)?)))
}

fn two(args: &[Expression], context: &Context, of: fn(f64, f64) -> f64) -> Eval {
    Ok(Value::Number(of(args[0].number(context)?, args[1].number(context)?)))
}

fn all(args: &[Expression], context: &Context, start: f64, of: fn(f64, f64) -> f64) -> Eval {
    let number = args.iter().try_fold(start, |so_far, arg| Ok(of(so_far, arg.number(context)?)))?;
    Ok(Value::Number(number))
}
