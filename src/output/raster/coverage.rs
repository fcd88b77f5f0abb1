//! The scan converter: how much of each pixel a shape covers, exact for any rectangle of the world.
//!
//! A shape is a sum of directed edges between points in scene units. Each pixel row that an edge crosses adds the signed
//! area between the edge and the row's right end: into the pixel the part beside the edge, into the next the rest, so that
//! the running sum along a row is the winding number weighted by area (the accumulation of FreeType's and of font-rs'
//! rasterizers). Where an edge meets a row or a column follows from its own end points in integers, never from where
//! drawing begins: any two pictures that show a pixel compute the same for it.
//!
//! The sum of areas is the union where pieces do not lie over one another within one pixel of their edges, and where they
//! do, at most full: stroke outlines are made of pieces wound one way (`outline`), so nothing cancels.

use crate::limits;
use crate::scene::UNITS;
use crate::spare::Spare;
use std::ops::Range;

/// The units of area in a fully covered pixel: 256 rows of twice 256.
const FULL: i32 = 2 * (UNITS * UNITS) as i32;

/// Pixels that are looked at together.
const BLOCK: usize = 8;

/// What is further away, in scene units, counts as this far: nothing in a picture is, and differences stay in 32 bits.
pub const FAR: i32 = 1 << 29;

/// Full coverage as [`Coverage::sweep`] gives it.
pub const OPAQUE: u16 = 256;

/// Which winding numbers are inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    NonZero,
    EvenOdd,
}

/// A rectangle of whole pixels: left, top, right, bottom.
pub type PixelRect = [i32; 4];

/// One shape at a time: its polygons as they are added, and how much they cover when it is swept. Empty again after every
/// sweep, so that its memory serves the next.
#[derive(Default)]
pub struct Coverage {
    clip: PixelRect,
    /// Those of the polygons that the grid does not have yet.
    points: Vec<[i32; 2]>,
    rings: Vec<Ring>,
    /// Around all polygons of the shape; none where nothing of it is in the clip.
    bounds: Option<[i32; 4]>,
    grid: Grid,
    /// Whether the grid has some of the polygons.
    is_begun: bool,
    /// How much the pixels of the row that is swept are covered.
    covers: Vec<u16>,
}

/// A polygon of a shape.
struct Ring {
    /// Where its points end.
    end: usize,
    edges: Edges,
}

/// What the edges of a polygon do.
#[derive(Clone, Copy, PartialEq)]
enum Edges {
    /// They cut pixels.
    Cut,
    /// They go around the middles of pixels.
    Around,
}

/// The areas of a shape. Small shapes take little memory, which stays in the processor's cache from one to the next.
#[derive(Default)]
struct Grid {
    /// Which pixels it holds.
    window: PixelRect,
    stride: usize,
    words: usize,
    /// Row by row, at least one more column than the window has; all are 0 between shapes.
    areas: Vec<i32>,
    /// A bit for each block that holds an area.
    touched: Vec<u64>,
}

/// How much a run of pixels is covered, in 256ths.
#[derive(Clone, Copy)]
pub enum Run<'a> {
    All(u16, usize),
    Each(&'a [u16]),
}

impl Run<'_> {
    pub fn length(&self) -> usize {
        match self {
            Run::All(_, length) => *length,
            Run::Each(covers) => covers.len(),
        }
    }

    /// The part of a run.
    pub fn part(&self, range: Range<usize>) -> Run<'_> {
        match self {
            Run::All(cover, _) => Run::All(*cover, range.len()),
            Run::Each(covers) => Run::Each(&covers[range]),
        }
    }

    /// The coverage of each of its pixels.
    pub fn covers(&self) -> impl Iterator<Item = u32> {
        let all = if let Run::All(cover, length) = self {
            std::iter::repeat_n(*cover, *length)
        } else {
            std::iter::repeat_n(0, 0)
        };
        let each: &[u16] = if let Run::Each(covers) = self { covers } else { &[] };
        all.chain(each.iter().copied()).map(u32::from)
    }
}

