//! Polylines and rings in scene units, and leaving out what is out of sight without touching what is in it.
//!
//! Positions are relative to a square while a scene is built, to the viewport in a finished one.

use crate::limits;
use smallvec::SmallVec;

pub use crate::clip::{Point, Rect, clip_ring, clip_segment};
pub use crate::viewport::UNITS;

/// A line put together from the pieces that tiles have of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub points: Vec<Point>,
    /// How far along the line each vertex lies, in scene units. It is measured on the pieces as each tile has them, and
    /// kept when the line is moved sideways: where dashes begin does not depend on what a piece goes on into.
    pub at: Vec<f64>,
    /// Of the whole line, with the way back to its start where it is closed.
    pub length: f64,
    /// Indices of the vertices where tiles cut it.
    pub cuts: Vec<usize>,
    /// Whether the last vertex goes on to the first.
    pub closed: bool,
}

/// How long a polyline is.
pub fn length(points: &[Point]) -> f64 {
    points.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}

pub fn distance(a: Point, b: Point) -> f64 {
    let [dx, dy] = [0, 1].map(|i| (b[i] - a[i]) as f64);
    // A square root is the same everywhere, which `hypot` need not be.
    (dx * dx + dy * dy).sqrt()
}

/// A line with how far along it each vertex lies, the closing one of a ring included.
pub struct Measured {
    pub points: Vec<Point>,
    pub lengths: Vec<f64>,
    /// The stretches between cuts.
    pub stretches: Vec<Stretch>,
    pub closed: bool,
    /// Of the whole line.
    pub length: f64,
}

/// What lies between two cuts of a line, or a cut and its end: from one vertex to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub from: usize,
    pub to: usize,
    /// Whether it begins and ends at a cut.
    pub cut: [bool; 2],
}

impl Measured {
    pub fn new(line: Line) -> Measured {
        let Line { mut points, at: mut lengths, length, cuts, closed } = line;
        if closed {
            points.push(points[0]);
            lengths.push(length);
        }
        let last = points.len() - 1;
        let ends_at_cut = closed && cuts.contains(&0);
        let mut stretches = Vec::with_capacity(cuts.len() + 1);
        let mut before = (0, ends_at_cut);
        let inner = cuts.into_iter().filter(|&i| i > 0 && i < last).map(|i| (i, true));
        for stop in inner.chain([(last, ends_at_cut)]) {
            stretches.push(Stretch { from: before.0, to: stop.0, cut: [before.1, stop.1] });
            before = stop;
        }
        Measured { points, lengths, stretches, closed, length }
    }

    /// All of the line, a ring without the closing vertex.
    pub fn whole(mut self) -> Vec<Point> {
        if self.closed {
            self.points.pop();
        }
        self.points
    }

    pub fn total(&self) -> f64 {
        self.lengths[self.lengths.len() - 1]
    }

    /// The part of the line between two positions along it.
    pub fn part(&self, start: f64, end: f64) -> Vec<Point> {
        let (points, lengths) = (&self.points, &self.lengths);
        let at = |length: f64| {
            let i = lengths.partition_point(|&l| l < length).clamp(1, points.len() - 1);
            let (a, b) = (points[i - 1], points[i]);
            let span = lengths[i] - lengths[i - 1];
            let t = if span > 0.0 { (length - lengths[i - 1]) / span } else { 0.0 };
            [0, 1].map(|axis| a[axis] + ((b[axis] - a[axis]) as f64 * t).round() as i64)
        };
        let within = lengths.partition_point(|&l| l <= start)..lengths.partition_point(|&l| l < end);
        let mut cut = Vec::with_capacity(within.len() + 2);
        cut.push(at(start));
        if within.start < within.end {
            cut.extend_from_slice(&points[within]);
        }
        cut.push(at(end));
        cut
    }
}

