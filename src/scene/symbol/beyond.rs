//! The lines of each cell that a layer puts symbols on, and what they go on into where a cell's edge cuts them.

use super::super::join::unit;
use super::super::path::{Point, Rect, distance};
use super::course::{Course, Room, Row};
use super::text::Words;
use crate::limits;
use crate::mvt;
use crate::viewport::Square;
use foldhash::{HashMap, HashMapExt};
use std::rc::Rc;
use std::sync::Arc;

/// The lines of a cell that a layer puts symbols on.
pub struct Lines<'t> {
    pub features: Vec<(mvt::Feature<'t>, Option<Words>)>,
    pub courses: Vec<Rc<Course>>,
    /// What the lines of each feature say, if they are put together with others: one of the texts.
    pub said: Vec<Option<usize>>,
    pub texts: HashMap<Arc<str>, usize>,
    /// Where symbols may stand on each line.
    pub rows: Vec<Row>,
    /// How far equal texts are apart at least.
    least: f64,
    cell: Rect,
    /// How far apart the ends of one line may lie.
    tolerance: i64,
    bounds: Vec<Option<Rect>>,
    /// By text.
    saying: HashMap<usize, Vec<usize>>,
    /// Where symbols may stand at cuts.
    at_cuts: Vec<Standing>,
    /// By text, axis and edge: the ends of lines that the edge cuts.
    cuts: HashMap<(usize, usize, i64), Vec<End>>,
}

/// Where a symbol may stand.
#[derive(Clone, Copy)]
pub struct Standing {
    pub course: usize,
    /// Among those of its cell.
    pub number: u64,
    pub at: f64,
    pub room: Room,
    /// In the map.
    pub point: Point,
    /// The same, within the cell that owns it.
    pub home: Point,
}

/// Where a line begins, 0, or ends, 1.
#[derive(Clone, Copy)]
struct End {
    course: usize,
    end: usize,
}

/// The lines of each layer in each cell that has been looked at; none in a cell without any.
pub type LinesOfCells<'t> = HashMap<(usize, Square), Option<Lines<'t>>>;

/// A symbol's place on its line.
pub enum On {
    /// The line as far as it matters, and how far along it.
    Line(Rc<Course>, f64),
    /// It has to be known first what there is in a cell.
    Open(Square),
}

