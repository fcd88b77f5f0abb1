//! Image files: PNG, JPEG and WebP, told by their first bytes.

use super::Bitmap;
use image_webp::WebPDecoder;
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Reads an image of at most `room` pixels. What is wrong is said as what follows "it is".
pub fn decode(bytes: &[u8], room: u64) -> Result<Bitmap, String> {
    if bytes.starts_with(b"\x89PNG") {
        png(bytes, room)
    } else if bytes.starts_with(b"\xff\xd8") {
        jpeg(bytes, room)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp(bytes, room)
    } else {
        Err("neither PNG, JPEG nor WebP".to_string())
    }
}

fn png(bytes: &[u8], room: u64) -> Result<Bitmap, String> {
    let broken = |e: png::DecodingError| format!("not a PNG that can be read: {e}");
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = (reader.info().width, reader.info().height);
    fits(width, height, room)?;
    let mut data = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let frame = reader.next_frame(&mut data).map_err(broken)?;
    data.truncate(frame.buffer_size());
    match frame.color_type {
        png::ColorType::GrayscaleAlpha => bitmap(width, height, data.chunks_exact(2).map(|p| [p[0], p[0], p[0], p[1]])),
        _ => bitmap(width, height, data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]])),
    }
}

fn jpeg(bytes: &[u8], room: u64) -> Result<Bitmap, String> {
    let broken = |e: zune_jpeg::errors::DecodeErrors| format!("not a JPEG that can be read: {e:?}");
    let options = DecoderOptions::new_safe().set_strict_mode(true).jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let (width, height) = (width as u32, height as u32);
    fits(width, height, room)?;
    let data = decoder.decode().map_err(broken)?;
    bitmap(width, height, data.chunks_exact(3).map(|p| [p[0], p[1], p[2], 255]))
}

fn webp(bytes: &[u8], room: u64) -> Result<Bitmap, String> {
    let broken = |e: image_webp::DecodingError| format!("not a WebP that can be read: {e}");
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    fits(width, height, room)?;
    decoder.set_memory_limit(room as usize * 8);
    let mut data = vec![0; decoder.output_buffer_size().unwrap_or_default()];
    decoder.read_image(&mut data).map_err(broken)?;
    match decoder.has_alpha() {
        true => bitmap(width, height, data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]])),
        false => bitmap(width, height, data.chunks_exact(3).map(|p| [p[0], p[1], p[2], 255])),
    }
}

/// Before there is memory for it.
fn fits(width: u32, height: u32, room: u64) -> Result<(), String> {
    match u64::from(width) * u64::from(height) <= room {
        true => Ok(()),
        false => Err(format!("{width} by {height}, where there is room for {room} pixels")),
    }
}

fn bitmap(width: u32, height: u32, pixels: impl Iterator<Item = [u8; 4]>) -> Result<Bitmap, String> {
    let bitmap = Bitmap { width, height, data: pixels.flat_map(premultiplied).collect() };
    match bitmap.data.len() as u64 == bitmap.pixels() * 4 && bitmap.pixels() > 0 {
        true => Ok(bitmap),
        false => Err("an image whose pixels are missing".to_string()),
    }
}

fn premultiplied([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    let times = |c: u8| ((u32::from(c) * u32::from(a) + 127) / 255) as u8;
    [times(r), times(g), times(b), a]
}
