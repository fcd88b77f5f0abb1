//! What follows a number through stops: `step` and the three of `interpolate`.

use super::operators::{Operator, special};
use super::parse::{Annotation, Call, Parse, Parser, at, error, unknown};
use super::value::{Projection, numbers};
use super::{Context, Eval, Expression, Op, Type, Value, fail};
use crate::style::color::{Color, Space};
use serde_json::Value as Json;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    vec![
        special("step", parse_step),
        special("interpolate", parse_interpolate),
        special("interpolate-hcl", parse_interpolate),
        special("interpolate-lab", parse_interpolate),
    ]
}

/// How `interpolate` goes from stop to stop.
#[derive(Debug)]
pub struct Ramp {
    pub curve: Curve,
    space: Space,
    /// Whether the outputs are projections, which go from one to another whatever they look like.
    of_projections: bool,
    /// The inputs of the stops, upwards.
    pub stops: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    Exponential(f64),
    /// The control points of a curve from (0, 0) to (1, 1).
    CubicBezier([f64; 4]),
}

/// The stop at `index`, which must lie above those before it.
fn stop(call: &Call, index: usize, stops: &[f64]) -> Parse<f64> {
    let name = if call.name == "step" { "step" } else { "interpolate" };
    let Some(input) = call.items[index].as_f64() else {
        return at(
            index,
            error(format!(
                "Input/output pairs for \"{name}\" expressions must be defined using literal numeric values \
                 (not computed expressions) for the input values."
            )),
        );
    };
    if stops.last().is_some_and(|last| *last >= input) {
        return at(
            index,
            error(format!(
                "Input/output pairs for \"{name}\" expressions must be arranged with input values in strictly \
                 ascending order."
            )),
        );
    }
    Ok(input)
}

fn check_pairs(call: &Call) -> Parse<()> {
    match call.count() {
        count @ ..4 => error(format!("Expected at least 4 arguments, but found only {count}.")),
        count if !count.is_multiple_of(2) => error("Expected an even number of arguments."),
        _ => Ok(()),
    }
}

fn parse_step(parser: &mut Parser, call: &Call) -> Parse {
    check_pairs(call)?;
    let mut args = vec![parser.operand(call, 1, Some(&Type::Number))?];
    let mut of = call.wanted().cloned();
    let mut stops = vec![f64::NEG_INFINITY];
    for i in (1..call.count()).step_by(2) {
        if i > 1 {
            stops.push(stop(call, i, &stops)?);
        }
        args.push(parser.output(call, i + 1, &mut of, Annotation::Inferred)?);
    }
    Ok(Expression { op: Op::Step(stops.into()), args: args.into(), of: of.unwrap_or(Type::Value) })
}

fn parse_interpolate(parser: &mut Parser, call: &Call) -> Parse {
    let curve = match call.items.get(1) {
        Some(Json::Array(curve)) if !curve.is_empty() => at(1, parse_curve(curve))?,
        _ => return at(1, error("Expected an interpolation type expression.")),
    };
    check_pairs(call)?;
    let mut args = vec![parser.operand(call, 2, Some(&Type::Number))?];
    let space = match call.name {
        "interpolate-hcl" => Space::Hcl,
        "interpolate-lab" => Space::Lab,
        _ => Space::Rgb,
    };
    let mut of = match call.expected {
        expected if space != Space::Rgb && expected != Some(&Type::ColorArray) => Some(Type::Color),
        _ => call.wanted().cloned(),
    };
    let mut stops = Vec::new();
    for i in (3..call.count()).step_by(2) {
        stops.push(stop(call, i, &stops)?);
        args.push(parser.output(call, i + 1, &mut of, Annotation::Inferred)?);
    }
    let of = of.unwrap_or(Type::Value);
    match &of {
        Type::Number
        | Type::Projection
        | Type::Color
        | Type::Padding
        | Type::NumberArray
        | Type::ColorArray
        | Type::Anchors => {}
        Type::Array(item, Some(_)) if **item == Type::Number => {}
        _ => return error(format!("Type {of} is not interpolatable.")),
    }
    let of_projections = of == Type::Projection;
    Ok(Expression {
        op: Op::Interpolate(Arc::new(Ramp { curve, space, of_projections, stops })),
        args: args.into(),
        of,
    })
}

