//! Pieces of one line in neighbouring cells, put together again.
//!
//! Cut ends on the same edge within two units of each other, with equal paint, belong together; among several the
//! straightest, each once. The choice depends on what lies at the edge alone, so every square makes the same.

use super::cut::Piece;
use super::path::Point;
use std::cmp::Ordering;

/// A piece with what joining it depends on.
pub struct Joinable {
    pub piece: Piece,
    /// Which tile it came from; lines are not joined within one.
    pub placement: usize,
    /// Two units of its tile, in scene units.
    pub tolerance: i64,
}

/// Pieces end to end; each with whether it is walked from its first point to its last.
#[derive(Debug, PartialEq)]
pub struct Chain {
    pub pieces: Vec<(usize, bool)>,
    /// Whether the last goes on into the first.
    pub closed: bool,
}

/// One cut end: of which piece, at its last point or its first.
#[derive(Clone, Copy)]
struct End {
    piece: usize,
    last: bool,
    /// Along the edge.
    along: i64,
    /// The unit vector in which the line leaves its cell.
    direction: [f64; 2],
}

/// All pieces in chains; `alike` says whether two of them have the same paint.
pub fn chains(pieces: &[Joinable], alike: impl Fn(usize, usize) -> bool) -> Vec<Chain> {
    let partners = partners(pieces, alike);
    let mut used = vec![false; pieces.len()];
    let mut chains = Vec::new();
    let mut walk = |from: usize, forward: bool, used: &mut Vec<bool>| {
        let mut chain = Chain { pieces: Vec::new(), closed: false };
        let (mut piece, mut forward) = (from, forward);
        loop {
            used[piece] = true;
            chain.pieces.push((piece, forward));
            match partners[piece][usize::from(forward)] {
                Some((next, at_last)) if !used[next] => (piece, forward) = (next, !at_last),
                Some((next, at_last)) => {
                    let (first, first_forward) = chain.pieces[0];
                    chain.closed = next == first && at_last != first_forward;
                    break;
                }
                None => break,
            }
        }
        chains.push(chain);
    };
    // First from open ends, then what is left: rings.
    for i in 0..pieces.len() {
        if !used[i] && partners[i][0].is_none() {
            walk(i, true, &mut used);
        } else if !used[i] && partners[i][1].is_none() {
            walk(i, false, &mut used);
        }
    }
    for i in 0..pieces.len() {
        if !used[i] {
            walk(i, true, &mut used);
        }
    }
    chains
}

/// For each piece, what its first and its last point go on into: a piece, and whether at its last point.
fn partners(pieces: &[Joinable], alike: impl Fn(usize, usize) -> bool) -> Vec<[Option<(usize, bool)>; 2]> {
    let mut ends: Vec<(usize, i64, End)> = Vec::new();
    for (i, joinable) in pieces.iter().enumerate() {
        let points = &joinable.piece.points;
        for (last, border) in [false, true].into_iter().zip(joinable.piece.borders) {
            let (end, before) = match last {
                true => (points[points.len() - 1], points[points.len() - 2]),
                false => (points[0], points[1]),
            };
            for axis in 0..2 {
                if let Some(edge) = border[axis] {
                    let direction = unit(before, end);
                    ends.push((axis, edge, End { piece: i, last, along: end[1 - axis], direction }));
                }
            }
        }
    }
    ends.sort_by_key(|(axis, edge, end)| (*axis, *edge, end.along));
    let mut candidates: Vec<(f64, i64, usize, usize)> = Vec::new();
    for (i, (axis, edge, a)) in ends.iter().enumerate() {
        for (j, (other_axis, other_edge, b)) in ends.iter().enumerate().skip(i + 1) {
            let (of_a, of_b) = (&pieces[a.piece], &pieces[b.piece]);
            let apart = b.along - a.along;
            if (axis, edge) != (other_axis, other_edge) || apart > of_a.tolerance.max(of_b.tolerance) {
                // A coarser tile further along would need a longer look; its own tolerance gave it one.
                if (axis, edge) != (other_axis, other_edge) || apart > longest_tolerance(pieces) {
                    break;
                }
                continue;
            }
            if of_a.placement != of_b.placement && alike(a.piece, b.piece) {
                // -1 where one goes straight on into the other.
                let turn = a.direction[0] * b.direction[0] + a.direction[1] * b.direction[1];
                candidates.push((turn, apart, i, j));
            }
        }
    }
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let mut partners = vec![[None; 2]; pieces.len()];
    for (_, _, i, j) in candidates {
        let (a, b) = (ends[i].2, ends[j].2);
        let free =
            |end: End, partners: &Vec<[Option<(usize, bool)>; 2]>| partners[end.piece][usize::from(end.last)].is_none();
        if free(a, &partners) && free(b, &partners) {
            partners[a.piece][usize::from(a.last)] = Some((b.piece, b.last));
            partners[b.piece][usize::from(b.last)] = Some((a.piece, a.last));
        }
    }
    partners
}

fn longest_tolerance(pieces: &[Joinable]) -> i64 {
    pieces.iter().map(|p| p.tolerance).max().unwrap_or_default()
}

/// The unit vector from one point to another.
pub fn unit(from: Point, to: Point) -> [f64; 2] {
    let d = [(to[0] - from[0]) as f64, (to[1] - from[1]) as f64];
    let length = d[0].hypot(d[1]);
    if length.partial_cmp(&0.0) == Some(Ordering::Greater) { d.map(|c| c / length) } else { [0.0; 2] }
}
