//! The symbols that a layer's features could have: one [`Node`] an anchor, with the ways in which it could be placed.

use super::super::canvas::Located;
use super::super::path::{Point, Rect, UNITS};
use super::super::sieve::Sieve;
use super::super::trace::{Fate, Trace};
use super::area::{Area, Cell};
use super::decide::{Node, Part, Place, Rank};
use super::icon::{Icons, Missing, Placed};
use super::pole;
use super::text::{Block, Texts, Words, units};
use crate::language::Language;
use crate::limits;
use crate::style::expression::Section;
use crate::style::{self, Alignment, AtZoom, Condition, Layer, Overlap, Placement, Style, Symbol, TextAlignment};
use crate::text::Shaper;
use crate::value::GeometryKind;
use crate::viewport::Viewport;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A symbol layer at the zoom of a picture.
pub struct Symbols<'s> {
    pub layer: &'s Layer,
    pub symbol: &'s Symbol,
    viewport: &'s Viewport,
    conditions: &'s [Condition<'s>],
    sort_key: Option<AtZoom<'s, f64>>,
    placement: Placement,
    is_inside_tile: bool,
    texts: Option<Texts<'s>>,
    icons: Option<Icons<'s>>,
    text_alignment: TextAlignment,
    icon_alignment: AtZoom<'s, Alignment>,
    text: Rules,
    icon: Rules,
}

/// What is said of a part and holds for all features.
struct Rules {
    overlap: Overlap,
    is_ignored: bool,
    is_optional: bool,
    /// How far it is moved in the picture, in scene units.
    translate: Point,
}

/// A symbol that may be drawn.
pub struct Candidate<'t, M> {
    /// Among the symbol layers of the picture.
    pub layer: usize,
    pub feature: Located<'t>,
    pub mark: M,
    pub anchor: Point,
    pub sort_key: f64,
    /// What is drawn at each of its places.
    pub ways: Vec<Way>,
}

/// What is drawn at one of a symbol's places.
#[derive(Clone, Default)]
pub struct Way {
    pub icon: Option<Placed>,
    pub text: Option<(Block, Arc<[Section]>)>,
    /// What of the picture it may change.
    pub extent: Option<Rect>,
}

impl Rules {
    fn new(part: &style::Part, viewport: &Viewport) -> Rules {
        let (zoom, tile_zoom) = (viewport.style_zoom(), viewport.tile_zoom());
        let bearing = viewport.turn.map_or(0.0, |turn| turn.bearing);
        let scale = f64::from(viewport.scale);
        let translate = part.translate.in_picture(zoom, bearing);
        Rules {
            overlap: part.overlap(tile_zoom),
            is_ignored: part.ignore_placement.at(tile_zoom).constant(),
            is_optional: part.optional.at(tile_zoom).constant(),
            translate: translate.map(|by| units(by.clamp(-limits::MARGIN, limits::MARGIN) * scale)),
        }
    }

    fn part(&self, collision: Rect, anchor: Point, is_shy: bool) -> Part {
        let boxes = vec![moved(moved(collision, anchor), self.translate)];
        Part {
            boxes,
            overlap: self.overlap,
            is_shy: is_shy && self.overlap != Overlap::Never,
            is_ignored: self.is_ignored,
        }
    }
}

fn moved(rect: Rect, by: Point) -> Rect {
    Rect { min: [0, 1].map(|i| rect.min[i] + by[i]), max: [0, 1].map(|i| rect.max[i] + by[i]) }
}

