//! How areas, lines and circles are painted: patterns, outlines, translation, blur, gradients, blending; pixel by pixel,
//! and that tiles of it fit.

use crate::scene::{EDGE, PX, UNITS, World, by_resvg, crowd, id, items, lines, px, strokes, style};
use crate::tile_writer::{Feature, P};
use rasterzen::output::raster::{self, Picture};
use rasterzen::scene::{Ink, Item, Paint, Run, Scene};
use rasterzen::sprite::Sprite;
use rasterzen::style::Style;
use rasterzen::tile::TileId;
use rasterzen::viewport::{Turn, Viewport};
use serde_json::{Value as Json, json};

const INDEX: &[u8] = include_bytes!("../../fixtures/styles/sprite.json");
const SHEET: &[u8] = include_bytes!("../../fixtures/styles/sprite.png");
const INDEX_2X: &[u8] = include_bytes!("../../fixtures/styles/sprite@2x.json");
const SHEET_2X: &[u8] = include_bytes!("../../fixtures/styles/sprite@2x.png");

/// The sprite of the fixtures.
pub fn sprite() -> Sprite {
    let mut sprite = Sprite::default();
    sprite.add_sheet("", INDEX, SHEET).expect("a sheet");
    sprite.add_sheet("", INDEX_2X, SHEET_2X).expect("a sheet");
    sprite
}

/// A style of layers of the source layer `a`, with the sprite.
fn painted(layers: &[Json]) -> Style {
    let style = style(layers).with_sprite(sprite());
    assert_eq!(style.warnings, []);
    style
}

/// A pixel, not premultiplied.
fn rgba(picture: &Picture, x: u32, y: u32) -> [u8; 4] {
    let [r, g, b, a] = picture.pixel(x, y);
    let straight = |c: u8| ((u32::from(c) * 255 + u32::from(a) / 2) / u32::from(a.max(1))).min(255) as u8;
    [straight(r), straight(g), straight(b), a]
}

/// What makes pixels: the scan converter, and resvg from the SVG.
const BOTH: [fn(&Scene, &Style) -> Picture; 2] = [directly, by_resvg];

fn directly(scene: &Scene, _: &Style) -> Picture {
    raster::pixels(scene)
}

/// A polygon over a whole tile.
fn whole() -> Feature {
    Feature::polygon(&[&[[0, 0], [EDGE, 0], [EDGE, EDGE], [0, EDGE]]])
}

fn rectangle([left, top, right, bottom]: [i32; 4]) -> Feature {
    Feature::polygon(&[&[[left, top], [right, top], [right, bottom], [left, bottom]]])
}

/// The tiles around 14/6/6, each with these features.
fn everywhere(features: impl Fn(TileId) -> Vec<Feature>) -> World {
    let ids = (4..=8).flat_map(|y| (4..=8).map(move |x| id(14, x, y)));
    World::new(ids.map(|id| (id, features(id))).collect())
}

