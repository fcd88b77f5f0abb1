//! MapLibre Style Spec v8: the document and its layers, read once and typed.
//!
//! What is wrong (a colour that is none, an expression that cannot be read) is an error with its JSON path. What is
//! merely not drawn (a layer type, a property, an operator that is unknown here) is a warning, and the rest is drawn.

pub mod check;
pub mod color;
mod eval;
pub mod expression;
pub mod options;
mod property;

use crate::digest;
use crate::error::Error;
use crate::limits;
use color::Color;
use expression::{Context, Expression, Feature, Globals, ParseError, Value};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

pub use eval::evaluate_line;
pub use property::{AtZoom, Cap, Join, Property, PropertyType};

/// The styles within the binary, by name.
pub const BUNDLED: [(&str, &str); 1] = [("light", include_str!("../../styles/light.json"))];

/// A style, ready to draw with.
pub struct Style {
    /// What it is served as.
    pub name: String,
    pub layers: Vec<Layer>,
    pub sources: BTreeMap<String, Source>,
    pub center: Option<[f64; 2]>,
    pub zoom: Option<f64>,
    pub bearing: Option<f64>,
    /// As it was given, whatever of it is drawn.
    pub document: Json,
    /// SHA-256 of the document, in hexadecimal.
    pub digest: Arc<str>,
    pub warnings: Vec<Warning>,
}

/// A source as the style declares it.
#[derive(Debug, Deserialize)]
pub struct Source {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub members: Map<String, Json>,
}

/// Something in the style that is not drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// Where, for example `layers[3].paint.fill-pattern`.
    pub path: String,
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Why a style, or options, cannot be read, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub path: String,
    pub message: String,
}

/// One style layer.
pub struct Layer {
    /// Its place among the style's layers.
    pub index: usize,
    pub id: String,
    /// The name of the source; empty for a background.
    pub source: String,
    pub source_layer: String,
    minzoom: f64,
    maxzoom: f64,
    visible: bool,
    filter: Option<Expression>,
    pub kind: Kind,
}

/// What a layer draws, and with which properties. Lengths are in CSS pixels.
pub enum Kind {
    Background(Background),
    Fill(Fill),
    Line(Box<Line>),
    Circle(Box<Circle>),
}

pub struct Background {
    pub color: Property<Color>,
    pub opacity: Property<f64>,
}

pub struct Fill {
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    pub sort_key: Option<Property<f64>>,
}

pub struct Line {
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    pub width: Property<f64>,
    pub gap_width: Property<f64>,
    /// To the right of the line's direction.
    pub offset: Property<f64>,
    pub cap: Property<Cap>,
    pub join: Property<Join>,
    pub miter_limit: Property<f64>,
    /// In line widths.
    pub dasharray: Option<Property<Vec<f64>>>,
    pub sort_key: Option<Property<f64>>,
}

pub struct Circle {
    pub color: Property<Color>,
    pub opacity: Property<f64>,
    pub radius: Property<f64>,
    pub stroke_color: Property<Color>,
    pub stroke_opacity: Property<f64>,
    pub stroke_width: Property<f64>,
    pub sort_key: Option<Property<f64>>,
}

impl Layer {
    /// Whether the layer is drawn at a zoom: from `minzoom` on, below `maxzoom`, and where its filter can let anything
    /// through there.
    pub fn is_visible(&self, zoom: f64) -> bool {
        let in_range = self.visible && self.minzoom <= zoom && zoom < self.maxzoom;
        // Filters see the zoom of the tiles.
        let can_hold = |filter: &Expression| expression::can_hold(&filter.at_zoom(zoom.floor()));
        in_range && self.filter.as_ref().is_none_or(can_hold)
    }

