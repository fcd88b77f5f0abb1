//! PNG files hold exactly the pixels, in the smallest form that can.

use ::png::{BitDepth, ColorType, Decoder, Transformations};
use rasterzen::output::png;
use rasterzen::output::raster::Picture;
use std::io::Cursor;

fn encoded(picture: &Picture) -> Vec<u8> {
    png::encode(picture).expect("a PNG").to_vec()
}

fn form(png: &[u8]) -> (ColorType, BitDepth) {
    Decoder::new(Cursor::new(png)).read_info().expect("a PNG").output_color_type()
}

/// Size and pixels with their alpha, straight, as another decoder's default reading gives them.
fn decoded(png: &[u8]) -> (u32, u32, Vec<[u8; 4]>) {
    let mut decoder = Decoder::new(Cursor::new(png));
    decoder.set_transformations(Transformations::EXPAND | Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("pixels");
    assert_eq!((info.color_type, info.bit_depth), (ColorType::Rgba, BitDepth::Eight));
    let pixels = bytes[..info.buffer_size()].as_chunks().0.to_vec();
    (info.width, info.height, pixels)
}

/// Straight to premultiplied, each channel rounded to the nearest.
fn premultiplied([r, g, b, a]: [u8; 4]) -> u32 {
    let times = |c: u8| ((u32::from(c) * u32::from(a) + 127) / 255) as u8;
    u32::from_le_bytes([times(r), times(g), times(b), a])
}

fn picture(width: u32, pixels: Vec<u32>) -> Picture {
    Picture { width, height: pixels.len() as u32 / width, pixels }
}

fn is_kept(picture: &Picture) -> Vec<u8> {
    let png = encoded(picture);
    let (width, height, pixels) = decoded(&png);
    assert_eq!((width, height), (picture.width, picture.height));
    let back: Vec<u32> = pixels.into_iter().map(premultiplied).collect();
    assert!(back == picture.pixels, "{width} x {height}: pixels differ");
    png
}

/// Some colours, premultiplied and each another.
fn colors(random: &mut fastrand::Rng, count: usize, opaque: bool) -> Vec<u32> {
    let mut colors = std::collections::HashSet::new();
    while colors.len() < count {
        let [r, g, b, a] = std::array::from_fn(|_| random.u8(..));
        colors.insert(premultiplied([r, g, b, if opaque { 255 } else { a }]));
    }
    let mut colors: Vec<u32> = colors.into_iter().collect();
    colors.sort_unstable();
    colors
}

#[test]
fn any_pixels_come_back() {
    let mut random = fastrand::Rng::with_seed(11);
    let counts = [1, 2, 3, 4, 5, 15, 16, 17, 200, 255, 256, 257, 258, 300, 2000];
    for round in 0..1500 {
        let (width, height) = match round % 5 {
            0 => (1, random.u32(1..300)),
            1 => (random.u32(1..300), 1),
            _ => (random.u32(1..90), random.u32(1..90)),
        };
        let count = counts[random.usize(..counts.len())];
        let opaque = random.bool();
        let colors = colors(&mut random, count, opaque);
        // Runs and noise.
        let run = random.usize(1..40);
        let mut pixels = Vec::new();
        while pixels.len() < (width * height) as usize {
            let color = colors[random.usize(..colors.len())];
            pixels.extend(std::iter::repeat_n(color, random.usize(1..=run)));
        }
        pixels.truncate((width * height) as usize);
        is_kept(&picture(width, pixels));
    }
}

#[test]
fn the_palette_is_as_deep_as_it_has_to_be() {
    let mut random = fastrand::Rng::with_seed(12);
    let indexed = |depth| (ColorType::Indexed, depth);
    for (count, opaque, expected) in [
        (1, true, indexed(BitDepth::One)),
        (1, false, indexed(BitDepth::One)),
        (2, true, indexed(BitDepth::One)),
        (3, false, indexed(BitDepth::Two)),
        (4, true, indexed(BitDepth::Two)),
        (5, true, indexed(BitDepth::Four)),
        (16, false, indexed(BitDepth::Four)),
        (17, true, indexed(BitDepth::Eight)),
        (256, true, indexed(BitDepth::Eight)),
        (256, false, indexed(BitDepth::Eight)),
        (257, true, (ColorType::Rgb, BitDepth::Eight)),
        (257, false, (ColorType::Rgba, BitDepth::Eight)),
    ] {
        let colors = colors(&mut random, count, opaque);
        let pixels = (0..101 * 67).map(|i| colors[i * 7 % count]).collect();
        let png = is_kept(&picture(101, pixels));
        assert_eq!(form(&png), expected, "{count} colours");
    }
}

#[test]
fn a_palette_larger_than_its_picture_is_left_out() {
    let mut random = fastrand::Rng::with_seed(13);
    let png = is_kept(&picture(14, colors(&mut random, 14 * 14, true)));
    assert_eq!(form(&png), (ColorType::Rgb, BitDepth::Eight));
}

#[test]
fn one_color_is_a_hundred_bytes() {
    for color in [0, premultiplied([200, 30, 0, 77]), u32::from_le_bytes([1, 2, 3, 255])] {
        let whole = picture(512, vec![color; 512 * 512]);
        let png = is_kept(&whole);
        assert!(png.len() < 160, "{} bytes", png.len());
        assert_eq!(png, encoded(&whole), "the same again");
        is_kept(&picture(511, vec![color; 511 * 300]));
    }
}

#[test]
fn true_color_that_repeats_is_small() {
    let mut random = fastrand::Rng::with_seed(14);
    let colors = colors(&mut random, 400, true);
    let row: Vec<u32> = (0..512).map(|i| colors[i * i % 400]).chain(colors.clone()).take(512).collect();
    let pixels = (0..400).flat_map(|y| row.iter().map(move |_| y)).zip(row.iter().cycle());
    // Each row as the one before, but for one pixel.
    let pixels: Vec<u32> = pixels.enumerate().map(|(i, (y, &c))| if i % 512 == y { colors[y] } else { c }).collect();
    let png = is_kept(&picture(512, pixels));
    assert_eq!(form(&png), (ColorType::Rgb, BitDepth::Eight));
    assert!(png.len() < 512 * 400 * 3 / 20, "{} bytes", png.len());
}

#[test]
fn a_picture_without_pixels_is_an_error() {
    assert!(png::encode(&picture(1, Vec::new())).is_err());
}
