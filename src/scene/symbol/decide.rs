//! Which symbols go where.
//!
//! Each symbol is a node with places in order of preference. From the first in rank to the last, each takes the first
//! of its places that is free, or none: what greedy placement over the whole world would give. A picture asks only for
//! what it shows, and for what that depends on: nodes of a higher rank that touch, those that touch these, and so on.
//! Where that goes on for more than `DEPTH` steps, or over cells that are not there yet, nothing is known, and a node
//! whose place is not known is not drawn; so nothing is ever drawn over anything else.

use super::super::path::Rect;
use crate::style::Overlap;
use crate::tile::TileId;
use crate::viewport::UNITS;
use foldhash::HashMap;
use std::cmp::Ordering;
use std::rc::Rc;

/// How many steps are gone from a symbol to those it depends on.
const DEPTH: u8 = 8;
/// The side of a bucket of the index, in scene units.
const BUCKET: i64 = 128 * UNITS;

/// A symbol that may be drawn.
pub struct Node<D> {
    pub rank: Rank,
    /// At least one.
    pub places: Vec<Place>,
    /// What is drawn where it goes.
    pub drawn: D,
}

/// One way to place a symbol.
pub struct Place {
    /// An icon, a text, or both.
    pub parts: Vec<Part>,
}

/// What one part of a symbol occupies.
pub struct Part {
    /// In scene units; each is closed at its lower and open at its upper edges.
    pub boxes: Vec<Rect>,
    pub overlap: Overlap,
    /// Whether it keeps off others all the same: there are places after this one where it would not.
    pub is_shy: bool,
    /// Whether others may go over it.
    pub is_ignored: bool,
}

/// The order in which places are given. Upper layers first; within one by sort key, then as features stand in their
/// tiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rank {
    pub layer: usize,
    pub sort_key: f64,
    /// Where in its tile's layer it stands.
    pub feature: usize,
    /// Which of the feature's symbols it is.
    pub anchor: u64,
    /// The cell that it belongs to, and in which copy of the world.
    pub cell: (TileId, i64),
}

impl Rank {
    /// Less is placed before.
    fn compare(&self, other: &Rank) -> Ordering {
        let upper = other.layer.cmp(&self.layer);
        let rest = |rank: &Rank| (rank.feature, rank.cell, rank.anchor);
        upper.then(self.sort_key.total_cmp(&other.sort_key)).then_with(|| rest(self).cmp(&rest(other)))
    }
}

/// What becomes of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    At(usize),
    Nowhere,
    Unknown,
}

/// All symbols that are known, by rank.
pub struct Field<D> {
    nodes: Vec<Node<D>>,
    buckets: HashMap<[i64; 2], Vec<usize>>,
    found: Vec<Found>,
    /// For each place of each symbol, once that is asked for, those that could be in the way.
    above: Vec<Vec<Option<Rc<[usize]>>>>,
    /// Around all boxes of each place of each symbol.
    bounds: Vec<Vec<Rect>>,
}

/// What has been found out about a symbol.
#[derive(Clone, Copy, Default)]
struct Found {
    /// The outcome, and the fewest steps that are known to find it.
    outcome: Option<(Outcome, u8)>,
    /// The most steps that are known not to.
    unknown: Option<u8>,
}

impl<D> Field<D> {
    pub fn new(mut nodes: Vec<Node<D>>) -> Field<D> {
        nodes.sort_by(|a, b| a.rank.compare(&b.rank));
        let mut buckets: HashMap<[i64; 2], Vec<usize>> = HashMap::default();
        for (i, node) in nodes.iter().enumerate() {
            let all = node.places.iter().flat_map(|place| &place.parts).flat_map(|part| &part.boxes);
            for bucket in all.flat_map(|rect| touched(*rect)) {
                let bucket = buckets.entry(bucket).or_default();
                if bucket.last() != Some(&i) {
                    bucket.push(i);
                }
            }
        }
        let found = vec![Found::default(); nodes.len()];
        let around = |place: &Place| {
            let boxes = place.parts.iter().flat_map(|part| &part.boxes).copied();
            boxes.reduce(Rect::union).unwrap_or(Rect { min: [0; 2], max: [0; 2] })
        };
        let bounds = nodes.iter().map(|node| node.places.iter().map(around).collect()).collect();
        let above = vec![Vec::new(); nodes.len()];
        Field { nodes, buckets, found, above, bounds }
    }

    pub fn into_nodes(self) -> Vec<Node<D>> {
        self.nodes
    }

    /// The symbols from the first in rank on.
    pub fn nodes(&self) -> &[Node<D>] {
        &self.nodes
    }

    /// Where a symbol goes, if it does. `knows` says of a rectangle whether all symbols are there that could touch it.
    pub fn place(&mut self, node: usize, knows: &mut impl FnMut(Rect) -> bool) -> Option<usize> {
        match self.outcome(node, DEPTH, knows) {
            (Outcome::At(place), _) => Some(place),
            (Outcome::Nowhere | Outcome::Unknown, _) => None,
        }
    }

    /// Whether it has been asked where a symbol goes, and that cannot be known.
    pub fn is_undecided(&self, node: usize) -> bool {
        matches!(self.found[node], Found { outcome: None, unknown: Some(_) })
    }

