//! Symbols along lines: where on them, and how a text bends with them.
//!
//! The lines of one cell that say the same are put together where one ends and another begins. Where they go on in the
//! next cell, `beyond` finds out.

use super::super::join::unit;
use super::super::path::{Point, Rect, UNITS, clip_segment, distance};
use super::text::{Inset, around_turned, turn, units};
use crate::limits;
use crate::scene::cut::{Border, Piece};
use crate::style::{cosine_and_sine, turned, turned_by};
use crate::text::{self, Shaped};
use foldhash::{HashMap, HashMapExt};
use smallvec::SmallVec;
use std::sync::Arc;

/// The stretch of a line over which a text may turn by `text-max-angle`, in ems (as MapLibre has it).
const ANGLE_WINDOW: f64 = 0.6;
/// From the beginning of a line to a text's, in ems (as MapLibre has it).
const INDENT: f64 = 2.0;

/// An image stands before a glyph that begins no more than this after it, in ems: sums are rounded.
const NEXT: f64 = 1e-6;

/// The number of a place in the middle of its line, after all others.
const MIDDLE: usize = u32::MAX as usize - 1;

/// A line, of one feature or put together from several.
pub struct Course {
    /// Which of the features given; of several the one that stands first.
    pub feature: usize,
    /// In scene units of the map.
    pub points: Vec<Point>,
    /// How far along the line each point lies.
    lengths: Vec<f64>,
    /// The cell's edges that cut it, where it begins and where it ends.
    pub borders: [Border; 2],
}

/// Where on a line symbols may stand.
#[derive(Clone, Copy)]
pub struct Spacing {
    /// In scene units, as all here.
    pub spacing: f64,
    /// Of text or icon, whichever is longer.
    pub length: f64,
    /// Of the text.
    pub em: f64,
    /// In radians.
    pub max_angle: f64,
    /// Whether it may reach over an edge of the cell onto what the line goes on into.
    pub goes_over: bool,
}

/// The places along a line where symbols may stand.
pub struct Row {
    rule: Spacing,
    /// How far along the first is, and how far apart they are.
    first: f64,
    spacing: f64,
    count: usize,
    /// One in the middle of the line besides.
    middle: Option<(f64, Room)>,
}

impl Row {
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.middle.is_none()
    }
}

/// What a symbol at a place has room on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Its cell's part of the line.
    Within,
    /// Not that, but maybe what it goes on into.
    Beyond,
}

/// A text that bends with its line; scene units from its anchor.
#[derive(Clone)]
pub struct Along {
    pub shaped: Arc<Shaped>,
    /// The em, in output pixels.
    pub size: f64,
    /// For each glyph where its origin is, and how it is turned.
    pub glyphs: Vec<(Point, u16)>,
    pub insets: Vec<Inset>,
    /// Of each glyph and image: where its middle is, half its size in output pixels, and its angle's cosine and sine.
    cells: Vec<(Point, [f64; 2], [f64; 2])>,
}

/// How a text lies along its line.
pub struct Manner {
    /// Along the line and down from it, in ems.
    pub offset: [f64; 2],
    /// Where along the text its anchor is, from 0 to 1.
    pub share: f64,
    pub keeps_upright: bool,
    /// How far each glyph is turned besides, in degrees.
    pub rotate: f64,
    /// Whether glyphs stand upright in the picture, whatever the line does.
    pub is_upright: bool,
    /// How far the map is turned in the picture, in degrees clockwise.
    pub turn: f64,
}

/// Whose a piece is.
#[derive(Clone, Copy)]
pub struct Owner {
    pub feature: usize,
    /// What it says, where it may be put together with others.
    pub text: Option<usize>,
}

