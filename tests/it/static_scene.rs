//! Static images as data: that they hold what the tiles they cover hold, that squares share no pixel and leave none out
//! at any zoom and bearing, the ends of the world, and which zoom counts where.

use crate::scene::{World, circles, crowded, id, pixels, style};
use crate::tile_writer::{Feature, P};
use rasterzen::mvt;
use rasterzen::scene::{Item, Path, Run, Scene, SourceTiles, Tiles, build, cells, cut_line, place};
use rasterzen::source::{Fetched, Overrides, Source};
use rasterzen::style::{BUNDLED, Style};
use rasterzen::tile::TileId;
use rasterzen::viewport::{SizeClass, Viewport};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

const PX: i64 = 256;
const EDGE: i32 = 4096;

/// Something that is drawn, in scene units of the world: its layer and paint, and an edge of it.
type Edge = (usize, String, [[i64; 2]; 2]);

/// An item in scene units of the world: its layer, its paint, and its lines or rings, each with whether it is closed.
type WorldItem = (usize, String, Vec<(Vec<[i64; 2]>, bool)>);

/// A rectangle of the world in output pixels: left, top, right, bottom.
type Rect = [i64; 4];

fn paint_and_path(item: &Item) -> (String, &Path) {
    match item {
        Item::Image(_) => panic!("these styles have no images"),
        Item::Fill(fill) => (format!("{:?}", fill.paint), &fill.path),
        Item::Stroke(s) => (format!("{:?} {} {:?} {:?} {}", s.ink, s.width, s.cap, s.join, s.miter_limit), &s.path),
    }
}

/// The squares of a scene: where each is clipped in the world, and its items in order.
fn squares(scene: &Scene, viewport: &Viewport) -> Vec<(Rect, Vec<WorldItem>)> {
    let corner = [viewport.left, viewport.top];
    let runs = scene.runs.iter().filter_map(|run| if let Run::Squares(squares) = run { Some(squares) } else { None });
    let in_world = |p: &[i32; 2]| [0, 1].map(|i| i64::from(p[i]) + corner[i] * PX);
    runs.flatten()
        .map(|square| {
            let clip = [0, 1, 2, 3].map(|i| square.clip[i] + corner[i % 2]);
            let items = square.layers.iter().flat_map(|(layer, items)| items.iter().map(move |item| (*layer, item)));
            let items = items.map(|(layer, item)| {
                let (paint, path) = paint_and_path(item);
                (layer, paint, path.parts().map(|(p, closed)| (p.iter().map(in_world).collect(), closed)).collect())
            });
            (clip, items.collect())
        })
        .collect()
}

/// The edges of all items that go through a rectangle of the world within the square that draws them.
fn edges(scene: &Scene, viewport: &Viewport, seen: Rect) -> BTreeSet<Edge> {
    let mut found = BTreeSet::new();
    for (clip, items) in squares(scene, viewport) {
        let min = [0, 1].map(|i| clip[i].max(seen[i]) * PX);
        let max = [0, 1].map(|i| clip[i + 2].min(seen[i + 2]) * PX);
        if min[0] >= max[0] || min[1] >= max[1] {
            continue;
        }
        for (layer, paint, parts) in items {
            for (points, closed) in parts {
                let ends = if closed { points.len() } else { points.len() - 1 };
                for i in 0..ends {
                    let mut edge = [points[i], points[(i + 1) % points.len()]];
                    edge.sort();
                    if !cut_line(&edge, rasterzen::scene::Rect { min, max }).is_empty() {
                        found.insert((layer, paint.clone(), edge));
                    }
                }
            }
        }
    }
    found
}

/// The circles in a rectangle of the world, in order.
fn circles_in(scene: &Scene, viewport: &Viewport, seen: Rect) -> Vec<String> {
    let found = circles(scene).into_iter().filter_map(|circle| {
        let center =
            [i64::from(circle.center[0]) + viewport.left * PX, i64::from(circle.center[1]) + viewport.top * PX];
        let within = (0..2).all(|i| (seen[i] * PX..seen[i + 2] * PX).contains(&center[i]));
        within.then(|| format!("{center:?} {:?} {} {:?}", circle.color, circle.radius, circle.stroke_width))
    });
    let mut found: Vec<String> = found.collect();
    found.sort();
    found
}

