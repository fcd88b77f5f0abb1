//! Symbol layers: what the Style Spec says of icons and texts, and its types.

use super::color::Color;
use super::expression::{Section, Value};
use super::layer::Translate;
use super::property::{ImageName, Named, Property, PropertyType};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// A symbol layer. Lengths are in CSS pixels where nothing else is said.
pub struct Symbol {
    pub placement: Property<Placement>,
    /// Along a line, from one symbol to the next.
    pub spacing: Property<f64>,
    pub avoid_edges: Property<bool>,
    pub sort_key: Option<Property<f64>>,
    pub z_order: Property<ZOrder>,
    pub icon: Icon,
    pub text: Text,
}

/// What icons and texts have in common.
pub struct Part {
    /// None where only `*-allow-overlap` says it.
    pub overlap: Option<Property<Overlap>>,
    pub allow_overlap: Property<bool>,
    pub ignore_placement: Property<bool>,
    pub optional: Property<bool>,
    pub keep_upright: Property<bool>,
    /// In degrees clockwise.
    pub rotate: Property<f64>,
    pub anchor: Property<SymbolAnchor>,
    pub translate: Translate,
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    pub halo_color: Property<Color>,
    pub halo_width: Property<f64>,
    pub halo_blur: Property<f64>,
}

pub struct Icon {
    pub part: Part,
    pub image: Option<Property<ImageName>>,
    /// Times the image's own size.
    pub size: Property<f64>,
    pub rotation_alignment: Property<Alignment>,
    pub text_fit: Property<TextFit>,
    /// Top, right, bottom, left.
    pub text_fit_padding: Property<[f64; 4]>,
    pub padding: Property<Padding>,
    /// Times the icon's size.
    pub offset: Property<[f64; 2]>,
}

/// Lengths in ems but for `size` and `padding`.
pub struct Text {
    pub part: Part,
    pub field: Option<Property<Formatted>>,
    pub font: Property<FontNames>,
    pub size: Property<f64>,
    pub rotation_alignment: Property<TextAlignment>,
    pub max_width: Property<f64>,
    pub line_height: Property<f64>,
    pub letter_spacing: Property<f64>,
    pub justify: Property<TextJustify>,
    pub radial_offset: Option<Property<f64>>,
    pub variable_anchor: Option<Property<Vec<SymbolAnchor>>>,
    pub variable_anchor_offset: Option<Property<AnchorOffsets>>,
    /// In degrees, over the width of a few letters.
    pub max_angle: Property<f64>,
    pub writing_mode: Option<Property<Vec<TextWritingMode>>>,
    pub padding: Property<f64>,
    pub transform: Property<TextTransform>,
    pub offset: Property<[f64; 2]>,
}

/// Where symbols stand on their features.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Placement {
    Point,
    Line,
    LineCenter,
}

impl Named for Placement {
    const ALL: &'static [(&'static str, Placement)] =
        &[("point", Placement::Point), ("line", Placement::Line), ("line-center", Placement::LineCenter)];
}

/// In which order symbols that overlap are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ZOrder {
    Auto,
    ViewportY,
    Source,
}

impl Named for ZOrder {
    const ALL: &'static [(&'static str, ZOrder)] =
        &[("auto", ZOrder::Auto), ("viewport-y", ZOrder::ViewportY), ("source", ZOrder::Source)];
}

/// What a symbol may go over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Overlap {
    Never,
    Always,
    /// Over what may itself go over others.
    Cooperative,
}

impl Named for Overlap {
    const ALL: &'static [(&'static str, Overlap)] =
        &[("never", Overlap::Never), ("always", Overlap::Always), ("cooperative", Overlap::Cooperative)];
}

/// What an icon turns with; `auto` is `map` along lines and `viewport` at points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Alignment {
    Map,
    Viewport,
    Auto,
}

impl Named for Alignment {
    const ALL: &'static [(&'static str, Alignment)] =
        &[("map", Alignment::Map), ("viewport", Alignment::Viewport), ("auto", Alignment::Auto)];
}

/// The same of a text; `viewport-glyph` lets each glyph of a text along a line stand upright.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextAlignment {
    Map,
    Viewport,
    ViewportGlyph,
    Auto,
}

impl Named for TextAlignment {
    const ALL: &'static [(&'static str, TextAlignment)] = &[
        ("map", TextAlignment::Map),
        ("viewport", TextAlignment::Viewport),
        ("viewport-glyph", TextAlignment::ViewportGlyph),
        ("auto", TextAlignment::Auto),
    ];
}

/// The part of an icon or a text that lies at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SymbolAnchor {
    Center,
    Left,
    Right,
    Top,
    Bottom,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

impl Named for SymbolAnchor {
    const ALL: &'static [(&'static str, SymbolAnchor)] = &[
        ("center", SymbolAnchor::Center),
        ("left", SymbolAnchor::Left),
        ("right", SymbolAnchor::Right),
        ("top", SymbolAnchor::Top),
        ("bottom", SymbolAnchor::Bottom),
        ("top-left", SymbolAnchor::TopLeft),
        ("top-right", SymbolAnchor::TopRight),
        ("bottom-left", SymbolAnchor::BottomLeft),
        ("bottom-right", SymbolAnchor::BottomRight),
    ];
}

