//! Symbol layers as a scene has them: where icons and texts stand, which of them give way, along lines, and that pictures
//! cut in any way show the same.

use crate::paint::sprite;
use crate::tile_writer::{Feature, Layer, tile};
use rasterzen::mvt;
use rasterzen::scene::symbol::decide::{Field, Node, Part, Place, Rank};
use rasterzen::scene::symbol::{Icon, Pose, Symbols, TURNS, Text};
use rasterzen::scene::{Rect, Run, Scene, SourceTiles, TileData, Tiles, build, cells, place};
use rasterzen::source::{Fetched, Overrides, Source};
use rasterzen::sprite::Sprite;
use rasterzen::style::{Overlap, Style};
use rasterzen::tile::TileId;
use rasterzen::viewport::{SizeClass, Viewport};
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Of a whole turn.
const EIGHTH: u16 = TURNS as u16 / 8;

/// Scene units in a pixel, and tile units (of 4096) in a pixel of a 512 px square.
pub const PX: i64 = 256;
pub const UNITS: i32 = 8;

pub fn id(z: u8, x: u32, y: u32) -> TileId {
    TileId::new(z, x, y).expect("a tile")
}

/// The tile that most tests are about.
pub fn home() -> TileId {
    id(14, 8, 8)
}

/// A style of symbol layers of the source layer `a`, with the images `icon` (20 by 10 px) and `dots`.
pub fn style(layers: &[(Json, Json)]) -> Style {
    style_with(layers, sprite())
}

/// The same with other images besides `icon`.
fn style_with(layers: &[(Json, Json)], mut images: Sprite) -> Style {
    let layer = |(i, (layout, paint)): (usize, &(Json, Json))| {
        json!({
            "id": format!("layer {i}"), "type": "symbol", "source": "s", "source-layer": "a",
            "filter": ["any", ["!", ["has", "layer"]], ["==", ["get", "layer"], i]],
            "layout": layout, "paint": paint,
        })
    };
    let layers: Vec<Json> = layers.iter().enumerate().map(layer).collect();
    let json = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers}).to_string();
    let icon = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#f00"/></svg>"##;
    images.add_icons(&[("icon".to_string(), icon.as_bytes().to_vec())]).expect("an icon");
    let style = Style::parse("test", &json).expect("a style").with_sprite(images);
    assert_eq!(style.warnings, []);
    style
}

pub fn texts_style(layout: Json) -> Style {
    let mut whole = json!({"text-field": "{name}", "text-size": 20});
    layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
    style(&[(whole, json!({}))])
}

/// Where source tiles come from.
pub trait Ground {
    fn class(&self) -> SizeClass;
    fn maxzoom(&self) -> u8;
    fn find(&self, cell: TileId) -> Option<(TileId, TileData)>;

    /// The scene once all that it asks for is there, and how often it asked.
    fn whole_scene(&self, style: &Style, viewport: &Viewport) -> (Scene, usize) {
        let name = style.sources.keys().next().expect("a source").clone();
        let margin = style.margin(&name, viewport.style_zoom()) * f64::from(viewport.scale);
        let (wanted, _) = cells(viewport, self.class(), self.maxzoom(), margin);
        let found = wanted.into_iter().map(|cell| (cell, self.find(cell))).collect();
        let source = SourceTiles { class: self.class(), maxzoom: self.maxzoom(), cells: found };
        let mut tiles = Tiles::from([(name.clone(), source)]);
        for asked in 0..20 {
            let placed = place(style, viewport, &tiles, None);
            if placed.wanting.is_empty() {
                return (build(style, viewport, &tiles, placed).expect("a scene"), asked);
            }
            let cells = &mut tiles.get_mut(&name).expect("the source").cells;
            for (source, cell) in placed.wanting {
                assert_eq!(source, name);
                assert!(cells.insert(cell, self.find(cell)).is_none(), "{cell} is there already");
            }
        }
        panic!("it never has enough: {viewport:?}");
    }
}

/// Written tiles of class 512; there are no others.
pub struct Written(HashMap<TileId, Arc<mvt::Tile>>);

impl Written {
    pub fn new(tiles: Vec<(TileId, Vec<Feature>)>) -> Written {
        let parsed = |features: Vec<Feature>| {
            let layer = features.into_iter().fold(Layer::new("a"), Layer::with);
            Arc::new(mvt::Tile::parse(tile(&[layer])).expect("a tile"))
        };
        Written(tiles.into_iter().map(|(id, features)| (id, parsed(features))).collect())
    }

    pub fn at_home(features: Vec<Feature>) -> Written {
        Written::new(vec![(home(), features)])
    }
}

impl Ground for Written {
    fn class(&self) -> SizeClass {
        SizeClass::C512
    }
    fn maxzoom(&self) -> u8 {
        14
    }
    fn find(&self, cell: TileId) -> Option<(TileId, TileData)> {
        Some((cell, self.0.get(&cell)?.clone().into()))
    }
}

/// The sample map.
pub struct Sample {
    source: Source,
    runtime: tokio::runtime::Runtime,
    fetched: RefCell<HashMap<TileId, Option<Arc<mvt::Tile>>>>,
}

impl Sample {
    pub fn new() -> Sample {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let source = runtime.block_on(Source::open("sample", &Overrides::default(), None)).expect("the sample map");
        Sample { source, runtime, fetched: RefCell::default() }
    }

    fn tile(&self, id: TileId) -> Option<Arc<mvt::Tile>> {
        let fetch = || match self.runtime.block_on(self.source.fetch(id, None)).expect("an answer") {
            Fetched::Tile(bytes) => Some(Arc::new(mvt::Tile::parse(bytes).expect("a tile"))),
            _ => None,
        };
        self.fetched.borrow_mut().entry(id).or_insert_with(fetch).clone()
    }
}

impl Ground for Sample {
    fn class(&self) -> SizeClass {
        self.source.info.class
    }
    fn maxzoom(&self) -> u8 {
        self.source.info.maxzoom
    }
    fn find(&self, cell: TileId) -> Option<(TileId, TileData)> {
        (0..=cell.z()).rev().map(|z| cell.ancestor(z)).find_map(|id| Some((id, self.tile(id)?.into())))
    }
}

