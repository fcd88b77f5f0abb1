//! One square with the source tiles that reach into it.
//!
//! The source's own division of the world are its *cells*: the grid's tiles, and above the source's maxzoom the
//! ancestors there. A cell is drawn from its own tile, or, in a sparse source, from the nearest ancestor there is; then
//! the ancestor's geometry is cut to the cell, so that every cell looks alike.

use super::path::{Point, Rect, UNITS};
use crate::bitmap::Bitmap;
use crate::mvt;
use crate::style::Layer;
use crate::tile::TileId;
use crate::value::{Attributes, GeometryKind, Property, TileGeometry};
use crate::viewport::{SizeClass, Square, Viewport};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The cells of one source that a viewport consults, each with the tile that it is drawn from, or none where the source
/// has nothing.
pub struct SourceTiles {
    pub class: SizeClass,
    /// The source's maxzoom: the zoom of its deepest cells.
    pub maxzoom: u8,
    pub cells: HashMap<TileId, Option<(TileId, TileData)>>,
}

/// What a source's tile holds.
#[derive(Clone)]
pub enum TileData {
    Vector(Arc<mvt::Tile>),
    Raster(Arc<Bitmap>),
}

impl From<Arc<mvt::Tile>> for TileData {
    fn from(tile: Arc<mvt::Tile>) -> TileData {
        TileData::Vector(tile)
    }
}

/// The tiles of each source of a style, by the source's name.
pub type Tiles = BTreeMap<String, SourceTiles>;

/// The cell that a tile of the grid lies in.
pub fn cell(grid: TileId, maxzoom: u8) -> TileId {
    grid.ancestor(maxzoom)
}

/// The cells that drawing a viewport may consult: those of its squares first, then the neighbours within `margin`
/// output pixels; and how many of them are its squares' own.
pub fn cells(viewport: &Viewport, class: SizeClass, maxzoom: u8, margin: f64) -> (Vec<TileId>, usize) {
    let squares = viewport.squares(class);
    let mut found: Vec<TileId> = Vec::new();
    let mut known: HashSet<TileId> = HashSet::new();
    let mut add = |square: Square| {
        let cell = cell(square.tile, maxzoom);
        if known.insert(cell) {
            found.push(cell);
        }
        found.len()
    };
    let mut own = 0;
    for &square in &squares {
        own = add(square);
    }
    for &square in &squares {
        for (dx, dy) in viewport.neighbours(square, margin) {
            square.neighbour(dx.into(), dy.into()).map(&mut add);
        }
    }
    (found, own)
}

/// A square while it is drawn. Coordinates are scene units from its top left corner.
pub struct Canvas<'a> {
    pub viewport: &'a Viewport,
    /// The zoom at which paint is evaluated.
    pub zoom: f64,
    /// The zoom at which filters and layout are evaluated.
    pub tile_zoom: f64,
    /// From the square's corner to the viewport's coordinates, in scene units.
    pub offset: Point,
    /// The part of the square that is asked for.
    pub asked: Rect,
    /// The source's tiles: the square's own first (none where it is absent), then those around it.
    pub own: Option<Placement<'a>>,
    pub around: Vec<Placement<'a>>,
    /// How far everything is moved within the square, in scene units: less than a pixel.
    pub shift: Point,
    clip: [i64; 4],
}

/// A source tile laid out around a square.
#[derive(Clone, Copy)]
pub struct Placement<'a> {
    pub tile: &'a mvt::Tile,
    id: TileId,
    /// What the tile is drawn for.
    pub cell: Rect,
    /// The tile's own rectangle, larger than the cell where the tile stands in for one that is not there.
    pub whole: Rect,
}

impl<'a> Canvas<'a> {
    pub fn new(viewport: &'a Viewport, square: Square, tiles: &'a SourceTiles) -> Canvas<'a> {
        let [x, y, ..] = viewport.rect(square);
        let (clip, seen) = (viewport.pixels(square), viewport.seen());
        let asked = Rect {
            min: [clip[0].max(seen[0]) * UNITS - x, clip[1].max(seen[1]) * UNITS - y],
            max: [clip[2].min(seen[2]) * UNITS - x, clip[3].min(seen[3]) * UNITS - y],
        };
        let place = |dx: i32, dy: i32| {
            let Square { tile: grid, world } = square.neighbour(dx, dy)?;
            let cell = cell(grid, tiles.maxzoom);
            let Some((data, TileData::Vector(tile))) = tiles.cells.get(&cell)?.as_ref() else { return None };
            let rect = |tile: TileId| {
                let [left, top, right, bottom] = viewport.rect(Square { tile, world });
                Rect { min: [left - x, top - y], max: [right - x, bottom - y] }
            };
            Some(Placement { tile, id: *data, cell: rect(cell), whole: rect(*data) })
        };
        let own = place(0, 0);
        let mut around: Vec<Placement> = Vec::new();
        // Those that share a side first: a line over a corner is drawn where it is seen from here, whether what lies
        // beyond the corner is known or not.
        for (dx, dy) in [(0, -1), (-1, 0), (1, 0), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)] {
            // By rectangle, not by address: a small world is its own neighbour, to the east and to the west.
            if let Some(new) = place(dx, dy)
                && !own.iter().chain(&around).any(|known| known.cell == new.cell)
            {
                around.push(new);
            }
        }
        let (zoom, tile_zoom) = (viewport.style_zoom(), viewport.tile_zoom());
        Canvas { viewport, zoom, tile_zoom, offset: [x, y], asked, own, around, shift: [0, 0], clip }
    }

    /// The square with everything in it moved by less than a pixel. What it is clipped to stays: a pixel belongs to the
    /// square that holds its middle.
    pub fn shifted(mut self, by: Point) -> Canvas<'a> {
        self.offset = [0, 1].map(|i| self.offset[i] + by[i]);
        if by != [0, 0] {
            self.asked = self.asked.grown(UNITS);
        }
        self.shift = by;
        self
    }

    /// In output pixels: left, top, right, bottom.
    pub fn clip(&self) -> [i64; 4] {
        self.clip
    }
}