fn rect(viewport: &Viewport) -> Rect {
    let Viewport { left, top, width, height, .. } = *viewport;
    [left, top, left + i64::from(width), top + i64::from(height)]
}

fn common(a: Rect, b: Rect) -> Rect {
    [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]
}

/// The tiles of a size that a viewport of a whole zoom covers, with where each lies.
fn covered(viewport: &Viewport, size: u32) -> Vec<Viewport> {
    let z = viewport.zoom as i32 + if size == 256 { 1 } else { 0 };
    let side = i64::from(size) * i64::from(viewport.scale);
    let [left, top, right, bottom] = rect(viewport);
    let mut tiles = Vec::new();
    for y in top.div_euclid(side)..=(bottom - 1).div_euclid(side) {
        for x in left.div_euclid(side)..=(right - 1).div_euclid(side) {
            let wrapped = x.rem_euclid(1 << z) as u32;
            if let Some(tile) = u32::try_from(y).ok().and_then(|y| TileId::new(z as u8, wrapped, y)) {
                tiles.push(Viewport { left: x * side, ..Viewport::of_tile(tile, size, viewport.scale) });
            }
        }
    }
    tiles
}

/// Compares a picture with the tiles it covers. `draw` gets viewports of the world's own coordinates.
fn same_as_tiles(viewport: &Viewport, size: u32, draw: &dyn Fn(&Viewport) -> Scene) -> usize {
    let image = draw(viewport);
    let mut compared = 0;
    let whole = squares(&image, viewport);
    for place in covered(viewport, size) {
        // The tile as its own request has it, in the first copy of the world.
        let world = (512.0 * 2f64.powf(place.zoom)) as i64 * i64::from(place.scale);
        let tile = draw(&Viewport { left: place.left.rem_euclid(world), ..place });
        let seen = common(rect(viewport), rect(&place));
        let what = format!("{size} px of {place:?} in {viewport:?}");
        let ours = edges(&image, viewport, seen);
        assert_eq!(ours, edges(&tile, &place, seen), "{what}");
        assert_eq!(circles_in(&image, viewport, seen), circles_in(&tile, &place, seen), "{what}");
        compared += ours.len();
        // What lies wholly within the picture is the same item for item.
        for square in squares(&tile, &place).into_iter().filter(|(clip, _)| common(*clip, seen) == *clip) {
            assert!(whole.contains(&square), "{what}: a square has other items");
            compared += 1;
        }
    }
    compared
}

#[test]
fn at_whole_zooms_an_image_holds_what_its_tiles_hold() {
    let (world, style) = crowded();
    let mut random = fastrand::Rng::with_seed(11);
    let mut compared = 0;
    for _ in 0..25 {
        let zoom = *random.choice(&[14.0, 14.0, 15.0, 16.0]).expect("a zoom");
        let scale = random.u8(1..=2);
        let unit = (512 << (zoom as i64 - 14)) * i64::from(scale);
        let viewport = Viewport {
            zoom,
            scale,
            left: random.i64(4 * unit - 100..9 * unit),
            top: random.i64(4 * unit - 100..9 * unit),
            width: random.u32(1..1300),
            height: random.u32(1..900),
            turn: None,
        };
        for size in [256, 512] {
            compared += same_as_tiles(&viewport, size, &|viewport| world.scene(&style, viewport));
        }
    }
    assert!(compared > 10_000, "only {compared} edges and squares");
}

/// The sample map in the style that comes with the program.
struct Sample {
    style: Style,
    source: Source,
    runtime: tokio::runtime::Runtime,
    fetched: std::cell::RefCell<HashMap<TileId, Option<Arc<mvt::Tile>>>>,
}

impl Sample {
    fn new() -> Sample {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let source = runtime.block_on(Source::open("sample", &Overrides::default(), None)).expect("the sample map");
        let style = Style::parse("light", BUNDLED[0].1).expect("the bundled style");
        Sample { style, source, runtime, fetched: Default::default() }
    }

    fn tile(&self, id: TileId) -> Option<Arc<mvt::Tile>> {
        let fetch = || match self.runtime.block_on(self.source.fetch(id, None)).expect("an answer") {
            Fetched::Tile(bytes) => Some(Arc::new(mvt::Tile::parse(bytes).expect("a tile"))),
            _ => None,
        };
        self.fetched.borrow_mut().entry(id).or_insert_with(fetch).clone()
    }

