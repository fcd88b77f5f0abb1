//! go-rasterzen's SVG options (`RasterzenSVGOptions`) as a style: one stroke and fill for everything, and `styles` by
//! queries over it, `"geometry.type=[Polygon,MultiPolygon] properties.kind=[park]"`.
//!
//! Options become a MapLibre style for the Tilezen schema, which is then read like any other, so that what is drawn
//! from options and from what `rasterzen style convert` writes cannot differ. What go-rasterzen did by chance does not
//! come along: `styles` apply in the order of the file, later ones over earlier ones; a member that is left out has the
//! default, one that is 0 is 0; lines are never filled.

use super::color::Color;
use super::{Refusal, brief};
use crate::limits;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;
use std::fmt;

/// The members of options.
const MEMBERS: [&str; 9] =
    ["tile_size", "stroke", "stroke_width", "stroke_opacity", "fill", "fill_opacity", "merge", "styles", "refresh"];

/// The tile layers that go-rasterzen draws, from the bottom up.
const DRAWN: [&str; 6] = ["buildings", "places", "pois", "roads", "transit", "water"];

/// Those that it came to leave out, because their polygons' cut edges drew a grid. Below the others, features of these
/// are drawn that a query on a property selects.
const SELECTED: [&str; 3] = ["earth", "landuse", "boundaries"];

/// The name of the source, which the program's own stands in for.
const SOURCE: &str = "tilezen";

/// The radius of the circle that stands for a point, in pixels.
const POINT_RADIUS: f64 = 1.0;

/// Beyond this, SVG cuts off a miter, as a ratio to the line's width (SVG 2, 13.5.5).
const MITER_LIMIT: f64 = 4.0;

/// What to draw with; in `styles`, only what is named.
#[derive(Clone, Default)]
struct Paint {
    stroke: Option<String>,
    stroke_width: Option<f64>,
    stroke_opacity: Option<f64>,
    fill: Option<String>,
    fill_opacity: Option<f64>,
}

struct Options {
    tile_size: f64,
    paint: Paint,
    /// Whether all styles that match a feature count, later ones over earlier ones, or the last of them alone.
    merge: bool,
    styles: Vec<(Query, Paint)>,
}

/// The conditions of a style, all of which must hold.
#[derive(Default)]
struct Query {
    /// For each condition on `geometry.type`, the geometries that fulfil it.
    geometries: Vec<Vec<Geometry>>,
    /// For each condition on a property, its name and the values that fulfil it: none, where no value can.
    properties: Vec<(String, Vec<String>)>,
}

/// A layer of the style that is written.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Layer {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    source: &'static str,
    source_layer: &'static str,
    filter: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<Json>,
    paint: Json,
}

/// Vector tiles do not tell one part from many.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Geometry {
    Point,
    LineString,
    Polygon,
}

type Read<T> = Result<T, Refusal>;

fn refused<T>(path: impl Into<String>, message: impl Into<String>) -> Read<T> {
    Err(Refusal { path: path.into(), message: message.into() })
}

/// Whether the members of a document are those of options: it is no style, but has members that options have.
fn is_options(names: &[String]) -> bool {
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
    has(&MEMBERS) && !has(&["version", "layers"])
}

/// Options as the text of a style named `name`; anything else as it is, whatever it is.
pub fn as_style<'a>(name: &str, text: &'a str) -> Read<Cow<'a, str>> {
    match serde_json::from_str(text) {
        Ok(Names(names)) if is_options(&names) => Ok(Cow::Owned(Options::read(text)?.write(name))),
        _ => Ok(Cow::Borrowed(text)),
    }
}

/// The queries in the order of the file, which [`Json`] does not keep.
#[derive(Default, Deserialize)]
#[serde(default)]
struct InOrder {
    styles: Names,
}

