//! A style layer with its typed properties. Lengths are in CSS pixels.

use super::color::Color;
use super::expression::{self, Context, EvalError, Expression, Feature, Inputs};
use super::gradient::Gradient;
use super::property::{Anchor, BlendMode, Cap, ImageName, Join, Property, Resampling};
use super::symbol::Symbol;
use crate::limits;
use serde_json::Value as Json;
use std::borrow::Cow;

/// The width of a fill's outline: one CSS pixel.
pub const OUTLINE_WIDTH: f64 = 1.0;
/// What `line-round-limit` is unless it is said.
pub const ROUND_LIMIT: f64 = 1.05;

/// One style layer.
pub struct Layer {
    /// Its place among the style's layers.
    pub index: usize,
    /// Its place in the document, where those that are not drawn count too.
    pub place: usize,
    pub id: String,
    /// The name of the source; empty for a background.
    pub source: String,
    pub source_layer: String,
    pub(super) minzoom: f64,
    pub(super) maxzoom: f64,
    pub(super) visible: bool,
    pub(super) filter: Option<Expression>,
    pub kind: Kind,
}

/// What a layer draws, and with which properties.
pub enum Kind {
    Background(Box<Background>),
    Fill(Box<Fill>),
    Line(Box<Line>),
    Circle(Box<Circle>),
    Raster(Box<Raster>),
    Symbol(Box<Symbol>),
}

pub struct Background {
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    pub pattern: Option<Property<ImageName>>,
}

pub struct Fill {
    pub antialias: Property<bool>,
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    /// Without it, no outline is drawn: edges are antialiased anyway.
    pub outline_color: Option<Property<Color>>,
    pub pattern: Option<Property<ImageName>>,
    pub translate: Translate,
    pub sort_key: Option<Property<f64>>,
    pub blending: Blending,
}

pub struct Line {
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    pub width: Property<f64>,
    pub gap_width: Property<f64>,
    /// To the right of the line's direction.
    pub offset: Property<f64>,
    /// How far the line fades from its edge inwards.
    pub blur: Property<f64>,
    pub cap: Property<Cap>,
    pub join: Property<Join>,
    pub miter_limit: Property<f64>,
    /// Round joins whose miter would be shorter than this are mitered.
    pub round_limit: Property<f64>,
    /// In line widths.
    pub dasharray: Option<Property<Vec<f64>>>,
    pub pattern: Option<Property<ImageName>>,
    pub gradient: Option<Gradient>,
    pub translate: Translate,
    pub sort_key: Option<Property<f64>>,
    pub blending: Blending,
}

pub struct Circle {
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    pub radius: Property<f64>,
    /// The share of the circle, stroke included, over which it fades from its edge inwards.
    pub blur: Property<f64>,
    pub stroke_color: Property<Color>,
    pub stroke_opacity: Property<f64>,
    pub stroke_width: Property<f64>,
    pub translate: Translate,
    pub sort_key: Option<Property<f64>>,
}

pub struct Raster {
    pub opacity: Property<f64>,
    /// In degrees.
    pub hue_rotate: Property<f64>,
    /// What black and white become.
    pub brightness_min: Property<f64>,
    pub brightness_max: Property<f64>,
    /// From -1, grey, to 1.
    pub saturation: Property<f64>,
    /// From -1, all alike, to 1.
    pub contrast: Property<f64>,
    pub resampling: Property<Resampling>,
    pub blending: Blending,
}

/// Why a layer is not drawn at a zoom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hidden {
    /// Its `visibility` is `none`.
    Visibility,
    /// The zoom is below its `minzoom`.
    Minzoom(f64),
    /// The zoom is not below its `maxzoom`.
    Maxzoom(f64),
    /// Its filter can let nothing through there.
    Filter,
}

/// How far a layer is moved: to the right and down.
pub struct Translate {
    pub by: Property<[f64; 2]>,
    /// Whether that is meant of the map, before it is turned, or of the picture.
    pub anchor: Property<Anchor>,
}

/// How a layer as a whole is put on what lies below it.
pub struct Blending {
    pub opacity: Property<f64>,
    pub mode: Property<BlendMode>,
}