    fn scene(&self, viewport: &Viewport) -> Scene {
        let info = &self.source.info;
        let margin = self.style.margin("tilezen", viewport.style_zoom()) * f64::from(viewport.scale);
        let (cells, _) = cells(viewport, info.class, info.maxzoom, margin);
        let found = |cell: TileId| {
            (0..=cell.z()).rev().map(|z| cell.ancestor(z)).find_map(|id| Some((id, self.tile(id)?.into())))
        };
        let cells = cells.into_iter().map(|cell| (cell, found(cell))).collect();
        let tiles = SourceTiles { class: info.class, maxzoom: info.maxzoom, cells };
        let tiles = Tiles::from([("tilezen".to_string(), tiles)]);
        build(&self.style, viewport, &tiles, place(&self.style, viewport, &tiles, None)).expect("a scene")
    }
}

#[test]
fn images_of_a_real_map_hold_what_its_tiles_hold() {
    let sample = Sample::new();
    let mut random = fastrand::Rng::with_seed(3);
    let mut compared = 0;
    for zoom in [-1.0, 0.0, 1.0, 2.0, 4.0, 5.0, 9.0, 13.0, 14.0, 15.0, 17.0] {
        for [lon, lat] in [[7.4215, 43.7345], [179.9, -16.5], [-120.0, 84.0], [13.26, 53.55]] {
            // A little beside the place, so that edges of tiles fall anywhere.
            let beside = 300.0 / (512.0 * f64::powf(2.0, zoom));
            let center = [lon + random.f64() * beside * 360.0, lat - random.f64() * beside * 100.0];
            let size = [random.u32(1..700), random.u32(1..500)];
            let viewport = Viewport::around(center, zoom, 0.0, size, random.u8(1..=2));
            // There is no tile of 512 px below zoom 0.
            let size = if zoom < 0.0 || random.bool() { 256 } else { 512 };
            compared += same_as_tiles(&viewport, size, &|viewport| sample.scene(viewport));
        }
    }
    assert!(compared > 10_000, "only {compared} edges and squares");
}

#[test]
fn parts_of_a_picture_hold_what_it_holds_at_any_zoom() {
    let (world, style) = crowded();
    let mut random = fastrand::Rng::with_seed(5);
    for zoom in [14.3, 14.98, 15.5] {
        let picture = Viewport::around(center_of(6.5), zoom, 0.0, [1100, 900], 1);
        let whole = world.scene(&style, &picture);
        for _ in 0..4 {
            let (left, top) = (random.u32(..800), random.u32(..700));
            let part = picture.part(left, top, random.u32(1..300), random.u32(1..200));
            let scene = world.scene(&style, &part);
            let seen = rect(&part);
            let ours = edges(&scene, &part, seen);
            assert!(!ours.is_empty());
            assert_eq!(ours, edges(&whole, &picture, seen), "{part:?}");
            assert_eq!(circles_in(&scene, &part, seen), circles_in(&whole, &picture, seen), "{part:?}");
        }
    }
}

/// Longitude and latitude of the place that lies so many tiles of zoom 14 from the west and the north.
fn center_of(tiles: f64) -> [f64; 2] {
    let (lon, lat) = rasterzen::tile::lon_lat_of(tiles / 16384.0, tiles / 16384.0);
    [lon, lat]
}

/// Land all over tiles of zooms 13 and 14, each tile's its own, and nothing else.
fn land() -> World {
    let whole = || Feature::polygon(&[&[[0, 0], [EDGE, 0], [EDGE, EDGE], [0, EDGE]]]);
    let tiles = |z: u8, from: u32, to: u32| (from..to).flat_map(move |y| (from..to).map(move |x| id(z, x, y)));
    World::new(tiles(14, 3, 11).chain(tiles(13, 1, 6)).map(|id| (id, vec![whole()])).collect())
}

#[test]
fn each_pixel_is_one_squares_and_covered_wholly() {
    let world = land();
    let style = style(&[json!({"type": "fill", "paint": {"fill-color": "#f00", "fill-opacity": 0.5}})]);
    for (zoom, bearing) in [
        (14.0, 0.0),
        (13.5, 0.0),
        (14.123, 0.0),
        (14.999, 0.0),
        (14.0, 30.0),
        (14.0, 90.0),
        (13.0, 180.0),
        (14.37, 45.0),
        (13.61, -12.5),
        (14.0, 0.01),
    ] {
        for scale in [1, 2] {
            let viewport = Viewport::around(center_of(8.0), zoom, bearing, [500, 400], scale);
            let scene = world.scene(&style, &viewport);
            assert!(squares(&scene, &viewport).len() >= 4, "{zoom} {bearing}");
            let drawn = pixels(&scene, &style);
            let alphas: BTreeSet<u8> = drawn.pixels.iter().map(|pixel| (pixel >> 24) as u8).collect();
            assert!(alphas.len() == 1 && alphas.contains(&128), "zoom {zoom}, bearing {bearing}: {alphas:?}");
        }
    }
}