/// The names of an object's members, each as often as it stands there.
#[derive(Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Names, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl Options {
    fn read(text: &str) -> Read<Options> {
        if text.len() > limits::OPTIONS_BYTES {
            return refused("", format!("options have at most {} bytes, not {}", limits::OPTIONS_BYTES, text.len()));
        }
        let members: Map<String, Json> = serde_json::from_str(text).or_else(|e| refused("", e.to_string()))?;
        if let Some(name) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            let message =
                format!("go-rasterzen's options have no member {:?}; they have {}", brief(name), MEMBERS.join(", "));
            return refused("", message);
        }
        let flag = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => refused(name, format!("{} is not true or false", brief(&other.to_string()))),
        };
        // Whether cached tiles are drawn anew is said elsewhere here.
        flag("refresh")?;
        let empty = Map::new();
        let styles = match members.get("styles") {
            None => &empty,
            Some(Json::Object(styles)) => styles,
            Some(other) => {
                return refused("styles", format!("{} is not an object of queries", brief(&other.to_string())));
            }
        };
        let InOrder { styles: Names(names) } =
            serde_json::from_str(text).or_else(|e| refused("styles", e.to_string()))?;
        if names.len() > styles.len() {
            let twice = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)).map(|(_, name)| name);
            return refused("styles", format!("the query {:?} stands twice", brief(twice.map_or("", String::as_str))));
        }
        let mut read = Vec::new();
        for name in &names {
            let path = format!("styles[{:?}]", brief(name));
            let query = Query::parse(name).or_else(|message| refused(&path, message))?;
            let Json::Object(members) = &styles[name] else {
                return refused(path, format!("{} is not an object", brief(&styles[name].to_string())));
            };
            let known = &MEMBERS[1..6];
            if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
                let message = format!("a style has no member {:?}; it has {}", brief(name), known.join(", "));
                return refused(path, message);
            }
            read.push((query, Paint::read(&format!("{path}."), members)?));
        }
        Ok(Options {
            tile_size: number("", &members, "tile_size", 1.0, f64::from(limits::PIXMAP_SIDE))?.unwrap_or(512.0),
            paint: Paint::read("", &members)?,
            merge: flag("merge")?.unwrap_or(true),
            styles: read,
        })
    }
}

fn number(path: &str, members: &Map<String, Json>, name: &str, least: f64, most: f64) -> Read<Option<f64>> {
    let Some(json) = members.get(name) else { return Ok(None) };
    match json.as_f64().filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => {
            let message = format!("{} is not a number from {least} to {most}", brief(&json.to_string()));
            refused(format!("{path}{name}"), message)
        }
    }
}

impl Paint {
    fn read(path: &str, members: &Map<String, Json>) -> Read<Paint> {
        let color = |name: &str| match members.get(name) {
            None => Ok(None),
            // What SVG calls no paint.
            Some(Json::String(text)) if text == "none" => Ok(Some("transparent".to_string())),
            Some(Json::String(text)) if Color::parse(text).is_some() => Ok(Some(text.clone())),
            Some(other) => {
                let message =
                    format!("{} is neither a CSS colour, such as \"#515151\", nor \"none\"", brief(&other.to_string()));
                refused(format!("{path}{name}"), message)
            }
        };
        Ok(Paint {
            stroke: color("stroke")?,
            stroke_width: number(path, members, "stroke_width", 0.0, limits::MARGIN)?,
            stroke_opacity: number(path, members, "stroke_opacity", 0.0, 1.0)?,
            fill: color("fill")?,
            fill_opacity: number(path, members, "fill_opacity", 0.0, 1.0)?,
        })
    }
}

impl Query {
    /// Conditions `geometry.type=V` and `properties.PATH=V` between spaces; V is a value, `[a,b]` for any of several or
    /// `(a,b)` for all of them, a value a word or a string in quotes.
    fn parse(text: &str) -> Result<Query, String> {
        const FORM: &str = "write geometry.type=VALUE or properties.NAME=VALUE, with [A,B] for any of several values";
        let mut query = Query::default();
        let mut rest = text.trim_start();
        if rest.is_empty() {
            return Err(format!("the query has no condition; {FORM}"));
        }
        while !rest.is_empty() {
            let (path, after) = rest.split_once('=').ok_or_else(|| format!("{:?} has no =; {FORM}", brief(rest)))?;
            let (mut values, of_all, after) = values(after)?;
            // A feature has one geometry and each property one value: it is never several at once.
            let never = of_all && values.len() > 1;
            match path.strip_prefix("properties.").filter(|name| !name.is_empty()) {
                _ if path.contains(char::is_whitespace) || path.ends_with('!') => {
                    return Err(format!("{:?} is not a condition; {FORM}", brief(path)));
                }
                Some(name) => {
                    values.retain(|_| !never);
                    query.properties.push((name.to_string(), values));
                }
                None if path == "geometry.type" => {
                    let mut geometries: Vec<_> = values.iter().map(|v| Geometry::parse(v)).collect::<Result<_, _>>()?;
                    geometries.retain(|_| !never);
                    query.geometries.push(geometries);
                }
                None => return Err(format!("there is no {:?} to ask for; {FORM}", brief(path))),
            }
            rest = after.trim_start();
        }
        Ok(query)
    }