#[test]
fn patterns_are_their_images_pixel_for_pixel_from_the_origin_of_the_world() {
    for draw in BOTH {
        for (name, side) in [("brick", [15, 10]), ("dots", [12, 12]), ("hatch", [16, 16])] {
            for scale in [1u8, 2] {
                for kind in ["fill", "background"] {
                    let style = painted(&[json!({"type": kind, "paint": {format!("{kind}-pattern"): name}})]);
                    let world = everywhere(|_| vec![whole()]);
                    let sprite = sprite();
                    let image = sprite.get(name, scale.into()).expect("an image");
                    assert_eq!(image.pixel_ratio, f64::from(scale));
                    let size = image.size_at(scale.into());
                    assert_eq!(size, side.map(|length: u32| length * u32::from(scale)));
                    let bitmap = image.resampled(size[0], size[1], [rasterzen::bitmap::resample::Beyond::Repeated; 2]);
                    for tile in [id(14, 5, 5), id(14, 6, 5), id(14, 6, 7)] {
                        let viewport = Viewport::of_tile(tile, 512, scale);
                        let drawn = draw(&world.scene(&style, &viewport), &style);
                        for y in 0..viewport.height {
                            for x in 0..viewport.width {
                                let of = |at: i64, c: u32, length: u32| {
                                    (at + i64::from(c)).rem_euclid(length.into()) as usize
                                };
                                let at =
                                    of(viewport.top, y, size[1]) * size[0] as usize + of(viewport.left, x, size[0]);
                                let wanted = &bitmap.data[at * 4..at * 4 + 4];
                                assert_eq!(
                                    drawn.pixel(x, y),
                                    wanted,
                                    "{kind} of {name}@{scale}x in {tile} at {x}, {y}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The pixels in which the tiles of a block differ from one picture of a part of it.
fn differences(world: &World, style: &Style, scale: u8) -> usize {
    let side = 512 * u32::from(scale);
    let corner = Viewport::of_tile(id(14, 5, 5), 512, scale);
    let mut together = Picture::blank(2 * side, 2 * side);
    for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let viewport = Viewport::of_tile(id(14, 5 + x, 5 + y), 512, scale);
        together.put(&raster::pixels(&world.scene(style, &viewport)), [x * side, y * side]);
    }
    let (left, top) = (137, 91);
    let picture = corner.part(left, top, side + 203, side + 301);
    let once = raster::pixels(&world.scene(style, &picture));
    let all = (0..once.height).flat_map(|y| (0..once.width).map(move |x| (x, y)));
    all.filter(|&(x, y)| once.pixel(x, y) != together.pixel(left + x, top + y)).count()
}

#[test]
fn tiles_fit_whatever_they_are_painted_with() {
    let mut random = fastrand::Rng::with_seed(7);
    let ids: Vec<TileId> = (4..=8).flat_map(|y| (4..=8).map(move |x| id(14, x, y))).collect();
    let world = World::new(ids.iter().map(|&id| (id, crowd(&mut random))).collect());
    let back = || json!({"type": "background", "paint": {"background-color": "#fff"}});
    for layer in [
        json!({"type": "fill", "paint": {"fill-pattern": "brick"}}),
        json!({"type": "fill", "paint": {"fill-pattern": "hatch", "fill-translate": [3.3, -2.6], "fill-opacity": 0.7}}),
        json!({"type": "fill", "paint": {"fill-color": "#abc", "fill-antialias": false}}),
        json!({"type": "fill", "paint": {"fill-color": "#abc", "fill-outline-color": "#000"}}),
        json!({"type": "fill", "paint": {"fill-color": "#345", "fill-translate": [17.3, -9.6]}}),
        json!({"type": "line", "paint": {"line-width": 5, "line-translate": [17.3, -9.6]}}),
        json!({"type": "line", "paint": {"line-width": 12, "line-blur": 5, "line-opacity": 0.7}}),
        json!({"type": "line", "paint": {"line-width": 8, "line-gap-width": 7, "line-blur": 3}}),
        json!({"type": "line", "paint": {"line-width": 14, "line-pattern": "arrow"}}),
        json!({"type": "line", "paint": {"line-width": 14, "line-pattern": "arrow", "line-blur": 4}}),
        json!({"type": "line", "layout": {"line-join": "round", "line-round-limit": 1.3}, "paint": {"line-width": 14}}),
        json!({"type": "line", "paint": {"line-width": 14, "line-layer-opacity": 0.5, "line-layer-blend": "multiply"}}),
        json!({"type": "circle", "paint": {"circle-radius": 14, "circle-blur": 0.7, "circle-translate": [2.4, 6.6]}}),
    ] {
        for scale in [1, 2] {
            let style = painted(&[back(), layer.clone()]);
            assert_eq!(differences(&world, &style, scale), 0, "{layer} at scale {scale}");
        }
    }
}

#[test]
fn what_is_moved_comes_from_next_door_and_leaves_no_seams() {
    for draw in BOTH {
        // Tiles that are covered wholly stay so, by whole pixels and by parts of them, at edges and corners.
        for translate in [[0.5, 0.5], [-0.5, 0.25], [3.25, -7.75], [40.0, 0.0], [-200.5, 100.3]] {
            for scale in [1, 2] {
                let style = painted(&[json!({"type": "fill", "paint": {"fill-translate": translate}})]);
                let viewport = Viewport::of_tile(id(14, 6, 6), 512, scale);
                let picture = Viewport { left: viewport.left - 100, top: viewport.top - 100, ..viewport };
                for viewport in [viewport, picture] {
                    let drawn = draw(&everywhere(|_| vec![whole()]).scene(&style, &viewport), &style);
                    let thin = drawn.pixels.iter().filter(|pixel| *pixel >> 24 < 255).count();
                    assert_eq!(thin, 0, "{translate:?} at scale {scale}");
                }
            }
        }
        // A house at the edge moves into the tile next door, which has nothing of its own; so do lines and circles.
        let world = World::new(vec![(
            id(14, 5, 5),
            vec![
                rectangle([4000, 800, 4096, 1600]),
                Feature::line(&[[4000, 2000], [4080, 2000]]),
                Feature::points(&[[4080, 2400]]),
            ],
        )]);
        for (kind, at) in [("fill", [6, 110]), ("line", [6, 250]), ("circle", [16, 300])] {
            let mut moved = json!({"type": kind, "paint": {format!("{kind}-translate"): [18, 0]}});
            if kind == "line" {
                moved["paint"]["line-width"] = json!(4);
            }
            let style = painted(&[moved]);
            let drawn = draw(&world.tile(&style, id(14, 6, 5)), &style);
            assert_eq!(rgba(&drawn, at[0], at[1]), [0, 0, 0, 255], "{kind}");
            // And out of its own.
            let drawn = draw(&world.tile(&style, id(14, 5, 5)), &style);
            assert_eq!(rgba(&drawn, 501, at[1])[3], 0, "{kind}");
        }
        // A moved layer lies on those below it also where it has left its tile.
        let world =
            everywhere(|tile| if tile == id(14, 5, 5) { vec![rectangle([4000, 800, 4096, 1600])] } else { vec![] });
        let ground = json!({"type": "background", "paint": {"background-color": "#fff"}});
        let moved = json!({"type": "fill", "paint": {"fill-color": "#f00", "fill-translate": [6, 0]}});
        let style = painted(&[ground, json!({"type": "fill"}), moved]);
        let picture = Viewport {
            left: 5 * 512 + 400,
            top: 5 * 512 + 100,
            width: 200,
            height: 50,
            ..Viewport::of_tile(id(14, 5, 5), 512, 1)
        };
        let drawn = draw(&world.scene(&style, &picture), &style);
        assert_eq!([102, 108, 115].map(|x| rgba(&drawn, x, 20)), [[0, 0, 0, 255], [255, 0, 0, 255], [255, 0, 0, 255]]);
    }
}

#[test]
fn a_moved_world_goes_on_at_the_antimeridian() {
    for draw in BOTH {
        let last = (1 << 14) - 1;
        let world = World::new(vec![(id(14, last, 5), vec![rectangle([4000, 800, 4096, 1600])])]);
        let style = painted(&[json!({"type": "fill", "paint": {"fill-translate": [18, 0]}})]);
        let drawn = draw(&world.tile(&style, id(14, 0, 5)), &style);
        assert_eq!(rgba(&drawn, 6, 110), [0, 0, 0, 255]);
        let whole = World::new(vec![(id(0, 0, 0), vec![rectangle([4000, 800, 4096, 1600])])]);
        let drawn = draw(&whole.tile(&style, id(0, 0, 0)), &style);
        assert_eq!([6, 505].map(|x| rgba(&drawn, x, 110)[3]), [255, 0]);
    }
}

#[test]
fn outlines_are_one_css_pixel_after_all_fills_and_not_on_cuts() {
    // A lake over the edge in two pieces, and an islet that overlaps it.
    let world = World::new(vec![
        (id(14, 5, 5), vec![rectangle([2048, 1024, EDGE, 3072]), rectangle([3000, 800, 3400, 1200])]),
        (id(14, 6, 5), vec![rectangle([0, 1024, 2048, 3072])]),
    ]);
    let paint = json!({"fill-color": "#8cf", "fill-outline-color": "#00f", "fill-opacity": 0.5});
    let style = painted(&[json!({"type": "fill", "paint": paint})]);
    for (tile, dx) in [(id(14, 5, 5), 0), (id(14, 6, 5), 512)] {
        let drawn = items(world.tile(&style, tile));
        let first = drawn.iter().position(|item| matches!(item, Item::Stroke(_))).expect("an outline");
        assert!(drawn[..first].iter().all(|item| matches!(item, Item::Fill(_))), "{tile}");
        assert!(drawn[first..].iter().all(|item| matches!(item, Item::Stroke(_))), "{tile}");
        let strokes = strokes(world.tile(&style, tile));
        let on_cut = |a: &P, b: &P| a[0] + dx * PX == 512 * PX && b[0] + dx * PX == 512 * PX;
        assert!(strokes.iter().flat_map(lines).all(|line| !line.windows(2).any(|pair| on_cut(&pair[0], &pair[1]))));
        assert!(strokes.iter().all(|stroke| (1.0..1.05).contains(&stroke.width)));
        let twice = Viewport::of_tile(tile, 512, 2);
        let strokes = self::strokes(world.scene(&style, &twice));
        assert!(strokes.iter().all(|stroke| stroke.width == 2.0));
    }
    // Without antialiasing and under a pattern there is none.
    for more in [json!({"fill-antialias": false}), json!({"fill-pattern": "brick"})] {
        let mut paint = paint.clone();
        more.as_object().expect("an object").iter().for_each(|(key, value)| paint[key] = value.clone());
        let style = painted(&[json!({"type": "fill", "paint": paint})]);
        assert_eq!(strokes(world.tile(&style, id(14, 5, 5))), [], "{more}");
    }
}

#[test]
fn without_antialiasing_a_pixel_belongs_to_what_holds_its_middle() {
    for draw in BOTH {
        let ring: [[f64; 2]; 4] = [[100.0, 60.0], [400.0, 130.0], [330.0, 420.0], [61.0, 300.0]];
        let points: Vec<P> = ring.iter().map(|p| p.map(|c| (c * f64::from(UNITS)) as i32)).collect();
        let world = World::new(vec![(id(14, 5, 5), vec![Feature::polygon(&[&points])])]);
        let style = painted(&[json!({"type": "fill", "paint": {"fill-antialias": false}})]);
        let drawn = draw(&world.tile(&style, id(14, 5, 5)), &style);
        let mut looked_at = 0;
        for y in 0..512u32 {
            for x in 0..512u32 {
                let middle = [f64::from(x) + 0.5, f64::from(y) + 0.5];
                // How far to the right of each edge.
                let distance = |i: usize| {
                    let (a, b) = (ring[i], ring[(i + 1) % 4]);
                    let d = [b[0] - a[0], b[1] - a[1]];
                    (d[0] * (middle[1] - a[1]) - d[1] * (middle[0] - a[0])) / d[0].hypot(d[1])
                };
                let least = (0..4).map(distance).fold(f64::INFINITY, f64::min);
                let alpha = rgba(&drawn, x, y)[3];
                assert!(alpha == 0 || alpha == 255, "{x}, {y}: {alpha}");
                // Sixteenths of a pixel are what edges are rounded to.
                if least.abs() > 0.1 {
                    looked_at += 1;
                    assert_eq!(alpha == 255, least > 0.0, "{x}, {y}");
                }
            }
        }
        assert!(looked_at > 260_000, "{looked_at}");
    }
}

#[test]
fn a_blurred_line_fades_in_a_straight_ramp_from_its_edge_inwards() {
    for draw in BOTH {
        let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(&[[400, 1600], [3600, 1600]])])]);
        for (width, blur, gap, opacity) in [
            (40.0, 10.0, 0.0, 1.0),
            (20.0, 30.0, 0.0, 1.0),
            (30.0, 6.5, 0.0, 0.5),
            (12.0, 5.0, 40.0, 1.0),
            (6.0, 9.0, 60.0, 0.8),
        ] {
            let paint = json!({"line-width": width, "line-blur": blur, "line-gap-width": gap, "line-opacity": opacity});
            let style = painted(&[json!({"type": "line", "paint": paint})]);
            let drawn = draw(&world.tile(&style, id(14, 5, 5)), &style);
            for y in 120..280u32 {
                let distance = (f64::from(y) + 0.5 - 200.0).abs();
                // MapLibre's line shader.
                let outset = if gap > 0.0 { gap / 2.0 + width } else { width / 2.0 } + 0.5;
                let inset = if gap > 0.0 { gap / 2.0 + 0.5 } else { -1e9 };
                let ramp = (outset - distance).min(distance - inset + blur + 1.0) / (blur + 1.0);
                let wanted = 255.0 * opacity * ramp.clamp(0.0, 1.0);
                let found = f64::from(rgba(&drawn, 250, y)[3]);
                assert!((found - wanted).abs() <= 6.0, "{paint} at {distance}: {found}, not {wanted}");
            }
        }
        // Where a line crosses itself it is no darker.
        let cross: &[P] = &[[400, 1600], [3600, 1600], [3600, 800], [2000, 800], [2000, 2400]];
        let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(cross)])]);
        let style =
            painted(&[json!({"type": "line", "paint": {"line-width": 20, "line-blur": 4, "line-opacity": 0.5}})]);
        let drawn = draw(&world.tile(&style, id(14, 5, 5)), &style);
        let (crossing, plain) = (rgba(&drawn, 250, 200)[3], rgba(&drawn, 150, 200)[3]);
        assert!(crossing.abs_diff(plain) <= 2 && plain.abs_diff(128) <= 3, "{crossing} and {plain}");
    }
}

