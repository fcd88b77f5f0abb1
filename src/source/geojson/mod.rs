//! GeoJSON (RFC 7946) as a source: read once, cut into vector tiles when they are asked for.
//!
//! Positions become whole numbers of a grid over the world, fine enough for the deepest tiles. What a zoom leaves out
//! and where its vertices lie is decided for whole lines, before any is cut, so that the tiles of a zoom fit. Tiles are
//! real vector tiles with one layer, [`LAYER`].
//!
//! A line between two longitudes goes the way that their numbers say (RFC 7946, 3.1.9): from 170 to 190 over the
//! antimeridian, from 170 to -170 around the world.

mod cut;
mod index;
mod read;
mod simplify;

use super::{Backend, Info, Overrides, Source, TileKind, WORLD};
use crate::clip::{Point, Rect};
use crate::digest;
use crate::error::{Code, Error};
use crate::limits;
use crate::mvt::{LayerWriter, TooMuch, encode_value};
use crate::style::expression::{self, Context, Expression, Value};
use crate::tile::{TileId, lon_lat_of};
use crate::value::{Attributes, GeometryKind, Property};
use crate::viewport::SizeClass;
use bytes::Bytes;
use index::Index;
use indexmap::IndexSet;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::ops::Range;
use std::sync::Arc;

/// What the one layer of the tiles is named.
pub const LAYER: &str = "geojson";

/// Units of a tile: 1/64 of the pixels of a tile of 512.
const EXTENT: i64 = 1 << 15;

/// Vertices that share a rectangle around them.
const BLOCK: usize = 64;

/// What a style says of a GeoJSON source, besides the data.
#[derive(Clone, Debug)]
pub struct Options {
    pub maxzoom: u8,
    /// In pixels of a tile of 512: what stands out less is left out.
    pub tolerance: f64,
    /// Whether each line says which stretch of the whole it is, in `mapbox_clip_start` and `mapbox_clip_end`.
    pub line_metrics: bool,
    pub generate_id: bool,
    /// The property whose value is the feature's id.
    pub promote_id: Option<String>,
    filter: Option<Expression>,
    pub attribution: String,
    /// The members that all this was read from.
    said: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            maxzoom: 18,
            tolerance: 0.375,
            line_metrics: false,
            generate_id: false,
            promote_id: None,
            filter: None,
            attribution: String::new(),
            said: String::new(),
        }
    }
}

impl Options {
    /// Reads the members of a style's source of type `geojson`; what is not done is logged.
    pub fn read(members: &Map<String, Json>) -> Result<Options, Error> {
        let mut options = Options::default();
        let wrong = |member: &str, what: String| {
            let hint = "the MapLibre Style Spec says what a source of type geojson accepts";
            Error::misconfigured(format!("{member}: {what}"), hint).within("the GeoJSON source")
        };
        let flag = |member: &str| match members.get(member) {
            None | Some(Json::Null) => Ok(false),
            Some(Json::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong(member, "it is neither true nor false".to_string())),
        };
        let number = |member: &str, most: f64| match members.get(member).filter(|json| !json.is_null()) {
            None => Ok(None),
            Some(json) => match json.as_f64().filter(|number| (0.0..=most).contains(number)) {
                Some(number) => Ok(Some(number)),
                None => Err(wrong(member, format!("it is no number from 0 to {most}"))),
            },
        };
        if let Some(maxzoom) = number("maxzoom", limits::ZOOM.into())? {
            options.maxzoom = maxzoom as u8;
        }
        options.tolerance = number("tolerance", f64::from(u16::MAX))?.unwrap_or(options.tolerance);
        // What reaches over an edge is drawn from the tile there: a buffer changes nothing.
        number("buffer", f64::from(u16::MAX))?;
        options.line_metrics = flag("lineMetrics")?;
        options.generate_id = flag("generateId")?;
        if flag("cluster")? {
            tracing::warn!("clusters are not drawn: every point of the GeoJSON source is drawn by itself");
        }
        options.promote_id = match members.get("promoteId").filter(|json| !json.is_null()) {
            None => None,
            Some(Json::String(name)) => Some(name.clone()),
            // By source layer, of which there is none.
            Some(Json::Object(_)) => None,
            Some(_) => return Err(wrong("promoteId", "it is not the name of a property".to_string())),
        };
        if let Some(filter) = members.get("filter").filter(|json| !json.is_null()) {
            let filter = expression::parse_filter(filter);
            options.filter = Some(filter.map_err(|e| wrong(&format!("filter{}", e.key), e.message))?.expression);
        }
        options.attribution = members.get("attribution").and_then(Json::as_str).unwrap_or_default().to_string();
        let said = members.iter().filter(|(name, _)| *name != "data");
        options.said = said.map(|(name, value)| format!("{name} {value} ")).collect();
        Ok(options)
    }
}