    /// What tells, among features of one geometry, those that match: none that can, or expressions all of which hold.
    fn conditions(&self, geometry: Geometry) -> Option<Vec<Json>> {
        if !self.geometries.iter().all(|any| any.contains(&geometry))
            || self.properties.iter().any(|(_, any)| any.is_empty())
        {
            return None;
        }
        let condition = |(name, any): &(String, Vec<String>)| {
            // Numbers and flags are compared as they are written in JSON.
            let value = json!(["to-string", ["get", name]]);
            let condition = match any.as_slice() {
                [one] => json!(["==", value, one]),
                any => json!(["match", value, any, true, false]),
            };
            // A property that is not there has the empty text too.
            if any.iter().any(String::is_empty) { json!(["all", ["has", name], condition]) } else { condition }
        };
        Some(self.properties.iter().map(condition).collect())
    }
}

/// Reads the values of a condition off the front of a text; gives each once, whether all are wanted, and the rest.
fn values(text: &str) -> Result<(Vec<String>, bool, &str), String> {
    let close = match text.chars().next() {
        Some('[') => ']',
        Some('(') => ')',
        _ => {
            let (one, rest) = value(text, &[])?;
            return Ok((vec![one], false, rest));
        }
    };
    let mut values: Vec<String> = Vec::new();
    let mut rest = &text[1..];
    loop {
        let (one, after) = value(rest.trim_start(), &[',', close])?;
        if !values.contains(&one) {
            values.push(one);
        }
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(close) {
            rest = after;
            break;
        }
        rest = rest.strip_prefix(',').ok_or_else(|| format!("{:?} has no {close:?} at its end", brief(text)))?;
    }
    if !(rest.is_empty() || rest.starts_with(char::is_whitespace)) {
        return Err(format!("after {close:?} stands {:?}; a space divides conditions", brief(rest)));
    }
    Ok((values, close == ')', rest))
}

/// Reads one value off the front of a text: a string in quotes, or what comes before one of the ends, or a space.
fn value<'a>(text: &'a str, ends: &[char]) -> Result<(String, &'a str), String> {
    if text.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let Some(Ok(value)) = strings.next() else {
            return Err(format!("{:?} is not a string in quotes", brief(text)));
        };
        return Ok((value, &text[strings.byte_offset()..]));
    }
    let is_end = |c: char| if ends.is_empty() { c.is_whitespace() } else { ends.contains(&c) };
    let (value, rest) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    let value = value.trim_end();
    if value.is_empty() {
        return Err("a value is missing; write \"\" for an empty one".to_string());
    }
    Ok((value.to_string(), rest))
}

impl Geometry {
    const ALL: [Geometry; 3] = [Geometry::Polygon, Geometry::LineString, Geometry::Point];

    fn parse(name: &str) -> Result<Geometry, String> {
        match name.strip_prefix("Multi").unwrap_or(name) {
            "Point" => Ok(Geometry::Point),
            "LineString" => Ok(Geometry::LineString),
            "Polygon" => Ok(Geometry::Polygon),
            _ => Err(format!(
                "{:?} is no type of geometry; there are Point, LineString, Polygon, and each with Multi in front",
                brief(name)
            )),
        }
    }
}

/// One expression of several that must hold, of which there is at least one.
fn all(mut conditions: Vec<Json>) -> Json {
    if conditions.len() == 1 {
        return conditions.remove(0);
    }
    conditions.insert(0, "all".into());
    conditions.into()
}

impl Options {
    /// The style's text, a layer a line.
    fn write(&self, name: &str) -> String {
        let selected = SELECTED.into_iter().map(|layer| (layer, false));
        let layers: Vec<String> = selected
            .chain(DRAWN.into_iter().map(|layer| (layer, true)))
            .flat_map(|(layer, whole)| self.layers(layer, whole))
            .map(|layer| format!("    {}", serde_json::to_string(&layer).expect("JSON of JSON")))
            .collect();
        let head = [
            ("version", json!(8)),
            ("name", json!(name)),
            ("metadata", json!({ "rasterzen:tile_size": self.tile_size })),
            ("sources", json!({ SOURCE: { "type": "vector" } })),
        ];
        let head: String = head.map(|(name, json)| format!("  \"{name}\": {json},\n")).concat();
        format!("{{\n{head}  \"layers\": [\n{}\n  ]\n}}\n", layers.join(",\n"))
    }

