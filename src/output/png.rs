//! PNG: exactly the pixels, in the smaller of a palette and true colour. The settings are fixed, so that the same pixels
//! are the same bytes.

use super::raster::Picture;
use crate::bounded::Bounded;
use crate::error::Error;
use crate::limits;
use crate::spare::Spare;
use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor};
use std::io::Write;
use std::sync::LazyLock;

/// The level of libdeflate for pictures, with rows unfiltered: what the rows of a map have in common is whole pixels,
/// which filters take apart.
///
/// Of 132 pictures of San Francisco, 512 pixels a side, in true colour: MB of all, and milliseconds of processor time
/// each.
///
/// | | no filter | sub | up | adaptive |
/// | --- | ---: | ---: | ---: | ---: |
/// | png's `Fast` (fdeflate) | | | | 26.2 MB, 1.4 ms |
/// | miniz 1 | 23.4, 3.7 | | 27.2, 4.1 | 26.2, 4.1 |
/// | miniz 3 | 17.6, 7.8 | | 22.2, 10 | 21.9, 9.6 |
/// | miniz 6 | 17.1, 18 | | 21.7 | 21.3, 22 |
/// | zlib-rs 2 | 20.0, 4.0 | 22.6 | 23.4 | |
/// | libdeflate 1 | **18.5, 3.4** | 22.1, 4.1 | 23.0, 4.0 | |
/// | libdeflate 2 | 18.0, 4.0 | 21.7, 3.9 | 22.5, 4.2 | |
/// | libdeflate 3 | 17.8, 4.0 | 21.6, 4.3 | 22.4, 4.4 | |
/// | libdeflate 6 | 17.2, 5.7 | 21.0, 6.0 | 21.7, 6.4 | |
/// | libdeflate 9 | 16.9, 15 | | | |
/// | libdeflate 12 | 15.7, 211 | | | |
///
/// A tile takes about 17 ms in all: after the first level a percent of time saves hardly a percent of bytes.
const LEVEL: i32 = 1;

/// The level for pictures that are made once.
const MOST: i32 = 12;

/// Rows, and what they are compressed to.
static BUFFERS: Spare<Vec<u8>> = Spare::empty();

/// The filter type (PNG 9.2) of every row.
const NO_FILTER: u8 = 0;

/// Rows as they are compressed: a byte for the filter before each.
struct Rows {
    color: png::ColorType,
    depth: png::BitDepth,
    /// Red, green and blue of each colour, and the alpha of those that are not opaque, which come first.
    palette: Vec<u8>,
    alphas: Vec<u8>,
    bytes: Vec<u8>,
}

/// PNG of a picture.
pub fn encode(picture: &Picture) -> Result<Bytes, Error> {
    let Picture { width, height, pixels } = picture;
    match pixels.first() {
        None => Err(unwritten("it has no pixels")),
        Some(first) if pixels.iter().all(|pixel| pixel == first) => plain(*width, *height, *first),
        Some(_) => {
            let rows = Palette::of(pixels).and_then(|palette| palette.rows(picture));
            rows.unwrap_or_else(|| true_color(picture)).png(*width, *height, LEVEL)
        }
    }
}

/// PNG of a picture of one colour: there are few such, and many ask for them.
fn plain(width: u32, height: u32, pixel: u32) -> Result<Bytes, Error> {
    static MADE: LazyLock<Bounded<[u32; 3], Bytes>> = LazyLock::new(|| Bounded::of_count(limits::PLAIN_PICTURES));
    let key = [width, height, pixel];
    if let Some(made) = MADE.get(&key) {
        return Ok(made);
    }
    let side = |pixels: u32| pixels as usize;
    let bytes = vec![0; (1 + side(width).div_ceil(8)) * side(height)];
    let palette = Palette { colors: vec![pixel], indices: Vec::new() };
    let png = palette.with_rows(png::BitDepth::One, bytes).png(width, height, MOST)?;
    MADE.insert(key, png.clone());
    Ok(png)
}

/// The colours of a picture, those that let something through first.
struct Palette {
    colors: Vec<u32>,
    /// Of each pixel.
    indices: Vec<u8>,
}

