//! From the JSON of a style layer to its typed form.

use super::color::Color;
use super::expression::{self, Globals, ParseError};
use super::gradient::Gradient;
use super::layer::{Background, Blending, Circle, Fill, Kind, Layer, Line, ROUND_LIMIT, Raster, Translate};
use super::property::{Anchor, BlendMode, Cap, ImageName, Join, Property, PropertyType, Resampling};
use super::symbol::{
    Alignment, AnchorOffsets, FontNames, Formatted, Icon, Padding, Part as SymbolPart, Placement, Symbol, SymbolAnchor,
    Text, TextAlignment, TextFit, TextJustify, TextTransform, ZOrder,
};
use super::{Warning, brief};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RawLayer {
    pub id: Option<String>,
    pub r#type: Option<String>,
    pub r#ref: Option<Json>,
    #[serde(default)]
    pub source: String,
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

/// Reads one layer; properties are taken out of the maps as they are read, and what is left over is unknown.
pub struct LayerReader<'a> {
    pub index: usize,
    pub id: String,
    pub kind: String,
    pub raw: RawLayer,
    pub globals: &'a Globals,
    pub warnings: &'a mut Vec<Warning>,
}

impl LayerReader<'_> {
    pub fn layer(&mut self) -> Result<Option<Layer>, String> {
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
            "background" => Kind::Background(Box::new(Background {
                color: self.paint("background-color", Color::BLACK)?,
                opacity: self.paint("background-opacity", 1.0)?,
                pattern: self.pattern("background-pattern")?,
            })),
            "fill" => Kind::Fill(Box::new(self.fill()?)),
            "line" => Kind::Line(Box::new(self.line()?)),
            "circle" => Kind::Circle(Box::new(self.circle()?)),
            "raster" => Kind::Raster(Box::new(self.raster()?)),
            "symbol" => Kind::Symbol(Box::new(self.symbol()?)),
            other => {
                let message = format!(
                    "a layer of type {other:?} is not drawn; background, fill, line, circle, raster and symbol are"
                );
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
            place: self.index,
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

    fn fill(&mut self) -> Result<Fill, String> {
        Ok(Fill {
            antialias: self.paint("fill-antialias", true)?,
            color: self.paint("fill-color", Color::BLACK)?,
            opacity: self.paint("fill-opacity", 1.0)?,
            outline_color: self.optional(Part::Paint, "fill-outline-color", Color::BLACK)?,
            pattern: self.pattern("fill-pattern")?,
            translate: self.translate("fill")?,
            sort_key: self.sort_key("fill-sort-key")?,
            blending: self.blending("fill")?,
        })
    }

    fn line(&mut self) -> Result<Line, String> {
        Ok(Line {
            color: self.paint("line-color", Color::BLACK)?,
            opacity: self.paint("line-opacity", 1.0)?,
            width: self.paint("line-width", 1.0)?,
            gap_width: self.paint("line-gap-width", 0.0)?,
            offset: self.paint("line-offset", 0.0)?,
            blur: self.paint("line-blur", 0.0)?,
            cap: self.layout("line-cap", Cap::Butt)?,
            join: self.layout("line-join", Join::Miter)?,
            miter_limit: self.layout("line-miter-limit", 2.0)?,
            round_limit: self.layout("line-round-limit", ROUND_LIMIT)?,
            dasharray: self.optional(Part::Paint, "line-dasharray", Vec::new())?,
            pattern: self.pattern("line-pattern")?,
            gradient: self.gradient()?,
            translate: self.translate("line")?,
            sort_key: self.sort_key("line-sort-key")?,
            blending: self.blending("line")?,
        })
    }

    fn circle(&mut self) -> Result<Circle, String> {
        // Seen from straight above, the plane of the map and that of the picture are one.
        self.paint("circle-pitch-scale", Anchor::Map)?;
        self.paint("circle-pitch-alignment", Anchor::Viewport)?;
        Ok(Circle {
            color: self.paint("circle-color", Color::BLACK)?,
            opacity: self.paint("circle-opacity", 1.0)?,
            radius: self.paint("circle-radius", 5.0)?,
            blur: self.paint("circle-blur", 0.0)?,
            stroke_color: self.paint("circle-stroke-color", Color::BLACK)?,
            stroke_opacity: self.paint("circle-stroke-opacity", 1.0)?,
            stroke_width: self.paint("circle-stroke-width", 0.0)?,
            translate: self.translate("circle")?,
            sort_key: self.sort_key("circle-sort-key")?,
        })
    }

    fn raster(&mut self) -> Result<Raster, String> {
        // How a picture comes into view is nothing to one that stands still.
        self.paint("raster-fade-duration", 300.0)?;
        // Two names of one property.
        let resampling = self.paint("raster-resampling", Resampling::Linear)?;
        Ok(Raster {
            opacity: self.paint("raster-opacity", 1.0)?,
            hue_rotate: self.paint("raster-hue-rotate", 0.0)?,
            brightness_min: self.paint("raster-brightness-min", 0.0)?,
            brightness_max: self.paint("raster-brightness-max", 1.0)?,
            saturation: self.paint("raster-saturation", 0.0)?,
            contrast: self.paint("raster-contrast", 0.0)?,
            resampling: self.optional(Part::Paint, "resampling", Resampling::Linear)?.unwrap_or(resampling),
            blending: Blending { opacity: Property::default(1.0), mode: self.blend_mode("raster")? },
        })
    }

    fn symbol(&mut self) -> Result<Symbol, String> {
        // Seen from straight above, the plane of the map and that of the picture are one.
        self.layout("icon-pitch-alignment", Alignment::Auto)?;
        self.layout("text-pitch-alignment", Alignment::Auto)?;
        Ok(Symbol {
            placement: self.layout("symbol-placement", Placement::Point)?,
            spacing: self.layout("symbol-spacing", 250.0)?,
            avoid_edges: self.layout("symbol-avoid-edges", false)?,
            sort_key: self.sort_key("symbol-sort-key")?,
            z_order: self.layout("symbol-z-order", ZOrder::Auto)?,
            icon: self.icon()?,
            text: self.text()?,
        })
    }

    /// What `icon-*` and `text-*` both have.
    fn symbol_part(&mut self, kind: &str) -> Result<SymbolPart, String> {
        let of = |name: &str| format!("{kind}-{name}");
        Ok(SymbolPart {
            overlap: self.optional(Part::Layout, &of("overlap"), super::symbol::Overlap::Never)?,
            allow_overlap: self.layout(&of("allow-overlap"), false)?,
            ignore_placement: self.layout(&of("ignore-placement"), false)?,
            optional: self.layout(&of("optional"), false)?,
            keep_upright: self.layout(&of("keep-upright"), kind == "text")?,
            rotate: self.layout(&of("rotate"), 0.0)?,
            anchor: self.layout(&of("anchor"), SymbolAnchor::Center)?,
            translate: self.translate(kind)?,
            color: self.paint(&of("color"), Color::BLACK)?,
            opacity: self.paint(&of("opacity"), 1.0)?,
            halo_color: self.paint(&of("halo-color"), Color::TRANSPARENT)?,
            halo_width: self.paint(&of("halo-width"), 0.0)?,
            halo_blur: self.paint(&of("halo-blur"), 0.0)?,
        })
    }

    fn icon(&mut self) -> Result<Icon, String> {
        Ok(Icon {
            part: self.symbol_part("icon")?,
            image: self.with_tokens("icon-image", ImageName::default())?,
            size: self.layout("icon-size", 1.0)?,
            rotation_alignment: self.layout("icon-rotation-alignment", Alignment::Auto)?,
            text_fit: self.layout("icon-text-fit", TextFit::None)?,
            text_fit_padding: self.layout("icon-text-fit-padding", [0.0; 4])?,
            padding: self.layout("icon-padding", Padding([2.0; 4]))?,
            offset: self.layout("icon-offset", [0.0; 2])?,
        })
    }

    fn text(&mut self) -> Result<Text, String> {
        if self.raw.layout.get("text-field").is_some_and(aligns_sections) {
            let message = "\"vertical-align\" is not drawn: sections of a text share a baseline".to_string();
            self.warn("layout.text-field", message);
        }
        let font = || FontNames(["Open Sans Regular", "Arial Unicode MS Regular"].map(Into::into).to_vec());
        Ok(Text {
            part: self.symbol_part("text")?,
            field: self.with_tokens("text-field", Formatted(Vec::new().into()))?,
            font: self.layout("text-font", font())?,
            size: self.layout("text-size", 16.0)?,
            rotation_alignment: self.layout("text-rotation-alignment", TextAlignment::Auto)?,
            max_width: self.layout("text-max-width", 10.0)?,
            line_height: self.layout("text-line-height", 1.2)?,
            letter_spacing: self.layout("text-letter-spacing", 0.0)?,
            justify: self.layout("text-justify", TextJustify::Center)?,
            radial_offset: self.optional(Part::Layout, "text-radial-offset", 0.0)?,
            variable_anchor: self.optional(Part::Layout, "text-variable-anchor", Vec::new())?,
            variable_anchor_offset: self.optional(
                Part::Layout,
                "text-variable-anchor-offset",
                AnchorOffsets(Vec::new()),
            )?,
            max_angle: self.layout("text-max-angle", 45.0)?,
            writing_mode: self.optional(Part::Layout, "text-writing-mode", Vec::new())?,
            padding: self.layout("text-padding", 2.0)?,
            transform: self.layout("text-transform", TextTransform::None)?,
            offset: self.layout("text-offset", [0.0; 2])?,
        })
    }

    fn translate(&mut self, kind: &str) -> Result<Translate, String> {
        Ok(Translate {
            by: self.paint(&format!("{kind}-translate"), [0.0; 2])?,
            anchor: self.paint(&format!("{kind}-translate-anchor"), Anchor::Map)?,
        })
    }

    fn blending(&mut self, kind: &str) -> Result<Blending, String> {
        let mode = self.blend_mode(kind)?;
        Ok(Blending { opacity: self.paint(&format!("{kind}-layer-opacity"), 1.0)?, mode })
    }

    fn blend_mode(&mut self, kind: &str) -> Result<Property<BlendMode>, String> {
        self.paint(&format!("{kind}-layer-blend"), BlendMode::Normal)
    }

    fn pattern(&mut self, name: &str) -> Result<Option<Property<ImageName>>, String> {
        self.optional(Part::Paint, name, ImageName::default())
    }

    fn gradient(&mut self) -> Result<Option<Gradient>, String> {
        let Some(json) = self.raw.paint.remove("line-gradient").filter(|json| !json.is_null()) else { return Ok(None) };
        match Gradient::parse(&json, self.globals) {
            Ok(gradient) => Ok(Some(gradient)),
            Err(error) => self.unusable("paint.line-gradient", error).map(|()| None),
        }
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
        let parsed = Property::parse(&json, default, self.globals);
        self.usable(&format!("{part}.{name}"), parsed)
    }

    /// A layout property in whose texts `{name}` stands for the value of a feature's property.
    fn with_tokens<T: PropertyType>(&mut self, name: &str, default: T) -> Result<Option<Property<T>>, String> {
        let Some(json) = self.raw.layout.remove(name).filter(|json| !json.is_null()) else { return Ok(None) };
        let parsed = Property::with_tokens(&json, default, self.globals);
        self.usable(&format!("layout.{name}"), parsed)
    }

    fn usable<T>(&mut self, path: &str, parsed: Result<T, ParseError>) -> Result<Option<T>, String> {
        match parsed {
            Ok(property) => Ok(Some(property)),
            Err(error) => self.unusable(path, error).map(|()| None),
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

/// Whether a `format` expression among these says how its sections are aligned.
fn aligns_sections(json: &Json) -> bool {
    match json {
        Json::Object(map) => map.contains_key("vertical-align") || map.values().any(aligns_sections),
        Json::Array(items) => items.iter().any(aligns_sections),
        _ => false,
    }
}
