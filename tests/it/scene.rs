//! The display list over written tiles: lines joined and outlines left out at tile edges, dashes, offsets, order,
//! circles, tiles scaled up and the ends of the world, and that tiles cut from one picture fit.

use crate::tile_writer::{Feature, Layer, P, tile};
use rasterzen::mvt;
use rasterzen::output::raster::{self, Picture};
use rasterzen::output::{resvg, svg};
use rasterzen::scene::{
    Canvas, Circle, Item, Rect, Run, Scene, SourceTiles, Stroke, Tiles, build, cells, cut_line, place,
};
use rasterzen::style::Style;
use rasterzen::tile::TileId;
use rasterzen::viewport::{SizeClass, Viewport};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Scene units in a pixel, and tile units (of 4096) in a pixel of a 512 px square.
pub const PX: i32 = 256;
pub const UNITS: i32 = 8;
pub const EDGE: i32 = 4096;

pub fn id(z: u8, x: u32, y: u32) -> TileId {
    TileId::new(z, x, y).expect("a tile")
}

/// A style whose layers are of the source layer `a`.
pub fn style(layers: &[Json]) -> Style {
    let layers: Vec<Json> = layers
        .iter()
        .enumerate()
        .map(|(i, layer)| {
            let mut full = json!({"id": format!("layer {i}"), "source": "s", "source-layer": "a"});
            layer.as_object().expect("an object").iter().for_each(|(key, value)| full[key] = value.clone());
            full
        })
        .collect();
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    let style = Style::parse("test", &style.to_string()).expect("a style");
    assert_eq!(style.warnings, []);
    style
}

fn line_style(paint: Json) -> Style {
    style(&[json!({"type": "line", "paint": paint})])
}

/// What a source of class 512 has.
pub struct World {
    maxzoom: u8,
    class: SizeClass,
    tiles: Vec<(TileId, Arc<mvt::Tile>)>,
}

impl World {
    pub fn new(tiles: Vec<(TileId, Vec<Feature>)>) -> World {
        let parsed = |features: Vec<Feature>| {
            let layer = features.into_iter().fold(Layer::new("a"), Layer::with);
            Arc::new(mvt::Tile::parse(tile(&[layer])).expect("a tile"))
        };
        let tiles = tiles.into_iter().map(|(id, features)| (id, parsed(features))).collect();
        World { maxzoom: 14, class: SizeClass::C512, tiles }
    }

    /// The tiles for a viewport; a cell without one is drawn from its nearest ancestor, as of a sparse source.
    fn tiles(&self, style: &Style, viewport: &Viewport) -> Tiles {
        let margin = style.margin("s", viewport.style_zoom()) * f64::from(viewport.scale);
        let (cells, _) = cells(viewport, self.class, self.maxzoom, margin);
        let find = |cell: TileId| {
            (0..=cell.z()).rev().find_map(|z| {
                let wanted = cell.ancestor(z);
                self.tiles.iter().find(|(id, _)| *id == wanted).map(|(id, tile)| (*id, tile.clone().into()))
            })
        };
        let cells = cells.into_iter().map(|cell| (cell, find(cell))).collect();
        Tiles::from([("s".to_string(), SourceTiles { class: self.class, maxzoom: self.maxzoom, cells })])
    }

    pub fn scene(&self, style: &Style, viewport: &Viewport) -> Scene {
        let tiles = self.tiles(style, viewport);
        build(style, viewport, &tiles, place(style, viewport, &tiles, None)).expect("a scene")
    }

    /// The scene of a 512 px tile.
    pub fn tile(&self, style: &Style, tile: TileId) -> Scene {
        self.scene(style, &Viewport::of_tile(tile, 512, 1))
    }

    /// The strokes of a 512 px tile, in order.
    fn strokes(&self, style: &Style, tile: TileId) -> Vec<Stroke> {
        strokes(self.tile(style, tile))
    }

    /// The lines of a 512 px tile, whatever their paint.
    fn lines(&self, style: &Style, tile: TileId) -> Vec<Vec<P>> {
        self.strokes(style, tile).iter().flat_map(lines).collect()
    }
}

pub fn items(scene: Scene) -> Vec<Item> {
    let squares =
        scene.runs.into_iter().filter_map(|run| if let Run::Squares(squares) = run { Some(squares) } else { None });
    squares.flatten().flat_map(|square| square.layers).flat_map(|(_, items)| items).collect()
}

pub fn strokes(scene: Scene) -> Vec<Stroke> {
    items(scene)
        .into_iter()
        .filter_map(|item| if let Item::Stroke(stroke) = item { Some(stroke) } else { None })
        .collect()
}

pub fn circles<'a>(scene: &'a Scene) -> Vec<&'a Circle> {
    let of = |run: &'a Run| if let Run::Circles(_, circles) = run { Some(circles) } else { None };
    scene.runs.iter().filter_map(of).flatten().collect()
}

/// The lines of a stroke, closed ones with their first vertex again at the end, without vertices on a straight way.
pub fn lines(stroke: &Stroke) -> Vec<Vec<P>> {
    let line = |(points, closed): (&[P], bool)| {
        straightened(points.iter().copied().chain(closed.then(|| points[0])).collect::<Vec<_>>())
    };
    stroke.path.parts().map(line).collect()
}