/// Opens a document's text.
pub fn open(json: &[u8], options: Options, overrides: &Overrides) -> Result<Source, Error> {
    let mut document = serde_json::Deserializer::from_slice(json);
    let collection = Collection::read(&mut document, &options, overrides)?;
    document.end().map_err(|e| wrong("behind the document", &e.to_string()))?;
    Ok(source(collection, &digest::of(json), options))
}

/// Opens what stands in a style itself.
pub fn open_value(json: &Json, options: Options, overrides: &Overrides) -> Result<Source, Error> {
    let collection = Collection::read(json, &options, overrides)?;
    Ok(source(collection, &digest::of(json.to_string().as_bytes()), options))
}

fn source(collection: Collection, digest: &str, options: Options) -> Source {
    let info = Info {
        identity: format!("geojson {digest} {}", options.said).into(),
        minzoom: 0,
        maxzoom: collection.maxzoom,
        bounds: collection.bounds(),
        class: SizeClass::C512,
        tiles: TileKind::Vector,
        buffer: 0,
        sparse: false,
        attribution: options.attribution,
        layers: Some(vec![LAYER.to_string()]),
        remote: false,
    };
    Source { info, backend: Backend::GeoJson(Arc::new(collection)) }
}

fn wrong(place: &str, what: &str) -> Error {
    // Messages quote what they do not like.
    let what: String = what.chars().take(300).collect();
    let place: String = place.chars().take(200).collect();
    let place = if place == "." { String::new() } else { format!("{place}: ") };
    let hint = "mend the document: RFC 7946 says what GeoJSON is";
    Error::misconfigured(format!("the GeoJSON cannot be read: {place}{what}"), hint)
}

/// The features of a document, ready to be cut.
pub struct Collection {
    maxzoom: u8,
    line_metrics: bool,
    features: Vec<Feature>,
    /// All features' tags, as numbers of keys and values.
    tags: Vec<[u32; 2]>,
    keys: IndexSet<Box<str>>,
    /// Encoded.
    values: IndexSet<Box<[u8]>>,
    /// What the index finds: a point, a line, or a polygon with its holes.
    parts: Vec<Part>,
    paths: Vec<Path>,
    /// Units of a tile at the maxzoom, from the world's north-western corner; x goes on beyond the antimeridian.
    vertices: Vec<Point>,
    /// The first zoom at which each vertex is there.
    minzooms: Vec<u8>,
    /// The rectangles around each [`BLOCK`] of a path's vertices.
    blocks: Vec<Rect>,
    index: Index,
    /// Around everything.
    extent: Option<Rect>,
}

/// Geometries of one kind that share an id and properties.
struct Feature {
    id: Option<u64>,
    kind: GeometryKind,
    tags: Range<u32>,
}

struct Part {
    feature: u32,
    paths: Range<u32>,
}

/// A line, a ring without its closing vertex, or a point.
struct Path {
    vertices: Range<usize>,
    /// Where its rectangles begin.
    blocks: usize,
    /// The first zoom at which it is large enough to be seen.
    minzoom: u8,
}

/// A feature as filters see it.
struct Candidate {
    kind: GeometryKind,
    id: Option<u64>,
    properties: BTreeMap<String, Property>,
}

impl Attributes for Candidate {
    fn kind(&self) -> GeometryKind {
        self.kind
    }

    fn id(&self) -> Option<u64> {
        self.id
    }

    fn property(&self, name: &str) -> Option<&Property> {
        self.properties.get(name)
    }

    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_> {
        Box::new(self.properties.iter().map(|(name, value)| (name.as_str(), value)))
    }
}