    /// What becomes of a symbol as far as so many steps can tell, and how many of them that took.
    fn outcome(&mut self, node: usize, depth: u8, knows: &mut impl FnMut(Rect) -> bool) -> (Outcome, u8) {
        // What fewer steps have found, more find too; what these have not found, fewer do not either.
        match self.found[node] {
            Found { outcome: Some((outcome, steps)), .. } if steps <= depth => return (outcome, steps),
            Found { unknown: Some(steps), .. } if steps >= depth => return (Outcome::Unknown, depth),
            _ => {}
        }
        let (mut outcome, mut steps) = (Outcome::Nowhere, 0);
        for place in 0..self.nodes[node].places.len() {
            match self.is_free(node, place, depth, knows) {
                Some((is_free, taken)) => {
                    steps = steps.max(taken);
                    if !is_free {
                        continue;
                    }
                    outcome = Outcome::At(place);
                }
                None => outcome = Outcome::Unknown,
            }
            break;
        }
        match outcome {
            Outcome::Unknown => self.found[node].unknown = Some(depth),
            _ => self.found[node].outcome = Some((outcome, steps)),
        }
        (outcome, steps)
    }

    /// Whether a place is free, and how many steps it took to know; none where that is not known.
    fn is_free(
        &mut self,
        node: usize,
        place: usize,
        depth: u8,
        knows: &mut impl FnMut(Rect) -> bool,
    ) -> Option<(bool, u8)> {
        // In a crowd most are in the way of one that is placed already.
        let blocking = |other: usize| match self.found[other].outcome {
            Some((Outcome::At(at), steps)) if steps < depth && self.parts_meet(node, place, other, at) => Some(steps),
            _ => None,
        };
        if let Some(steps) = self.near(node, place).find_map(blocking) {
            return Some((false, steps + 1));
        }
        let above = self.above(node, place);
        let (mut is_known, mut steps) = (true, 0);
        for &other in above.iter() {
            let (outcome, taken) =
                if depth == 0 { (Outcome::Unknown, 0) } else { self.outcome(other, depth - 1, knows) };
            match outcome {
                Outcome::At(at) if self.parts_meet(node, place, other, at) => return Some((false, taken + 1)),
                Outcome::At(_) | Outcome::Nowhere => steps = steps.max(taken + 1),
                Outcome::Unknown => is_known = false,
            }
        }
        for part in self.nodes[node].places[place].parts.iter().filter(|part| !part.is_everywhere()) {
            // All are asked for, so that what is missing is fetched at once.
            is_known = part.boxes.iter().fold(is_known, |known, rect| knows(*rect) && known);
        }
        is_known.then_some((true, steps))
    }

    /// The symbols of higher rank that may have a box near one at a place, some more than once.
    fn near(&self, node: usize, place: usize) -> impl Iterator<Item = usize> {
        let boxes = self.nodes[node].places[place].parts.iter().flat_map(|part| &part.boxes);
        let near = boxes.flat_map(|rect| touched(*rect)).filter_map(|bucket| self.buckets.get(&bucket));
        // They stand by rank.
        near.flat_map(move |all| &all[..all.partition_point(|&other| other < node)]).copied()
    }

    /// The symbols of higher rank that, wherever they go, could be in the way of one at a place.
    fn above(&mut self, node: usize, place: usize) -> Rc<[usize]> {
        if let Some(known) = self.above[node].get(place).and_then(Option::as_ref) {
            return known.clone();
        }
        let mut above: Vec<usize> = self.near(node, place).collect();
        above.sort_unstable();
        above.dedup();
        above.retain(|&other| {
            (0..self.nodes[other].places.len()).any(|taken| self.parts_meet(node, place, other, taken))
        });
        let above: Rc<[usize]> = above.into();
        self.above[node].resize(self.nodes[node].places.len(), None);
        self.above[node][place] = Some(above.clone());
        above
    }

    /// Whether one symbol at a place cannot be there because of another at its own.
    fn parts_meet(&self, node: usize, place: usize, other: usize, taken: usize) -> bool {
        if !self.bounds[node][place].meets(self.bounds[other][taken]) {
            return false;
        }
        let (mine, theirs) = (&self.nodes[node].places[place].parts, &self.nodes[other].places[taken].parts);
        mine.iter().any(|part| theirs.iter().any(|other| part.is_blocked_by(other)))
    }
}

impl Part {
    /// Whether nothing is in its way.
    fn is_everywhere(&self) -> bool {
        self.overlap == Overlap::Always && !self.is_shy
    }

    fn is_blocked_by(&self, other: &Part) -> bool {
        let may_overlap = match self.overlap {
            _ if self.is_shy => false,
            Overlap::Always => true,
            Overlap::Cooperative => other.overlap != Overlap::Never,
            Overlap::Never => false,
        };
        !other.is_ignored && !may_overlap && self.boxes.iter().any(|a| other.boxes.iter().any(|b| a.meets(*b)))
    }
}

/// The buckets that a rectangle touches.
fn touched(rect: Rect) -> impl Iterator<Item = [i64; 2]> {
    let range = move |axis: usize| rect.min[axis].div_euclid(BUCKET)..=rect.max[axis].div_euclid(BUCKET);
    range(1).flat_map(move |y| range(0).map(move |x| [x, y]))
}