/// Lines or rings, flat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    points: Vec<[i32; 2]>,
    /// Most have one.
    parts: SmallVec<[Part; 2]>,
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

    /// The same with each point somewhere else.
    pub fn mapped(&self, place: impl FnMut([i32; 2]) -> [i32; 2]) -> Path {
        Path { points: self.points.iter().copied().map(place).collect(), parts: self.parts.clone() }
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
        let bounds = limit_rect(visible);
        if ring.iter().any(|&p| bounds.beyond(p) != 0) {
            let mut kept: Vec<Point> = Vec::with_capacity(ring.len());
            outline(ring, visible, |point| kept.push(point));
            let kept = clip_ring(kept, bounds);
            if kept.len() >= 3 {
                self.push(kept.into_iter().map(|p| moved(p, offset)), true);
            }
            return;
        }
        let from = self.points.len();
        // Most rings are small and stay whole.
        self.points.reserve(ring.len().min(64));
        outline(ring, visible, |point| self.points.push(moved(point, offset).map(|c| c as i32)));
        match self.points.len() - from {
            0..3 => self.points.truncate(from),
            _ => self.parts.push(Part { end: self.points.len() as u32, closed: true }),
        }
    }

    /// Adds a line that is stroked, moved by `offset`, as far as it can be seen: `visible` is grown by what the stroke
    /// reaches. Segments wholly beyond one side are left out, but for those next to one that stays: what a corner looks
    /// like depends on both its sides. The others keep their vertices.
    pub fn push_line(&mut self, line: &[Point], closed: bool, visible: Rect, offset: Point) {
        let bounds = limit_rect(visible);
        let is_seen = |a: Point, b: Point| visible.beyond(a) & visible.beyond(b) == 0;
        let all_seen = line.windows(2).all(|pair| is_seen(pair[0], pair[1]));
        let closing = closed.then(|| line[0]);
        if all_seen
            && closing.is_none_or(|first| is_seen(line[line.len() - 1], first))
            && line.iter().all(|&p| bounds.beyond(p) == 0)
        {
            self.push(line.iter().map(|&p| moved(p, offset)), closed);
            return;
        }
        let mut points: Vec<Point> = line.iter().copied().chain(closing).collect();
        let mut seen: Vec<bool> = points.windows(2).map(|pair| is_seen(pair[0], pair[1])).collect();
        if let Some(gap) = seen.iter().position(|seen| closed && !seen) {
            // Begun and ended with a gap: a ring's first vertex may be seen, and must not become two ends.
            points.pop();
            points.rotate_left(gap);
            points.extend_from_within(..2);
            seen.rotate_left(gap);
            seen.push(false);
        }
        let beside = |i: usize| (i > 0 && seen[i - 1]) || seen.get(i + 1).is_some_and(|&seen| seen);
        let mut run: Vec<Point> = Vec::new();
        for (i, pair) in points.windows(2).enumerate() {
            let segment = (seen[i] || beside(i)).then(|| clip_segment(pair[0], pair[1], bounds)).flatten();
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

/// The vertices of a ring that matter within `visible`, each once.
fn outline(ring: &[Point], visible: Rect, mut keep: impl FnMut(Point)) {
    let mut last: Option<Point> = None;
    let mut keep = |point: Point| {
        if last.replace(point) != Some(point) {
            keep(point);
        }
    };
    // The last vertex looked at, and the sides that everything since the last one kept lies beyond.
    let mut pending: Option<(Point, u8)> = None;
    for &point in ring {
        let beyond = visible.beyond(point);
        pending = match pending {
            Some((before, run)) if run & beyond == 0 => {
                keep(before);
                Some((point, visible.beyond(before) & beyond))
            }
            Some((_, run)) => Some((point, run & beyond)),
            None => {
                keep(point);
                Some((point, beyond))
            }
        };
    }
    if let Some((point, _)) = pending {
        keep(point);
    }
}

fn moved(p: Point, offset: Point) -> Point {
    [p[0] + offset[0], p[1] + offset[1]]
}

/// What coordinates may reach around what is visible; only far above the source's zoom does anything lie outside.
fn limit_rect(visible: Rect) -> Rect {
    visible.grown(limits::COORDINATE / 2)
}
