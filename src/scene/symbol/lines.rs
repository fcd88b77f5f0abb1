//! The lines of a cell that a layer puts symbols on, and where along them these may stand.
//!
//! Lines that say the same are put together, and keep each other's symbols away. So all that a cell has of one text is
//! read at once; a text that does not come near to what is asked for is not read at all.

use super::super::cut::{self, Piece};
use super::super::path::{Point, Rect, distance};
use super::course::{self, Course, Owner, Room, Row, Spacing};
use super::text::Words;
use super::vocabulary::Said;
use crate::limits;
use crate::mvt;
use crate::scene::canvas::{self, Located, Projection};
use crate::scene::trace::Fate;
use crate::style::Placement;
use crate::value::{Attributes, GeometryKind};
use foldhash::{HashMap, HashMapExt};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// How a layer puts symbols on lines.
#[derive(Clone, Copy)]
pub struct Layout {
    pub placement: Placement,
    /// In scene units.
    pub spacing: f64,
    /// Whether texts may reach over the edges of cells.
    pub goes_over: bool,
}

/// The lines of a cell that a layer puts symbols on.
pub struct Lines<'t> {
    layout: Layout,
    cell: canvas::Placement<'t>,
    extent: u32,
    features: Vec<Feature<'t>>,
    /// The same by their texts, once one of these is asked for.
    by_text: OnceCell<Vec<usize>>,
    /// All texts, each with its number.
    said: HashMap<Arc<str>, usize>,
    /// What has been read.
    lines: Vec<Line>,
    /// The same as it stands in the tile, as far as it has been read for a rectangle.
    sequence: Vec<usize>,
    /// By text: its lines, once they are read.
    saying: Vec<Option<Vec<usize>>>,
    /// Where symbols may stand at cuts.
    at_cuts: Vec<Standing>,
    /// By text, axis and edge: the ends of lines that the edge cuts.
    cuts: HashMap<(usize, usize, i64), Vec<End>>,
    /// How many places there are at most, whatever is read.
    most: f64,
}

/// A feature with lines, and what it says.
pub struct Feature<'t> {
    pub feature: mvt::Feature<'t>,
    pub words: Option<Rc<Words>>,
    /// Which of the texts, if its lines are put together with others.
    pub text: Option<usize>,
    is_read: bool,
}

/// A line, and where symbols may stand on it.
pub struct Line {
    pub course: Rc<Course>,
    row: Row,
    bounds: Rect,
    /// Where in the tile it stands: where the last of its pieces does.
    place: (usize, usize),
    /// Among those of its text; without one, among those that were read with it, those of its feature in their order.
    number: usize,
}

/// Where a symbol may stand.
#[derive(Clone, Copy)]
pub struct Standing {
    pub line: usize,
    /// Among those of its feature.
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
pub struct End {
    pub line: usize,
    pub end: usize,
}

impl Line {
    fn touches(&self, rect: Rect) -> bool {
        self.bounds.touches(rect)
    }
}

impl<'t> Lines<'t> {
    /// None of them read yet; with the number of each text.
    pub fn new(
        layout: Layout,
        cell: canvas::Placement<'t>,
        extent: u32,
        features: Vec<(mvt::Feature<'t>, Option<Said>)>,
        said: HashMap<Arc<str>, usize>,
    ) -> Lines<'t> {
        // What stands in the middle of lines stands on each by itself.
        let is_joined = layout.placement == Placement::Line;
        let features: Vec<Feature> = features
            .into_iter()
            .map(|(feature, said)| {
                let (words, text) = said.map(|said| (said.words, said.text)).unzip();
                Feature { feature, words, text: text.flatten().filter(|_| is_joined), is_read: false }
            })
            .collect();
        let projection = cell.projection(extent);
        let most = features.iter().map(|feature| most_places(&feature.feature, &projection, layout.spacing)).sum();
        Lines {
            layout,
            cell,
            extent,
            features,
            by_text: OnceCell::new(),
            saying: vec![None; said.len()],
            said,
            lines: Vec::new(),
            sequence: Vec::new(),
            at_cuts: Vec::new(),
            cuts: HashMap::new(),
            most,
        }
    }

