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

use crate::scene::UNITS;
use std::ops::Range;

/// The units of area in a fully covered pixel: 256 rows of twice 256.
const FULL: i32 = 2 * (UNITS * UNITS) as i32;

/// Pixels that are looked at together.
const BLOCK: usize = 16;

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

/// The areas of one shape; empty again after every sweep, so that its memory serves the next.
pub struct Coverage {
    stride: usize,
    words: usize,
    /// Row by row from `top` on, one more column than the picture has.
    areas: Vec<i32>,
    /// A bit for each block that holds an area.
    touched: Vec<u64>,
    top: i32,
    clip: PixelRect,
    /// The rows with areas.
    rows: Range<i32>,
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

impl Coverage {
    /// For pictures of so many columns, of which it holds so many rows from `top` on.
    pub fn new(width: u32, top: i32, height: u32) -> Coverage {
        let stride = (width as usize + 1).next_multiple_of(BLOCK);
        let words = (stride / BLOCK).div_ceil(64);
        Coverage {
            stride,
            words,
            areas: vec![0; stride * height as usize],
            touched: vec![0; words * height as usize],
            top,
            clip: [0, top, width as i32, top + height as i32],
            rows: 0..0,
        }
    }

    /// Sets what is drawn from here on: whole pixels within the picture.
    pub fn set_clip(&mut self, clip: PixelRect) {
        self.clip = clip;
    }

    /// Adds a closed polygon.
    pub fn polygon(&mut self, points: &[[i32; 2]]) {
        let Some(&last) = points.last() else { return };
        let mut from = last;
        for &to in points {
            self.edge(from, to);
            from = to;
        }
    }

    /// Adds a closed polygon that covers pixels wholly where it holds their middle, and others not at all. A middle on an
    /// edge is inside to the right of it, and at the edge's upper end.
    pub fn middles(&mut self, points: &[[i32; 2]]) {
        let Some(&last) = points.last() else { return };
        let mut from = last;
        for &to in points {
            self.middles_edge(from, to);
            from = to;
        }
    }

    fn middles_edge(&mut self, a: [i32; 2], b: [i32; 2]) {
        let (sign, a, b) = directed(a, b);
        let [left, top, right, bottom] = self.clip;
        let row_of = |y: i32| (y + 127) >> 8;
        let rows = row_of(a[1]).max(top)..row_of(b[1]).min(bottom);
        if rows.is_empty() {
            return;
        }
        self.extend_rows(&rows);
        let [dx, dy] = [0, 1].map(|i| i64::from(b[i] - a[i]));
        for row in rows {
            // How far the edge lies to the right of the first column's middle, times its height: exactly.
            let down = i64::from((row << 8) + 128 - a[1]);
            let beyond = i64::from(a[0] - 128) * dy + down * dx;
            let column = -(-beyond).div_euclid(256 * dy);
            let column = column.clamp(left.into(), right.into()) as i32;
            if column < right {
                let (row, column) = ((row - self.top) as usize, column as usize);
                let area = &mut self.areas[row * self.stride + column];
                *area = area.wrapping_add(sign * FULL);
                self.touched[row * self.words + column / BLOCK / 64] |= 1 << (column / BLOCK % 64);
            }
        }
    }

    fn extend_rows(&mut self, rows: &Range<i32>) {
        self.rows = match self.rows.is_empty() {
            true => rows.clone(),
            false => self.rows.start.min(rows.start)..self.rows.end.max(rows.end),
        };
    }

    /// Adds an edge.
    pub fn edge(&mut self, a: [i32; 2], b: [i32; 2]) {
        if a[1] == b[1] {
            return;
        }
        let (sign, a, b) = directed(a, b);
        let [left, top, right, bottom] = self.clip;
        let first = (a[1] >> 8).max(top);
        let last = ((b[1] - 1) >> 8).min(bottom - 1);
        if first > last || a[0].min(b[0]) >= right << 8 {
            return;
        }
        self.extend_rows(&(first..last + 1));
        let low = left << 8;
        if a[0] == b[0] || a[0].max(b[0]) <= low {
            // Upright, or wholly to the left, where only the height counts.
            let x = a[0].max(low);
            for row in first..=last {
                let height = b[1].min((row + 1) << 8) - a[1].max(row << 8);
                self.add(row, x >> 8, sign * height, 2 * (x & 255));
            }
            return;
        }
        let edge = Edge::new(a, b);
        let mut from = if a[1] >> 8 == first { a } else { [edge.x_at(first << 8), first << 8] };
        for row in first..=last {
            let end = (row + 1) << 8;
            let to = if b[1] <= end { b } else { [edge.x_at(end), end] };
            self.piece(row, from, to, sign, &edge);
            from = to;
        }
    }

