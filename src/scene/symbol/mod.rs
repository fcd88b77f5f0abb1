//! Symbols: icons and texts, at points and along lines.
//!
//! The walk: each tile that can reach into the picture gives its symbols, one [`Node`] an anchor, each with the places
//! where it could go (`candidates`); [`decide`](decide::decide) finds which of them go where; those that are seen
//! become [`Symbols`], layer by layer. Who goes where follows from the world alone, never from the viewport, so that a
//! label over the edge of a tile is there on both sides.

mod decide;

use crate::scene::ImageId;
use crate::style::color::Color;
use crate::text::{FontId, Outline};
use std::ops::Range;
use std::sync::Arc;

/// Icons under texts; a halo lies under the letters of all texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Symbols {
    pub icons: Vec<Icon>,
    pub texts: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Icon {
    /// Of the image in the style.
    pub name: Arc<str>,
    pub image: ImageId,
    pub pose: Pose,
    pub opacity: f64,
}

/// Where an image's pixels go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pose {
    /// One for one, the top left one in output pixels.
    Upright([i64; 2]),
    /// From the image's pixels to output pixels: `x' = ax + cy + e`, `y' = bx + dy + f`.
    Turned([f64; 6]),
}

/// A text as glyphs.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What it says, lines parted by `\n`.
    pub content: String,
    /// In the order in which they are drawn.
    pub runs: Vec<GlyphRun>,
    pub halo: Option<Halo>,
}

/// Glyphs of one line, font, size and colour.
#[derive(Clone, Debug, PartialEq)]
pub struct GlyphRun {
    pub font: FontId,
    /// The em, in output pixels.
    pub size: f64,
    pub color: Color,
    /// The bytes of the text that it shows.
    pub content: Range<usize>,
    pub glyphs: Vec<Glyph>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    /// Which of the scene's outlines; in units of the font, y up.
    pub outline: usize,
    /// Where the outline's origin is, in scene units.
    pub at: [i32; 2],
    /// How far it is turned clockwise about its origin, in 1/4096 of a whole turn.
    pub turn: u16,
}

/// What lies around the letters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halo {
    pub color: Color,
    /// From the outline outwards, in output pixels.
    pub width: f64,
    /// How far it fades to either side of its edge, in output pixels, as MapLibre's `text-halo-blur` does.
    pub blur: f64,
}

/// The outlines of a scene's glyphs, each once.
pub type Outlines = Vec<Arc<Outline>>;