impl<'s> Symbols<'s> {
    pub fn new(
        layer: &'s Layer,
        symbol: &'s Symbol,
        style: &'s Style,
        shaper: &'s Shaper,
        language: Option<&'s Language>,
        viewport: &'s Viewport,
        conditions: &'s [Condition<'s>],
    ) -> Symbols<'s> {
        let zooms @ [_, tile_zoom] = [viewport.style_zoom(), viewport.tile_zoom()];
        let scale = f64::from(viewport.scale);
        Symbols {
            layer,
            symbol,
            viewport,
            conditions,
            sort_key: symbol.sort_key.as_ref().map(|key| key.at(tile_zoom)),
            placement: symbol.placement.at(tile_zoom).constant(),
            is_inside_tile: symbol.avoid_edges.at(tile_zoom).constant(),
            texts: Texts::new(&symbol.text, shaper, language, style, zooms, scale),
            icons: Icons::new(&symbol.icon, style, zooms, scale),
            text_alignment: symbol.text.rotation_alignment.at(tile_zoom).constant(),
            icon_alignment: symbol.icon.rotation_alignment.at(tile_zoom),
            text: Rules::new(&symbol.text.part, viewport),
            icon: Rules::new(&symbol.icon.part, viewport),
        }
    }

    /// How far icons and texts are moved in the picture, in scene units.
    pub fn translates(&self) -> [Point; 2] {
        [self.icon.translate, self.text.translate]
    }

    /// Adds what the layer could have in blocks of the area.
    pub fn gather<'t, T: Trace>(
        &self,
        index: usize,
        area: &Area<'t>,
        blocks: &BTreeSet<Point>,
        trace: &mut T,
        found: &mut Vec<Node<Candidate<'t, T::Mark>>>,
    ) where
        T::Mark: Clone,
    {
        for (cell, near) in area.cells(&self.layer.source, blocks) {
            let tile: &'t crate::mvt::Tile = cell.placement.tile;
            let Some(data) = tile.layer(&self.layer.source_layer) else { continue };
            let projection = cell.placement.projection(data.extent());
            let mut sieve = Sieve::new(self.conditions, data);
            for feature in data.features_within(projection.units(near)) {
                let located = cell.placement.located(feature, data.extent());
                let mark = trace.mark(self.layer, &located);
                if !sieve.accepts(&located) {
                    trace.came_to(&mark, Fate::Filter);
                    continue;
                }
                let (words, icon) = self.parts(&located, 0.0);
                let is_empty = words.is_none() && icon.as_ref().is_err();
                if is_empty {
                    let fate = if matches!(icon, Err(Missing::Image)) { Fate::NoImage } else { Fate::Unpainted };
                    trace.came_to(&mark, fate);
                    continue;
                }
                let sort_key = self.sort_key.as_ref().map_or(0.0, |key| key.of(&located));
                for (i, at) in points(&located).into_iter().enumerate() {
                    let point = projection.point(at);
                    if !cell.holds(point) || !blocks.contains(&area.block_of(point)) {
                        continue;
                    }
                    let anchor = self.in_picture(point);
                    let (places, ways) = self.at_point(&located, words.as_ref(), anchor, &cell);
                    if places.is_empty() {
                        trace.came_to(&mark, Fate::TooLarge);
                        continue;
                    }
                    let rank = Rank {
                        layer: self.layer.index,
                        sort_key,
                        feature: located.feature.place(),
                        anchor: i,
                        cell: (cell.id, cell.world),
                    };
                    let feature = cell.placement.located(feature, data.extent());
                    let drawn = Candidate { layer: index, feature, mark: mark.clone(), anchor, sort_key, ways };
                    found.push(Node { rank, places, drawn });
                }
            }
        }
    }

    /// What a feature says, and its icon turned by an angle besides its own.
    fn parts(&self, feature: &Located, angle: f64) -> (Option<Words>, Result<Placed, Missing>) {
        let words = self.texts.as_ref().and_then(|texts| texts.words(feature, self.placement != Placement::Point));
        let icon = self.icons.as_ref().map_or(Err(Missing::Nothing), |icons| icons.placed(feature, angle));
        (words, icon)
    }

    /// How far the map is turned in the picture, in degrees clockwise.
    fn turn(&self) -> f64 {
        self.viewport.turn.map_or(0.0, |turn| -turn.bearing)
    }

    fn in_picture(&self, point: Point) -> Point {
        let Some(turn) = self.viewport.turn else { return point };
        // Rounded from the pivot, which lies where it lies whatever part of the picture is drawn.
        let pivot = turn.pivot.map(units);
        let from = [0, 1].map(|i| turn.pivot[i] + (point[i] - pivot[i]) as f64 / UNITS as f64);
        let to = turn.in_picture(from);
        [0, 1].map(|i| pivot[i] + units(to[i] - turn.pivot[i]))
    }

    /// The places of a symbol at a point, with what is drawn at each.
    fn at_point(&self, feature: &Located, words: Option<&Words>, anchor: Point, cell: &Cell) -> (Vec<Place>, Vec<Way>) {
        let on_map = |is_map: bool| if is_map { self.turn() } else { 0.0 };
        let text_angle = on_map(self.text_alignment == TextAlignment::Map);
        let icon_angle = on_map(self.icon_alignment.of(feature) == Alignment::Map);
        let blocks = match (&self.texts, words) {
            (Some(texts), Some(words)) => texts.blocks(words, feature, text_angle, true),
            _ => Vec::new(),
        };
        let icon = self.icons.as_ref().and_then(|icons| icons.placed(feature, icon_angle).ok());
        self.places(feature, words, &blocks, icon, anchor, cell)
    }

    /// Each text with the icon; then what may stand alone.
    fn places(
        &self,
        feature: &Located,
        words: Option<&Words>,
        blocks: &[Block],
        icon: Option<Placed>,
        anchor: Point,
        cell: &Cell,
    ) -> (Vec<Place>, Vec<Way>) {
        let sections = words.map_or_else(|| Vec::new().into(), |words| words.sections.clone());
        let fitted = |block: &Block| match (&self.icons, &icon) {
            (Some(icons), Some(icon)) if icons.fits_text() => Some(icons.fitted(icon, feature, block)),
            (_, icon) => icon.clone(),
        };
        let mut ways: Vec<(Way, bool)> = Vec::new();
        // Where others may be covered, the places where none are come first.
        let passes: &[bool] = if self.text.overlap == Overlap::Never { &[false] } else { &[true, false] };
        let passes = if blocks.len() > 1 { passes } else { &[false] };
        for is_shy in passes {
            for block in blocks {
                let text = Some((block.clone(), sections.clone()));
                ways.push((Way { icon: fitted(block), text, extent: None }, *is_shy));
            }
        }
        if !blocks.is_empty() && icon.is_some() {
            if self.icon.is_optional {
                ways.extend(blocks.iter().map(|block| {
                    (Way { icon: None, text: Some((block.clone(), sections.clone())), extent: None }, false)
                }));
            }
            if self.text.is_optional {
                ways.push((Way { icon: icon.clone(), ..Way::default() }, false));
            }
        } else if blocks.is_empty() && icon.is_some() {
            ways.push((Way { icon, ..Way::default() }, false));
        }
        let padding = self.texts.as_ref().map_or(0.0, |texts| texts.padding);
        let mut places = Vec::with_capacity(ways.len());
        let mut kept = Vec::with_capacity(ways.len());
        for (mut way, is_shy) in ways {
            let icon = way
                .icon
                .as_ref()
                .map(|icon| (self.icon.part(icon.collision(), anchor, false), icon.extent(), &self.icon));
            let text = way.text.as_ref().map(|(block, _)| {
                (self.text.part(block.collision(padding), anchor, is_shy), block.extent(), &self.text)
            });
            let parts: Vec<(Part, Rect, &Rules)> = icon.into_iter().chain(text).collect();
            let extents = parts.iter().map(|(_, extent, rules)| moved(moved(*extent, anchor), rules.translate));
            let Some(extent) = extents.reduce(Rect::union) else { continue };
            let boxes = parts.iter().flat_map(|(part, ..)| part.boxes.iter().copied());
            if !self.is_near(boxes.fold(extent, Rect::union), anchor) {
                continue;
            }
            let parts: Vec<Part> = parts.into_iter().map(|(part, ..)| part).collect();
            if self.is_inside_tile && !parts.iter().flat_map(|part| &part.boxes).all(|rect| self.is_within(*rect, cell))
            {
                continue;
            }
            way.extent = Some(extent);
            places.push(Place { parts });
            kept.push(way);
        }
        (places, kept)
    }

    /// Whether all of a symbol is as near to its anchor as one can be.
    fn is_near(&self, rect: Rect, anchor: Point) -> bool {
        let most = limits::MARGIN as i64 * i64::from(self.viewport.scale) * UNITS;
        (0..2).all(|i| anchor[i] - rect.min[i] <= most && rect.max[i] - anchor[i] <= most)
    }

    /// Whether a box of the picture lies within a cell.
    fn is_within(&self, rect: Rect, cell: &Cell) -> bool {
        let corners = [rect.min, [rect.max[0], rect.min[1]], rect.max, [rect.min[0], rect.max[1]]];
        corners.iter().all(|corner| {
            let on_map = match self.viewport.turn {
                None => *corner,
                Some(turn) => turn.on_map(corner.map(|c| c as f64 / UNITS as f64)).map(units),
            };
            cell.placement.cell.beyond(on_map) == 0
        })
    }
}

impl Cell<'_> {
    /// A point on an edge belongs to the cell to the east or south.
    fn holds(&self, point: Point) -> bool {
        let cell = self.placement.cell;
        (0..2).all(|i| cell.min[i] <= point[i] && point[i] < cell.max[i])
    }
}

/// Where a feature's symbols stand, in tile units: each of its points, where each line begins, and in the middle of each
/// polygon.
fn points(feature: &Located) -> Vec<[i32; 2]> {
    let parts = || feature.feature.parts();
    match crate::value::Attributes::kind(feature) {
        GeometryKind::Point => parts().flat_map(|part| part.vertices()).collect(),
        GeometryKind::LineString => parts().filter_map(|part| part.vertices().next()).collect(),
        GeometryKind::Polygon => {
            let rings = parts().map(|part| part.vertices().collect()).collect();
            pole::polygons(rings).iter().map(|polygon| pole::pole(polygon, feature.extent)).collect()
        }
    }
}
