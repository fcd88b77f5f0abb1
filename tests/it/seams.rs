//! Pixels of the scan converter: whatever the picture, the same pixel of the world is the same; and held against resvg.
//!
//! `RASTERZEN_SEAMS=5000 cargo test --release seams` looks at more blocks than the default.

use crate::paint::sprite;
use rasterzen::assets::with_sprite;
use rasterzen::bitmap::Bitmap;
use rasterzen::limits;
use rasterzen::mvt;
use rasterzen::output::raster::{self, Picture};
use rasterzen::output::{resvg, svg};
use rasterzen::scene::{self, Rect, Run, Scene, SourceTiles, Square, TileData, Tiles};
use rasterzen::source::{Base, Fetched, Overrides, Source};
use rasterzen::style::{BUNDLED, BlendMode, Cap, Join, Style};
use rasterzen::style::{Named, color::Color};
use rasterzen::text::{Fonts, Shaper};
use rasterzen::tile::TileId;
use rasterzen::viewport::{Turn, Viewport};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A source with the tiles that were asked for, parsed once.
struct Place {
    source: Source,
    runtime: Runtime,
    tiles: HashMap<TileId, Option<Arc<mvt::Tile>>>,
    /// Tiles with something in them, at the source's deepest zooms.
    centers: Vec<TileId>,
}

impl Place {
    fn open(uri: &str, overrides: &Overrides, centers: &[&str]) -> Place {
        let runtime = Runtime::new().unwrap();
        let source = runtime.block_on(Source::open(uri, overrides, None)).unwrap();
        let centers = centers.iter().map(|tile| tile.parse().unwrap()).collect();
        Place { source, runtime, tiles: HashMap::new(), centers }
    }

    fn sample() -> Place {
        Place::open("sample", &Overrides::default(), &["14/8529/5974", "14/8795/5295", "14/8796/5296", "5/16/11"])
    }

    /// The San Francisco tiles, where they lie beside the checkout.
    fn san_francisco() -> Option<Place> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/tilezen-sf");
        if !directory.is_dir() {
            eprintln!("without San Francisco's tiles, the sample map alone is looked at");
            return None;
        }
        let template = format!("{}/{{z}}/{{x}}/{{y}}.mvt", directory.display());
        let overrides = Overrides { minzoom: Some(10), sparse: true, ..Overrides::default() };
        Some(Place::open(&template, &overrides, &["15/5240/12664", "15/5241/12662", "14/2619/6331", "12/654/1583"]))
    }

    /// Random lines that say how far along they are.
    fn lines() -> Place {
        let mut random = fastrand::Rng::with_seed(5);
        let mut line = |_| {
            let mut at = [random.f64() * 2.0 - 1.0, random.f64() * 2.0 - 1.0];
            let size = 0.5 * 0.01f64.powf(random.f64());
            let points: Vec<[f64; 2]> = (0..random.usize(2..40))
                .map(|_| {
                    at = at.map(|c| c + (random.f64() - 0.5) * size);
                    at
                })
                .collect();
            json!({"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": points}})
        };
        let features: Vec<Json> = (0..60).map(&mut line).collect();
        let data = json!({"type": "FeatureCollection", "features": features});
        let source = json!({"type": "geojson", "data": data, "lineMetrics": true, "maxzoom": 14});
        let runtime = Runtime::new().unwrap();
        let base = Base::File("style.json".into());
        let (source, overrides) = (source.as_object().unwrap(), Overrides::default());
        let source = runtime.block_on(Source::declared(source, &base, &overrides, None)).unwrap();
        let centers = ["8/127/127", "10/511/512", "12/2050/2046", "14/8192/8191"].map(|tile| tile.parse().unwrap());
        Place { source, runtime, tiles: HashMap::new(), centers: centers.to_vec() }
    }

    fn tile(&mut self, id: TileId) -> Option<Arc<mvt::Tile>> {
        let (source, runtime) = (&self.source, &self.runtime);
        let fetch = || match source.covers(id).then(|| runtime.block_on(source.fetch(id, None)).unwrap()) {
            Some(Fetched::Tile(bytes)) => Some(Arc::new(mvt::Tile::parse(bytes).unwrap())),
            _ => None,
        };
        self.tiles.entry(id).or_insert_with(fetch).clone()
    }

    fn scene(&mut self, style: &Style, viewport: &Viewport) -> Scene {
        let info = self.source.info.clone();
        let mut tiles = Tiles::new();
        for name in style.sources.keys() {
            let margin = style.margin(name, viewport.style_zoom()) * f64::from(viewport.scale);
            let (cells, _) = scene::cells(viewport, info.class, info.maxzoom, margin);
            let cells = cells.into_iter().map(|cell| (cell, self.cell(cell))).collect();
            tiles.insert(name.clone(), SourceTiles { class: info.class, maxzoom: info.maxzoom, cells });
        }
        loop {
            let placed = scene::place(style, viewport, &tiles, None);
            if placed.wanting.is_empty() {
                return scene::build(style, viewport, &tiles, placed).unwrap();
            }
            for (name, cell) in placed.wanting {
                let found = self.cell(cell);
                assert!(tiles.get_mut(&name).unwrap().cells.insert(cell, found).is_none(), "{cell} is there already");
            }
        }
    }

    fn cell(&mut self, cell: TileId) -> Option<(TileId, TileData)> {
        let mut zooms = (self.source.info.minzoom.min(cell.z())..=cell.z()).rev();
        zooms.find_map(|z| Some((cell.ancestor(z), self.tile(cell.ancestor(z))?.into())))
    }

    /// The layers that two viewports see differently, each with how many pixels.
    fn differing_layers(&mut self, style: &Style, a: &Viewport, b: &Viewport) -> Vec<(String, usize)> {
        let scenes = [a, b].map(|viewport| self.scene(style, viewport));
        let alone = |layer: usize, scene: &Scene| raster::pixels(&only(scene, layer));
        let differing = |layer: usize| {
            let [a_seen, b_seen] = [0, 1].map(|i| alone(layer, &scenes[i]));
            (style.layers[layer].id.clone(), differing((a, &a_seen), (b, &b_seen)))
        };
        (0..style.layers.len()).map(differing).filter(|(_, pixels)| *pixels > 0).collect()
    }

    fn picture(&mut self, style: &Style, viewport: &Viewport) -> Picture {
        raster::pixels(&self.scene(style, viewport))
    }
}