impl SymbolAnchor {
    /// Which side of the box it is: -1 left or top, 0 neither, 1 right or bottom.
    pub fn sides(self) -> [i8; 2] {
        match self {
            SymbolAnchor::Center => [0, 0],
            SymbolAnchor::Left => [-1, 0],
            SymbolAnchor::Right => [1, 0],
            SymbolAnchor::Top => [0, -1],
            SymbolAnchor::Bottom => [0, 1],
            SymbolAnchor::TopLeft => [-1, -1],
            SymbolAnchor::TopRight => [1, -1],
            SymbolAnchor::BottomLeft => [-1, 1],
            SymbolAnchor::BottomRight => [1, 1],
        }
    }
}

/// Along which axes an icon is made as large as its text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextFit {
    None,
    Width,
    Height,
    Both,
}

impl Named for TextFit {
    const ALL: &'static [(&'static str, TextFit)] =
        &[("none", TextFit::None), ("width", TextFit::Width), ("height", TextFit::Height), ("both", TextFit::Both)];
}

/// Where lines shorter than the longest lie; `auto` is where the anchor is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextJustify {
    Auto,
    Left,
    Center,
    Right,
}

impl Named for TextJustify {
    const ALL: &'static [(&'static str, TextJustify)] = &[
        ("auto", TextJustify::Auto),
        ("left", TextJustify::Left),
        ("center", TextJustify::Center),
        ("right", TextJustify::Right),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextWritingMode {
    Horizontal,
    Vertical,
}

impl Named for TextWritingMode {
    const ALL: &'static [(&'static str, TextWritingMode)] =
        &[("horizontal", TextWritingMode::Horizontal), ("vertical", TextWritingMode::Vertical)];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextTransform {
    None,
    Uppercase,
    Lowercase,
}

impl Named for TextTransform {
    const ALL: &'static [(&'static str, TextTransform)] = &[
        ("none", TextTransform::None),
        ("uppercase", TextTransform::Uppercase),
        ("lowercase", TextTransform::Lowercase),
    ];
}

/// A text, or several with their own fonts, sizes and colours, and images among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Formatted(pub Arc<[Section]>);

impl PropertyType for Formatted {
    const KIND: &'static str = "formatted";
    fn accepted() -> String {
        "a text".to_string()
    }
    fn from_value(value: &Value) -> Option<Formatted> {
        match value {
            Value::Formatted(sections) => Some(Formatted(sections.clone())),
            Value::String(text) => Some(Formatted(Arc::new([Section::plain(text.clone())]))),
            _ => None,
        }
    }
    fn to_json(&self) -> Json {
        let text = |section: &Section| match &section.image {
            Some(image) => format!("[{}]", image.name),
            None => section.text.to_string(),
        };
        json!(self.0.iter().map(text).collect::<String>())
    }
}

/// The names of a font stack.
#[derive(Clone, Debug, PartialEq)]
pub struct FontNames(pub Vec<Arc<str>>);

impl PropertyType for FontNames {
    const KIND: &'static str = "array";
    const ITEMS: Option<(&'static str, Option<usize>)> = Some(("string", None));
    const HOLDS_TEXTS: bool = true;
    fn accepted() -> String {
        "an array of names of fonts".to_string()
    }
    fn from_value(value: &Value) -> Option<FontNames> {
        let Value::Array(items) = value else { return None };
        let name = |item: &Value| if let Value::String(name) = item { Some(name.clone()) } else { None };
        items.iter().map(name).collect::<Option<_>>().map(FontNames)
    }
    fn to_json(&self) -> Json {
        self.0.iter().map(|name| Json::from(&**name)).collect()
    }
}

/// What stays free around a box: top, right, bottom, left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Padding(pub [f64; 4]);

impl PropertyType for Padding {
    const KIND: &'static str = "padding";
    const INTERPOLATED: bool = true;
    fn accepted() -> String {
        "a number, or an array of one to four: top, right, bottom, left".to_string()
    }
    fn from_value(value: &Value) -> Option<Padding> {
        match value {
            Value::Padding(sides) => Some(Padding(**sides)),
            _ => None,
        }
    }
    fn to_json(&self) -> Json {
        json!(self.0)
    }
}

/// Anchors in order of preference, each with an offset in ems: to the right and down.
#[derive(Clone, Debug, PartialEq)]
pub struct AnchorOffsets(pub Vec<(SymbolAnchor, [f64; 2])>);

impl PropertyType for AnchorOffsets {
    const KIND: &'static str = "variableAnchorOffsetCollection";
    const INTERPOLATED: bool = true;
    const HOLDS_TEXTS: bool = true;
    fn accepted() -> String {
        "an array of anchors, each followed by an array of two numbers".to_string()
    }
    fn from_value(value: &Value) -> Option<AnchorOffsets> {
        let Value::Anchors(anchors) = value else { return None };
        let anchors = anchors.iter().map(|(name, offset)| Some((SymbolAnchor::named(name)?, *offset)));
        anchors.collect::<Option<_>>().map(AnchorOffsets)
    }
    fn to_json(&self) -> Json {
        self.0.iter().flat_map(|(anchor, offset)| [json!(anchor.name()), json!(offset)]).collect()
    }
}

impl Symbol {
    /// Whether symbols of the layer may lie over others at a zoom.
    pub fn can_overlap(&self, zoom: f64) -> bool {
        [&self.icon.part, &self.text.part]
            .iter()
            .any(|part| part.overlap(zoom) != Overlap::Never || part.ignore_placement.at(zoom).constant())
    }
}

impl Part {
    /// What the part may go over at a zoom.
    pub fn overlap(&self, zoom: f64) -> Overlap {
        match &self.overlap {
            Some(overlap) => overlap.at(zoom).constant(),
            None if self.allow_overlap.at(zoom).constant() => Overlap::Always,
            None => Overlap::Never,
        }
    }
}