impl Palette {
    /// None where one byte does not tell all colours apart.
    fn of(pixels: &[u32]) -> Option<Palette> {
        const SLOTS: usize = 1024;
        // Open addressing: a slot has a colour and its index and one more, 0 where it is free.
        let mut slots = [(0u32, 0u16); SLOTS];
        let mut colors: Vec<u32> = Vec::new();
        let mut indices = Vec::with_capacity(pixels.len());
        let mut last = None;
        for &pixel in pixels {
            if let Some((color, index)) = last
                && color == pixel
            {
                indices.push(index);
                continue;
            }
            // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
            let mut at = (pixel.wrapping_mul(0x9e37_79b1) >> 22) as usize;
            while slots[at].1 != 0 && slots[at].0 != pixel {
                at = (at + 1) % SLOTS;
            }
            if slots[at].1 == 0 {
                if colors.len() == 256 {
                    return None;
                }
                colors.push(pixel);
                slots[at] = (pixel, colors.len() as u16);
            }
            let index = (slots[at].1 - 1) as u8;
            indices.push(index);
            last = Some((pixel, index));
        }
        let mut order: Vec<u8> = (0..=255).take(colors.len()).collect();
        order.sort_by_key(|&index| colors[usize::from(index)] >> 24 == 255);
        let mut places = [0; 256];
        for (place, &index) in (0..=255).zip(&order) {
            places[usize::from(index)] = place;
        }
        indices.iter_mut().for_each(|index| *index = places[usize::from(*index)]);
        Some(Palette { colors: order.iter().map(|&index| colors[usize::from(index)]).collect(), indices })
    }

    /// None where true colour takes less, as of a few pixels, each of its own colour.
    fn rows(&self, picture: &Picture) -> Option<Rows> {
        let depth = match self.colors.len() {
            ..=2 => png::BitDepth::One,
            3..=4 => png::BitDepth::Two,
            5..=16 => png::BitDepth::Four,
            _ => png::BitDepth::Eight,
        };
        let bits = depth as usize;
        let width = picture.width as usize;
        let mut bytes = Vec::with_capacity((1 + width.div_ceil(8 / bits)) * picture.height as usize);
        for row in self.indices.chunks_exact(width) {
            bytes.push(NO_FILTER);
            // The first pixel in the highest bits (PNG 7.2).
            let packed = |pixels: &[u8]| pixels.iter().zip(1..).fold(0, |byte, (i, at)| byte | i << (8 - bits * at));
            bytes.extend(row.chunks(8 / bits).map(packed));
        }
        let rows = self.with_rows(depth, bytes);
        // A chunk has 12 bytes around it (PNG 5.3).
        let chunks = 12 + rows.palette.len() + if rows.alphas.is_empty() { 0 } else { 12 + rows.alphas.len() };
        let channels = if rows.alphas.is_empty() { 3 } else { 4 };
        (chunks + rows.bytes.len() <= picture.pixels.len() * channels + picture.height as usize).then_some(rows)
    }

    fn with_rows(&self, depth: png::BitDepth, bytes: Vec<u8>) -> Rows {
        let colors = self.colors.iter().map(|color| straight(*color));
        let palette = colors.clone().flat_map(|[r, g, b, _]| [r, g, b]).collect();
        let alphas = colors.map(|[.., alpha]| alpha).filter(|alpha| *alpha < 255).collect();
        Rows { color: png::ColorType::Indexed, depth, palette, alphas, bytes }
    }
}

/// RGB where nothing shines through, else RGBA.
fn true_color(picture: &Picture) -> Rows {
    // All of them, whatever comes: the compiler takes several at once.
    let opaque = picture.pixels.iter().fold(u32::MAX, |all, pixel| all & pixel) >> 24 == 255;
    let (color, channels) = if opaque { (png::ColorType::Rgb, 3) } else { (png::ColorType::Rgba, 4) };
    let width = picture.width as usize;
    let mut bytes = BUFFERS.take();
    bytes.resize((1 + width * channels) * picture.height as usize, 0);
    for (row, pixels) in bytes.chunks_exact_mut(1 + width * channels).zip(picture.pixels.chunks_exact(width)) {
        row[0] = NO_FILTER;
        match opaque {
            true => put_opaque(pixels, &mut row[1..]),
            false => row[1..].as_chunks_mut().0.iter_mut().zip(pixels).for_each(|(to, pixel)| *to = straight(*pixel)),
        }
    }
    Rows { color, depth: png::BitDepth::Eight, palette: Vec::new(), alphas: Vec::new(), bytes }
}

