//! Images in another size.
//!
//! Along each axis, what is made smaller is averaged over the area that a pixel covers, what is made larger is
//! interpolated between the two nearest pixels.

use super::{Bitmap, Image};

/// What lies beyond the edges of an image, for each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beyond {
    /// The image again.
    Repeated,
    /// Its outermost pixels.
    Edge,
}

impl Image {
    /// The size in output pixels, so many to a CSS pixel: whole ones.
    pub fn size_at(&self, scale: f64) -> [u32; 2] {
        [self.width, self.height].map(|length| (f64::from(length) / self.pixel_ratio * scale).round().max(1.0) as u32)
    }

    /// The image in a size of whole pixels.
    pub fn resampled(&self, width: u32, height: u32, beyond: [Beyond; 2]) -> Bitmap {
        let (columns, rows) = (weights(self.width, width, beyond[0]), weights(self.height, height, beyond[1]));
        let pixel = |x: u32, y: u32| {
            let at = ((self.corner[1] + y) as usize * self.sheet.width as usize + (self.corner[0] + x) as usize) * 4;
            [0, 1, 2, 3].map(|i| f32::from(self.sheet.data[at + i]))
        };
        // First the rows become shorter or longer, then the columns.
        let mut wide: Vec<[f32; 4]> = Vec::with_capacity(width as usize * self.height as usize);
        for y in 0..self.height {
            wide.extend(columns.iter().map(|column| sum(column, |x| pixel(x, y))));
        }
        let mut data = Vec::with_capacity(width as usize * height as usize * 4);
        for row in &rows {
            for x in 0..width {
                let color = sum(row, |y| wide[y as usize * width as usize + x as usize]);
                data.extend(color.map(|c| c.round() as u8));
            }
        }
        Bitmap { width, height, data }
    }
}

fn sum(weights: &[(u32, f32)], value: impl Fn(u32) -> [f32; 4]) -> [f32; 4] {
    let mut total = [0.0; 4];
    for &(i, weight) in weights {
        let value = value(i);
        total.iter_mut().zip(value).for_each(|(total, channel)| *total += channel * weight);
    }
    total
}

/// For each pixel of the new length, which of the old make it and with what shares.
fn weights(from: u32, to: u32, beyond: Beyond) -> Vec<Vec<(u32, f32)>> {
    let ratio = f64::from(from) / f64::from(to);
    let inside = |i: i64| match beyond {
        Beyond::Repeated => i.rem_euclid(from.into()) as u32,
        Beyond::Edge => i.clamp(0, i64::from(from) - 1) as u32,
    };
    let of = |i: u32| -> Vec<(u32, f32)> {
        if ratio >= 1.0 {
            let (start, end) = (f64::from(i) * ratio, f64::from(i + 1) * ratio);
            let covered = |k: i64| (end.min((k + 1) as f64) - start.max(k as f64)) / ratio;
            let whole = start.floor() as i64..end.ceil() as i64;
            return whole.map(|k| (inside(k), covered(k) as f32)).filter(|(_, share)| *share > 0.0).collect();
        }
        let middle = (f64::from(i) + 0.5) * ratio - 0.5;
        let low = middle.floor();
        let share = (middle - low) as f32;
        vec![(inside(low as i64), 1.0 - share), (inside(low as i64 + 1), share)]
    };
    (0..to).map(of).collect()
}
