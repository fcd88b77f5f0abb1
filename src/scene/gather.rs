//! The lines that reach into a square: gathered from its tile and those around it, and put together where tiles cut
//! them.

use super::canvas::{Canvas, Located, reach};
use super::cut::{self, Piece};
use super::join::{self, Chain, Joinable};
use super::offset;
use super::path::{Line, Point, Rect, UNITS, distance, length};
use super::sieve::Sieve;
use super::trace::{Fate, Trace};
use crate::error::Error;
use crate::style;
use crate::value::{Attributes, GeometryKind, Property};
use smallvec::{SmallVec, smallvec};

/// How far a square's own features draw what their lines go on into, at scale 1 and at least: where that is out of the
/// square, nobody sees where another feature goes on.
const OVERLAP: i64 = 64 * UNITS;

/// Vertices of a line that lie nearer to the one before than this, in scene units, are left out: a quarter of a pixel.
const NEAREST: i64 = UNITS / 4;

/// What pieces of one line have in common.
pub trait Joined: PartialEq {
    /// In scene units.
    fn half_width(&self) -> f64;
    /// Whether the line is moved sideways.
    fn is_moved(&self) -> bool;
    /// Whether it matters which way the line runs.
    fn is_directed(&self) -> bool;
    /// Whether it matters how far along its feature a place is.
    fn is_measured(&self) -> bool;
    /// Whether it is drawn along its vertices, wherever along the line they lie.
    fn is_plain(&self) -> bool;
    /// The same where that is not known.
    fn unmeasured(self) -> Self;
}

/// The lines of a layer that reach into a square.
pub struct Gathered<P, M> {
    /// The paint of each feature, in the order in which they are drawn.
    pub paints: Vec<P>,
    /// What each of those features is known by.
    pub marks: Vec<M>,
    pub lines: Vec<SharedLine>,
}

/// A line, with how far along its feature it is and which feature draws what of it.
pub struct SharedLine {
    pub line: Line,
    /// For each stretch between cuts, `line-progress` where it begins and ends; empty where the source does not say.
    pub progress: Vec<[f64; 2]>,
    /// At least one; what one of them begins at is where the one before ends.
    pub shares: Shares,
}

/// Most lines are one feature's.
pub type Shares = SmallVec<[Share; 1]>;

/// From where to where along a line it is drawn as part of which feature.
pub struct Share {
    /// Which of the paints, all of which are equal along one line.
    pub feature: usize,
    pub from: f64,
    /// On a ring, beyond its length where it goes on from the end into the beginning.
    pub until: f64,
    /// The feature's pieces, and until where each is drawn.
    pieces: SmallVec<[(usize, f64); 1]>,
}

