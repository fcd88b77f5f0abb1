//! What the lines of a cell go on into where its edges cut them.

use super::super::path::distance;
use super::course::{Course, Room};
use super::lines::{End, Lines, Standing};
use crate::limits;
use crate::viewport::Square;
use foldhash::HashMap;
use std::rc::Rc;

/// The lines of each layer in each cell that has been looked at; none in a cell without any.
pub type LinesOfCells<'t> = HashMap<(usize, Square), Option<Lines<'t>>>;

/// A symbol's place on its line.
pub enum On {
    /// The line as far as it matters, and how far along it.
    Line(Rc<Course>, f64),
    /// It has to be known first what says the same in a cell.
    Open(Square),
}

/// A place on a line of a cell, with the line around it as it goes on in other cells; `reach` is how far to both sides it
/// has to be known. None where another text that says the same stands near by.
pub fn on(of: &LinesOfCells, layer: usize, square: Square, standing: &Standing, reach: f64) -> Option<On> {
    let lines = of.get(&(layer, square))?.as_ref()?;
    let (course, feature) = (lines.course(standing.line), lines.feature_of(standing.line));
    let text = feature.text?;
    let is_taken = |lines: &Lines, text: usize| standing.room == Room::Beyond && lines.is_taken(text, standing.point);
    if is_taken(lines, text) {
        return None;
    }
    let text = feature.words.as_ref()?.text();
    let mut sides = [Vec::new(), Vec::new()];
    for (end, side) in sides.iter_mut().enumerate() {
        let left = reach - if end == 0 { standing.at } else { course.length() - standing.at };
        let mut from = (square, End { line: standing.line, end });
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
            if is_taken(lines, lines.number_of(&text)?) {
                return None;
            }
            let points = &lines.course(partner.line).points;
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
    (square, End { line, end }): (Square, End),
    text: &str,
) -> Result<Option<(Square, End)>, Square> {
    let Some(lines) = of.get(&(layer, square)).and_then(Option::as_ref) else { return Ok(None) };
    let course = lines.course(line);
    let edges = course.borders[end].into_iter().enumerate();
    for (axis, edge) in edges.filter_map(|(axis, edge)| Some((axis, edge?))) {
        let by = if edge == lines.cell().max[axis] { 1 } else { -1 };
        let Some(next) = (if axis == 0 { square.neighbour(by, 0) } else { square.neighbour(0, by) }) else { continue };
        let Some(there) = of.get(&(layer, next)).ok_or(next)? else { continue };
        if !there.has_read(text) {
            return Err(next);
        }
        let partner = there.partner(text, (axis, edge), course.end(end), course.way_out(end), lines.tolerance());
        if let Some(partner) = partner {
            return Ok(Some((next, partner)));
        }
    }
    Ok(None)
}