/// The line without the vertices that lie within a unit of the way from the one before to the one after.
fn straightened(line: Vec<P>) -> Vec<P> {
    let mut kept: Vec<P> = Vec::new();
    for (i, &point) in line.iter().enumerate() {
        if let (Some(&a), Some(&b)) = (kept.last(), line.get(i + 1)) {
            let [to, by] = [b, point].map(|p| [p[0] - a[0], p[1] - a[1]].map(f64::from));
            let length = to[0].hypot(to[1]);
            let along = to[0] * by[0] + to[1] * by[1];
            if (to[0] * by[1] - to[1] * by[0]).abs() <= length && (0.0..=length * length).contains(&along) {
                continue;
            }
        }
        kept.push(point);
    }
    kept
}

/// A line the way round that begins in the west, or in the north.
pub fn eastwards(mut line: Vec<P>) -> Vec<P> {
    if line.last() < line.first() {
        line.reverse();
    }
    line
}

fn shifted(lines: Vec<Vec<P>>, dx: i32, dy: i32) -> Vec<Vec<P>> {
    lines.into_iter().map(|line| line.into_iter().map(|[x, y]| [x + dx, y + dy]).collect()).collect()
}

/// Points in pixels as scene units.
pub fn px(points: &[[f64; 2]]) -> Vec<P> {
    points.iter().map(|p| p.map(|c| (c * f64::from(PX)).round() as i32)).collect()
}

fn length(line: &[P]) -> f64 {
    line.windows(2).map(|p| f64::from(p[1][0] - p[0][0]).hypot(f64::from(p[1][1] - p[0][1]))).sum()
}

/// What of lines lies within 20 pixels of the eastern edge, to 1/64 px: which feature draws on farther away is the
/// scene's own matter.
fn at_edge(lines: Vec<Vec<P>>) -> Vec<Vec<P>> {
    let strip = Rect { min: [492 * i64::from(PX), -(1 << 40)], max: [532 * i64::from(PX), 1 << 40] };
    let wide = |line: Vec<P>| line.into_iter().map(|p| p.map(i64::from)).collect::<Vec<_>>();
    let rounded = |line: Vec<[i64; 2]>| line.into_iter().map(|p| p.map(|c| (c + 2).div_euclid(4) as i32)).collect();
    lines.into_iter().flat_map(|line| cut_line(&wide(line), strip)).map(rounded).collect()
}

/// A line over the edge between 14/5/5 and 14/6/5, in two pieces that meet there within a unit.
fn crossing() -> World {
    World::new(vec![
        (id(14, 5, 5), vec![Feature::line(&[[2048, 2048], [EDGE, 2056]]).tag("kind", "road")]),
        (id(14, 6, 5), vec![Feature::line(&[[0, 2056], [1024, 4000]]).tag("kind", "road")]),
    ])
}

#[test]
fn lines_cut_at_an_edge_are_one_stroke_on_both_sides() {
    let style = line_style(json!({"line-width": 8}));
    let world = crossing();
    let west = world.lines(&style, id(14, 5, 5));
    let east = world.lines(&style, id(14, 6, 5));
    let whole = at_edge(vec![px(&[[256.0, 256.0], [512.0, 257.0], [640.0, 500.0]])]);
    assert_eq!(at_edge(west.into_iter().map(eastwards).collect()), whole);
    assert_eq!(at_edge(shifted(east, 512 * PX, 0).into_iter().map(eastwards).collect()), whole);
}

#[test]
fn cut_ends_find_each_other_within_two_units_and_with_equal_paint() {
    let by_kind = json!({"line-width": 8, "line-color": ["match", ["get", "kind"], "road", "red", "blue"]});
    let sorted = json!({"line-sort-key": ["get", "rank"]});
    let style = style(&[json!({"type": "line", "paint": by_kind, "layout": sorted})]);
    let joined = |y: i32, kind: &str, rank: i64| {
        let road = |points: &[P]| Feature::line(points).tag("kind", "road").tag("rank", 1);
        let world = World::new(vec![
            (id(14, 5, 5), vec![road(&[[2048, 2048], [EDGE, 2048]])]),
            (id(14, 6, 5), vec![Feature::line(&[[0, y], [2048, y]]).tag("kind", kind).tag("rank", rank)]),
        ]);
        let lines = world.lines(&style, id(14, 5, 5));
        lines.iter().any(|line| length(line) > f64::from(300 * PX))
    };
    for (y, kind, rank, wanted) in [
        (2048, "road", 1, true),
        (2050, "road", 1, true),
        (2046, "road", 1, true),
        (2051, "road", 1, false),
        (2045, "road", 1, false),
        (2048, "path", 1, false),
        (2048, "road", 2, false),
    ] {
        assert_eq!(joined(y, kind, rank), wanted, "{kind} of rank {rank} at {y}");
    }
}

#[test]
fn of_several_ends_the_straightest_are_joined_and_each_once() {
    // Two roads meet on the edge: one goes on straight, one turns.
    let world = World::new(vec![
        (
            id(14, 5, 5),
            vec![Feature::line(&[[2048, 2048], [EDGE, 2048]]), Feature::line(&[[2048, 1024], [EDGE, 2048]])],
        ),
        (id(14, 6, 5), vec![Feature::line(&[[0, 2048], [2048, 3072]]), Feature::line(&[[0, 2048], [2048, 2048]])]),
    ]);
    let style = line_style(json!({"line-width": 8}));
    let straight = px(&[[256.0, 256.0], [768.0, 256.0]]);
    let bent = px(&[[256.0, 128.0], [768.0, 384.0]]);
    for (tile, dx) in [(id(14, 5, 5), 0), (id(14, 6, 5), 512 * PX)] {
        let lines = shifted(world.lines(&style, tile), dx, 0).into_iter().map(eastwards).collect();
        let mut lines = at_edge(lines);
        lines.sort();
        assert_eq!(lines, at_edge(vec![bent.clone(), straight.clone()]));
    }
}