impl Rows {
    /// As a file, compressed at a level of libdeflate.
    fn png(self, width: u32, height: u32, level: i32) -> Result<Bytes, Error> {
        let level = CompressionLvl::new(level).map_err(|e| unwritten(format!("{e:?}")))?;
        let mut compressor = Compressor::new(level);
        let mut data = BUFFERS.take();
        data.resize(compressor.zlib_compress_bound(self.bytes.len()), 0);
        let length = compressor.zlib_compress(&self.bytes, &mut data).map_err(unwritten)?;
        // Signature, IHDR and IEND; and 12 bytes around each chunk.
        let mut out = Vec::with_capacity(100 + self.palette.len() + self.alphas.len() + length);
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(self.color);
        encoder.set_depth(self.depth);
        if !self.palette.is_empty() {
            encoder.set_palette(self.palette);
        }
        if !self.alphas.is_empty() {
            encoder.set_trns(self.alphas);
        }
        let mut writer = encoder.write_header().map_err(unwritten)?;
        writer.write_chunk(png::chunk::IDAT, &data[..length]).map_err(unwritten)?;
        writer.finish().map_err(unwritten)?;
        for buffer in [self.bytes, data] {
            let size = buffer.capacity();
            BUFFERS.leave(buffer, size);
        }
        Ok(out.into())
    }
}

/// The begin of an RGBA PNG of a picture of any size, whose stream takes what [`write_band`] gives.
pub fn start(out: &mut Vec<u8>, width: u32, height: u32) -> Result<png::Writer<&mut Vec<u8>>, Error> {
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().map_err(unwritten)
}

/// Adds a band of cells, side by side and of one height.
pub fn write_band(rows: &mut impl Write, cells: &[Picture]) -> Result<(), Error> {
    let mut row = Vec::new();
    for y in 0..cells.first().map_or(0, |cell| cell.height) as usize {
        row.clear();
        for cell in cells {
            let width = cell.width as usize;
            push_straight(&cell.pixels[y * width..(y + 1) * width], &mut row);
        }
        rows.write_all(&row).map_err(unwritten)?;
    }
    Ok(())
}

/// Red, green and blue of each pixel, of four at a time in three words.
fn put_opaque(pixels: &[u32], out: &mut [u8]) {
    let (fours, rest) = pixels.as_chunks::<4>();
    let (words, last) = out.split_at_mut(12 * fours.len());
    for ([a, b, c, d], words) in fours.iter().zip(words.as_chunks_mut::<4>().0.as_chunks_mut::<3>().0) {
        let rgb = |pixel: u32| pixel & 0xff_ffff;
        let three = [rgb(*a) | b << 24, rgb(*b) >> 8 | c << 16, rgb(*c) >> 16 | d << 8];
        *words = three.map(u32::to_le_bytes);
    }
    for (pixel, to) in rest.iter().zip(last.as_chunks_mut::<3>().0) {
        let [r, g, b, _] = pixel.to_le_bytes();
        *to = [r, g, b];
    }
}

fn push_straight(pixels: &[u32], out: &mut Vec<u8>) {
    out.extend(pixels.iter().flat_map(|pixel| straight(*pixel)));
}

/// A pixel as PNG has it: not premultiplied.
fn straight(pixel: u32) -> [u8; 4] {
    let [r, g, b, a] = pixel.to_le_bytes();
    let straight = |c: u8| ((u32::from(c) * 255 + u32::from(a) / 2) / u32::from(a.max(1))).min(255) as u8;
    [straight(r), straight(g), straight(b), a]
}

/// The error of a PNG that cannot be encoded.
pub fn unwritten(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("the PNG cannot be written: {error}"))
}
