//! Glyphs as polygons: their outlines at a size and a turn, as they are or grown by a halo's width; made once and
//! remembered for the next picture.
//!
//! A shape is relative to where its glyph begins, and on the grid of the scene: wherever in the world a glyph lies, it
//! is the same.

use super::outline::{grown, twice_area};
use crate::bounded::Bounded;
use crate::limits;
use crate::scene::symbol::{Halo, Outlines, TURNS};
use crate::scene::{Path, UNITS};
use crate::text::Outline;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::{Arc, LazyLock};

/// How far a flattened curve may be off, in scene units: one of a letter, and one of a halo, whose edge is nobody's to
/// read.
const FLATNESS: f64 = UNITS as f64 / 32.0;
const HALO_FLATNESS: f64 = UNITS as f64 / 8.0;

/// Sine and cosine are rounded to this, so that they are the same everywhere.
const PLACES: f64 = (1u32 << 30) as f64;

/// The most shapes that make a halo that fades.
const STEPS: f64 = 64.0;

/// How a glyph is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Form {
    /// The em, in output pixels.
    pub size: f64,
    /// Clockwise, in 1/[`TURNS`] of a whole turn.
    pub turn: u16,
    /// How far it is grown, in scene units.
    pub radius: u32,
}

/// A glyph in scene units, from its origin.
#[derive(Debug)]
pub struct Shape {
    /// Rings filled by the non-zero rule, wound so that what is inside has a negative area: shapes over one another do
    /// not cancel.
    pub path: Path,
    /// Left, top, right, bottom.
    pub bounds: [i32; 4],
}

type Key = (Arc<Outline>, u64, u16, u32);

static SHAPES: LazyLock<Bounded<Key, Arc<Shape>>> = LazyLock::new(|| {
    let weight = |(outline, ..): &Key, shape: &Arc<Shape>| -> u64 {
        let points: usize = shape.path.parts().map(|(ring, _)| ring.len()).sum();
        let own = size_of::<(Key, Shape)>() + points * size_of::<[i32; 2]>();
        (own + size_of_val(&*outline.segments)) as u64
    };
    Bounded::new(limits::GLYPH_SHAPES_BYTES, weight)
});

/// The shapes of one picture's glyphs.
pub struct Shapes<'a> {
    pub outlines: &'a Outlines,
    /// Those that have been asked for.
    known: HashMap<(usize, u64, u16, u32), Arc<Shape>, RandomState>,
}

impl<'a> Shapes<'a> {
    pub fn new(outlines: &'a Outlines) -> Shapes<'a> {
        Shapes { outlines, known: HashMap::default() }
    }

    /// None of an outline that is not there.
    pub fn get(&mut self, outline: usize, form: Form) -> Option<&Shape> {
        let own = self.outlines.get(outline)?;
        let Form { size, turn, radius } = form;
        Some(self.known.entry((outline, size.to_bits(), turn, radius)).or_insert_with(|| shape(own, form)))
    }
}

fn shape(outline: &Arc<Outline>, form: Form) -> Arc<Shape> {
    let key = |turn: u16| (outline.clone(), form.size.to_bits(), turn, form.radius);
    let upright = || SHAPES.get_or_make(&key(0), || Arc::new(Shape::new(outline, form.size, form.radius)));
    if form.turn == 0 {
        return upright();
    }
    SHAPES.get(&key(form.turn)).unwrap_or_else(|| {
        let turned = Arc::new(upright().turned(form.turn));
        SHAPES.insert(key(form.turn), turned.clone());
        turned
    })
}

impl Shape {
    fn new(outline: &Outline, size: f64, radius: u32) -> Shape {
        let flat = outline.rings(size * UNITS as f64, if radius > 0 { HALO_FLATNESS } else { FLATNESS });
        let rounded = |point: [f64; 2]| point.map(|c| (c + 0.5).floor() as i32);
        let mut rings: Vec<Vec<[i32; 2]>> =
            flat.into_iter().map(|ring| on_grid(ring.into_iter().map(rounded))).collect();
        rings.retain(|ring| ring.len() > 1);
        if rings.iter().map(|ring| twice_area(ring)).sum::<i128>() > 0 {
            rings.iter_mut().for_each(|ring| ring.reverse());
        }
        if radius > 0 {
            rings.iter_mut().for_each(|ring| *ring = grown(ring, radius.into()));
        }
        Shape::of(Path::of_rings(&rings))
    }

    fn of(path: Path) -> Shape {
        let points = || path.parts().flat_map(|(ring, _)| ring);
        let low = |i: usize| points().map(|p| p[i]).min().unwrap_or(0);
        let high = |i: usize| points().map(|p| p[i]).max().unwrap_or(0);
        Shape { bounds: [low(0), low(1), high(0), high(1)], path }
    }

    /// The same turned about its origin, clockwise in 1/[`TURNS`] of a whole turn.
    fn turned(&self, turn: u16) -> Shape {
        let (sin, cos) = (f64::from(turn) / TURNS * TAU).sin_cos();
        let [sin, cos] = [sin, cos].map(|n| (n * PLACES).round() / PLACES);
        let turned = |[x, y]: [f64; 2]| [x * cos - y * sin, x * sin + y * cos].map(|c| (c + 0.5).floor() as i32);
        Shape::of(self.path.mapped(|point| turned(point.map(f64::from))))
    }
}

/// A ring without points that fall on the one before.
fn on_grid(points: impl Iterator<Item = [i32; 2]>) -> Vec<[i32; 2]> {
    let mut ring: Vec<[i32; 2]> = points.collect();
    ring.dedup();
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

/// How far a halo's shapes are grown, in scene units, the widest first: its opacity is their mean.
///
/// One that fades has 0 to all of its opacity from `1.19 blur` outside of its edge to as much inside, as a smooth step
/// (`symbol_sdf.fragment.glsl` of MapLibre GL JS); the radii are those that each make an equal share of it, as many as
/// that none is over a pixel from the next.
pub fn radii(halo: &Halo) -> Vec<u32> {
    let fade = 1.19 * halo.blur.max(0.0);
    let count = if fade > 0.0 { (3.0 * fade + 1.0).ceil().clamp(2.0, STEPS) as u32 } else { 1 };
    let radius = |i: u32| {
        // Where the smooth step has this share, by its inverse.
        let share = (f64::from(i) + 0.5) / f64::from(count);
        let at = 0.5 - ((1.0 - 2.0 * share).asin() / 3.0).sin();
        ((halo.width + fade * (1.0 - 2.0 * at)) * UNITS as f64).round().max(0.0) as u32
    };
    (0..count).map(radius).collect()
}