/// Places, roads, shields and points of interest of the sample map.
fn map_style() -> Style {
    let layer = |name: &str, layout: Json| {
        json!({"id": name, "type": "symbol", "source": "tilezen", "source-layer": name, "layout": layout,
            "paint": {"text-halo-color": "#fff", "text-halo-width": 1}})
    };
    let layers = json!([
        layer("water", json!({"text-field": "{name}", "text-size": 12, "text-font": ["Noto Sans Italic"]})),
        layer(
            "roads",
            json!({"text-field": "{name}", "text-size": 11, "symbol-placement": "line", "symbol-spacing": 200})
        ),
        layer(
            "pois",
            json!({"text-field": "{name}", "text-size": 10, "icon-image": "icon",
            "text-variable-anchor": ["top", "left", "right", "bottom"], "text-radial-offset": 0.8, "text-optional": true,
            "text-justify": "auto"})
        ),
        layer(
            "places",
            json!({"text-field": "{name}", "text-size": ["interpolate", ["linear"], ["zoom"], 2, 11, 14, 22],
            "symbol-sort-key": ["-", ["coalesce", ["get", "population_rank"], 0]]})
        ),
    ]);
    let json = json!({"version": 8, "sources": {"tilezen": {"type": "vector"}}, "layers": layers}).to_string();
    let mut images = Sprite::default();
    let icon =
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4" cx="4.5" cy="4.5"/></svg>"#;
    images.add_icons(&[("icon".to_string(), icon.as_bytes().to_vec())]).expect("an icon");
    Style::parse("test", &json).expect("a style").with_sprite(images)
}

fn symbols(scene: &Scene) -> Vec<(usize, &Symbols)> {
    let of = |run| if let &Run::Symbols(layer, ref symbols) = run { Some((layer, symbols)) } else { None };
    scene.runs.iter().filter_map(of).collect()
}

pub fn texts(scene: &Scene) -> Vec<&Text> {
    symbols(scene).into_iter().flat_map(|(_, symbols)| &symbols.texts).collect()
}

pub fn icons(scene: &Scene) -> Vec<&Icon> {
    symbols(scene).into_iter().flat_map(|(_, symbols)| &symbols.icons).collect()
}

/// What texts say, in the order in which they are drawn.
pub fn said(scene: &Scene) -> Vec<&str> {
    texts(scene).into_iter().map(|text| text.content.as_str()).collect()
}

/// The rectangle around all of a text's glyphs' outlines, in pixels: left, top, right, bottom.
pub fn around(scene: &Scene, text: &Text) -> [f64; 4] {
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for run in &text.runs {
        for glyph in &run.glyphs {
            let (sin, cos) = (f64::from(glyph.turn) / TURNS * std::f64::consts::TAU).sin_cos();
            for [x, y] in scene.outlines[glyph.outline].rings(run.size, 0.1).into_iter().flatten() {
                let at = [x * cos - y * sin, x * sin + y * cos];
                for i in 0..2 {
                    let c = f64::from(glyph.at[i]) / PX as f64 + at[i];
                    bounds[i] = bounds[i].min(c);
                    bounds[i + 2] = bounds[i + 2].max(c);
                }
            }
        }
    }
    bounds
}

pub fn middle([left, top, right, bottom]: [f64; 4]) -> [f64; 2] {
    [(left + right) / 2.0, (top + bottom) / 2.0]
}

/// The scene of the home tile at 512 px, and where its first text is.
pub fn first_text(style: &Style, features: Vec<Feature>) -> [f64; 4] {
    let (scene, _) = Written::at_home(features).whole_scene(style, &Viewport::of_tile(home(), 512, 1));
    let found = texts(&scene);
    around(&scene, found.first().expect("a text"))
}

pub fn point(name: &str, x: i32, y: i32) -> Feature {
    Feature::points(&[[x * UNITS, y * UNITS]]).tag("name", name)
}

pub fn line(name: &str, points: &[[i32; 2]]) -> Feature {
    let points: Vec<[i32; 2]> = points.iter().map(|p| p.map(|c| c * UNITS)).collect();
    Feature::line(&points).tag("name", name)
}

pub fn draw(style: &Style, features: Vec<Feature>) -> Scene {
    Written::at_home(features).whole_scene(style, &Viewport::of_tile(home(), 512, 1)).0
}

#[track_caller]
pub fn assert_near(a: [f64; 2], b: [f64; 2], off: f64) {
    assert!((0..2).all(|i| (a[i] - b[i]).abs() <= off), "{a:?} is not {b:?}");
}

#[test]
fn a_texts_anchor_lies_at_its_point() {
    let at = |layout: Json| first_text(&texts_style(layout), vec![point("HHHH", 256, 200)]);
    assert_near(middle(at(json!({}))), [256.0, 200.0], 0.5);
    let [left, .., right, _] = at(json!({"text-anchor": "left"}));
    assert!((256.0..259.0).contains(&left) && right > 300.0, "{left} {right}");
    let [left, .., right, _] = at(json!({"text-anchor": "right"}));
    assert!((253.0..256.0).contains(&right) && left < 212.0, "{left} {right}");
    let [_, top, _, bottom] = at(json!({"text-anchor": "top"}));
    assert!(top > 200.0 && bottom < 224.0, "{top} {bottom}");
    let [_, top, _, bottom] = at(json!({"text-anchor": "bottom-left"}));
    assert!(top > 176.0 && bottom < 200.0, "{top} {bottom}");
    // Offsets are in ems, translations in pixels, and both go to the right and down.
    assert_near(middle(at(json!({"text-offset": [1, -2]}))), [276.0, 160.0], 0.5);
    let moved = style(&[(json!({"text-field": "{name}"}), json!({"text-translate": [7, -9]}))]);
    assert_near(middle(first_text(&moved, vec![point("HHHH", 256, 200)])), [263.0, 191.0], 0.5);
    // A quarter turn about the anchor: what went to the right goes down.
    let [left, top, right, bottom] = at(json!({"text-anchor": "left", "text-rotate": 90}));
    assert!(top > 255.0 - 56.0 && bottom - top > 45.0 && right - left < 20.0, "{left} {top} {right} {bottom}");
    // A radial offset keeps its distance whichever way it goes.
    let [_, _, _, bottom] = at(json!({"text-anchor": "bottom", "text-radial-offset": 2}));
    let [left, ..] = at(json!({"text-anchor": "left", "text-radial-offset": 2}));
    assert!((160.0..170.0).contains(&bottom) && (296.0..299.0).contains(&left), "{bottom} {left}");
}

