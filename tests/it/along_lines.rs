//! Texts along lines where source tiles cut these.

use crate::symbols::{
    Ground, UNITS, Written, around, assert_near, draw, home, icons, id, line, middle, point, said, texts, texts_style,
};
use crate::text::with_squares;
use crate::tile_writer::Feature;
use rasterzen::scene::symbol::{Glyph, Pose, TURNS};
use rasterzen::scene::{Scene, SourceTiles, Tiles, place};
use rasterzen::style::Style;
use rasterzen::text::Shaper;
use rasterzen::viewport::{SizeClass, Viewport};
use serde_json::{Value as Json, json};
use std::sync::Arc;

fn style(layout: Json) -> Style {
    let mut whole = json!({"symbol-placement": "line", "text-size": 16});
    layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
    texts_style(whole)
}

/// The home tile and the one in the east of it.
fn two(west: Vec<Feature>, east: Vec<Feature>) -> Written {
    Written::new(vec![(home(), west), (id(14, 9, 8), east)])
}

/// A picture of both, from so many pixels in the west of their edge.
fn viewport(left: i64, width: u32) -> Viewport {
    let edge = Viewport::of_tile(id(14, 9, 8), 512, 1);
    Viewport { left: edge.left - left, width, ..edge }
}

/// Where the texts of a picture are in the world, in pixels from the edge.
fn places(ground: &Written, style: &Style, viewport: &Viewport) -> Vec<(String, [f64; 2])> {
    let (scene, _) = ground.whole_scene(style, viewport);
    let by = (viewport.left - Viewport::of_tile(id(14, 9, 8), 512, 1).left) as f64;
    let place = |scene: &Scene, text| {
        let [x, y] = middle(around(scene, text));
        [x + by, y]
    };
    texts(&scene).into_iter().map(|text| (text.content.clone(), place(&scene, text))).collect()
}

#[test]
fn a_short_road_over_an_edge_has_its_name_at_the_edge_in_both_tiles() {
    let ground =
        || two(vec![line("HHHHHHH", &[[462, 256], [512, 256]])], vec![line("HHHHHHH", &[[0, 256], [60, 256]])]);
    let whole = places(&ground(), &style(json!({})), &viewport(512, 1024));
    assert_eq!(whole.len(), 1, "{whole:?}");
    assert_near(whole[0].1, [0.0, 256.0], 20.0);
    for part in [viewport(512, 512), viewport(0, 512), viewport(37, 64)] {
        let found = places(&ground(), &style(json!({})), &part);
        assert_eq!(found.len(), 1, "{part:?}");
        assert_near(found[0].1, whole[0].1, 1e-9);
    }
    // Whichever way the halves run, and within two units of the tiles.
    let back = two(vec![line("HHHHHHH", &[[512, 256], [462, 256]])], vec![line("HHHHHHH", &[[0, 256], [60, 256]])]);
    assert_eq!(places(&back, &style(json!({})), &viewport(512, 1024)).len(), 1);
    let shifted = |by: i32| {
        let east = Feature::line(&[[0, 256 * UNITS + by], [60 * UNITS, 256 * UNITS]]).tag("name", "HHHHHHH");
        two(vec![line("HHHHHHH", &[[462, 256], [512, 256]])], vec![east])
    };
    assert_eq!(places(&shifted(2), &style(json!({})), &viewport(512, 1024)).len(), 1);
    assert_eq!(places(&shifted(9), &style(json!({})), &viewport(512, 1024)).len(), 0);
    // Another road, a corner that is too sharp, and a half that ends too soon.
    let other = [
        line("WWWWWWW", &[[0, 256], [60, 256]]),
        line("HHHHHHH", &[[0, 256], [6, 316]]),
        line("HHHHHHH", &[[0, 256], [20, 256]]),
    ];
    for east in other {
        let ground = two(vec![line("HHHHHHH", &[[462, 256], [512, 256]])], vec![east]);
        assert_eq!(places(&ground, &style(json!({})), &viewport(512, 1024)), []);
    }
    // None stands over an edge that is not to.
    assert_eq!(places(&ground(), &style(json!({"symbol-avoid-edges": true})), &viewport(512, 1024)), []);
}