    pub fn cell(&self) -> Rect {
        self.cell.cell
    }

    /// How far apart the ends of one line may lie.
    pub fn tolerance(&self) -> i64 {
        self.cell.projection(self.extent).tolerance()
    }

    /// The number of a text.
    pub fn number_of(&self, text: &str) -> Option<usize> {
        self.said.get(text).copied()
    }

    /// Whether all is read that says so.
    pub fn has_read(&self, text: &str) -> bool {
        self.number_of(text).is_none_or(|text| self.saying[text].is_some())
    }

    pub fn course(&self, line: usize) -> &Rc<Course> {
        &self.lines[line].course
    }

    /// The feature that a line belongs to.
    pub fn feature_of(&self, line: usize) -> &Feature<'t> {
        &self.features[self.lines[line].course.feature]
    }

    /// Reads what symbols in a rectangle may stand on.
    pub fn read_near(
        &mut self,
        near: Rect,
        spacing: impl Fn(&Located, Option<&Words>) -> Spacing,
        tell: impl FnMut(&Located, Fate),
    ) {
        let near = self.cell.projection(self.extent).units(near);
        let is_near = |feature: &Feature| feature.feature.meets(near);
        let mut texts = vec![false; self.said.len()];
        let found = self.features.iter().filter(|feature| is_near(feature));
        found.filter_map(|feature| feature.text).for_each(|text| texts[text] = true);
        let is_asked_for = |feature: &Feature| feature.text.map_or_else(|| is_near(feature), |text| texts[text]);
        let asked = (0..self.features.len()).filter(|&i| is_asked_for(&self.features[i]));
        self.read(asked.collect(), spacing, tell);
        if self.sequence.len() < self.lines.len() {
            self.sequence.extend(self.sequence.len()..self.lines.len());
            self.sequence.sort_by_key(|&line| self.lines[line].place);
            self.at_cuts.sort_by_key(|at| self.lines[at.line].place);
        }
    }

    /// Reads what says so.
    pub fn read_saying(
        &mut self,
        text: &str,
        spacing: impl Fn(&Located, Option<&Words>) -> Spacing,
        tell: impl FnMut(&Located, Fate),
    ) {
        let Some(text) = self.number_of(text) else { return };
        // Read from now on, even if no line says it.
        self.saying[text].get_or_insert_default();
        let by_text = self.by_text.get_or_init(|| {
            let mut all: Vec<usize> = (0..self.features.len()).collect();
            all.sort_by_key(|&i| self.features[i].text);
            all
        });
        let first = by_text.partition_point(|&i| self.features[i].text < Some(text));
        let saying = by_text[first..].iter().take_while(|&&i| self.features[i].text == Some(text));
        let asked = saying.copied().collect();
        self.read(asked, spacing, tell);
    }

    /// Reads features, whole texts of them, as they stand in the tile.
    fn read(
        &mut self,
        asked: Vec<usize>,
        spacing: impl Fn(&Located, Option<&Words>) -> Spacing,
        tell: impl FnMut(&Located, Fate),
    ) {
        // Which places are tried in a block that has too many depends on all of them.
        let is_crowded = self.most > limits::SYMBOL_ANCHORS as f64;
        let asked = if is_crowded { (0..self.features.len()).collect() } else { asked };
        let projection = self.cell.projection(self.extent);
        let whole = self.cell.cell;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut owners: Vec<Owner> = Vec::new();
        let mut points: Vec<Point> = Vec::new();
        let mut read: Vec<usize> = Vec::new();
        for i in asked {
            let feature = &mut self.features[i];
            if std::mem::replace(&mut feature.is_read, true) {
                continue;
            }
            if let Some(text) = feature.text {
                self.saying[text].get_or_insert_default();
            }
            for part in feature.feature.parts() {
                points.clear();
                points.extend(part.vertices().map(|at| projection.point(at)));
                match feature.feature.kind() {
                    GeometryKind::Polygon => cut::ring(&points, whole, &mut pieces),
                    _ => cut::line(&points, whole, &mut pieces),
                }
            }
            if pieces.len() > owners.len() {
                owners.resize(pieces.len(), Owner { feature: i, text: feature.text });
                read.push(i);
            }
        }
        let first = self.lines.len();
        for (i, (course, last)) in course::courses(pieces, &owners).into_iter().enumerate() {
            let feature = &self.features[course.feature];
            let rule = spacing(&self.cell.located(feature.feature, self.extent), feature.words.as_deref());
            let row = match self.layout.placement {
                Placement::LineCenter => course.only_middle(rule),
                _ => course.row(rule),
            };
            let bounds = Rect::around(&course.points).unwrap_or(whole);
            self.lines.push(Line { course: Rc::new(course), row, bounds, place: (last, i), number: i });
        }
        self.note(first);
        self.tell(&read, first, tell);
    }