#[test]
fn lines_are_broken_and_justified() {
    let runs = |layout: Json| {
        let scene = draw(&texts_style(layout), vec![point("HHHHHHH HH", 256, 200)]);
        let text = texts(&scene)[0].clone();
        text.runs.iter().map(|run| run.glyphs[0].at).collect::<Vec<_>>()
    };
    let starts = |layout: Json| runs(layout).iter().map(|at| at[0]).collect::<Vec<_>>();
    assert_eq!(starts(json!({"text-max-width": 100})).len(), 1);
    let lines = starts(json!({"text-max-width": 5, "text-justify": "left"}));
    assert!(lines.len() == 2 && lines[0] == lines[1], "{lines:?}");
    let lines = starts(json!({"text-max-width": 5}));
    assert!(lines[0] + 30 * 256 < lines[1], "{lines:?}");
    let lines = starts(json!({"text-max-width": 5, "text-justify": "auto", "text-anchor": "left"}));
    assert_eq!(lines[0], lines[1]);
    let rows = runs(json!({"text-max-width": 5, "text-line-height": 2}));
    assert_eq!(rows[1][1] - rows[0][1], 40 * 256);
}

#[test]
fn what_a_text_says_follows_the_style() {
    let says = |field: Json, layout: Json| {
        let mut whole = layout;
        whole["text-field"] = field;
        let feature = point("Straße", 256, 256).tag("ref", "7").tag("height", 12.5);
        let scene = draw(&style(&[(whole, json!({}))]), vec![feature]);
        said(&scene).concat()
    };
    assert_eq!(says(json!("{ref}: {name}{nothing}"), json!({})), "7: Straße");
    assert_eq!(says(json!(["get", "name"]), json!({"text-transform": "uppercase"})), "STRASSE");
    assert_eq!(says(json!(["number-format", ["get", "height"], {"min-fraction-digits": 2}]), json!({})), "12.50");
    assert_eq!(says(json!({"stops": [[0, "a {ref}"], [15, "b"]]}), json!({})), "a 7");
    assert_eq!(
        says(json!(["format", ["get", "name"], {"font-scale": 0.8}, "\n", {}, "x", {"text-color": "red"}]), json!({})),
        "Straße\nx"
    );
    assert_eq!(says(json!("{nothing}"), json!({})), "");
    let sections = json!(["format", "a", {"font-scale": 2, "text-color": "#f00"}, ["image", "icon"], {}, "b"]);
    let scene = draw(
        &style(&[(json!({"text-field": sections, "text-size": 10}), json!({"text-color": "#00f"}))]),
        vec![point("", 256, 256)],
    );
    let runs = &texts(&scene)[0].runs;
    assert_eq!(runs.iter().map(|run| run.size).collect::<Vec<_>>(), [20.0, 10.0]);
    assert_eq!(
        runs.iter().map(|run| run.color.to_string()).collect::<Vec<_>>(),
        ["rgba(255,0,0,1)", "rgba(0,0,255,1)"]
    );
    assert_eq!(icons(&scene).len(), 1);
}

#[test]
fn an_icon_lies_on_whole_pixels_about_its_point() {
    let pose = |layout: Json, paint: Json| {
        let mut whole = json!({"icon-image": "icon"});
        layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        let scene = draw(&style(&[(whole, paint)]), vec![point("", 256, 200)]);
        let icon = icons(&scene)[0].clone();
        let bitmap = &scene.images[icon.image];
        (icon.pose, [bitmap.width, bitmap.height])
    };
    assert_eq!(pose(json!({}), json!({})), (Pose::Upright([246, 195]), [20, 10]));
    assert_eq!(pose(json!({"icon-size": 1.5}), json!({})), (Pose::Upright([241, 193]), [30, 15]));
    assert_eq!(
        pose(json!({"icon-anchor": "top-left", "icon-offset": [3, 4]}), json!({})),
        (Pose::Upright([259, 204]), [20, 10])
    );
    assert_eq!(pose(json!({}), json!({"icon-translate": [-2, 5]})), (Pose::Upright([244, 200]), [20, 10]));
    let (turned, size) = pose(json!({"icon-rotate": 90}), json!({}));
    let Pose::Turned([a, b, c, d, e, f]) = turned else { panic!("{turned:?}") };
    assert_eq!(size, [20, 10]);
    assert_near([a, b], [0.0, 1.0], 1e-9);
    assert_near([c, d], [-1.0, 0.0], 1e-9);
    assert_near([e, f], [261.0, 190.0], 1e-9);
}

#[test]
fn an_icon_is_made_as_large_as_its_text() {
    let size = |fit: &str, padding: Json| {
        let layout = json!({"icon-image": "icon", "text-field": "HHHHH", "text-size": 20, "icon-text-fit": fit,
            "icon-text-fit-padding": padding});
        let scene = draw(&style(&[(layout, json!({}))]), vec![point("", 256, 200)]);
        let bitmap = &scene.images[icons(&scene)[0].image];
        [bitmap.width, bitmap.height]
    };
    assert_eq!(size("none", json!([0, 0, 0, 0])), [20, 10]);
    let [width, height] = size("both", json!([0, 0, 0, 0]));
    assert!(width > 70 && height == 24, "{width} {height}");
    assert_eq!(size("both", json!([1, 2, 3, 4])), [width + 6, height + 4]);
    assert_eq!(size("width", json!([0, 0, 0, 0])), [width, 10]);
    assert_eq!(size("height", json!([0, 0, 0, 0])), [20, 24]);
}

#[test]
fn an_sdf_icon_has_the_styles_colours() {
    // Far inside in the west, far outside in the east, the edge after the fourth of eight columns.
    let values = [255u8, 255, 255, 208, 160, 128, 64, 0];
    let pixels: Vec<u8> = (0..8).flat_map(|_| values).flat_map(|alpha| [0, 0, 0, alpha]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 8, 8);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().expect("a header").write_image_data(&pixels).expect("pixels");
    let index = json!({"field": {"x": 0, "y": 0, "width": 8, "height": 8, "sdf": true}}).to_string();
    let colors = |paint: Json| {
        let mut images = Sprite::default();
        images.add_sheet("", index.as_bytes(), &bytes).expect("a sheet");
        let style = style_with(&[(json!({"icon-image": "field"}), paint)], images);
        let scene = draw(&style, vec![point("", 256, 256)]);
        let bitmap = &scene.images[icons(&scene)[0].image];
        [0, 4, 7].map(|x| bitmap.pixel(x, 3))
    };
    let none = [0; 4];
    assert_eq!(colors(json!({"icon-color": "#f00"})), [[255, 0, 0, 255], none, none]);
    let halo = json!({"icon-color": "#f00", "icon-halo-color": "#00f", "icon-halo-width": 2});
    assert_eq!(colors(halo), [[255, 0, 0, 255], [0, 0, 255, 255], none]);
}