static SPARE: Spare<Coverage> = Spare::empty();

impl Coverage {
    /// One that may have served a picture before.
    pub fn take() -> Coverage {
        SPARE.take()
    }

    /// Leaves it for the next picture, swept.
    pub fn leave(self) {
        debug_assert!(self.bounds.is_none(), "a shape has been left");
        let Coverage { points, rings, covers, grid: Grid { areas, touched, .. }, .. } = &self;
        let bytes = points.capacity() * size_of::<[i32; 2]>()
            + rings.capacity() * size_of::<Ring>()
            + covers.capacity() * size_of::<u16>()
            + areas.capacity() * size_of::<i32>()
            + touched.capacity() * size_of::<u64>();
        SPARE.leave(self, bytes);
    }

    /// Sets what is drawn from here on: whole pixels within the picture.
    pub fn set_clip(&mut self, clip: PixelRect) {
        self.clip = clip;
    }

    /// Adds a closed polygon.
    pub fn polygon(&mut self, points: impl IntoIterator<Item = [i32; 2]>) {
        self.collect(points, Edges::Cut);
    }

    /// Adds a closed polygon that covers pixels wholly where it holds their middle, and others not at all. A middle on an
    /// edge is inside to the right of it, and at the edge's upper end.
    pub fn middles(&mut self, points: impl IntoIterator<Item = [i32; 2]>) {
        self.collect(points, Edges::Around);
    }

    fn collect(&mut self, points: impl IntoIterator<Item = [i32; 2]>, edges: Edges) {
        let from = self.points.len();
        self.points.extend(points.into_iter().map(|point| point.map(|c| c.clamp(-FAR, FAR))));
        let added = &self.points[from..];
        let Some(&[x, y]) = added.first() else { return };
        let bounds = added.iter().fold([x, y, x, y], |[left, top, right, bottom], &[x, y]| {
            [left.min(x), top.min(y), right.max(x), bottom.max(y)]
        });
        // What lies all on one side of the clip encloses nothing in it.
        if pixels(bounds, self.clip).is_none() {
            return self.points.truncate(from);
        }
        self.rings.push(Ring { end: self.points.len(), edges });
        self.bounds = Some(self.bounds.map_or(bounds, |known| union(known, bounds)));
        if self.points.len() > limits::SHAPE_POINTS {
            if !self.is_begun {
                self.grid.set_window(self.clip);
                self.is_begun = true;
            }
            self.pour();
        }
    }

    /// Lets the polygons that have been collected cover the grid.
    fn pour(&mut self) {
        let mut from = 0;
        for ring in self.rings.drain(..) {
            let corners = &self.points[from..ring.end];
            from = ring.end;
            let Some(&(mut before)) = corners.last() else { continue };
            for &corner in corners {
                match ring.edges {
                    Edges::Cut => self.grid.edge(before, corner),
                    Edges::Around => self.grid.edge_around(before, corner),
                }
                before = corner;
            }
        }
        self.points.clear();
    }

    /// Gives the covered runs, by rows from the top and each row from the left, and forgets the shape.
    pub fn sweep(&mut self, rule: Rule, run: impl FnMut(i32, i32, Run)) {
        let Some(window) = self.bounds.take().and_then(|bounds| pixels(bounds, self.clip)) else { return };
        if !std::mem::take(&mut self.is_begun) {
            self.grid.set_window(window);
        }
        self.pour();
        self.grid.sweep(rule, &mut self.covers, run);
    }
}

/// The pixels of a clip that a rectangle of the scene touches; none where there are none.
fn pixels([left, top, right, bottom]: [i32; 4], clip: PixelRect) -> Option<PixelRect> {
    let [from, to] = [[left, top], [right, bottom]].map(|corner| corner.map(|c| c >> 8));
    let [left, top] = [0, 1].map(|i| from[i].max(clip[i]));
    let [right, bottom] = [0, 1].map(|i| (to[i] + 1).min(clip[i + 2]));
    (left < right && top < bottom).then_some([left, top, right, bottom])
}