#[test]
fn a_name_goes_on_along_its_road_in_the_next_tile() {
    // Most of it lies in the east, too little for the whole name, and it bends there.
    let ground = two(
        vec![line("HHHHHHHHH", &[[492, 256], [512, 256]])],
        vec![line("HHHHHHHHH", &[[0, 256], [40, 260], [90, 275]])],
    );
    let style = style(json!({}));
    let whole = places(&ground, &style, &viewport(512, 1024));
    assert_eq!(whole.len(), 1, "{whole:?}");
    let (scene, _) = ground.whole_scene(&style, &viewport(512, 1024));
    let [left, _, right, _] = around(&scene, texts(&scene)[0]);
    assert!(left < 512.0 && right > 560.0, "{left} {right}");
    for part in [viewport(512, 512), viewport(0, 512)] {
        let found = places(&ground, &style, &part);
        assert_near(found[0].1, whole[0].1, 1e-9);
    }
    // Where there is one in a tile already, none stands at its edge too.
    let long = two(vec![line("HHH", &[[200, 256], [512, 256]])], vec![line("HHH", &[[0, 256], [300, 256]])]);
    let found = places(&long, &style, &viewport(512, 1024));
    let mut at: Vec<f64> = found.iter().map(|(_, at)| at[0]).collect();
    at.sort_by(f64::total_cmp);
    assert!(at.len() >= 3 && at.windows(2).all(|pair| pair[1] - pair[0] > 125.0), "{found:?}");
}

#[test]
fn a_name_is_laid_over_as_many_edges_as_it_takes() {
    // Over the corner of four tiles: from the home tile into the east, and from there into the south.
    let name = "HHHHHHHHH";
    let ground = Written::new(vec![
        (home(), vec![line(name, &[[462, 500], [512, 506]])]),
        (id(14, 9, 8), vec![line(name, &[[0, 506], [10, 512]])]),
        (id(14, 9, 9), vec![line(name, &[[10, 0], [60, 40]])]),
    ]);
    let style = style(json!({"text-max-angle": 90}));
    let scenes = [id(14, 8, 8), id(14, 9, 8), id(14, 9, 9)].map(|tile| {
        let viewport = Viewport::of_tile(tile, 512, 1);
        let (scene, _) = ground.whole_scene(&style, &viewport);
        let found: Vec<[f64; 2]> = texts(&scene).iter().map(|text| middle(around(&scene, text))).collect();
        found.into_iter().map(|[x, y]| [x + viewport.left as f64, y + viewport.top as f64]).collect::<Vec<_>>()
    });
    for found in &scenes {
        assert_eq!(found.len(), 1, "{scenes:?}");
        assert_near(found[0], scenes[0][0], 1e-9);
    }
}

#[test]
fn what_a_road_goes_on_into_is_asked_for_and_nothing_farther_away() {
    let ground = two(vec![line("HHHHHHH", &[[462, 256], [512, 256]])], vec![line("HHHHHHH", &[[0, 256], [60, 256]])]);
    let style = style(json!({}));
    // The text at the edge could be seen: the picture depends on the tile in the east, which lies 130 px away.
    let picture = Viewport { width: 20, ..viewport(150, 20) };
    let asked = |viewport: &Viewport| {
        let cells = [(home(), ground.find(home()))].into_iter().collect();
        let source = SourceTiles { class: SizeClass::C512, maxzoom: 14, cells };
        let placed = place(&style, viewport, &Tiles::from([("s".to_string(), source)]), None);
        placed.wanting.into_iter().map(|(_, cell)| cell).filter(|cell| cell.y() == 8).collect::<Vec<_>>()
    };
    assert_eq!(asked(&viewport(120, 20)), [id(14, 9, 8)]);
    assert!(asked(&viewport(370, 20)).is_empty());
    assert_eq!(said(&ground.whole_scene(&style, &picture).0), [""; 0]);
}

