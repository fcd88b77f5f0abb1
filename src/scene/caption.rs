//! Text in a corner of the picture, over everything: who is to be credited.

use super::UNITS;
use super::path::Path;
use crate::style::color::Color;
use crate::text::{self, FontId, Fonts, Paragraph};
use crate::viewport::Viewport;

/// The em, in CSS pixels; and what is free around the text, of the em.
const SIZE: f64 = 11.0;
const PADDING: f64 = 0.36;

/// How far a flattened curve may be off, in scene units.
const FLATNESS: f64 = UNITS as f64 / 32.0;

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
    let fonts = Fonts::bundled();
    let stack = fonts.stack(["Noto Sans Regular"]);
    let extent = fonts.extent(stack.fonts()[0]);
    let shaped = text::shape(&fonts, &Paragraph::line(text::plain(html), stack));
    let line = shaped.lines.first()?;
    let ems = line.length + 2.0 * PADDING;
    let size = wanted.min(f64::from(viewport.width) / ems);
    let (right, bottom) = (i64::from(viewport.width), i64::from(viewport.height));
    let width = (ems * size).ceil() as i64;
    let height = ((extent.ascent + extent.descent) * size).ceil() as i64;
    let ground = [(right - width).max(0), (bottom - height).max(0), right, bottom];
    let units = |ems: f64| (ems * size * UNITS as f64).round() as i64;
    let start = [ground[0] * UNITS + units(PADDING), bottom * UNITS - units(extent.descent)];
    let mut known: Vec<(FontId, u32)> = Vec::new();
    let mut outlines = Vec::new();
    let mut letters = Vec::new();
    for glyph in &line.glyphs {
        let key = (glyph.font, glyph.id);
        let index = match known.iter().position(|other| *other == key) {
            Some(index) => index,
            None => {
                let Some(outline) = fonts.outline(glyph.font, glyph.id) else { continue };
                known.push(key);
                outlines.push(path(&outline.rings(size * UNITS as f64, FLATNESS)));
                known.len() - 1
            }
        };
        let at = [0, 1].map(|i| start[i] + units(glyph.at[i] - line.start[i]));
        letters.push((index, at.map(|c| c as i32)));
    }
    (!letters.is_empty()).then_some(Caption {
        text: shaped.text.clone(),
        color: INK,
        ground_color: GROUND,
        ground,
        outlines,
        letters,
    })
}

/// A glyph's rings on the grid of the scene.
fn path(rings: &[Vec<[f64; 2]>]) -> Path {
    let on_grid = rings.iter().map(|ring| {
        let mut points: Vec<[i32; 2]> = ring.iter().map(|point| point.map(|c| c.round() as i32)).collect();
        points.dedup();
        points
    });
    Path::of_rings(&on_grid.collect::<Vec<_>>())
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