/// Every way of filling and stroking that a real map may not have.
fn everything() -> Style {
    let layer = |id: &str, kind: &str, from: &str, paint, layout| json!({"id": id, "type": kind, "source": "s", "source-layer": from, "paint": paint, "layout": layout});
    let none = json!({});
    let layers = json!([
        {"id": "ground", "type": "background", "paint": {"background-color": "#fed"}},
        layer("water", "fill", "water", json!({"fill-color": "rgba(0, 90, 200, 0.6)"}), none.clone()),
        layer("houses", "fill", "buildings", json!({"fill-color": "#a66", "fill-opacity": 0.5}), none.clone()),
        layer("house edges", "line", "buildings", json!({"line-color": "#300", "line-width": 0.7}), none.clone()),
        layer("wide", "line", "roads", json!({"line-color": "rgba(20, 120, 20, 0.4)", "line-width": 14}),
            json!({"line-cap": "square", "line-join": "miter", "line-miter-limit": 4})),
        layer("round", "line", "roads", json!({"line-color": "#fff", "line-width": 6}),
            json!({"line-cap": "round", "line-join": "round"})),
        layer("dashed", "line", "roads", json!({"line-color": "#00f", "line-dasharray": [3, 2], "line-width": 1.5}),
            json!({"line-join": "bevel"})),
        layer("aside", "line", "roads", json!({"line-color": "#f0f", "line-offset": 5, "line-width": 0.4}), none.clone()),
        layer("both", "line", "water", json!({"line-color": "#066", "line-gap-width": 4, "line-width": 1}), none.clone()),
        layer("dots", "circle", "pois", json!({"circle-color": "rgba(255, 0, 0, 0.7)", "circle-radius": 5,
            "circle-stroke-width": 2, "circle-stroke-color": "rgba(0, 0, 0, 0.5)"}), none.clone()),
    ]);
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    Style::parse("everything", &style.to_string()).unwrap()
}