#[test]
fn a_blurred_circle_fades_as_in_maplibre() {
    for draw in BOTH {
        let world = World::new(vec![(id(14, 5, 5), vec![Feature::points(&[[1600, 1600]])])]);
        for (radius, stroke, blur) in
            [(40.0, 0.0, 0.5), (40.0, 0.0, 1.0), (30.0, 10.0, 0.3), (30.0, 10.0, 1.0), (30.0, 20.0, 2.5)]
        {
            let paint = json!({
                "circle-radius": radius, "circle-blur": blur, "circle-color": "#f00", "circle-opacity": 0.8,
                "circle-stroke-width": stroke, "circle-stroke-color": "#00f",
            });
            let style = painted(&[json!({"type": "circle", "paint": paint})]);
            let drawn = draw(&world.tile(&style, id(14, 5, 5)), &style);
            for x in 200..255u32 {
                let distance = (f64::from(x) + 0.5 - 200.0).hypot(0.5) / (radius + stroke);
                let step = |t: f64| t.clamp(0.0, 1.0).powi(2) * (3.0 - 2.0 * t.clamp(0.0, 1.0));
                let opacity = step((1.0 - distance) / blur);
                let border = radius / (radius + stroke);
                let share = if stroke > 0.0 { step((distance - border + blur) / blur) } else { 0.0 };
                // Premultiplied.
                let wanted = [0.8 * (1.0 - share), 0.0, share, 0.8 + 0.2 * share].map(|c| c * opacity * 255.0);
                let found = drawn.pixel(x, 200).map(f64::from);
                let off = (0..4).map(|i| (found[i] - wanted[i]).abs()).fold(0.0, f64::max);
                assert!(off <= 5.0, "{paint} at {distance}: {found:?}, not {wanted:?}");
            }
        }
    }
}