/// How the glyphs of the texts of a picture are turned, in degrees, and where their origins are, in pixels.
fn glyphs(scene: &Scene) -> Vec<(f64, [f64; 2])> {
    let of = |glyph: &Glyph| (f64::from(glyph.turn) * 360.0 / TURNS, glyph.at.map(|c| f64::from(c) / 256.0));
    texts(scene).iter().flat_map(|text| text.runs.iter().flat_map(|run| run.glyphs.iter().map(of))).collect()
}

#[test]
fn ideographs_stand_upright_along_steep_lines() {
    let set = |name: &str, points: &[[i32; 2]], layout: Json| {
        let mut whole = json!({"symbol-placement": "line-center", "text-font": ["Squares"]});
        layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        let style = texts_style(whole).with_fonts(Shaper::new(Arc::new(with_squares()), 1 << 20));
        let found = glyphs(&draw(&style, vec![line(name, points)]));
        assert_eq!(found.len(), name.chars().count(), "{points:?}");
        found
    };
    let steep = [[256, 50], [256, 450]];
    let back = [[256, 450], [256, 50]];
    // From the top down, one below the other, whichever way the line runs; letters are turned clockwise.
    for points in [steep, back] {
        let found = set("東京東京", &points, json!({}));
        assert!(found.iter().all(|(turn, _)| *turn == 0.0), "{found:?}");
        found.windows(2).for_each(|pair| assert_near(pair[1].1, [pair[0].1[0], pair[0].1[1] + 20.0], 0.1));
        // The squares are as wide as the em, and their middles lie on the line.
        assert_near([found[0].1[0], 0.0], [246.0, 0.0], 0.1);
        let turns: Vec<f64> = set("東A", &points, json!({})).iter().map(|(turn, _)| *turn).collect();
        assert_eq!(turns, [0.0, 90.0]);
    }
    // Along lines that are less steep they lie as letters do; where the line leans, they lean.
    assert!(set("東京", &[[50, 200], [450, 200]], json!({})).iter().all(|(turn, _)| *turn == 0.0));
    let leaning = set("東京", &[[200, 50], [300, 450]], json!({}));
    assert!(leaning.iter().all(|(turn, _)| (*turn - 346.0).abs() < 0.5), "{leaning:?}");
    let flat = set("東京", &[[50, 50], [450, 250]], json!({}));
    assert!(flat.iter().all(|(turn, _)| (*turn - 26.6).abs() < 0.5), "{flat:?}");
    // What may stand upside down lies along all lines.
    let lying = set("東京", &steep, json!({"text-keep-upright": false}));
    assert!(lying.iter().all(|(turn, _)| *turn == 90.0), "{lying:?}");
    let upright = set("東京", &steep, json!({"text-rotation-alignment": "viewport-glyph"}));
    assert!(upright.iter().all(|(turn, _)| *turn == 0.0), "{upright:?}");
}

#[test]
fn images_in_texts_along_lines_stand_in_their_gaps() {
    let field = |sections: Json| json!({"text-field": sections, "symbol-placement": "line-center"});
    let whole = json!(["format", "HH", {}, ["image", "icon"], {}, "HH"]);
    let scene = draw(&texts_style(field(whole.clone())), vec![line("", &[[50, 256], [450, 256]])]);
    let (letters, images) = (glyphs(&scene), icons(&scene));
    assert_eq!((letters.len(), images.len()), (4, 1));
    let Pose::Upright([x, y]) = images[0].pose else { panic!("{images:?}") };
    // 20 by 10 px, in the middle of the text, on the line.
    assert_eq!([x, y], [240, 251]);
    let gap = letters[2].1[0] - letters[1].1[0];
    let step = letters[1].1[0] - letters[0].1[0];
    assert!((gap - step - 20.0).abs() < 0.1, "{letters:?}");
    // One that begins the text, along a line that goes down; and what it touches.
    let first = json!(["format", ["image", "icon"], {}, "HH"]);
    let scene = draw(&texts_style(field(first)), vec![line("", &[[100, 100], [400, 400]])]);
    let images = icons(&scene);
    let Pose::Turned([a, b, c, d, e, f]) = images[0].pose else { panic!("{images:?}") };
    let [mx, my] = [a * 10.0 + c * 5.0 + e, b * 10.0 + d * 5.0 + f];
    assert!((a - b).abs() < 1e-9 && (mx - my).abs() < 0.1 && mx < 250.0, "{mx} {my}");
    let ends = json!(["format", "H", {}, ["image", "icon"], {}, ["image", "icon"], {}]);
    assert_eq!(icons(&draw(&texts_style(field(ends)), vec![line("", &[[450, 256], [50, 256]])])).len(), 2);
}