#[test]
fn land_that_only_begins_at_a_cut_is_not_pushed_over_it() {
    // The east tile is land, the west is none: the shore is the cut.
    let whole = Feature::polygon(&[&[[0, 0], [EDGE, 0], [EDGE, EDGE], [0, EDGE]]]);
    let world = World::new(vec![(id(14, 7, 6), vec![whole])]);
    let style = style(&[json!({"type": "fill", "paint": {"fill-color": "#f00"}})]);
    let viewport = Viewport::around(center_of(6.9), 14.4, 0.0, [200, 100], 1);
    let edge = -viewport.left as f64 + 7.0 * 512.0 * 2f64.powf(0.4);
    let drawn = pixels(&world.scene(&style, &viewport), &style);
    let row: Vec<u8> = (0..200).map(|x| drawn.pixel(x, 50)[3]).collect();
    let first = row.iter().position(|&alpha| alpha > 0).expect("land");
    assert!((first as f64 + 0.5 - edge).abs() <= 0.5, "the edge at {edge} is drawn at {first}");
    assert!(row[first..].iter().all(|&alpha| alpha == 255), "{row:?}");
}

#[test]
fn slanted_edges_stay_where_they_are() {
    // A triangle whose longest side ends on the cut.
    let triangle = Feature::polygon(&[&[[2048, 0], [EDGE, 2048], [EDGE, 0]]]);
    let world = World::new(vec![(id(14, 6, 6), vec![triangle])]);
    let style = style(&[json!({"type": "fill", "paint": {"fill-color": "#f00"}})]);
    let viewport = Viewport::around(center_of(6.8), 14.25, 0.0, [400, 400], 1);
    let scene = world.scene(&style, &viewport);
    let side = 512.0 * 2f64.powf(0.25) * PX as f64;
    let at = |share: f64, corner: i64| ((6.0 + share) * side).round() as i64 - corner * PX;
    let slanted = [[at(0.5, viewport.left), at(0.0, viewport.top)], [at(1.0, viewport.left), at(0.5, viewport.top)]];
    let found = squares(&scene, &viewport).iter().flat_map(|(_, items)| items.clone()).any(|(_, _, parts)| {
        parts.iter().any(|(points, _)| {
            let points: Vec<[i64; 2]> =
                points.iter().map(|p| [p[0] - viewport.left * PX, p[1] - viewport.top * PX]).collect();
            let pairs = points.iter().zip(points.iter().cycle().skip(1));
            // Tile units are rounded to scene units, so within one.
            pairs.into_iter().any(|(a, b)| {
                let near = |p: &[i64; 2], q: [i64; 2]| (0..2).all(|i| (p[i] - q[i]).abs() <= 1);
                near(a, slanted[0]) && near(b, slanted[1]) || near(b, slanted[0]) && near(a, slanted[1])
            })
        })
    });
    assert!(found, "the slanted edge has moved");
}

/// Dots at the corners of a square around the middle of the world at zoom 0.
fn dots() -> (World, Style) {
    let world =
        World::new(vec![(id(0, 0, 0), vec![Feature::points(&[[1024, 2048]]), Feature::points(&[[3072, 1024]])])]);
    (world, style(&[json!({"type": "circle", "paint": {"circle-radius": 6, "circle-color": "#00f"}})]))
}

fn centers(scene: &Scene) -> Vec<P> {
    let mut centers: Vec<P> = circles(scene).iter().map(|circle| circle.center).collect();
    centers.sort();
    centers
}

