//! A layer's properties as one feature is drawn with them.

use super::expression::{Feature, Globals};
use super::layer::{Background, Blending, Circle, Fill, Kind, Layer, Line, Raster, Translate};
use super::property::{Property, PropertyType};
use serde_json::Value as Json;

/// A property's value.
pub struct Resolved {
    /// As the Style Spec names it.
    pub name: String,
    /// As a style has it; lengths in CSS pixels.
    pub value: Json,
    /// Why the value is the default, where the evaluation fails.
    pub failure: Option<String>,
}

/// What properties are evaluated for.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// That of paint, and the whole one of layout, patterns and dashes.
    pub zoom: f64,
    pub tile_zoom: f64,
    pub globals: &'a Globals,
    pub feature: Option<&'a dyn Feature>,
}

impl Layer {
    /// All of the layer's properties, except the colours of a gradient.
    pub fn resolved(&self, subject: Subject) -> Vec<Resolved> {
        let mut all = List { kind: self.kind.name(), subject, found: Vec::new() };
        match &self.kind {
            Kind::Background(background) => {
                let Background { color, opacity, pattern } = &**background;
                all.paint("color", color).paint("opacity", opacity).layout_if("pattern", pattern);
            }
            Kind::Fill(fill) => {
                let Fill { antialias, color, opacity, outline_color, pattern, translate, sort_key, blending } = &**fill;
                all.paint("color", color).paint("opacity", opacity).paint_if("outline-color", outline_color);
                all.layout_if("pattern", pattern).paint("antialias", antialias);
                all.translate(translate).layout_if("sort-key", sort_key).blending(blending);
            }
            Kind::Line(line) => {
                let Line { color, opacity, width, gap_width, offset, blur, .. } = &**line;
                let Line { cap, join, miter_limit, round_limit, dasharray, pattern, .. } = &**line;
                let Line { gradient: _, translate, sort_key, blending, .. } = &**line;
                all.paint("color", color).paint("opacity", opacity).paint("width", width);
                all.paint("gap-width", gap_width).paint("offset", offset).paint("blur", blur);
                all.layout("cap", cap).layout("join", join);
                all.layout("miter-limit", miter_limit).layout("round-limit", round_limit);
                all.layout_if("dasharray", dasharray).layout_if("pattern", pattern);
                all.translate(translate).layout_if("sort-key", sort_key).blending(blending);
            }
            Kind::Circle(circle) => {
                let Circle { color, opacity, radius, blur, stroke_color, .. } = &**circle;
                let Circle { stroke_opacity, stroke_width, translate, sort_key, .. } = &**circle;
                all.paint("color", color).paint("opacity", opacity).paint("radius", radius).paint("blur", blur);
                all.paint("stroke-color", stroke_color).paint("stroke-opacity", stroke_opacity);
                all.paint("stroke-width", stroke_width);
                all.translate(translate).layout_if("sort-key", sort_key);
            }
            Kind::Raster(raster) => {
                let Raster { opacity, hue_rotate, brightness_min, brightness_max, saturation, .. } = &**raster;
                let Raster { contrast, resampling, blending, .. } = &**raster;
                all.paint("opacity", opacity).paint("hue-rotate", hue_rotate);
                all.paint("brightness-min", brightness_min).paint("brightness-max", brightness_max);
                all.paint("saturation", saturation).paint("contrast", contrast);
                all.layout("resampling", resampling).of_layer("layer-blend", &blending.mode);
            }
        }
        all.found
    }
}

struct List<'a> {
    kind: &'static str,
    subject: Subject<'a>,
    found: Vec<Resolved>,
}

impl List<'_> {
    fn paint<T: PropertyType>(&mut self, name: &str, property: &Property<T>) -> &mut Self {
        self.add(name, property, self.subject.zoom)
    }

    /// Also what cannot be interpolated, which is evaluated at whole zooms.
    fn layout<T: PropertyType>(&mut self, name: &str, property: &Property<T>) -> &mut Self {
        self.add(name, property, self.subject.tile_zoom)
    }

    fn paint_if<T: PropertyType>(&mut self, name: &str, property: &Option<Property<T>>) -> &mut Self {
        if let Some(property) = property { self.paint(name, property) } else { self }
    }

    fn layout_if<T: PropertyType>(&mut self, name: &str, property: &Option<Property<T>>) -> &mut Self {
        if let Some(property) = property { self.layout(name, property) } else { self }
    }

    /// What holds for the layer as a whole.
    fn of_layer<T: PropertyType>(&mut self, name: &str, property: &Property<T>) -> &mut Self {
        let feature = self.subject.feature.take();
        self.add(name, property, self.subject.zoom);
        self.subject.feature = feature;
        self
    }

    fn translate(&mut self, Translate { by, anchor }: &Translate) -> &mut Self {
        self.of_layer("translate", by).of_layer("translate-anchor", anchor)
    }

    fn blending(&mut self, Blending { opacity, mode }: &Blending) -> &mut Self {
        self.of_layer("layer-opacity", opacity).of_layer("layer-blend", mode)
    }

    fn add<T: PropertyType>(&mut self, name: &str, property: &Property<T>, zoom: f64) -> &mut Self {
        let Subject { globals, feature, .. } = self.subject;
        let (value, failure) = property.resolved(zoom, globals, feature);
        self.found.push(Resolved { name: format!("{}-{name}", self.kind), value: value.to_json(), failure });
        self
    }
}
