//! What is said of a picture: plain data, as JSON has it.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a picture's features.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The zoom at which the style is evaluated.
    pub zoom: f64,
    pub sources: Vec<SourceReport>,
    /// All layers of the style as it was given, in drawing order.
    pub layers: Vec<LayerReport>,
    /// The features that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<FeatureReport>>,
}

/// The tiles of a source.
#[derive(Debug, Serialize)]
pub struct SourceReport {
    pub source: String,
    /// As z/x/y: those that the picture lies in, and how many around it were looked at.
    pub tiles: Vec<String>,
    pub neighbours: usize,
    /// The source layers in the picture's own tiles, with their features.
    pub layers: BTreeMap<String, usize>,
}

/// What one style layer draws.
#[derive(Debug, Serialize)]
pub struct LayerReport {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub source: String,
    pub source_layer: String,
    /// Why the layer draws nothing whatever its features are, if that is so.
    pub reason: Option<Reason>,
    /// In the picture's own tiles of the source; a background or raster layer counts as one.
    pub features: usize,
    /// How many of those are drawn.
    pub drawn: usize,
    /// Features of the tiles around that are drawn too.
    pub drawn_from_neighbours: usize,
    /// How many of `features` are not drawn, by what became of them.
    pub left_out: BTreeMap<Cause, usize>,
    /// Images that features are to be drawn with and that are not there.
    pub missing_images: BTreeSet<String>,
    /// Properties that could not be evaluated for some of the features, which have the default instead.
    pub failures: Vec<Failure>,
    /// What of the layer is not drawn by this program at all, with its place in the style.
    pub warnings: Vec<String>,
}

/// Why something is left out: a code, and the same in words.
#[derive(Debug, Serialize)]
pub struct Reason {
    pub code: &'static str,
    pub text: String,
}

/// Why a feature is not drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Geometry,
    Filter,
    FilterFailed,
    Outside,
    Joined,
    NoRoom,
    TooLarge,
    OverEdge,
    Undecided,
    Crowded,
    Unpainted,
    NoImage,
}

/// A property that could not be evaluated.
#[derive(Debug, Serialize)]
pub struct Failure {
    pub property: String,
    pub features: usize,
    /// Of the first of them.
    pub message: String,
}

/// One feature's way through the layers.
#[derive(Debug, Serialize)]
pub struct FeatureReport {
    pub source: String,
    pub source_layer: String,
    pub tile: String,
    /// Whether the tile is one of those around the picture.
    pub neighbour: bool,
    pub id: Option<u64>,
    pub geometry: Geometry,
    pub properties: Map<String, Json>,
    /// The style layers that read its source layer.
    pub layers: Vec<Outcome>,
}

#[derive(Debug, Serialize)]
pub struct Geometry {
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Lines, rings or points.
    pub parts: usize,
    pub vertices: usize,
    /// West, north, east and south in tile units, of so many along the tile's side.
    pub bounds: [i32; 4],
    pub extent: u32,
}

/// What became of a feature in one layer.
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub layer: String,
    pub drawn: bool,
    pub reason: Option<Reason>,
    /// The layer's properties as they are for this feature, where it got as far as that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Map<String, Json>>,
    /// Of those, the ones that the style says something of.
    #[serde(skip)]
    pub written: Vec<String>,
    /// Why a property has its default, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, String>,
}

impl Reason {
    pub fn new(code: &'static str, text: impl Into<String>) -> Reason {
        Reason { code, text: text.into() }
    }
}

impl Cause {
    pub fn code(self) -> &'static str {
        match self {
            Cause::Geometry => "geometry",
            Cause::Filter => "filter",
            Cause::FilterFailed => "filter_failed",
            Cause::Outside => "outside",
            Cause::Joined => "joined",
            Cause::NoRoom => "no_room",
            Cause::TooLarge => "too_large",
            Cause::OverEdge => "over_edge",
            Cause::Undecided => "undecided",
            Cause::Crowded => "crowded",
            Cause::Unpainted => "unpainted",
            Cause::NoImage => "no_image",
        }
    }
}