/// The lines of a layer's features; `resolve` gives a feature's paint, or what becomes of it where it has none.
pub fn gather<P: Joined, T: Trace>(
    layer: &style::Layer,
    canvas: &Canvas,
    near: Rect,
    resolve: impl Fn(&Located) -> Result<P, Fate>,
    trace: &mut T,
) -> Result<Gathered<P, T::Mark>, Error> {
    let reach = reach(layer, canvas.viewport);
    // As far as the square's own features draw what they go on into, their ends have to be known.
    let beyond = reach.max(OVERLAP * i64::from(canvas.viewport.scale)) + 4 * UNITS;
    let filter = layer.filter(canvas.tile_zoom);
    let conditions = filter.conditions();
    let mut paints: Vec<P> = Vec::new();
    let mut marks: Vec<T::Mark> = Vec::new();
    let mut pieces: Vec<Joinable> = Vec::new();
    // The paint of each piece.
    let mut painted: Vec<usize> = Vec::new();
    let mut progress: Vec<Option<[f64; 2]>> = Vec::new();
    let mut cut_pieces: Vec<Piece> = Vec::new();
    let mut points: Vec<Point> = Vec::new();
    for (i, placement) in canvas.own.iter().map(|own| (0, own)).chain((1..).zip(&canvas.around)) {
        let near = if i == 0 { near.grown(beyond) } else { near };
        // What lies beyond cannot be seen wherever it is moved sideways, and what no edge cuts is joined to nothing.
        let reached = near.grown(reach);
        let Some(data) = placement.tile.layer(&layer.source_layer) else { continue };
        let projection = placement.projection(data.extent());
        let mut sieve = Sieve::new(&conditions, data);
        for feature in data.features_within(projection.units(near)) {
            let located = placement.located(feature, data.extent());
            let mark = trace.mark(layer, &located);
            if feature.kind() == GeometryKind::Point {
                trace.came_to(&mark, Fate::Geometry);
                continue;
            }
            if !sieve.accepts(&located) {
                trace.came_to(&mark, Fate::Filter);
                continue;
            }
            let paint = match resolve(&located) {
                Ok(paint) => paint,
                Err(fate) => {
                    trace.came_to(&mark, fate);
                    continue;
                }
            };
            let is_measured = paint.is_measured() && feature.kind() == GeometryKind::LineString;
            let metrics = if is_measured { metrics(&located) } else { None };
            // So that it is not joined to what is measured: that would be seen where the other is known, and only there.
            paints.push(if metrics.is_some() { paint } else { paint.unmeasured() });
            marks.push(mark);
            let (tolerance, id) = (projection.tolerance(), feature.id());
            for part in feature.parts() {
                let bounds = projection.rect(part.bounds);
                if !bounds.touches(reached) && placement.cell.surrounds(bounds) {
                    continue;
                }
                points.clear();
                points.extend(part.vertices().map(|p| projection.point(p)));
                match feature.kind() {
                    GeometryKind::Polygon => cut::ring(&points, placement.cell, &mut cut_pieces),
                    _ => cut::line(&points, placement.cell, &mut cut_pieces),
                }
                match metrics {
                    Some(metrics) => measure(&cut_pieces, &points, metrics, &mut progress),
                    None => progress.resize(progress.len() + cut_pieces.len(), None),
                }
                pieces.extend(cut_pieces.drain(..).map(|mut piece| {
                    thin(&mut piece.points);
                    Joinable { piece, placement: i, tolerance, id }
                }));
            }
            painted.resize(pieces.len(), paints.len() - 1);
        }
    }
    let alike = |(a, a_last): (usize, bool), (b, b_last): (usize, bool)| {
        let paint = &paints[painted[a]];
        *paint == paints[painted[b]] && (!paint.is_directed() || a_last != b_last)
    };
    let chains = join::chains(&pieces, alike);
    let shared = |chain: Chain| {
        let feature = painted[chain.pieces[0].0];
        let paint = &paints[feature];
        if let [(i, true)] = chain.pieces[..]
            && !chain.closed
            && paint.is_plain()
        {
            let line = alone(&mut pieces[i].piece, paint.half_width());
            return SharedLine { line, progress: Vec::new(), shares: smallvec![Share::whole(feature, i)] };
        }
        let (line, spans) = put_together(&chain, &pieces, paint.half_width(), paint.is_moved());
        let progress = progress_along(&chain, &pieces, &progress);
        SharedLine { line, progress, shares: shares(&chain, &spans, &pieces, &painted, beyond as f64) }
    };
    let lines = chains.into_iter().map(shared).collect();
    Ok(Gathered { paints, marks, lines })
}

/// Each feature draws its own part of a chain, and the square's own a little of what they go on into: up to `beyond`, or
/// to its middle. What is farther away is not known everywhere.
fn shares(chain: &Chain, spans: &[(f64, f64)], pieces: &[Joinable], painted: &[usize], beyond: f64) -> Shares {
    let (is_own, feature) =
        (|n: usize| pieces[chain.pieces[n].0].placement == 0, |n: usize| painted[chain.pieces[n].0]);
    let length = |n: usize| spans[n].1 - spans[n].0;
    let count = chain.pieces.len();
    if count == 1 {
        return smallvec![Share::whole(feature(0), chain.pieces[0].0)];
    }
    // Where one feature ends and another begins; the last piece of a ring goes on into the first.
    let joints = (0..count - usize::from(!chain.closed)).map(|n| (n, (n + 1) % count));
    let border = |(before, after): (usize, usize)| {
        let moved = match (is_own(before), is_own(after)) {
            (true, false) => beyond.min(length(after) / 2.0),
            (false, true) => -beyond.min(length(before) / 2.0),
            _ => 0.0,
        };
        (spans[before].1 + moved, after)
    };
    let borders: Vec<(f64, usize)> =
        joints.filter(|&(before, after)| feature(before) != feature(after)).map(border).collect();
    let total = spans[count - 1].1;
    let is_ring_of_many = chain.closed && !borders.is_empty();
    let last = if is_ring_of_many { borders[0].0 + total } else { f64::INFINITY };
    let starts = if is_ring_of_many { borders } else { [vec![(0.0, 0)], borders].concat() };
    let ends = starts.iter().skip(1).map(|start| start.0).chain([last]);
    let share = |(&(from, first), until): (&(f64, usize), f64)| {
        let end = if chain.closed { first + count } else { count };
        let its = (first..end).take_while(|n| feature(n % count) == feature(first));
        let mut pieces: SmallVec<[(usize, f64); 1]> =
            its.map(|n| (chain.pieces[n % count].0, spans[n % count].1 + (n / count) as f64 * total)).collect();
        if let Some(last) = pieces.last_mut() {
            last.1 = until;
        }
        Share { feature: feature(first), from, until, pieces }
    };
    starts.iter().zip(ends).map(share).collect()
}