    /// The filter for the features of one zoom.
    pub fn filter(&self, zoom: f64) -> Filter<'_> {
        Filter { zoom, expression: self.filter.as_ref().map(|filter| filter.at_zoom(zoom)) }
    }

    /// How far in CSS pixels this layer may draw outside of a feature's geometry at a zoom.
    pub fn margin(&self, zoom: f64) -> f64 {
        let bound = |property: &Property<f64>| property.upper_bound(zoom).unwrap_or(limits::MARGIN).max(0.0);
        let margin = match &self.kind {
            Kind::Background(_) | Kind::Fill(_) => 0.0,
            Kind::Line(line) => {
                // Square caps reach out by a diagonal, miters by their limit.
                let miter_limit = line.miter_limit.upper_bound(zoom.floor()).unwrap_or(limits::MARGIN);
                let reach = miter_limit.max(std::f64::consts::SQRT_2);
                let offset = line.offset.magnitude(zoom).unwrap_or(limits::MARGIN);
                let gap = bound(&line.gap_width);
                let outer = if gap > 0.0 { gap / 2.0 + bound(&line.width) } else { bound(&line.width) / 2.0 };
                outer * reach + offset + limits::STAY
            }
            Kind::Circle(circle) => bound(&circle.radius) + bound(&circle.stroke_width),
        };
        margin.min(limits::MARGIN)
    }
}

/// A layer's filter at one zoom.
pub struct Filter<'a> {
    zoom: f64,
    expression: Option<Cow<'a, Expression>>,
}

impl Filter<'_> {
    /// Whether the filter lets a feature through. One that cannot be evaluated does not.
    pub fn accepts(&self, feature: &dyn Feature) -> bool {
        let context = Context::new(self.zoom, Some(feature));
        self.expression.as_ref().is_none_or(|filter| matches!(filter.evaluate(&context), Ok(Value::Bool(true))))
    }
}

#[derive(Deserialize)]
struct Document {
    version: Json,
    #[serde(default)]
    sources: BTreeMap<String, Source>,
    center: Option<[f64; 2]>,
    zoom: Option<f64>,
    bearing: Option<f64>,
    /// What `global-state` reads, with its defaults.
    #[serde(default)]
    state: Map<String, Json>,
    layers: Vec<RawLayer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawLayer {
    id: Option<String>,
    r#type: Option<String>,
    r#ref: Option<Json>,
    #[serde(default)]
    source: String,
    #[serde(default)]
    source_layer: String,
    minzoom: Option<f64>,
    maxzoom: Option<f64>,
    filter: Option<Json>,
    #[serde(default)]
    layout: Map<String, Json>,
    #[serde(default)]
    paint: Map<String, Json>,
}

impl Style {
    /// Reads a style document, or go-rasterzen's SVG options; `name` is what it is served as.
    pub fn parse(name: &str, json: &str) -> Result<Style, Error> {
        let refused = |detail: String| {
            let hint = "mend the style; the MapLibre Style Spec (version 8) says what each property accepts";
            Error::misconfigured(detail, hint).within(format!("the style {name:?}"))
        };
        if json.len() as u64 > limits::STYLE_BYTES {
            return Err(refused(format!("it has more than {} bytes", limits::STYLE_BYTES)));
        }
        let json = &*options::as_style(name, json).map_err(|e| {
            let place = if e.path.is_empty() { String::new() } else { format!("{}: ", e.path) };
            let hint = "mend the options; go-rasterzen's README says what each member is for";
            Error::misconfigured(format!("{place}{}", e.message), hint).within(format!("the style {name:?}"))
        })?;
        let mut reader = serde_json::Deserializer::from_str(json);
        let document: Document = serde_path_to_error::deserialize(&mut reader)
            .map_err(|e| refused(format!("{}: {}", e.path(), brief(&e.inner().to_string()))))?;
        reader.end().map_err(|e| refused(e.to_string()))?;
        let whole = serde_json::from_str(json).map_err(|e| refused(e.to_string()))?;
        if document.version != 8 {
            return Err(refused(format!("version: {} is not 8", brief(&document.version.to_string()))));
        }
        let state =
            document.state.iter().map(|(name, state)| (name.as_str().into(), Value::from_json(&state["default"])));
        let globals = Globals { state: state.collect(), ..Globals::default() };
        let mut warnings = Vec::new();
        let mut layers: Vec<Layer> = Vec::new();
        let mut ids = HashSet::new();
        for (i, raw) in document.layers.into_iter().enumerate() {
            if let Some(id) = raw.id.clone().filter(|id| !ids.insert(id.clone())) {
                return Err(refused(format!("layers[{i}].id: {:?} stands twice", brief(&id))));
            }
            let layer = read_layer(i, raw, &document.sources, &globals, &mut warnings).map_err(refused)?;
            layers.extend(layer.map(|layer| Layer { index: layers.len(), ..layer }));
        }
        Ok(Style {
            name: name.to_string(),
            layers,
            sources: document.sources,
            center: document.center,
            zoom: document.zoom,
            bearing: document.bearing,
            document: whole,
            digest: digest::of(json.as_bytes()).into(),
            warnings,
        })
    }

