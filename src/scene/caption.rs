//! Text in a corner of the picture, over everything: who is to be credited.

use super::UNITS;
use super::symbol::{Glyph, GlyphRun, Glyphs, Outlines, Text};
use crate::style::color::Color;
use crate::text::{self, Fonts, Paragraph};
use crate::viewport::Viewport;

/// The em, in CSS pixels; and what is free around the text, of the em.
const SIZE: f64 = 11.0;
const PADDING: f64 = 0.36;

const INK: Color = Color { r: 0.2, g: 0.2, b: 0.2, a: 1.0 };
const GROUND: Color = Color { r: 1.0, g: 1.0, b: 1.0, a: 0.75 };

/// A line of text on a ground of its own, upright however the scene is turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    pub text: Text,
    /// What its glyphs are made of.
    pub outlines: Outlines,
    pub ground_color: Color,
    /// In output pixels: left, top, right, bottom.
    pub ground: [i64; 4],
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
    let mut glyphs = Glyphs::new(&fonts);
    let mut runs: Vec<GlyphRun> = Vec::new();
    for glyph in &line.glyphs {
        let Some(outline) = glyphs.outline(glyph.font, glyph.id) else { continue };
        if runs.last().is_none_or(|run| run.font != glyph.font) {
            let content = line.text.clone();
            runs.push(GlyphRun { font: glyph.font, size, color: INK, content, glyphs: Vec::new() });
        }
        let at = [0, 1].map(|i| (start[i] + units(glyph.at[i] - line.start[i])) as i32);
        runs.last_mut()?.glyphs.push(Glyph { outline, at, turn: 0 });
    }
    let text = Text { content: shaped.text.clone(), runs, halo: None };
    let outlines = glyphs.outlines;
    (!text.runs.is_empty()).then_some(Caption { text, outlines, ground_color: GROUND, ground })
}

impl Caption {
    /// The same as seen from another corner, in output pixels from the one that it was made for.
    pub fn from_corner(&self, left: u32, top: u32) -> Caption {
        let by = [i64::from(left), i64::from(top)];
        let ground = [0, 1, 2, 3].map(|i| self.ground[i] - by[i % 2]);
        let mut text = self.text.clone();
        for glyph in text.runs.iter_mut().flat_map(|run| &mut run.glyphs) {
            glyph.at = [0, 1].map(|i| glyph.at[i] - (by[i] * UNITS) as i32);
        }
        Caption { text, ground, outlines: self.outlines.clone(), ..*self }
    }
}
