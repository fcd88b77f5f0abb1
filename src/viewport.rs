//! What is drawn: a rectangle of whole output pixels of the world at one zoom and pixel ratio, turned or not, and the
//! source tiles it needs.
//!
//! At MapLibre zoom `m` the world is 512 · 2^m CSS pixels wide, and times the pixel ratio in output pixels. A tile is
//! one viewport, a static image another; nothing that draws knows which it is.

use crate::limits;
use crate::tile::{self, TileId};

/// Scene units in one output pixel.
pub const UNITS: i64 = 256;

/// A rectangle of the world, in output pixels.
///
/// Positions in a viewport are those before it is turned: right is east, and the origin is the top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// MapLibre zoom; -1 is the whole world in 256 CSS pixels.
    pub zoom: f64,
    /// Output pixels for each CSS pixel.
    pub scale: u8,
    /// The world's output pixel at the left edge. The world repeats in the west and in the east.
    pub left: i64,
    /// The world's output pixel at the top edge.
    pub top: i64,
    pub width: u32,
    pub height: u32,
    /// None where north is up.
    pub turn: Option<Turn>,
}

/// How a picture is turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// What is up, in degrees clockwise from north, as MapLibre's bearing: the map turns the other way.
    pub bearing: f64,
    /// What stays in its place, in output pixels.
    pub pivot: [f64; 2],
}

/// A square of a source's grid, in one of the copies of the world that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Square {
    pub tile: TileId,
    /// 0 is the copy that positions are counted from, 1 the next in the east.
    pub world: i64,
}

impl Square {
    /// The square `dx` columns to the east and `dy` rows to the south; none beyond the poles.
    pub fn neighbour(self, dx: i32, dy: i32) -> Option<Square> {
        let x = i64::from(self.tile.x()) + i64::from(dx);
        let world = self.world + x.div_euclid(1 << self.tile.z());
        Some(Square { tile: self.tile.neighbour(dx, dy)?, world })
    }
}

impl Turn {
    /// Where a position of the picture lies on the map before it is turned.
    pub fn on_map(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        self.rotated([x, y], self.bearing)
    }

    /// Where a position on the map comes to lie in the picture.
    pub fn in_picture(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        self.rotated([x, y], -self.bearing)
    }

    /// A position turned clockwise about the pivot.
    fn rotated(&self, [x, y]: [f64; 2], degrees: f64) -> [f64; 2] {
        let ([px, py], (sin, cos)) = (self.pivot, degrees.to_radians().sin_cos());
        let (dx, dy) = (x - px, y - py);
        [px + dx * cos - dy * sin, py + dx * sin + dy * cos]
    }
}

/// How much ground one source tile shows: a tile of class 512 at `z` holds the data of MapLibre zoom `z`, one of class
/// 256 of zoom `z - 1`, one of class 1024 of zoom `z + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SizeClass {
    C256,
    C512,
    C1024,
}

impl SizeClass {
    /// CSS pixels of a side of a source tile at the zoom that it is made for.
    pub fn pixels(self) -> u32 {
        match self {
            SizeClass::C256 => 256,
            SizeClass::C512 => 512,
            SizeClass::C1024 => 1024,
        }
    }

    fn zoom_offset(self) -> i8 {
        match self {
            SizeClass::C256 => 1,
            SizeClass::C512 => 0,
            SizeClass::C1024 => -1,
        }
    }
}

impl std::str::FromStr for SizeClass {
    type Err = String;

    fn from_str(text: &str) -> Result<SizeClass, String> {
        match text {
            "256" => Ok(SizeClass::C256),
            "512" => Ok(SizeClass::C512),
            "1024" => Ok(SizeClass::C1024),
            _ => Err(format!("{text:?} is not a tile size class; 256, 512 and 1024 are")),
        }
    }
}

impl Viewport {
    /// The viewport of a tile of `size` CSS pixels (256 or 512).
    pub fn of_tile(tile: TileId, size: u32, scale: u8) -> Viewport {
        let zoom = if size == 256 { f64::from(tile.z()) - 1.0 } else { f64::from(tile.z()) };
        let side = size * u32::from(scale);
        Viewport {
            zoom,
            scale,
            left: i64::from(tile.x()) * i64::from(side),
            top: i64::from(tile.y()) * i64::from(side),
            width: side,
            height: side,
            turn: None,
        }
    }