impl Collection {
    fn read<'de>(
        document: impl serde::Deserializer<'de>,
        options: &Options,
        overrides: &Overrides,
    ) -> Result<Collection, Error> {
        let mut collection = Collection {
            maxzoom: overrides.maxzoom.unwrap_or(options.maxzoom).min(limits::ZOOM),
            line_metrics: options.line_metrics,
            features: Vec::new(),
            tags: Vec::new(),
            keys: IndexSet::new(),
            values: IndexSet::new(),
            parts: Vec::new(),
            paths: Vec::new(),
            vertices: Vec::new(),
            minzooms: Vec::new(),
            blocks: Vec::new(),
            index: Index::default(),
            extent: None,
        };
        let mut accepted = 0;
        let mut sink = |feature| collection.add(feature, options, &mut accepted);
        read::read(document, &mut sink).map_err(|(place, what)| wrong(&place, &what))?;
        let rect = |part: &Part| {
            // A polygon's holes lie within its first ring.
            let path = &collection.paths[part.paths.start as usize];
            let blocks = path.blocks..path.blocks + path.vertices.len().div_ceil(BLOCK);
            collection.blocks[blocks].iter().copied().reduce(Rect::union)
        };
        let rects: Vec<Rect> = collection.parts.iter().filter_map(rect).collect();
        collection.extent = rects.iter().copied().reduce(Rect::union);
        collection.index = Index::new(&rects, Rect { min: [0; 2], max: [collection.world(); 2] });
        Ok(collection)
    }

    /// The side of the world.
    fn world(&self) -> i64 {
        EXTENT << self.maxzoom
    }

    /// Takes a feature of the document; `accepted` counts those before it.
    fn add(&mut self, feature: read::Feature, options: &Options, accepted: &mut u64) -> Result<(), String> {
        let id = match (&options.promote_id, options.generate_id) {
            (Some(name), _) => feature.properties.get(name).and_then(id),
            (None, true) => Some(*accepted),
            (None, false) => id(&feature.id),
        };
        let mut candidate = Candidate { kind: GeometryKind::Point, id, properties: BTreeMap::new() };
        candidate.properties = feature.properties.into_iter().map(|(name, value)| (name, property(value))).collect();
        let mut tags = None;
        for geometry in &feature.geometries {
            candidate.kind = geometry.kind;
            let context = Context::new(0.0, Some(&candidate));
            if options.filter.as_ref().is_some_and(|filter| !matches!(filter.evaluate(&context), Ok(Value::Bool(true))))
            {
                continue;
            }
            let tags = tags.get_or_insert_with(|| self.add_tags(&candidate.properties)).clone();
            self.add_geometry(geometry, id, &tags, options.tolerance)?;
        }
        *accepted += u64::from(tags.is_some());
        Ok(())
    }

    fn add_tags(&mut self, properties: &BTreeMap<String, Property>) -> Range<u32> {
        let start = self.tags.len() as u32;
        for (name, value) in properties {
            let (key, _) = self.keys.insert_full(name.as_str().into());
            let (value, _) = self.values.insert_full(encode_value(value).into());
            self.tags.push([key as u32, value as u32]);
        }
        start..self.tags.len() as u32
    }

    fn add_geometry(
        &mut self,
        geometry: &read::Geometry,
        id: Option<u64>,
        tags: &Range<u32>,
        tolerance: f64,
    ) -> Result<(), String> {
        let positions = &geometry.coordinates.positions;
        if self.vertices.len() + positions.len() > limits::GEOJSON_VERTICES {
            return Err(format!("there are more than {} positions in the document", limits::GEOJSON_VERTICES));
        }
        let kind = geometry.kind;
        let new_feature = |collection: &mut Collection| {
            collection.features.push(Feature { id, kind, tags: tags.clone() });
        };
        new_feature(self);
        if kind == GeometryKind::Point {
            for &position in positions {
                let [x, y] = self.project(position);
                let start = self.paths.len() as u32;
                self.add_path(&[[x.rem_euclid(self.world()), y]], vec![0], 0);
                self.parts.push(Part { feature: self.features.len() as u32 - 1, paths: start..start + 1 });
            }
            return Ok(());
        }
        for (i, lines) in geometry.coordinates.parts(kind).into_iter().enumerate() {
            // Of a line that says which stretch of it a piece is, each is a feature.
            if self.line_metrics && kind == GeometryKind::LineString && i > 0 {
                new_feature(self);
            }
            let lines: Vec<Vec<Point>> =
                lines.into_iter().map(|line| line.iter().map(|&position| self.project(position)).collect()).collect();
            self.add_lines(kind, lines, tolerance);
        }
        Ok(())
    }

    /// Adds one line, or the rings of one polygon.
    fn add_lines(&mut self, kind: GeometryKind, lines: Vec<Vec<Point>>, tolerance: f64) {
        let closed = kind == GeometryKind::Polygon;
        let mut seen = Vec::new();
        for (i, mut line) in lines.into_iter().enumerate() {
            line.dedup();
            if closed {
                while line.len() > 1 && line.first() == line.last() {
                    line.pop();
                }
                let clockwise = cut::area(&line);
                // An exterior runs clockwise to a viewer, a hole against that (MVT 2.1, 4.3.4.4).
                if (i == 0) != (clockwise > 0) {
                    line.reverse();
                }
            }
            if line.len() >= if closed { 3 } else { 2 } {
                seen.push(line);
            } else if i == 0 {
                // Holes of nothing.
                return;
            }
        }
        let Some(first) = seen.first() else { return };
        // Moved by whole turns until it begins in the world.
        let west = Rect::around(first).map_or(0, |rect| rect.min[0].div_euclid(self.world()) * self.world());
        seen.iter_mut().flatten().for_each(|point| point[0] -= west);
        let start = self.paths.len() as u32;
        for line in seen {
            let size = match closed {
                true => (cut::area(&line).unsigned_abs() as f64 / 2.0).sqrt(),
                false => line.windows(2).map(|pair| cut::distance(pair[0], pair[1])).sum(),
            };
            let minzoom = self.visible_from(size, tolerance);
            let mut whole = line;
            if closed {
                whole.push(whole[0]);
            }
            // What the last zoom but one leaves out, the last has.
            let least = self.tolerance(tolerance, self.maxzoom.saturating_sub(1));
            let distances = simplify::distances(&whole, least);
            if closed {
                whole.pop();
            }
            let minzooms = whole.iter().zip(distances).map(|(_, distance)| self.visible_from(distance, tolerance));
            let minzooms = minzooms.collect();
            self.add_path(&whole, minzooms, minzoom);
        }
        self.parts.push(Part { feature: self.features.len() as u32 - 1, paths: start..self.paths.len() as u32 });
    }

    fn add_path(&mut self, points: &[Point], minzooms: Vec<u8>, minzoom: u8) {
        let start = self.vertices.len();
        let blocks = self.blocks.len();
        self.vertices.extend_from_slice(points);
        self.minzooms.extend(minzooms);
        self.blocks.extend(points.chunks(BLOCK).filter_map(Rect::around));
        self.paths.push(Path { vertices: start..self.vertices.len(), blocks, minzoom });
    }

    /// A position on the grid, by spherical Mercator (EPSG:3857), its latitude within what that shows.
    fn project(&self, [longitude, latitude]: [f64; 2]) -> Point {
        let world = self.world() as f64;
        let latitude = latitude.clamp(WORLD[1], WORLD[3]).to_radians();
        let northing = 0.5 - ((1.0 + latitude.sin()) / (1.0 - latitude.sin())).ln() / (4.0 * PI);
        let x = ((longitude / 360.0 + 0.5) * world).round() as i64;
        let y = (northing * world).round() as i64;
        // Not on the world's southern edge, where no tile has it.
        [x, y.clamp(0, self.world() - 1)]
    }

    /// Units at the maxzoom of a length in pixels at a zoom.
    fn tolerance(&self, pixels: f64, zoom: u8) -> f64 {
        pixels * (EXTENT / 512) as f64 * f64::from(self.maxzoom - zoom).exp2()
    }

    /// The first zoom at which a length is more than the tolerance; the last has everything.
    fn visible_from(&self, length: f64, tolerance: f64) -> u8 {
        (0..self.maxzoom)
            .find(|&zoom| tolerance <= 0.0 || length > self.tolerance(tolerance, zoom))
            .unwrap_or(self.maxzoom)
    }

    /// West, south, east and north of everything in degrees, a little wider, because tiles that only touch are absent.
    fn bounds(&self) -> [f64; 4] {
        const WIDER: f64 = 1e-6;
        let Some(Rect { min, max }) = self.extent else { return WORLD };
        let world = self.world() as f64;
        let at = |point: Point| lon_lat_of(point[0] as f64 / world, point[1] as f64 / world);
        let ((w, n), (e, s)) = (at(min), at(max));
        let [_, south, _, north] = WORLD;
        let (s, n) = ((s - WIDER).max(south), (n + WIDER).min(north));
        match max[0] >= self.world() {
            // Over the antimeridian.
            true => [-180.0, s, 180.0, n],
            false => [(w - WIDER).max(-180.0), s, (e + WIDER).min(180.0), n],
        }
    }
}

