//! Images side by side in one bitmap, as sprite sheets hold them.

use super::{Image, Sprite};
use crate::bitmap::Bitmap;

/// The width that rows of images are filled up to, in pixels.
const WIDTH: u32 = 1024;
/// Between images, so that none is seen in what is drawn of its neighbours.
const GAP: u32 = 1;

/// A sheet: its size in pixels, and each image by name with its top left corner.
pub struct Packed<'a> {
    pub width: u32,
    pub height: u32,
    pub images: Vec<(&'a str, [u32; 2], &'a Image)>,
}

impl Sprite {
    /// All images in one sheet, each as it is for so many output pixels to a CSS pixel.
    pub fn packed(&self, scale: f64) -> Packed<'_> {
        let mut images: Vec<(&str, [u32; 2], &Image)> =
            self.names().filter_map(|name| Some((name, [0; 2], self.get(name, scale)?))).collect();
        // In rows, the highest first: little is left empty below the others.
        images.sort_by_key(|(_, _, image)| std::cmp::Reverse(image.height));
        let width = images.iter().map(|(_, _, image)| image.width).fold(WIDTH, u32::max);
        let [mut x, mut y, mut row] = [0; 3];
        for (_, corner, image) in &mut images {
            if x + image.width > width {
                [x, y, row] = [0, y + row + GAP, 0];
            }
            *corner = [x, y];
            x += image.width + GAP;
            row = row.max(image.height);
        }
        images.sort_by_key(|(name, ..)| *name);
        Packed { width, height: (y + row).max(1), images }
    }
}

impl Packed<'_> {
    pub fn bitmap(&self) -> Bitmap {
        let (width, height) = (self.width, self.height);
        let mut data = vec![0; width as usize * height as usize * 4];
        for ([x, y], image) in self.images.iter().map(|(_, corner, image)| (*corner, image)) {
            for line in 0..image.height {
                let start = ((y + line) as usize * width as usize + x as usize) * 4;
                data[start..start + image.width as usize * 4].copy_from_slice(image.line(line));
            }
        }
        Bitmap { width, height, data }
    }
}

impl Image {
    /// The pixels of one of its rows.
    fn line(&self, line: u32) -> &[u8] {
        let [x, y] = self.corner;
        let start = ((y + line) as usize * self.sheet.width as usize + x as usize) * 4;
        &self.sheet.data[start..start + self.width as usize * 4]
    }
}