/// A line through two tiles, as slicing by `lineMetrics` leaves it: 0 to 0.4 and on to 1.
fn metered() -> World {
    let part = |points: &[P], start: f64, end: f64| {
        vec![Feature::line(points).tag("mapbox_clip_start", start).tag("mapbox_clip_end", end)]
    };
    World::new(vec![
        (id(14, 5, 5), part(&[[2048, 800], [EDGE, 800]], 0.0, 0.4)),
        (id(14, 6, 5), part(&[[0, 800], [3072, 800]], 0.4, 1.0)),
    ])
}

#[test]
fn gradients_follow_the_progress_over_cuts() {
    for draw in BOTH {
        let of = |from: &str, to: &str, more: Json| {
            let mut paint = json!({
                "line-width": 20, "line-gradient": ["interpolate", ["linear"], ["line-progress"], 0, from, 1, to],
            });
            more.as_object().expect("an object").iter().for_each(|(key, value)| paint[key] = value.clone());
            painted(&[json!({"type": "line", "paint": paint})])
        };
        let world = metered();
        let opaque = of("#f00", "#00f", json!({}));
        let faded = of("rgba(255, 0, 0, 0)", "rgba(255, 0, 0, 1)", json!({"line-opacity": 0.5}));
        for (tile, dx) in [(id(14, 5, 5), 0), (id(14, 6, 5), 512)] {
            let (a, b) = (draw(&world.tile(&opaque, tile), &opaque), draw(&world.tile(&faded, tile), &faded));
            for x in (dx.max(260)..(dx + 512).min(890)).step_by(7) {
                let at = f64::from(x) + 0.5;
                let progress = if at < 512.0 { (at - 256.0) / 256.0 * 0.4 } else { 0.4 + (at - 512.0) / 384.0 * 0.6 };
                let found = rgba(&a, x - dx, 100);
                let wanted = [255.0 * (1.0 - progress), 0.0, 255.0 * progress, 255.0];
                let off = (0..4).map(|i| (f64::from(found[i]) - wanted[i]).abs()).fold(0.0, f64::max);
                assert!(off <= 3.0, "{tile} at {x}: {found:?}, not {wanted:?}");
                let alpha = f64::from(rgba(&b, x - dx, 100)[3]);
                assert!((alpha - 127.5 * progress).abs() <= 3.0, "{tile} at {x}: {alpha}");
            }
            // No wider than the line.
            let rows: Vec<u32> = (0..512).filter(|&y| rgba(&a, 300, y)[3] > 0).collect();
            assert_eq!((rows[0], rows.len()), (90, 20), "{tile}");
        }
        // The caps have the colours of the ends; without line metrics the line has its own colour.
        let round = painted(&[json!({"type": "line", "layout": {"line-cap": "round"}, "paint": {
            "line-width": 20, "line-color": "#0f0",
            "line-gradient": ["step", ["line-progress"], "#f00", 0.5, "#00f"],
        }})]);
        let drawn = draw(&world.tile(&round, id(14, 5, 5)), &round);
        assert_eq!(rgba(&drawn, 250, 100), [255, 0, 0, 255]);
        let drawn = draw(&world.tile(&round, id(14, 6, 5)), &round);
        assert_eq!([50, 70, 390].map(|x| rgba(&drawn, x, 100)[0]), [255, 0, 0]);
        let plain = World::new(vec![(id(14, 5, 5), vec![Feature::line(&[[800, 800], [1600, 800]])])]);
        let drawn = draw(&plain.tile(&round, id(14, 5, 5)), &round);
        assert_eq!(rgba(&drawn, 150, 100), [0, 255, 0, 255]);
    }
}