#[test]
fn a_cut_end_without_a_partner_goes_on_for_half_the_width() {
    let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(&[[2048, 2048], [EDGE, 2048]])])]);
    let style = line_style(json!({"line-width": 8}));
    let lines: Vec<_> = world.lines(&style, id(14, 5, 5)).into_iter().map(eastwards).collect();
    assert_eq!(lines, [px(&[[256.0, 256.0], [516.0, 256.0]])]);
    // An end that is none: it only comes near the edge, or lies on it and runs along it.
    let world = World::new(vec![(
        id(14, 5, 5),
        vec![Feature::line(&[[2048, 2048], [EDGE - 1, 2048]]), Feature::line(&[[EDGE, 100], [EDGE, 900]])],
    )]);
    let lines = world.lines(&style, id(14, 5, 5));
    assert_eq!(lines, [px(&[[256.0, 256.0], [511.875, 256.0]]), px(&[[512.0, 12.5], [512.0, 112.5]])]);
}

#[test]
fn lines_beyond_the_tile_are_cut_so_that_buffers_are_not_drawn_twice() {
    let over: &[P] = &[[2048, 2048], [EDGE + 800, 2048]];
    let from: &[P] = &[[-800, 2048], [1024, 2048]];
    let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(over)]), (id(14, 6, 5), vec![Feature::line(from)])]);
    let style = line_style(json!({"line-width": 8}));
    let whole = px(&[[256.0, 256.0], [640.0, 256.0]]);
    assert_eq!(at_edge(world.lines(&style, id(14, 5, 5)).into_iter().map(eastwards).collect()), at_edge(vec![whole]));
}

#[test]
fn outlines_leave_out_the_edges_on_the_cut() {
    // A lake over the edge, in two pieces whose common side lies on it.
    let world = World::new(vec![
        (id(14, 5, 5), vec![Feature::polygon(&[&[[2048, 1024], [EDGE, 1024], [EDGE, 3072], [2048, 3072]]])]),
        (id(14, 6, 5), vec![Feature::polygon(&[&[[0, 1024], [2048, 1024], [2048, 3072], [0, 3072]]])]),
        // And an island that no edge touches.
        (id(14, 9, 9), vec![Feature::polygon(&[&[[8, 8], [16, 8], [16, 16]]])]),
    ]);
    let style = line_style(json!({"line-width": 2}));
    for (tile, dx) in [(id(14, 5, 5), 0), (id(14, 6, 5), 512)] {
        let lines = shifted(world.lines(&style, tile), dx * PX, 0);
        let segments = || lines.iter().flat_map(|line| line.windows(2));
        assert!(!segments().any(|pair| pair.iter().all(|p| p[0] == 512 * PX)), "{tile}: {lines:?}");
        // Over the edge it is one outline: no end of it can be seen.
        let open = lines.iter().filter(|line| line.first() != line.last());
        let ends: Vec<P> = open.flat_map(|line| [line[0], line[line.len() - 1]]).collect();
        let seen = ends.iter().any(|p| (dx * PX..=(dx + 512) * PX).contains(&p[0]));
        assert!(!seen, "{tile}: ends at {ends:?} of {lines:?}");
    }
    assert_eq!(world.lines(&style, id(14, 9, 9)), [px(&[[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 1.0]])]);
}

#[test]
fn fills_are_drawn_by_the_tile_that_has_them_and_clipped_to_it() {
    // As Tilezen has buildings: whole in both tiles.
    let house =
        |dx: i32| Feature::polygon(&[&[[4000 - dx, 100], [4200 - dx, 100], [4200 - dx, 300], [4000 - dx, 300]]]);
    let world = World::new(vec![(id(14, 5, 5), vec![house(0)]), (id(14, 6, 5), vec![house(EDGE)])]);
    let style = style(&[json!({"type": "fill", "paint": {"fill-color": "rgba(255, 0, 0, 0.5)"}})]);
    for tile in [id(14, 5, 5), id(14, 6, 5)] {
        let scene = world.tile(&style, tile);
        let [Run::Squares(squares)] = &scene.runs[..] else { panic!("{tile}: {:?}", scene.runs) };
        assert_eq!(squares.iter().map(|square| square.clip).collect::<Vec<_>>(), [[0, 0, 512, 512]], "{tile}");
        assert_eq!(items(scene).len(), 1, "{tile}");
    }
    // In one picture of both tiles each half is drawn once: no pixel is covered twice.
    let viewport = Viewport {
        left: 5 * 512 + 400,
        top: 5 * 512,
        width: 224,
        height: 64,
        ..Viewport::of_tile(id(14, 5, 5), 512, 1)
    };
    let scene = world.scene(&style, &viewport);
    assert_eq!(items(world.scene(&style, &viewport)).len(), 2);
    for pixels in [raster::pixels(&scene), by_resvg(&scene, &style)] {
        let alphas: std::collections::BTreeSet<u8> = (101..124).map(|x| pixels.pixel(x, 20)[3]).collect();
        assert_eq!(alphas.len(), 1, "{alphas:?}");
    }
}

