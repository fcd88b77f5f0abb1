//! One property of a style layer: a constant, or an expression with the Style Spec's default to fall back to.

use super::color::Color;
use super::expression::{
    self, Context, Expression, Feature, Globals, Inputs, ParseError, PropertySpec, Reading, Value, parse_property,
};
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::sync::Arc;

/// A type that properties can have.
pub trait PropertyType: Clone {
    /// The type as the Style Spec's reference names it.
    const KIND: &'static str;
    /// Of arrays, the type of the items, and how many there are where that is fixed.
    const ITEMS: Option<(&'static str, Option<usize>)> = None;
    /// Whether expressions of this type may be interpolated.
    const INTERPOLATED: bool = false;
    /// Whether an array that begins with a text may be a value; then only an operator's name makes it an expression.
    const HOLDS_TEXTS: bool = false;
    /// What is accepted, for error messages.
    fn accepted() -> String;
    /// Of an enumeration, the names.
    fn names() -> Vec<String> {
        Vec::new()
    }
    fn from_value(value: &Value) -> Option<Self>;
    /// The value as a style has it.
    fn to_json(&self) -> Json;
}

fn spec<T: PropertyType>() -> PropertySpec {
    let (value, length) = (T::ITEMS.map(|(of, _)| of.to_string()), T::ITEMS.and_then(|(_, length)| length));
    let kind = T::KIND.to_string();
    PropertySpec { kind, value, length, values: T::names(), interpolated: T::INTERPOLATED, ..PropertySpec::default() }
}

/// What has a name in the Style Spec: a value of an enumeration.
pub trait Named: Copy + PartialEq + 'static {
    /// All of them, by name.
    const ALL: &'static [(&'static str, Self)];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }
}