    /// The viewport of `size` CSS pixels around a longitude and latitude, its edges on whole pixels; `bearing` in
    /// degrees, as [`Turn`] has it.
    pub fn around([lon, lat]: [f64; 2], zoom: f64, bearing: f64, size: [u32; 2], scale: u8) -> Viewport {
        let [width, height] = size.map(|side| side * u32::from(scale));
        let mut viewport = Viewport { zoom, scale, left: 0, top: 0, width, height, turn: None };
        let (u, v) = tile::world_of(lon, lat);
        let [x, y] = [u, v].map(|share| share * viewport.world() / UNITS as f64);
        viewport.left = (x - f64::from(width) / 2.0).round() as i64;
        viewport.top = (y - f64::from(height) / 2.0).round() as i64;
        let bearing = bearing.rem_euclid(360.0);
        let pivot = [f64::from(width) / 2.0, f64::from(height) / 2.0];
        viewport.turn = (bearing != 0.0).then_some(Turn { bearing, pivot });
        viewport
    }

    /// The viewport of `size` CSS pixels with west, south, east and north in its middle at the largest zoom at which
    /// they fit. Where west is greater than east, they go over the antimeridian. None of a single point, which fits at
    /// every zoom.
    pub fn fitting([west, south, east, north]: [f64; 4], size: [u32; 2], scale: u8) -> Option<Viewport> {
        let east = if east < west { east + 360.0 } else { east };
        let ((left, top), (right, bottom)) = (tile::world_of(west, north), tile::world_of(east, south));
        let room = |pixels: u32, share: f64| if share > 0.0 { f64::from(pixels) / (512.0 * share) } else { f64::MAX };
        let fits = room(size[0], right - left).min(room(size[1], bottom - top));
        let (lon, lat) = tile::lon_lat_of((left + right) / 2.0, (top + bottom) / 2.0);
        (fits < f64::MAX).then(|| Viewport::around([lon, lat], fits.log2(), 0.0, size, scale))
    }

    /// A rectangle of the picture as a viewport of its own.
    pub fn part(&self, left: u32, top: u32, width: u32, height: u32) -> Viewport {
        let shift = [f64::from(left), f64::from(top)];
        let turn = self.turn.map(|turn| Turn { pivot: [0, 1].map(|i| turn.pivot[i] - shift[i]), ..turn });
        let (left, top) = (self.left + i64::from(left), self.top + i64::from(top));
        Viewport { left, top, width, height, turn, ..*self }
    }

    /// What lands in this viewport when the world is moved by whole output pixels: the viewport moved the other way.
    pub fn of_moved(&self, [right, down]: [i64; 2]) -> Viewport {
        Viewport { left: self.left - right, top: self.top - down, ..*self }
    }

    /// The zoom at which paint and the zooms of layers are evaluated: below zero is evaluated as zero.
    pub fn style_zoom(&self) -> f64 {
        self.zoom.max(0.0)
    }

    /// The zoom of the tiles that are drawn, at which filters and layout are evaluated.
    pub fn tile_zoom(&self) -> f64 {
        self.style_zoom().floor()
    }

    /// The longitude and latitude of a position in scene units.
    pub fn lon_lat(&self, [x, y]: [i64; 2]) -> (f64, f64) {
        let share = |corner: i64, at: i64| (corner * UNITS + at) as f64 / self.world();
        tile::lon_lat_of(share(self.left, x), share(self.top, y))
    }

    /// The longitude and latitude of the middle.
    pub fn center(&self) -> (f64, f64) {
        let [x, y] = [self.width, self.height].map(|side| f64::from(side) / 2.0);
        let [x, y] = self.turn.map_or([x, y], |turn| turn.on_map([x, y]));
        self.lon_lat([x, y].map(|c| (c * UNITS as f64).round() as i64))
    }

    /// Whether squares end between pixels. At whole zooms they do; else, and where the picture is turned, each pixel
    /// belongs to the square that holds its middle.
    pub fn is_on_pixels(&self) -> bool {
        self.zoom.fract() == 0.0 && self.turn.is_none()
    }

    /// What is seen of the map before it is turned, in output pixels: left, top, right, bottom.
    pub fn seen(&self) -> [i64; 4] {
        seen(self.width, self.height, self.turn)
    }

    /// The zoom of the tile grid whose squares are drawn from a source of this class.
    pub fn grid_zoom(&self, class: SizeClass) -> u8 {
        (self.zoom.floor() as i32 + i32::from(class.zoom_offset())).clamp(0, limits::ZOOM.into()) as u8
    }

    /// The side of the world in scene units.
    pub fn world(&self) -> f64 {
        // Powers of two are exact, so that whole zooms are.
        let whole = self.zoom.floor();
        f64::from(self.scale) * (512 * UNITS) as f64 * 2f64.powi(whole as i32) * (self.zoom - whole).exp2()
    }