#[test]
fn explain_says_why_a_symbol_is_not_there() {
    let layout = json!({"text-field": "{name}", "icon-image": "{icon}", "text-optional": true});
    let style = style(&[(layout, json!({}))]);
    let features = vec![
        point("drawn", 256, 256),
        point("crowded", 260, 256),
        point(&"large".repeat(50), 100, 100),
        Feature::points(&[[800, 800]]),
        Feature::points(&[[800, 1600]]).tag("icon", "nowhere"),
        point("filtered", 400, 400).tag("layer", 7),
    ];
    let ground = Written::at_home(features);
    let cells =
        (7..=9).flat_map(|x| (7..=9).map(move |y| id(14, x, y))).map(|cell| (cell, ground.find(cell))).collect();
    let source = SourceTiles { class: SizeClass::C512, maxzoom: 14, cells };
    let tiles = Tiles::from([("s".to_string(), source)]);
    let viewport = Viewport::of_tile(home(), 512, 1);
    let report = rasterzen::scene::explain(&style, &viewport, &tiles, None, None).expect("an explanation");
    let layer = serde_json::to_value(&report.layers[0]).expect("JSON");
    assert_eq!((&layer["drawn"], &layer["features"]), (&json!(1), &json!(6)), "{layer}");
    let expected = json!({"crowded": 1, "too_large": 1, "unpainted": 1, "no_image": 1, "filter": 1});
    assert_eq!(layer["left_out"], expected);
    assert_eq!(layer["missing_images"], json!(["nowhere"]));
}

#[test]
fn a_style_with_other_fonts_is_another_style() {
    use rasterzen::text::{Fonts, Shaper};
    let bundled = texts_style(json!({}));
    let digest = bundled.digest.clone();
    let with_fonts = bundled.with_fonts(Shaper::new(Fonts::bundled(), 1 << 20));
    assert_ne!(with_fonts.digest, digest);
    let bounds = |style: &Style| first_text(style, vec![point("HHH", 256, 256)]);
    assert_eq!(bounds(&with_fonts), bounds(&texts_style(json!({}))));
}

#[test]
fn the_first_anchor_with_room_is_taken() {
    let ways = |layout: Json| {
        let mut whole = json!({"text-field": "{name}", "text-size": 20, "text-radial-offset": 0.5});
        layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        let below = json!({"text-field": "{name}", "text-size": 20});
        let style = style(&[(whole, json!({})), (below, json!({}))]);
        let scene =
            draw(&style, vec![point("BLOCK", 256, 236).tag("layer", 1), point("HHH", 256, 200).tag("layer", 0)]);
        let all = texts(&scene);
        all.iter().find(|text| text.content == "HHH").map(|text| middle(around(&scene, text)))
    };
    let fixed = ways(json!({"text-anchor": "top"}));
    assert_eq!(fixed, None);
    let above = ways(json!({"text-variable-anchor": ["top", "bottom"]})).expect("a place");
    assert!(above[1] < 195.0, "{above:?}");
    let first = ways(json!({"text-variable-anchor": ["left", "bottom"]})).expect("a place");
    assert!(first[0] > 266.0 && (first[1] - 200.0).abs() < 1.0, "{first:?}");
    let offset = ways(json!({"text-variable-anchor-offset": ["top", [0, 1], "bottom", [0, -3]]})).expect("a place");
    assert!((offset[1] - (200.0 - 60.0 - 12.0)).abs() < 7.0, "{offset:?}");
    // Over others only where there is no place without.
    let over = ways(json!({"text-variable-anchor": ["top", "bottom"], "text-allow-overlap": true})).expect("a place");
    assert!(over[1] < 195.0, "{over:?}");
    let over = ways(json!({"text-variable-anchor": ["top"], "text-allow-overlap": true})).expect("a place");
    assert!(over[1] > 205.0, "{over:?}");
}

#[test]
fn upper_layers_and_lower_keys_come_first() {
    let near = |keys: [i64; 2], layers: [i64; 2]| {
        let layout = json!({"text-field": "{name}", "symbol-sort-key": ["get", "key"]});
        let style = style(&[(layout.clone(), json!({})), (layout, json!({}))]);
        let feature =
            |i: usize| point(["one", "two"][i], 256 + 4 * i as i32, 256).tag("key", keys[i]).tag("layer", layers[i]);
        let scene = draw(&style, vec![feature(0), feature(1)]);
        said(&scene).concat()
    };
    assert_eq!(near([0, 0], [0, 0]), "one");
    assert_eq!(near([2, 1], [0, 0]), "two");
    assert_eq!(near([1, 2], [0, 1]), "two");
    assert_eq!(near([1, 2], [1, 0]), "one");
}

#[test]
fn overlap_is_as_the_style_allows() {
    let both = |first: Json, second: Json| {
        let layout = |more: Json| {
            let mut whole = json!({"text-field": "{name}"});
            more.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
            (whole, json!({}))
        };
        // The upper layer is placed first.
        let style = style(&[layout(second), layout(first)]);
        let scene =
            draw(&style, vec![point("first", 256, 256).tag("layer", 1), point("second", 260, 256).tag("layer", 0)]);
        said(&scene).join(" ")
    };
    assert_eq!(both(json!({}), json!({})), "first");
    assert_eq!(both(json!({}), json!({"text-allow-overlap": true})), "second first");
    assert_eq!(both(json!({"text-allow-overlap": true}), json!({})), "first");
    assert_eq!(both(json!({"text-ignore-placement": true}), json!({})), "second first");
    assert_eq!(both(json!({}), json!({"text-overlap": "cooperative"})), "first");
    assert_eq!(both(json!({"text-overlap": "cooperative"}), json!({"text-overlap": "cooperative"})), "second first");
    assert_eq!(both(json!({"text-overlap": "always"}), json!({"text-overlap": "cooperative"})), "second first");
    assert_eq!(both(json!({}), json!({"text-overlap": "never", "text-allow-overlap": true})), "first");
}

#[test]
fn an_icon_or_a_text_may_be_left_out() {
    let left = |layout: Json, blocked: [bool; 2]| {
        let mut whole =
            json!({"text-field": "{name}", "icon-image": "icon", "text-anchor": "top", "text-offset": [0, 1]});
        layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        let style = style(&[(whole, json!({})), (json!({"text-field": "{name}"}), json!({}))]);
        let mut features = vec![point("text", 256, 256).tag("layer", 0)];
        for (i, y) in [256, 284].into_iter().enumerate().filter(|(i, _)| blocked[*i]) {
            features.push(point(["i", "t"][i], 256, y).tag("layer", 1));
        }
        let scene = draw(&style, features);
        (icons(&scene).len(), said(&scene).contains(&"text"))
    };
    let (required, both) = (json!({}), json!({"icon-optional": true, "text-optional": true}));
    assert_eq!(left(required.clone(), [false, false]), (1, true));
    assert_eq!(left(required.clone(), [true, false]), (0, false));
    assert_eq!(left(required, [false, true]), (0, false));
    assert_eq!(left(json!({"text-optional": true}), [false, true]), (1, false));
    assert_eq!(left(json!({"text-optional": true}), [true, false]), (0, false));
    assert_eq!(left(json!({"icon-optional": true}), [true, false]), (0, true));
    assert_eq!(left(json!({"icon-optional": true}), [false, true]), (0, false));
    assert_eq!(left(both.clone(), [true, false]), (0, true));
    assert_eq!(left(both.clone(), [false, true]), (1, false));
    assert_eq!(left(both, [true, true]), (0, false));
}

