//! `rasterzen explain`: what each layer draws and leaves out, every reason once, one feature's way, and that the counts
//! are those of the picture.

use crate::cli::{directory, run, run_in, write};
use crate::tile_writer::{Feature, Layer, tile};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const TILE: &str = "14/8529/5974";

fn text(directory: &Path, args: &[&str]) -> String {
    String::from_utf8(run(directory, &[&["explain"], args].concat())).expect("UTF-8")
}

fn json_of(directory: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&text(directory, &[args, &["--json"]].concat())).expect("JSON")
}

/// A tile 0/0/0 with features of all kinds, and a style that leaves each of them out for a reason of its own.
fn reasons() -> TempDir {
    let dir = directory();
    let square = |at: i32| [[at, at], [at + 100, at], [at + 100, at + 100], [at, at + 100]];
    let land = Layer::new("land")
        .with(Feature::polygon(&[&square(1000)]).id(1).tag("kind", "park").tag("name", "A\u{1b}[31m"))
        .with(Feature::polygon(&[&square(2000)]).id(2).tag("kind", "wood").tag("rank", 5.0))
        .with(Feature::polygon(&[&square(9000)]).id(3).tag("kind", "park"))
        .with(Feature::line(&[[0, 0], [4000, 4000]]).id(4).tag("kind", "park"))
        .with(Feature::points(&[[2000, 2000]]).id(5).tag("id", "way/77"));
    write(&dir.path().join("tiles/0/0/0.mvt"), tile(&[land]));
    let layer = |id: &str, kind: &str, rest: Value| {
        let mut layer = json!({ "id": id, "type": kind, "source": "s", "source-layer": "land" });
        for (name, value) in rest.as_object().expect("members") {
            layer[name] = value.clone();
        }
        layer
    };
    let style = json!({
        "version": 8,
        "sources": {
            "s": { "type": "vector", "tiles": ["tiles/{z}/{x}/{y}.mvt"], "maxzoom": 0 },
            "far": { "type": "vector", "tiles": ["tiles/{z}/{x}/{y}.mvt"], "minzoom": 1 },
            "photo": { "type": "raster", "tiles": ["tiles/{z}/{x}/{y}.png"] },
        },
        "sprite": "sprite",
        "layers": [
            { "id": "paper", "type": "background" },
            { "id": "glass", "type": "background", "paint": { "background-opacity": 0 } },
            { "id": "tiled", "type": "background", "paint": { "background-pattern": "nowhere" } },
            { "id": "photo", "type": "raster", "source": "photo" },
            layer("flames", "heatmap", json!({})),
            layer("parks", "fill", json!({ "filter": ["all", ["has", "kind"], ["==", ["get", "kind"], "park"]] })),
            layer("ranks", "fill", json!({ "filter": [">", ["number", ["get", "rank"]], 3] })),
            layer("clear", "fill", json!({ "paint": { "fill-color": "rgba(0, 0, 0, 0)" } })),
            layer("faint", "fill", json!({ "paint": { "fill-layer-opacity": 0 } })),
            layer("stamped", "fill", json!({ "paint": { "fill-pattern": ["get", "kind"] } })),
            layer("hairs", "line", json!({ "paint": { "line-width": 0 } })),
            layer("lines", "line", json!({ "paint": { "line-width": ["get", "rank"] } })),
            layer("dots", "circle", json!({ "paint": { "circle-radius": 0 } })),
            layer("hidden", "fill", json!({ "layout": { "visibility": "none" } })),
            layer("later", "fill", json!({ "minzoom": 5 })),
            layer("sooner", "fill", json!({ "maxzoom": 0 })),
            layer("never", "fill", json!({ "filter": [">", ["zoom"], 5] })),
            layer("absent", "fill", json!({ "source-layer": "nowhere" })),
            layer("beyond", "fill", json!({ "source": "far" })),
            layer("odd", "fill", json!({ "paint": { "fill-glow": 3 } })),
        ],
    });
    write(&dir.path().join("style.json"), style.to_string());
    write(&dir.path().join("sprite.json"), r#"{"park": {"x": 0, "y": 0, "width": 4, "height": 4, "pixelRatio": 1}}"#);
    let sprite = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/styles/sprite.png"));
    write(&dir.path().join("sprite.png"), sprite.expect("a sprite"));
    dir
}

const REASONS: [&str; 7] = ["0/0/0", "--style", "style.json", "--size", "512", "--log", "error"];

#[test]
fn the_table_of_monaco_is_as_it_was_looked_at() {
    let dir = directory();
    let table = text(dir.path(), &[TILE, "--style", "light"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/goldens/explain-light-14-8529-5974.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &table).expect("a golden");
        panic!("the golden was written: look at it, then run without UPDATE_GOLDENS");
    }
    assert_eq!(table, std::fs::read_to_string(&path).expect("a golden"));
}

#[test]
fn counts_are_those_of_the_picture() {
    let dir = directory();
    for (tile, size) in [(TILE, "512"), ("15/17059/11948", "256"), ("2/2/1", "256")] {
        let explained = json_of(dir.path(), &[tile, "--size", size]);
        assert_eq!((&explained["tile"], &explained["style"]), (&json!(tile), &json!("light")));
        let svg = run(dir.path(), &["render", tile, "--size", size, "--format", "svg", "-o", "-"]);
        let svg = String::from_utf8(svg).expect("UTF-8");
        for layer in explained["layers"].as_array().expect("layers") {
            let count = |name: &str| layer[name].as_u64().expect(name);
            let left_out: u64 = layer["left_out"].as_object().expect("causes").values().filter_map(Value::as_u64).sum();
            if layer["reason"].is_null() {
                assert_eq!(count("features"), count("drawn") + left_out, "{tile}: {layer}");
            }
            let id = layer["id"].as_str().expect("an id");
            let drawn = count("drawn") + count("drawn_from_neighbours") > 0;
            let in_svg = svg.contains(&format!("\"{id}\"")) || id == "background";
            assert_eq!(drawn, in_svg, "{tile}: {id}");
        }
    }
}

#[test]
fn every_reason_is_told() {
    let dir = reasons();
    let explained = json_of(dir.path(), &REASONS);
    let layer = |id: &str| {
        let layers = explained["layers"].as_array().expect("layers");
        layers.iter().find(|layer| layer["id"] == id).unwrap_or_else(|| panic!("no layer {id}")).clone()
    };
    // All layers stand where they stand in the style, those that are not drawn too.
    let ids = explained["layers"].as_array().expect("layers").iter().map(|layer| layer["id"].as_str().expect("an id"));
    let expected = "paper glass tiled photo flames parks ranks clear faint stamped hairs lines dots hidden later sooner \
                    never absent beyond odd";
    assert_eq!(ids.collect::<Vec<_>>().join(" "), expected);
    for (id, code, words) in [
        ("glass", "unpainted", "transparent"),
        ("tiled", "no_image", "\"nowhere\""),
        ("photo", "no_tile", "\"photo\""),
        ("flames", "unsupported", "\"heatmap\""),
        ("faint", "unpainted", "fill-layer-opacity is 0"),
        ("hidden", "visibility", "none"),
        ("later", "minzoom", "from zoom 5 on; this is 0"),
        ("sooner", "maxzoom", "below zoom 0; this is 0"),
        ("never", "filter", "nothing through at this zoom"),
        ("absent", "no_source_layer", "\"nowhere\""),
        ("beyond", "no_tile", "\"far\""),
    ] {
        let reason = &layer(id)["reason"];
        assert_eq!(reason["code"], code, "{id}: {reason}");
        assert!(reason["text"].as_str().is_some_and(|text| text.contains(words)), "{id}: {reason}");
        assert_eq!(layer(id)["drawn"], 0, "{id}");
    }
    // Five features: three areas, one of them outside, a line and a point.
    for (id, drawn, left_out) in [
        ("paper", 1, json!({})),
        ("parks", 1, json!({ "geometry": 2, "filter": 1, "outside": 1 })),
        ("ranks", 1, json!({ "geometry": 2, "filter_failed": 1, "outside": 1 })),
        ("clear", 0, json!({ "geometry": 2, "unpainted": 2, "outside": 1 })),
        ("stamped", 1, json!({ "geometry": 2, "no_image": 1, "outside": 1 })),
        ("hairs", 0, json!({ "geometry": 1, "unpainted": 3, "outside": 1 })),
        ("lines", 3, json!({ "geometry": 1, "outside": 1 })),
        ("dots", 0, json!({ "unpainted": 4, "outside": 1 })),
        ("odd", 2, json!({ "geometry": 2, "outside": 1 })),
    ] {
        let layer = layer(id);
        assert_eq!((&layer["drawn"], &layer["left_out"]), (&json!(drawn), &left_out), "{layer}");
        assert!(layer["reason"].is_null(), "{layer}");
    }
    assert_eq!(layer("stamped")["missing_images"], json!(["wood"]));
    let failure = &layer("lines")["failures"][0];
    assert_eq!((&failure["property"], &failure["features"]), (&json!("line-width"), &json!(2)), "{failure}");
    assert!(layer("odd")["warnings"][0].as_str().is_some_and(|text| text.contains("fill-glow")));
    let table = text(dir.path(), &REASONS);
    let row = |id: &str| table.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{id}: {table}"));
    assert!(row("ranks").ends_with("geometry 2, filter failed 1, outside 1"), "{table}");
    assert!(row("later").ends_with("all: drawn from zoom 5 on; this is 0"), "{table}");
    assert!(table.contains("! there is no image \"wood\""), "{table}");
    assert!(table.contains("! line-width has its default for 2: "), "{table}");
    assert!(table.contains("! layers[19].paint.fill-glow: "), "{table}");
}

#[test]
fn a_feature_is_followed_through_the_layers() {
    let dir = reasons();
    let follow = |name: &str| json_of(dir.path(), &[&REASONS[..], &["--feature", name]].concat())["features"].clone();
    let found = follow("land/2");
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    let feature = &found[0];
    assert_eq!(
        (&feature["source"], &feature["source_layer"], &feature["tile"], &feature["neighbour"], &feature["id"]),
        (&json!("s"), &json!("land"), &json!("0/0/0"), &json!(false), &json!(2))
    );
    let geometry =
        json!({ "type": "Polygon", "parts": 1, "vertices": 4, "bounds": [2000, 2000, 2100, 2100], "extent": 4096 });
    assert_eq!(feature["geometry"], geometry);
    assert_eq!(feature["properties"], json!({ "kind": "wood", "rank": 5.0 }));
    let outcome = |id: &str| {
        let outcomes = feature["layers"].as_array().expect("layers");
        outcomes.iter().find(|outcome| outcome["layer"] == id).unwrap_or_else(|| panic!("no layer {id}")).clone()
    };
    // Only those that read its source layer.
    let ids: Vec<&str> =
        feature["layers"].as_array().expect("layers").iter().filter_map(|l| l["layer"].as_str()).collect();
    assert_eq!(ids.join(" "), "parks ranks clear faint stamped hairs lines dots hidden later sooner never odd");
    for (id, code, words) in [
        ("parks", "filter", r#"refused by filter[2]: ["==",["get","kind"],"park"]"#),
        ("clear", "unpainted", "transparent"),
        ("stamped", "no_image", "\"wood\""),
        ("hidden", "visibility", "none"),
    ] {
        let outcome = outcome(id);
        assert_eq!((&outcome["drawn"], &outcome["reason"]["code"]), (&json!(false), &json!(code)), "{outcome}");
        assert!(outcome["reason"]["text"].as_str().is_some_and(|text| text.contains(words)), "{outcome}");
    }
    let lines = outcome("lines");
    assert_eq!((&lines["drawn"], &lines["properties"]["line-width"]), (&json!(true), &json!(5.0)), "{lines}");
    assert_eq!((&lines["properties"]["line-cap"], &lines["reason"]), (&json!("butt"), &Value::Null));
    // A property that is not there: the default, and why.
    let line = &follow("4")[0]["layers"].as_array().expect("layers").clone();
    let lines = line.iter().find(|outcome| outcome["layer"] == "lines").expect("a layer");
    assert_eq!(lines["properties"]["line-width"], 1.0, "{lines}");
    assert!(lines["failures"]["line-width"].is_string(), "{lines}");
    // A filter that cannot be evaluated says so.
    let ranks = follow("1")[0]["layers"][1].clone();
    assert_eq!(ranks["reason"]["code"], "filter_failed", "{ranks}");
    assert!(ranks["reason"]["text"].as_str().is_some_and(|text| text.contains("number")), "{ranks}");
    // By its property too, which may hold a slash.
    for name in ["5", "land/5", "way/77", "land/way/77"] {
        assert_eq!(follow(name)[0]["id"], 5, "{name}");
    }
    // What a stranger wrote does nothing to a terminal.
    let shown = text(dir.path(), &[&REASONS[..], &["--feature", "1"]].concat());
    assert!(shown.contains("name=A\u{fffd}[31m") && !shown.contains('\u{1b}'), "{shown}");
    assert!(shown.contains("  Polygon: parts 1, vertices 4, x 1000 to 1100, y 1000 to 1100 of 4096"), "{shown}");
}

#[test]
fn misuse_is_told() {
    let dir = directory();
    for (args, code, words) in [
        (&["explain"][..], 2, "Z/X/Y"),
        (&["explain", "14/8529"], 2, "Z/X/Y"),
        (&["explain", "2/4/0"], 2, "outside of the world"),
        (&["explain", TILE, "--style", "nowhere.json"], 2, "nowhere.json"),
        (&["explain", TILE, "--style", "light", "--style", "x=light"], 2, "several styles"),
        (&["explain", TILE, "--size", "300"], 2, "256 or 512"),
        (&["explain", TILE, "--feature", "roads/"], 2, "ID or LAYER/ID"),
        (&["explain", TILE, "--feature", "water/4097656"], 1, "water/4097656"),
        (&["explain", TILE, "--source", "http://127.0.0.1:9/{z}/{x}/{y}.mvt"], 1, TILE),
    ] {
        let ended = run_in(dir.path(), &[], args);
        assert_eq!(ended.code, Some(code), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words) && ended.stdout.is_empty(), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn symbols_have_reasons_of_their_own_and_names_a_language() {
    let dir = directory();
    let px = |points: &[[i32; 2]]| points.iter().map(|p| p.map(|c| c * 8)).collect::<Vec<_>>();
    let line = |name: &str, points: &[[i32; 2]]| Feature::line(&px(points)).tag("name", name);
    let point = |name: &str, at: [i32; 2]| Feature::points(&px(&[at])).tag("name", name);
    let roads = Layer::new("roads")
        .with(line("HHHHHHHHHH", &[[20, 20], [60, 20]]).id(1).tag("name:de", "HH"))
        .with(line("HHHH", &[[100, 100], [300, 100]]).id(2))
        .with(line("HHHH", &[[300, 100], [500, 100]]).id(3));
    let places = Layer::new("places")
        .with(point("HHHHHH", [5, 250]).id(1))
        .with(point(&"H".repeat(60), [256, 300]).id(2))
        .with(point("HHHH", [256, 400]).id(3))
        .with(point("HHHH", [260, 400]).id(4));
    // Each touches the next.
    let row = (0..12).fold(Layer::new("row"), |row, i| row.with(point("HHHH", [30 + 40 * i, 200])));
    write(&dir.path().join("tiles/0/0/0.mvt"), tile(&[roads, places, row]));
    let layer = |from: &str, layout: Value| {
        let mut whole = json!({"text-field": "{name}", "text-max-width": 1000});
        layout.as_object().expect("members").iter().for_each(|(name, value)| whole[name] = value.clone());
        json!({ "id": from, "type": "symbol", "source": "s", "source-layer": from, "layout": whole })
    };
    let style = json!({
        "version": 8,
        "sources": { "s": { "type": "vector", "tiles": ["tiles/{z}/{x}/{y}.mvt"], "maxzoom": 0 } },
        "layers": [
            layer("roads", json!({"symbol-placement": "line"})),
            layer("places", json!({"symbol-avoid-edges": true})),
            layer("row", json!({})),
        ],
    });
    write(&dir.path().join("style.json"), style.to_string());
    let left_out = |explained: &Value, layer: usize| explained["layers"][layer]["left_out"].clone();
    let explained = json_of(dir.path(), &REASONS);
    assert_eq!(left_out(&explained, 0), json!({ "no_room": 1, "joined": 1 }));
    assert_eq!(left_out(&explained, 1), json!({ "over_edge": 1, "too_large": 1, "crowded": 1 }));
    let row = left_out(&explained, 2);
    assert!(row["crowded"].as_u64() > Some(2) && row["undecided"].as_u64() > Some(1), "{row}");
    for (name, code, words) in [
        ("roads/1", "no_room", "too short"),
        ("roads/3", "joined", "put together"),
        ("places/1", "over_edge", "symbol-avoid-edges"),
        ("places/2", "too_large", "too far"),
        ("places/4", "crowded", "other symbols"),
    ] {
        let followed = json_of(dir.path(), &[&REASONS[..], &["--feature", name]].concat());
        let reason = &followed["features"][0]["layers"][0]["reason"];
        assert_eq!(reason["code"], code, "{name}: {reason}");
        assert!(reason["text"].as_str().is_some_and(|text| text.contains(words)), "{name}: {reason}");
    }
    let german = json_of(dir.path(), &[&REASONS[..], &["--lang", "de", "--feature", "roads/1"]].concat());
    assert_eq!(left_out(&german, 0), json!({ "joined": 1 }));
    let outcome = &german["features"][0]["layers"][0];
    assert_eq!((&outcome["drawn"], &outcome["properties"]["text-field"]), (&json!(true), &json!("HH")));
    let ended = run_in(dir.path(), &[], &[&["explain"], &REASONS[..], &["--lang", "!"]].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}