/// Pieces put together where they say the same; those that say nothing are left alone. Each with the feature whose piece
/// came to it last: in that order.
pub fn courses(mut pieces: Vec<Piece>, owners: &[Owner]) -> Vec<(Course, usize)> {
    // For each piece what goes on after it.
    let mut next: Vec<Option<usize>> = vec![None; pieces.len()];
    // By the piece that came last.
    let mut chains: Vec<Option<Chain>> = Vec::with_capacity(pieces.len());
    // By what it says and where it begins or ends: which of those above.
    let mut starts: HashMap<(usize, Point), usize> = HashMap::with_capacity(pieces.len());
    let mut ends: HashMap<(usize, Point), usize> = HashMap::with_capacity(pieces.len());
    for (i, (piece, owner)) in pieces.iter().zip(owners).enumerate() {
        let mut chain = Chain { feature: owner.feature, first: i, last: i };
        if let Some(text) = owner.text.filter(|_| !piece.closed) {
            let start = |chain: &Chain| (text, pieces[chain.first].points[0]);
            let end = |chain: &Chain| (text, pieces[chain.last].points[pieces[chain.last].points.len() - 1]);
            if let Some(before) = ends.remove(&start(&chain)).and_then(|i| chains[i].take()) {
                starts.remove(&start(&before));
                chain = before.with(chain, &mut next);
            }
            if let Some(after) = starts.remove(&end(&chain)).and_then(|i| chains[i].take()) {
                ends.remove(&end(&after));
                chain = chain.with(after, &mut next);
            }
            starts.entry(start(&chain)).or_insert(i);
            ends.entry(end(&chain)).or_insert(i);
        }
        chains.push(Some(chain));
    }
    let chains = chains.into_iter().enumerate().filter_map(|(i, chain)| Some((i, chain?)));
    let course = |(i, Chain { feature, first, last }): (usize, Chain)| {
        let borders = [pieces[first].borders[0], pieces[last].borders[1]];
        let mut points = std::mem::take(&mut pieces[first].points);
        if pieces[first].closed {
            points.push(points[0]);
        }
        let others = || std::iter::successors(next[first], |&piece| next[piece]);
        points.reserve_exact(others().map(|piece| pieces[piece].points.len() - 1).sum());
        others().for_each(|piece| points.extend_from_slice(&pieces[piece].points[1..]));
        (Course::new(feature, points, borders), owners[i].feature)
    };
    chains.map(course).collect()
}

/// Pieces one after another.
struct Chain {
    /// The one that stands first of those whose pieces they are.
    feature: usize,
    first: usize,
    last: usize,
}

impl Chain {
    /// Both, where one ends at the other's beginning.
    fn with(self, after: Chain, next: &mut [Option<usize>]) -> Chain {
        next[self.last] = Some(after.first);
        Chain { feature: self.feature.min(after.feature), first: self.first, last: after.last }
    }
}

impl Course {
    fn new(feature: usize, points: Vec<Point>, borders: [Border; 2]) -> Course {
        let mut length = 0.0;
        let mut lengths = Vec::with_capacity(points.len());
        lengths.push(0.0);
        for pair in points.windows(2) {
            length += distance(pair[0], pair[1]);
            lengths.push(length);
        }
        Course { feature, points, lengths, borders }
    }

    /// The stretch around a place, at least so far to both sides, with what comes before and after the line; and how far
    /// along that the place is. Whole segments, so that what lies on them is where it is on the line.
    pub fn around(&self, at: f64, reach: f64, [before, after]: &[Vec<Point>; 2]) -> (Course, f64) {
        let first = self.lengths.partition_point(|&length| length <= at - reach).saturating_sub(1);
        let last = self.lengths.partition_point(|&length| length < at + reach).min(self.points.len() - 1);
        let own = self.points[first..=last].iter();
        let points = before.iter().rev().chain(own).chain(after).copied().collect();
        let stretch = Course::new(self.feature, points, [[None; 2]; 2]);
        let at = stretch.lengths[before.len()] + (at - self.lengths[first]);
        (stretch, at)
    }

    /// Whether a cell's edge cuts it so near to a place.
    pub fn is_cut_within(&self, at: f64, reach: f64) -> bool {
        at < reach && self.is_cut(0) || self.length() - at < reach && self.is_cut(1)
    }

    /// Whether a cell's edge cuts it where it begins, or ends.
    fn is_cut(&self, end: usize) -> bool {
        self.borders[end] != [None; 2]
    }

    /// Where it begins, 0, or ends, 1.
    pub fn end(&self, end: usize) -> Point {
        if end == 0 { self.points[0] } else { self.points[self.points.len() - 1] }
    }

    /// The unit vector in which it leaves its cell there.
    pub fn way_out(&self, end: usize) -> [f64; 2] {
        let before = if end == 0 { self.points[1] } else { self.points[self.points.len() - 2] };
        unit(before, self.end(end))
    }

    pub fn length(&self) -> f64 {
        self.lengths[self.lengths.len() - 1]
    }