/// What needs more than a colour and a clip: images, gradients, what fades, is moved, or is blended as a whole.
fn painted() -> Style {
    let layer = |kind: &str, from: &str, paint, layout| json!({"type": kind, "source": "s", "source-layer": from, "paint": paint, "layout": layout});
    let none = || json!({});
    let mut layers = vec![
        json!({"type": "background", "paint": {"background-color": "#fed"}}),
        json!({"type": "background", "paint": {"background-pattern": "dots", "background-opacity": 0.4}}),
        layer("fill", "earth", json!({"fill-color": "#fbf8f0", "fill-antialias": false, "fill-opacity": 0.9}), none()),
        layer("fill", "water", json!({"fill-color": "rgba(0, 90, 200, 0.6)", "fill-outline-color": "#036"}), none()),
        layer("fill", "water", json!({"fill-pattern": "hatch", "fill-opacity": 0.5}), none()),
        layer("fill", "landuse", json!({"fill-pattern": "dots", "fill-translate": [3.7, -8.4]}), none()),
        layer(
            "fill",
            "buildings",
            json!({"fill-color": "#000", "fill-layer-opacity": 0.3,
            "fill-translate": [2.5, 3.5], "fill-translate-anchor": "viewport"}),
            none(),
        ),
        layer("fill", "buildings", json!({"fill-pattern": "brick"}), none()),
        layer(
            "line",
            "roads",
            json!({"line-color": "#fc0", "line-opacity": 0.7, "line-width": 16, "line-blur": 8}),
            json!({"line-cap": "round", "line-join": "round"}),
        ),
        layer(
            "line",
            "roads",
            json!({"line-color": "rgba(90, 0, 90, 0.5)", "line-width": 11}),
            json!({"line-join": "round", "line-round-limit": 1.5}),
        ),
        layer("line", "roads", json!({"line-pattern": "arrow", "line-width": 9, "line-opacity": 0.8}), none()),
        layer(
            "line",
            "roads",
            json!({"line-pattern": "rail", "line-width": 5, "line-offset": 7, "line-blur": 1}),
            json!({"line-cap": "square"}),
        ),
        layer(
            "line",
            "boundaries",
            json!({"line-color": "#f0f", "line-width": 3, "line-gap-width": 6, "line-blur": 2,
            "line-dasharray": [4, 2], "line-layer-blend": "multiply"}),
            none(),
        ),
        layer(
            "line",
            "water",
            json!({"line-color": "#0af", "line-width": 4, "line-translate": [-1.3, 5.6], "line-blur": 0.5}),
            none(),
        ),
        layer(
            "circle",
            "pois",
            json!({"circle-color": "#0a0", "circle-radius": 7, "circle-blur": 0.6,
            "circle-stroke-width": 2, "circle-stroke-color": "rgba(0, 40, 90, 0.7)", "circle-translate": [4.2, -4.1],
            "circle-translate-anchor": "viewport"}),
            none(),
        ),
    ];
    for (mode, color) in [
        ("overlay", "#4af"),
        ("screen", "#403000"),
        ("color", "#a52"),
        ("luminosity", "#666"),
        ("plus-lighter", "#210"),
    ] {
        let paint =
            json!({"fill-color": color, "fill-layer-blend": mode, "fill-layer-opacity": 0.8, "fill-opacity": 0.7});
        layers.push(layer("fill", if mode == "color" { "water" } else { "landuse" }, paint, none()));
    }
    style_of("painted", layers)
}

/// Gradients along lines of a GeoJSON source.
fn graded() -> Style {
    let progress =
        |from: &str, to: &str| json!(["interpolate", ["linear"], ["line-progress"], 0, from, 0.5, "#0c4", 1, to]);
    let layer = |paint, layout| json!({"type": "line", "source": "s", "source-layer": "geojson", "paint": paint, "layout": layout});
    let layers = vec![
        layer(
            json!({"line-gradient": progress("rgba(255, 0, 0, 0.2)", "#00f"), "line-width": 14, "line-blur": 3}),
            json!({"line-cap": "round", "line-join": "round"}),
        ),
        layer(json!({"line-gradient": progress("#fff", "#000"), "line-width": 7, "line-opacity": 0.8}), json!({})),
        layer(
            json!({"line-gradient": ["step", ["line-progress"], "#f00", 0.3, "rgba(0, 0, 0, 0)", 0.4, "#ff0"],
            "line-width": 3, "line-offset": 6, "line-translate": [1.4, 0.3]}),
            json!({"line-cap": "square"}),
        ),
    ];
    style_of("graded", layers)
}

fn style_of(name: &str, mut layers: Vec<Json>) -> Style {
    layers.iter_mut().enumerate().for_each(|(i, layer)| layer["id"] = json!(format!("layer {i}")));
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    let style = Style::parse(name, &style.to_string()).unwrap().with_sprite(sprite());
    assert_eq!(style.warnings, []);
    style
}

/// The style of the painted goldens.
fn fixture() -> Style {
    let text = include_str!("../../fixtures/styles/paint.json");
    Style::parse("paint", text).unwrap().with_sprite(sprite())
}

/// The bundled styles, with their icons.
fn bundled() -> Vec<Style> {
    let runtime = Runtime::new().unwrap();
    let fonts = Shaper::new(Fonts::bundled(), limits::SHAPED_BYTES);
    let style = |(name, json): (&str, &str)| {
        let style = with_sprite(Style::parse(name, json).unwrap(), &Base::Bundled, None);
        runtime.block_on(style).unwrap().with_fonts(fonts.clone())
    };
    BUNDLED.into_iter().map(style).collect()
}

fn light() -> Style {
    bundled().swap_remove(0)
}

/// A viewport somewhere around one of the centers, its corner at any whole pixel and its sides of any length.
fn anywhere(place: &Place, random: &mut fastrand::Rng) -> Viewport {
    let center = place.centers[random.usize(..place.centers.len())];
    let zoom = random.i32((center.z() as i32 - 3).max(0)..(center.z() as i32 + 4).min(19)) as i8;
    at_zoom(center, zoom, random)
}