    /// The part of an edge within one row, downwards.
    fn piece(&mut self, row: i32, from: [i32; 2], to: [i32; 2], sign: i32, edge: &Edge) {
        let (first, last) = (from[0] >> 8, to[0] >> 8);
        if first == last {
            self.add(row, first, sign * (to[1] - from[1]), (from[0] & 255) + (to[0] & 255));
            return;
        }
        let [left, _, right, _] = self.clip;
        let step = if first < last { 1 } else { -1 };
        // Where it goes into a column, and where in it.
        let (enter, leave) = if step > 0 { (0, 256) } else { (256, 0) };
        let (mut y, mut x) = (from[1], from[0] & 255);
        let mut column = first;
        // What lies to the left of the clip counts by its height only, what to the right not at all.
        let skipped = if step > 0 { first < left } else { first >= right };
        if skipped {
            let (border, outside) = if step > 0 { (left, last < left) } else { (right, last >= right) };
            let end = if outside { to[1] } else { edge.y_at(border << 8).clamp(y, to[1]) };
            self.add(row, first, sign * (end - y), 0);
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
                self.add(row, left, sign * (to[1] - y), 0);
                return;
            }
            let border = if step > 0 { (column + 1) << 8 } else { column << 8 };
            let end = edge.y_at(border).clamp(y, to[1]);
            self.add(row, column, sign * (end - y), x + leave);
            (y, x) = (end, enter);
            column += step;
        }
        self.add(row, last, sign * (to[1] - y), x + (to[0] & 255));
    }

    /// `height` (signed) of an edge in a pixel, at twice its mean distance from the pixel's left side.
    fn add(&mut self, row: i32, column: i32, height: i32, twice_x: i32) {
        let [left, _, right, _] = self.clip;
        if column >= right || height == 0 {
            return;
        }
        let (column, twice_x) = if column < left { (left, 0) } else { (column, twice_x) };
        let (row, column) = ((row - self.top) as usize, column as usize);
        let area = height * twice_x;
        let cells = &mut self.areas[row * self.stride + column..][..2];
        // Whatever wraps around where thousands of pieces lie over one another wraps back where they end.
        cells[0] = cells[0].wrapping_add(height * 512 - area);
        cells[1] = cells[1].wrapping_add(area);
        let words = &mut self.touched[row * self.words..][..self.words];
        let (block, next) = (column / BLOCK, (column + 1) / BLOCK);
        words[block / 64] |= 1 << (block % 64);
        words[next / 64] |= 1 << (next % 64);
    }

    /// Gives the covered runs, by rows from the top and each row from the left, and forgets the shape.
    pub fn sweep(&mut self, rule: Rule, mut run: impl FnMut(i32, i32, Run)) {
        let [left, _, right, _] = self.clip;
        let mut alphas = [0u16; BLOCK];
        for row in std::mem::replace(&mut self.rows, 0..0) {
            let index = (row - self.top) as usize;
            let words = &mut self.touched[index * self.words..][..self.words];
            let areas = &mut self.areas[index * self.stride..][..self.stride];
            let mut sum = 0i32;
            // What has been given so far.
            let mut at = left;
            for (i, word) in words.iter_mut().enumerate() {
                let mut bits = std::mem::take(word);
                while bits != 0 {
                    let block = 64 * i + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let start = (block * BLOCK) as i32;
                    let between = start.min(right);
                    if between > at {
                        let alpha = covered(sum, rule);
                        if alpha > 0 {
                            run(row, at, Run::All(alpha, (between - at) as usize));
                        }
                        at = between;
                    }
                    for (area, alpha) in areas[block * BLOCK..][..BLOCK].iter_mut().zip(&mut alphas) {
                        sum = sum.wrapping_add(std::mem::take(area));
                        *alpha = covered(sum, rule);
                    }
                    let end = (start + BLOCK as i32).min(right);
                    if end > at {
                        run(row, at, Run::Each(&alphas[(at - start) as usize..(end - start) as usize]));
                        at = end;
                    }
                }
            }
            let alpha = covered(sum, rule);
            if alpha > 0 && right > at {
                run(row, at, Run::All(alpha, (right - at) as usize));
            }
        }
    }
}

/// An edge from its upper end to its lower one, and which way it went; both are [`FAR`] away at most.
fn directed(a: [i32; 2], b: [i32; 2]) -> (i32, [i32; 2], [i32; 2]) {
    let [a, b] = [a, b].map(|p| p.map(|c| c.clamp(-FAR, FAR)));
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

/// A slanted edge, downwards: where it is at a row or column, by its own ends alone.
struct Edge {
    from: [i32; 2],
    /// In 2^-32 units: x for each y, and y for each x.
    dx_by_dy: i64,
    dy_by_dx: i64,
}

impl Edge {
    fn new(from: [i32; 2], to: [i32; 2]) -> Edge {
        let [dx, dy] = [0, 1].map(|i| f64::from(to[i]) - f64::from(from[i]));
        let scaled = |ratio: f64| (ratio * (1i64 << 32) as f64) as i64;
        Edge { from, dx_by_dy: scaled(dx / dy), dy_by_dx: scaled(dy / dx) }
    }

    fn x_at(&self, y: i32) -> i32 {
        self.from[0] + ((i64::from(y - self.from[1]) * self.dx_by_dy) >> 32) as i32
    }

    fn y_at(&self, x: i32) -> i32 {
        self.from[1] + ((i64::from(x - self.from[0]) * self.dy_by_dx) >> 32) as i32
    }
}