    /// How far in CSS pixels the style may draw outside of a source's geometries at a zoom.
    pub fn margin(&self, source: &str, zoom: f64) -> f64 {
        let drawn = self.layers.iter().filter(|layer| layer.source == source && layer.is_visible(zoom));
        drawn.map(|layer| layer.margin(zoom)).fold(0.0, f64::max)
    }
}

/// What of one layer is not drawn, and why it is refused, if it is.
fn read_alone(i: usize, layer: Json, sources: &BTreeMap<String, Source>) -> (Vec<Warning>, Option<Refusal>) {
    let mut warnings = Vec::new();
    let read = serde_json::from_value(layer).map_err(|e| format!("layers[{i}]: {}", brief(&e.to_string())));
    let refusal =
        read.and_then(|raw| read_layer(i, raw, sources, &Globals::default(), &mut warnings)).err().map(|text| {
            // Paths here are made of known names and numbers.
            let (path, message) = text.split_once(": ").unwrap_or(("", &text));
            Refusal { path: path.to_string(), message: message.to_string() }
        });
    (warnings, refusal)
}

fn read_layer(
    i: usize,
    raw: RawLayer,
    sources: &BTreeMap<String, Source>,
    globals: &Globals,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Layer>, String> {
    let missing = |name: &str| format!("layers[{i}].{name}: it is missing");
    let id = raw.id.clone().ok_or_else(|| missing("id"))?;
    if raw.r#ref.is_some() {
        let message = "a layer that takes its members from another is not drawn: write them out".to_string();
        warnings.push(Warning { path: format!("layers[{i}].ref"), message });
        return Ok(None);
    }
    let kind = raw.r#type.clone().ok_or_else(|| missing("type"))?;
    let source = sources.get(&raw.source);
    if kind != "background" && source.is_none() {
        return Err(format!("layers[{i}].source: there is no source {:?}", brief(&raw.source)));
    }
    if let Some(source) = source.filter(|source| !["vector", "geojson"].contains(&source.kind.as_str())) {
        let message = format!("a source of type {:?} is not drawn; vector and geojson are", source.kind);
        warnings.push(Warning { path: format!("layers[{i}].source"), message });
        return Ok(None);
    }
    LayerReader { index: i, id, kind, raw, globals, warnings }.layer()
}

/// Reads one layer; properties are taken out of the maps as they are read, and what is left over is unknown.
struct LayerReader<'a> {
    index: usize,
    id: String,
    kind: String,
    raw: RawLayer,
    globals: &'a Globals,
    warnings: &'a mut Vec<Warning>,
}