/// The names in quotes, as `"a", "b" or "c"`.
fn listed<T: Named>() -> String {
    let quoted: Vec<String> = T::ALL.iter().map(|(name, _)| format!("{name:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

impl<T: Named> PropertyType for T {
    const KIND: &'static str = "enum";
    fn accepted() -> String {
        listed::<T>()
    }
    fn names() -> Vec<String> {
        T::ALL.iter().map(|(name, _)| name.to_string()).collect()
    }
    fn from_value(value: &Value) -> Option<T> {
        if let Value::String(name) = value { T::named(name) } else { None }
    }
    fn to_json(&self) -> Json {
        json!(self.name())
    }
}

impl<T: Named> PropertyType for Vec<T> {
    const KIND: &'static str = "array";
    const ITEMS: Option<(&'static str, Option<usize>)> = Some(("enum", None));
    const HOLDS_TEXTS: bool = true;
    fn accepted() -> String {
        format!("an array of {}", listed::<T>())
    }
    fn from_value(value: &Value) -> Option<Vec<T>> {
        if let Value::Array(items) = value { items.iter().map(T::from_value).collect() } else { None }
    }
    fn to_json(&self) -> Json {
        self.iter().map(PropertyType::to_json).collect()
    }
}

impl PropertyType for f64 {
    const KIND: &'static str = "number";
    const INTERPOLATED: bool = true;
    fn accepted() -> String {
        "a number".to_string()
    }
    fn from_value(value: &Value) -> Option<f64> {
        if let Value::Number(number) = value { Some(*number).filter(|n| n.is_finite()) } else { None }
    }
    fn to_json(&self) -> Json {
        json!(self)
    }
}

impl PropertyType for Color {
    const KIND: &'static str = "color";
    const INTERPOLATED: bool = true;
    fn accepted() -> String {
        "a CSS colour".to_string()
    }
    fn from_value(value: &Value) -> Option<Color> {
        if let Value::Color(color) = value { Some(*color) } else { None }
    }
    fn to_json(&self) -> Json {
        json!(self.to_string())
    }
}

/// Dash lengths.
impl PropertyType for Vec<f64> {
    const KIND: &'static str = "array";
    const ITEMS: Option<(&'static str, Option<usize>)> = Some(("number", None));
    fn accepted() -> String {
        "an array of numbers that are not negative".to_string()
    }
    fn from_value(value: &Value) -> Option<Vec<f64>> {
        let Value::Array(items) = value else { return None };
        items.iter().map(|v| f64::from_value(v).filter(|n| *n >= 0.0)).collect()
    }
    fn to_json(&self) -> Json {
        json!(self)
    }
}

impl PropertyType for bool {
    const KIND: &'static str = "boolean";
    fn accepted() -> String {
        "true or false".to_string()
    }
    fn from_value(value: &Value) -> Option<bool> {
        if let Value::Bool(flag) = value { Some(*flag) } else { None }
    }
    fn to_json(&self) -> Json {
        json!(self)
    }
}

/// Two lengths: to the right and down.
impl PropertyType for [f64; 2] {
    const KIND: &'static str = "array";
    const ITEMS: Option<(&'static str, Option<usize>)> = Some(("number", Some(2)));
    const INTERPOLATED: bool = true;
    fn accepted() -> String {
        "an array of two numbers".to_string()
    }
    fn from_value(value: &Value) -> Option<[f64; 2]> {
        let Value::Array(items) = value else { return None };
        let [x, y] = &**items else { return None };
        Some([f64::from_value(x)?, f64::from_value(y)?])
    }
    fn to_json(&self) -> Json {
        json!(self)
    }
}

/// Four lengths: top, right, bottom, left.
impl PropertyType for [f64; 4] {
    const KIND: &'static str = "array";
    const ITEMS: Option<(&'static str, Option<usize>)> = Some(("number", Some(4)));
    const INTERPOLATED: bool = true;
    fn accepted() -> String {
        "an array of four numbers: top, right, bottom, left".to_string()
    }
    fn from_value(value: &Value) -> Option<[f64; 4]> {
        let Value::Array(items) = value else { return None };
        let numbers: Vec<f64> = items.iter().map(f64::from_value).collect::<Option<_>>()?;
        numbers.try_into().ok()
    }
    fn to_json(&self) -> Json {
        json!(self)
    }
}

/// The name of an image of the style's sprites; empty for none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageName(pub Arc<str>);

impl PropertyType for ImageName {
    const KIND: &'static str = "resolvedImage";
    fn accepted() -> String {
        "the name of an image".to_string()
    }
    fn from_value(value: &Value) -> Option<ImageName> {
        match value {
            Value::Image(image) => Some(ImageName(image.name.clone())),
            // What `coalesce` gives where there is none of its images.
            Value::String(name) => Some(ImageName(name.clone())),
            // What an expression gives for the name "".
            Value::Null => Some(ImageName("".into())),
            _ => None,
        }
    }
    fn to_json(&self) -> Json {
        json!(*self.0)
    }
}

/// What something is laid out along.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    Map,
    Viewport,
}

impl Named for Anchor {
    const ALL: &'static [(&'static str, Anchor)] = &[("map", Anchor::Map), ("viewport", Anchor::Viewport)];
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

impl Named for BlendMode {
    const ALL: &'static [(&'static str, BlendMode)] = &[
        ("normal", BlendMode::Normal),
        ("multiply", BlendMode::Multiply),
        ("color", BlendMode::Color),
        ("luminosity", BlendMode::Luminosity),
        ("plus-lighter", BlendMode::PlusLighter),
        ("screen", BlendMode::Screen),
        ("overlay", BlendMode::Overlay),
    ];
}

/// How an image is made larger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resampling {
    Linear,
    Nearest,
}

impl Named for Resampling {
    const ALL: &'static [(&'static str, Resampling)] =
        &[("linear", Resampling::Linear), ("nearest", Resampling::Nearest)];
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cap {
    Butt,
    Round,
    Square,
}

impl Named for Cap {
    const ALL: &'static [(&'static str, Cap)] = &[("butt", Cap::Butt), ("round", Cap::Round), ("square", Cap::Square)];
}

/// How two segments of a line meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Join {
    Miter,
    Round,
    Bevel,
}