/// The pixels of the written SVG.
pub fn by_resvg(scene: &Scene, style: &Style) -> Picture {
    let text = svg::write(scene, style, &svg::Document { title: "t", attribution: "", live_text: false });
    resvg::pixels(&text, scene.width, scene.height).expect("pixels")
}

/// Where along the x axis a row of the tile is dashed, in pixels of the world.
fn dashes(world: &World, style: &Style, tile: TileId, dx: f64) -> Vec<[f64; 2]> {
    let mut found: Vec<[f64; 2]> = world
        .lines(style, tile)
        .into_iter()
        .map(eastwards)
        .map(|line| [0, line.len() - 1].map(|i| f64::from(line[i][0]) / f64::from(PX) + dx))
        .collect();
    found.sort_by(|a, b| a[0].total_cmp(&b[0]));
    found
}

#[test]
fn dashes_fit_between_cuts_and_agree_on_both_sides() {
    // From edge to edge through three tiles; 512 px are no whole number of periods of 30 px.
    let piece = || vec![Feature::line(&[[0, 800], [EDGE, 800]])];
    let world = World::new((4..=8).map(|x| (id(14, x, 5), piece())).collect());
    let style = line_style(json!({"line-width": 10, "line-dasharray": [2, 1]}));
    let west = dashes(&world, &style, id(14, 5, 5), 0.0);
    let east = dashes(&world, &style, id(14, 6, 5), 512.0);
    // 17 periods of 512 / 17 px, on for two thirds, and on in the middle at each cut.
    let period = 512.0 / 17.0;
    let inside = |dashes: &[[f64; 2]], from: f64, to: f64| -> Vec<[f64; 2]> {
        dashes.iter().copied().filter(|d| d[1] > from && d[0] < to).collect()
    };
    for (what, dashes, from) in [("west", &west, 0.0), ("east", &east, 512.0)] {
        let seen = inside(dashes, from, from + 512.0);
        assert_eq!(seen.len(), 18, "{what}: {seen:?}");
        for (i, dash) in seen.iter().enumerate() {
            let middle = from + i as f64 * period;
            for (found, wanted) in [(dash[0], middle - period / 3.0), (dash[1], middle + period / 3.0)] {
                assert!((found - wanted).abs() < 0.02, "{what}, dash {i}: {found}, not {wanted}");
            }
        }
    }
    // What both tiles know of the dash on their edge is the same.
    assert_eq!(inside(&west, 511.0, 513.0), inside(&east, 511.0, 513.0));
}

#[test]
fn a_line_without_cuts_begins_with_its_first_dash_and_a_short_piece_is_solid() {
    let style = line_style(json!({"line-width": 10, "line-dasharray": [2, 1]}));
    let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(&[[80, 800], [880, 800]])])]);
    assert_eq!(dashes(&world, &style, id(14, 5, 5), 0.0), [[10.0, 30.0], [40.0, 60.0], [70.0, 90.0], [100.0, 110.0]]);
    // 14 px between its end and the cut are less than half a period.
    let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(&[[EDGE - 112, 800], [EDGE, 800]])])]);
    let dashes = dashes(&world, &style, id(14, 5, 5), 0.0);
    assert_eq!(dashes.iter().map(|d| d[0]).fold(f64::INFINITY, f64::min), 498.0, "{dashes:?}");
    assert!(dashes.windows(2).all(|pair| pair[0][1] >= pair[1][0]), "{dashes:?}");
}

#[test]
fn offsets_go_to_the_right_and_gaps_to_both_sides() {
    let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(&[[80, 800], [880, 800], [880, 1600]])])]);
    // East, then south: the right is south, then west; the corner stays a corner.
    for (paint, wanted) in [
        (json!({"line-offset": 5}), vec![px(&[[10.0, 105.0], [105.0, 105.0], [105.0, 200.0]])]),
        (json!({"line-offset": -5}), vec![px(&[[10.0, 95.0], [115.0, 95.0], [115.0, 200.0]])]),
        (
            json!({"line-gap-width": 6, "line-width": 4}),
            vec![
                px(&[[10.0, 95.0], [115.0, 95.0], [115.0, 200.0]]),
                px(&[[10.0, 105.0], [105.0, 105.0], [105.0, 200.0]]),
            ],
        ),
        (
            json!({"line-gap-width": 6, "line-width": 4, "line-offset": 5}),
            vec![
                px(&[[10.0, 100.0], [110.0, 100.0], [110.0, 200.0]]),
                px(&[[10.0, 110.0], [100.0, 110.0], [100.0, 200.0]]),
            ],
        ),
    ] {
        assert_eq!(world.lines(&line_style(paint.clone()), id(14, 5, 5)), wanted, "{paint}");
    }
    // At scale 2 all lengths double.
    let style = line_style(json!({"line-offset": 5, "line-width": 3}));
    let scene = world.scene(&style, &Viewport::of_tile(id(14, 5, 5), 512, 2));
    let strokes = strokes(scene);
    assert_eq!(strokes[0].width, 6.0);
    assert_eq!(lines(&strokes[0]), [px(&[[20.0, 210.0], [210.0, 210.0], [210.0, 400.0]])]);
}

