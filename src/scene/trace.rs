//! What becomes of features while a scene is built, for those who want to know. Drawing is generic over it, so that where
//! nobody does, `()`, it costs nothing.

use super::canvas::Located;
use crate::style::Layer;
use serde::Serialize;

/// Is told of each feature that a layer looks at.
pub trait Trace {
    /// What a feature is known by until it is known what becomes of it.
    type Mark: Clone;
    fn mark(&mut self, layer: &Layer, feature: &Located) -> Self::Mark;
    /// A feature may be told of several times, once for each square and for each of its parts: the greatest fate counts.
    fn came_to(&mut self, mark: &Self::Mark, fate: Fate);
}

/// What becomes of a feature in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nothing of it lies in the picture.
    Outside,
    /// The layer draws no geometry of its type.
    Geometry,
    /// The filter says no, or cannot be evaluated.
    Filter,
    /// Its line is put together with another one of the same text, which has the symbols.
    Joined,
    /// The line is too short for a symbol, or bends too much.
    NoRoom,
    /// It reaches too far from its place.
    TooLarge,
    /// It reaches over the edge of its tile, and must not.
    OverEdge,
    /// Whether it is drawn depends on too many others.
    Undecided,
    /// Others take its place.
    Crowded,
    /// Transparent, or without a width or radius.
    Unpainted,
    /// The image that it is drawn with is not in the style's sprites.
    NoImage,
    Drawn,
}

impl Trace for () {
    type Mark = ();
    fn mark(&mut self, _: &Layer, _: &Located) {}
    fn came_to(&mut self, (): &(), _: Fate) {}
}
