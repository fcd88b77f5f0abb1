//! What each style layer draws of a picture and leaves out, and why: told by the drawing itself (`trace`).
//!
//! Features are counted once for each layer and tile of the source, however many squares they are drawn in. "Own" tiles
//! are those that the picture's squares lie in; of the others only what is drawn counts.

mod follow;
mod report;

use super::canvas::{Located, SourceTiles, TileData, Tiles, cells};
use super::trace::{Fate, Trace};
use super::{LayerId, Run, Scene, build_traced, symbol};
use crate::error::Error;
use crate::language::{Language, Spoken};
use crate::mvt;
use crate::style::{Hidden, Kind, Layer, Resolved, Style, Subject};
use crate::tile::TileId;
use crate::viewport::Viewport;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use follow::FeatureName;
pub use report::{Cause, Explanation, Failure, FeatureReport, LayerReport, Outcome, Reason, SourceReport};

/// Draws a style over the tiles of its sources, and says what became of everything; texts show the names for who reads the
/// language, and `wanted` names a feature to follow.
pub fn explain(
    style: &Style,
    viewport: &Viewport,
    tiles: &Tiles,
    language: Option<&Language>,
    wanted: Option<&FeatureName>,
) -> Result<Explanation, Error> {
    let mut record = Record::default();
    let symbols = symbol::place_traced(style, viewport, tiles, language, &mut record);
    let scene = build_traced(style, viewport, tiles, symbols, &mut record)?;
    let look = Look { style, viewport, tiles, fates: &record.fates, drawn: drawn_layers(&scene), language };
    let documented = style.document["layers"].as_array().map_or(&[][..], Vec::as_slice);
    let layers = documented.iter().enumerate().map(|(place, json)| look.layer(place, json)).collect();
    let sources = tiles.iter().map(|(name, source)| look.source(name, source)).collect();
    let features = wanted.map(|wanted| look.features(wanted));
    Ok(Explanation { zoom: viewport.style_zoom(), sources, layers, features })
}

/// A feature in a layer: the layer, the tile, and the feature's place in the tile's layer.
type Mark = (LayerId, TileId, usize);

/// What the drawing tells of features.
#[derive(Default)]
struct Record {
    fates: HashMap<Mark, Fate>,
}

impl Trace for Record {
    type Mark = Mark;

    fn mark(&mut self, layer: &Layer, feature: &Located) -> Mark {
        let mark = (layer.index, feature.tile, feature.feature.place());
        self.fates.entry(mark).or_insert(Fate::Outside);
        mark
    }

    fn came_to(&mut self, mark: &Mark, fate: Fate) {
        self.fates.entry(*mark).and_modify(|known| *known = fate.max(*known)).or_insert(fate);
    }
}

/// The layers that the scene holds anything of.
fn drawn_layers(scene: &Scene) -> BTreeSet<LayerId> {
    let mut found = BTreeSet::new();
    for run in &scene.runs {
        match run {
            Run::Background(layer, _) | Run::Circles(layer, _) | Run::Symbols(layer, _) => {
                found.insert(*layer);
            }
            Run::Squares(squares) | Run::Blended(_, squares) => {
                found.extend(squares.iter().flat_map(|square| square.layers.iter().map(|(layer, _)| *layer)));
            }
        }
    }
    found
}

/// All that is known once the picture is drawn.
struct Look<'a> {
    style: &'a Style,
    viewport: &'a Viewport,
    tiles: &'a Tiles,
    fates: &'a HashMap<Mark, Fate>,
    drawn: BTreeSet<LayerId>,
    language: Option<&'a Language>,
}

/// The tiles that a source's cells are drawn from, each once; whether the picture itself lies in them.
fn distinct<'t>(viewport: &Viewport, source: &'t SourceTiles) -> BTreeMap<TileId, (bool, &'t mvt::Tile)> {
    let (listed, own) = cells(viewport, source.class, source.maxzoom, 0.0);
    let own = &listed[..own];
    let mut found: BTreeMap<TileId, (bool, &mvt::Tile)> = BTreeMap::new();
    for (cell, drawn_from) in &source.cells {
        if let Some((id, TileData::Vector(tile))) = drawn_from {
            found.entry(*id).or_insert((false, tile)).0 |= own.contains(cell);
        }
    }
    found
}

