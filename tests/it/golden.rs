//! Pictures as they were looked at and accepted: SVG compared as text, PNG as pixels, both exactly.
//!
//! `UPDATE_GOLDENS=1 cargo test golden` writes them anew and fails, so that none is accepted unseen.

use rasterzen::assets::with_sprite;
use rasterzen::cache::Cache;
use rasterzen::format::Format;
use rasterzen::output::Rasterizer;
use rasterzen::request::{Labels, TileRequest};
use rasterzen::source::{Base, Overrides, Source};
use rasterzen::style::{BUNDLED, Style};
use rasterzen::tiler::{Freshness, Map, Tiler};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Tile, CSS pixels and scale: the world, Monaco's harbour in both sizes and above the source's maxzoom, a coast drawn
/// from an ancestor, Neubrandenburg's wall.
const CASES: [(&str, u32, u8); 7] = [
    ("0/0/0", 256, 1),
    ("2/2/1", 256, 1),
    ("9/266/186", 256, 1),
    ("14/8529/5974", 512, 1),
    ("15/17059/11948", 256, 2),
    ("18/136476/95586", 256, 1),
    ("14/8795/5295", 256, 1),
];

/// Of the other bundled styles: Europe, and Monaco's harbour.
const STYLE_CASES: [(&str, u32, u8); 2] = [("4/8/5", 256, 1), ("14/8529/5974", 512, 1)];

/// Of everything that can be painted, with a sprite: Neubrandenburg's ring and lake, a bit of Monaco finer.
const PAINT_CASES: [(&str, u32, u8); 3] =
    [("13/4397/2647", 256, 1), ("14/8795/5295", 256, 1), ("17/68239/47793", 256, 2)];

/// Compares a picture with the accepted one of this name, or writes that.
pub fn compare(name: &str, drawn: &[u8], format: Format, different: &mut Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/goldens").join(name);
    if updating() {
        std::fs::write(&path, drawn).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_default();
    let same = match format {
        Format::Png if !golden.is_empty() => pixels(&golden) == pixels(drawn),
        _ => golden == drawn,
    };
    if !same {
        let actual = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&actual, drawn).unwrap();
        different.push(format!("{name}: compare it with {}", actual.display()));
    }
}

pub fn assert_accepted(different: &[String]) {
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(!updating(), "the goldens were written: look at them, then run without UPDATE_GOLDENS");
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDENS").is_some()
}

/// The width and height of a PNG, and its pixels as RGBA.
pub fn pixels(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    (frame.width, frame.height, pixels)
}

#[tokio::test]
async fn pictures_are_the_accepted_ones() {
    assert_accepted(&different(bundled(0).await, &CASES).await);
}

#[tokio::test]
async fn all_bundled_styles_look_as_accepted() {
    let mut all = Vec::new();
    for i in 1..BUNDLED.len() {
        all.extend(different(bundled(i).await, &STYLE_CASES).await);
    }
    assert_accepted(&all);
}

async fn bundled(i: usize) -> Style {
    let (name, json) = BUNDLED[i];
    let style = with_sprite(Style::parse(name, json).unwrap(), &Base::Bundled, None).await.unwrap();
    assert_eq!(style.warnings, []);
    style
}

#[tokio::test]
async fn painted_pictures_are_the_accepted_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/styles/paint.json");
    let style = Style::parse("paint", &std::fs::read_to_string(&path).unwrap()).unwrap();
    let style = with_sprite(style, &Base::File(path), None).await.unwrap();
    assert_eq!(style.warnings, []);
    assert_accepted(&different(style, &PAINT_CASES).await);
}

/// Which pictures of a style are not the accepted ones.
async fn different(style: Style, cases: &[(&str, u32, u8)]) -> Vec<String> {
    let of_style = style.name.clone();
    let source = Source::open("sample", &Overrides::default(), None).await.unwrap();
    let sources = BTreeMap::from([("tilezen".to_string(), Arc::new(source))]);
    let map = Map { style, sources, given: BTreeSet::new(), rasterizer: Rasterizer::Direct };
    let tiler = Arc::new(Tiler::new(vec![map], Cache::new(Vec::new()), Freshness::default()));
    let mut different = Vec::new();
    for &(tile, size, scale) in cases {
        for format in [Format::Svg, Format::Png] {
            let request = TileRequest {
                tile: tile.parse().unwrap(),
                format,
                size,
                scale,
                style: None,
                labels: Labels::default(),
            };
            let drawn = tiler.picture(&request, None).await.unwrap().body;
            let at_scale = if scale == 1 { String::new() } else { format!("@{scale}x") };
            let of_size = if size == 256 { String::new() } else { format!("-{size}") };
            let name = format!("{of_style}-{}{of_size}{at_scale}.{}", tile.replace('/', "-"), format.name());
            compare(&name, &drawn, format, &mut different);
        }
    }
    different
}
