//! Pieces of one line in neighbouring cells, put together again.
//!
//! Cut ends on the same edge within two units of each other, with equal paint, belong together; among several those of
//! one feature, then the straightest, each once. The choice depends on what lies at the edge alone, so every square makes the same.

use super::cut::Piece;
use super::path::Point;
use crate::limits;
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// A piece with what joining it depends on.
pub struct Joinable {
    pub piece: Piece,
    /// Which tile it came from; lines are not joined within one.
    pub placement: usize,
    /// Two units of its tile, in scene units.
    pub tolerance: i64,
    /// Its feature's, if that has one.
    pub id: Option<u64>,
}

/// Pieces end to end; each with whether it is walked from its first point to its last.
#[derive(Debug, PartialEq)]
pub struct Chain {
    pub pieces: SmallVec<[(usize, bool); 1]>,
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

/// All pieces in chains; `alike` says whether the ends of two of them may meet: each a piece and whether it is its last
/// point.
pub fn chains(pieces: &[Joinable], alike: impl Fn((usize, bool), (usize, bool)) -> bool) -> Vec<Chain> {
    let partners = partners(pieces, alike);
    let mut used = vec![false; pieces.len()];
    let mut chains = Vec::new();
    let mut walk = |from: usize, from_first: bool, used: &mut Vec<bool>| {
        let mut chain = Chain { pieces: SmallVec::new(), closed: false };
        let (mut piece, mut forward) = (from, from_first);
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
        if !from_first {
            // As its first piece has it: offsets go to the right of that direction.
            chain.pieces.reverse();
            chain.pieces.iter_mut().for_each(|(_, forward)| *forward = !*forward);
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
type Partners = Vec<[Option<(usize, bool)>; 2]>;

fn partners(pieces: &[Joinable], alike: impl Fn((usize, bool), (usize, bool)) -> bool) -> Partners {
    let sides = sides(pieces);
    let mut candidates: Vec<(bool, f64, i64, End, End)> = Vec::new();
    for (i, (edge, ends)) in sides.iter().enumerate() {
        for (_, others) in sides[i + 1..].iter().take_while(|(other, _)| other == edge) {
            for &a in ends {
                let reach = pieces[a.piece].tolerance.max(pieces[others[0].piece].tolerance);
                let near = others.partition_point(|b| b.along < a.along - reach);
                let near = others[near..].iter().take_while(|b| b.along <= a.along + reach);
                for &b in near.take(limits::JOIN_CANDIDATES) {
                    if alike((a.piece, a.last), (b.piece, b.last)) {
                        // -1 where one goes straight on into the other.
                        let turn = a.direction[0] * b.direction[0] + a.direction[1] * b.direction[1];
                        let [id, other] = [a, b].map(|end| pieces[end.piece].id);
                        let strangers = id.is_none() || id != other;
                        candidates.push((strangers, turn, (b.along - a.along).abs(), a, b));
                    }
                }
            }
        }
    }
    candidates
        .sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)).then(a.3.along.cmp(&b.3.along)));
    let mut partners: Partners = vec![[None; 2]; pieces.len()];
    for (.., a, b) in candidates {
        let free = |end: End| partners[end.piece][usize::from(end.last)].is_none();
        if free(a) && free(b) {
            partners[a.piece][usize::from(a.last)] = Some((b.piece, b.last));
            partners[b.piece][usize::from(b.last)] = Some((a.piece, a.last));
        }
    }
    partners
}

/// An edge: its axis and its coordinate on it.
type Edge = (usize, i64);

/// The cut ends at each edge, those of each tile by themselves, by where they lie along it.
fn sides(pieces: &[Joinable]) -> Vec<(Edge, Vec<End>)> {
    let mut sides: BTreeMap<(Edge, usize), Vec<End>> = BTreeMap::new();
    for (i, joinable) in pieces.iter().enumerate() {
        let points = &joinable.piece.points;
        for (last, border) in [false, true].into_iter().zip(joinable.piece.borders) {
            let (end, before) = match last {
                true => (points[points.len() - 1], points[points.len() - 2]),
                false => (points[0], points[1]),
            };
            for axis in 0..2 {
                if let Some(edge) = border[axis] {
                    let end = End { piece: i, last, along: end[1 - axis], direction: unit(before, end) };
                    sides.entry(((axis, edge), joinable.placement)).or_default().push(end);
                }
            }
        }
    }
    sides.values_mut().for_each(|ends| ends.sort_by_key(|end| end.along));
    sides.into_iter().map(|((edge, _), ends)| (edge, ends)).collect()
}

/// The unit vector from one point to another.
pub fn unit(from: Point, to: Point) -> [f64; 2] {
    let d = [(to[0] - from[0]) as f64, (to[1] - from[1]) as f64];
    let length = d[0].hypot(d[1]);
    if length > 0.0 { d.map(|c| c / length) } else { [0.0; 2] }
}