#[test]
fn lines_of_any_number_of_points_are_drawn() {
    let points: Vec<P> = (0..6).map(|i| [80 + 160 * i, 800 + 240 * (i % 2)]).collect();
    let style = line_style(json!({"line-width": 2}));
    for count in 2..=points.len() {
        let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(&points[..count])])]);
        let wanted: Vec<P> = points[..count].iter().map(|p| p.map(|c| c / UNITS * PX)).collect();
        assert_eq!(world.lines(&style, id(14, 5, 5)), [wanted]);
    }
}

#[test]
fn vertices_within_a_quarter_of_a_pixel_are_left_out_but_for_the_ends() {
    // An eighth of a pixel to and fro.
    let points: Vec<P> = (0..=41).map(|i| [800 + i, 800 + i % 2]).collect();
    let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(&points)])]);
    let found = world.lines(&line_style(json!({"line-width": 2})), id(14, 5, 5));
    let at = |p: P| p.map(|c| c * PX / UNITS);
    assert_eq!(found, [[[800, 800], [840, 800], [841, 801]].map(at).to_vec()]);
}

#[test]
fn an_offset_line_keeps_its_side_over_an_edge() {
    let world = World::new(vec![
        (id(14, 5, 5), vec![Feature::line(&[[2048, 2048], [EDGE, 2048]])]),
        (id(14, 6, 5), vec![Feature::line(&[[0, 2048], [2048, 2048]])]),
    ]);
    let style = line_style(json!({"line-offset": 5, "line-width": 2}));
    let whole = at_edge(vec![px(&[[256.0, 261.0], [768.0, 261.0]])]);
    for (tile, dx) in [(id(14, 5, 5), 0), (id(14, 6, 5), 512 * PX)] {
        let lines: Vec<_> = shifted(world.lines(&style, tile), dx, 0).into_iter().map(eastwards).collect();
        assert_eq!(at_edge(lines), whole, "{tile}");
    }
}

#[test]
fn features_are_drawn_in_the_order_of_their_sort_keys() {
    let at = |rank: Option<i64>, x: i32| {
        let ring: &[P] = &[[x, 0], [x + 80, 0], [x + 80, 80]];
        let geometry = [Feature::polygon(&[ring]), Feature::line(ring), Feature::points(&ring[..1])];
        geometry.map(|feature| rank.map_or(feature.clone(), |rank| feature.tag("rank", rank)))
    };
    let features = [at(Some(3), 800), at(Some(-1), 1600), at(None, 2400), at(Some(3), 160), at(Some(2), 3200)];
    let of = |i: usize| World::new(vec![(id(14, 5, 5), features.iter().map(|kinds| kinds[i].clone()).collect())]);
    // A missing key is 0; equal ones stay in the tile's order.
    let sorted = [1600, 2400, 3200, 800, 160].map(|x| x / UNITS * PX);
    let unsorted = [800, 1600, 2400, 160, 3200].map(|x| x / UNITS * PX);
    for (i, kind) in ["fill", "line", "circle"].into_iter().enumerate() {
        for (layout, wanted) in [(json!({format!("{kind}-sort-key"): ["get", "rank"]}), sorted), (json!({}), unsorted)]
        {
            let style = style(&[json!({"type": kind, "layout": layout})]);
            let scene = of(i).tile(&style, id(14, 5, 5));
            let mut drawn: Vec<i32> = circles(&scene).iter().map(|circle| circle.center[0]).collect();
            drawn.extend(items(scene).iter().map(|item| {
                let path = if let Item::Fill(fill) = item {
                    &fill.path
                } else if let Item::Stroke(s) = item {
                    &s.path
                } else {
                    unreachable!()
                };
                path.parts().next().expect("a part").0[0][0]
            }));
            assert_eq!(drawn, wanted, "{kind} {layout}");
        }
    }
}

#[test]
fn filters_and_paints_know_where_a_feature_is() {
    // The tile's western half, all of its height, and something beyond; the second circle is 10 degrees of longitude east.
    let tile = id(2, 2, 1);
    let west = json!({"type": "Polygon", "coordinates": [[[-5, -5], [45, -5], [45, 70], [-5, 70], [-5, -5]]]});
    let place = json!({"type": "Point", "coordinates": [11.25, 40.979898]});
    let style = style(&[json!({
        "type": "circle",
        "filter": ["within", west],
        "paint": {"circle-radius": ["case", ["<", ["distance", place], 1000], 7, 3]}
    })]);
    let points = [[512, 2048], [1450, 2048], [2047, 2048], [2049, 2048], [3500, 2048]];
    let world = World::new(vec![(tile, points.iter().map(|point| Feature::points(&[*point])).collect())]);
    let scene = world.tile(&style, tile);
    let drawn: Vec<(i32, f64)> = circles(&scene).iter().map(|c| (c.center[0] / PX * UNITS, c.radius)).collect();
    assert_eq!(drawn, [(512, 7.0), (1448, 3.0), (2040, 3.0)]);
}