impl LayerReader<'_> {
    fn layer(&mut self) -> Result<Option<Layer>, String> {
        let visible = match self.raw.layout.remove("visibility") {
            None => true,
            Some(Json::String(text)) if text == "visible" => true,
            Some(Json::String(text)) if text == "none" => false,
            Some(other) => {
                return Err(format!(
                    "{}: {} is not \"visible\" or \"none\"",
                    self.path("layout.visibility"),
                    brief(&other.to_string())
                ));
            }
        };
        let filter = match self.raw.filter.take() {
            None => None,
            Some(json) => match expression::parse_filter(&json) {
                Ok(filter) => {
                    if let Some((key, message)) = filter.mixed {
                        self.warn(&format!("filter{key}"), message);
                    }
                    Some(filter.expression.with_state(self.globals).compiled())
                }
                Err(error) => {
                    // Without its filter the layer would draw what it should not.
                    self.unusable("filter", error)?;
                    return Ok(None);
                }
            },
        };
        let kind = match self.kind.as_str() {
            "background" => Kind::Background(Background {
                color: self.paint("background-color", Color::BLACK)?,
                opacity: self.paint("background-opacity", 1.0)?,
            }),
            "fill" => Kind::Fill(Fill {
                color: self.paint("fill-color", Color::BLACK)?,
                opacity: self.paint("fill-opacity", 1.0)?,
                sort_key: self.sort_key("fill-sort-key")?,
            }),
            "line" => Kind::Line(Box::new(Line {
                color: self.paint("line-color", Color::BLACK)?,
                opacity: self.paint("line-opacity", 1.0)?,
                width: self.paint("line-width", 1.0)?,
                gap_width: self.paint("line-gap-width", 0.0)?,
                offset: self.paint("line-offset", 0.0)?,
                cap: self.layout("line-cap", Cap::Butt)?,
                join: self.layout("line-join", Join::Miter)?,
                miter_limit: self.layout("line-miter-limit", 2.0)?,
                dasharray: self.optional(Part::Paint, "line-dasharray", Vec::new())?,
                sort_key: self.sort_key("line-sort-key")?,
            })),
            "circle" => Kind::Circle(Box::new(Circle {
                color: self.paint("circle-color", Color::BLACK)?,
                opacity: self.paint("circle-opacity", 1.0)?,
                radius: self.paint("circle-radius", 5.0)?,
                stroke_color: self.paint("circle-stroke-color", Color::BLACK)?,
                stroke_opacity: self.paint("circle-stroke-opacity", 1.0)?,
                stroke_width: self.paint("circle-stroke-width", 0.0)?,
                sort_key: self.sort_key("circle-sort-key")?,
            })),
            other => {
                let message = format!("a layer of type {other:?} is not drawn; background, fill, line and circle are");
                self.warn("type", message);
                return Ok(None);
            }
        };
        let left = [("layout", &self.raw.layout), ("paint", &self.raw.paint)];
        let unknown: Vec<String> = left
            .iter()
            .flat_map(|(part, map)| map.keys().map(move |name| format!("{part}.{name}")))
            // How a value changes in time is nothing to a picture.
            .filter(|name| !name.ends_with("-transition"))
            .collect();
        for name in unknown {
            self.warn(&name, "this property is not drawn and is left out".to_string());
        }
        Ok(Some(Layer {
            index: self.index,
            id: std::mem::take(&mut self.id),
            source: std::mem::take(&mut self.raw.source),
            source_layer: std::mem::take(&mut self.raw.source_layer),
            minzoom: self.raw.minzoom.unwrap_or(f64::NEG_INFINITY),
            maxzoom: self.raw.maxzoom.unwrap_or(f64::INFINITY),
            visible,
            filter,
            kind,
        }))
    }

    fn path(&self, name: &str) -> String {
        format!("layers[{}].{name}", self.index)
    }

    fn warn(&mut self, name: &str, message: String) {
        self.warnings.push(Warning { path: self.path(name), message });
    }

    /// An operator that is not known is a warning, anything else that cannot be read an error.
    fn unusable(&mut self, name: &str, error: ParseError) -> Result<(), String> {
        // An operator that is not known is the expression's matter, not that of its first item.
        let key = if error.unknown { error.key.strip_suffix("[0]").unwrap_or(&error.key) } else { &error.key };
        let path = format!("{}{key}", self.path(name));
        if !error.unknown {
            return Err(format!("{path}: {}", error.message));
        }
        self.warnings.push(Warning { path, message: error.message });
        Ok(())
    }

    fn optional<T: PropertyType>(&mut self, part: Part, name: &str, default: T) -> Result<Option<Property<T>>, String> {
        let (map, part) = match part {
            Part::Layout => (&mut self.raw.layout, "layout"),
            Part::Paint => (&mut self.raw.paint, "paint"),
        };
        let Some(json) = map.remove(name).filter(|json| !json.is_null()) else { return Ok(None) };
        match Property::parse(&json, default, self.globals) {
            Ok(property) => Ok(Some(property)),
            Err(error) => self.unusable(&format!("{part}.{name}"), error).map(|()| None),
        }
    }

    fn paint<T: PropertyType>(&mut self, name: &str, default: T) -> Result<Property<T>, String> {
        let property = self.optional(Part::Paint, name, default.clone())?;
        Ok(property.unwrap_or_else(|| Property::default(default)))
    }

    fn layout<T: PropertyType>(&mut self, name: &str, default: T) -> Result<Property<T>, String> {
        let property = self.optional(Part::Layout, name, default.clone())?;
        Ok(property.unwrap_or_else(|| Property::default(default)))
    }

    fn sort_key(&mut self, name: &str) -> Result<Option<Property<f64>>, String> {
        self.optional(Part::Layout, name, 0.0)
    }
}

/// The two groups of a layer's properties.
#[derive(Clone, Copy)]
enum Part {
    Layout,
    Paint,
}

/// The beginning of what a stranger wrote, for a message.
fn brief(text: &str) -> String {
    const CHARACTERS: usize = 80;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}