fn union(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

impl Grid {
    /// Makes it hold these pixels.
    fn set_window(&mut self, window: PixelRect) {
        let [left, top, right, bottom] = window;
        self.window = window;
        self.stride = ((right - left) as usize + 1).next_multiple_of(BLOCK);
        self.words = (self.stride / BLOCK).div_ceil(64);
        let height = (bottom - top) as usize;
        self.areas.resize(self.areas.len().max(self.stride * height), 0);
        self.touched.resize(self.touched.len().max(self.words * height), 0);
    }

    fn edge_around(&mut self, a: [i32; 2], b: [i32; 2]) {
        let (sign, a, b) = directed(a, b);
        let [left, top, right, bottom] = self.window;
        let row_of = |y: i32| (y + 127) >> 8;
        let [dx, dy] = [0, 1].map(|i| i64::from(b[i] - a[i]));
        for y in row_of(a[1]).max(top)..row_of(b[1]).min(bottom) {
            // How far the edge lies to the right of the first column's middle, times its height: exactly.
            let down = i64::from((y << 8) + 128 - a[1]);
            let beyond = i64::from(a[0] - 128) * dy + down * dx;
            let column = -(-beyond).div_euclid(256 * dy);
            let column = column.clamp(left.into(), right.into()) as i32;
            if column < right {
                self.row(y).add(column - left, sign * UNITS as i32, 0);
            }
        }
    }

    fn edge(&mut self, a: [i32; 2], b: [i32; 2]) {
        if a[1] == b[1] {
            return;
        }
        let (sign, a, b) = directed(a, b);
        let [left, top, right, bottom] = self.window;
        let first = (a[1] >> 8).max(top);
        let last = ((b[1] - 1) >> 8).min(bottom - 1);
        if first > last || a[0].min(b[0]) >= right << 8 {
            return;
        }
        let low = left << 8;
        if a[0] == b[0] || a[0].max(b[0]) <= low {
            // Upright, or wholly to the left, where only the height counts.
            let x = a[0].max(low);
            for y in first..=last {
                let height = b[1].min((y + 1) << 8) - a[1].max(y << 8);
                self.row(y).add((x >> 8) - left, sign * height, 2 * (x & 255));
            }
            return;
        }
        let slant = Slant::new(a, b);
        let is_within = a[0].min(b[0]) >= low && a[0].max(b[0]) < right << 8;
        let mut from = if a[1] >> 8 == first { a } else { [slant.x_at(first << 8), first << 8] };
        for y in first..=last {
            let end = (y + 1) << 8;
            let to = if b[1] <= end { b } else { [slant.x_at(end), end] };
            let mut row = self.row(y);
            match is_within {
                true => row.inner_piece(left, from, to, sign, &slant),
                false => row.piece([left, right], from, to, sign, &slant),
            }
            from = to;
        }
    }

    #[inline(always)]
    fn row(&mut self, y: i32) -> Row<'_> {
        let row = (y - self.window[1]) as usize;
        Row {
            areas: &mut self.areas[row * self.stride..][..self.stride],
            touched: &mut self.touched[row * self.words..][..self.words],
        }
    }

    /// Gives the covered runs, and is empty again.
    fn sweep(&mut self, rule: Rule, covers: &mut Vec<u16>, mut run: impl FnMut(i32, i32, Run)) {
        let [left, top, right, bottom] = self.window;
        let width = (right - left) as usize;
        covers.resize(covers.len().max(self.stride), 0);
        let rows = self.areas.chunks_exact_mut(self.stride).zip(self.touched.chunks_exact_mut(self.words));
        for (row, (areas, words)) in (top..bottom).zip(rows) {
            let mut sum = 0i32;
            // Until where it has been given, and until where it is known pixel by pixel.
            let (mut given, mut known) = (0, 0);
            for (i, word) in words.iter_mut().enumerate() {
                let mut bits = std::mem::take(word);
                while bits != 0 {
                    let start = (64 * i + bits.trailing_zeros() as usize) * BLOCK;
                    bits &= bits - 1;
                    let until = start.min(width);
                    if until > known {
                        each(row, left, given, &covers[given..known], &mut run);
                        all(row, left, known, covered(sum, rule), until - known, &mut run);
                        given = until;
                    }
                    let mut sums = [0; BLOCK];
                    for (area, at) in areas[start..][..BLOCK].iter_mut().zip(&mut sums) {
                        sum = sum.wrapping_add(std::mem::take(area));
                        *at = sum;
                    }
                    // Apart, so that the compiler takes several at once.
                    for (sum, cover) in sums.into_iter().zip(&mut covers[start..][..BLOCK]) {
                        *cover = covered(sum, rule);
                    }
                    known = (start + BLOCK).min(width);
                }
            }
            each(row, left, given, &covers[given..known], &mut run);
            all(row, left, known, covered(sum, rule), width - known, &mut run);
        }
    }
}