impl Lines<'_> {
    /// Takes note of the lines: where they lie, what they say, and where edges cut them, so that what is in other cells finds
    /// what it goes on into. Where symbols may stand at cuts, those at the cell's east and south edges are its own.
    pub fn note(&mut self, stands_at_cuts: bool) {
        for (i, course) in self.courses.iter().enumerate() {
            self.bounds.push(Rect::around(&course.points));
            let Some(text) = self.said[course.feature] else { continue };
            self.saying.entry(text).or_default().push(i);
            for (end, border) in course.borders.iter().enumerate() {
                let cuts = (0..2).filter_map(|axis| Some((axis, border[axis]?)));
                for (axis, edge) in cuts {
                    self.cuts.entry((text, axis, edge)).or_default().push(End { course: i, end });
                    if stands_at_cuts && edge == self.cell.max[axis] {
                        let (point, at) = (course.end(end), if end == 0 { 0.0 } else { course.length() });
                        let mut home = point;
                        home[axis] -= 1;
                        let number = numbered(u32::MAX as usize, self.at_cuts.len());
                        self.at_cuts.push(Standing { course: i, number, at, room: Room::Beyond, point, home });
                    }
                }
            }
        }
        for ((_, axis, _), ends) in &mut self.cuts {
            ends.sort_by_key(|end| self.courses[end.course].end(end.end)[1 - axis]);
        }
    }

    /// Where symbols may stand whose places lie in a rectangle of whole blocks; no more than some in each block.
    pub fn standing(&self, near: Rect, block_of: impl Fn(Point) -> Point) -> Vec<Standing> {
        let mut counts: HashMap<Point, usize> = HashMap::new();
        let mut found = Vec::new();
        for (i, (course, row)) in self.courses.iter().zip(&self.rows).enumerate() {
            if !self.bounds[i].is_some_and(|bounds| bounds.touches(near)) {
                continue;
            }
            let counts = std::cell::RefCell::new(&mut counts);
            let is_full = |block: Point| counts.borrow().get(&block).is_some_and(|n| *n >= limits::SYMBOL_ANCHORS);
            let all_full = |rect: Rect| {
                let ([left, top], [right, bottom]) = (block_of(rect.min), block_of(rect.max));
                (top..=bottom).all(|y| (left..=right).all(|x| is_full([x, y])))
            };
            course.places(row, near, all_full, |number, at, point, room| {
                let block = block_of(point);
                if !is_full(block) {
                    *counts.borrow_mut().entry(block).or_default() += 1;
                    let number = numbered(i, number);
                    found.push(Standing { course: i, number, at, room, point, home: point });
                }
            });
        }
        found.extend(self.at_cuts.iter().filter(|at| near.touches(Rect { min: at.home, max: at.home })));
        found
    }

    /// Leaves out those that stand near to one before that says the same, whether that is left out or not: who stands where
    /// depends on what is near. What may not stand in its cell alone is left for later.
    pub fn apart(&self, mut standing: Vec<Standing>, mut left_out: impl FnMut(&Standing)) -> Vec<Standing> {
        let side = self.least.ceil() as i64;
        let mut seen: HashMap<(usize, Point), Vec<Point>> = HashMap::new();
        standing.retain(|standing| {
            let Some(text) = self.said[self.courses[standing.course].feature] else { return true };
            if standing.room == Room::Beyond {
                return true;
            }
            let [x, y] = standing.point.map(|c| c.div_euclid(side));
            let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| [x + dx, y + dy]));
            let mut others = around.filter_map(|place| seen.get(&(text, place))).flatten();
            let is_near = others.any(|&other| distance(other, standing.point) < self.least);
            seen.entry((text, [x, y])).or_default().push(standing.point);
            if is_near {
                left_out(standing);
            }
            !is_near
        });
        standing
    }

    /// Whether a symbol that has room in this cell alone stands near to a place and says the same.
    fn is_taken(&self, text: usize, at: Point) -> bool {
        let near = Rect { min: at, max: at }.grown(self.least.ceil() as i64);
        let mut is_taken = false;
        let mut left = limits::EQUAL_VERTICES;
        for &i in self.saying.get(&text).into_iter().flatten() {
            if is_taken || left == 0 {
                break;
            }
            left = left.saturating_sub(1);
            if !self.bounds[i].is_some_and(|bounds| bounds.touches(near)) {
                continue;
            }
            left = left.saturating_sub(self.courses[i].points.len());
            let is_near = |point: Point, room: Room| room == Room::Within && distance(point, at) < self.least;
            self.courses[i].places(
                &self.rows[i],
                near,
                |_| false,
                |_, _, point, room| is_taken |= is_near(point, room),
            );
        }
        is_taken
    }

    /// The end that one in another cell goes on into: among several the straightest.
    fn partner(&self, text: &str, (axis, edge): (usize, i64), point: Point, out: [f64; 2], near: i64) -> Option<End> {
        let ends = self.cuts.get(&(*self.texts.get(text)?, axis, edge))?;
        let along = |end: &End| self.courses[end.course].end(end.end)[1 - axis] - point[1 - axis];
        let apart = |end: &End| along(end).abs();
        let near = near.max(self.tolerance);
        let first = ends.partition_point(|end| along(end) < -near);
        let candidates = ends[first..].iter().take_while(|end| along(end) <= near).take(limits::JOIN_CANDIDATES);
        // -1 where one goes straight on into the other.
        let turn = |end: &End| {
            let direction = self.courses[end.course].way_out(end.end);
            direction[0] * out[0] + direction[1] * out[1]
        };
        candidates.min_by(|a, b| turn(a).total_cmp(&turn(b)).then(apart(a).cmp(&apart(b)))).copied()
    }
}

