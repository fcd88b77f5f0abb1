//! Labels of the bundled styles over the sample map, at every zoom: none lies over another, and the most important stand.

use crate::symbols::{Ground, Sample, Written, around, home, icons, id, said, texts, texts_style};
use crate::tile_writer::{Feature, Layer, tile};
use rasterzen::assets::with_sprite;
use rasterzen::mvt;
use rasterzen::scene::symbol::{Glyph, GlyphRun, Pose, TURNS};
use rasterzen::scene::{Scene, TileData};
use rasterzen::source::Base;
use rasterzen::style::{BUNDLED, Style};
use rasterzen::tile::TileId;
use rasterzen::viewport::{SizeClass, Viewport};
use serde_json::json;
use std::sync::Arc;

fn bundled() -> impl Iterator<Item = (&'static str, Style)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    BUNDLED.iter().map(move |(name, json)| {
        let style = with_sprite(Style::parse(name, json).expect("a style"), &Base::Bundled, None);
        (*name, runtime.block_on(style).expect("a sprite"))
    })
}

type Box4 = [f64; 4];

/// Left, top, right and bottom of a glyph in pixels.
fn glyph_box(scene: &Scene, run: &GlyphRun, glyph: &Glyph) -> Box4 {
    let (sin, cos) = (f64::from(glyph.turn) / TURNS * std::f64::consts::TAU).sin_cos();
    let points = scene.outlines[glyph.outline].rings(run.size, 0.1).into_iter().flatten();
    let at = |i: usize| f64::from(glyph.at[i]) / 256.0;
    let points = points.map(|[x, y]| [at(0) + x * cos - y * sin, at(1) + x * sin + y * cos]);
    points.fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |b, [x, y]| {
        [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)]
    })
}

fn meet(a: Box4, b: Box4) -> bool {
    (0..2).all(|axis| a[axis] < b[axis + 2] && b[axis] < a[axis + 2])
}

#[test]
fn no_label_of_a_bundled_style_lies_over_another_at_any_zoom() {
    let sample = Sample::new();
    // Monaco's harbour and Neubrandenburg's wall, and what lies around them.
    let places: [TileId; 2] = [id(18, 136_476, 95_586), id(18, 140_726, 84_731)];
    for (name, style) in bundled() {
        let (mut labels, mut pictures) = (0, 0);
        for z in 0..=18 {
            for place in places.map(|place| place.ancestor(z)) {
                let viewport = Viewport::of_tile(place, 512, 1);
                let (scene, _) = sample.whole_scene(&style, &viewport);
                let boxes = |text: &rasterzen::scene::symbol::Text| -> Vec<Box4> {
                    let of_run = |run: &GlyphRun| {
                        run.glyphs.iter().map(|glyph| glyph_box(&scene, run, glyph)).collect::<Vec<_>>()
                    };
                    text.runs.iter().flat_map(of_run).collect()
                };
                let all: Vec<(&str, Box4, Vec<Box4>)> = texts(&scene)
                    .into_iter()
                    .map(|text| (text.content.as_str(), around(&scene, text), boxes(text)))
                    .collect();
                for (i, (text, whole, glyphs)) in all.iter().enumerate() {
                    for (other, other_whole, other_glyphs) in all[..i].iter().filter(|other| meet(*whole, other.1)) {
                        let is_over = glyphs.iter().any(|a| other_glyphs.iter().any(|b| meet(*a, *b)));
                        assert!(!is_over, "{name} {place}: {text:?} {whole:?} over {other:?} {other_whole:?}");
                    }
                }
                let images: Vec<Box4> = icons(&scene)
                    .into_iter()
                    .filter_map(|icon| match icon.pose {
                        Pose::Upright([x, y]) => {
                            let image = &scene.images[icon.image];
                            let [x, y] = [x as f64, y as f64];
                            Some([x, y, x + f64::from(image.width), y + f64::from(image.height)])
                        }
                        Pose::Turned(_) => None,
                    })
                    .collect();
                for (i, image) in images.iter().enumerate() {
                    assert!(
                        !images[..i].iter().any(|other| meet(*image, *other)),
                        "{name} {place}: icons at {image:?}"
                    );
                    // No more than its own, as the number of a road.
                    let over: Vec<&str> = all
                        .iter()
                        .filter(|(_, whole, glyphs)| meet(*whole, *image) && glyphs.iter().any(|g| meet(*g, *image)))
                        .map(|(text, ..)| *text)
                        .collect();
                    assert!(over.len() <= 1, "{name} {place}: {over:?} over an icon at {image:?}");
                }
                labels += all.len();
                pictures += usize::from(!all.is_empty());
            }
        }
        assert!(labels > 200 && pictures > 20, "{name}: {labels} labels in {pictures} pictures");
    }
}

/// One tile of places in the Tilezen schema, and nothing around it.
struct Places(TileId, Arc<mvt::Tile>);

impl Ground for Places {
    fn class(&self) -> SizeClass {
        SizeClass::C512
    }
    fn maxzoom(&self) -> u8 {
        14
    }
    fn find(&self, cell: TileId) -> Option<(TileId, TileData)> {
        (cell == self.0).then(|| (cell, self.1.clone().into()))
    }
}

