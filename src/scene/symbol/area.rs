//! Which part of the world symbols are gathered from: blocks of a grid that is fixed to the world, as many as the
//! decisions turn out to depend on.

use super::super::canvas::{Placement, SourceTiles, TileData, Tiles};
use super::super::path::{Point, Rect, UNITS};
use crate::limits;
use crate::style::{Kind, Style};
use crate::tile::TileId;
use crate::viewport::{Square, Viewport};
use std::collections::BTreeSet;

/// The side of a block in CSS pixels.
const BLOCK: i64 = 256;

pub struct Area<'t> {
    viewport: &'t Viewport,
    sources: Vec<Source<'t>>,
    /// The side of a block in scene units.
    side: i64,
    gathered: BTreeSet<Point>,
    asked: BTreeSet<Point>,
    /// By source: cells that are not there.
    wanting: BTreeSet<(usize, TileId)>,
    /// Anchors, in the picture, of symbols that depend on cells that are not there.
    open: Vec<(Point, usize, TileId)>,
    /// A rectangle of the picture of which all is known.
    known: Option<Rect>,
}

struct Source<'t> {
    name: &'t str,
    tiles: &'t SourceTiles,
    /// The zoom of its cells.
    z: u8,
}

/// A cell of a source, in one of the copies of the world.
pub struct Cell<'t> {
    pub square: Square,
    pub placement: Placement<'t>,
}

/// That a cell has to be fetched first.
pub struct NotThere;