#[test]
fn a_text_may_be_as_long_as_what_is_seen_of_it_reaches() {
    let draws = |paint: Json| {
        let layout = json!({"text-field": "{name}", "text-size": 16, "text-max-width": 100});
        let style = crate::symbols::style(&[(layout, paint)]);
        said(&draw(&style, vec![point(&"H".repeat(20), 256, 256)])).len()
    };
    // 237 px: 119 to both sides, of 128; letters may stand out by 8.
    assert_eq!(draws(json!({})), 1);
    assert_eq!(draws(json!({"text-halo-color": "#fff", "text-halo-width": 1})), 1);
    assert_eq!(draws(json!({"text-halo-color": "#fff", "text-halo-width": 3})), 0);
    assert_eq!(draws(json!({"text-halo-color": "#fff", "text-halo-width": 1, "text-halo-blur": 2})), 0);
}

#[test]
fn crowded_lines_far_above_their_zoom_have_names_everywhere() {
    // Roads from the west to the east of the tile.
    let roads: Vec<Feature> =
        (0..204).map(|i| Feature::line(&[[0, i * 20 + 10], [4096, i * 20 + 10]]).tag("name", "H")).collect();
    let ground = Written::at_home(roads);
    let style = style(json!({"symbol-spacing": 20, "text-size": 10}));
    // A pixel of the tile is 64 wide: each road has room for more than a thousand names, all of them for 300,000.
    let corners = [[0, 0], [63, 0], [0, 63], [63, 63], [40, 30]];
    for [x, y] in corners {
        let viewport = Viewport::of_tile(id(20, 8 * 64 + x, 8 * 64 + y), 512, 1);
        let (scene, _) = ground.whole_scene(&style, &viewport);
        assert!(said(&scene).len() > 50, "{} at {x}, {y}", said(&scene).len());
    }
    // Parts of the picture show the same.
    let tile = Viewport::of_tile(id(20, 8 * 64 + 40, 8 * 64 + 30), 512, 1);
    let part = Viewport { left: tile.left + 131, top: tile.top + 150, width: 200, height: 150, ..tile };
    let places = |viewport: &Viewport| {
        let (scene, _) = ground.whole_scene(&style, viewport);
        let inside = |at: &[f64; 2]| (160.0..300.0).contains(&at[0]) && (170.0..280.0).contains(&at[1]);
        let by = [viewport.left - tile.left, viewport.top - tile.top].map(|c| c as f64);
        let all = texts(&scene).into_iter().map(|text| middle(around(&scene, text)));
        let in_tile = all.map(|at| [0, 1].map(|i| ((at[i] + by[i]) * 256.0).round() / 256.0));
        let mut found: Vec<[f64; 2]> = in_tile.filter(inside).collect();
        found.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        found
    };
    let found = places(&tile);
    assert!(found.len() > 3 && found == places(&part), "{found:?}");
}