impl Look<'_> {
    fn source(&self, name: &str, source: &SourceTiles) -> SourceReport {
        let tiles = distinct(self.viewport, source);
        let mut layers: BTreeMap<String, usize> = BTreeMap::new();
        for tile in tiles.values().filter(|(own, _)| *own).map(|(_, tile)| tile) {
            for layer in tile.layers() {
                *layers.entry(layer.name().to_string()).or_default() += layer.features().count();
            }
        }
        let own: Vec<String> = tiles.iter().filter(|(_, (own, _))| *own).map(|(id, _)| id.to_string()).collect();
        SourceReport { source: name.to_string(), neighbours: tiles.len() - own.len(), tiles: own, layers }
    }

    /// The layer at a place in the document.
    fn layer(&self, place: usize, json: &Json) -> LayerReport {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_string();
        let inside = format!("layers[{place}].");
        let warnings = self.style.warnings.iter().filter(|warning| warning.path.starts_with(&inside));
        let mut report = LayerReport {
            id: text("id"),
            kind: text("type"),
            source: text("source"),
            source_layer: text("source-layer"),
            reason: None,
            features: 0,
            drawn: 0,
            drawn_from_neighbours: 0,
            left_out: BTreeMap::new(),
            missing_images: BTreeSet::new(),
            failures: Vec::new(),
            warnings: warnings.map(ToString::to_string).collect(),
        };
        match self.style.layers.iter().find(|layer| layer.place == place) {
            None => {
                let first = report.warnings.first().map_or("the layer is not drawn", String::as_str);
                let message = first.strip_prefix(&inside).unwrap_or(first);
                report.reason = Some(Reason::new("unsupported", message));
            }
            Some(layer) => {
                self.count(layer, &mut report);
                report.reason = self.whole(layer, &report);
            }
        }
        report
    }

    /// Counts what became of a layer's features.
    fn count(&self, layer: &Layer, report: &mut LayerReport) {
        if layer.is_visible(self.viewport.style_zoom()) && has_no_features(layer) {
            report.features = 1;
            report.drawn = usize::from(self.drawn.contains(&layer.index));
            let all = self.resolved(layer, None);
            note_missing_image(self.style, &all, report);
            note_failures(all, report);
        }
        let Some(source) = self.tiles.get(&layer.source) else { return };
        for (id, (own, tile)) in distinct(self.viewport, source) {
            let Some(data) = tile.layer(&layer.source_layer) else { continue };
            for feature in data.features() {
                let located = Located { feature, tile: id, extent: data.extent() };
                let fate = self.fate(layer, &located);
                let Some(fate) = fate.filter(|_| layer.is_visible(self.viewport.style_zoom())) else {
                    report.features += usize::from(own);
                    continue;
                };
                if fate >= Fate::Unpainted && (own || fate == Fate::Drawn) {
                    let all = self.resolved(layer, Some(&located));
                    if fate == Fate::NoImage {
                        note_missing_image(self.style, &all, report);
                    }
                    note_failures(all, report);
                }
                if !own {
                    report.drawn_from_neighbours += usize::from(fate == Fate::Drawn);
                    continue;
                }
                report.features += 1;
                match self.cause(layer, &located, fate) {
                    None => report.drawn += 1,
                    Some(cause) => *report.left_out.entry(cause).or_default() += 1,
                }
            }
        }
    }

    /// The layer's properties as they are for a feature; texts as they are for who reads the language.
    fn resolved(&self, layer: &Layer, feature: Option<&Located>) -> Vec<Resolved> {
        let (zoom, tile_zoom) = (self.viewport.style_zoom(), self.viewport.tile_zoom());
        let subject = Subject { zoom, tile_zoom, globals: &self.style.globals, feature: feature.map(|f| f as _) };
        let mut all = layer.resolved(subject);
        if let (Kind::Symbol(_), Some(language), Some(feature)) = (&layer.kind, self.language, feature) {
            let spoken = layer.resolved(Subject { feature: Some(&Spoken { feature, language }), ..subject });
            let texts = all.iter_mut().zip(spoken).filter(|(property, _)| property.name == "text-field");
            texts.for_each(|(property, spoken)| *property = spoken);
        }
        all
    }

    /// What became of a feature; none where its layer was not drawn.
    fn fate(&self, layer: &Layer, feature: &Located) -> Option<Fate> {
        if !layer.is_visible(self.viewport.style_zoom()) || has_no_features(layer) {
            return None;
        }
        // What was not looked at is too far away.
        let fate = self.fates.get(&(layer.index, feature.tile, feature.feature.place()));
        let fate = fate.copied().unwrap_or(Fate::Outside);
        // Drawn, and then left out with its layer.
        let whole = fate != Fate::Drawn || self.drawn.contains(&layer.index);
        Some(if whole { fate } else { Fate::Unpainted })
    }

    fn cause(&self, layer: &Layer, feature: &Located, fate: Fate) -> Option<Cause> {
        Some(match fate {
            Fate::Drawn => return None,
            Fate::Geometry => Cause::Geometry,
            Fate::Filter => match layer.filter(self.viewport.tile_zoom()).failure(feature) {
                None => Cause::Filter,
                Some(_) => Cause::FilterFailed,
            },
            Fate::Joined => Cause::Joined,
            Fate::NoRoom => Cause::NoRoom,
            Fate::TooLarge => Cause::TooLarge,
            Fate::OverEdge => Cause::OverEdge,
            Fate::Undecided => Cause::Undecided,
            Fate::Crowded => Cause::Crowded,
            Fate::Unpainted => Cause::Unpainted,
            Fate::NoImage => Cause::NoImage,
            Fate::Outside => Cause::Outside,
        })
    }

    /// Why a layer is not looked at, if it is not.
    fn hidden(&self, layer: &Layer) -> Option<Reason> {
        let zoom = self.viewport.style_zoom();
        Some(match layer.hidden(zoom)? {
            Hidden::Visibility => Reason::new("visibility", "visibility is none"),
            Hidden::Minzoom(from) => Reason::new("minzoom", format!("drawn from zoom {from} on; this is {zoom}")),
            Hidden::Maxzoom(to) => Reason::new("maxzoom", format!("drawn below zoom {to}; this is {zoom}")),
            Hidden::Filter => Reason::new("filter", "the filter lets nothing through at this zoom"),
        })
    }

    fn no_tile(&self, layer: &Layer) -> Reason {
        Reason::new("no_tile", format!("the source {:?} has no tile here", layer.source))
    }

    /// Why a layer draws nothing, where that is not for its features.
    fn whole(&self, layer: &Layer, report: &LayerReport) -> Option<Reason> {
        if let Some(hidden) = self.hidden(layer) {
            return Some(hidden);
        }
        if self.drawn.contains(&layer.index) {
            return None;
        }
        if has_no_features(layer) {
            if matches!(layer.kind, Kind::Raster(_)) && self.tiles.get(&layer.source).is_some_and(is_empty) {
                return Some(self.no_tile(layer));
            }
            return Some(match report.missing_images.first() {
                Some(name) => Reason::new("no_image", format!("there is no image {name:?}")),
                None => Reason::new("unpainted", "it is transparent"),
            });
        }
        if layer.blending(self.viewport.style_zoom()).0 <= 0.0 {
            return Some(Reason::new("unpainted", format!("{}-layer-opacity is 0", layer.kind.name())));
        }
        let own = self.tiles.get(&layer.source).map(|source| distinct(self.viewport, source)).unwrap_or_default();
        if own.is_empty() {
            return Some(self.no_tile(layer));
        }
        if own.values().all(|(_, tile)| tile.layer(&layer.source_layer).is_none()) {
            let text = format!("the tile has no source layer {:?}", layer.source_layer);
            return Some(Reason::new("no_source_layer", text));
        }
        None
    }
}

/// Whether a layer is drawn as a whole.
fn has_no_features(layer: &Layer) -> bool {
    matches!(layer.kind, Kind::Background(_) | Kind::Raster(_))
}

fn is_empty(source: &SourceTiles) -> bool {
    source.cells.values().all(Option::is_none)
}

fn image_name(resolved: &[Resolved]) -> Option<&str> {
    let is_image = |name: &str| name.ends_with("-pattern") || name == "icon-image";
    resolved.iter().find(|property| is_image(&property.name))?.value.as_str()
}

fn note_missing_image(style: &Style, resolved: &[Resolved], report: &mut LayerReport) {
    let missing = image_name(resolved).filter(|name| !style.sprite.has(name));
    report.missing_images.extend(missing.map(str::to_string));
}

fn note_failures(resolved: Vec<Resolved>, report: &mut LayerReport) {
    for Resolved { name, failure, .. } in resolved {
        let Some(message) = failure else { continue };
        match report.failures.iter_mut().find(|known| known.property == name) {
            Some(known) => known.features += 1,
            None => report.failures.push(Failure { property: name, features: 1, message }),
        }
    }
}
