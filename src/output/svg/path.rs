//! Path data: whole numbers, relative, each rounded from where the line really is, so that nothing drifts; of 1/16 px, or
//! of a font's units.

use crate::scene::Path;
use crate::text::{Outline, Segment};
use std::fmt::Write;

pub fn write_path(out: &mut String, path: &Path) {
    let mut at = [0, 0];
    for (points, closed) in path.parts() {
        let start = points[0].map(subpixel);
        // The first "m" of a path is absolute, what follows it relative.
        out.push('m');
        write_pair(out, start[0] - at[0], start[1] - at[1]);
        at = start;
        // What follows a move without a letter is a line.
        let mut command = 'l';
        let mut first = true;
        for point in &points[1..] {
            let next = point.map(subpixel);
            let (dx, dy) = (next[0] - at[0], next[1] - at[1]);
            at = next;
            if (dx, dy) == (0, 0) {
                continue;
            }
            first = false;
            let wanted = match (dx, dy) {
                (_, 0) => 'h',
                (0, _) => 'v',
                _ => 'l',
            };
            let changed = wanted != command;
            if changed {
                out.push(wanted);
                command = wanted;
            }
            match wanted {
                'h' => write_number(out, dx, !changed),
                'v' => write_number(out, dy, !changed),
                _ => {
                    write_number(out, dx, !changed);
                    write_number(out, dy, true);
                }
            }
        }
        if first && !closed {
            // A dash of no length is a dot where caps are round.
            out.push_str("h0");
        }
        if closed {
            out.push('z');
            at = start;
        }
    }
}

/// A glyph's outline in units of its font, y down.
pub fn write_outline(out: &mut String, outline: &Outline) {
    let mut at = [0, 0];
    let mut start = at;
    let mut open = false;
    for segment in &outline.segments {
        let points: &[[f32; 2]] = match segment {
            Segment::Move(a) | Segment::Line(a) => &[*a],
            Segment::Quadratic(a, b) => &[*a, *b],
            Segment::Cubic(a, b, c) => &[*a, *b, *c],
        };
        let command = match segment {
            Segment::Move(_) => 'm',
            Segment::Line(_) => 'l',
            Segment::Quadratic(..) => 'q',
            Segment::Cubic(..) => 'c',
        };
        if command == 'm' && std::mem::replace(&mut open, true) {
            out.push('z');
            at = start;
        }
        out.push(command);
        let mut end = at;
        for (i, [x, y]) in points.iter().enumerate() {
            end = [x.round() as i32, -y.round() as i32];
            write_number(out, end[0] - at[0], i > 0);
            write_number(out, end[1] - at[1], true);
        }
        at = end;
        if command == 'm' {
            start = at;
        }
    }
    if open {
        out.push('z');
    }
}

fn write_pair(out: &mut String, x: i32, y: i32) {
    write_number(out, x, false);
    write_number(out, y, true);
}

/// A number, with a space before it unless its sign separates it.
fn write_number(out: &mut String, n: i32, follows: bool) {
    if follows && n >= 0 {
        out.push(' ');
    }
    let _ = write!(out, "{n}");
}

/// Scene units to 1/16 px.
pub fn subpixel(units: i32) -> i32 {
    (units + 8).div_euclid(16)
}
