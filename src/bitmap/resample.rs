//! Images in another size.
//!
//! Along each axis, what is made smaller is averaged over the area that a pixel covers, what is made larger is
//! interpolated between the two nearest pixels.

use super::Bitmap;

/// What lies beyond the edges of an image, for each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beyond {
    /// The image again.
    Repeated,
    /// Its outermost pixels.
    Edge,
}

/// For each pixel of the new image along one axis, which of the old make it and with what shares.
pub type Shares = Vec<Vec<(u32, f32)>>;

/// The image within a larger one whose top left corner is `corner`, in the size that the shares have.
pub fn resampled(bitmap: &Bitmap, corner: [u32; 2], columns: &Shares, rows: &Shares) -> Bitmap {
    let (width, height) = (columns.len(), rows.len());
    let used = || rows.iter().flatten().map(|&(y, _)| y);
    let (first, last) = (used().min().unwrap_or(0), used().max().unwrap_or(0));
    let pixel = |x: u32, y: u32| bitmap.pixel(corner[0] + x, corner[1] + y).map(f32::from);
    // First the rows become shorter or longer, then the columns.
    let mut wide: Vec<[f32; 4]> = Vec::with_capacity(width * (last - first + 1) as usize);
    for y in first..=last {
        wide.extend(columns.iter().map(|column| sum(column, |x| pixel(x, y))));
    }
    let mut data = Vec::with_capacity(width * height * 4);
    for row in rows {
        for x in 0..width {
            let color = sum(row, |y| wide[(y - first) as usize * width + x]);
            data.extend(color.map(|c| c.round() as u8));
        }
    }
    Bitmap { width: width as u32, height: height as u32, data }
}

fn sum(shares: &[(u32, f32)], value: impl Fn(u32) -> [f32; 4]) -> [f32; 4] {
    let mut total = [0.0; 4];
    for &(i, share) in shares {
        let value = value(i);
        total.iter_mut().zip(value).for_each(|(total, channel)| *total += channel * share);
    }
    total
}

/// The shares of so many pixels of an image in another number of them.
pub fn shares(from: u32, to: u32, beyond: Beyond) -> Shares {
    let ratio = f64::from(from) / f64::from(to);
    (0..to).map(|i| smooth(from, f64::from(i) * ratio, f64::from(i + 1) * ratio, beyond)).collect()
}

/// The shares of one pixel that reaches from `start` to `end`, in pixels of an image that is `from` long.
pub fn smooth(from: u32, start: f64, end: f64, beyond: Beyond) -> Vec<(u32, f32)> {
    let length = end - start;
    let inside = |i: i64| match beyond {
        Beyond::Repeated => i.rem_euclid(from.into()) as u32,
        Beyond::Edge => i.clamp(0, i64::from(from) - 1) as u32,
    };
    if length >= 1.0 {
        let covered = |k: i64| (end.min((k + 1) as f64) - start.max(k as f64)) / length;
        let whole = start.floor() as i64..end.ceil() as i64;
        return whole.map(|k| (inside(k), covered(k) as f32)).filter(|(_, share)| *share > 0.0).collect();
    }
    let middle = (start + end) / 2.0 - 0.5;
    let low = middle.floor();
    let share = (middle - low) as f32;
    vec![(inside(low as i64), 1.0 - share), (inside(low as i64 + 1), share)]
}

/// The same of the nearest pixel alone.
pub fn nearest(from: u32, start: f64, end: f64) -> Vec<(u32, f32)> {
    let middle = ((start + end) / 2.0).floor() as i64;
    vec![(middle.clamp(0, i64::from(from) - 1) as u32, 1.0)]
}
