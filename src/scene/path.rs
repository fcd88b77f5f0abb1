//! Polylines and rings in scene units, and leaving out what is out of sight without touching what is in it.

use crate::limits;

pub use crate::viewport::UNITS;

/// A position in scene units, x to the right, y down; relative to a square while a scene is built, to the viewport in
/// a finished one.
pub type Point = [i64; 2];

/// A rectangle in scene units: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub min: Point,
    pub max: Point,
}

impl Rect {
    pub fn grown(self, by: i64) -> Rect {
        Rect { min: self.min.map(|c| c - by), max: self.max.map(|c| c + by) }
    }

    pub fn intersection(self, other: Rect) -> Rect {
        Rect { min: [0, 1].map(|i| self.min[i].max(other.min[i])), max: [0, 1].map(|i| self.max[i].min(other.max[i])) }
    }

    pub fn touches(self, other: Rect) -> bool {
        (0..2).all(|i| self.min[i] <= other.max[i] && other.min[i] <= self.max[i])
    }

    /// The sides of the rectangle that a point lies beyond, one bit each.
    fn beyond(self, p: Point) -> u8 {
        u8::from(p[0] < self.min[0])
            | u8::from(p[0] > self.max[0]) << 1
            | u8::from(p[1] < self.min[1]) << 2
            | u8::from(p[1] > self.max[1]) << 3
    }
}

/// A line put together from the pieces that tiles have of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub points: Vec<Point>,
    /// Indices of the vertices where tiles cut it.
    pub cuts: Vec<usize>,
    /// Whether the last vertex goes on to the first.
    pub closed: bool,
}

impl Line {
    pub fn open(points: Vec<Point>) -> Line {
        Line { points, cuts: Vec::new(), closed: false }
    }
}

/// Lines or rings, flat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    points: Vec<[i32; 2]>,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    end: u32,
    closed: bool,
}