impl Named for Join {
    const ALL: &'static [(&'static str, Join)] =
        &[("miter", Join::Miter), ("round", Join::Round), ("bevel", Join::Bevel)];
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

    /// Reads the property from JSON: a constant, an expression or a function.
    pub fn parse(json: &Json, default: T, globals: &Globals) -> Result<Property<T>, ParseError> {
        Property::read(json, default, globals, false)
    }

    /// The same, `{name}` in a text standing for the value of a feature's property.
    pub fn with_tokens(json: &Json, default: T, globals: &Globals) -> Result<Property<T>, ParseError> {
        Property::read(json, default, globals, true)
    }

    fn read(json: &Json, default: T, globals: &Globals, tokens: bool) -> Result<Property<T>, ParseError> {
        // A bare array that does not begin with an operator's name is a value.
        let is_value = |items: &[Json]| match items.first() {
            Some(Json::String(name)) => T::HOLDS_TEXTS && !expression::is_operator(name),
            _ => true,
        };
        let json = match json {
            Json::Array(items) if is_value(items) => &json!(["literal", json]),
            Json::String(text) if tokens => &expression::with_tokens(text),
            other => other,
        };
        let parsed =
            parse_property(json, &PropertySpec { tokens, ..spec::<T>() }, Reading::Drawn).map_err(|mut e| {
                if e.key.is_empty() {
                    e.message.push_str(&format!(" What stands here is {}.", T::accepted()));
                }
                e
            })?;
        let expression = parsed.with_state(globals).compiled();
        let Some(value) = expression.constant() else {
            return Ok(Property { default, expression: Some(expression) });
        };
        match (T::from_value(value), value) {
            (Some(constant), _) => Ok(Property::default(constant)),
            // An expression may come to nothing, and then the default stands in.
            (None, Value::Null) => Ok(Property::default(default)),
            (None, Value::Number(number)) if number.is_nan() => Ok(Property::default(default)),
            _ => {
                let message = format!("{} is not {}", super::brief(&json.to_string()), T::accepted());
                Err(ParseError::new(message))
            }
        }
    }

    /// The value, where neither zoom nor feature changes it.
    pub fn known(&self, globals: &Globals) -> Option<T> {
        let varies = self.expression.as_ref().is_some_and(|e| e.reads_feature() || e.reads_zoom());
        (!varies).then(|| self.at_with(f64::NAN, globals).constant())
    }

    /// The property at one zoom; what does not depend on features is evaluated here, once.
    pub fn at(&self, zoom: f64) -> AtZoom<'_, T> {
        self.within(Context::new(zoom, None))
    }

    /// The same of what may depend on which images there are.
    pub fn at_with<'a>(&'a self, zoom: f64, globals: &'a Globals) -> AtZoom<'a, T> {
        self.within(Context::new(zoom, None).with_globals(globals))
    }

    /// The value for a feature, or without one, and why it is the default where the evaluation fails.
    pub fn resolved(&self, zoom: f64, globals: &Globals, feature: Option<&dyn Feature>) -> (T, Option<String>) {
        let at_zoom = self.at_with(zoom, globals);
        let resolved = feature.map_or_else(|| at_zoom.constant(), |feature| at_zoom.of(feature));
        let context = Context::new(zoom, feature).with_globals(globals);
        let failure = self.expression.as_ref().and_then(|expression| match expression.evaluate(&context) {
            Err(error) => Some(error.to_string()),
            Ok(value) if T::from_value(&value).is_some() => None,
            Ok(value) => {
                let shown = value.to_json().unwrap_or_default();
                Some(format!("{} is not {}", super::brief(&shown), T::accepted()))
            }
        });
        (resolved, failure)
    }

    fn within<'a>(&'a self, context: Context<'a>) -> AtZoom<'a, T> {
        let Some(expression) = &self.expression else {
            return AtZoom { default: self.default.clone(), context, expression: None };
        };
        let expression = expression.at_zoom(context.zoom);
        match expression.reads_feature() {
            true => AtZoom { default: self.default.clone(), context, expression: Some(expression) },
            false => {
                let default = value(&expression, &context).unwrap_or_else(|| self.default.clone());
                AtZoom { default, context, expression: None }
            }
        }
    }
}

impl Property<f64> {
    /// The largest value at `zoom` for any feature; none where nothing bounds it.
    pub fn upper_bound(&self, zoom: f64) -> Option<f64> {
        match &self.expression {
            // A failed evaluation gives the default.
            Some(expression) => Some(expression.range(zoom).high.max(self.default)).filter(|bound| bound.is_finite()),
            None => Some(self.default),
        }
    }

    /// The largest distance from 0 at `zoom` for any feature; none where nothing bounds it.
    pub fn magnitude(&self, zoom: f64) -> Option<f64> {
        let (low, high) = match &self.expression {
            Some(expression) => {
                let range = expression.range(zoom);
                (range.low.min(self.default), range.high.max(self.default))
            }
            None => (self.default, self.default),
        };
        Some(low.abs().max(high.abs())).filter(|bound| bound.is_finite())
    }
}

/// A property at one zoom.
pub struct AtZoom<'a, T> {
    default: T,
    context: Context<'a>,
    expression: Option<Cow<'a, Expression>>,
}

impl<T> AtZoom<'_, T> {
    /// Adds what the value depends on of a feature; false where that is more than [`Inputs`] can hold.
    pub fn add_inputs<'a>(&'a self, inputs: &mut Inputs<'a>) -> bool {
        self.expression.as_deref().is_none_or(|expression| expression.add_inputs(inputs))
    }
}

impl<T: PropertyType> AtZoom<'_, T> {
    /// The value for a feature; the default where evaluation fails, as the Style Spec has it.
    pub fn of(&self, feature: &dyn Feature) -> T {
        self.expression
            .as_deref()
            .and_then(|e| value(e, &self.context.of(feature)))
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
