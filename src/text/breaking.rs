//! Where a text is cut into lines.
//!
//! The places come from UAX 14. Among them those are taken that make the lines alike, as MapLibre does: it fixes how
//! many lines there should be and so how long each would ideally be, and takes the breaks whose squared deviations from
//! that length have the smallest sum (the method of Knuth and Plass, "Breaking paragraphs into lines", 1981).

use super::runs::is_ideographic;
use icu_segmenter::LineSegmenter;
use icu_segmenter::options::LineBreakOptions;
use std::iter;
use std::ops::Range;

/// MapLibre measures in 1/24 em: a penalty is worth as much as a line that is off by so many of them.
const UNIT: f64 = 24.0;

/// A break between ideographs where the text itself suggests others by zero width spaces.
const UNSUGGESTED: f64 = 150.0;

/// What a zero width space is for.
const SUGGESTION: char = '\u{200B}';

/// A place where a line may end.
struct Break {
    /// The byte where the next line begins.
    at: usize,
    /// Of the text up to here, without spaces that the line would end with; and with them.
    end: f64,
    next_start: f64,
    must: bool,
    penalty: f64,
}

/// The lines of a text in bytes, with the spaces at their ends. `before[i]` is the width of the text up to byte i.
/// A `max_width` that is infinite or not above 0 breaks nowhere but at `\n`.
pub fn lines(text: &str, before: &[f64], max_width: f64) -> Vec<Range<usize>> {
    let total = before[text.len()];
    let is_wrapped = max_width.is_finite() && max_width > 0.0 && total > max_width;
    if !is_wrapped && !text.contains('\n') {
        return iter::once(0..text.len()).collect();
    }
    let ideal = if is_wrapped { total / (total / max_width).ceil() } else { total };
    let breaks = places(text, before, is_wrapped);
    let ends = best(&breaks, ideal);
    let starts = iter::once(0).chain(ends.iter().copied());
    starts.zip(ends.iter().copied()).map(|(start, end)| start..end).collect()
}

/// The last one is the end of the text.
fn places(text: &str, before: &[f64], is_wrapped: bool) -> Vec<Break> {
    let suggests = text.contains(SUGGESTION);
    let place = |at: usize| {
        let line = &text[..at];
        let last = line.chars().next_back();
        let is_between_ideographs = || {
            let next = text[at..].chars().next();
            last.is_some_and(is_ideographic) && next.is_some_and(is_ideographic)
        };
        Break {
            at,
            end: before[line.trim_end().len()],
            next_start: before[at],
            must: last == Some('\n') || at == text.len(),
            penalty: if suggests && is_between_ideographs() { UNSUGGESTED } else { 0.0 },
        }
    };
    // The segmenter's first place is the beginning of the text, its last one the end.
    let segmenter = LineSegmenter::new_for_non_complex_scripts(LineBreakOptions::default());
    let all = segmenter.segment_str(text).skip(1).map(place).filter(|place| is_wrapped || place.must);
    let mut all: Vec<Break> = all.collect();
    if text.ends_with('\n') {
        all.push(Break { at: text.len(), end: before[text.len()], next_start: 0.0, must: true, penalty: 0.0 });
    }
    all
}

/// How bad a line is. The last one may rather be shorter than longer.
fn badness(length: f64, ideal: f64, penalty: f64, is_last: bool) -> f64 {
    let off = ((length - ideal) * UNIT).powi(2);
    let off = match is_last {
        true if length < ideal => off / 2.0,
        true => off * 2.0,
        false => off,
    };
    off + penalty * penalty
}

/// The breaks of the best division, as bytes.
fn best(breaks: &[Break], ideal: f64) -> Vec<usize> {
    /// The best division of what stands before a break: its badness, and the break before.
    struct Division {
        badness: f64,
        previous: Option<usize>,
    }
    let mut divisions: Vec<Division> = Vec::with_capacity(breaks.len());
    // The first break that the line may begin at: the last one that must be taken.
    let mut first = None;
    for (i, at) in breaks.iter().enumerate() {
        let is_last = i + 1 == breaks.len();
        let cost = |previous: Option<usize>| {
            let start = previous.map_or(0.0, |p| breaks[p].next_start);
            let so_far = previous.map_or(0.0, |p| divisions[p].badness);
            let length = at.end - start;
            (so_far + badness(length, ideal, at.penalty, is_last), length)
        };
        let (mut least, _) = cost(first);
        let mut previous = first;
        let floor = first.map_or(0.0, |p| divisions[p].badness);
        for p in (first.map_or(0, |p| p + 1)..i).rev() {
            let (badness, length) = cost(Some(p));
            // Of two equal ones the longer line wins: the text above is then full.
            if badness <= least && (badness < least || previous != first) {
                (least, previous) = (badness, Some(p));
            }
            // Longer lines only get worse from here on.
            if length > ideal && floor + ((length - ideal) * UNIT).powi(2) > least {
                break;
            }
        }
        divisions.push(Division { badness: least, previous });
        if at.must {
            first = Some(i);
        }
    }
    let mut ends = Vec::new();
    let mut next = breaks.len().checked_sub(1);
    while let Some(i) = next {
        ends.push(breaks[i].at);
        next = divisions[i].previous;
    }
    ends.reverse();
    ends
}