    /// The segment that a place lies on, and how far along that, from 0 to 1.
    fn segment(&self, at: f64) -> (usize, f64) {
        let next = self.lengths.partition_point(|&length| length <= at).clamp(1, self.points.len() - 1);
        let (from, to) = (self.lengths[next - 1], self.lengths[next]);
        (next - 1, if to > from { (at - from) / (to - from) } else { 0.0 })
    }

    /// A place along the line, rounded from a vertex: halves go the same way whatever positions are counted from.
    pub fn point(&self, at: f64) -> Point {
        let segment = self.segment(at);
        let from = self.points[segment.0];
        let [x, y] = self.on(from, segment);
        [from[0] + x.round() as i64, from[1] + y.round() as i64]
    }

    /// A place on a segment, so far along that, from somewhere.
    fn on(&self, origin: Point, (i, t): (usize, f64)) -> [f64; 2] {
        let (a, b) = (self.points[i], self.points[i + 1]);
        [0, 1].map(|axis| (a[axis] - origin[axis]) as f64 + (b[axis] - a[axis]) as f64 * t)
    }

    /// The direction of the line at a place, in degrees clockwise from the east.
    pub fn angle(&self, at: f64) -> f64 {
        self.segment_angle(self.segment(at).0).to_degrees()
    }

    fn segment_angle(&self, i: usize) -> f64 {
        let (a, b) = (self.points[i], self.points[i + 1]);
        ((b[1] - a[1]) as f64).atan2((b[0] - a[0]) as f64)
    }

    /// Where symbols may stand: one after another with space between them, or one in the middle where there is room for
    /// no more.
    pub fn row(&self, rule: Spacing) -> Row {
        // There is always some space between them.
        let spacing = if rule.spacing - rule.length < rule.spacing / 4.0 {
            rule.length + rule.spacing / 4.0
        } else {
            rule.spacing
        };
        let first = match self.is_cut(0) {
            true => spacing / 2.0,
            false => (rule.length / 2.0 + INDENT * rule.em) % spacing,
        };
        let count = ((self.length() - first) / spacing).max(0.0) as usize + 1;
        let mut best = None;
        for i in 0..count.min(limits::LINE_TRIES) {
            best = self.room(first + i as f64 * spacing, &rule).or(best);
            if best == Some(Room::Within) {
                break;
            }
        }
        let middle = match best {
            None => self.middle(&rule),
            Some(Room::Beyond) => self.middle(&rule).filter(|(_, room)| *room == Room::Within),
            Some(Room::Within) => None,
        };
        Row { rule, first, spacing, count: if best.is_some() { count } else { 0 }, middle }
    }

    /// The one place in the middle.
    pub fn only_middle(&self, rule: Spacing) -> Row {
        Row { rule, first: 0.0, spacing: 1.0, count: 0, middle: self.middle(&rule) }
    }

    /// The places of a row that lie in a rectangle, with their numbers and how far along they are. Stretches are left out
    /// that `is_full` says of, by the rectangle around them.
    pub fn places(
        &self,
        row: &Row,
        near: Rect,
        mut is_full: impl FnMut(Rect) -> bool,
        mut look: impl FnMut(usize, f64, Point, Room),
    ) {
        let last = self.points.len() - 2;
        for (i, pair) in self.points.windows(2).enumerate().filter(|_| row.count > 0) {
            let &[a, b] = pair else { continue };
            let Some(bounds) = Rect::around(pair).filter(|bounds| bounds.touches(near)) else { continue };
            let (begin, end) = (self.lengths[i], self.lengths[i + 1]);
            let number = |at: f64| ((at - row.first) / row.spacing).ceil().max(0.0) as usize;
            let next = row.first + number(begin) as f64 * row.spacing;
            if next > end || is_full(bounds.intersection(near)) {
                continue;
            }
            // Rounded: a little more than lies in the rectangle.
            let Some((from, to)) = clip_segment(a, b, near.grown(UNITS)) else { continue };
            let [from, to] = [from, to].map(|point| begin + distance(a, point));
            for number in number(from - UNITS as f64)..=number(to + UNITS as f64).min(row.count - 1) {
                let at = row.first + number as f64 * row.spacing;
                let is_on_it = begin <= at && (at < end || i == last && at <= end);
                let point = self.point(at);
                if is_on_it
                    && near.touches(Rect { min: point, max: point })
                    && let Some(room) = self.room(at, &row.rule)
                {
                    look(number, at, point, room);
                }
            }
        }
        if let Some((at, room)) = row.middle {
            let point = self.point(at);
            if near.touches(Rect { min: point, max: point }) {
                look(MIDDLE, at, point, room);
            }
        }
    }

