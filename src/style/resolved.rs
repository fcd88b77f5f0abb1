//! A layer's properties as one feature is drawn with them.

use super::expression::{Feature, Globals};
use super::layer::{Background, Blending, Circle, Fill, Kind, Layer, Line, Raster, Translate};
use super::property::{Property, PropertyType};
use super::symbol::{Icon, Part, Symbol, Text};
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
            Kind::Symbol(symbol) => all.symbol(symbol),
        }
        all.found
    }
}

impl List<'_> {
    fn symbol(&mut self, symbol: &Symbol) {
        let Symbol { placement, spacing, avoid_edges, sort_key, z_order, icon, text } = symbol;
        self.layout("placement", placement).layout("spacing", spacing).layout("avoid-edges", avoid_edges);
        self.layout_if("sort-key", sort_key).layout("z-order", z_order);
        if let Some(image) = &icon.image {
            self.kind = "icon";
            let Icon { part, image: _, size, rotation_alignment, text_fit, text_fit_padding, padding, offset } = icon;
            self.layout("image", image).paint("size", size).layout("rotation-alignment", rotation_alignment);
            self.layout("text-fit", text_fit).layout("text-fit-padding", text_fit_padding);
            self.layout("padding", padding).layout("offset", offset).symbol_part(part);
        }
        if let Some(field) = &text.field {
            self.kind = "text";
            let Text { part, field: _, font, size, rotation_alignment, max_width, line_height, .. } = text;
            let Text { letter_spacing, justify, radial_offset, variable_anchor, variable_anchor_offset, .. } = text;
            let Text { max_angle, writing_mode, padding, transform, offset, .. } = text;
            self.layout("field", field).layout("font", font).paint("size", size);
            self.layout("rotation-alignment", rotation_alignment).layout("max-width", max_width);
            self.layout("line-height", line_height).layout("letter-spacing", letter_spacing);
            self.layout("justify", justify).layout_if("radial-offset", radial_offset);
            self.layout_if("variable-anchor", variable_anchor);
            self.layout_if("variable-anchor-offset", variable_anchor_offset);
            self.layout("max-angle", max_angle).layout_if("writing-mode", writing_mode);
            self.layout("padding", padding).layout("transform", transform).layout("offset", offset);
            self.symbol_part(part);
        }
    }

    fn symbol_part(&mut self, part: &Part) {
        let Part { overlap, allow_overlap, ignore_placement, optional, keep_upright, rotate, anchor, .. } = part;
        let Part { translate, color, opacity, halo_color, halo_width, halo_blur, .. } = part;
        self.layout_if("overlap", overlap).layout("allow-overlap", allow_overlap);
        self.layout("ignore-placement", ignore_placement).layout("optional", optional);
        self.layout("keep-upright", keep_upright).layout("rotate", rotate).layout("anchor", anchor);
        self.paint("color", color).paint("opacity", opacity).paint("halo-color", halo_color);
        self.paint("halo-width", halo_width).paint("halo-blur", halo_blur).translate(translate);
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
