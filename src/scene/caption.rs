//! Text in a corner of the picture, over everything: who is to be credited.

use super::UNITS;
use super::path::{Path, Point};
use crate::style::color::Color;
use crate::text;
use crate::viewport::Viewport;

/// The em, in CSS pixels; and what is free around the text, of the em.
const SIZE: f64 = 11.0;
const PADDING: f64 = 0.36;

const INK: Color = Color { r: 0.2, g: 0.2, b: 0.2, a: 1.0 };
const GROUND: Color = Color { r: 1.0, g: 1.0, b: 1.0, a: 0.75 };

/// A line of text on a ground of its own, upright however the scene is turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    pub text: String,
    pub color: Color,
    pub ground_color: Color,
    /// In output pixels: left, top, right, bottom.
    pub ground: [i64; 4],
    /// Each letter's outline once, from where it begins on the baseline.
    pub outlines: Vec<Path>,
    /// The letters: which outline, and where, in scene units.
    pub letters: Vec<(usize, [i32; 2])>,
}

/// The text at the bottom right of a viewport; as much smaller as it takes to fit. None where nothing of it can be
/// written.
pub fn caption(html: &str, viewport: &Viewport) -> Option<Caption> {
    let wanted = SIZE * f64::from(viewport.scale);
    let plain = text::plain(html);
    let needed = |line: &text::Line, size: f64| f64::from(line.width) / UNITS as f64 + 2.0 * PADDING * size;
    let at_size = needed(&text::line(&plain, wanted), wanted);
    let size = wanted * (f64::from(viewport.width) / at_size).min(1.0);
    let line = text::line(&plain, size);
    if line.letters.is_empty() {
        return None;
    }
    let (right, bottom) = (i64::from(viewport.width), i64::from(viewport.height));
    let width = needed(&line, size).ceil() as i64;
    let height = (f64::from(line.ascent + line.descent) / UNITS as f64).ceil() as i64;
    let ground = [(right - width).max(0), (bottom - height).max(0), right, bottom];
    let start: Point =
        [ground[0] * UNITS + (PADDING * size * UNITS as f64).round() as i64, bottom * UNITS - i64::from(line.descent)];
    let letters = line.letters.iter().map(|&(outline, x)| (outline, [start[0] as i32 + x, start[1] as i32]));
    Some(Caption {
        text: line.text,
        color: INK,
        ground_color: GROUND,
        ground,
        letters: letters.collect(),
        outlines: line.outlines.iter().map(|rings| Path::of_rings(rings)).collect(),
    })
}

impl Caption {
    /// The same as seen from another corner, in output pixels from the one that it was made for.
    pub fn from_corner(&self, left: u32, top: u32) -> Caption {
        let by = [i64::from(left), i64::from(top)];
        let ground = [0, 1, 2, 3].map(|i| self.ground[i] - by[i % 2]);
        let moved = |[x, y]: [i32; 2]| [x - (by[0] * UNITS) as i32, y - (by[1] * UNITS) as i32];
        let letters = self.letters.iter().map(|&(outline, at)| (outline, moved(at))).collect();
        Caption { ground, letters, ..self.clone() }
    }
}