/// A tile's place on the grid of its zoom, on which its side is [`EXTENT`].
struct Frame {
    zoom: u8,
    /// What a unit of the grid is at the maxzoom, as a power of two.
    shift: u8,
    /// The north-western corner.
    corner: Point,
}

const TILE: Rect = Rect { min: [0; 2], max: [EXTENT; 2] };

impl Frame {
    /// A tile's, `turns` times around the world.
    fn new(tile: TileId, maxzoom: u8, turns: i64) -> Frame {
        let column = i64::from(tile.x()) + (turns << tile.z());
        Frame { zoom: tile.z(), shift: maxzoom - tile.z(), corner: [column, tile.y().into()].map(|n| n * EXTENT) }
    }

    /// What may touch the tile, in units of the maxzoom: vertices move by up to one unit of the grid.
    fn reach(&self) -> Rect {
        let at = |corner: i64| corner << self.shift;
        Rect { min: self.corner.map(at), max: self.corner.map(|c| at(c + EXTENT)) }.grown(2 << self.shift)
    }

    /// A coordinate on the grid.
    fn rounded(&self, c: i64) -> i64 {
        (c + (1 << self.shift >> 1)) >> self.shift
    }

    /// A point's place in the tile that holds it, if that is this one.
    fn point(&self, point: Point) -> Option<[i32; 2]> {
        let within = |i: usize| {
            let c = point[i] - (self.corner[i] << self.shift);
            // Not by its rounded place, which may be that of the next.
            (0..EXTENT << self.shift).contains(&c).then(|| self.rounded(c).min(EXTENT - 1) as i32)
        };
        Some([within(0)?, within(1)?])
    }