#[test]
fn roads_of_one_name_are_set_by_all_that_their_words_depend_on() {
    let roads = || {
        let road = |id: u64, y: i32, size: f64| {
            let road = Feature::line(&[[64 * UNITS, y * UNITS], [448 * UNITS, y * UNITS]]).id(id);
            road.tag("name", "HHH").tag("size", size)
        };
        vec![road(7, 100, 10.0), road(8, 400, 20.0), road(9, 250, 10.0)]
    };
    let sizes = |layout: Json| {
        let mut sizes: Vec<(String, f64)> = texts(&draw(&style(layout), roads()))
            .iter()
            .map(|text| (text.content.clone(), text.runs[0].size))
            .collect();
        sizes.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        sizes.dedup();
        sizes
    };
    let is = |all: &[(&str, f64)]| all.iter().map(|(text, size)| (text.to_string(), *size)).collect::<Vec<_>>();
    assert_eq!(sizes(json!({"text-size": ["get", "size"]})), is(&[("HHH", 10.0), ("HHH", 20.0)]));
    let field = json!(["concat", ["get", "name"], ["id"]]);
    assert_eq!(sizes(json!({"text-field": field})), is(&[("HHH7", 16.0), ("HHH8", 16.0), ("HHH9", 16.0)]));
    let field = json!(["concat", ["get", "name"], ["geometry-type"]]);
    assert_eq!(sizes(json!({"text-field": field})), is(&[("HHHLineString", 16.0)]));
    let transform = json!(["case", ["==", ["get", "size"], 20], "lowercase", "none"]);
    assert_eq!(sizes(json!({"text-transform": transform})), is(&[("HHH", 16.0), ("hhh", 16.0)]));
}

#[test]
fn names_stand_where_they_do_however_little_of_their_tile_is_shown() {
    // Streets in pieces that cross one another, those in the east first; each goes over the edge into the east.
    let street = |i: i32| {
        let name = ["HHHH", "WWW", "MMMMM", "HHHH"][i as usize % 4];
        let y = |x: i32| 40 + i * 36 + (x * (i % 3 - 1)) / 8;
        let pieces = (0..8).rev().map(move |k| [64 * k, 64 * (k + 1)]);
        pieces.map(move |[from, to]| line(name, &[[from, y(from)], [to, y(to)]])).collect::<Vec<_>>()
    };
    let west: Vec<Feature> = (0..12).flat_map(street).collect();
    let east: Vec<Feature> = (0..12)
        .map(|i| {
            let name = ["HHHH", "WWW", "MMMMM", "HHHH"][i as usize % 4];
            let y = 40 + i * 36 + 64 * (i % 3 - 1);
            line(name, &[[0, y], [200, y + 10]])
        })
        .collect();
    let ground = two(west, east);
    let style = style(json!({"symbol-spacing": 90, "text-max-angle": 60}));
    let mut whole = places(&ground, &style, &viewport(512, 1024));
    whole.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    assert!(whole.len() > 30, "{whole:?}");
    // Narrow pictures show those that lie wholly within, and no others.
    for left in (-480..512).step_by(61) {
        let within = |(_, [x, _]): &&(String, [f64; 2])| (-left as f64 + 40.0..-left as f64 + 90.0).contains(x);
        let mut part = places(&ground, &style, &viewport(left, 130));
        part.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        let [expected, found] = [&whole, &part].map(|all| all.iter().filter(within).collect::<Vec<_>>());
        assert_eq!(found.len(), expected.len(), "from {left}: {found:?}, {expected:?}");
        found.iter().zip(expected).for_each(|(a, b)| assert_near(a.1, b.1, 1e-9));
    }
}

#[test]
fn a_line_goes_on_into_nothing_where_only_a_point_says_the_same() {
    let style = style(json!({"symbol-spacing": 90}));
    let river = || vec![line("HHHH", &[[100, 100], [512, 100]])];
    let alone = places(&two(river(), Vec::new()), &style, &viewport(512, 1024));
    let label = Feature::points(&[[20 * UNITS, 100 * UNITS]]).tag("name", "HHHH");
    let beside = places(&two(river(), vec![label]), &style, &viewport(512, 1024));
    assert!(!alone.is_empty() && alone == beside, "{alone:?}, {beside:?}");
}