impl Share {
    /// All of a line of one piece.
    fn whole(feature: usize, piece: usize) -> Share {
        Share { feature, from: 0.0, until: f64::INFINITY, pieces: smallvec![(piece, f64::INFINITY)] }
    }

    /// Whether a place along a line of a length is drawn as this one's.
    pub fn holds(&self, at: f64, length: f64) -> bool {
        [at, at + length].iter().any(|at| (self.from..self.until).contains(at))
    }

    /// From where to where along a line of a length: where the share goes on beyond the end of a ring, two parts.
    pub fn spans(&self, length: f64) -> impl Iterator<Item = [f64; 2]> {
        spans(self.from, self.until, length)
    }

    /// The same for each piece: chains begin wherever what is known of them does, but pieces are the same for all.
    pub fn pieces(&self, length: f64) -> impl Iterator<Item = (usize, [f64; 2])> {
        let starts = [self.from].into_iter().chain(self.pieces.iter().map(|(_, until)| *until));
        let piece = move |(from, &(piece, until))| spans(from, until, length).map(move |span| (piece, span));
        starts.zip(&self.pieces).flat_map(piece)
    }
}

fn spans(from: f64, until: f64, length: f64) -> impl Iterator<Item = [f64; 2]> {
    let over = if until.is_finite() { until - length } else { 0.0 };
    [[from, until.min(length)], [(from - length).max(0.0), over]].into_iter().filter(|[from, until]| from < until)
}

/// Leaves out vertices that nobody sees, but neither end. What stays depends on the piece alone, which is the same
/// wherever it is looked at from.
fn thin(points: &mut Vec<Point>) {
    let last = points.len() - 1;
    let (mut at, mut kept) = (0, points[0]);
    points.retain(|&point| {
        let [x, y] = [0, 1].map(|i| point[i] - kept[i]);
        let stays = at == 0 || at == last || x * x + y * y >= NEAREST * NEAREST;
        at += 1;
        if stays {
            kept = point;
        }
        stays
    });
}

/// The progress at the ends of a line's pieces, which are in order; `start` and `end` are those of the whole line.
fn measure(pieces: &[Piece], line: &[Point], [start, end]: [f64; 2], progress: &mut Vec<Option<[f64; 2]>>) {
    let total = length(line);
    // How far along the line its vertices are, as far as they have been passed.
    let (mut passed, mut travelled) = (0, 0.0);
    for piece in pieces {
        travelled += length(&line[passed..=piece.segment]);
        passed = piece.segment;
        let begun = travelled + distance(line[passed], piece.points[0]);
        let ends = [begun, begun + length(&piece.points)];
        progress.push(Some(ends.map(|along| start + (end - start) * along / total)));
    }
}

/// Where on its line a feature begins and ends, as slicing by `lineMetrics` (geojson-vt) leaves it in the tile.
fn metrics(feature: &Located) -> Option<[f64; 2]> {
    let share = |name: &str| {
        let number = match feature.property(name)? {
            Property::Double(number) => *number,
            Property::Int(number) => *number as f64,
            Property::UInt(number) => *number as f64,
            Property::Null | Property::Bool(_) | Property::String(_) | Property::Json(_) => return None,
        };
        // What is computed from lengths may be off by their last bits.
        (-1e-9..=1.0 + 1e-9).contains(&number).then(|| number.clamp(0.0, 1.0))
    };
    Some([share("mapbox_clip_start")?, share("mapbox_clip_end")?])
}

/// For each stretch between the cuts of a chain, `line-progress` where it begins and ends; nothing where that of a piece
/// is not known.
fn progress_along(chain: &Chain, pieces: &[Joinable], progress: &[Option<[f64; 2]>]) -> Vec<[f64; 2]> {
    let walked = |&(i, forward): &(usize, bool)| {
        progress[i].map(|[start, end]| if forward { [start, end] } else { [end, start] })
    };
    let Some(mut along) = chain.pieces.iter().map(walked).collect::<Option<Vec<[f64; 2]>>>() else {
        return Vec::new();
    };
    // What goes straight on beyond a cut has the progress there.
    let is_cut = |(i, last): (usize, bool)| pieces[i].piece.borders[usize::from(last)] != [None; 2];
    let (first, last) = (chain.pieces[0], chain.pieces[chain.pieces.len() - 1]);
    if !chain.closed && is_cut((first.0, !first.1)) {
        along.insert(0, [along[0][0]; 2]);
    }
    if !chain.closed && is_cut(last) {
        along.push([along[along.len() - 1][1]; 2]);
    }
    along
}

