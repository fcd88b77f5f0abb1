//! Texts along lines where source tiles cut these.

use crate::symbols::{Ground, UNITS, Written, around, assert_near, home, id, line, middle, said, texts, texts_style};
use crate::tile_writer::Feature;
use rasterzen::scene::{Scene, SourceTiles, Tiles, place};
use rasterzen::style::Style;
use rasterzen::viewport::{SizeClass, Viewport};
use serde_json::{Value as Json, json};

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
    let ground = || two(vec![line("HHHHHHH", &[[462, 256], [512, 256]])], vec![line("HHHHHHH", &[[0, 256], [60, 256]])]);
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
