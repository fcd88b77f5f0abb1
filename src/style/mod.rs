//! MapLibre Style Spec v8: the document and its layers, read once and typed.
//!
//! What is wrong (a colour that is none, an expression that cannot be read) is an error with its JSON path. What is
//! merely not drawn (a layer type, a property, an operator that is unknown here) is a warning, and the rest is drawn.

pub mod check;
pub mod color;
mod eval;
pub mod expression;
mod gradient;
mod layer;
pub mod options;
mod picture;
mod property;
mod reader;
mod resolved;
mod symbol;

use crate::digest;
use crate::error::Error;
use crate::limits;
use crate::sprite::Sprite;
use crate::text::Shaper;
use expression::{Globals, Value};
use reader::{LayerReader, RawLayer};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

pub use eval::evaluate_line;
pub use gradient::Gradient;
pub use layer::{
    Background, Blending, Circle, Condition, Fill, Filter, Hidden, Kind, Layer, Line, OUTLINE_WIDTH, ROUND_LIMIT,
    Raster, Translate, cosine_and_sine, turned, turned_by,
};
pub use picture::Picture;
pub use property::{Anchor, AtZoom, BlendMode, Cap, ImageName, Join, Named, Property, PropertyType, Resampling};
pub use resolved::{Resolved, Subject};
pub use symbol::{
    Alignment, AnchorOffsets, FontNames, Formatted, Icon, Overlap, Padding, Part, Placement, Symbol, SymbolAnchor,
    Text, TextAlignment, TextFit, TextJustify, TextTransform, TextWritingMode, ZOrder,
};

/// The styles within the binary, by name; the first is the default.
pub const BUNDLED: [(&str, &str); 5] = [
    ("light", include_str!("../../styles/light.json")),
    ("dark", include_str!("../../styles/dark.json")),
    ("streets", include_str!("../../styles/streets.json")),
    ("mono", include_str!("../../styles/mono.json")),
    ("labels", include_str!("../../styles/labels.json")),
];

/// A style, ready to draw with.
pub struct Style {
    /// What it is served as.
    pub name: String,
    pub layers: Vec<Layer>,
    pub sources: BTreeMap<String, Source>,
    pub center: Option<[f64; 2]>,
    pub zoom: Option<f64>,
    pub bearing: Option<f64>,
    /// Where the style says that its images are.
    pub sprites: Vec<SpriteUrl>,
    /// The images, once they are read.
    pub sprite: Sprite,
    /// What texts are set with; none: with the bundled fonts.
    pub fonts: Option<Shaper>,
    /// The sources of type `image` by their names, once they are read.
    pub pictures: BTreeMap<String, Picture>,
    /// What expressions know besides zoom and feature: the style's state, and its images once they are read.
    pub globals: Globals,
    /// As it was given, whatever of it is drawn.
    pub document: Json,
    /// SHA-256 of the document, and of images and fonts where there are any, in hexadecimal.
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

/// One of a style's sprites.
#[derive(Clone, Debug, PartialEq)]
pub struct SpriteUrl {
    /// In front of the images' names with a colon; none for those of `default`.
    pub prefix: String,
    pub url: String,
    /// Where in the style it stands, for example `sprite[1].url`.
    pub path: String,
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

#[derive(Deserialize)]
struct Document {
    version: Json,
    #[serde(default)]
    sources: BTreeMap<String, Source>,
    sprite: Option<Json>,
    center: Option<[f64; 2]>,
    zoom: Option<f64>,
    bearing: Option<f64>,
    /// What `global-state` reads, with its defaults.
    #[serde(default)]
    state: Map<String, Json>,
    layers: Vec<RawLayer>,
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
        let sprites = sprites(document.sprite.as_ref().unwrap_or(&Json::Null)).map_err(refused)?;
        Ok(Style {
            name: name.to_string(),
            layers,
            sources: document.sources,
            center: document.center,
            zoom: document.zoom,
            bearing: document.bearing,
            sprites,
            sprite: Sprite::default(),
            fonts: None,
            pictures: BTreeMap::new(),
            globals,
            document: whole,
            digest: digest::of(json.as_bytes()).into(),
            warnings,
        })
    }

    /// Whether any layer draws icons or texts at a zoom.
    pub fn has_symbols(&self, zoom: f64) -> bool {
        self.layers.iter().any(|layer| matches!(layer.kind, Kind::Symbol(_)) && layer.is_visible(zoom))
    }

    /// Whether any layer can draw images.
    pub fn draws_images(&self) -> bool {
        self.layers.iter().any(|layer| match &layer.kind {
            Kind::Symbol(symbol) => symbol.icon.image.is_some() || symbol.text.field.is_some(),
            _ => layer.pattern().is_some(),
        })
    }

    /// The style with the fonts that its texts are set with.
    pub fn with_fonts(mut self, fonts: Shaper) -> Style {
        self.digest = digest::of(format!("{} {}", self.digest, fonts.fonts().digest()).as_bytes()).into();
        self.fonts = Some(fonts);
        self
    }