impl Kind {
    /// The layer's `type`.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Background(_) => "background",
            Kind::Fill(_) => "fill",
            Kind::Line(_) => "line",
            Kind::Circle(_) => "circle",
            Kind::Raster(_) => "raster",
            Kind::Symbol(_) => "symbol",
        }
    }
}

impl Layer {
    /// Whether the layer is drawn at a zoom: from `minzoom` on, below `maxzoom`, and where its filter can let anything
    /// through there.
    pub fn is_visible(&self, zoom: f64) -> bool {
        self.hidden(zoom).is_none()
    }

    /// Why the layer is not drawn at a zoom, if it is not.
    pub fn hidden(&self, zoom: f64) -> Option<Hidden> {
        // Filters see the zoom of the tiles.
        let can_hold = |filter: &Expression| expression::can_hold(&filter.at_zoom(zoom.floor()));
        match () {
            () if !self.visible => Some(Hidden::Visibility),
            () if zoom < self.minzoom => Some(Hidden::Minzoom(self.minzoom)),
            () if zoom >= self.maxzoom => Some(Hidden::Maxzoom(self.maxzoom)),
            () if !self.filter.as_ref().is_none_or(can_hold) => Some(Hidden::Filter),
            () => None,
        }
    }

    /// The filter for the features of one zoom.
    pub fn filter(&self, zoom: f64) -> Filter<'_> {
        Filter { zoom, expression: self.filter.as_ref().map(|filter| filter.at_zoom(zoom)) }
    }

    /// Of the filter as it was written, what refuses a feature, and where in the filter that stands, as `[1][2]`.
    pub fn refusing<'j>(&self, zoom: f64, feature: &dyn Feature, written: &'j Json) -> (String, &'j Json) {
        match &self.filter {
            Some(filter) => expression::refusing(filter, written, &Context::new(zoom, Some(feature))),
            None => (String::new(), written),
        }
    }

    /// How far in CSS pixels the layer is moved at a zoom on the map before it is turned: to the right and down. What is
    /// meant of the picture depends on the bearing, in degrees clockwise.
    pub fn translate(&self, zoom: f64, bearing: f64) -> [f64; 2] {
        let translate = match &self.kind {
            // Icons and texts are moved each by themselves.
            Kind::Background(_) | Kind::Raster(_) | Kind::Symbol(_) => return [0.0; 2],
            Kind::Fill(fill) => &fill.translate,
            Kind::Line(line) => &line.translate,
            Kind::Circle(circle) => &circle.translate,
        };
        let [x, y] = translate.by.at(zoom).constant();
        let moved = match translate.anchor.at(zoom).constant() {
            Anchor::Viewport => turned([x, y], bearing),
            Anchor::Map => [x, y],
        };
        moved.map(|by| by.clamp(-limits::MARGIN, limits::MARGIN))
    }

    /// How the layer as a whole is put on those below at a zoom.
    pub fn blending(&self, zoom: f64) -> (f64, BlendMode) {
        let blending = match &self.kind {
            Kind::Fill(fill) => &fill.blending,
            Kind::Line(line) => &line.blending,
            Kind::Raster(raster) => &raster.blending,
            Kind::Background(_) | Kind::Circle(_) | Kind::Symbol(_) => return (1.0, BlendMode::Normal),
        };
        (blending.opacity.at(zoom).constant().clamp(0.0, 1.0), blending.mode.at(zoom).constant())
    }

    /// The images that the layer is filled with.
    pub fn pattern(&self) -> Option<&Property<ImageName>> {
        match &self.kind {
            Kind::Background(background) => background.pattern.as_ref(),
            Kind::Fill(fill) => fill.pattern.as_ref(),
            Kind::Line(line) => line.pattern.as_ref(),
            Kind::Circle(_) | Kind::Raster(_) | Kind::Symbol(_) => None,
        }
    }

    /// How far in CSS pixels this layer may draw outside of a feature's geometry at a zoom, not counting that it may be
    /// moved as a whole.
    pub fn reach(&self, zoom: f64) -> f64 {
        let bound = |property: &Property<f64>| property.upper_bound(zoom).unwrap_or(limits::MARGIN).max(0.0);
        let reach = match &self.kind {
            Kind::Background(_) | Kind::Raster(_) => 0.0,
            // As a line's, its miters are no longer than its width.
            Kind::Fill(fill) if fill.outline_color.is_some() && fill.pattern.is_none() => OUTLINE_WIDTH + limits::STAY,
            Kind::Fill(_) => 0.0,
            Kind::Line(line) => {
                // Square caps reach out by a diagonal, miters by their limit.
                let layout = |p: &Property<f64>| p.upper_bound(zoom.floor()).unwrap_or(limits::MARGIN).max(0.0);
                let reach = layout(&line.miter_limit).max(layout(&line.round_limit)).max(std::f64::consts::SQRT_2);
                let offset = line.offset.magnitude(zoom).unwrap_or(limits::MARGIN);
                let gap = bound(&line.gap_width);
                let outer = if gap > 0.0 { gap / 2.0 + bound(&line.width) } else { bound(&line.width) / 2.0 };
                outer * reach + offset + limits::STAY
            }
            Kind::Circle(circle) => bound(&circle.radius) + bound(&circle.stroke_width),
            // Texts are as long as features have them; those that reach farther are not drawn.
            Kind::Symbol(_) => limits::SYMBOL_REACH,
        };
        reach.min(limits::MARGIN)
    }

    /// How far in CSS pixels what this layer draws may lie from the feature's geometry at a zoom.
    pub fn margin(&self, zoom: f64) -> f64 {
        // Whichever way it is turned.
        let [x, y] = self.translate(zoom, 0.0);
        (self.reach(zoom) + x.hypot(y)).min(limits::MARGIN)
    }
}