    /// The style layers of one tile layer: all features of it, or those that queries on properties select.
    fn layers(&self, tile_layer: &'static str, whole: bool) -> Vec<Layer> {
        let mut layers = Vec::new();
        for geometry in Geometry::ALL {
            let mut filter = vec![json!(["==", ["geometry-type"], format!("{geometry:?}")])];
            if !whole {
                let selecting = self.styles.iter().filter(|(query, _)| !query.properties.is_empty());
                let mut any: Vec<Json> =
                    selecting.filter_map(|(query, _)| Some(all(query.conditions(geometry)?))).collect();
                match any.len() {
                    0 => continue,
                    1 => filter.push(any.remove(0)),
                    _ => {
                        any.insert(0, "any".into());
                        filter.push(any.into());
                    }
                }
            }
            let filter = all(filter);
            let mut layer = |suffix: &str, kind: &'static str, layout: Option<Json>, paint: Json| {
                layers.push(Layer {
                    id: format!("{tile_layer}-{suffix}"),
                    kind,
                    source: SOURCE,
                    source_layer: tile_layer,
                    filter: filter.clone(),
                    layout,
                    paint,
                });
            };
            let base = &self.paint;
            let text = |text: &Option<String>, default: &str| Json::from(text.as_deref().unwrap_or(default));
            let stroke = self.value(geometry, text(&base.stroke, "#000000"), |p| p.stroke.clone().map(Json::from));
            let opacity = base.stroke_opacity.unwrap_or(1.0).into();
            let stroke_opacity = self.value(geometry, opacity, |p| p.stroke_opacity.map(Json::from));
            let fill = self.value(geometry, text(&base.fill, "#ffffff"), |p| p.fill.clone().map(Json::from));
            let fill_opacity = |of_all: f64| self.value(geometry, of_all.into(), |p| p.fill_opacity.map(Json::from));
            let scale = self.scale();
            let width = |of: &dyn Fn(f64) -> f64| {
                let of = |width: f64| Json::from(of(width * scale));
                self.value(geometry, of(base.stroke_width.unwrap_or(1.0)), |p| p.stroke_width.map(of))
            };
            let line = || json!({ "line-color": stroke, "line-opacity": stroke_opacity, "line-width": width(&|w| w) });
            let miter = Some(json!({ "line-miter-limit": MITER_LIMIT }));
            match geometry {
                Geometry::Polygon => {
                    let opacity = fill_opacity(base.fill_opacity.unwrap_or(0.5));
                    layer("fill", "fill", None, json!({ "fill-color": fill, "fill-opacity": opacity }));
                    layer("outline", "line", miter, line());
                }
                Geometry::LineString => layer("line", "line", miter, line()),
                Geometry::Point => {
                    // SVG's stroke lies half inside of a circle, MapLibre's outside.
                    let radius = POINT_RADIUS * scale;
                    let paint = json!({
                        "circle-color": fill,
                        // What is said for everything fills polygons alone.
                        "circle-opacity": fill_opacity(0.0),
                        "circle-radius": width(&|w| (radius - w / 2.0).max(0.0)),
                        "circle-stroke-color": stroke,
                        "circle-stroke-opacity": stroke_opacity,
                        "circle-stroke-width": width(&|w| w.min(radius + w / 2.0)),
                    });
                    layer("point", "circle", None, paint);
                }
            }
        }
        layers
    }

    /// Lengths are pixels of a tile of `tile_size`. Tiles here have 256 or 512; what is said for another size is scaled
    /// to 512, so that, for example, 1024 is drawn right at 512 px and a scale of 2.
    fn scale(&self) -> f64 {
        if [256.0, 512.0].contains(&self.tile_size) { 1.0 } else { 512.0 / self.tile_size }
    }

    /// One property for features of a geometry: what the styles that match say, else what is said for everything.
    fn value(&self, geometry: Geometry, of_all: Json, of: impl Fn(&Paint) -> Option<Json>) -> Json {
        let mut otherwise = of_all.clone();
        // Conditions and values, the later before the earlier.
        let mut branches: Vec<Json> = Vec::new();
        for (query, paint) in &self.styles {
            let Some(value) = of(paint).or_else(|| (!self.merge).then(|| of_all.clone())) else { continue };
            match query.conditions(geometry) {
                None => {}
                Some(conditions) if conditions.is_empty() => {
                    otherwise = value;
                    branches.clear();
                }
                Some(conditions) => {
                    branches.splice(0..0, [all(conditions), value]);
                }
            }
        }
        if branches.is_empty() {
            return otherwise;
        }
        branches.insert(0, "case".into());
        branches.push(otherwise);
        branches.into()
    }
}