    /// The style with its images. A layer that names one that is not there is warned of.
    pub fn with_sprite(mut self, sprite: Sprite) -> Style {
        if !sprite.is_empty() {
            self.digest = digest::of(format!("{} {}", self.digest, sprite.digest()).as_bytes()).into();
        }
        self.globals.images = sprite.names().map(str::to_string).collect();
        for layer in &self.layers {
            let (images, path, what) = match &layer.kind {
                Kind::Symbol(symbol) => (symbol.icon.image.as_ref(), "layout.icon-image".to_string(), "its icon"),
                kind => (layer.pattern(), format!("paint.{}-pattern", kind.name()), "the layer"),
            };
            let name = images.and_then(|images| images.known(&self.globals)).filter(|name| !name.0.is_empty());
            if let Some(name) = name.filter(|name| !sprite.has(&name.0)) {
                let message = format!("there is no image {:?}: {what} is not drawn", brief(&name.0));
                self.warnings.push(Warning { path: format!("layers[{}].{path}", layer.place), message });
            }
        }
        self.sprite = sprite;
        self
    }

    /// The sources of type `image` that layers draw.
    pub fn drawn_pictures(&self) -> impl Iterator<Item = (&String, &Source)> {
        let drawn = |name: &String| self.layers.iter().any(|layer| layer.source == *name);
        self.sources.iter().filter(move |(name, source)| source.kind == "image" && drawn(name))
    }

    /// The style with its sources of type `image`, whose digest is that of the files.
    pub fn with_pictures(mut self, pictures: BTreeMap<String, Picture>, digest: &str) -> Style {
        if !pictures.is_empty() {
            self.digest = digest::of(format!("{} {digest}", self.digest).as_bytes()).into();
        }
        self.pictures = pictures;
        self
    }

    /// The layers of a source's tiles that may be drawn outside of their geometries at a zoom, over a tile's edges too.
    pub fn reaching(&self, source: &str, zoom: f64) -> impl Iterator<Item = &str> {
        let reaching = self.drawn(source, zoom).filter(move |layer| layer.margin(zoom) > 0.0);
        reaching.map(|layer| layer.source_layer.as_str())
    }

    /// How far in CSS pixels the style may draw outside of a source's geometries at a zoom.
    pub fn margin(&self, source: &str, zoom: f64) -> f64 {
        self.drawn(source, zoom).map(|layer| layer.margin(zoom)).fold(0.0, f64::max)
    }

    /// The style layers that draw a source at a zoom.
    pub fn drawn(&self, source: &str, zoom: f64) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(move |layer| layer.source == source && layer.is_visible(zoom))
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
    let accepted: &[&str] = match kind.as_str() {
        "fill" | "line" | "circle" | "symbol" => &["vector", "geojson"],
        "raster" => &["raster", "image"],
        _ => &[],
    };
    let refused = |source: &&Source| !accepted.is_empty() && !accepted.contains(&source.kind.as_str());
    if let Some(source) = source.filter(refused) {
        let accepted = accepted.join(" and ");
        let message = format!("of a source of type {:?} this layer draws nothing; of {accepted} it does", source.kind);
        warnings.push(Warning { path: format!("layers[{i}].source"), message });
        return Ok(None);
    }
    LayerReader { index: i, id, kind, raw, globals, warnings }.layer()
}

/// The sprites of a style: one URL, or a list of them with their ids.
fn sprites(json: &Json) -> Result<Vec<SpriteUrl>, String> {
    let accepted = "is not a URL, nor a list of {\"id\": …, \"url\": …}";
    match json {
        Json::Null => Ok(Vec::new()),
        Json::String(url) => Ok(vec![SpriteUrl { prefix: String::new(), url: url.clone(), path: "sprite".into() }]),
        Json::Array(items) if items.len() <= limits::SPRITES => {
            let mut found: Vec<SpriteUrl> = Vec::new();
            for (i, item) in items.iter().enumerate() {
                let text = |name: &str| item.get(name).and_then(Json::as_str).map(str::to_string);
                let Some((id, url)) = text("id").zip(text("url")) else {
                    return Err(format!("sprite[{i}]: {} {accepted}", brief(&item.to_string())));
                };
                let prefix = if id == "default" { String::new() } else { format!("{id}:") };
                if found.iter().any(|other| other.prefix == prefix) {
                    return Err(format!("sprite[{i}].id: {:?} stands twice", brief(&id)));
                }
                found.push(SpriteUrl { prefix, url, path: format!("sprite[{i}].url") });
            }
            Ok(found)
        }
        Json::Array(_) => Err(format!("sprite: it lists more than {}", limits::SPRITES)),
        other => Err(format!("sprite: {} {accepted}", brief(&other.to_string()))),
    }
}

/// The beginning of what a stranger wrote, for a message.
fn brief(text: &str) -> String {
    const CHARACTERS: usize = 80;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}