    /// A line's vertex from the tile's corner. None lies on the border of any tile: one that would is moved by a unit,
    /// back to the side where it came from. What lies on a border is a cut, then.
    fn vertex(&self, vertex: Point) -> Point {
        [0, 1].map(|i| {
            let mut c = self.rounded(vertex[i]);
            if c % EXTENT == 0 {
                c += if vertex[i] < c << self.shift { -1 } else { 1 };
            }
            c - self.corner[i]
        })
    }
}

impl Collection {
    /// A tile's bytes; none where nothing lies in it.
    pub fn tile(&self, tile: TileId) -> Result<Option<Bytes>, Error> {
        let mut found: Vec<(u32, i64)> = Vec::new();
        let turns = self.extent.map_or(0, |extent| extent.max[0].div_euclid(self.world()));
        for turn in 0..=turns {
            self.index.search(Frame::new(tile, self.maxzoom, turn).reach(), |part| found.push((part, turn)));
        }
        found.sort_unstable();
        let mut layer = LayerWriter::new(LAYER, EXTENT as u32);
        let feature = |&(part, _): &(u32, i64)| self.parts[part as usize].feature;
        for parts in found.chunk_by(|a, b| feature(a) == feature(b)) {
            let written = self.write(feature(&parts[0]), parts, tile, &mut layer);
            written.map_err(|too_much| {
                Error::new(
                    Code::BadTile,
                    format!("the GeoJSON has more {} in tile {tile} than a tile may have", too_much.0),
                    "begin deeper, with --source-minzoom, or leave out what is not drawn",
                )
            })?;
        }
        let bytes = layer.finish();
        Ok((!bytes.is_empty()).then(|| bytes.into()))
    }