/// A piece that is joined to none, as a line whose lengths nobody asks for.
fn alone(piece: &mut Piece, half_width: f64) -> Line {
    let is_cut = piece.borders.map(|border| border != [None; 2]);
    if is_cut == [false; 2] {
        return Line { points: std::mem::take(&mut piece.points), closed: piece.closed, ..Line::default() };
    }
    let ends = [0, 1].map(|i| is_cut[i].then(|| offset::extend(&piece.points, i == 1, half_width)));
    let mut points = with_stays(piece, false);
    points.splice(0..0, ends[0]);
    points.extend(ends[1]);
    Line { points, ..Line::default() }
}

/// A chain as one line, and from where to where along it each piece reaches. A cut end without a partner goes straight
/// on for half the width, out of its cell.
fn put_together(chain: &Chain, pieces: &[Joinable], half_width: f64, is_moved: bool) -> (Line, Vec<(f64, f64)>) {
    let piece = |i: usize| &pieces[i].piece;
    let is_cut = |i: usize, last: bool| piece(i).borders[usize::from(last)] != [None; 2];
    // A piece becomes longer by its stays, the line by its ends.
    let count = chain.pieces.iter().map(|&(i, _)| piece(i).points.len() + 4).sum::<usize>() + 2;
    let (points, at) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut line = Line { points, at, closed: chain.closed, ..Line::default() };
    let mut spans = Vec::with_capacity(chain.pieces.len());
    let (first, first_forward) = chain.pieces[0];
    if !chain.closed && is_cut(first, !first_forward) {
        line.points.push(offset::extend(&piece(first).points, !first_forward, half_width));
        line.at.push(0.0);
        line.length = half_width;
        line.cuts.push(1);
    }
    for (n, &(i, forward)) in chain.pieces.iter().enumerate() {
        let mut points = with_stays(piece(i), is_moved);
        if !forward {
            points.reverse();
        }
        let end = if n > 0 { line.points.pop().zip(line.at.pop()) } else { None };
        let start = line.length;
        line.at.push(start);
        for pair in points.windows(2) {
            line.length += distance(pair[0], pair[1]);
            line.at.push(line.length);
        }
        if let Some((end, _)) = end {
            line.cuts.push(line.points.len());
            points[0] = between(end, points[0]);
        }
        line.points.append(&mut points);
        spans.push((start, line.length));
    }
    if piece(first).closed {
        line.closed = true;
        line.length += distance(line.points[line.points.len() - 1], line.points[0]);
    }
    let &(last, last_forward) = chain.pieces.last().unwrap_or(&chain.pieces[0]);
    if chain.closed
        && line.points.len() > 3
        && let Some(end) = line.points.pop()
    {
        line.at.pop();
        line.points[0] = between(end, line.points[0]);
        line.cuts.insert(0, 0);
    } else if !chain.closed && is_cut(last, last_forward) {
        line.cuts.push(line.points.len() - 1);
        line.points.push(offset::extend(&piece(last).points, last_forward, half_width));
        line.length += half_width;
        line.at.push(line.length);
    }
    (line, spans)
}

/// A piece's points, with more of them where needed so that the segments at each cut end are short: two of them, or
/// three where the line is moved sideways, because then the corner of its outline after the one that moves does too.
///
/// There its line goes on into another tile's, whose end may be rounded otherwise, and which is not known where only the
/// far part of the piece is in sight. What moves with the end (it, and the corner before it of an outline or an offset
/// line) stays within [`STAY`](crate::limits::STAY) pixels.
fn with_stays(piece: &Piece, is_moved: bool) -> Vec<Point> {
    let mut points = piece.points.clone();
    if piece.borders[1] != [None; 2] {
        points.reverse();
        stay(&mut points, is_moved);
        points.reverse();
    }
    if piece.borders[0] != [None; 2] {
        stay(&mut points, is_moved);
    }
    points
}

/// Shortens the first two segments, or three.
fn stay(points: &mut Vec<Point>, is_moved: bool) {
    let towards = |from: Point, to: Point, pixels: f64| {
        let share = pixels * UNITS as f64 / distance(from, to);
        [0, 1].map(|i| from[i] + ((to[i] - from[i]) as f64 * share).round() as i64)
    };
    let pixels = |a: Point, b: Point| distance(a, b) / UNITS as f64;
    if is_moved {
        for i in 0..3 {
            if points.get(i + 1).is_some_and(|&next| pixels(points[i], next) > 1.5) {
                points.insert(i + 1, towards(points[i], points[i + 1], 1.0));
            }
        }
        return;
    }
    let (end, next) = (points[0], points[1]);
    if pixels(end, next) > 3.0 {
        points.splice(1..1, [towards(end, next, 1.0), towards(end, next, 2.0)]);
    } else if let Some(&after) = points.get(2)
        && pixels(next, after) > 2.0
    {
        points.insert(2, towards(next, after, 1.0));
    }
}

/// Where two ends meet that rounding has put apart.
fn between(a: Point, b: Point) -> Point {
    [0, 1].map(|i| (a[i] + b[i]).div_euclid(2))
}