    /// The middle of the line, if there may be room: where there is too little and the line goes on at one end, as near to
    /// the other as can be.
    pub fn middle(&self, rule: &Spacing) -> Option<(f64, Room)> {
        let at = match [0, 1].map(|end| rule.goes_over && rule.length > self.length() && self.is_cut(end)) {
            [true, false] => self.length() - rule.length / 2.0,
            [false, true] => rule.length / 2.0,
            _ => self.length() / 2.0,
        };
        Some((at, self.room(at, rule)?))
    }

    /// Whether a symbol's length fits, and the line does not turn too much on it.
    pub fn room(&self, at: f64, rule: &Spacing) -> Option<Room> {
        let (start, end) = (at - rule.length / 2.0, at + rule.length / 2.0);
        let (lacks, is_on_it) = ([start < 0.0, end > self.length()], (0.0..=self.length()).contains(&at));
        let goes_on = |end: usize| !lacks[end] || rule.goes_over && is_on_it && self.is_cut(end);
        if !goes_on(0) || !goes_on(1) || !self.is_straight_enough(start, end, rule) {
            return None;
        }
        Some(if lacks == [false; 2] { Room::Within } else { Room::Beyond })
    }

    fn is_straight_enough(&self, start: f64, end: f64, rule: &Spacing) -> bool {
        // Icons do not bend.
        if rule.em == 0.0 {
            return true;
        }
        let window = ANGLE_WINDOW * rule.em;
        let corners = self.lengths.partition_point(|&l| l <= start)..self.lengths.partition_point(|&l| l < end);
        let corners = corners.start.max(1)..corners.end.min(self.points.len() - 1);
        if corners.is_empty() {
            return true;
        }
        // How far the line turns at each corner; the first that lies within the window.
        let mut turns: SmallVec<[f64; 16]> = SmallVec::new();
        let mut first = corners.start;
        let mut sum = 0.0;
        let mut before = self.segment_angle(corners.start - 1);
        for i in corners.clone() {
            let angle = self.segment_angle(i);
            let difference = angle - std::mem::replace(&mut before, angle);
            let turn = ((difference + 3.0 * std::f64::consts::PI).rem_euclid(std::f64::consts::TAU)
                - std::f64::consts::PI)
                .abs();
            turns.push(turn);
            sum += turn;
            while self.lengths[i] - self.lengths[first] > window {
                sum -= turns[first - corners.start];
                first += 1;
            }
            if sum > rule.max_angle {
                return false;
            }
        }
        true
    }