    /// Takes note of lines that have been read: what they say, and where edges cut them, so that what is in other cells finds
    /// what it goes on into. Where symbols may stand at cuts, those at the cell's east and south edges are its own.
    fn note(&mut self, first: usize) {
        let cell = self.cell.cell;
        let mut changed: Vec<(usize, usize, i64)> = Vec::new();
        for i in first..self.lines.len() {
            let line = &self.lines[i];
            let Some(text) = self.features[line.course.feature].text else { continue };
            let saying = self.saying[text].get_or_insert_default();
            let number = saying.len();
            saying.push(i);
            for (end, border) in line.course.borders.iter().enumerate() {
                let cuts = (0..2).filter_map(|axis| Some((axis, border[axis]?)));
                for (axis, edge) in cuts {
                    let ends = self.cuts.entry((text, axis, edge)).or_default();
                    if ends.len() == 1 {
                        changed.push((text, axis, edge));
                    }
                    ends.push(End { line: i, end });
                    if self.layout.goes_over && edge == cell.max[axis] {
                        let (point, at) = (line.course.end(end), if end == 0 { 0.0 } else { line.course.length() });
                        let mut home = point;
                        home[axis] -= 1;
                        let number = numbered(u32::MAX as usize, 4 * number + 2 * end + axis);
                        self.at_cuts.push(Standing { line: i, number, at, room: Room::Beyond, point, home });
                    }
                }
            }
            self.lines[i].number = number;
        }
        for (text, axis, edge) in changed {
            let ends = self.cuts.entry((text, axis, edge)).or_default();
            ends.sort_by_key(|end| self.lines[end.line].course.end(end.end)[1 - axis]);
        }
    }

    /// Tells what became of features that have been read, of those that have anything in the cell.
    fn tell(&self, read: &[usize], first: usize, mut tell: impl FnMut(&Located, Fate)) {
        let mut fates = vec![Some(Fate::Joined); read.len()];
        for line in &self.lines[first..] {
            let Ok(i) = read.binary_search(&line.course.feature) else { continue };
            let has_room = fates[i].is_none() || !line.row.is_empty();
            fates[i] = (!has_room).then_some(Fate::NoRoom);
        }
        for (&i, fate) in read.iter().zip(fates) {
            if let Some(fate) = fate {
                tell(&self.cell.located(self.features[i].feature, self.extent), fate);
            }
        }
    }

    /// Where symbols may stand whose places lie in a rectangle of whole blocks; no more than some in each block.
    pub fn standing(&self, near: Rect, block_of: impl Fn(Point) -> Point) -> Vec<Standing> {
        let mut counts: HashMap<Point, usize> = HashMap::new();
        let mut found = Vec::new();
        for &i in &self.sequence {
            let line = &self.lines[i];
            if !line.touches(near) {
                continue;
            }
            let counts = RefCell::new(&mut counts);
            let is_full = |block: Point| counts.borrow().get(&block).is_some_and(|n| *n >= limits::SYMBOL_ANCHORS);
            let all_full = |rect: Rect| {
                let ([left, top], [right, bottom]) = (block_of(rect.min), block_of(rect.max));
                (top..=bottom).all(|y| (left..=right).all(|x| is_full([x, y])))
            };
            line.course.places(&line.row, near, all_full, |number, at, point, room| {
                let block = block_of(point);
                if !is_full(block) {
                    *counts.borrow_mut().entry(block).or_default() += 1;
                    let number = numbered(line.number, number);
                    found.push(Standing { line: i, number, at, room, point, home: point });
                }
            });
        }
        found.extend(self.at_cuts.iter().filter(|at| near.touches(Rect { min: at.home, max: at.home })));
        found
    }