/// How far the layer reaches out of geometries, in scene units.
pub fn reach(layer: &Layer, viewport: &Viewport) -> i64 {
    (layer.reach(viewport.style_zoom()) * f64::from(viewport.scale)).ceil() as i64 * UNITS
}

impl<'t> Placement<'t> {
    pub fn new(tile: &'t mvt::Tile, id: TileId, cell: Rect, whole: Rect) -> Placement<'t> {
        Placement { tile, id, cell, whole }
    }

    /// A feature of this tile, for styles that ask where it is.
    pub fn located<'f>(&self, feature: mvt::Feature<'f>, extent: u32) -> Located<'f> {
        Located { feature, tile: self.id, extent }
    }

    /// Tile units to scene units for a layer's extent.
    pub fn projection(&self, extent: u32) -> Projection {
        let side = [0, 1].map(|i| self.whole.max[i] - self.whole.min[i]);
        let extent = i64::from(extent);
        let factor = (side[0] == side[1] && side[0] % extent == 0).then(|| side[0] / extent);
        Projection { origin: self.whole.min, side, extent, factor }
    }
}

/// A feature with its place in the world.
pub struct Located<'a> {
    pub feature: mvt::Feature<'a>,
    pub tile: TileId,
    pub extent: u32,
}

impl Attributes for Located<'_> {
    fn kind(&self) -> GeometryKind {
        self.feature.kind()
    }

    fn id(&self) -> Option<u64> {
        self.feature.id()
    }

    fn property(&self, name: &str) -> Option<&Property> {
        self.feature.property(name)
    }

    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_> {
        self.feature.properties()
    }

    fn geometry(&self) -> Option<TileGeometry> {
        let unit = TileGeometry::EXTENT / f64::from(self.extent);
        let part = |part: mvt::Part| {
            let mut points: Vec<[f64; 2]> = part.vertices().map(|p| p.map(|c| (f64::from(c) * unit).round())).collect();
            if self.feature.kind() == GeometryKind::Polygon {
                points.extend(points.first().copied());
            }
            points
        };
        let parts = self.feature.parts().map(part).collect();
        Some(TileGeometry { z: self.tile.z(), x: self.tile.x(), y: self.tile.y(), parts })
    }
}

/// Tile units to scene units: exact where the side is a multiple of the extent, which it is at whole zooms for the
/// usual extents, else rounded on a grid that is fixed to the tile.
#[derive(Clone, Copy)]
pub struct Projection {
    origin: Point,
    /// Of the width and of the height, which differ by rounding.
    side: [i64; 2],
    extent: i64,
    factor: Option<i64>,
}

impl Projection {
    pub fn point(&self, [x, y]: [i32; 2]) -> Point {
        [self.origin[0] + self.length(0, x), self.origin[1] + self.length(1, y)]
    }

    fn length(&self, axis: usize, units: i32) -> i64 {
        match self.factor {
            Some(factor) => i64::from(units) * factor,
            None => {
                let (side, extent) = (i128::from(self.side[axis]), i128::from(self.extent));
                (2 * i128::from(units) * side + extent).div_euclid(2 * extent) as i64
            }
        }
    }

    /// The rectangle of a feature's bounds.
    pub fn rect(&self, [west, north, east, south]: [i32; 4]) -> Rect {
        Rect { min: self.point([west, north]), max: self.point([east, south]) }
    }

    /// The tile units, west, north, east and south, whose points lie within a rectangle: bounds have something in common
    /// with these exactly if their [`rect`](Projection::rect) touches it.
    pub fn units(&self, rect: Rect) -> [i32; 4] {
        let about = |axis: usize, length: i64| {
            (i128::from(length) * i128::from(self.extent)).div_euclid(self.side[axis].into()) as i64
        };
        let clamped = |units: i64| units.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        // From a little outside, inwards.
        let first = |axis: usize| {
            let bound = rect.min[axis] - self.origin[axis];
            let from = about(axis, bound - 1) - 1;
            (from..).map(clamped).find(|&units| units == i32::MAX || self.length(axis, units) >= bound)
        };
        let last = |axis: usize| {
            let bound = rect.max[axis] - self.origin[axis];
            let from = about(axis, bound + 1) + 1;
            (0..).map(|i| clamped(from - i)).find(|&units| units == i32::MIN || self.length(axis, units) <= bound)
        };
        let [west, north] = [0, 1].map(|axis| first(axis).unwrap_or(i32::MAX));
        let [east, south] = [0, 1].map(|axis| last(axis).unwrap_or(i32::MIN));
        [west, north, east, south]
    }

    /// How far apart the ends of one line may lie in two tiles: two units of this tile's.
    pub fn tolerance(&self) -> i64 {
        2 * self.side[0].max(self.side[1]) / self.extent + 1
    }
}