/// The same at any zoom.
fn at_any_zoom(place: &Place, random: &mut fastrand::Rng) -> Viewport {
    let center = place.centers[random.usize(..place.centers.len())];
    let zoom = random.i32(0..19) as i8;
    at_zoom(center, zoom, random)
}

fn at_zoom(center: TileId, zoom: i8, random: &mut fastrand::Rng) -> Viewport {
    let scale = random.u8(1..=2);
    let world = (512 * i64::from(scale)) << zoom;
    let at = |index: u32| (i64::from(index) * 2 + 1) * world / (2 << center.z());
    let mut moved = |at: i64| at + random.i64(-300..300);
    let (left, top) = (moved(at(center.x())), moved(at(center.y())));
    let [width, height] = [random.u32(60..700), random.u32(60..700)];
    Viewport { zoom: zoom.into(), scale, left, top, width, height, turn: None }
}

/// The pixels of two pictures that show the same of the world and differ.
fn differing(a: (&Viewport, &Picture), b: (&Viewport, &Picture)) -> usize {
    let left = a.0.left.max(b.0.left);
    let top = a.0.top.max(b.0.top);
    let right = (a.0.left + i64::from(a.0.width)).min(b.0.left + i64::from(b.0.width));
    let bottom = (a.0.top + i64::from(a.0.height)).min(b.0.top + i64::from(b.0.height));
    let pixel = |(viewport, picture): (&Viewport, &Picture), x: i64, y: i64| {
        picture.pixel((x - viewport.left) as u32, (y - viewport.top) as u32)
    };
    (top..bottom).map(|y| (left..right).filter(|&x| pixel(a, x, y) != pixel(b, x, y)).count()).sum()
}

/// The tiles of a size in CSS pixels that a viewport touches.
fn tiles(viewport: &Viewport, size: u32) -> Vec<Viewport> {
    let z = viewport.zoom as u8 + u8::from(size == 256);
    let side = i64::from(size) * i64::from(viewport.scale);
    let range = |from: i64, length: u32| from.div_euclid(side)..=(from + i64::from(length) - 1).div_euclid(side);
    let rows = range(viewport.top, viewport.height);
    let all = rows.flat_map(|y| range(viewport.left, viewport.width).map(move |x| (x, y)));
    all.filter_map(|(x, y)| TileId::new(z, u32::try_from(x).ok()?, u32::try_from(y).ok()?))
        .map(|tile| Viewport::of_tile(tile, size, viewport.scale))
        .collect()
}