/// A row of pixels while edges are added to it.
struct Row<'a> {
    areas: &'a mut [i32],
    touched: &'a mut [u64],
}

impl Row<'_> {
    /// `height` (signed) of an edge in a pixel, at twice its mean distance from the pixel's left side.
    #[inline(always)]
    fn add(&mut self, column: i32, height: i32, twice_x: i32) {
        let (column, area) = (column as usize, height * twice_x);
        let cells = &mut self.areas[column..][..2];
        // Whatever wraps around where thousands of pieces lie over one another wraps back where they end.
        cells[0] = cells[0].wrapping_add(height * 512 - area);
        cells[1] = cells[1].wrapping_add(area);
        let block = column / BLOCK;
        self.touched[block / 64] |= 1 << (block % 64);
        if column % BLOCK == BLOCK - 1 {
            self.touched[(block + 1) / 64] |= 1 << ((block + 1) % 64);
        }
    }

    /// The part within the row, downwards, of an edge that has all of itself between the window's columns, as most have.
    fn inner_piece(&mut self, left: i32, from: [i32; 2], to: [i32; 2], sign: i32, slant: &Slant) {
        let [first, last] = [from, to].map(|point| (point[0] >> 8) - left);
        let blocks = [first.min(last), first.max(last) + 1].map(|column| column as usize / BLOCK);
        for block in blocks[0]..=blocks[1] {
            self.touched[block / 64] |= 1 << (block % 64);
        }
        let mut add = |column: i32, height: i32, twice_x: i32| {
            let area = height * twice_x;
            let cells = &mut self.areas[column as usize..][..2];
            cells[0] = cells[0].wrapping_add(height * 512 - area);
            cells[1] = cells[1].wrapping_add(area);
        };
        let (mut y, mut x) = (from[1], from[0] & 255);
        if first < last {
            for column in first..last {
                let end = slant.y_at((left + column + 1) << 8).clamp(y, to[1]);
                add(column, sign * (end - y), x + 256);
                (y, x) = (end, 0);
            }
        } else {
            for column in (last + 1..=first).rev() {
                let end = slant.y_at((left + column) << 8).clamp(y, to[1]);
                add(column, sign * (end - y), x);
                (y, x) = (end, 256);
            }
        }
        add(last, sign * (to[1] - y), x + (to[0] & 255));
    }

    /// The same of any edge; `left` and `right` are the columns that the window is between.
    fn piece(&mut self, [left, right]: [i32; 2], from: [i32; 2], to: [i32; 2], sign: i32, slant: &Slant) {
        let (first, last) = (from[0] >> 8, to[0] >> 8);
        if first == last {
            let height = sign * (to[1] - from[1]);
            if first < left {
                self.add(0, height, 0);
            } else if first < right {
                self.add(first - left, height, (from[0] & 255) + (to[0] & 255));
            }
            return;
        }
        let step = if first < last { 1 } else { -1 };
        // Where it goes into a column, and where in it.
        let (enter, leave) = if step > 0 { (0, 256) } else { (256, 0) };
        let (mut y, mut x) = (from[1], from[0] & 255);
        let mut column = first;
        // What lies to the left of the window counts by its height only, what to the right not at all.
        let skipped = if step > 0 { first < left } else { first >= right };
        if skipped {
            let (border, outside) = if step > 0 { (left, last < left) } else { (right, last >= right) };
            let end = if outside { to[1] } else { slant.y_at(border << 8).clamp(y, to[1]) };
            if step > 0 {
                self.add(0, sign * (end - y), 0);
            }
            if outside {
                return;
            }
            (column, y, x) = (if step > 0 { left } else { right - 1 }, end, enter);
        }
        while column != last {
            if column >= right {
                return;
            }
            if column < left {
                self.add(0, sign * (to[1] - y), 0);
                return;
            }
            let border = if step > 0 { (column + 1) << 8 } else { column << 8 };
            let end = slant.y_at(border).clamp(y, to[1]);
            self.add(column - left, sign * (end - y), x + leave);
            (y, x) = (end, enter);
            column += step;
        }
        if last < left {
            self.add(0, sign * (to[1] - y), 0);
        } else if last < right {
            self.add(last - left, sign * (to[1] - y), x + (to[0] & 255));
        }
    }
}