    /// A text in one line laid along this one; none where it does not fit. Where the line is steep in the picture, as a column
    /// instead, if there is one (as MapLibre has it).
    pub fn along(
        &self,
        at: f64,
        anchor: Point,
        row: &Arc<Shaped>,
        column: Option<&Arc<Shaped>>,
        size: f64,
        manner: &Manner,
    ) -> Option<Along> {
        let pixels = UNITS as f64;
        let place = |along: f64, sign: f64| {
            let at = at + sign * along;
            let segment = (0.0..=self.length()).contains(&at).then(|| self.segment(at))?;
            Some((turned(self.on(anchor, segment), manner.turn), segment.0))
        };
        let ends = |line: &text::Line| {
            let begin = (manner.offset[0] - manner.share * line.length) * size * pixels;
            let end = begin + line.length * size * pixels;
            Some((begin, place(begin, 1.0)?.0, place(end, 1.0)?.0))
        };
        let line = row.lines.first()?;
        let (begin, from, to) = ends(line)?;
        let is_steep = (to[1] - from[1]).abs() > (to[0] - from[0]).abs();
        let column = column.filter(|_| is_steep).and_then(|column| Some((column, column.lines.first()?)));
        let is_column = column.is_some();
        let (shaped, line) = column.unwrap_or((row, line));
        let (begin, from, to) = if is_column { ends(line)? } else { (begin, from, to) };
        let is_backwards = match is_column {
            // Columns are read from the top down.
            true => to[1] < from[1],
            // Upside down is what runs to the left, or straight down.
            false => to[0] < from[0] || (to[0] == from[0] && to[1] > from[1]),
        };
        let sign = if manner.keeps_upright && is_backwards { -1.0 } else { 1.0 };
        let down = manner.offset[1];
        let baseline = line.start[1] - shaped.height / 2.0 + down;
        let mut laid = Along {
            shaped: shaped.clone(),
            size,
            glyphs: Vec::with_capacity(line.glyphs.len()),
            insets: Vec::new(),
            cells: Vec::with_capacity(line.glyphs.len()),
        };
        // Where what stands on the line is from its beginning on, how long it is there, and how it is turned.
        let mut segment_before = None;
        let mut stand = |pen: f64, advance: f64| {
            let middle = pen + advance * size * pixels / 2.0;
            let (position, segment) = place(middle, sign)?;
            let position = position.map(|c| c / pixels);
            let angle = match segment_before {
                Some((before, angle)) if before == segment => angle,
                _ => self.segment_angle(segment).to_degrees(),
            };
            segment_before = Some((segment, angle));
            let of_line = angle + manner.turn + if sign < 0.0 { 180.0 } else { 0.0 };
            let upright = if is_column { of_line - 90.0 } else { of_line };
            Some((position, manner.rotate + if manner.is_upright { 0.0 } else { upright }))
        };
        // Along the line and down from it: to the right and down, in a column down and to the left.
        let across = |[along, down]: [f64; 2]| if is_column { [-down, along] } else { [along, down] };
        let thickness = if is_column { shaped.width } else { shaped.height };
        let mut images = line.images.iter().peekable();
        let start = line.start[usize::from(is_column)];
        let mut pen = begin;
        let mut before = 0.0;
        for glyph in line.glyphs.iter().map(Some).chain([None]) {
            let is_next = |image: &text::Image, before: f64| {
                glyph.is_none() || image.at[usize::from(is_column)] - start < before + NEXT
            };
            while let Some(image) = images.next_if(|image| is_next(image, before)) {
                let (position, angle) = stand(pen, image.width)?;
                let direction = cosine_and_sine(angle);
                let middle = turned_by(across([0.0, down * size]), direction);
                let middle = [0, 1].map(|i| position[i] + middle[i]);
                let extent = [image.width, image.height].map(|length| length * size);
                let corner = turned(middle, -angle);
                let corner = [0, 1].map(|i| corner[i] - extent[i] / 2.0);
                laid.insets.push(Inset { section: image.section, corner, size: extent, angle });
                laid.cells.push((middle.map(units), extent.map(|length| length / 2.0), direction));
                pen += image.width * size * pixels;
                before += image.width;
            }
            let Some(glyph) = glyph else { break };
            let (position, angle) = stand(pen, glyph.advance)?;
            let from_line = if is_column { down + glyph.offset[1] } else { baseline + glyph.offset[1] };
            let origin = across([glyph.offset[0] - glyph.advance / 2.0, from_line].map(|ems| ems * size));
            let direction = cosine_and_sine(angle);
            let origin = turned_by(origin, direction);
            let own = angle + if glyph.turned { 90.0 } else { 0.0 };
            laid.glyphs.push(([0, 1].map(|i| units(position[i] + origin[i])), turn(own)));
            let middle = turned_by(across([0.0, down * size]), direction);
            let half = [glyph.advance, thickness].map(|ems| ems * size / 2.0);
            let half = if is_column { [half[1], half[0]] } else { half };
            laid.cells.push(([0, 1].map(|i| units(position[i] + middle[i])), half, direction));
            pen += glyph.advance * size * pixels;
            before += glyph.advance;
        }
        Some(laid)
    }
}

impl Along {
    /// What it keeps free, with so many output pixels around it.
    pub fn collision(&self, padding: f64) -> Vec<Rect> {
        self.boxes(padding).collect()
    }

    /// What of the picture it may change, where letters and halo reach so many output pixels out of it.
    pub fn extent(&self, reach: f64) -> Option<Rect> {
        self.boxes(reach).reduce(Rect::union)
    }

    fn boxes(&self, by: f64) -> impl Iterator<Item = Rect> {
        self.cells.iter().map(move |(middle, half, direction)| {
            let half = half.map(|length| length + by);
            let Rect { min, max } = around_turned([half.map(|length| -length), half], *direction);
            Rect { min: [0, 1].map(|i| min[i] + middle[i]), max: [0, 1].map(|i| max[i] + middle[i]) }
        })
    }
}
