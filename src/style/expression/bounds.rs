//! How large a number can get, whatever the feature: what is drawn beside a geometry must be fetched for.

use super::{Context, Expression, Op, Type, Value, ramp::Curve};

/// The numbers from `low` to `high`; infinities where nothing bounds them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
}

const ANY: Range = Range { low: f64::NEG_INFINITY, high: f64::INFINITY };
/// Of what is never a number, so never the one that counts.
const NEVER: Range = Range { low: f64::INFINITY, high: f64::NEG_INFINITY };

impl Range {
    fn of(low: f64, high: f64) -> Range {
        if low.is_nan() || high.is_nan() { ANY } else { Range { low, high } }
    }

    /// Both ranges and what is between them.
    fn joined(self, other: Range) -> Range {
        Range { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// The range of an operation that is largest and smallest at the ends of the operands' ranges.
    fn corners(self, other: Range, of: impl Fn(f64, f64) -> f64) -> Range {
        let corners = [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)];
        let values = corners.map(|(a, b)| of(a, b));
        Range::of(
            values.into_iter().fold(f64::INFINITY, super::ecma::min),
            values.into_iter().fold(f64::NEG_INFINITY, super::ecma::max),
        )
    }

    fn map(self, of: impl Fn(f64) -> f64) -> Range {
        Range::of(of(self.low), of(self.high))
    }
}

impl Expression {
    /// What the numbers that this can give at a zoom lie between. Of ramps of the zoom the stops on both sides count.
    pub fn range(&self, zoom: f64) -> Range {
        range(self, zoom, &mut Vec::new())
    }
}

fn range(expression: &Expression, zoom: f64, scopes: &mut Vec<Vec<Range>>) -> Range {
    let args = &*expression.args;
    let join = |args: &mut dyn Iterator<Item = &Expression>, scopes: &mut Vec<Vec<Range>>| {
        args.map(|arg| range(arg, zoom, scopes)).reduce(Range::joined).unwrap_or(ANY)
    };
    let near = |stops: &[f64]| {
        let next = stops.partition_point(|stop| *stop <= zoom);
        match args[0].op {
            Op::Call { name: "zoom", .. } => &args[next.max(1)..=(next + 1).min(stops.len())],
            _ => &args[1..],
        }
    };
    match &expression.op {
        Op::Literal(Value::Number(number)) => Range::of(*number, *number),
        Op::Literal(_) => NEVER,
        Op::Case => join(&mut args.iter().skip(1).step_by(2).chain(args.last()), scopes),
        Op::Match(_) => join(&mut args.iter().skip(1), scopes),
        Op::Step(stops) => join(&mut near(stops).iter(), scopes),
        // Curves of a negative base swing beyond their stops.
        Op::Interpolate(ramp) if matches!(ramp.curve, Curve::Exponential(base) if base <= 0.0) => ANY,
        Op::Interpolate(ramp) => join(&mut near(&ramp.stops).iter(), scopes),
        Op::Coalesce => join(&mut args.iter(), scopes),
        Op::Assert if expression.of == Type::Number => join(&mut args.iter(), scopes),
        Op::Let => {
            let Some((body, variables)) = args.split_last() else { return ANY };
            let ranges = variables.iter().map(|value| range(value, zoom, scopes)).collect();
            scopes.push(ranges);
            let of_body = range(body, zoom, scopes);
            scopes.pop();
            of_body
        }
        Op::Variable { up, index } => {
            let scope = scopes.len().checked_sub(up + 1).and_then(|at| scopes.get(at));
            scope.and_then(|scope| scope.get(*index)).copied().unwrap_or(ANY)
        }
        Op::Call { name, .. } if expression.reads_feature() || !scopes.is_empty() => {
            of_function(name, expression, zoom, scopes)
        }
        _ if !expression.reads_feature() && scopes.is_empty() => match expression.evaluate(&Context::new(zoom, None)) {
            Ok(Value::Number(number)) => Range::of(number, number),
            _ => ANY,
        },
        _ => ANY,
    }
}

fn of_function(name: &str, expression: &Expression, zoom: f64, scopes: &mut Vec<Vec<Range>>) -> Range {
    let args: Vec<Range> = expression.args.iter().map(|arg| range(arg, zoom, scopes)).collect();
    let fold = |of: &dyn Fn(Range, Range) -> Range| args.iter().copied().reduce(of).unwrap_or(ANY);
    match (name, &*args) {
        ("+", _) => fold(&|a, b| Range::of(a.low + b.low, a.high + b.high)),
        ("*", _) => fold(&|a, b| a.corners(b, |a, b| a * b)),
        ("min", _) => fold(&|a, b| Range::of(a.low.min(b.low), a.high.min(b.high))),
        ("max", _) => fold(&|a, b| Range::of(a.low.max(b.low), a.high.max(b.high))),
        ("-", [a]) => Range::of(-a.high, -a.low),
        ("-", [a, b]) => Range::of(a.low - b.high, a.high - b.low),
        // Near zero a quotient is as large as can be.
        ("/", [a, b]) if b.low > 0.0 || b.high < 0.0 => a.corners(*b, |a, b| a / b),
        ("%", [a, b]) => {
            let most = b.low.abs().max(b.high.abs());
            Range::of(if a.low < 0.0 { -most } else { 0.0 }, if a.high > 0.0 { most } else { 0.0 })
        }
        ("^", [a, b]) if a.low > 0.0 => a.corners(*b, f64::powf),
        ("sqrt", [a]) if a.low >= 0.0 => a.map(f64::sqrt),
        ("sqrt", [a]) => Range::of(0.0, a.high.max(0.0).sqrt()),
        ("ln" | "log2" | "log10", [a]) if a.high > 0.0 => {
            let Ok(Value::Number(high)) = of_one(expression, a.high) else { return ANY };
            let low = if a.low > 0.0 { of_one(expression, a.low) } else { Ok(Value::Number(f64::NEG_INFINITY)) };
            let Ok(Value::Number(low)) = low else { return ANY };
            Range::of(low, high)
        }
        ("sin" | "cos", _) => Range::of(-1.0, 1.0),
        ("asin" | "acos" | "atan", _) => Range::of(-std::f64::consts::FRAC_PI_2, std::f64::consts::PI),
        ("abs", [a]) if a.low <= 0.0 && a.high >= 0.0 => Range::of(0.0, a.low.abs().max(a.high)),
        ("abs", [a]) => Range::of(a.low.abs().min(a.high.abs()), a.low.abs().max(a.high.abs())),
        ("round" | "floor" | "ceil", [a]) => Range::of(a.low.floor(), a.high.ceil()),
        ("length", _) => Range::of(0.0, f64::INFINITY),
        ("index-of", _) => Range::of(-1.0, f64::INFINITY),
        ("zoom", _) => Range::of(zoom, zoom),
        ("at", _) => of_items(&expression.args[1]),
        _ => ANY,
    }
}

/// What the numbers of an array that stands in the style lie between.
fn of_items(array: &Expression) -> Range {
    match (&array.op, &*array.args) {
        (Op::Literal(Value::Array(items)), _) => {
            let numbers = items.iter().map(|item| match item {
                Value::Number(number) => Range::of(*number, *number),
                _ => NEVER,
            });
            numbers.fold(NEVER, Range::joined)
        }
        (Op::Assert, [array]) => of_items(array),
        _ => ANY,
    }
}

/// What a function of one number gives for a number.
fn of_one(expression: &Expression, number: f64) -> super::Eval {
    let args = Box::new([Expression::literal(Value::Number(number))]);
    Expression { args, ..expression.clone() }.evaluate(&Context::nowhere())
}
