//! Pictures that are turned: what is drawn is turned about the pivot vertex by vertex, and each pixel belongs to the
//! square that holds its middle.
//!
//! Sine and cosine are rounded to 2^-30, and distances from the pivot are whole scene units: in any part of a picture the
//! same vertex lands on the same place, and the same pixel in the same square.

use super::coverage::{FAR, PixelRect};
use crate::scene::{Circle, Fill, Ink, Item, Quad, Run, Scene, Square, Stroke, UNITS};
use crate::viewport::Turn;

/// Binary places of sine and cosine.
const PLACES: u32 = 30;
/// Binary places of where in a pixel an image along a line begins.
const CORNER: f64 = 65_536.0;

pub struct Rotation {
    cos: i64,
    sin: i64,
    /// In scene units.
    pivot: [i64; 2],
}

/// From where to where pixels go in each row from one on.
pub struct Spans {
    top: i32,
    spans: Vec<[i32; 2]>,
}

impl Spans {
    pub fn row(&self, y: i32) -> [i32; 2] {
        self.spans[(y - self.top) as usize]
    }
}

impl Rotation {
    pub fn new(turn: &Turn) -> Rotation {
        let scaled = |n: f64| (n * f64::from(1u32 << PLACES)).round() as i64;
        let (sin, cos) = turn.bearing.to_radians().sin_cos();
        let far = i64::from(FAR);
        let pivot = turn.pivot.map(|c| ((c * UNITS as f64).round() as i64).clamp(-far, far));
        Rotation { cos: scaled(cos), sin: scaled(sin), pivot }
    }

    /// Where a position on the map comes to lie in the picture, in scene units.
    pub fn in_picture(&self, point: [i32; 2]) -> [i32; 2] {
        let [dx, dy] = [0, 1].map(|i| i64::from(point[i].clamp(-FAR, FAR)) - self.pivot[i]);
        let (x, y) = (dx * self.cos + dy * self.sin, dy * self.cos - dx * self.sin);
        [self.pivot[0] + whole(x), self.pivot[1] + whole(y)].map(|c| c as i32)
    }

    /// Where the middle of a pixel of the picture lies on the map before it is turned, in scene units.
    pub fn on_map(&self, pixel: [i32; 2]) -> [i64; 2] {
        let [dx, dy] = self.past_pivot(pixel);
        let (x, y) = (dx * self.cos - dy * self.sin, dx * self.sin + dy * self.cos);
        [self.pivot[0] + whole(x), self.pivot[1] + whole(y)]
    }

    /// From the pivot to the middle of a pixel.
    fn past_pivot(&self, pixel: [i32; 2]) -> [i64; 2] {
        [0, 1].map(|i| i64::from(pixel[i]) * UNITS + UNITS / 2 - self.pivot[i])
    }

    /// A scene with everything where it lies in the picture, but for the squares' edges and what areas are filled with.
    pub fn scene(&self, scene: &Scene) -> Scene {
        let squares = |squares: &[Square]| squares.iter().map(|square| self.turned(square)).collect();
        let run = |run: &Run| match run {
            // Symbols are where they lie in the picture as they are.
            Run::Background(..) | Run::Symbols(..) => run.clone(),
            Run::Squares(of) => Run::Squares(squares(of)),
            Run::Blended(blending, of) => Run::Blended(*blending, squares(of)),
            Run::Circles(layer, circles) => {
                let turned = |circle: &Circle| Circle { center: self.in_picture(circle.center), ..circle.clone() };
                Run::Circles(*layer, circles.iter().map(turned).collect())
            }
        };
        Scene { runs: scene.runs.iter().map(run).collect(), ..scene.clone() }
    }

    fn turned(&self, square: &Square) -> Square {
        let item = |item: &Item| match item {
            Item::Fill(fill) => Item::Fill(Fill { path: fill.path.mapped(|p| self.in_picture(p)), ..fill.clone() }),
            Item::Stroke(stroke) => Item::Stroke(self.stroke(stroke)),
            Item::Image(image) => Item::Image(image.clone()),
        };
        let layers = square.layers.iter().map(|(layer, items)| (*layer, items.iter().map(item).collect()));
        Square { clip: square.clip, layers: layers.collect() }
    }

