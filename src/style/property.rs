//! One property of a style layer: a constant, or an expression with the Style Spec's default to fall back to.

use super::color::Color;
use super::expression::{self, Context, Expected, Expression, ParseError, Value};
use crate::value::Attributes;
use serde_json::Value as Json;
use std::sync::Arc;

/// A type that properties can have.
pub trait PropertyType: Clone {
    const EXPECTED: Expected = Expected::Any;
    /// Whether stop functions of this type are interpolated.
    const INTERPOLATED: bool = false;
    /// What is accepted, for error messages.
    const ACCEPTED: &'static str;
    fn from_value(value: &Value) -> Option<Self>;
}

impl PropertyType for f64 {
    const INTERPOLATED: bool = true;
    const ACCEPTED: &'static str = "a number";
    fn from_value(value: &Value) -> Option<f64> {
        if let Value::Number(number) = value { Some(*number).filter(|n| n.is_finite()) } else { None }
    }
}

impl PropertyType for Color {
    const EXPECTED: Expected = Expected::Color;
    const INTERPOLATED: bool = true;
    const ACCEPTED: &'static str = "a CSS colour";
    fn from_value(value: &Value) -> Option<Color> {
        if let Value::Color(color) = value { Some(*color) } else { None }
    }
}

/// Dash lengths.
impl PropertyType for Vec<f64> {
    const ACCEPTED: &'static str = "an array of numbers that are not negative";
    fn from_value(value: &Value) -> Option<Vec<f64>> {
        let Value::Array(items) = value else { return None };
        items.iter().map(|v| f64::from_value(v).filter(|n| *n >= 0.0)).collect()
    }
}

impl PropertyType for bool {
    const ACCEPTED: &'static str = "true or false";
    fn from_value(value: &Value) -> Option<bool> {
        if let Value::Bool(flag) = value { Some(*flag) } else { None }
    }
}

/// Two lengths: to the right and down.
impl PropertyType for [f64; 2] {
    const INTERPOLATED: bool = true;
    const ACCEPTED: &'static str = "an array of two numbers";
    fn from_value(value: &Value) -> Option<[f64; 2]> {
        let Value::Array(items) = value else { return None };
        let [x, y] = &**items else { return None };
        Some([f64::from_value(x)?, f64::from_value(y)?])
    }
}

/// The name of an image of the style's sprites; empty for none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageName(pub Arc<str>);

impl PropertyType for ImageName {
    const ACCEPTED: &'static str = "the name of an image";
    fn from_value(value: &Value) -> Option<ImageName> {
        if let Value::String(name) = value { Some(ImageName(name.clone())) } else { None }
    }
}

/// What something is laid out along.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    Map,
    Viewport,
}

impl PropertyType for Anchor {
    const ACCEPTED: &'static str = "\"map\" or \"viewport\"";
    fn from_value(value: &Value) -> Option<Anchor> {
        let Value::String(name) = value else { return None };
        match &**name {
            "map" => Some(Anchor::Map),
            "viewport" => Some(Anchor::Viewport),
            _ => None,
        }
    }
}

/// How a layer's colours are mixed with those below (Compositing and Blending Level 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BlendMode {
    Normal,
    Multiply,
    Color,
    Luminosity,
    PlusLighter,
    Screen,
    Overlay,
}

impl BlendMode {
    /// As the Style Spec and CSS name it.
    pub fn name(self) -> &'static str {
        match self {
            BlendMode::Normal => "normal",
            BlendMode::Multiply => "multiply",
            BlendMode::Color => "color",
            BlendMode::Luminosity => "luminosity",
            BlendMode::PlusLighter => "plus-lighter",
            BlendMode::Screen => "screen",
            BlendMode::Overlay => "overlay",
        }
    }
}

impl PropertyType for BlendMode {
    const ACCEPTED: &'static str =
        "\"normal\", \"multiply\", \"color\", \"luminosity\", \"plus-lighter\", \"screen\" or \"overlay\"";
    fn from_value(value: &Value) -> Option<BlendMode> {
        use BlendMode::{Color, Luminosity, Multiply, Normal, Overlay, PlusLighter, Screen};
        let Value::String(name) = value else { return None };
        [Normal, Multiply, Color, Luminosity, PlusLighter, Screen, Overlay]
            .into_iter()
            .find(|mode| mode.name() == &**name)
    }
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cap {
    Butt,
    Round,
    Square,
}

impl PropertyType for Cap {
    const ACCEPTED: &'static str = "\"butt\", \"round\" or \"square\"";
    fn from_value(value: &Value) -> Option<Cap> {
        let Value::String(name) = value else { return None };
        match &**name {
            "butt" => Some(Cap::Butt),
            "round" => Some(Cap::Round),
            "square" => Some(Cap::Square),
            _ => None,
        }
    }
}

/// How two segments of a line meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Join {
    Miter,
    Round,
    Bevel,
}

