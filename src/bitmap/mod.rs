//! Pixels: read from image files, and put into another size.

mod decode;
pub mod resample;

pub use decode::decode;

/// Pixels, premultiplied RGBA in rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Bitmap {
    pub width: u32,
    pub height: u32,
    pub data: Vec<u8>,
}

impl Bitmap {
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Premultiplied red, green, blue and alpha.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let at = (y as usize * self.width as usize + x as usize) * 4;
        [0, 1, 2, 3].map(|i| self.data[at + i])
    }
}