#[test]
fn symbols_that_overlap_are_drawn_in_order() {
    let order = |layout: Json| {
        let mut whole = json!({"text-field": "{name}", "text-allow-overlap": true});
        layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        let features = vec![
            point("a", 256, 260).tag("key", 2),
            point("b", 256, 256).tag("key", 3),
            point("c", 256, 264).tag("key", 1),
        ];
        let scene = draw(&style(&[(whole, json!({}))]), features);
        (said(&scene).concat(), symbols(&scene).len())
    };
    assert_eq!(order(json!({})), ("bac".to_string(), 1));
    assert_eq!(order(json!({"symbol-z-order": "source"})), ("abc".to_string(), 1));
    // One run for each key, as icons and texts of one lie over those of another.
    assert_eq!(order(json!({"symbol-sort-key": ["get", "key"]})), ("cab".to_string(), 3));
    assert_eq!(
        order(json!({"symbol-sort-key": ["get", "key"], "symbol-z-order": "viewport-y"})),
        ("bac".to_string(), 1)
    );
}

#[test]
fn a_polygon_has_its_symbol_in_its_middle_and_a_line_at_its_beginning() {
    // An L whose middle of gravity lies outside.
    let l = [[100, 100], [160, 100], [160, 340], [400, 340], [400, 400], [100, 400]].map(|p| p.map(|c| c * UNITS));
    let at = middle(first_text(&texts_style(json!({})), vec![Feature::polygon(&[&l]).tag("name", "HH")]));
    assert!((100.0..165.0).contains(&at[0]) && (335.0..400.0).contains(&at[1]), "{at:?}");
    let at = middle(first_text(&texts_style(json!({})), vec![line("HH", &[[100, 100], [300, 300]])]));
    assert_near(at, [100.0, 100.0], 0.5);
}

