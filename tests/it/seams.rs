//! Pixels of the scan converter: whatever the picture, the same pixel of the world is the same; and held against resvg.
//!
//! `RASTERZEN_SEAMS=5000 cargo test --release seams` looks at more blocks than the default.

use rasterzen::mvt;
use rasterzen::output::raster::{self, Picture};
use rasterzen::output::{resvg, svg};
use rasterzen::scene::{self, Rect, Run, Scene, SourceTiles, Square, Tiles};
use rasterzen::source::{Fetched, Overrides, Source};
use rasterzen::style::color::Color;
use rasterzen::style::{BUNDLED, Cap, Join, Style};
use rasterzen::tile::TileId;
use rasterzen::viewport::Viewport;
use serde_json::json;
use std::collections::HashMap;
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
            let cells = cells.into_iter().map(|cell| {
                let mut zooms = (info.minzoom.min(cell.z())..=cell.z()).rev();
                let found = zooms.find_map(|z| Some((cell.ancestor(z), self.tile(cell.ancestor(z))?.into())));
                (cell, found)
            });
            let source = SourceTiles { class: info.class, maxzoom: info.maxzoom, cells: cells.collect() };
            tiles.insert(name.clone(), source);
        }
        scene::build(style, viewport, &tiles).unwrap()
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

fn light() -> Style {
    Style::parse("light", BUNDLED[0].1).unwrap()
}

/// A viewport somewhere around one of the centers, its corner at any whole pixel and its sides of any length.
fn anywhere(place: &Place, random: &mut fastrand::Rng) -> Viewport {
    let center = place.centers[random.usize(..place.centers.len())];
    let zoom = random.i32((center.z() as i32 - 3).max(0)..(center.z() as i32 + 4).min(19)) as i8;
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

#[test]
fn tiles_fit_to_the_pixel() {
    let blocks: usize = std::env::var("RASTERZEN_SEAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let styles = [light(), everything()];
    let mut random = fastrand::Rng::with_seed(7);
    let (mut compared, mut seen) = (0, 0);
    for mut place in [Some(Place::sample()), Place::san_francisco()].into_iter().flatten() {
        for block in 0..blocks {
            let viewport = anywhere(&place, &mut random);
            let style = &styles[block % 2];
            let whole = place.picture(style, &viewport);
            let size = [256, 512][block / 2 % 2];
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
        assert!(seen > blocks / 2, "there is hardly anything to see");
        seen = 0;
    }
    println!("{compared} tiles compared with what they are a part of");
}

#[test]
fn the_bundled_style_needs_nothing_but_the_scan_converter() {
    for mut place in [Some(Place::sample()), Place::san_francisco()].into_iter().flatten() {
        for tile in place.centers.clone() {
            for (tile, scale) in [(tile, 1), (tile, 2), (tile.ancestor(3), 1), (tile.ancestor(0), 1)] {
                let scene = place.scene(&light(), &Viewport::of_tile(tile, 512, scale));
                assert!(!scene.runs.is_empty() && raster::draws(&scene), "{tile} at scale {scale}");
            }
        }
    }
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
        Run::Background(other, _) | Run::Circles(other, _) if *other == layer => Some(run.clone()),
        Run::Background(..) | Run::Blended(..) | Run::Circles(..) => None,
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
    let text = svg::write(scene, style, &svg::Document { title: "t", attribution: "" });
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
            for style in [light(), everything()] {
                let scene = place.scene(&style, &Viewport::of_tile(tile, 512, 1));
                let share = far(&raster::pixels(&scene), &by_resvg(&scene, &style), 64);
                assert!(share <= 0.005, "{} {tile}: {:.3} % of pixels are far off", style.name, share * 100.0);
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
    Scene { width: side, height: side, turn: None, caption: None, runs: vec![run], images: Vec::new() }
}

fn squares(item: scene::Item, side: u32) -> Run {
    Run::Squares(vec![Square { clip: [0, 0, side.into(), side.into()], layers: vec![(0, vec![item])] }])
}
