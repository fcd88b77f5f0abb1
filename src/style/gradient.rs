//! `line-gradient`: colours along a line.

use super::color::Color;
use super::expression::{self, Context, Expected, Expression, ParseError, Value};
use serde_json::{Value as Json, json};

/// An expression of `line-progress`, which goes from 0 at a line's start to 1 at its end.
#[derive(Clone, Debug)]
pub struct Gradient {
    expression: Expression,
}

impl Gradient {
    /// Reads the expression. Its only parameter is the progress, so that it is read as one of the only number that
    /// expressions know besides: the zoom.
    pub fn parse(json: &Json) -> Result<Gradient, ParseError> {
        let error = |message: &str| ParseError { key: String::new(), message: message.to_string(), unknown: false };
        if !json.is_array() {
            return Err(error("a gradient is an expression of [\"line-progress\"]"));
        }
        let expression = expression::parse(&of_zoom(json, 0), Expected::Color)?;
        match expression.reads_feature() {
            true => Err(error("a gradient depends on [\"line-progress\"] alone, not on the feature")),
            false => Ok(Gradient { expression }),
        }
    }

    /// The colour at a progress; transparent where there is none.
    pub fn color(&self, progress: f64) -> Color {
        match self.expression.evaluate(&Context { zoom: progress, feature: None }) {
            Ok(Value::Color(color)) => color,
            _ => Color::TRANSPARENT,
        }
    }
}

/// The expression with the zoom in the place of the progress.
fn of_zoom(json: &Json, depth: usize) -> Json {
    match json {
        Json::Array(items) if items[..] == ["line-progress"] => json!(["zoom"]),
        // What nests deeper is refused by the parser.
        Json::Array(items) if depth <= crate::limits::EXPRESSION_DEPTH => {
            items.iter().map(|item| of_zoom(item, depth + 1)).collect()
        }
        other => other.clone(),
    }
}
