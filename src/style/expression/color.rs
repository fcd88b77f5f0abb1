//! Colours from channels and back.

use super::operators::{Operator, function};
use super::{Context, Eval, Expression, Type, Value, ecma, fail};
use crate::style::color::Color;

pub fn operators() -> Vec<Operator> {
    use Type::Number;
    vec![
        function("rgb", [Number, Number, Number], Type::Color, rgba),
        function("rgba", [Number, Number, Number, Number], Type::Color, rgba),
        function("to-rgba", [Type::Color], Type::array(Number, Some(4)), |args, context| {
            match args[0].evaluate(context)? {
                Value::Color(Color { r, g, b, a }) => {
                    // There and back again, as the reference implementation keeps colours multiplied by alpha: texts made of
                    // these numbers are the same to the last digit.
                    let [r, g, b] = [r, g, b].map(|c| if a > 0.0 { c * a / a * 255.0 } else { c * 255.0 });
                    Ok(super::value::numbers(&[r, g, b, a]))
                }
                other => Err(super::EvalError::Mismatch { expected: Type::Color, found: other.type_of() }),
            }
        }),
    ]
}

fn rgba(args: &[Expression], context: &Context) -> Eval {
    let mut channels = Vec::with_capacity(4);
    for arg in args {
        channels.push(arg.number(context)?);
    }
    if channels.len() == 3 {
        channels.push(1.0);
    }
    check(&channels, || channels.iter().map(|channel| ecma::text(*channel)).collect())?;
    let [r, g, b] = [0, 1, 2].map(|i| channels[i] / 255.0);
    Ok(Value::Color(Color { r, g, b, a: channels[3] }))
}

/// Red, green and blue go from 0 to 255, alpha, which may be missing, from 0 to 1. What is no number is NaN.
fn check(channels: &[f64], shown: impl Fn() -> Vec<String>) -> Eval<()> {
    if !channels[..3].iter().all(|channel| (0.0..=255.0).contains(channel)) {
        let mut shown = shown();
        if channels.get(3).is_some_and(|alpha| alpha.is_nan()) {
            shown.pop();
        }
        let shown = shown.join(", ");
        return fail(format!("Invalid rgba value [{shown}]: 'r', 'g', and 'b' must be between 0 and 255."));
    }
    if !channels[3..].iter().all(|alpha| (0.0..=1.0).contains(alpha)) {
        return fail(format!("Invalid rgba value [{}]: 'a' must be between 0 and 1.", shown().join(", ")));
    }
    Ok(())
}

/// The colour of an array of three or four numbers (`to-color`).
pub fn of_array(items: &[Value]) -> Eval<Color> {
    if !matches!(items.len(), 3 | 4) {
        let shown = Value::Array(items.into()).to_json()?;
        return fail(format!(
            "Invalid rgba value {shown}: expected an array containing either three or four numeric values."
        ));
    }
    let number = |item: &Value| if let Value::Number(n) = item { *n } else { f64::NAN };
    let channels: Vec<f64> = items.iter().map(number).collect();
    check(&channels, || items.iter().map(Value::joined).collect())?;
    // The reference implementation takes the channels of an array for multiplied by alpha already.
    match channels.get(3).copied().unwrap_or(1.0) {
        0.0 => Ok(Color::TRANSPARENT),
        a => {
            let [r, g, b] = [0, 1, 2].map(|i| channels[i] / 255.0 / a);
            Ok(Color { r, g, b, a })
        }
    }
}