fn parse_curve(curve: &[Json]) -> Parse<Curve> {
    match curve[0].as_str() {
        Some("linear") => Ok(Curve::Exponential(1.0)),
        Some("exponential") => match curve.get(1).and_then(Json::as_f64) {
            Some(base) => Ok(Curve::Exponential(base)),
            None => at(1, error("Exponential interpolation requires a numeric base.")),
        },
        Some("cubic-bezier") => {
            let points: Option<Vec<f64>> =
                curve[1..].iter().map(|c| c.as_f64().filter(|c| (0.0..=1.0).contains(c))).collect();
            match points.as_deref() {
                Some(&[a, b, c, d]) => Ok(Curve::CubicBezier([a, b, c, d])),
                _ => error("Cubic bezier interpolation requires four numeric arguments with values between 0 and 1."),
            }
        }
        Some(name) => at(0, unknown(format!("Unknown interpolation type {name}"))),
        None => at(0, error(format!("Unknown interpolation type {}", curve[0]))),
    }
}

/// Where an input lies among stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// At a stop, or outside of all of them.
    At(usize),
    /// After this stop and before the next.
    After(usize),
}

pub fn place(stops: &[f64], input: f64) -> Eval<Place> {
    let last = stops.len() - 1;
    if last == 0 || input <= stops[0] {
        return Ok(Place::At(0));
    }
    if input >= stops[last] {
        return Ok(Place::At(last));
    }
    if input.is_nan() {
        return fail("Input is not a number.");
    }
    Ok(Place::After(stops.partition_point(|stop| *stop <= input) - 1))
}

pub fn step(stops: &[f64], args: &[Expression], context: &Context) -> Eval {
    let input = if stops.len() == 1 { 0.0 } else { args[0].number(context)? };
    match place(stops, input)? {
        Place::At(stop) | Place::After(stop) => args[stop + 1].evaluate(context),
    }
}

pub fn interpolate(ramp: &Ramp, args: &[Expression], context: &Context) -> Eval {
    let input = if ramp.stops.len() == 1 { 0.0 } else { args[0].number(context)? };
    match place(&ramp.stops, input)? {
        Place::At(stop) => args[stop + 1].evaluate(context),
        Place::After(stop) => {
            let (from, to) = (args[stop + 1].evaluate(context)?, args[stop + 2].evaluate(context)?);
            mix(ramp, &from, &to, ramp.share(stop, input))
        }
    }
}

impl Ramp {
    /// How far the output has gone from a stop to the next.
    pub fn share(&self, stop: usize, input: f64) -> f64 {
        let (from, to) = (self.stops[stop], self.stops[stop + 1]);
        match self.curve {
            Curve::Exponential(base) => exponential(base, input - from, to - from),
            Curve::CubicBezier(points) => bezier(points, exponential(1.0, input - from, to - from)),
        }
    }
}

/// How far an exponential curve through two stops has gone: (baseˣ − 1) / (baseᵈ − 1) for stops a distance d apart.
fn exponential(base: f64, x: f64, d: f64) -> f64 {
    if base == 1.0 { x / d } else { (base.powf(x) - 1.0) / (base.powf(d) - 1.0) }
}