impl PropertyType for Join {
    const ACCEPTED: &'static str = "\"miter\", \"round\" or \"bevel\"";
    fn from_value(value: &Value) -> Option<Join> {
        let Value::String(name) = value else { return None };
        match &**name {
            "miter" => Some(Join::Miter),
            "round" => Some(Join::Round),
            "bevel" => Some(Join::Bevel),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Property<T> {
    default: T,
    expression: Option<Expression>,
}

impl<T: PropertyType> Property<T> {
    pub fn default(default: T) -> Property<T> {
        Property { default, expression: None }
    }

    /// Reads the property from JSON: a constant, an expression or a stop function.
    pub fn parse(json: &Json, default: T) -> Result<Property<T>, ParseError> {
        let expression = match json {
            Json::Object(map) => expression::parse_function(map, T::EXPECTED, T::INTERPOLATED)?,
            // A bare array that does not begin with an operator's name is a value.
            Json::Array(items) if !items.first().is_some_and(Json::is_string) => {
                Expression::Literal(Value::from_json(json))
            }
            json => expression::parse(json, T::EXPECTED)?,
        };
        match &expression {
            Expression::Literal(value) => match T::from_value(value) {
                Some(constant) => Ok(Property { default: constant, expression: None }),
                None => {
                    let message = format!("{} is not {}", super::brief(&json.to_string()), T::ACCEPTED);
                    Err(ParseError { key: String::new(), message, unknown: false })
                }
            },
            _ => Ok(Property { default, expression: Some(expression) }),
        }
    }

    /// The value, where neither zoom nor feature changes it.
    pub fn known(&self) -> Option<&T> {
        self.expression.is_none().then_some(&self.default)
    }

    /// The property at one zoom; what does not depend on features is evaluated here, once.
    pub fn at(&self, zoom: f64) -> AtZoom<'_, T> {
        match &self.expression {
            Some(expression) if expression.reads_feature() => {
                AtZoom { default: self.default.clone(), zoom, expression: Some(expression) }
            }
            expression => {
                let constant = expression.as_ref().and_then(|e| value(e, &Context { zoom, feature: None }));
                let default = constant.unwrap_or_else(|| self.default.clone());
                AtZoom { default, zoom, expression: None }
            }
        }
    }
}

impl Property<f64> {
    /// The largest value at `zoom` for any feature; none where nothing bounds it.
    pub fn upper_bound(&self, zoom: f64) -> Option<f64> {
        match &self.expression {
            // A failed evaluation gives the default.
            Some(expression) => expression.upper_bound(zoom).map(|bound| bound.max(self.default)),
            None => Some(self.default),
        }
    }

    /// The largest distance from 0 at `zoom`; none where it is the feature's to say.
    pub fn magnitude(&self, zoom: f64) -> Option<f64> {
        let reads_feature = self.expression.as_ref().is_some_and(Expression::reads_feature);
        (!reads_feature).then(|| self.at(zoom).constant().abs())
    }
}

/// A property at one zoom.
pub struct AtZoom<'a, T> {
    default: T,
    zoom: f64,
    expression: Option<&'a Expression>,
}

impl<T: PropertyType> AtZoom<'_, T> {
    /// The value for a feature; the default where evaluation fails, as the Style Spec has it.
    pub fn of(&self, feature: &dyn Attributes) -> T {
        self.expression
            .and_then(|e| value(e, &Context { zoom: self.zoom, feature: Some(feature) }))
            .unwrap_or_else(|| self.default.clone())
    }

    /// The value where there is no feature.
    pub fn constant(&self) -> T {
        self.default.clone()
    }
}

fn value<T: PropertyType>(expression: &Expression, context: &Context) -> Option<T> {
    T::from_value(&expression.evaluate(context).ok()?)
}