impl<'t> Area<'t> {
    /// Nothing yet, of the sources that visible symbol layers draw.
    pub fn new(style: &Style, viewport: &'t Viewport, tiles: &'t Tiles) -> Area<'t> {
        let zoom = viewport.style_zoom();
        let is_read = |name: &str| {
            let mut layers = style.layers.iter().filter(|layer| matches!(layer.kind, Kind::Symbol(_)));
            layers.any(|layer| layer.source == name && layer.is_visible(zoom))
        };
        let read = tiles.iter().filter(|(name, _)| is_read(name));
        let sources = read.map(|(name, tiles)| {
            let z = viewport.grid_zoom(tiles.class).min(tiles.maxzoom);
            Source { name, tiles, z }
        });
        Area {
            viewport,
            sources: sources.collect(),
            side: BLOCK * i64::from(viewport.scale) * UNITS,
            gathered: BTreeSet::new(),
            asked: BTreeSet::new(),
            wanting: BTreeSet::new(),
            open: Vec::new(),
            known: None,
        }
    }

    /// Whether all symbols are gathered that could touch a rectangle of the picture; what is missing is noted.
    pub fn knows(&mut self, rect: Rect) -> bool {
        if self.known.is_some_and(|known| known.intersection(rect) == rect) {
            return true;
        }
        let near = rect.grown(limits::SYMBOL_REACH as i64 * i64::from(self.viewport.scale) * UNITS);
        let on_map = self.on_map(near);
        // A picture that is turned shows less than the rectangle around it on the map.
        let is_near = |rect: Rect| rect.meets(on_map) && self.in_picture(rect).meets(near);
        let blocks = span(on_map, |c, i| (c + self.corner(i)).div_euclid(self.side));
        let blocks = blocks.filter(|&block| !self.gathered.contains(&block) && is_near(self.block(block)));
        let blocks: Vec<Point> = blocks.collect();
        let mut cells: Vec<(usize, TileId)> = Vec::new();
        for (i, source) in self.sources.iter().enumerate() {
            let near = self.squares(source, on_map).filter(|&square| is_near(self.rect(square)));
            let missing = near.filter(|square| !source.tiles.cells.contains_key(&square.tile));
            cells.extend(missing.map(|square| (i, square.tile)));
        }
        let is_reached = |point: Point| (0..2).all(|i| near.min[i] <= point[i] && point[i] <= near.max[i]);
        let open = self.open.iter().filter(|(anchor, ..)| is_reached(*anchor));
        cells.extend(open.map(|&(_, source, cell)| (source, cell)));
        let is_known = blocks.is_empty() && cells.is_empty();
        self.asked.extend(blocks);
        self.wanting.extend(cells);
        if is_known && self.known.is_none_or(|known| rect.intersection(known) == known) {
            self.known = Some(rect);
        }
        is_known
    }

    /// What has been asked for and is not gathered yet; from now on it counts as gathered. What has been missing till
    /// then may turn out not to matter.
    pub fn take_asked(&mut self) -> BTreeSet<Point> {
        self.wanting.clear();
        let asked = std::mem::take(&mut self.asked);
        self.gathered.extend(asked.iter().copied());
        asked
    }

    pub fn has_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The cells that are not there, with the names of their sources.
    pub fn wanting(self) -> Vec<(String, TileId)> {
        let name = |i: usize| self.sources[i].name.to_string();
        self.wanting.iter().map(|&(source, cell)| (name(source), cell)).collect()
    }

    /// The cells of a source that blocks lie in, as far as they are there, each with the rectangle around those blocks.
    pub fn cells(&self, source: &str, blocks: &BTreeSet<Point>) -> Vec<(Cell<'t>, Rect)> {
        let Some(source) = self.sources.iter().find(|known| known.name == source) else { return Vec::new() };
        let rects: Vec<Rect> = blocks.iter().map(|&block| self.block(block)).collect();
        let Some(whole) = rects.iter().copied().reduce(Rect::union) else { return Vec::new() };
        let found = self.squares(source, whole).filter_map(|square| {
            let placement = self.placement(source, square)?;
            let inside = rects.iter().copied().filter(|&block| block.meets(placement.cell)).reduce(Rect::union)?;
            Some((Cell { square, placement }, inside.intersection(placement.cell)))
        });
        found.collect()
    }

    /// A cell, none where there is nothing; an error where that is not known.
    pub fn cell(&self, source: &str, square: Square) -> Result<Option<Cell<'t>>, NotThere> {
        let Some(source) = self.sources.iter().find(|known| known.name == source) else { return Ok(None) };
        if !source.tiles.cells.contains_key(&square.tile) {
            return Err(NotThere);
        }
        Ok(self.placement(source, square).map(|placement| Cell { square, placement }))
    }

    /// Notes that a symbol, its anchor in the picture, depends on a cell that is not there.
    pub fn leave_open(&mut self, anchor: Point, source: &str, cell: TileId) {
        let found = self.sources.iter().position(|known| known.name == source);
        self.open.extend(found.map(|source| (anchor, source, cell)));
        self.known = None;
    }

    /// The block that holds a point of the map.
    pub fn block_of(&self, point: Point) -> Point {
        [0, 1].map(|i| (point[i] + self.corner(i)).div_euclid(self.side))
    }

    /// The blocks that a rectangle of the map touches, as one rectangle.
    pub fn blocks_around(&self, rect: Rect) -> Rect {
        self.block(self.block_of(rect.min)).union(self.block(self.block_of(rect.max)))
    }

    /// Where the viewport's corner lies in the world, in scene units.
    fn corner(&self, axis: usize) -> i64 {
        [self.viewport.left, self.viewport.top][axis] * UNITS
    }

    fn block(&self, block: Point) -> Rect {
        let min = [0, 1].map(|i| block[i] * self.side - self.corner(i));
        Rect { min, max: min.map(|c| c + self.side) }
    }

    fn rect(&self, square: Square) -> Rect {
        let [left, top, right, bottom] = self.viewport.rect(square);
        Rect { min: [left, top], max: [right, bottom] }
    }

    fn placement(&self, source: &Source<'t>, square: Square) -> Option<Placement<'t>> {
        let Some((id, TileData::Vector(tile))) = source.tiles.cells.get(&square.tile)?.as_ref() else { return None };
        Some(Placement::new(tile, *id, self.rect(square), self.rect(Square { tile: *id, ..square })))
    }

    /// The cells of a source, there or not, that touch a rectangle of the map, by rows.
    fn squares(&self, source: &Source, rect: Rect) -> impl Iterator<Item = Square> {
        let (z, side) = (source.z, self.viewport.world() / (1u64 << source.z) as f64);
        // Edges are rounded: those on the other side of one may be meant.
        let all = span(rect.grown(1), |c, i| ((c + self.corner(i)) as f64 / side).floor() as i64);
        let square = all.filter_map(move |[x, y]| {
            let tile = TileId::new(z, x.rem_euclid(1 << z) as u32, u32::try_from(y).ok()?)?;
            Some(Square { tile, world: x.div_euclid(1 << z) })
        });
        let found: Vec<Square> = square.filter(|&square| self.rect(square).meets(rect)).collect();
        found.into_iter()
    }

    /// The rectangle around one of the picture, on the map before it is turned.
    fn on_map(&self, rect: Rect) -> Rect {
        self.viewport.turn.map_or(rect, |turn| around(rect, |corner| turn.on_map(corner)))
    }

    fn in_picture(&self, rect: Rect) -> Rect {
        self.viewport.turn.map_or(rect, |turn| around(rect, |corner| turn.in_picture(corner)))
    }
}

/// The rectangle around one whose corners are moved.
fn around(Rect { min, max }: Rect, moved: impl Fn([f64; 2]) -> [f64; 2]) -> Rect {
    let corners = [[min[0], min[1]], [max[0], min[1]], [min[0], max[1]], [max[0], max[1]]];
    let corners = corners.map(|corner| moved(corner.map(|c| c as f64 / UNITS as f64)).map(|c| c * UNITS as f64));
    let edge = |i: usize, of: fn(f64, f64) -> f64| corners.iter().map(|c| c[i]).reduce(of).unwrap_or_default();
    Rect { min: [0, 1].map(|i| edge(i, f64::min).floor() as i64), max: [0, 1].map(|i| edge(i, f64::max).ceil() as i64) }
}

/// All places of a grid that a rectangle goes over, by rows.
fn span(rect: Rect, place: impl Fn(i64, usize) -> i64) -> impl Iterator<Item = Point> {
    let range = |i: usize| place(rect.min[i], i)..=place(rect.max[i], i);
    let (columns, rows) = (range(0), range(1));
    rows.flat_map(move |y| columns.clone().map(move |x| [x, y]))
}