/// The height of a cubic Bézier curve from (0, 0) to (1, 1) at `x` (CSS Easing 1, "Cubic Bézier easing functions").
///
/// The place on the curve is found to a millionth, by Newton's method and, where that fails, by bisection: results are
/// to agree with those of other programs, which stop there too.
fn bezier([x1, y1, x2, y2]: [f64; 4], x: f64) -> f64 {
    const NEAR: f64 = 1e-6;
    // The polynomial of a coordinate whose control points are 0, p, q and 1.
    let coefficients = |p: f64, q: f64| {
        let c = 3.0 * p;
        let b = 3.0 * (q - p) - c;
        [1.0 - c - b, b, c]
    };
    let (of_x, of_y) = (coefficients(x1, x2), coefficients(y1, y2));
    let at = |[a, b, c]: [f64; 3], t: f64| ((a * t + b) * t + c) * t;
    let slope = |[a, b, c]: [f64; 3], t: f64| (3.0 * a * t + 2.0 * b) * t + c;
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let mut t = x;
    for _ in 0..8 {
        let error = at(of_x, t) - x;
        if error.abs() < NEAR {
            return at(of_y, t);
        }
        let slope = slope(of_x, t);
        if slope.abs() < NEAR {
            break;
        }
        t -= error / slope;
    }
    let (mut low, mut high) = (0.0, 1.0);
    t = x;
    for _ in 0..20 {
        let here = at(of_x, t);
        if (here - x).abs() < NEAR {
            break;
        }
        if x > here {
            low = t;
        } else {
            high = t;
        }
        t = (low + high) / 2.0;
    }
    at(of_y, t)
}

/// What lies a share `t` of the way from one output to the next.
pub fn mix(ramp: &Ramp, from: &Value, to: &Value, t: f64) -> Eval {
    let between = |a: f64, b: f64| a + t * (b - a);
    let pairwise = |a: &[f64], b: &[f64]| -> Vec<f64> {
        a.iter().enumerate().map(|(i, a)| between(*a, b.get(i).copied().unwrap_or(f64::NAN))).collect()
    };
    if ramp.of_projections {
        return Ok(Value::Projection(Arc::new(Projection { from: from.clone(), to: to.clone(), transition: t })));
    }
    Ok(match (from, to) {
        (Value::Number(a), Value::Number(b)) => Value::Number(between(*a, *b)),
        (Value::Color(a), Value::Color(b)) => Value::Color(a.mix(*b, t, ramp.space)),
        (Value::Array(a), Value::Array(b)) => {
            let all = |items: &[Value]| -> Vec<f64> {
                items.iter().map(|item| if let Value::Number(n) = item { *n } else { f64::NAN }).collect()
            };
            numbers(&pairwise(&all(a), &all(b)))
        }
        (Value::Padding(a), Value::Padding(b)) => {
            Value::Padding(Arc::new(std::array::from_fn(|i| between(a[i], b[i]))))
        }
        (Value::NumberArray(a), Value::NumberArray(b)) => Value::NumberArray(pairwise(a, b).into()),
        (Value::ColorArray(a), Value::ColorArray(b)) => {
            if a.len() != b.len() {
                return fail(format!(
                    "colorArray: Arrays have mismatched length ({} vs. {}), cannot interpolate.",
                    a.len(),
                    b.len()
                ));
            }
            let mixed: Vec<Color> = a.iter().zip(b.iter()).map(|(a, b)| a.mix(*b, t, ramp.space)).collect();
            Value::ColorArray(mixed.into())
        }
        (Value::Anchors(a), Value::Anchors(b)) => {
            if a.len() != b.len() {
                return fail(format!(
                    "Cannot interpolate values of different length. from: {}, to: {}",
                    from.to_text()?,
                    to.to_text()?
                ));
            }
            let mut mixed = Vec::with_capacity(a.len());
            for (i, ((name, offset), (other, towards))) in a.iter().zip(b.iter()).enumerate() {
                if name != other {
                    let at = 2 * i;
                    return fail(format!(
                        "Cannot interpolate values containing mismatched anchors. from[{at}]: {name}, to[{at}]: {other}"
                    ));
                }
                mixed.push((name.clone(), [0, 1].map(|i| between(offset[i], towards[i]))));
            }
            Value::Anchors(mixed.into())
        }
        (from, to) => {
            return fail(format!("There is nothing between {} and {}.", from.type_of(), to.type_of()));
        }
    })
}