fn blocks() -> usize {
    std::env::var("RASTERZEN_SEAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

/// Tiles of random places against pictures of the same, in one style after the other.
fn assert_fitting(place: &mut Place, styles: &[Style], blocks: usize, random: &mut fastrand::Rng) {
    let (mut compared, mut seen) = (0, 0);
    for block in 0..blocks {
        let viewport =
            if block % 3 == 2 && styles.len() == 1 { at_any_zoom(place, random) } else { anywhere(place, random) };
        let style = &styles[block % styles.len()];
        let whole = place.picture(style, &viewport);
        let size = [256, 512][block / styles.len() % 2];
        for tile in tiles(&viewport, size) {
            let part = place.picture(style, &tile);
            if differing((&viewport, &whole), (&tile, &part)) > 0 {
                let layers = place.differing_layers(style, &viewport, &tile);
                panic!("{} differs in {viewport:?} and {tile:?}: {layers:?}", style.name);
            }
            compared += 1;
        }
        seen += usize::from(whole.pixels.iter().any(|pixel| *pixel != whole.pixels[0]));
    }
    assert!(seen > blocks / 3, "there is hardly anything to see");
    println!("{compared} tiles compared with what they are a part of; {seen} of {blocks} pictures show something");
}

fn places() -> impl Iterator<Item = Place> {
    [Some(Place::sample()), Place::san_francisco()].into_iter().flatten()
}

#[test]
fn tiles_fit_to_the_pixel() {
    let mut random = fastrand::Rng::with_seed(7);
    for mut place in places() {
        assert_fitting(&mut place, &[light(), everything()], blocks(), &mut random);
    }
}

/// Labels, icons and halos included.
#[test]
fn tiles_of_the_bundled_styles_fit_to_the_pixel() {
    let mut random = fastrand::Rng::with_seed(11);
    for mut place in places() {
        assert_fitting(&mut place, &bundled(), blocks(), &mut random);
    }
}

#[test]
fn tiles_fit_to_the_pixel_whatever_they_are_painted_with() {
    let mut random = fastrand::Rng::with_seed(8);
    for mut place in places() {
        assert_fitting(&mut place, &[painted()], blocks(), &mut random);
    }
    assert_fitting(&mut Place::lines(), &[graded()], blocks(), &mut random);
}

/// Pictures at any zoom and bearing, drawn at once and in cells.
#[test]
fn cells_of_a_picture_fit_to_the_pixel_at_any_zoom_and_bearing() {
    let mut random = fastrand::Rng::with_seed(9);
    let mut compared = 0;
    for mut place in places().chain([Place::lines()]) {
        let styles = match place.source.info.maxzoom {
            14 if place.centers[0].z() == 8 => vec![graded()],
            _ => bundled().into_iter().chain([everything(), painted()]).collect(),
        };
        for block in 0..blocks() {
            let style = &styles[block % styles.len()];
            let viewport = anywhere(&place, &mut random);
            let zoom = viewport.zoom + if block % 4 == 0 { 0.0 } else { random.f64() };
            let bearing =
                [0.0, 90.0, 180.0, 0.25][block / 3 % 4] + if block % 3 == 0 { 0.0 } else { random.f64() * 360.0 };
            let [width, height] = [viewport.width, viewport.height];
            // Where the place is at the whole zoom.
            let (lon, lat) = viewport.center();
            let size = [width / u32::from(viewport.scale), height / u32::from(viewport.scale)];
            let viewport = Viewport::around([lon, lat], zoom, bearing, size, viewport.scale);
            let whole = place.picture(style, &viewport);
            let cell = [random.u32(40..400), random.u32(40..400)];
            for top in (0..viewport.height).step_by(cell[1] as usize) {
                for left in (0..viewport.width).step_by(cell[0] as usize) {
                    let (width, height) = (cell[0].min(viewport.width - left), cell[1].min(viewport.height - top));
                    let part = viewport.part(left, top, width, height);
                    let drawn = place.picture(style, &part);
                    if differing((&viewport, &whole), (&part, &drawn)) > 0 {
                        let layers = place.differing_layers(style, &viewport, &part);
                        panic!("{} differs in {part:?} of {viewport:?}: {layers:?}", style.name);
                    }
                    compared += 1;
                }
            }
        }
    }
    println!("{compared} cells compared with what they are a part of");
}

/// One layer of a scene.
fn only(scene: &Scene, layer: usize) -> Scene {
    let of = |run: &Run| match run {
        Run::Squares(squares) => Some(Run::Squares(
            squares
                .iter()
                .map(|square| Square {
                    layers: square.layers.iter().filter(|(other, _)| *other == layer).cloned().collect(),
                    ..square.clone()
                })
                .collect(),
        )),
        Run::Background(other, _) | Run::Circles(other, _) | Run::Symbols(other, _) if *other == layer => {
            Some(run.clone())
        }
        Run::Blended(_, squares) if squares[0].layers[0].0 == layer => Some(run.clone()),
        Run::Background(..) | Run::Blended(..) | Run::Circles(..) | Run::Symbols(..) => None,
    };
    Scene { runs: scene.runs.iter().filter_map(of).collect(), ..scene.clone() }
}

/// The share of pixels that are further apart than so many levels.
fn far(a: &Picture, b: &Picture, levels: u8) -> f64 {
    let apart = |a: &u32, b: &u32| a.to_le_bytes().iter().zip(b.to_le_bytes()).any(|(a, b)| a.abs_diff(b) > levels);
    let count = a.pixels.iter().zip(&b.pixels).filter(|(a, b)| apart(a, b)).count();
    count as f64 / a.pixels.len() as f64
}

fn by_resvg(scene: &Scene, style: &Style) -> Picture {
    let text = svg::write(scene, style, &svg::Document { title: "t", attribution: "", live_text: false });
    resvg::pixels(&text, scene.width, scene.height).unwrap()
}

/// A picture made smaller, each pixel the mean of `by` times `by`.
fn smaller(picture: &Picture, by: u32) -> Picture {
    let (width, height) = (picture.width / by, picture.height / by);
    let mean = |x: u32, y: u32| {
        let all = (0..by * by).map(|i| picture.pixel(x * by + i % by, y * by + i / by));
        let sum = all.fold([0u32; 4], |sum, pixel| [0, 1, 2, 3].map(|i| sum[i] + u32::from(pixel[i])));
        u32::from_le_bytes(sum.map(|sum| ((sum + by * by / 2) / (by * by)) as u8))
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| mean(x, y)).collect();
    Picture { width, height, pixels }
}

#[test]
fn whole_tiles_look_as_resvg_draws_them() {
    for mut place in [Some(Place::sample()), Place::san_francisco()].into_iter().flatten() {
        for tile in place.centers.clone() {
            for style in [light(), everything(), painted(), fixture()] {
                let scene = place.scene(&style, &Viewport::of_tile(tile, 512, 1));
                let off = |scene: &Scene| 100.0 * far(&raster::pixels(scene), &by_resvg(scene, &style), 64);
                let share = off(&scene);
                let by_layer = || -> Vec<f64> { (0..style.layers.len()).map(|i| off(&only(&scene, i))).collect() };
                assert!(
                    share <= 0.5,
                    "{} {tile}: {share:.3} % of pixels are far off, by layer {:.3?}",
                    style.name,
                    by_layer()
                );
            }
        }
    }
}

/// Items on plain ground, by resvg at 8 times the size: what coverage truly is, to within its own 4 by 4 samples.
#[test]
fn single_items_have_the_coverage_that_resvg_finds_at_eight_times_the_size() {
    let mut random = fastrand::Rng::with_seed(3);
    let side = 256;
    for (what, most, count) in [("fill", 0.0005, 12), ("wide", 0.005, 12), ("narrow", 0.01, 12), ("circle", 0.005, 12)]
    {
        let mut worst: f64 = 0.0;
        for _ in 0..count {
            let mut point = || format!("{} {}", random.i32(320..3776), random.i32(320..3776));
            let [width, join, cap] = match what {
                "wide" => ["160", "round", "round"],
                _ => ["9", "bevel", "butt"],
            };
            let points: Vec<String> = (0..if what == "fill" { 7 } else { 5 }).map(|_| point()).collect();
            let path = format!("M{}", points.join("L"));
            let shape = match what {
                "fill" => format!(r#"<path d="{path}z"/>"#),
                "circle" => {
                    let (x, y) = points[0].split_once(' ').unwrap();
                    format!(r#"<circle cx="{x}" cy="{y}" r="250"/>"#)
                }
                _ => format!(
                    r#"<path d="{path}" fill="none" stroke="black" stroke-width="{width}" stroke-linejoin="{join}" stroke-linecap="{cap}"/>"#
                ),
            };
            let svg = |pixels: u32| {
                format!(
                    r#"<svg xmlns="http://www.w3.org/2000/svg" width="{pixels}" height="{pixels}" viewBox="0 0 4096 4096">{shape}</svg>"#
                )
            };
            let true_one = smaller(&resvg::pixels(&svg(side * 8), side * 8, side * 8).unwrap(), 8);
            let scene = item(what, &points, side);
            worst = worst.max(far(&raster::pixels(&scene), &true_one, 16));
        }
        assert!(worst <= most, "{what}: {:.4} % of pixels are off", worst * 100.0);
    }
}

/// A scene by resvg at 8 times the size, each pixel the mean of 64.
fn truly(scene: &Scene) -> Picture {
    let text = svg::write(scene, &light(), &svg::Document { title: "t", attribution: "", live_text: false });
    let size = |by: u32| format!(r#"width="{}" height="{}""#, scene.width * by, scene.height * by);
    let text = text.replacen(&size(1), &size(8), 1);
    smaller(&resvg::pixels(&text, scene.width * 8, scene.height * 8).unwrap(), 8)
}

fn rings(points: &[[f64; 2]]) -> scene::Path {
    scene::Path::of_rings(&[points.iter().map(|p| p.map(|c| (c * 256.0).round() as i32)).collect()])
}

fn lines(points: &[[f64; 2]]) -> scene::Path {
    let seen = Rect { min: [-1_000_000; 2], max: [1_000_000; 2] };
    let points: Vec<[i64; 2]> = points.iter().map(|p| p.map(|c| (c * 256.0).round() as i64)).collect();
    let mut path = scene::Path::default();
    path.push_line(&points, false, seen, [0, 0]);
    path
}

fn colored(color: &str) -> Color {
    Color::parse(color).unwrap()
}

fn area(paint: scene::Paint, points: &[[f64; 2]]) -> scene::Item {
    scene::Item::Fill(scene::Fill { paint, antialias: true, path: rings(points) })
}

fn line(ink: scene::Ink, width: f64, blur: f64, points: &[[f64; 2]]) -> scene::Item {
    let (cap, join, tips) = (Cap::Round, Join::Round, scene::Path::default());
    scene::Item::Stroke(scene::Stroke { ink, width, cap, join, miter_limit: 2.0, blur, path: lines(points), tips })
}

/// An image without sharp edges, so that it does not matter how it is made larger.
fn smooth([width, height]: [u32; 2]) -> Bitmap {
    let wave = |i: u32, length: u32| 0.5 + 0.5 * (f64::from(i) / f64::from(length) * std::f64::consts::TAU).sin();
    let pixel = |x: u32, y: u32| {
        let alpha = 0.5 + 0.5 * wave(y, height);
        [wave(x, width) * alpha, wave(y, height) * alpha, alpha / 2.0, alpha].map(|c| (c * 255.0).round() as u8)
    };
    let data = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Bitmap { width, height, data }
}

/// A straight line with an image along it.
fn textured([a, b]: [[f64; 2]; 2], width: f64, image: &Bitmap) -> scene::Item {
    let by = [b[0] - a[0], b[1] - a[1]];
    let length = by[0].hypot(by[1]);
    let along = by.map(|c| c / length);
    let across = [-along[1], along[0]];
    let place = |i: f64, j: f64| [0, 1].map(|n| a[n] + along[n] * i + across[n] * j);
    let (from, to, half) = (-width, length + width, width / 2.0 + 1.0);
    let corners = [place(from, -half), place(to, -half), place(to, half), place(from, half)];
    let corners = corners.map(|p| p.map(|c| (c * 256.0).round() as i32));
    let stretched = (length + 2.0 * width) / f64::from(image.width);
    let high = (width + 2.0) / f64::from(image.height);
    let [x, y] = place(from, -half);
    let transform = [along[0] * stretched, along[1] * stretched, across[0] * high, across[1] * high, x, y];
    let quads = vec![scene::Quad { image: 0, corners, transform }];
    line(scene::Ink::Pattern { opacity: 0.8, quads }, width, 0.0, &[a, b])
}

/// A line in a number of colours.
fn shaded(points: &[[f64; 2]; 2], colors: &[&str]) -> scene::Item {
    let at = |i: f64| {
        let t = (i / colors.len() as f64).clamp(-0.2, 1.2);
        [0, 1].map(|n| points[0][n] + (points[1][n] - points[0][n]) * t)
    };
    let last = colors.len() - 1;
    let run = |(i, color): (usize, &&str)| {
        let from = if i == 0 { -10.0 } else { i as f64 };
        let to = if i == last { 100.0 } else { i as f64 + 1.05 };
        (colored(color), lines(&[at(from), at(to)]))
    };
    let runs = colors.iter().enumerate().map(run).collect();
    line(scene::Ink::Gradient { opacity: 0.9, runs }, 17.0, 0.0, points)
}

fn scene_of(runs: Vec<Run>, images: Vec<Bitmap>) -> Scene {
    Scene { width: 256, height: 256, turn: None, caption: None, runs, images, outlines: Vec::new() }
}

/// What is painted, as in the test before. The largest share measured is 0.008 %, five
/// pixels.
#[test]
fn painted_items_look_as_resvg_draws_them_at_eight_times_the_size() {
    let mut random = fastrand::Rng::with_seed(4);
    let mut worst: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for _ in 0..3 {
        let points: Vec<[f64; 2]> = (0..7).map(|_| [0, 1].map(|_| 20.0 + 216.0 * random.f64())).collect();
        let (ends, all) = ([points[0], points[1]], &points[..5]);
        let image = smooth([48, 32]);
        let pattern = |opacity| scene::Paint::Pattern { image: 0, origin: [-7, -11], opacity };
        let half = || scene::Paint::Color(colored("rgba(200, 60, 20, 0.6)"));
        let ground = || Run::Background(0, scene::Paint::Color(colored("#8ac")));
        let mut cases = vec![
            ("pattern area", 0.0003, scene_of(vec![squares(area(pattern(0.7), &points), 256)], vec![image.clone()])),
            ("pattern ground", 0.0, scene_of(vec![Run::Background(0, pattern(0.7))], vec![image.clone()])),
            ("pattern line", 0.0003, scene_of(vec![squares(textured(ends, 20.0, &image), 256)], vec![image.clone()])),
            (
                "gradient",
                0.0003,
                scene_of(
                    vec![squares(shaded(&ends, &["#f00", "rgba(0, 255, 0, 0.5)", "#00f", "#ff0"]), 256)],
                    Vec::new(),
                ),
            ),
            (
                "blurred line",
                0.0003,
                scene_of(vec![squares(line(scene::Ink::Color(colored("#205080")), 20.0, 7.0, all), 256)], Vec::new()),
            ),
        ];
        let center = points[0].map(|c| (c * 256.0) as i32);
        for (what, radius, stroke_width, blur) in
            [("blurred circle", 40.0, 0.0, 0.6), ("blurred stroke", 30.0, 12.0, 0.4), ("very blurred", 25.0, 5.0, 2.0)]
        {
            let (color, stroke_color) = (colored("rgba(200, 0, 0, 0.7)"), colored("#036"));
            let circle = scene::Circle { center, radius, color, stroke_width, stroke_color, blur };
            cases.push((what, 0.0003, scene_of(vec![Run::Circles(0, vec![circle])], Vec::new())));
        }
        for mode in [
            BlendMode::Normal,
            BlendMode::Multiply,
            BlendMode::Color,
            BlendMode::Luminosity,
            BlendMode::Screen,
            BlendMode::Overlay,
        ] {
            let items = vec![area(half(), &points[..4]), area(half(), &points[3..])];
            let clip = [0, 0, 256, 256];
            let group =
                Run::Blended(scene::Blending { opacity: 0.7, mode }, vec![Square { clip, layers: vec![(0, items)] }]);
            cases.push((mode.name(), 0.0003, scene_of(vec![ground(), group], Vec::new())));
        }
        // Two squares with the same in them: each pixel is one's, all are drawn, and none twice.
        let square = |clip: [i64; 4]| {
            let items = vec![area(half(), &[[-99.0, -99.0], [355.0, -99.0], [355.0, 355.0], [-99.0, 355.0]])];
            Square { clip, layers: vec![(0, items)] }
        };
        let turn = Turn { bearing: 360.0 * random.f64(), pivot: [128.0, 128.0] };
        let run = Run::Squares(vec![square([-99, -99, 117, 355]), square([117, -99, 355, 355])]);
        cases.push(("turned squares", 0.0, Scene { turn: Some(turn), ..scene_of(vec![run], Vec::new()) }));
        for (what, most, scene) in &cases {
            let turned = Scene { turn: Some(turn), ..scene.clone() };
            for (what, most, scene) in [(what.to_string(), *most, scene), (format!("{what}, turned"), *most, &turned)] {
                let share = far(&raster::pixels(scene), &truly(scene), 16);
                let worst = worst.entry(what).or_insert((0.0, most));
                worst.0 = worst.0.max(share);
            }
        }
    }
    println!("{worst:#?}");
    for (what, (share, most)) in &worst {
        assert!(share <= most, "{what}: {:.4} % of pixels are off", share * 100.0);
    }
}

/// Without antialiasing against resvg at its own size, which rounds edges to its own grid: a middle that is nearer to an
/// edge than that may be on the other side.
#[test]
fn hard_edges_are_where_resvg_has_them() {
    let mut random = fastrand::Rng::with_seed(6);
    for _ in 0..20 {
        let points: Vec<[f64; 2]> = (0..7).map(|_| [0, 1].map(|_| 256.0 * random.f64())).collect();
        let paint = scene::Paint::Color(Color::BLACK);
        let fill = scene::Fill { paint, antialias: false, path: rings(&points) };
        let scene = scene_of(vec![squares(scene::Item::Fill(fill), 256)], Vec::new());
        let drawn = raster::pixels(&scene);
        assert!(drawn.pixels.iter().all(|pixel| [0, 0xff00_0000].contains(pixel)));
        let share = far(&drawn, &by_resvg(&scene, &light()), 0);
        assert!(share <= 0.0005, "{:.4} % of pixels are off", share * 100.0);
    }
}

/// The scene of one item whose points are given in 16ths of a pixel.
fn item(what: &str, points: &[String], side: u32) -> Scene {
    let at = |text: &String| {
        let (x, y) = text.split_once(' ').unwrap();
        [x, y].map(|c| c.parse::<i64>().unwrap() * 16)
    };
    let black = Color::BLACK;
    let all: Vec<[i64; 2]> = points.iter().map(at).collect();
    let seen = Rect { min: [-100_000; 2], max: [200_000; 2] };
    let mut path = scene::Path::default();
    let run = match what {
        "circle" => {
            let center = all[0].map(|c| c as i32);
            let (stroke_width, stroke_color) = (0.0, Color::TRANSPARENT);
            let (radius, blur) = (250.0 / 16.0, 0.0);
            let circle = scene::Circle { center, radius, color: black, stroke_width, stroke_color, blur };
            Run::Circles(0, vec![circle])
        }
        "fill" => {
            path.push_ring(&all, seen, [0, 0]);
            squares(scene::Item::Fill(scene::Fill { paint: scene::Paint::Color(black), antialias: true, path }), side)
        }
        _ => {
            path.push_line(&all, false, seen, [0, 0]);
            let (width, cap, join) = match what {
                "wide" => (10.0, Cap::Round, Join::Round),
                _ => (9.0 / 16.0, Cap::Butt, Join::Bevel),
            };
            let (ink, blur, tips) = (scene::Ink::Color(black), 0.0, scene::Path::default());
            let stroke = scene::Stroke { ink, width, cap, join, miter_limit: 4.0, blur, path, tips };
            squares(scene::Item::Stroke(stroke), side)
        }
    };
    Scene { width: side, height: side, ..scene_of(vec![run], Vec::new()) }
}

fn squares(item: scene::Item, side: u32) -> Run {
    Run::Squares(vec![Square { clip: [0, 0, side.into(), side.into()], layers: vec![(0, vec![item])] }])
}