#[test]
fn a_layer_draws_the_features_that_its_filter_accepts() {
    let filters = [
        json!(["==", ["get", "kind"], "a"]),
        json!(["!", ["has", "kind"]]),
        json!(["all", ["!=", ["get", "kind"], "b"], [">=", ["to-number", ["get", "n"], 2], 2]]),
        json!(["all", ["==", ["geometry-type"], "Point"], ["!", ["in", ["get", "kind"], ["literal", ["a", "c"]]]]]),
        json!(["any", ["==", ["get", "kind"], "a"], ["==", ["get", "n"], 1]]),
        json!(["all", ["<", ["get", "n"], 2], [">", ["zoom"], 3]]),
        json!(["all", ["has", "nobody has it"], ["==", ["get", "kind"], "a"]]),
        json!(["all", ["==", "kind", "c"], ["!=", "n", 3]]),
    ];
    // Values are shared, missing, and of a key that comes twice.
    let mut random = fastrand::Rng::with_seed(3);
    let feature = |i: i32| {
        let mut feature = Feature::points(&[[40 * i, 40 * i]]);
        for _ in 0..random.u8(..3) {
            feature = feature.tag("kind", ["a", "b", "c"][random.usize(..3)]);
        }
        for _ in 0..random.u8(..3) {
            feature = feature.tag("n", random.i64(0..4));
        }
        feature
    };
    let world = World::new(vec![(id(5, 3, 3), (1..100).map(feature).collect())]);
    let data = world.tiles[0].1.layer("a").expect("a layer");
    for filter in filters {
        let style = style(&[json!({"type": "circle", "filter": filter})]);
        let one_by_one = style.layers[0].filter(5.0);
        let accepted = data.features().filter(|feature| one_by_one.accepts(feature));
        let place = |point: [i32; 2]| point.map(|c| c * PX / UNITS);
        let wanted: Vec<P> =
            accepted.flat_map(|feature| feature.parts()).flat_map(|part| part.vertices()).map(place).collect();
        let scene = world.tile(&style, id(5, 3, 3));
        let drawn: Vec<P> = circles(&scene).iter().map(|circle| circle.center).collect();
        assert_eq!(drawn, wanted, "{filter}");
        assert!(filter[1][1] == "nobody has it" || (1..99).contains(&drawn.len()), "{filter}: {}", drawn.len());
    }
}

#[test]
fn a_circle_belongs_to_the_tile_that_holds_its_point() {
    // The point on the edge is in both tiles' data, as the one in the buffer is.
    let world = World::new(vec![
        (id(14, 5, 5), vec![Feature::points(&[[EDGE, 800], [EDGE + 40, 1600], [4000, 2400]])]),
        (id(14, 6, 5), vec![Feature::points(&[[0, 800], [40, 1600], [-96, 2400]])]),
    ]);
    let paint = json!({"circle-radius": 20, "circle-stroke-width": 2});
    let style = style(&[json!({"type": "circle", "paint": paint})]);
    let wanted = vec![px(&[[500.0, 300.0]])[0], px(&[[512.0, 100.0]])[0], px(&[[517.0, 200.0]])[0]];
    for (tile, dx) in [(id(14, 5, 5), 0), (id(14, 6, 5), 512 * PX)] {
        let scene = world.tile(&style, tile);
        let mut centers: Vec<P> = circles(&scene).iter().map(|c| [c.center[0] + dx, c.center[1]]).collect();
        centers.sort();
        assert_eq!(centers, wanted, "{tile}");
        assert!(circles(&scene).iter().all(|c| (c.radius, c.stroke_width) == (20.0, 2.0)));
    }
}

#[test]
fn tiles_are_scaled_up_above_the_maxzoom_and_where_a_sparse_source_ends() {
    // A diagonal of a tile at zoom 15; at zoom 20 a tile is a 32nd of it.
    let diagonal = || vec![Feature::line(&[[0, 0], [EDGE, EDGE]])];
    let style = line_style(json!({"line-width": 4}));
    let mut world = World::new(vec![(id(15, 100, 100), diagonal())]);
    world.maxzoom = 15;
    for (dx, dy, seen) in [(0, 0, true), (7, 7, true), (31, 31, true), (7, 9, false), (31, 0, false)] {
        let tile = id(20, 3200 + dx, 3200 + dy);
        let scene = world.tile(&style, tile);
        let drawn = raster::pixels(&scene).pixels.iter().any(|pixel| pixel >> 24 > 0);
        assert_eq!(drawn, seen, "{tile}");
        let lines: Vec<_> = strokes(scene).iter().flat_map(lines).filter(|_| seen).collect();
        for line in lines {
            // Straight through the corners.
            assert!(line.iter().all(|p| p[0] == p[1]), "{tile}: {line:?}");
            let reaches = |c: i32| line.iter().any(|p| p[0] <= c) && line.iter().any(|p| p[0] >= c);
            assert!(reaches(0) && reaches(512 * PX), "{tile}: {line:?}");
        }
    }
    // A sparse source's tile is cut to the cells that have none of their own, and joins what they have.
    let world = World::new(vec![
        (id(13, 2, 2), vec![Feature::line(&[[0, 1024], [EDGE, 1024]])]),
        (id(14, 4, 4), vec![Feature::line(&[[0, 2048], [EDGE, 2048]])]),
    ]);
    let lines = world.lines(&style, id(14, 5, 4));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].iter().all(|p| p[1] == 256 * PX), "{lines:?}");
    assert!(length(&lines[0]) >= f64::from((512 + 64) * PX), "{lines:?}");
}

#[test]
fn the_deepest_tiles_are_drawn() {
    // One line through the middle of a tile at each class's grid.
    let style = style(&[json!({"type": "line", "paint": {"line-width": 4}})]);
    for class in [SizeClass::C256, SizeClass::C512, SizeClass::C1024] {
        let mut world = World::new(vec![(id(0, 0, 0), vec![Feature::line(&[[0, 2048], [EDGE, 2048]])])]);
        (world.maxzoom, world.class) = (0, class);
        for size in [256, 512] {
            // The line runs along the upper edge of this tile.
            let viewport = Viewport::of_tile(id(30, 5, 1 << 29), size, 1);
            let lines: Vec<_> = strokes(world.scene(&style, &viewport)).iter().flat_map(lines).collect();
            assert!(lines.iter().flatten().any(|p| p[1] == 0), "{class:?} at {size} px: {lines:?}");
        }
    }
}