#[test]
fn progress_from_strangers_is_survived() {
    for draw in BOTH {
        let style = painted(&[json!({"type": "line", "paint": {
            "line-width": 4, "line-gradient": ["interpolate", ["linear"], ["line-progress"], 0, "red", 1, "blue"],
        }})]);
        for (start, end) in
            [(0.0, 1e300), (f64::NAN, 1.0), (-1.0, 1.0), (1.0, 0.0), (0.5, 0.5), (0.0, f64::INFINITY), (1e-320, 1.0)]
        {
            let line =
                Feature::line(&[[0, 800], [EDGE, 900]]).tag("mapbox_clip_start", start).tag("mapbox_clip_end", end);
            let world = World::new(vec![(id(14, 5, 5), vec![line])]);
            let drawn = draw(&world.tile(&style, id(14, 5, 5)), &style);
            assert_eq!(rgba(&drawn, 100, 102)[3], 255, "{start} to {end}");
        }
    }
}

#[test]
fn images_along_lines_are_whole_between_cuts() {
    for draw in BOTH {
        // From edge to edge; an arrow of 24 by 12 on a line of 9 px is 18 px long, and 512 px are 28.4 of it.
        let piece = || vec![Feature::line(&[[0, 800], [EDGE, 800]])];
        let world = World::new((4..=8).map(|x| (id(14, x, 5), piece())).collect());
        let style = painted(&[json!({"type": "line", "paint": {"line-pattern": "arrow", "line-width": 9}})]);
        let scene = world.tile(&style, id(14, 6, 5));
        let widths: Vec<u32> = scene.images.iter().map(|image| image.width).collect();
        let strokes = strokes(scene);
        let mut quads_seen = 0;
        for stroke in &strokes {
            let Ink::Pattern { quads, .. } = &stroke.ink else { panic!("{:?}", stroke.ink) };
            for quad in quads {
                let [a, b, _, d, e, f] = quad.transform;
                assert!((a * 18.0 - 512.0 / 28.0).abs() < 1e-6, "{a}");
                // An image begins at the edge.
                let at_edge = -e / (a * 18.0);
                assert!((at_edge - at_edge.round()).abs() < 1e-6, "{at_edge}");
                // As high as the line, with two more rows on both sides, its top on the right.
                assert!(b == 0.0 && d == -1.0 && (f - 106.5).abs() < 1e-9, "{:?}", quad.transform);
                // No image is gone over: the quad ends before its images do.
                let end = quad.corners.iter().map(|corner| f64::from(corner[0]) / f64::from(PX)).fold(0.0, f64::max);
                assert!((end - e) / a <= f64::from(widths[quad.image]) + 1e-4);
                quads_seen += 1;
            }
        }
        assert!(quads_seen >= 1, "{strokes:?}");
        // The pixels: the arrows' middles are opaque, blue on the left and red on the right.
        let drawn = draw(&world.tile(&style, id(14, 6, 5)), &style);
        for n in 0..28 {
            let x = ((f64::from(n) + 0.35) * 512.0 / 28.0) as u32;
            let (left, right) = (rgba(&drawn, x, 98), rgba(&drawn, x, 101));
            assert!(left[2] > 180 && left[0] < 80, "{n}: {left:?}");
            assert!(right[0] > 180 && right[2] < 80, "{n}: {right:?}");
        }
    }
}