#[test]
fn the_world_goes_on_in_the_west_and_the_east_and_ends_at_the_poles() {
    let (world, style) = dots();
    // Three copies and a half, from a quarter of one on: the first dot lies on the left edge.
    let viewport =
        Viewport { width: 1800, height: 900, left: -384, top: -200, ..Viewport::of_tile(id(0, 0, 0), 512, 1) };
    let scene = world.scene(&style, &viewport);
    let px = |x: i64, y: i64| [((x + 384) * PX) as i32, ((y + 200) * PX) as i32];
    let mut wanted: Vec<P> = Vec::new();
    for copy in -1..3 {
        wanted.extend([px(128 + copy * 512, 256), px(384 + copy * 512, 128)]);
    }
    wanted.sort();
    let seen = |p: &P| p[0] >= -8 * PX as i32 && p[0] <= 1808 * PX as i32;
    wanted.retain(seen);
    assert_eq!(centers(&scene), wanted);
    assert_eq!(wanted.len(), 8, "{wanted:?}");
    // Clips are of the world alone.
    let land =
        World::new(vec![(id(0, 0, 0), vec![Feature::polygon(&[&[[0, 0], [EDGE, 0], [EDGE, EDGE], [0, EDGE]]])])]);
    let style = self::style(&[json!({"type": "fill", "paint": {"fill-color": "#f00"}})]);
    for zoom in [0.0, 0.4] {
        let viewport = Viewport::around([170.0, 0.0], zoom, 0.0, [1500, 900], 1);
        let drawn = pixels(&land.scene(&style, &viewport), &style);
        let side = 512.0 * 2f64.powf(zoom);
        for (y, wanted) in [
            (0, 0),
            ((450.0 - side / 2.0) as u32 - 2, 0),
            ((450.0 - side / 2.0) as u32 + 2, 255),
            (450, 255),
            ((450.0 + side / 2.0) as u32 - 2, 255),
            ((450.0 + side / 2.0) as u32 + 2, 0),
            (899, 0),
        ] {
            let row: BTreeSet<u8> = (0..1500).map(|x| drawn.pixel(x, y)[3]).collect();
            assert_eq!(row, BTreeSet::from([wanted]), "row {y} at zoom {zoom}");
        }
    }
}

#[test]
fn lines_go_over_the_antimeridian() {
    let world = World::new(vec![
        (id(1, 1, 0), vec![Feature::line(&[[2048, 2048], [EDGE, 2048]])]),
        (id(1, 0, 0), vec![Feature::line(&[[0, 2048], [2048, 2048]])]),
    ]);
    let style = style(&[json!({"type": "line", "paint": {"line-width": 8, "line-dasharray": [4, 2]}})]);
    for (zoom, bearing) in [(1.0, 0.0), (1.5, 0.0), (1.5, 200.0)] {
        for lon in [180.0, -180.0] {
            let viewport = Viewport::around([lon, 66.0], zoom, bearing, [301, 201], 1);
            let scene = world.scene(&style, &viewport);
            let all = squares(&scene, &viewport);
            assert_eq!(all.len(), 2, "at {lon}, zoom {zoom}");
            let lines = |i: usize| all[i].1.iter().flat_map(|(_, _, parts)| parts.clone()).collect::<BTreeSet<_>>();
            // The dash on the cut is one, in both squares.
            assert!(lines(0).intersection(&lines(1)).count() >= 1, "at {lon}, zoom {zoom}: {all:?}");
        }
    }
}

#[test]
fn what_is_up_is_the_bearing() {
    // A dot in the east of the middle of the world, and one in the south.
    let east = Feature::points(&[[2048 + 800, 2048]]);
    let world = World::new(vec![(id(0, 0, 0), vec![east])]);
    let style = style(&[json!({"type": "circle", "paint": {"circle-radius": 8, "circle-color": "#00f"}})]);
    for (bearing, [x, y]) in [
        (0.0, [200, 100]),
        (90.0, [100, 0]),
        (180.0, [0, 100]),
        (270.0, [100, 200]),
        (-90.0, [100, 200]),
        (450.0 - 360.0, [100, 0]),
    ] {
        let viewport = Viewport::around([0.0, 0.0], 0.0, bearing, [201, 201], 1);
        let drawn = pixels(&world.scene(&style, &viewport), &style);
        let (mut sum, mut count) = ([0, 0], 0);
        for (i, pixel) in drawn.pixels.iter().enumerate() {
            if pixel >> 24 > 127 {
                sum = [sum[0] + i as i64 % 201, sum[1] + i as i64 / 201];
                count += 1;
            }
        }
        let middle = sum.map(|c| c / i64::from(count.max(1)));
        assert!(count > 50, "{bearing}: {count}");
        assert!((middle[0] - x).abs() <= 8 && (middle[1] - y).abs() <= 8, "bearing {bearing}: {middle:?}");
    }
}