    /// Leaves out those that stand near to one before that says the same, whether that is left out or not: who stands where
    /// depends on what is near. What may not stand in its cell alone is left for later.
    pub fn apart(&self, mut standing: Vec<Standing>, mut left_out: impl FnMut(&Standing)) -> Vec<Standing> {
        let side = self.least().ceil() as i64;
        let mut seen: HashMap<(usize, Point), Vec<Point>> = HashMap::new();
        standing.retain(|standing| {
            let Some(text) = self.feature_of(standing.line).text else { return true };
            if standing.room == Room::Beyond {
                return true;
            }
            let [x, y] = standing.point.map(|c| c.div_euclid(side));
            let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| [x + dx, y + dy]));
            let mut others = around.filter_map(|place| seen.get(&(text, place))).flatten();
            let is_near = others.any(|&other| distance(other, standing.point) < self.least());
            seen.entry((text, [x, y])).or_default().push(standing.point);
            if is_near {
                left_out(standing);
            }
            !is_near
        });
        standing
    }

    /// Whether a symbol that has room in this cell alone stands near to a place and says the same.
    pub fn is_taken(&self, text: usize, at: Point) -> bool {
        let least = self.least();
        let near = Rect { min: at, max: at }.grown(least.ceil() as i64);
        let mut is_taken = false;
        let mut left = limits::EQUAL_VERTICES;
        for &i in self.saying[text].iter().flatten() {
            if is_taken || left == 0 {
                break;
            }
            left = left.saturating_sub(1);
            let line = &self.lines[i];
            if !line.touches(near) {
                continue;
            }
            left = left.saturating_sub(line.course.points.len());
            let is_near = |point: Point, room: Room| room == Room::Within && distance(point, at) < least;
            line.course.places(&line.row, near, |_| false, |_, _, point, room| is_taken |= is_near(point, room));
        }
        is_taken
    }

    /// The end that one in another cell goes on into: among several the straightest.
    pub fn partner(
        &self,
        text: &str,
        (axis, edge): (usize, i64),
        point: Point,
        out: [f64; 2],
        near: i64,
    ) -> Option<End> {
        let ends = self.cuts.get(&(*self.said.get(text)?, axis, edge))?;
        let along = |end: &End| self.lines[end.line].course.end(end.end)[1 - axis] - point[1 - axis];
        let apart = |end: &End| along(end).abs();
        let near = near.max(self.tolerance());
        let first = ends.partition_point(|end| along(end) < -near);
        let candidates = ends[first..].iter().take_while(|end| along(end) <= near).take(limits::JOIN_CANDIDATES);
        // -1 where one goes straight on into the other.
        let turn = |end: &End| {
            let direction = self.lines[end.line].course.way_out(end.end);
            direction[0] * out[0] + direction[1] * out[1]
        };
        candidates.min_by(|a, b| turn(a).total_cmp(&turn(b)).then(apart(a).cmp(&apart(b)))).copied()
    }

    /// How far equal texts are apart at least.
    fn least(&self) -> f64 {
        self.layout.spacing / 2.0
    }
}

/// The number of a place, of a line and on it.
fn numbered(line: usize, number: usize) -> u64 {
    (line as u64) << 32 | number as u64 & u64::from(u32::MAX)
}

/// How many places there are at most on lines of a feature, those at cuts aside: on each piece one at its beginning, one in
/// its middle, and one for each spacing; each segment a piece of its own, and as long as the part is wide and high.
fn most_places(feature: &mvt::Feature, projection: &Projection, spacing: f64) -> f64 {
    let most = |part: mvt::Part| {
        let Rect { min, max } = projection.rect(part.bounds);
        let longest = (max[0] - min[0] + max[1] - min[1]) as f64;
        let segments = part.vertices().size_hint().1.unwrap_or(usize::MAX);
        segments as f64 * (longest / spacing + 2.0)
    };
    feature.parts().map(most).sum()
}