#[test]
fn the_world_is_round_from_west_to_east_and_ends_at_the_poles() {
    let style = line_style(json!({"line-width": 8}));
    for z in [2, 14] {
        let last = (1u32 << z) - 1;
        let world = World::new(vec![
            (
                id(z, last, 0),
                vec![Feature::line(&[[2048, 2048], [EDGE, 2048]]), Feature::line(&[[2048, 2048], [2048, 0]])],
            ),
            (id(z, 0, 0), vec![Feature::line(&[[0, 2048], [2048, 2048]])]),
            (id(z, last, last), vec![Feature::line(&[[1024, 0], [1024, EDGE]])]),
        ]);
        let mut lines: Vec<_> = world.lines(&style, id(z, last, 0)).into_iter().map(eastwards).collect();
        lines.sort();
        let pole = px(&[[256.0, -4.0], [256.0, 256.0]]);
        let round = at_edge(vec![px(&[[256.0, 256.0], [768.0, 256.0]])]);
        assert!(lines.len() == 2 && lines[0] == pole, "zoom {z}");
        assert_eq!(at_edge(lines), round, "zoom {z}");
        let first: Vec<_> = world.lines(&style, id(z, 0, 0)).into_iter().map(eastwards).collect();
        assert_eq!(at_edge(shifted(first, 512 * PX, 0)), round, "zoom {z}");
    }
    // The world in one tile is its own neighbour.
    let world = World::new(vec![(
        id(0, 0, 0),
        vec![Feature::line(&[[2048, 2048], [EDGE, 2048]]), Feature::line(&[[0, 2048], [1024, 2048]])],
    )]);
    let lines: Vec<_> = world.lines(&style, id(0, 0, 0)).into_iter().map(eastwards).collect();
    for x in [1.0, 511.0] {
        let x = (x * f64::from(PX)) as i32;
        assert_eq!(lines.iter().filter(|line| line[0][0] < x && x < line[line.len() - 1][0]).count(), 1, "{lines:?}");
    }
}

/// Features of all kinds all over a tile, many of them over its edges.
pub fn crowd(random: &mut fastrand::Rng) -> Vec<Feature> {
    let mut features = Vec::new();
    for i in 0..40 {
        let mut point = || [random.i32(0..=EDGE), random.i32(0..=EDGE)];
        let points: Vec<P> = (0..4).map(|_| point()).collect();
        let feature = match i % 3 {
            0 => Feature::line(&points),
            1 => Feature::polygon(&[&points]),
            _ => Feature::points(&points),
        };
        features.push(feature.tag("rank", i64::from(random.u8(..3))).tag("w", f64::from(random.u8(1..9))));
    }
    features
}

pub fn crowded() -> (World, Style) {
    let mut random = fastrand::Rng::with_seed(7);
    let ids = (4..=8).flat_map(|y| (4..=8).map(move |x| id(14, x, y)));
    let world = World::new(ids.map(|id| (id, crowd(&mut random))).collect());
    let style = style(&[
        json!({"type": "fill", "paint": {"fill-color": "#abc", "fill-opacity": 0.5}}),
        json!({"type": "line", "paint": {"line-width": ["get", "w"]}, "layout": {"line-sort-key": ["get", "rank"]}}),
        json!({"type": "circle", "paint": {"circle-radius": 6}}),
        json!({"type": "line", "paint": {"line-width": 3, "line-dasharray": [3, 2], "line-offset": 4}}),
    ]);
    (world, style)
}

#[test]
fn the_same_input_gives_the_same_scene() {
    let (world, style) = crowded();
    let viewport = Viewport::of_tile(id(14, 6, 6), 512, 1);
    let first = world.scene(&style, &viewport);
    for reverse in [false, true] {
        // Another map has another seed, and another order.
        let mut tiles = world.tiles(&style, &viewport);
        let source = tiles.get_mut("s").expect("the source");
        let mut cells: Vec<_> = source.cells.drain().collect();
        cells.sort_by_key(|(id, _)| *id);
        if reverse {
            cells.reverse();
        }
        source.cells = cells.into_iter().collect::<HashMap<_, _>>();
        let again = build(&style, &viewport, &tiles, place(&style, &viewport, &tiles, None)).expect("a scene");
        assert!(again == first, "another scene");
        let text =
            |scene: &Scene| svg::write(scene, &style, &svg::Document { title: "t", attribution: "", live_text: false });
        assert_eq!(text(&again), text(&first));
    }
}

/// The segments of a scene's strokes that touch a rectangle of pixels, moved by pixels, each way round alike.
fn segments(scene: Scene, dx: i32, dy: i32, seen: [i32; 4]) -> Vec<[P; 2]> {
    let mut found: Vec<[P; 2]> = strokes(scene)
        .iter()
        .flat_map(lines)
        .flat_map(|line| line.windows(2).map(|pair| [pair[0], pair[1]]).collect::<Vec<_>>())
        .map(|segment| segment.map(|[x, y]| [x + dx * PX, y + dy * PX]))
        .map(|[a, b]| if a < b { [a, b] } else { [b, a] })
        .filter(|[a, b]| (0..2).all(|i| a[i].max(b[i]) >= seen[i] * PX && a[i].min(b[i]) <= seen[i + 2] * PX))
        .collect();
    found.sort();
    found
}

