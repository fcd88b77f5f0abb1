//! Outlines of glyphs, and their curves as straight segments.

use foldhash::fast::FixedState;
use harfrust::font::glyph::outline::DrawMemory;
use harfrust::font::glyph::outline::PathSink;
use harfrust::{Font, GlyphId};
use std::hash::{BuildHasher, Hash, Hasher};

/// A glyph's outline in units of its font, from where it begins on its baseline: x to the right, y up. It is filled by
/// the non-zero rule; each `Move` begins a ring, which closes by itself.
#[derive(Clone, Debug)]
pub struct Outline {
    pub units_per_em: u16,
    pub segments: Vec<Segment>,
    /// Of both: outlines are looked up for every picture.
    hash: u64,
}

/// Each from where the one before ends; the last point of a variant is its own end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Segment {
    Move([f32; 2]),
    Line([f32; 2]),
    Quadratic([f32; 2], [f32; 2]),
    Cubic([f32; 2], [f32; 2], [f32; 2]),
}

impl Outline {
    pub(super) fn of(font: &Font, glyph: GlyphId) -> Option<Outline> {
        let mut segments = Segments(Vec::new());
        font.outline_glyphs().get(glyph)?.draw(&Default::default(), DrawMemory::default(), &mut segments).ok()?;
        let (segments, units_per_em) = (segments.0, font.units_per_em());
        let bits: Vec<[u32; 7]> = segments.iter().map(Segment::bits).collect();
        let hash = FixedState::default().hash_one((units_per_em, bits));
        (!segments.is_empty()).then_some(Outline { units_per_em, segments, hash })
    }

    /// The rings with an em of `size`, y down, in the unit of `size`; curves are straight segments that are off by at
    /// most `flatness`. A ring's last point is not its first.
    pub fn rings(&self, size: f64, flatness: f64) -> Vec<Vec<[f64; 2]>> {
        let scale = size / f64::from(self.units_per_em);
        let scaled = |[x, y]: [f32; 2]| [f64::from(x) * scale, -f64::from(y) * scale];
        let mut rings: Vec<Vec<[f64; 2]>> = Vec::new();
        for segment in &self.segments {
            if let Segment::Move(to) = segment {
                rings.push(vec![scaled(*to)]);
                continue;
            }
            let Some(ring) = rings.last_mut() else { continue };
            let Some(&a) = ring.last() else { continue };
            match *segment {
                Segment::Move(_) => {}
                Segment::Line(to) => ring.push(scaled(to)),
                Segment::Quadratic(b, c) => {
                    let (b, c) = (scaled(b), scaled(c));
                    let at = |t: f64, i: usize| {
                        let u = 1.0 - t;
                        u * u * a[i] + 2.0 * u * t * b[i] + t * t * c[i]
                    };
                    let count = pieces(2.0, second_difference(a, b, c), flatness);
                    ring.extend((1..count).map(|i| f64::from(i) / f64::from(count)).map(|t| [at(t, 0), at(t, 1)]));
                    ring.push(c);
                }
                Segment::Cubic(b, c, d) => {
                    let (b, c, d) = (scaled(b), scaled(c), scaled(d));
                    let at = |t: f64, i: usize| {
                        let u = 1.0 - t;
                        u * u * u * a[i] + 3.0 * u * u * t * b[i] + 3.0 * u * t * t * c[i] + t * t * t * d[i]
                    };
                    let difference = second_difference(a, b, c).max(second_difference(b, c, d));
                    let count = pieces(3.0, difference, flatness);
                    ring.extend((1..count).map(|i| f64::from(i) / f64::from(count)).map(|t| [at(t, 0), at(t, 1)]));
                    ring.push(d);
                }
            }
        }
        for ring in &mut rings {
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
        }
        rings
    }
}

/// How many segments stay within the flatness, given the largest second difference of a curve's control points: a
/// chord of 1/n of a curve of degree d is off by at most d (d - 1) / 8 of it, over n squared.
fn pieces(degree: f64, difference: f64, flatness: f64) -> u32 {
    let off = degree * (degree - 1.0) / 8.0 * difference;
    (off / flatness).sqrt().ceil().clamp(1.0, MOST_PIECES) as u32
}

/// Of one curve; a font's units are at most a few thousand ems, so that only broken fonts come near.
const MOST_PIECES: f64 = 1024.0;

/// The length of a - 2b + c.
fn second_difference(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (a[0] - 2.0 * b[0] + c[0]).hypot(a[1] - 2.0 * b[1] + c[1])
}

impl Segment {
    /// What tells two segments apart: numbers by their bits, so that equal ones are equal and hash alike.
    fn bits(&self) -> [u32; 7] {
        let (kind, points) = match *self {
            Segment::Move(a) => (0, [a, [0.0; 2], [0.0; 2]]),
            Segment::Line(a) => (1, [a, [0.0; 2], [0.0; 2]]),
            Segment::Quadratic(a, b) => (2, [a, b, [0.0; 2]]),
            Segment::Cubic(a, b, c) => (3, [a, b, c]),
        };
        let [[ax, ay], [bx, by], [cx, cy]] = points.map(|point| point.map(f32::to_bits));
        [kind, ax, ay, bx, by, cx, cy]
    }
}

impl PartialEq for Outline {
    fn eq(&self, other: &Outline) -> bool {
        self.hash == other.hash
            && self.units_per_em == other.units_per_em
            && self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|(a, b)| a.bits() == b.bits())
    }
}

impl Eq for Outline {}

impl Hash for Outline {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

struct Segments(Vec<Segment>);

impl PathSink for Segments {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Segment::Move([x, y]));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Segment::Line([x, y]));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.0.push(Segment::Quadratic([cx0, cy0], [x, y]));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.0.push(Segment::Cubic([cx0, cy0], [cx1, cy1], [x, y]));
    }

    fn close(&mut self) {}
}
