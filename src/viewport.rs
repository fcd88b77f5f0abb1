//! What is drawn: a rectangle of whole output pixels of the world at one zoom and pixel ratio, and the source tiles
//! it needs.
//!
//! At MapLibre zoom `m` the world is 512 · 2^m CSS pixels wide, and times the pixel ratio in output pixels. A tile is
//! one viewport; nothing that draws knows that it is one.

use crate::limits;
use crate::tile::TileId;

/// A rectangle of the world, in output pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Viewport {
    /// MapLibre zoom; -1 is the whole world in 256 CSS pixels.
    pub zoom: i8,
    /// Output pixels for each CSS pixel.
    pub scale: u8,
    /// The world's output pixel at the left edge.
    pub left: i64,
    /// The world's output pixel at the top edge.
    pub top: i64,
    pub width: u32,
    pub height: u32,
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
        let zoom = if size == 256 { tile.z() as i8 - 1 } else { tile.z() as i8 };
        let side = size * u32::from(scale);
        Viewport {
            zoom,
            scale,
            left: i64::from(tile.x()) * i64::from(side),
            top: i64::from(tile.y()) * i64::from(side),
            width: side,
            height: side,
        }
    }

    /// The zoom at which styles are evaluated: below zero is evaluated as zero.
    pub fn style_zoom(&self) -> f64 {
        f64::from(self.zoom.max(0))
    }

    /// The zoom of the tile grid whose squares are drawn from a source of this class.
    pub fn grid_zoom(&self, class: SizeClass) -> u8 {
        (self.zoom + class.zoom_offset()).clamp(0, limits::ZOOM as i8) as u8
    }

    /// The side in output pixels of a square of the grid.
    pub fn square_side(&self, class: SizeClass) -> i64 {
        let world = (256 * i64::from(self.scale)) << (self.zoom + 1);
        world >> self.grid_zoom(class)
    }

    /// The squares of the grid that the viewport touches, by rows.
    pub fn squares(&self, class: SizeClass) -> Vec<TileId> {
        let side = self.square_side(class);
        let z = self.grid_zoom(class);
        let (right, bottom) = (self.left + i64::from(self.width), self.top + i64::from(self.height));
        let columns = self.left.div_euclid(side)..=(right - 1).div_euclid(side);
        let rows = self.top.div_euclid(side)..=(bottom - 1).div_euclid(side);
        rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
            .filter_map(|(x, y)| TileId::new(z, x.rem_euclid(1 << z) as u32, u32::try_from(y).ok()?))
            .collect()
    }

    /// The offset in output pixels of a square's top left corner from the viewport's.
    pub fn offset(&self, square: TileId, class: SizeClass) -> (i64, i64) {
        let side = self.square_side(class);
        (i64::from(square.x()) * side - self.left, i64::from(square.y()) * side - self.top)
    }

    /// The neighbours of `square` whose shared edge lies within `margin` output pixels of what is asked for.
    pub fn neighbours(&self, square: TileId, class: SizeClass, margin: f64) -> Vec<(i8, i8)> {
        let side = self.square_side(class);
        let (x, y) = self.offset(square, class);
        let margin = margin.ceil() as i64;
        // The part of the square that is asked for, from its own corner.
        let (left, top) = ((-x).max(0), (-y).max(0));
        let (right, bottom) = ((i64::from(self.width) - x).min(side), (i64::from(self.height) - y).min(side));
        let near = |d: i8, low: i64, high: i64| match d {
            -1 => low < margin,
            1 => side - high < margin,
            _ => true,
        };
        let mut found = Vec::new();
        for dy in -1..=1 {
            for dx in -1..=1 {
                if (dx, dy) != (0, 0) && near(dx, left, right) && near(dy, top, bottom) {
                    found.push((dx, dy));
                }
            }
        }
        found
    }
}