#[test]
fn images_that_are_not_there_are_warned_of_and_not_drawn() {
    let world = everywhere(|_| vec![whole(), Feature::line(&[[0, 0], [EDGE, EDGE]])]);
    for (kind, pattern) in [("background", json!("nothing")), ("fill", json!("nothing")), ("line", json!("nothing"))] {
        let style =
            style(&[json!({"type": kind, "paint": {format!("{kind}-pattern"): pattern}})]).with_sprite(sprite());
        let warnings: Vec<String> = style.warnings.iter().map(ToString::to_string).collect();
        let path = format!("layers[0].paint.{kind}-pattern");
        assert_eq!(warnings, [format!("{path}: there is no image \"nothing\": the layer is not drawn")]);
        assert_eq!(world.tile(&style, id(14, 6, 6)).runs, [], "{kind}");
    }
    // By feature: only those without are left out.
    let named = |name: &str| rectangle([0, 0, 800, 800]).tag("image", name);
    let world = World::new(vec![(id(14, 5, 5), vec![named("nothing"), named("brick"), rectangle([0, 0, 80, 80])])]);
    let style = painted(&[json!({"type": "fill", "paint": {"fill-pattern": ["get", "image"]}})]);
    let drawn = items(world.tile(&style, id(14, 5, 5)));
    let [Item::Fill(fill)] = &drawn[..] else { panic!("{drawn:?}") };
    assert!(matches!(fill.paint, Paint::Pattern { .. }));
}

