//! What an expression is evaluated for.

use super::{Eval, Expression, Object, Value};
use crate::value::{Attributes, Property, TileGeometry};
use std::cell::OnceCell;
use std::sync::Arc;

/// The feature that an expression reads.
pub trait Feature {
    /// `Point`, `LineString` or `Polygon`; none where it has no geometry.
    fn geometry_type(&self) -> Option<&str>;
    fn id(&self) -> Value;
    fn property(&self, name: &str) -> Option<Field<'_>>;
    fn properties(&self) -> Value;
    /// Where it is in its tile; none where that is not known.
    fn geometry(&self) -> Option<TileGeometry>;
    /// What a map's user has done to it (`feature-state`); nothing, in a picture.
    fn state(&self, _name: &str) -> Option<Field<'_>> {
        None
    }
}

/// A property as it lies in its feature, not copied.
#[derive(Clone, Copy)]
pub enum Field<'a> {
    Tile(&'a Property),
    Value(&'a Value),
}

impl Field<'_> {
    pub fn value(&self) -> Value {
        match self {
            Field::Tile(property) => Value::from(*property),
            Field::Value(value) => (*value).clone(),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Field::Tile(Property::String(text)) | Field::Value(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

impl<T: Attributes> Feature for T {
    fn geometry_type(&self) -> Option<&str> {
        Some(self.kind().name())
    }

    fn id(&self) -> Value {
        Attributes::id(self).map_or(Value::Null, |id| Value::Number(id as f64))
    }

    fn property(&self, name: &str) -> Option<Field<'_>> {
        Attributes::property(self, name).map(Field::Tile)
    }

    fn properties(&self) -> Value {
        let all = Attributes::properties(self).map(|(name, value)| (name.into(), value.into()));
        Value::Object(Arc::new(all.collect()))
    }

    fn geometry(&self) -> Option<TileGeometry> {
        Attributes::geometry(self)
    }
}

/// What an expression is evaluated for.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// NaN where there is none.
    pub zoom: f64,
    pub feature: Option<&'a dyn Feature>,
    pub(super) globals: Option<&'a Globals>,
    pub(super) scope: Option<&'a Scope<'a>>,
}

impl<'a> Context<'a> {
    pub fn new(zoom: f64, feature: Option<&'a dyn Feature>) -> Context<'a> {
        Context { zoom, feature, globals: None, scope: None }
    }

    pub fn with_globals(self, globals: &'a Globals) -> Context<'a> {
        Context { globals: Some(globals), ..self }
    }

    /// The same for one feature.
    pub fn of<'b>(self, feature: &'b dyn Feature) -> Context<'b>
    where
        'a: 'b,
    {
        Context { feature: Some(feature), ..self }
    }

    /// Where nothing is known: what constants are evaluated in.
    pub fn nowhere() -> Context<'a> {
        Context::new(f64::NAN, None)
    }

    pub(super) fn property(&self, name: &str) -> Option<Field<'a>> {
        self.feature?.property(name)
    }
}

/// What belongs neither to the zoom nor to the feature. Pictures have the style's state and its images; the rest is for
/// drawing that is not done here, and can be evaluated all the same.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    pub heatmap_density: f64,
    pub line_progress: f64,
    pub elevation: f64,
    pub accumulated: Option<Value>,
    pub state: Object,
    pub images: Vec<String>,
}

/// The variables of one `let`, each evaluated when it is first read and never again: the official rule, to evaluate at
/// each reading, takes time without bounds where variables read each other.
pub(super) struct Scope<'a> {
    bindings: &'a [Expression],
    values: Box<[OnceCell<Eval>]>,
    around: Context<'a>,
}

impl<'a> Scope<'a> {
    pub fn new(bindings: &'a [Expression], around: Context<'a>) -> Scope<'a> {
        Scope { bindings, values: bindings.iter().map(|_| OnceCell::new()).collect(), around }
    }

    /// The variable `index` of the `let` that lies `up` of them further out.
    pub fn value(&self, up: usize, index: usize) -> Eval {
        match up {
            0 => self.values[index].get_or_init(|| self.bindings[index].evaluate(&self.around)).clone(),
            _ => match self.around.scope {
                Some(outer) => outer.value(up - 1, index),
                None => Ok(Value::Null),
            },
        }
    }
}