    fn stroke(&self, stroke: &Stroke) -> Stroke {
        let ink = match &stroke.ink {
            Ink::Color(color) => Ink::Color(*color),
            Ink::Gradient { opacity, runs } => {
                let runs = runs.iter().map(|(color, path)| (*color, path.mapped(|p| self.in_picture(p))));
                Ink::Gradient { opacity: *opacity, runs: runs.collect() }
            }
            Ink::Pattern { opacity, quads } => {
                Ink::Pattern { opacity: *opacity, quads: quads.iter().map(|quad| self.quad(quad)).collect() }
            }
        };
        let [path, tips] = [&stroke.path, &stroke.tips].map(|path| path.mapped(|p| self.in_picture(p)));
        Stroke { ink, path, tips, ..stroke.clone() }
    }

    fn quad(&self, quad: &Quad) -> Quad {
        let [cos, sin] = [self.cos, self.sin].map(|n| n as f64 / f64::from(1u32 << PLACES));
        let turned = |x: f64, y: f64| [x * cos + y * sin, y * cos - x * sin];
        let [a, b, c, d, e, f] = quad.transform;
        let ([a, b], [c, d]) = (turned(a, b), turned(c, d));
        let pivot = self.pivot.map(|c| c as f64 / UNITS as f64);
        let corner = turned(e - pivot[0], f - pivot[1]);
        let [e, f] = [0, 1].map(|i| (corner[i] * CORNER).round() / CORNER + pivot[i]);
        Quad { corners: quad.corners.map(|p| self.in_picture(p)), transform: [a, b, c, d, e, f], ..quad.clone() }
    }

    /// The pixels that a square of the map holds, in output pixels before the turn: a rectangle of the picture around
    /// them, and from where to where they go in each of its rows.
    pub fn square(&self, [left, top, right, bottom]: PixelRect, within: PixelRect) -> (PixelRect, Spans) {
        let corners = [[left, top], [right, top], [left, bottom], [right, bottom]];
        let corners = corners.map(|corner| self.in_picture(corner.map(|c| c * UNITS as i32)));
        let low = |i: usize| (corners.iter().map(|c| c[i]).min().unwrap_or(0) >> 8).max(within[i]);
        let high = |i: usize| ((corners.iter().map(|c| c[i]).max().unwrap_or(0) >> 8) + 1).min(within[i + 2]);
        let around = [low(0), low(1), high(0), high(1)];
        let spans = (around[1]..around[3].max(around[1])).map(|y| {
            // What is added at each pixel to where the row's first lies, in 2^-30 scene units from the pivot.
            let [dx, dy] = self.past_pivot([0, y]);
            let starts = [dx * self.cos - dy * self.sin, dx * self.sin + dy * self.cos];
            let steps = [self.cos, self.sin].map(|n| n * UNITS);
            let edges = [[left, right], [top, bottom]];
            let mut span = [around[0], around[2]];
            for i in 0..2 {
                let [from, to] = edges[i].map(|c| (i64::from(c) * UNITS - self.pivot[i]) << PLACES);
                let [from, to] = held(starts[i], steps[i], from, to, span.map(i64::from));
                span = [from as i32, to as i32];
            }
            span
        });
        (around, Spans { top: around[1], spans: spans.collect() })
    }
}

/// The whole numbers n within a range for which `start + n * step` is `low` or more and less than `high`.
fn held(start: i64, step: i64, low: i64, high: i64, [from, to]: [i64; 2]) -> [i64; 2] {
    let up = |n: i64, by: i64| -(-n).div_euclid(by);
    let (first, end) = match step {
        0 if (low..high).contains(&start) => (from, to),
        0 => (from, from),
        1.. => (up(low - start, step), up(high - start, step)),
        _ => ((start - high).div_euclid(-step) + 1, (start - low).div_euclid(-step) + 1),
    };
    let first = first.clamp(from, to.max(from));
    [first, end.clamp(first, to.max(first))]
}

/// 2^-30 scene units to whole ones.
fn whole(n: i64) -> i64 {
    (n + (1 << (PLACES - 1))) >> PLACES
}