impl Translate {
    /// How far in CSS pixels something is moved at a zoom in a picture that is turned: to the right and down.
    pub fn in_picture(&self, zoom: f64, bearing: f64) -> [f64; 2] {
        let by = self.by.at(zoom).constant();
        match self.anchor.at(zoom).constant() {
            Anchor::Map => turned(by, -bearing),
            Anchor::Viewport => by,
        }
    }
}

/// A direction turned clockwise by degrees.
pub fn turned(direction: [f64; 2], degrees: f64) -> [f64; 2] {
    if degrees == 0.0 { direction } else { turned_by(direction, cosine_and_sine(degrees)) }
}

/// The same by an angle whose cosine and sine are known.
pub fn turned_by([x, y]: [f64; 2], [cos, sin]: [f64; 2]) -> [f64; 2] {
    [x * cos - y * sin, x * sin + y * cos]
}

/// Of an angle in degrees.
pub fn cosine_and_sine(degrees: f64) -> [f64; 2] {
    if degrees == 0.0 {
        return [1.0, 0.0];
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    [cos, sin]
}

/// A layer's filter at one zoom.
pub struct Filter<'a> {
    zoom: f64,
    expression: Option<Cow<'a, Expression>>,
}

impl Filter<'_> {
    /// What must all hold for the filter to let a feature through.
    pub fn conditions(&self) -> Vec<Condition<'_>> {
        let all = self.expression.as_deref().map_or(&[][..], expression::conditions);
        all.iter().map(|expression| Condition::new(expression, self.zoom)).collect()
    }

    /// Whether the filter lets a feature through.
    pub fn accepts(&self, feature: &dyn Feature) -> bool {
        self.conditions().iter().all(|condition| condition.holds(feature))
    }

    /// Why the filter cannot be evaluated for a feature, if it cannot.
    pub fn failure(&self, feature: &dyn Feature) -> Option<EvalError> {
        self.expression.as_ref()?.evaluate(&Context::new(self.zoom, Some(feature))).err()
    }
}

/// One of the conditions of a filter.
pub struct Condition<'a> {
    /// What it depends on; none where that is more.
    pub inputs: Option<Inputs<'a>>,
    zoom: f64,
    expression: &'a Expression,
}

impl<'a> Condition<'a> {
    fn new(expression: &'a Expression, zoom: f64) -> Condition<'a> {
        let mut inputs = Inputs::default();
        let is_all = expression.add_inputs(&mut inputs);
        Condition { inputs: is_all.then_some(inputs), zoom, expression }
    }

    /// Whether a feature meets it. One that cannot be evaluated is not met.
    pub fn holds(&self, feature: &dyn Feature) -> bool {
        self.expression.holds(&Context::new(self.zoom, Some(feature)))
    }
}