#[test]
fn filters_and_layout_see_the_zoom_of_the_tiles_and_paint_the_zoom() {
    let feature = Feature::line(&[[0, 2048], [EDGE, 2048]]);
    let world = World::new(vec![(id(2, 1, 1), vec![feature])]);
    let width = json!(["interpolate", ["linear"], ["zoom"], 2, 2, 3, 4]);
    let cap = json!(["step", ["zoom"], "butt", 2.5, "round"]);
    let layer = json!({
        "type": "line", "minzoom": 2.4, "maxzoom": 2.8, "paint": {"line-width": width}, "layout": {"line-cap": cap},
        "filter": [">", 2.3, ["zoom"]]
    });
    let style = style(&[layer]);
    let drawn = |zoom: f64| {
        let viewport = Viewport::around([-45.0, 41.0], zoom, 0.0, [100, 100], 1);
        let all = squares(&world.scene(&style, &viewport), &viewport);
        all.into_iter().flat_map(|(_, items)| items).map(|(_, paint, _)| paint).next()
    };
    assert_eq!(drawn(2.39), None, "below the layer's minzoom");
    let paint = drawn(2.5).expect("a line: the filter sees zoom 2");
    assert!(paint.contains(" 3 Butt"), "as wide as at 2.5, with the caps of 2: {paint}");
    assert_eq!(drawn(2.8), None, "at the layer's maxzoom");
}

#[test]
fn a_box_fits_at_the_largest_zoom() {
    let bounds = [7.40, 43.72, 7.44, 43.75];
    for (size, scale) in [([800, 600], 1), ([800, 600], 2), ([300, 900], 1), ([901, 77], 3)] {
        let viewport = Viewport::fitting(bounds, size, scale).expect("a viewport");
        let shown = |x: u32, y: u32| viewport.lon_lat([i64::from(x) * PX, i64::from(y) * PX]);
        let ((west, north), (east, south)) = (shown(0, 0), shown(viewport.width, viewport.height));
        // Half a pixel for the corner on a whole one.
        let pixel = (east - west) / f64::from(viewport.width);
        let slack = [bounds[0] - west, bounds[1] - south, east - bounds[2], north - bounds[3]];
        assert!(slack.iter().all(|s| *s > -pixel), "{slack:?} of {pixel}");
        assert!(slack[0].max(slack[2]) < pixel || slack[1].max(slack[3]) < pixel, "it is larger: {slack:?}, {pixel}");
    }
    // Over the antimeridian.
    let viewport = Viewport::fitting([170.0, -20.0, -170.0, -10.0], [400, 400], 1).expect("a viewport");
    let (lon, lat) = viewport.center();
    assert!((lon.rem_euclid(360.0) - 180.0).abs() < 0.1 && (lat + 15.0).abs() < 0.1, "{lon}, {lat}");
    assert!((viewport.zoom - (400.0f64 / 512.0 * 18.0).log2()).abs() < 1e-9, "{}", viewport.zoom);
    assert_eq!(Viewport::fitting([7.0, 43.0, 7.0, 43.0], [400, 400], 1), None);
}

#[test]
fn only_squares_that_the_turned_picture_touches_are_drawn() {
    let viewport = Viewport::around(center_of(7.3), 14.2, 45.0, [3000, 200], 1);
    let squares = viewport.squares(SizeClass::C512);
    // A strip along a diagonal, not the square around it.
    assert!(squares.len() < 20, "{}", squares.len());
    let steps = (0..=300).map(|i| f64::from(i) * 10.0);
    for [x, y] in steps.flat_map(|x| [[x, 0.0], [x, 100.0], [x, 200.0]]) {
        let on_map = viewport.turn.expect("a turn").on_map([x.min(2999.9), y.min(199.9)]);
        let holds =
            |rect: [i64; 4]| (0..2).all(|i| on_map[i] >= rect[i] as f64 - 0.5 && on_map[i] <= rect[i + 2] as f64 + 0.5);
        let pole = on_map[1] + viewport.top as f64 <= 0.0;
        assert!(pole || squares.iter().any(|&s| holds(viewport.pixels(s))), "{x}, {y} is in none");
    }
}
