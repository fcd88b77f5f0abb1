//! One line of text as outlines, left to right, in the font within the binary: Latin letters, digits and signs.
//!
//! Neither shaped nor kerned; characters that the font lacks are left out.

mod html;

use crate::viewport::UNITS;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

pub use html::plain;

/// What it is and how it was made stands beside it.
const FONT: &[u8] = include_bytes!("../../styles/fonts/NotoSans-Latin.ttf");

/// How far a flattened curve may be off, in scene units.
const FLATNESS: f64 = UNITS as f64 / 32.0;

/// A line of text in scene units, from where it begins on its baseline.
#[derive(Debug, PartialEq)]
pub struct Line {
    /// The characters that are there.
    pub text: String,
    pub width: i32,
    /// Above and below the baseline.
    pub ascent: i32,
    pub descent: i32,
    /// Each letter's outline once: rings, filled by the non-zero rule.
    pub outlines: Vec<Vec<Vec<[i32; 2]>>>,
    /// The letters: which outline, and how far to the right.
    pub letters: Vec<(usize, i32)>,
}

/// Lays out `text` with an em of `size` output pixels.
pub fn line(text: &str, size: f64) -> Line {
    let mut line =
        Line { text: String::new(), width: 0, ascent: 0, descent: 0, outlines: Vec::new(), letters: Vec::new() };
    let Ok(face) = Face::parse(FONT, 0) else { return line };
    let scale = size * UNITS as f64 / f64::from(face.units_per_em());
    let scaled = |units: f64| (units * scale).round() as i32;
    line.ascent = scaled(face.ascender().into());
    line.descent = scaled(-f64::from(face.descender()));
    let mut known: Vec<GlyphId> = Vec::new();
    let mut advance = 0.0;
    for c in text.chars() {
        let Some(glyph) = face.glyph_index(c) else { continue };
        line.text.push(c);
        let index = known.iter().position(|&other| other == glyph).unwrap_or_else(|| {
            let mut flattened = Flattened { scale, at: [0.0; 2], rings: Vec::new() };
            face.outline_glyph(glyph, &mut flattened);
            line.outlines.push(flattened.rings);
            known.push(glyph);
            known.len() - 1
        });
        if !line.outlines[index].is_empty() {
            line.letters.push((index, scaled(advance)));
        }
        advance += f64::from(face.glyph_hor_advance(glyph).unwrap_or_default());
    }
    line.width = scaled(advance);
    line
}

/// A glyph's curves as rings of straight segments.
struct Flattened {
    /// Scene units in one unit of the font.
    scale: f64,
    /// In units of the font, y up.
    at: [f64; 2],
    rings: Vec<Vec<[i32; 2]>>,
}

impl Flattened {
    fn push(&mut self, [x, y]: [f64; 2]) {
        self.at = [x, y];
        let point = [x * self.scale, -y * self.scale].map(|c| c.round() as i32);
        if let Some(ring) = self.rings.last_mut()
            && ring.last() != Some(&point)
        {
            ring.push(point);
        }
    }

    /// How many segments stay within the flatness, given the largest second difference of a curve's control points: a
    /// chord of 1/n of a curve of degree d is off by at most d (d - 1) / 8 of it, over n squared.
    fn segments(&self, degree: f64, difference: f64) -> u32 {
        let off = degree * (degree - 1.0) / 8.0 * difference * self.scale;
        (off / FLATNESS).sqrt().ceil().max(1.0) as u32
    }
}

/// The length of a - 2b + c.
fn second_difference(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (a[0] - 2.0 * b[0] + c[0]).hypot(a[1] - 2.0 * b[1] + c[1])
}

impl OutlineBuilder for Flattened {
    fn move_to(&mut self, x: f32, y: f32) {
        self.rings.push(Vec::new());
        self.push([x.into(), y.into()]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.push([x.into(), y.into()]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (a, b, c) = (self.at, [x1.into(), y1.into()], [x.into(), y.into()]);
        let count = self.segments(2.0, second_difference(a, b, c));
        for i in 1..=count {
            let t = f64::from(i) / f64::from(count);
            let u = 1.0 - t;
            self.push([0, 1].map(|i| u * u * a[i] + 2.0 * u * t * b[i] + t * t * c[i]));
        }
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.at, [x1.into(), y1.into()], [x2.into(), y2.into()], [x.into(), y.into()]);
        let count = self.segments(3.0, second_difference(a, b, c).max(second_difference(b, c, d)));
        for i in 1..=count {
            let t = f64::from(i) / f64::from(count);
            let u = 1.0 - t;
            let at = |i: usize| u * u * u * a[i] + 3.0 * u * u * t * b[i] + 3.0 * u * t * t * c[i] + t * t * t * d[i];
            self.push([at(0), at(1)]);
        }
    }

    fn close(&mut self) {
        if let Some(ring) = self.rings.last_mut()
            && ring.len() > 1
            && ring.first() == ring.last()
        {
            ring.pop();
        }
    }
}