#[test]
fn texts_along_lines_stand_upright_and_follow_them() {
    let style = texts_style(json!({"symbol-placement": "line"}));
    let turns = |points: &[[i32; 2]]| {
        let scene = draw(&style, vec![line("HOME ROAD", points)]);
        texts(&scene)
            .iter()
            .map(|text| text.runs.iter().flat_map(|run| run.glyphs.iter().map(|glyph| glyph.turn)).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let there = turns(&[[50, 256], [450, 256]]);
    assert!(!there.is_empty() && there.iter().flatten().all(|turn| *turn == 0), "{there:?}");
    let back = turns(&[[450, 256], [50, 256]]);
    assert!(!back.is_empty() && back.iter().flatten().all(|turn| *turn == 0), "{back:?}");
    let down = turns(&[[50, 50], [450, 450]]);
    assert!(!down.is_empty() && down.iter().flatten().all(|turn| *turn == EIGHTH), "{down:?}");
    // Read from below.
    let steep = turns(&[[256, 50], [256, 450]]);
    assert!(!steep.is_empty() && steep.iter().flatten().all(|turn| *turn == 6 * EIGHTH), "{steep:?}");
    let bent = turns(&[[50, 300], [150, 260], [250, 250], [350, 260], [450, 300]]);
    let distinct: BTreeSet<u16> = bent.iter().flatten().copied().collect();
    assert!(distinct.len() > 1, "{bent:?}");
    // Too sharp a corner, and too short a line.
    assert!(turns(&[[200, 256], [256, 256], [256, 312]]).is_empty());
    assert!(turns(&[[200, 256], [240, 256]]).is_empty());
    let upside_down = texts_style(json!({"symbol-placement": "line", "text-keep-upright": false}));
    let scene = draw(&upside_down, vec![line("HOME ROAD", &[[450, 256], [50, 256]])]);
    assert_eq!(texts(&scene)[0].runs[0].glyphs[0].turn, 4 * EIGHTH);
}

#[test]
fn symbols_stand_along_lines_with_space_between() {
    let middles = |layout: Json, features: Vec<Feature>| {
        let mut whole = json!({"symbol-placement": "line", "symbol-spacing": 120, "text-size": 12});
        layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        let scene = draw(&texts_style(whole), features);
        let mut found: Vec<[f64; 2]> = texts(&scene).iter().map(|text| middle(around(&scene, text))).collect();
        found.sort_by(|a, b| a[0].total_cmp(&b[0]));
        found
    };
    let one = || vec![line("HHH", &[[10, 256], [500, 256]])];
    let found = middles(json!({}), one());
    assert_eq!(found.len(), 4);
    found.windows(2).for_each(|pair| assert_near(pair[1], [pair[0][0] + 120.0, 256.0], 0.1));
    // Two halves of one line are one.
    let halves = || vec![line("HHH", &[[200, 256], [500, 256]]), line("HHH", &[[10, 256], [200, 256]])];
    assert_eq!(middles(json!({}), halves()), found);
    let center = middles(json!({"symbol-placement": "line-center"}), one());
    assert_eq!(center.len(), 1);
    assert_near(center[0], [255.0, 256.0], 0.1);
    // A text below its line, and one that does not turn with it.
    let below = middles(json!({"text-offset": [0, 1]}), one());
    assert_near(below[0], [found[0][0], 268.0], 0.1);
    let plain = middles(json!({"text-rotation-alignment": "viewport"}), vec![line("HHH", &[[256, 10], [256, 500]])]);
    assert!(plain.iter().all(|[x, _]| (*x - 256.0).abs() < 0.5) && plain.len() == 4, "{plain:?}");
}

#[test]
fn a_symbol_belongs_to_the_tile_that_holds_its_point_and_reaches_over_its_edge() {
    // On the edge between two tiles, in both; and at their corners.
    let there = |x: i32, y: i32| vec![point("EDGE", x, y)];
    let [west, east] = [id(14, 8, 8), id(14, 9, 8)];
    let ground = Written::new(vec![(west, there(512, 200)), (east, there(0, 200))]);
    let style = texts_style(json!({"text-ignore-placement": true, "text-allow-overlap": true}));
    let mut places = Vec::new();
    for tile in [west, east] {
        let viewport = Viewport::of_tile(tile, 512, 1);
        let (scene, _) = ground.whole_scene(&style, &viewport);
        let found = texts(&scene);
        assert_eq!(found.len(), 1);
        let [x, y] = middle(around(&scene, found[0]));
        places.push([x + viewport.left as f64, y + viewport.top as f64]);
    }
    assert_near(places[0], places[1], 1e-9);
    // What reaches farther than others look for it is not there.
    let long = texts_style(json!({"text-max-width": 100, "text-size": 40}));
    assert_eq!(said(&draw(&long, vec![point(&"H".repeat(40), 256, 256)])), [""; 0]);
    assert_eq!(
        said(&draw(
            &texts_style(json!({"symbol-avoid-edges": true})),
            vec![point("HHHHHH", 5, 256), point("HH", 256, 256)]
        )),
        ["HH"]
    );
}

#[test]
fn a_map_that_is_turned_turns_what_is_aligned_with_it() {
    let turns = |layout: Json, feature: Feature| {
        let mut viewport = Viewport::of_tile(home(), 512, 1);
        viewport.turn = Some(rasterzen::viewport::Turn { bearing: 90.0, pivot: [256.0, 256.0] });
        let (scene, _) = Written::at_home(vec![feature]).whole_scene(&texts_style(layout), &viewport);
        let found = texts(&scene);
        (found[0].runs[0].glyphs[0].turn, middle(around(&scene, found[0])))
    };
    // East is up: what lies in the east comes to lie above the pivot.
    let (turn, at) = turns(json!({}), point("HH", 356, 256));
    assert_eq!(turn, 0);
    assert_near(at, [256.0, 156.0], 0.5);
    assert_eq!(turns(json!({"text-rotation-alignment": "map"}), point("HH", 356, 256)).0, 6 * EIGHTH);
    let (turn, at) = turns(json!({"symbol-placement": "line"}), line("HHHHHH", &[[256, 10], [256, 500]]));
    assert_eq!(turn, 0);
    assert!((at[1] - 256.0).abs() < 0.5, "{at:?}");
}

#[test]
fn each_polygon_of_a_feature_has_its_symbol_whichever_way_its_rings_run() {
    let square = |x: i32| [[x, 800], [x + 800, 800], [x + 800, 1600], [x, 1600]];
    let (west, east) = (square(400), square(2400));
    let reversed = |ring: [[i32; 2]; 4]| [ring[3], ring[2], ring[1], ring[0]];
    for rings in [[west, east], [reversed(west), reversed(east)]] {
        let islands = Feature::polygon(&[&rings[0], &rings[1]]).tag("name", "HH");
        let scene = draw(&texts_style(json!({})), vec![islands]);
        assert_eq!(said(&scene), ["HH", "HH"]);
    }
}

#[test]
fn an_icon_stands_where_its_text_comes_to_nothing() {
    let layout = json!({"text-field": ["format", ["image", "nowhere"], {}], "icon-image": "icon"});
    let scene = draw(&style(&[(layout, json!({}))]), vec![point("", 256, 200)]);
    assert_eq!(icons(&scene).len(), 1);
}

#[test]
fn icons_along_lines_do_not_bend_and_stand_at_corners_too() {
    let corner = || line("", &[[100, 256], [256, 256], [256, 412]]);
    for placement in ["line", "line-center"] {
        let layout = json!({"symbol-placement": placement, "icon-image": "icon", "symbol-spacing": 156});
        let scene = draw(&style(&[(layout, json!({}))]), vec![corner()]);
        assert!(!icons(&scene).is_empty(), "{placement}");
    }
    let middle = json!({"symbol-placement": "line-center", "icon-image": "icon"});
    assert_eq!(icons(&draw(&style(&[(middle, json!({}))]), vec![corner()])).len(), 1);
}

#[test]
fn marks_over_marks_are_seen_in_the_tile_above() {
    let name = format!("A{}", "\u{301}".repeat(8));
    let ground = Written::at_home(vec![point(&name, 256, 60)]);
    let style = texts_style(json!({"text-size": 40}));
    let whole = ground.whole_scene(&style, &Viewport::of_tile(home(), 512, 1)).0;
    let [_, top, _, _] = around(&whole, texts(&whole)[0]);
    assert!(top < -10.0, "{top}");
    let above = ground.whole_scene(&style, &Viewport::of_tile(id(14, 8, 7), 512, 1)).0;
    assert_eq!(said(&above), [name]);
}

#[test]
fn what_is_not_there_is_asked_for_and_what_depends_on_it_is_not_drawn() {
    let style = texts_style(json!({}));
    let scene = |viewport: &Viewport, there: &[TileId]| {
        let ground = Written::at_home(vec![point("middle", 380, 120), point("edge", 500, 200)]);
        let cells = there.iter().map(|cell| (*cell, ground.find(*cell))).collect();
        let source = SourceTiles { class: SizeClass::C512, maxzoom: 14, cells };
        let tiles = Tiles::from([("s".to_string(), source)]);
        let placed = place(&style, viewport, &tiles, None);
        (placed.wanting.clone(), build(&style, viewport, &tiles, placed).expect("a scene"))
    };
    // A quarter of the tile: the east is needed for what lies at that edge, and to know that nothing else reaches in.
    let quarter = Viewport::of_tile(id(15, 17, 16), 256, 1);
    let (wanting, alone) = scene(&quarter, &[home()]);
    let cells: Vec<String> = wanting.iter().map(|(source, cell)| format!("{source} {cell}")).collect();
    assert_eq!(cells, ["s 14/8/7", "s 14/9/7", "s 14/9/8"]);
    let around: Vec<TileId> = (7..=9).flat_map(|x| (7..=9).map(move |y| id(14, x, y))).collect();
    let (wanting, whole) = scene(&quarter, &around);
    assert_eq!(wanting, []);
    assert_eq!(said(&whole), ["middle", "edge"]);
    // What touches them could come from over there.
    assert!(said(&alone).is_empty(), "{:?}", said(&alone));
    // There is nothing beyond the poles, and the world goes on in the west.
    let world = Viewport::of_tile(id(2, 0, 0), 512, 1);
    let mut wanted: Vec<String> = scene(&world, &[]).0.iter().map(|(_, cell)| cell.to_string()).collect();
    wanted.sort();
    assert_eq!(wanted, ["2/0/0", "2/0/1", "2/1/0", "2/1/1", "2/3/0", "2/3/1"]);
}

#[test]
fn hostile_features_and_styles_end_and_draw_nothing_wild() {
    let mut random = fastrand::Rng::with_seed(21);
    let crowd = |random: &mut fastrand::Rng| -> Vec<Feature> {
        (0..6000).map(|i| point(&format!("P{}", i % 50), random.i32(30..130), random.i32(30..130))).collect()
    };
    let far = json!([1e300, -1e300]);
    for (layout, paint) in [
        (json!({"text-offset": far, "icon-image": "icon", "icon-offset": far}), json!({"text-translate": far})),
        (json!({"text-size": 1e300, "icon-image": "icon", "icon-size": 1e300}), json!({"text-halo-width": 1e300})),
        (json!({"text-letter-spacing": 1e300, "text-line-height": -1e300}), json!({})),
        (json!({"text-rotate": 1e300, "icon-image": "icon", "icon-rotate": -1e300}), json!({"text-halo-blur": 1e300})),
        (json!({"text-padding": 1e300, "icon-image": "icon", "icon-padding": [1e300, -1e300]}), json!({})),
        (
            json!({"text-max-width": 0, "text-max-angle": -1, "symbol-spacing": 0, "symbol-placement": "line"}),
            json!({}),
        ),
        (json!({"text-size": 0, "icon-image": "icon", "icon-size": 0}), json!({})),
    ] {
        let mut whole = json!({"text-field": "{name}", "text-allow-overlap": true, "icon-allow-overlap": true});
        layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
        let zigzag: Vec<[i32; 2]> = (0..400).map(|i| [i % 7 * 60, i]).collect();
        let features = vec![point("a", 256, 256), line("b", &zigzag), point(&"long ".repeat(100_000), 256, 256)];
        let scene = draw(&style(&[(whole, paint)]), features);
        for text in texts(&scene) {
            let near = |at: i32| (-600 * 256..1200 * 256).contains(&at);
            assert!(text.runs.iter().flat_map(|run| &run.glyphs).all(|glyph| glyph.at.iter().all(|&c| near(c))));
        }
    }
    let crowded = draw(&texts_style(json!({"symbol-sort-key": 1})), crowd(&mut random));
    assert!(texts(&crowded).len() > 5);
    // So many over one another, and no more.
    let heap = draw(&texts_style(json!({"text-allow-overlap": true})), crowd(&mut random));
    let count = texts(&heap).len();
    assert_eq!(count, 2000);
}

/// Symbols of random boxes, each with one to three places of one or two parts near one point.
fn random_nodes(random: &mut fastrand::Rng, count: usize, side: i64) -> Vec<Node<usize>> {
    let mut nodes = Vec::new();
    for i in 0..count {
        let at = [0, 1].map(|_| random.i64(0..side) * PX);
        let mut places = Vec::new();
        for _ in 0..random.usize(1..=3) {
            let mut parts = Vec::new();
            for _ in 0..random.usize(1..=2) {
                let min = at.map(|c| c + random.i64(-60..60) * PX);
                let max = [min[0] + random.i64(10..90) * PX, min[1] + random.i64(10..30) * PX];
                let overlap = match random.u32(0..8) {
                    0 => Overlap::Always,
                    1 => Overlap::Cooperative,
                    _ => Overlap::Never,
                };
                let (is_shy, is_ignored) = (random.u32(0..9) == 0, random.u32(0..9) == 0);
                parts.push(Part { boxes: vec![Rect { min, max }], overlap, is_shy, is_ignored });
            }
            places.push(Place { parts });
        }
        let rank = Rank { layer: i % 3, sort_key: (i * 7 % 5) as f64, feature: i, anchor: 0, cell: (home(), 0) };
        nodes.push(Node { rank, places, drawn: i });
    }
    nodes
}

fn blocks(part: &Part, other: &Part) -> bool {
    let overlap = if part.is_shy { Overlap::Never } else { part.overlap };
    let (a, b) = (part.boxes[0], other.boxes[0]);
    let meet = (0..2).all(|i| a.min[i] < b.max[i] && b.min[i] < a.max[i]);
    let may = overlap == Overlap::Always || (overlap == Overlap::Cooperative && other.overlap != Overlap::Never);
    meet && !may && !other.is_ignored
}

/// Each from the first in rank takes its first place that is free: by the number of the node, which place.
fn greedy(nodes: &[Node<usize>]) -> Vec<Option<usize>> {
    let mut order: Vec<&Node<usize>> = nodes.iter().collect();
    order.sort_by(|a, b| {
        let keys = a.rank.sort_key.total_cmp(&b.rank.sort_key);
        b.rank.layer.cmp(&a.rank.layer).then(keys).then(a.rank.feature.cmp(&b.rank.feature))
    });
    let mut taken: Vec<&Place> = Vec::new();
    let mut found = vec![None; nodes.len()];
    for node in order {
        let is_free = |place: &&Place| {
            let others = || taken.iter().flat_map(|place| &place.parts);
            place.parts.iter().all(|part| others().all(|other| !blocks(part, other)))
        };
        let place = node.places.iter().position(|place| is_free(&place));
        found[node.drawn] = place;
        taken.extend(place.map(|place| &node.places[place]));
    }
    found
}

#[test]
fn what_is_decided_is_what_greedy_placement_decides() {
    let mut random = fastrand::Rng::with_seed(11);
    let (mut placed, mut unknown, mut wrong) = (0, 0, 0);
    for side in [700, 1500, 4000] {
        for _ in 0..20 {
            let nodes = random_nodes(&mut random, 300, side);
            let expected = greedy(&nodes);
            let mut field = Field::new(nodes);
            // In any order.
            let mut order: Vec<usize> = (0..300).collect();
            random.shuffle(&mut order);
            for i in order {
                let found = field.place(i, &mut |_| true);
                match (found, expected[field.nodes()[i].drawn]) {
                    (None, Some(_)) => unknown += 1,
                    (found, expected) if found == expected => placed += usize::from(found.is_some()),
                    _ => wrong += 1,
                }
            }
        }
    }
    assert_eq!(wrong, 0);
    assert!(placed > 5000, "{placed}");
    assert!(unknown * 100 < placed, "{unknown} of {placed} are too hard to tell");
}

#[test]
fn nothing_is_decided_where_not_all_is_known() {
    let mut random = fastrand::Rng::with_seed(12);
    // Beyond a line nobody knows anything: what is decided all the same is right, and there is some of it.
    let edge = 600 * PX;
    let nodes = random_nodes(&mut random, 400, 1200);
    let expected = greedy(&nodes);
    let is_known = |node: &Node<usize>| {
        node.places.iter().flat_map(|place| &place.parts).all(|part| part.boxes[0].max[0] < edge + 300 * PX)
    };
    let known: Vec<Node<usize>> = nodes.into_iter().filter(is_known).collect();
    let mut field = Field::new(known);
    let mut placed = 0;
    for i in 0..field.nodes().len() {
        if let Some(place) = field.place(i, &mut |rect| rect.max[0] < edge) {
            assert_eq!(expected[field.nodes()[i].drawn], Some(place));
            placed += 1;
        }
    }
    assert!(placed > 30, "{placed}");
}

/// A viewport somewhere on the sample map.
fn somewhere(random: &mut fastrand::Rng, zoom: f64, most: u32) -> Viewport {
    let places = [[7.4215, 43.7345], [13.26, 53.55], [13.2603, 53.5569], [10.0, 48.0]];
    let [lon, lat] = places[random.usize(..places.len())];
    let beside = 300.0 / (512.0 * f64::powf(2.0, zoom));
    let center = [lon + random.f64() * beside * 360.0, lat - random.f64() * beside * 200.0];
    let size = [random.u32(most / 3..most), random.u32(most / 3..most)];
    Viewport::around(center, zoom, 0.0, size, 1)
}

/// The texts and icons that are seen in a rectangle of the world (left, top, right, bottom in pixels), with where.
fn seen(scene: &Scene, viewport: &Viewport, rect: [i64; 4]) -> BTreeSet<String> {
    let corner = [viewport.left, viewport.top];
    let mut found = BTreeSet::new();
    for (layer, symbols) in symbols(scene) {
        for text in &symbols.texts {
            let bounds = around(scene, text);
            let within = (0..2).all(|i| {
                let by = corner[i] as f64;
                bounds[i] + by < rect[i + 2] as f64 && bounds[i + 2] + by > rect[i] as f64
            });
            if within {
                let glyphs = text.runs.iter().flat_map(|run| &run.glyphs);
                let places: Vec<String> = glyphs
                    .map(|glyph| {
                        let at = [0, 1].map(|i| i64::from(glyph.at[i]) + corner[i] * PX);
                        format!("{at:?} {}", glyph.turn)
                    })
                    .collect();
                found.insert(format!("{layer} {} {places:?} {:?}", text.content, text.halo));
            }
        }
        for icon in &symbols.icons {
            let Pose::Upright(at) = icon.pose else { panic!("nothing is turned here") };
            let (at, bitmap) = ([0, 1].map(|i| at[i] + corner[i]), &scene.images[icon.image]);
            let size = [bitmap.width, bitmap.height].map(i64::from);
            if (0..2).all(|i| at[i] < rect[i + 2] && at[i] + size[i] > rect[i]) {
                found.insert(format!("{layer} {} {at:?}", icon.name));
            }
        }
    }
    found
}

#[test]
fn tiles_and_the_whole_show_the_same_symbols() {
    let (sample, style) = (Sample::new(), map_style());
    let mut random = fastrand::Rng::with_seed(4);
    let (mut compared, mut asked_at_most) = (0, 0);
    for zoom in [3.0, 5.0, 11.0, 13.0, 14.0, 15.0, 16.0] {
        let viewport = somewhere(&mut random, zoom, 1000);
        let (whole, _) = sample.whole_scene(&style, &viewport);
        let size = if random.bool() { 256 } else { 512 };
        let z = zoom as i64 + i64::from(size == 256);
        let side = i64::from(size);
        let [left, top] = [viewport.left, viewport.top];
        let [right, bottom] = [left + i64::from(viewport.width), top + i64::from(viewport.height)];
        for y in top.div_euclid(side)..=(bottom - 1).div_euclid(side) {
            for x in left.div_euclid(side)..=(right - 1).div_euclid(side) {
                let Some(tile) = TileId::new(z as u8, x.rem_euclid(1 << z) as u32, y.try_into().unwrap_or(u32::MAX))
                else {
                    continue;
                };
                let part = Viewport { left: x * side, ..Viewport::of_tile(tile, size, 1) };
                let (scene, asked) = sample.whole_scene(&style, &part);
                asked_at_most = asked_at_most.max(asked);
                let rect =
                    [left.max(x * side), top.max(y * side), right.min((x + 1) * side), bottom.min((y + 1) * side)];
                let (ours, theirs) = (seen(&scene, &part, rect), seen(&whole, &viewport, rect));
                assert_eq!(ours, theirs, "{tile} of {size} at zoom {zoom}");
                compared += ours.len();
            }
        }
    }
    assert!(compared > 200, "only {compared} symbols");
    assert!(asked_at_most <= 6, "{asked_at_most}");
}

#[test]
fn parts_of_a_picture_show_its_symbols_at_any_zoom_and_bearing() {
    let (sample, style) = (Sample::new(), map_style());
    let mut random = fastrand::Rng::with_seed(6);
    let mut compared = 0;
    for (zoom, bearing) in [(13.4, 0.0), (15.7, 0.0), (14.0, 30.0), (12.6, 200.0)] {
        let picture = Viewport::around([13.2603, 53.5569], zoom, bearing, [800, 600], 1);
        let (whole, _) = sample.whole_scene(&style, &picture);
        for _ in 0..3 {
            let (left, top) = (random.u32(..600), random.u32(..400));
            let part = picture.part(left, top, random.u32(50..200), random.u32(50..200));
            let (scene, _) = sample.whole_scene(&style, &part);
            let rect = [part.left, part.top, part.left + i64::from(part.width), part.top + i64::from(part.height)];
            let ours = seen(&scene, &part, rect);
            assert_eq!(ours, seen(&whole, &picture, rect), "{part:?}");
            compared += ours.len();
        }
    }
    assert!(compared > 50, "only {compared} symbols");
}

#[test]
fn no_two_texts_lie_over_each_other() {
    let (sample, style) = (Sample::new(), map_style());
    let mut random = fastrand::Rng::with_seed(9);
    let mut compared = 0;
    for zoom in [2.0, 4.0, 10.0, 13.0, 14.0, 15.5, 17.0] {
        let viewport = somewhere(&mut random, zoom, 1200);
        let (scene, _) = sample.whole_scene(&style, &viewport);
        // Straight ones: the rectangle around a slanted text is larger than the text.
        let is_straight = |text: &&&Text| text.runs.iter().all(|run| run.glyphs.iter().all(|glyph| glyph.turn == 0));
        let all = texts(&scene);
        let boxes: Vec<([f64; 4], &str)> =
            all.iter().filter(is_straight).map(|text| (around(&scene, text), &*text.content)).collect();
        for (i, (a, name)) in boxes.iter().enumerate() {
            for (b, other) in &boxes[..i] {
                let meet = (0..2).all(|axis| a[axis] < b[axis + 2] && b[axis] < a[axis + 2]);
                assert!(!meet, "{name} over {other} at zoom {zoom}");
            }
        }
        compared += boxes.len();
    }
    assert!(compared > 100, "only {compared} texts");
}
