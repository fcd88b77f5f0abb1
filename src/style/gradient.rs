//! `line-gradient`: colours along a line.

use super::color::Color;
use super::expression::{Context, Expression, Globals, ParseError, PropertySpec, Reading, Value, parse_property};
use serde_json::Value as Json;

/// An expression of `line-progress`, which goes from 0 at a line's start to 1 at its end.
#[derive(Clone, Debug)]
pub struct Gradient {
    expression: Expression,
}

impl Gradient {
    pub fn parse(json: &Json, globals: &Globals) -> Result<Gradient, ParseError> {
        if !json.is_array() {
            return Err(ParseError::new("a gradient is an expression of [\"line-progress\"]"));
        }
        // It depends on the progress alone.
        let (of_feature, of_zoom) = (false, false);
        let spec = PropertySpec { kind: "color".into(), of_feature, of_zoom, ..PropertySpec::default() };
        let expression = parse_property(json, &spec, Reading::Drawn)?.with_state(globals).compiled();
        Ok(Gradient { expression })
    }

    /// The colour at a progress; transparent where there is none.
    pub fn color(&self, progress: f64) -> Color {
        let globals = Globals { line_progress: progress, ..Globals::default() };
        match self.expression.evaluate(&Context::nowhere().with_globals(&globals)) {
            Ok(Value::Color(color)) => color,
            _ => Color::TRANSPARENT,
        }
    }
}
