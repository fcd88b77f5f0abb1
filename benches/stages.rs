//! What each stage of a tile's walk costs, and the whole of it: decode, scene, SVG, raster, encode.
//!
//! `cargo bench --bench stages`. The tiles are those of the sample map, and of San Francisco where they lie beside the
//! checkout. A tile of 512 pixels in the style `light`, its source tiles and what is around them in memory.

use divan::{Bencher, black_box};
use rasterzen::format::Format;
use rasterzen::mvt;
use rasterzen::output::{png, raster, svg};
use rasterzen::request::{Labels, PictureRequest, TileRequest};
use rasterzen::scene::{self, Scene, SourceTiles, TileData, Tiles};
use rasterzen::source::{Fetched, Overrides, Source};
use rasterzen::style::{BUNDLED, Layer, Style};
use rasterzen::tile::TileId;
use rasterzen::tiler::{How, draw};
use rasterzen::viewport::Viewport;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// A tile that is drawn, with all that it is drawn from.
struct Case {
    name: String,
    tile: TileId,
    viewport: Viewport,
    /// The source tiles that are there, as they come from the source.
    bytes: Vec<bytes::Bytes>,
    tiles: Tiles,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

static STYLE: LazyLock<Style> = LazyLock::new(|| Style::parse("light", BUNDLED[0].1).expect("a style"));

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let sample = ["0/0/0", "5/16/11", "9/266/186", "12/2132/1493", "14/8529/5974", "14/8795/5295", "16/34118/23898"];
    let mut cases = cases("sample", &Overrides::default(), &sample);
    let city = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/tilezen-sf");
    match city.is_dir() {
        true => {
            let template = format!("{}/{{z}}/{{x}}/{{y}}.mvt", city.display());
            let overrides = Overrides { minzoom: Some(10), sparse: true, ..Overrides::default() };
            let tiles = ["10/163/395", "12/654/1583", "13/1310/3166", "14/2620/6333", "15/5241/12664"];
            cases.extend(self::cases(&template, &overrides, &tiles));
        }
        false => eprintln!("without San Francisco's tiles, the sample map alone is drawn"),
    }
    cases
});

fn cases(uri: &str, overrides: &Overrides, tiles: &[&str]) -> Vec<Case> {
    let runtime = Runtime::new().expect("a runtime");
    let source = runtime.block_on(Source::open(uri, overrides, None)).expect("a source");
    let mut read: HashMap<TileId, Option<Arc<mvt::Tile>>> = HashMap::new();
    let mut fetch = |id: TileId| {
        let from_source = || match source.covers(id).then(|| runtime.block_on(source.fetch(id, None)).expect("a tile"))
        {
            Some(Fetched::Tile(bytes)) => Some(Arc::new(mvt::Tile::parse(bytes).expect("a tile"))),
            _ => None,
        };
        read.entry(id).or_insert_with(from_source).clone()
    };
    let mut case = |tile: &&str| {
        let tile: TileId = tile.parse().expect("a tile");
        let viewport = Viewport::of_tile(tile, 512, 1);
        let info = &source.info;
        let mut tiles = Tiles::new();
        for name in STYLE.sources.keys() {
            let (cells, _) =
                scene::cells(&viewport, info.class, info.maxzoom, STYLE.margin(name, viewport.style_zoom()));
            let cells = cells.into_iter().map(|cell| {
                let mut zooms = (info.minzoom.min(cell.z())..=cell.z()).rev();
                (cell, zooms.find_map(|z| Some((cell.ancestor(z), TileData::Vector(fetch(cell.ancestor(z))?)))))
            });
            let source = SourceTiles { class: info.class, maxzoom: info.maxzoom, cells: cells.collect() };
            tiles.insert(name.clone(), source);
        }
        let found: HashMap<TileId, &mvt::Tile> = tiles.values().flat_map(vectors).collect();
        let bytes = found.values().map(|tile| tile.bytes().clone()).collect();
        let name = if uri == "sample" { tile.to_string() } else { format!("SF {tile}") };
        Case { name, tile, viewport, bytes, tiles }
    };
    tiles.iter().map(&mut case).collect()
}

/// The vector tiles of a source.
fn vectors(source: &SourceTiles) -> impl Iterator<Item = (TileId, &mvt::Tile)> {
    source.cells.values().flatten().filter_map(|(id, tile)| match tile {
        TileData::Vector(tile) => Some((*id, &**tile)),
        TileData::Raster(_) => None,
    })
}

fn all() -> impl Iterator<Item = &'static Case> {
    CASES.iter()
}

fn scene_of(case: &Case) -> Scene {
    scene::build(&STYLE, &case.viewport, &case.tiles, scene::place(&STYLE, &case.viewport, &case.tiles, None))
        .expect("a scene")
}

/// Of all source tiles around: a server does this once for each, not for each picture.
#[divan::bench(args = all())]
fn a_decode(bencher: Bencher, case: &Case) {
    let parse = |bytes: &bytes::Bytes| mvt::Tile::parse(black_box(bytes.clone())).expect("a tile");
    bencher.bench_local(|| case.bytes.iter().map(parse).collect::<Vec<_>>());
}

/// The filter of each style layer for all features of its source layer, and nothing else of the scene.
#[divan::bench(args = all())]
fn b_filter(bencher: Bencher, case: &Case) {
    let zoom = case.viewport.style_zoom();
    let accepted = |layer: &Layer| {
        let filter = layer.filter(zoom);
        let read = vectors(&case.tiles[&layer.source]).filter_map(|(_, tile)| tile.layer(&layer.source_layer));
        read.flat_map(mvt::Layer::features).filter(|feature| filter.accepts(feature)).count()
    };
    let layers = STYLE.layers.iter().filter(|layer| !layer.source.is_empty() && layer.is_visible(zoom));
    let layers: Vec<&Layer> = layers.collect();
    bencher.bench_local(|| layers.iter().map(|layer| accepted(layer)).sum::<usize>());
}

#[divan::bench(args = all())]
fn c_scene(bencher: Bencher, case: &Case) {
    bencher.bench_local(|| scene_of(black_box(case)));
}

#[divan::bench(args = all())]
fn d_svg(bencher: Bencher, case: &Case) {
    let scene = scene_of(case);
    let document = svg::Document { title: &case.name, attribution: "", live_text: false };
    bencher.bench_local(|| svg::write(black_box(&scene), &STYLE, &document));
}

#[divan::bench(args = all())]
fn e_raster(bencher: Bencher, case: &Case) {
    let scene = scene_of(case);
    bencher.bench_local(|| raster::pixels(black_box(&scene)));
}

#[divan::bench(args = all())]
fn f_encode(bencher: Bencher, case: &Case) {
    let picture = raster::pixels(&scene_of(case));
    bencher.bench_local(|| png::encode(black_box(&picture)).expect("a PNG"));
}

/// From decoded source tiles to the PNG.
#[divan::bench(args = all())]
fn g_whole(bencher: Bencher, case: &Case) {
    let tile = TileRequest {
        tile: case.tile,
        format: Format::Png,
        size: 512,
        scale: 1,
        style: None,
        labels: Labels::default(),
    };
    let request = PictureRequest::Tile(tile);
    bencher.bench_local(|| {
        draw(&STYLE, black_box(&request).clone(), &case.tiles, None, &How::default()).expect("a PNG").body
    });
}