#[test]
fn features_blend_one_over_another_and_layers_as_a_whole() {
    for draw in BOTH {
        let world =
            World::new(vec![(id(14, 5, 5), vec![rectangle([0, 0, 1600, 1600]), rectangle([800, 0, 2400, 1600])])]);
        let at = |layers: &[Json]| {
            let style = painted(layers);
            let drawn = draw(&world.tile(&style, id(14, 5, 5)), &style);
            [50, 150, 250].map(|x| rgba(&drawn, x, 100))
        };
        let alphas = |paint: Json| at(&[json!({"type": "fill", "paint": paint})]).map(|pixel| pixel[3]);
        assert_eq!(alphas(json!({"fill-opacity": 0.5})), [128, 192, 128]);
        assert_eq!(alphas(json!({"fill-layer-opacity": 0.5})), [128, 128, 128]);
        assert_eq!(alphas(json!({"fill-layer-opacity": 0.0})), [0, 0, 0]);
        let ground = json!({"type": "background", "paint": {"background-color": "#808080"}});
        let blended = |mode: &str| {
            let paint = json!({"fill-color": "#ff8000", "fill-layer-blend": mode});
            at(&[ground.clone(), json!({"type": "fill", "paint": paint})])[0]
        };
        assert_eq!(blended("normal"), [255, 128, 0, 255]);
        assert_eq!(blended("multiply"), [128, 64, 0, 255]);
        assert_eq!(blended("screen"), [255, 192, 128, 255]);
    }
}