    /// Adds to a layer what a tile has of a feature, whose parts were found so many turns around the world.
    fn write(&self, feature: u32, parts: &[(u32, i64)], tile: TileId, layer: &mut LayerWriter) -> Result<(), TooMuch> {
        let feature = &self.features[feature as usize];
        let tags = self.tags[feature.tags.start as usize..feature.tags.end as usize].iter();
        let tags = tags.map(|&[key, value]| (&*self.keys[key as usize], &*self.values[value as usize]));
        let tags: Vec<(&str, &[u8])> = tags.collect();
        let mut pieces: Vec<Vec<[i32; 2]>> = Vec::new();
        for &(part, turns) in parts {
            let frame = Frame::new(tile, self.maxzoom, turns);
            let part = &self.parts[part as usize];
            let paths = &self.paths[part.paths.start as usize..part.paths.end as usize];
            match feature.kind {
                GeometryKind::Point => {
                    let point = frame.point(self.vertices[paths[0].vertices.start]);
                    match pieces.first_mut() {
                        Some(points) => points.extend(point),
                        None => pieces.extend(point.map(|point| vec![point])),
                    }
                }
                GeometryKind::LineString => {
                    let line = self.simplified(&paths[0], &frame, self.line_metrics);
                    let length: f64 = line.windows(2).map(|pair| cut::distance(pair[0], pair[1])).sum();
                    for piece in cut::line(&line, TILE) {
                        let points = units(&piece.points);
                        if self.line_metrics {
                            // As geojson-vt has them, which MapLibre reads.
                            let [start, end] = piece.span.map(|at| encode_value(&Property::Double(at / length)));
                            let span = [("mapbox_clip_start", &*start), ("mapbox_clip_end", &*end)];
                            layer.feature(feature.id, feature.kind, tags.iter().copied().chain(span), &[points])?;
                        } else {
                            pieces.push(points);
                        }
                    }
                }
                GeometryKind::Polygon => {
                    let visible = |path: &&Path| path.minzoom <= frame.zoom;
                    for path in paths.iter().take_while(visible) {
                        let ring = self.simplified(path, &frame, false);
                        pieces.extend(cut::ring(&ring, TILE).map(|ring| units(&ring)));
                    }
                }
            }
        }
        match pieces.is_empty() {
            true => Ok(()),
            false => layer.feature(feature.id, feature.kind, tags.into_iter(), &pieces),
        }
    }

    /// The vertices that a path has at a zoom, from the tile's corner. Of a run that is beyond one side of the tile only
    /// the first and last are there, unless it is wanted `whole`: what is in the tile stays as it is.
    fn simplified(&self, path: &Path, frame: &Frame, whole: bool) -> Vec<Point> {
        let mut line = Vec::new();
        if path.minzoom > frame.zoom {
            return line;
        }
        let reach = frame.reach();
        for (i, start) in path.vertices.clone().step_by(BLOCK).enumerate() {
            let block = start..(start + BLOCK).min(path.vertices.end);
            let mut kept = block.filter(|&vertex| self.minzooms[vertex] <= frame.zoom);
            match whole || self.blocks[path.blocks + i].touches(reach) {
                true => line.extend(kept.map(|vertex| frame.vertex(self.vertices[vertex]))),
                false => line.extend(
                    [kept.next(), kept.next_back()].into_iter().flatten().map(|v| frame.vertex(self.vertices[v])),
                ),
            }
        }
        line.dedup();
        line
    }
}

/// Within a tile's overhang of one extent.
fn units(points: &[Point]) -> Vec<[i32; 2]> {
    points.iter().map(|p| p.map(|c| c as i32)).collect()
}

/// An id as vector tiles have them: whole and not negative. Text that is a number counts, as in MapLibre.
fn id(json: &Json) -> Option<u64> {
    match json {
        Json::Number(number) => number.as_u64().or_else(|| number.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64)),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn property(json: Json) -> Property {
    match json {
        Json::Null => Property::Null,
        Json::Bool(flag) => Property::Bool(flag),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Property::UInt(number),
            (_, Some(number)) => Property::Int(number),
            _ => Property::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Property::String(text.into()),
        nested => Property::Json(Arc::new(nested)),
    }
}
