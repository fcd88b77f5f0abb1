//! Which of many rectangles touch another: a packed R-tree (Kamel and Faloutsos 1993), along the Z-order curve.

use crate::clip::Rect;

/// Rectangles to a node.
const NODE: usize = 16;

#[derive(Default)]
pub struct Index {
    /// The items' rectangles in the order of the curve, then those around each [`NODE`] of them, and so on up to one.
    levels: Vec<Vec<Rect>>,
    /// The items in the order of the curve.
    items: Vec<u32>,
}

impl Index {
    /// An index of rectangles within `whole`; an item is its number among them.
    pub fn new(rects: &[Rect], whole: Rect) -> Index {
        let mut items: Vec<u32> = (0..rects.len() as u32).collect();
        items.sort_by_cached_key(|&item| curve(rects[item as usize], whole));
        let mut levels = vec![items.iter().map(|&item| rects[item as usize]).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let around = |node: &[Rect]| node.iter().copied().reduce(Rect::union);
            let level = below.chunks(NODE).filter_map(around).collect();
            levels.push(level);
        }
        Index { levels, items }
    }

    /// Gives every item whose rectangle touches `rect`, in no order.
    pub fn search(&self, rect: Rect, mut found: impl FnMut(u32)) {
        let mut open: Vec<(usize, usize)> =
            self.levels.last().map(|_| (self.levels.len() - 1, 0)).into_iter().collect();
        while let Some((level, i)) = open.pop() {
            if !self.levels[level].get(i).is_some_and(|node| node.touches(rect)) {
                continue;
            }
            match level {
                0 => found(self.items[i]),
                _ => {
                    open.extend((i * NODE..((i + 1) * NODE).min(self.levels[level - 1].len())).map(|i| (level - 1, i)))
                }
            }
        }
    }
}

/// Where the middle of a rectangle lies on the Z-order curve (Morton 1966) of 2^16 by 2^16 squares.
fn curve(rect: Rect, whole: Rect) -> u32 {
    let square = |i: usize| {
        let side = (whole.max[i] - whole.min[i]).max(1) as f64;
        let middle = (rect.min[i] - whole.min[i]) as f64 / 2.0 + (rect.max[i] - whole.min[i]) as f64 / 2.0;
        (middle / side * 65535.0) as u16
    };
    let spread = |square: u16| (0..16).fold(0, |spread, bit| spread | (u32::from(square) >> bit & 1) << (2 * bit));
    spread(square(0)) | spread(square(1)) << 1
}