#[test]
fn the_more_important_place_stands() {
    let place = |kind: &str, detail: &str, population: f64, at: [i32; 2]| {
        let name = if detail.is_empty() { kind } else { detail };
        let feature = Feature::points(&[at]).tag("name", name).tag("kind", kind).tag("min_zoom", 4.0);
        let feature = feature.tag("population", population);
        if detail.is_empty() { feature } else { feature.tag("kind_detail", detail) }
    };
    for (name, style) in bundled() {
        for (z, winner, loser) in [
            (5, place("country", "", 1e6, [2048, 2048]), place("locality", "town", 9e6, [2060, 2048])),
            (6, place("country", "", 1e6, [2048, 2048]), place("locality", "city", 9e6, [2060, 2048])),
            (9, place("locality", "city", 2e4, [2048, 2048]), place("locality", "town", 1e6, [2060, 2048])),
            (11, place("locality", "town", 2e3, [2048, 2048]), place("locality", "village", 1e6, [2060, 2048])),
        ] {
            // Wherever they stand in the tile.
            for features in [vec![winner.clone(), loser.clone()], vec![loser.clone(), winner.clone()]] {
                let layer = features.into_iter().fold(Layer::new("places"), Layer::with);
                let data = Arc::new(mvt::Tile::parse(tile(&[layer])).expect("a tile"));
                let at = TileId::new(z, 8, 8).expect("a tile");
                let (scene, _) = Places(at, data).whole_scene(&style, &Viewport::of_tile(at, 512, 1));
                let shown: Vec<String> = said(&scene).iter().map(|text| text.to_lowercase()).collect();
                let wanted = ["country", "country", "city", "town"]
                    [[5, 6, 9, 11].iter().position(|&of| of == z).expect("a case")];
                assert_eq!(shown, [wanted], "{name} at {z}");
            }
        }
    }
}

#[test]
fn no_more_cells_are_asked_for_than_decisions_may_depend_on() {
    // A row of names over many tiles, each over the next: who stands depends on all that are farther west.
    let row = |x: u32| {
        let names = (0..16).map(|i| Feature::points(&[[i * 256 + 100, 2048]]).tag("name", "HHHHHH"));
        (id(14, x, 8), names.collect::<Vec<_>>())
    };
    let ground = Written::new((0..64).map(row).collect());
    let style = texts_style(json!({"symbol-sort-key": 1}));
    let (_, asked) = ground.whole_scene(&style, &Viewport::of_tile(id(14, 32, 8), 512, 1));
    assert!(asked <= 4, "asked {asked} times");
    // The same whichever part is looked at.
    let whole = Viewport { width: 1024, ..Viewport::of_tile(id(14, 32, 8), 512, 1) };
    let (scene, _) = ground.whole_scene(&style, &whole);
    let (east, _) = ground.whole_scene(&style, &Viewport::of_tile(id(14, 33, 8), 512, 1));
    let lefts = |scene: &Scene, by: f64| {
        let inside = |left: &f64| (0.0..500.0 - 64.0).contains(left);
        let lefts = texts(scene).into_iter().map(|text| around(scene, text)[0] - by);
        lefts.filter(inside).map(|left| (left * 256.0).round()).collect::<Vec<f64>>()
    };
    assert!(!lefts(&east, 0.0).is_empty());
    assert_eq!(lefts(&scene, 512.0), lefts(&east, 0.0));
}

#[test]
fn so_many_names_of_a_font_are_looked_at_and_so_many_vertices_of_a_polygon() {
    let font = |names: Vec<String>| {
        let style = texts_style(json!({"text-font": ["literal", names]}));
        let (scene, _) = Written::at_home(vec![crate::symbols::point("HH", 256, 256)])
            .whole_scene(&style, &Viewport::of_tile(home(), 512, 1));
        texts(&scene)[0].runs[0].font
    };
    let bold = || "Noto Sans Bold".to_string();
    let after = |count: usize| font((0..count).map(|i| format!("Nobody's {i}")).chain([bold()]).collect());
    assert_eq!(after(31), font(vec![bold()]));
    assert_eq!(after(32), font(vec!["Noto Sans Regular".to_string()]));
    assert_eq!(font(vec!["x".repeat(1000), bold()]), font(vec![bold()]));
    // A polygon of so many vertices that each square's distance cannot be found has a label inside all the same.
    let mut ring: Vec<[i32; 2]> = (0..50_000).map(|i| [1000 + i % 2, 1000 + i / 50]).collect();
    ring.extend([[1000, 3000], [3000, 3000], [3000, 1000]]);
    let comb = Feature::polygon(&[&ring]).tag("name", "HH");
    let (scene, _) =
        Written::at_home(vec![comb]).whole_scene(&texts_style(json!({})), &Viewport::of_tile(home(), 512, 1));
    let [left, top, right, bottom] = around(&scene, texts(&scene)[0]);
    let [x, y] = [(left + right) / 2.0, (top + bottom) / 2.0];
    assert!((125.0..375.0).contains(&x) && (125.0..375.0).contains(&y), "{x} {y}");
}