    /// The rectangle of a tile, of any zoom, in scene units: left, top, right, bottom. Tiles that share an edge, also
    /// those of different zooms, have the same coordinate there.
    pub fn rect(&self, square: Square) -> [i64; 4] {
        let Square { tile, world } = square;
        let side = self.world() / (1u64 << tile.z()) as f64;
        let edge = |i: i64, corner: i64| (i as f64 * side).round() as i64 - corner * UNITS;
        let (x, y) = (i64::from(tile.x()) + (world << tile.z()), i64::from(tile.y()));
        [edge(x, self.left), edge(y, self.top), edge(x + 1, self.left), edge(y + 1, self.top)]
    }

    /// The output pixels of a square: those whose middle it holds.
    pub fn pixels(&self, square: Square) -> [i64; 4] {
        self.rect(square).map(|edge| (edge + UNITS / 2 - 1).div_euclid(UNITS))
    }

    /// The squares of the grid that the viewport touches, by rows.
    pub fn squares(&self, class: SizeClass) -> Vec<Square> {
        let z = self.grid_zoom(class);
        let (seen, side) = (self.seen(), self.world() / (1u64 << z) as f64);
        // One more at each end, because of pixels that a square holds the middle of and no more.
        let span = |corner: i64, low: i64, high: i64| {
            let at = |pixel: i64| ((corner + pixel) as f64 * UNITS as f64 / side).floor() as i64;
            at(low) - 1..=at(high) + 1
        };
        let (columns, rows) = (span(self.left, seen[0], seen[2]), span(self.top, seen[1], seen[3]));
        let square = |(x, y): (i64, i64)| {
            let tile = TileId::new(z, x.rem_euclid(1 << z) as u32, u32::try_from(y).ok()?)?;
            Some(Square { tile, world: x.div_euclid(1 << z) })
        };
        let all = rows.flat_map(|y| columns.clone().map(move |x| (x, y))).filter_map(square);
        all.filter(|&square| self.sees(self.pixels(square), seen)).collect()
    }

    /// Whether a rectangle of pixels before the turn is in the picture.
    fn sees(&self, rect: [i64; 4], seen: [i64; 4]) -> bool {
        let [left, top, right, bottom] = rect;
        if left >= right.min(seen[2]) || top >= bottom.min(seen[3]) || right <= seen[0] || bottom <= seen[1] {
            return false;
        }
        let Some(turn) = self.turn else { return true };
        // The other two of the four axes that can part two rectangles.
        let corners = [[left, top], [right, top], [left, bottom], [right, bottom]];
        let corners = corners.map(|corner| turn.in_picture(corner.map(|c| c as f64)));
        let within = |i: usize, side: u32| {
            corners.iter().any(|c| c[i] > -1.0) && corners.iter().any(|c| c[i] < f64::from(side) + 1.0)
        };
        within(0, self.width) && within(1, self.height)
    }

    /// The neighbours of `square` whose shared edge lies within `margin` output pixels of what is asked for.
    pub fn neighbours(&self, square: Square, margin: f64) -> Vec<(i8, i8)> {
        let (rect, seen) = (self.rect(square), self.seen());
        let margin = margin.ceil() as i64 * UNITS;
        // The part of the square that is asked for.
        let low = |i: usize| rect[i].max(seen[i] * UNITS);
        let high = |i: usize| rect[i + 2].min(seen[i + 2] * UNITS);
        let near = |d: i8, i: usize| match d {
            -1 => low(i) - rect[i] < margin,
            1 => rect[i + 2] - high(i) < margin,
            _ => true,
        };
        let mut found = Vec::new();
        for dy in -1..=1 {
            for dx in -1..=1 {
                if (dx, dy) != (0, 0) && near(dx, 0) && near(dy, 1) {
                    found.push((dx, dy));
                }
            }
        }
        found
    }
}

/// What is seen of the map before it is turned in a picture of so many output pixels: left, top, right, bottom.
pub fn seen(width: u32, height: u32, turn: Option<Turn>) -> [i64; 4] {
    let Some(turn) = turn else { return [0, 0, width.into(), height.into()] };
    let (right, bottom) = (f64::from(width), f64::from(height));
    let corners = [[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]].map(|corner| turn.on_map(corner));
    let low = |i: usize| corners.iter().map(|c| c[i]).fold(f64::INFINITY, f64::min).floor() as i64;
    let high = |i: usize| corners.iter().map(|c| c[i]).fold(f64::NEG_INFINITY, f64::max).ceil() as i64;
    [low(0), low(1), high(0), high(1)]
}