/// The number of a place in its cell, of a line and on it.
fn numbered(course: usize, number: usize) -> u64 {
    (course as u64) << 32 | number as u64 & u64::from(u32::MAX)
}

impl Course {
    fn end(&self, end: usize) -> Point {
        if end == 0 { self.points[0] } else { self.points[self.points.len() - 1] }
    }

    /// The unit vector in which it leaves its cell.
    fn way_out(&self, end: usize) -> [f64; 2] {
        let before = if end == 0 { self.points[1] } else { self.points[self.points.len() - 2] };
        unit(before, self.end(end))
    }
}

/// A place on a line of a cell, with the line around it as it goes on in other cells; `reach` is how far to both sides it
/// has to be known. None where another text that says the same stands near by.
pub fn on(of: &LinesOfCells, layer: usize, square: Square, standing: &Standing, reach: f64) -> Option<On> {
    let lines = of.get(&(layer, square))?.as_ref()?;
    let course = &lines.courses[standing.course];
    let text = lines.said[course.feature]?;
    let is_taken = |lines: &Lines, text: usize| standing.room == Room::Beyond && lines.is_taken(text, standing.point);
    if is_taken(lines, text) {
        return None;
    }
    let text = lines.features[course.feature].1.as_ref()?.text();
    let mut sides = [Vec::new(), Vec::new()];
    for (end, side) in sides.iter_mut().enumerate() {
        let left = reach - if end == 0 { standing.at } else { course.length() - standing.at };
        let mut from = (square, End { course: standing.course, end });
        let mut length = 0.0;
        for _ in 0..limits::LINE_CROSSINGS {
            if length >= left {
                break;
            }
            let (next, partner) = match goes_on(of, layer, from, &text) {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(open) => return Some(On::Open(open)),
            };
            let Some(lines) = of.get(&(layer, next)).and_then(Option::as_ref) else { break };
            if is_taken(lines, *lines.texts.get(&text)?) {
                return None;
            }
            let points = &lines.courses[partner.course].points;
            // It begins where the other ends.
            let last = points.len() - 1;
            for i in 1..=last {
                if length >= left {
                    break;
                }
                let [a, b] = if partner.end == 0 { [i - 1, i] } else { [last - i + 1, last - i] };
                length += distance(points[a], points[b]);
                side.push(points[b]);
            }
            from = (next, End { end: 1 - partner.end, ..partner });
        }
    }
    let (course, at) = course.around(standing.at, reach, &sides);
    Some(On::Line(Rc::new(course), at))
}

/// What an end goes on into, and in which cell; or the cell that has to be known for that.
fn goes_on(
    of: &LinesOfCells,
    layer: usize,
    (square, End { course, end }): (Square, End),
    text: &str,
) -> Result<Option<(Square, End)>, Square> {
    let Some(lines) = of.get(&(layer, square)).and_then(Option::as_ref) else { return Ok(None) };
    let course = &lines.courses[course];
    let edges = course.borders[end].into_iter().enumerate();
    for (axis, edge) in edges.filter_map(|(axis, edge)| Some((axis, edge?))) {
        let by = if edge == lines.cell.max[axis] { 1 } else { -1 };
        let Some(next) = (if axis == 0 { square.neighbour(by, 0) } else { square.neighbour(0, by) }) else { continue };
        let Some(there) = of.get(&(layer, next)).ok_or(next)? else { continue };
        let partner = there.partner(text, (axis, edge), course.end(end), course.way_out(end), lines.tolerance);
        if let Some(partner) = partner {
            return Ok(Some((next, partner)));
        }
    }
    Ok(None)
}

impl<'t> Lines<'t> {
    pub fn new(cell: Rect, tolerance: i64, least: f64) -> Lines<'t> {
        Lines {
            features: Vec::new(),
            courses: Vec::new(),
            said: Vec::new(),
            texts: HashMap::new(),
            rows: Vec::new(),
            least,
            cell,
            tolerance,
            bounds: Vec::new(),
            saying: HashMap::new(),
            at_cuts: Vec::new(),
            cuts: HashMap::new(),
        }
    }
}