#[test]
fn round_joins_that_are_shallow_are_mitered() {
    for draw in BOTH {
        // A turn by 53 degrees: its miter is 1.12 half widths long.
        let bend: &[P] = &[[800, 1600], [1600, 1600], [1600 + 480, 1600 + 640]];
        let world = World::new(vec![(id(14, 5, 5), vec![Feature::line(bend)])]);
        let of = |limit: Json| {
            let layout = json!({"line-join": "round", "line-round-limit": limit});
            painted(&[json!({"type": "line", "layout": layout, "paint": {"line-width": 80, "line-opacity": 0.5}})])
        };
        // The miter's tip, to the left of the line that turns right: (200, 200) and half of it away at half of the turn.
        let outside = |style: &Style| {
            let drawn = draw(&world.tile(style, id(14, 5, 5)), style);
            rgba(&drawn, 219, 161)[3]
        };
        assert_eq!(outside(&of(json!(1.05))), 0);
        assert_eq!(outside(&of(json!(1.1))), 0);
        let limited = of(json!(1.2));
        let alpha = outside(&limited);
        assert!(alpha.abs_diff(128) <= 1, "{alpha}");
        let tips: Vec<Vec<P>> = strokes(world.tile(&limited, id(14, 5, 5)))
            .iter()
            .flat_map(|stroke| stroke.tips.parts().map(|(ring, _)| ring.to_vec()).collect::<Vec<_>>())
            .collect();
        assert_eq!(tips, [px(&[[200.0, 200.0], [200.0, 160.0], [220.0, 160.0], [232.0, 176.0]])]);
        // Inside, where the tip lies over the stroke, it is no darker.
        let drawn = draw(&world.tile(&limited, id(14, 5, 5)), &limited);
        assert!(rgba(&drawn, 205, 180)[3].abs_diff(128) <= 1);
    }
}

#[test]
fn what_cannot_be_interpolated_is_that_of_the_whole_zoom() {
    let layers = [json!({"type": "fill", "minzoom": 3, "maxzoom": 15, "paint": {
        "fill-pattern": {"stops": [[0, "dots"], [14, "brick"], [15, "hatch"]]},
    }})];
    let style = painted(&layers);
    let world = everywhere(|_| vec![whole()]);
    let scene = world.tile(&style, id(14, 6, 6));
    assert_eq!(scene.images.iter().map(|image| (image.width, image.height)).collect::<Vec<_>>(), [(15, 10)]);
    let Some(Run::Squares(squares)) = scene.runs.first() else { panic!("{:?}", scene.runs) };
    assert_eq!(squares.len(), 1);
}

#[test]
fn what_is_moved_in_the_picture_is_turned_with_it() {
    for draw in BOTH {
        let world =
            everywhere(|tile| if tile == id(14, 6, 6) { vec![rectangle([1600, 1600, 2400, 2400])] } else { vec![] });
        let of = |anchor: &str| {
            painted(&[json!({"type": "fill", "paint": {"fill-translate": [40, 0], "fill-translate-anchor": anchor}})])
        };
        for scale in [1u8, 2] {
            let viewport = Viewport::of_tile(id(14, 6, 6), 512, scale);
            // East is up.
            let pivot = [256.0 * f64::from(scale); 2];
            let turned = Viewport { turn: Some(Turn { bearing: 90.0, pivot }), ..viewport };
            let middle = |style: &Style| {
                let drawn = draw(&world.scene(style, &turned), style);
                let inside = |x: u32, y: u32| drawn.pixel(x, y)[3] == 255;
                let all = (0..drawn.height)
                    .flat_map(|y| (0..drawn.width).map(move |x| (x, y)))
                    .filter(|&(x, y)| inside(x, y));
                let (xs, ys): (Vec<u32>, Vec<u32>) = all.unzip();
                let mean = |all: &[u32]| {
                    f64::from(all.iter().sum::<u32>()) / all.len() as f64 / f64::from(scale) + 0.5 / f64::from(scale)
                };
                [mean(&xs), mean(&ys)].map(|c| c.round())
            };
            // The square's middle is 6 px to the left of and above the tile's; turned, to the left of and below it.
            assert_eq!(middle(&of("viewport")), [250.0 + 40.0, 262.0], "at scale {scale}");
            assert_eq!(middle(&of("map")), [250.0, 262.0 - 40.0], "at scale {scale}");
        }
    }
}