#[test]
fn tiles_of_256_px_have_what_the_tile_of_512_px_has() {
    let (world, style) = crowded();
    let whole = id(14, 6, 6);
    for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let quarter = Viewport::of_tile(id(15, 12 + dx, 12 + dy), 256, 1);
        let (dx, dy) = (dx as i32 * 256, dy as i32 * 256);
        let seen = [dx, dy, dx + 256, dy + 256];
        let ours = world.scene(&style, &quarter);
        let theirs = world.tile(&style, whole);
        let within = |scene: &Scene, dx: i32, dy: i32| {
            let centers = circles(scene).into_iter().map(|c| [c.center[0] + dx * PX, c.center[1] + dy * PX]);
            let mut found: Vec<P> =
                centers.filter(|c| (0..2).all(|i| (seen[i] * PX..=seen[i + 2] * PX).contains(&c[i]))).collect();
            found.sort();
            found
        };
        assert_eq!(within(&ours, dx, dy), within(&theirs, 0, 0));
        assert_eq!(segments(ours, dx, dy, seen), segments(theirs, 0, 0, seen), "the quarter at {dx}, {dy}");
    }
}

/// The pixels that resvg makes of a scene.
pub fn pixels(scene: &Scene, style: &Style) -> raster::Picture {
    let text = svg::write(scene, style, &svg::Document { title: "t", attribution: "", live_text: false });
    resvg::pixels(&text, scene.width, scene.height).expect("pixels")
}

/// The rows that are dark in a column of pixels: the first and the last.
fn dark(pixels: &raster::Picture, x: u32) -> Option<(u32, u32)> {
    let rows: Vec<u32> = (0..pixels.height).filter(|&y| pixels.pixel(x, y)[3] > 127).collect();
    Some((*rows.first()?, *rows.last()?))
}

#[test]
fn slanted_thick_lines_meet_at_the_border() {
    for (paint, slope) in [
        (json!({"line-width": 12}), 0),
        (json!({"line-width": 12}), 600),
        (json!({"line-width": 30}), 2000),
        (json!({"line-width": 9, "line-offset": 20}), 1200),
        (json!({"line-width": 5}), -1900),
    ] {
        let world = World::new(vec![
            (id(14, 5, 5), vec![Feature::line(&[[0, 2048 - slope], [EDGE, 2048]])]),
            (id(14, 6, 5), vec![Feature::line(&[[0, 2048], [EDGE, 2048 + slope]])]),
        ]);
        let style = line_style(paint.clone());
        let west = raster::pixels(&world.tile(&style, id(14, 5, 5)));
        let east = raster::pixels(&world.tile(&style, id(14, 6, 5)));
        let (left, right) = (dark(&west, 511).expect("a line"), dark(&east, 0).expect("a line"));
        // From column to column the line moves by its slope, which is at most half a pixel.
        assert!(left.0.abs_diff(right.0) <= 1 && left.1.abs_diff(right.1) <= 1, "{paint}: {left:?} and {right:?}");
        let width = paint["line-width"].as_f64().expect("a width") as u32;
        assert!(left.1 - left.0 + 1 >= width, "{paint}: {left:?}");
    }
}

#[test]
fn what_lies_in_a_rectangle_is_the_same_in_tile_units() {
    let world = World::new(vec![(id(14, 5, 5), vec![Feature::points(&[[0, 0]])])]);
    let style = line_style(json!({}));
    let mut random = fastrand::Rng::with_seed(11);
    let mut touching = 0;
    // The tile itself, a part of it, and a small part of it scaled up.
    for (tile, size) in [(id(14, 5, 5), 512), (id(15, 11, 10), 256), (id(19, 175, 163), 256)] {
        let viewport = Viewport::of_tile(tile, size, 1);
        let tiles = world.tiles(&style, &viewport);
        let square = viewport.squares(world.class)[0];
        let canvas = Canvas::new(&viewport, square, &tiles["s"]);
        let placement = canvas.own.expect("a tile");
        for _ in 0..30_000 {
            // Some extents divide the tile's side in scene units, others do not.
            let extent = *random.choice([1, 3, 512, 1000, 4096, 65_535, 65_536].iter()).expect("an extent");
            let projection = placement.projection(extent);
            let reach = extent as i32 * 2;
            let mut unit = || random.i32(-reach..=reach);
            let (a, b) = ([unit(), unit()], [unit(), unit()]);
            let bounds = [a[0].min(b[0]), a[1].min(b[1]), a[0].max(b[0]), a[1].max(b[1])];
            // On a vertex or next to it is where it is decided.
            let corner = projection.point([unit(), unit()]).map(|c| c + random.i64(-1..=1));
            let rect = Rect { min: corner, max: corner.map(|c| c + random.i64(0..300_000)) };
            let [west, north, east, south] = projection.units(rect);
            let common = bounds[0] <= east && west <= bounds[2] && bounds[1] <= south && north <= bounds[3];
            assert_eq!(common, projection.rect(bounds).touches(rect), "{bounds:?} of {extent} in {rect:?}");
            touching += usize::from(common);
        }
    }
    assert!((9_000..81_000).contains(&touching), "{touching}");
}