/// Gives a run of pixels that are covered alike, if they are covered.
#[inline]
fn all(row: i32, left: i32, at: usize, cover: u16, length: usize, run: &mut impl FnMut(i32, i32, Run)) {
    if cover > 0 && length > 0 {
        run(row, left + at as i32, Run::All(cover, length));
    }
}

/// Gives a run of pixels from the first to the last that is covered.
#[inline]
fn each(row: i32, left: i32, at: usize, covers: &[u16], run: &mut impl FnMut(i32, i32, Run)) {
    let Some(first) = covers.iter().position(|&cover| cover > 0) else { return };
    let last = covers.iter().rposition(|&cover| cover > 0).unwrap_or(first);
    run(row, left + (at + first) as i32, Run::Each(&covers[first..=last]));
}

/// An edge from its upper end to its lower one, and which way it went.
fn directed(a: [i32; 2], b: [i32; 2]) -> (i32, [i32; 2], [i32; 2]) {
    if a[1] <= b[1] { (1, a, b) } else { (-1, b, a) }
}

/// A summed area as coverage in 256ths.
fn covered(sum: i32, rule: Rule) -> u16 {
    let area = match rule {
        Rule::NonZero => sum.unsigned_abs().min(FULL as u32) as i32,
        Rule::EvenOdd => {
            let within = sum & (2 * FULL - 1);
            within.min(2 * FULL - within)
        }
    };
    (area >> 9) as u16
}

/// Where a slanted edge is at a row or column, by its own ends alone.
struct Slant {
    from: [i32; 2],
    /// How far right it goes with each unit down, and how far down with each to the right.
    right: i64,
    down: i64,
}

impl Slant {
    /// Of ends that differ in both coordinates, in an order of theirs that is the same whenever the edge is drawn.
    fn new(from: [i32; 2], to: [i32; 2]) -> Slant {
        let [dx, dy] = [0, 1].map(|i| to[i] - from[i]);
        // Most edges are short.
        let [is_in_column, is_in_row] = [0, 1].map(|i| from[i] >> 8 == to[i] >> 8);
        let right = if is_in_row { 0 } else { ratio(dx, dy) };
        let down = if is_in_column { 0 } else { ratio(dy, dx) };
        Slant { from, right, down }
    }

    fn x_at(&self, y: i32) -> i32 {
        self.from[0] + ((i64::from(y - self.from[1]) * self.right) >> 32) as i32
    }

    fn y_at(&self, x: i32) -> i32 {
        self.from[1] + ((i64::from(x - self.from[0]) * self.down) >> 32) as i32
    }
}

/// In 2^-32 units.
fn ratio(a: i32, b: i32) -> i64 {
    (f64::from(a) / f64::from(b) * (1i64 << 32) as f64) as i64
}