impl Path {
    /// Whole rings, each of a vertex or more.
    pub fn of_rings(rings: &[Vec<[i32; 2]>]) -> Path {
        let mut path = Path::default();
        for ring in rings.iter().filter(|ring| !ring.is_empty()) {
            path.push(ring.iter().map(|p| p.map(i64::from)), true);
        }
        path
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The parts in order, each with whether it is closed; the closing vertex is implied.
    pub fn parts(&self) -> impl Iterator<Item = (&[[i32; 2]], bool)> {
        let mut from = 0;
        self.parts.iter().map(move |part| {
            let points = &self.points[from..part.end as usize];
            from = part.end as usize;
            (points, part.closed)
        })
    }

    fn push(&mut self, points: impl Iterator<Item = Point>, closed: bool) {
        // Within `limits::COORDINATE`, as the callers see to.
        self.points.extend(points.map(|[x, y]| [x as i32, y as i32]));
        self.parts.push(Part { end: self.points.len() as u32, closed });
    }

    /// Adds a ring that fills, moved by `offset`, as far as it matters within `visible`.
    ///
    /// Of a run of vertices that are all beyond one side of `visible` only the first and last stay. The way between them
    /// lies in one half-plane outside, so no winding number within `visible` changes, and no edge within it moves.
    pub fn push_ring(&mut self, ring: &[Point], visible: Rect, offset: Point) {
        let mut kept: Vec<Point> = Vec::with_capacity(ring.len());
        // The last vertex looked at, and the sides that everything since the last one kept lies beyond.
        let mut pending: Option<(Point, u8)> = None;
        for &point in ring {
            let beyond = visible.beyond(point);
            pending = match pending {
                Some((before, run)) if run & beyond == 0 => {
                    kept.push(before);
                    Some((point, visible.beyond(before) & beyond))
                }
                Some((_, run)) => Some((point, run & beyond)),
                None => {
                    kept.push(point);
                    Some((point, beyond))
                }
            };
        }
        kept.extend(pending.map(|(point, _)| point));
        kept.dedup();
        let bounds = limit_rect(visible);
        if kept.iter().any(|&p| bounds.beyond(p) != 0) {
            kept = clip_ring(kept, bounds);
        }
        if kept.len() >= 3 {
            self.push(kept.into_iter().map(|p| moved(p, offset)), true);
        }
    }

    /// Adds a line that is stroked, moved by `offset`, as far as it can be seen: `visible` is grown by what the stroke
    /// reaches. Segments wholly beyond one side are left out; the others keep their vertices.
    pub fn push_line(&mut self, line: &[Point], closed: bool, visible: Rect, offset: Point) {
        let bounds = limit_rect(visible);
        let seen = |a: Point, b: Point| visible.beyond(a) & visible.beyond(b) == 0;
        let closing = closed.then(|| line[0]);
        let mut points: Vec<Point> = line.iter().copied().chain(closing).collect();
        let whole = points.windows(2).all(|pair| seen(pair[0], pair[1]));
        if whole && points.iter().all(|&p| bounds.beyond(p) == 0) {
            self.push(line.iter().map(|&p| moved(p, offset)), closed);
            return;
        }
        if let Some(gap) = points.windows(2).position(|pair| closed && !seen(pair[0], pair[1])) {
            // Begun at a gap: a ring's first vertex may be seen, and must not become two ends.
            points.pop();
            points.rotate_left(gap + 1);
            points.push(points[0]);
        }
        let mut run: Vec<Point> = Vec::new();
        for pair in points.windows(2) {
            let segment = seen(pair[0], pair[1]).then(|| clip_segment(pair[0], pair[1], bounds)).flatten();
            let Some((a, b)) = segment else {
                self.push_run(&mut run, offset);
                continue;
            };
            if run.last() != Some(&a) {
                self.push_run(&mut run, offset);
                run.push(a);
            }
            run.push(b);
        }
        self.push_run(&mut run, offset);
    }

    fn push_run(&mut self, run: &mut Vec<Point>, offset: Point) {
        if run.len() >= 2 {
            self.push(run.iter().map(|&p| moved(p, offset)), false);
        }
        run.clear();
    }
}

fn moved(p: Point, offset: Point) -> Point {
    [p[0] + offset[0], p[1] + offset[1]]
}

/// What coordinates may reach around what is visible; only far above the source's zoom does anything lie outside.
fn limit_rect(visible: Rect) -> Rect {
    visible.grown(limits::COORDINATE / 2)
}

/// The part of a segment within `rect`, if any (Liang and Barsky 1984), new ends rounded to whole units.
pub fn clip_segment(a: Point, b: Point, rect: Rect) -> Option<(Point, Point)> {
    if rect.beyond(a) == 0 && rect.beyond(b) == 0 {
        return Some((a, b));
    }
    // Where the segment enters and leaves, as fractions of its length with positive denominators.
    let mut enter = (0i128, 1i128);
    let mut leave = (1i128, 1i128);
    for axis in 0..2 {
        for (side, bound) in [(-1, rect.min[axis]), (1, rect.max[axis])] {
            // Towards the outside: how far the segment goes, and how far it may.
            let delta = i128::from(b[axis] - a[axis]) * side;
            let room = i128::from(bound - a[axis]) * side;
            if delta > 0 && room * leave.1 < leave.0 * delta {
                leave = (room, delta);
            } else if delta < 0 && -room * enter.1 > enter.0 * -delta {
                enter = (-room, -delta);
            } else if delta == 0 && room < 0 {
                return None;
            }
        }
    }
    if enter.0 * leave.1 > leave.0 * enter.1 {
        return None;
    }
    let at = |t: (i128, i128)| [0, 1].map(|i| a[i] + rounded(i128::from(b[i] - a[i]) * t.0, t.1));
    Some((if enter.0 == 0 { a } else { at(enter) }, if leave.0 == leave.1 { b } else { at(leave) }))
}

/// `n / d` to the nearest whole number, halves upwards; `d` is positive.
fn rounded(n: i128, d: i128) -> i64 {
    (2 * n + d).div_euclid(2 * d) as i64
}

/// A ring cut to a rectangle (Sutherland and Hodgman 1974). Where a ring falls apart, the parts stay joined along the
/// rectangle's sides, which lie out of sight.
pub fn clip_ring(mut ring: Vec<Point>, rect: Rect) -> Vec<Point> {
    for axis in 0..2 {
        for (side, bound) in [(-1, rect.min[axis]), (1, rect.max[axis])] {
            let inside = |p: Point| p[axis] * side <= bound * side;
            let mut cut = Vec::with_capacity(ring.len() + 4);
            for (i, &point) in ring.iter().enumerate() {
                let before = ring[(i + ring.len() - 1) % ring.len()];
                if inside(before) != inside(point) {
                    let other = 1 - axis;
                    let along = i128::from(bound - before[axis]) * i128::from(point[other] - before[other]);
                    let delta = i128::from(point[axis] - before[axis]);
                    let (along, delta) = if delta < 0 { (-along, -delta) } else { (along, delta) };
                    let mut crossing = [bound; 2];
                    crossing[other] = before[other] + rounded(along, delta);
                    cut.push(crossing);
                }
                if inside(point) {
                    cut.push(point);
                }
            }
            ring = cut;
        }
    }
    ring
}
