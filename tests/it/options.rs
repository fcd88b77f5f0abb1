//! go-rasterzen's SVG options as a style: what is drawn from them, what is refused, and the style that is made of them.

use crate::cli::{directory, run, run_in, write};
use crate::tile_writer::{Feature, Layer, tile};
use std::fs;
use std::path::{Path, PathBuf};

/// A tile in the middle of Monaco.
const TILE: &str = "14/8529/5974";

fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/styles/options");
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).expect("fixtures").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn a_converted_style_draws_what_the_options_draw_byte_for_byte() {
    let dir = directory();
    let mut pictures = Vec::new();
    for options in fixtures() {
        let style = run(dir.path(), &["style", "convert", options.to_str().expect("UTF-8")]);
        assert_eq!(
            style,
            run(dir.path(), &["style", "convert", options.to_str().expect("UTF-8")]),
            "not the same twice"
        );
        // Pictures say the style's name.
        let name = options.file_name().expect("a name").to_str().expect("UTF-8");
        write(&dir.path().join(name), &style);
        assert_eq!(run(dir.path(), &["style", "check", "--strict", name]), b"", "{name}");
        for format in ["png", "svg"] {
            for (tile, size) in [(TILE, "512"), ("5/16/11", "256")] {
                let draw = |style: &str| {
                    run(dir.path(), &["render", tile, "-o", "-", "--format", format, "--size", size, "--style", style])
                };
                let direct = draw(options.to_str().expect("UTF-8"));
                assert!(draw(name) == direct, "{name} {tile} {format}: another picture");
                pictures.push(direct);
            }
        }
    }
    // They draw something, and each something else.
    let count = pictures.len();
    pictures.sort();
    pictures.dedup();
    assert_eq!(pictures.len(), count);
}

/// What is drawn of one tile with these layers: paths and circles with their paints, in order, without their geometry.
fn drawn(layers: &[Layer], options: &str) -> Vec<String> {
    let dir = directory();
    write(&dir.path().join("tiles/3/4/4.mvt"), tile(layers));
    write(&dir.path().join("options.json"), options);
    let args = ["render", "3/4/4", "-o", "-", "--format", "svg", "--size", "512", "--source", "tiles/{z}/{x}/{y}.mvt"];
    let svg = String::from_utf8(run(dir.path(), &[&args[..], &["--style", "options.json"]].concat())).expect("UTF-8");
    let document = roxmltree::Document::parse(&svg).expect("XML");
    let shapes = document.descendants().filter(|node| ["path", "circle"].contains(&node.tag_name().name()));
    shapes
        .map(|node| {
            let paint = |name: &str| node.ancestors().find_map(|node| node.attribute(name)).unwrap_or("-").to_string();
            format!("{} {}", paint("fill"), paint("fill-opacity"))
        })
        .collect()
}

fn square(x: i32) -> Feature {
    Feature::polygon(&[&[[x, 1000], [x + 300, 1000], [x + 300, 1300], [x, 1300]]])
}

/// The colours of fills, of one square for each feature.
fn fills(features: Vec<Feature>, options: &str) -> Vec<String> {
    let layer = features.into_iter().fold(Layer::new("water"), Layer::with);
    let mut drawn = drawn(&[layer], options);
    drawn.iter_mut().for_each(|paint| paint.truncate(paint.find(' ').unwrap_or(paint.len())));
    drawn
}

#[test]
fn queries_match_as_they_are_documented() {
    let park =
        || square(100).tag("kind", "park").tag("name:en", "A, B").tag("n", 5).tag("f", 2.5).tag("b", true).tag("e", "");
    for (query, matches) in [
        ("properties.kind=park", true),
        ("properties.kind=\\\"park\\\"", true),
        ("properties.kind=lake", false),
        ("properties.kind=[park]", true),
        ("properties.kind=[lake,park]", true),
        ("properties.kind=[\\\"lake\\\",\\\"park\\\"]", true),
        ("properties.kind=[ lake , park ]", true),
        ("properties.kind=[lake,ocean]", false),
        ("properties.kind=(park)", true),
        ("properties.kind=(park,park)", true),
        ("properties.kind=(park,lake)", false),
        ("properties.name:en=\\\"A, B\\\"", true),
        ("properties.name:en=[\\\"A, B\\\"]", true),
        ("properties.name:en=[A, B]", false),
        ("properties.n=5", true),
        ("properties.n=5.0", false),
        ("properties.f=2.5", true),
        ("properties.b=true", true),
        ("properties.e=\\\"\\\"", true),
        ("properties.missing=\\\"\\\"", false),
        ("properties.missing=null", false),
        ("geometry.type=Polygon", true),
        ("geometry.type=MultiPolygon", true),
        ("geometry.type=LineString", false),
        ("geometry.type=(Polygon)", true),
        ("geometry.type=(Polygon,Point)", false),
        ("geometry.type=[LineString,MultiPolygon]", true),
        ("geometry.type=[\\\"Polygon\\\",\\\"MultiPolygon\\\"] properties.kind=[\\\"park\\\"]", true),
        ("geometry.type=Point properties.kind=park", false),
        ("  properties.kind=park   properties.n=5 ", true),
        ("properties.kind=park properties.n=6", false),
        ("properties.kind=park properties.kind=lake", false),
    ] {
        let options =
            format!(r##"{{"fill": "#000001", "stroke_opacity": 0, "styles": {{"{query}": {{"fill": "#000002"}}}}}}"##);
        let expected = if matches { "#000002" } else { "#000001" };
        assert_eq!(fills(vec![park()], &options), [expected], "{query}");
    }
}

#[test]
fn later_styles_go_over_earlier_ones_in_the_order_of_the_file() {
    let lake = || vec![square(100).tag("kind", "lake").tag("big", true)];
    let paint = |options: &str| drawn(&[lake().into_iter().fold(Layer::new("water"), Layer::with)], options);
    let both = |first: &str, then: &str, merge: &str| {
        paint(&format!(
            r##"{{"fill": "#000001", "fill_opacity": 0.25, "stroke_opacity": 0 {merge}, "styles": {{{first}, {then}}}}}"##
        ))
    };
    // Names whose order in the alphabet is another than in the file.
    let kind = r##""properties.kind=lake": {"fill": "#000002", "fill_opacity": 0.5}"##;
    let big = r##""properties.big=true": {"fill": "#000003"}"##;
    assert_eq!(both(kind, big, ""), ["#000003 0.5"]);
    assert_eq!(both(big, kind, ""), ["#000002 0.5"]);
    assert_eq!(both(kind, big, r#", "merge": true"#), ["#000003 0.5"]);
    // Without merging, the last that matches stands alone.
    assert_eq!(both(kind, big, r#", "merge": false"#), ["#000003 0.25"]);
    assert_eq!(both(big, kind, r#", "merge": false"#), ["#000002 0.5"]);
    // What is 0 is 0, and what is left out has its default.
    assert_eq!(both(kind, r#""properties.big=true": {"fill_opacity": 0}"#, ""), [""; 0]);
    assert_eq!(paint(r#"{"stroke_opacity": 0}"#), ["#fff 0.5"]);
}

#[test]
fn lines_are_not_filled_and_points_are_circles() {
    let line = Feature::line(&[[100, 100], [900, 100], [900, 900]]).tag("kind", "path");
    let point = Feature::points(&[[2000, 2000]]).tag("kind", "tree");
    let layer = || vec![Layer::new("roads").with(line.clone()), Layer::new("pois").with(point.clone())];
    let svg = |options: &str| {
        let dir = directory();
        write(&dir.path().join("tiles/3/4/4.mvt"), tile(&layer()));
        write(&dir.path().join("options.json"), options);
        let args = ["render", "3/4/4", "-o", "-", "--format", "svg", "--size", "512"];
        let with = ["--source", "tiles/{z}/{x}/{y}.mvt", "--style", "options.json"];
        String::from_utf8(run(dir.path(), &[&args[..], &with].concat())).expect("UTF-8")
    };
    let plain = svg(r##"{"fill": "#123456", "fill_opacity": 1, "stroke": "#654321"}"##);
    let (all, unseen) = (plain.matches("#123456"), plain.matches(r##"#123456" fill-opacity="0""##));
    assert!(plain.contains("#654321") && all.count() == unseen.count(), "{plain}");
    // A fill that is meant for points fills them, never lines.
    let filled = svg(
        r##"{"stroke": "none", "styles": {"properties.kind=[path,tree]": {"fill": "#123456", "fill_opacity": 1}}}"##,
    );
    assert_eq!(filled.matches("#123456").count(), 1, "{filled}");
    // Lengths are pixels of the tile: those of 1024 px have two for one here.
    let wide = svg(r##"{"tile_size": 512, "stroke_width": 3, "stroke": "#654321"}"##);
    assert!(wide == svg(r##"{"tile_size": 256, "stroke_width": 3, "stroke": "#654321"}"##), "another width");
    let layer_of_line = |options: &str| {
        let dir = directory();
        write(&dir.path().join("o.json"), options);
        let style = run(dir.path(), &["style", "convert", "o.json"]);
        let style: serde_json::Value = serde_json::from_slice(&style).expect("JSON");
        let layers = style["layers"].as_array().expect("layers").clone();
        layers.into_iter().find(|layer| layer["id"] == "roads-line").expect("a layer")["paint"]["line-width"].clone()
    };
    assert_eq!(layer_of_line(r#"{"tile_size": 1024, "stroke_width": 3}"#), 1.5);
    assert_eq!(layer_of_line(r#"{"stroke_width": 3}"#), 3.0);
}

#[test]
fn land_and_land_use_are_drawn_where_a_query_selects_them() {
    let all = ["boundaries", "buildings", "earth", "landuse", "places", "pois", "roads", "transit", "water"];
    let layers: Vec<Layer> = all
        .iter()
        .enumerate()
        .map(|(i, name)| Layer::new(name).with(square(400 * i as i32).tag("kind", "park").tag("layer", *name)))
        .collect();
    let count = |options: &str| drawn(&layers, options).len();
    assert_eq!(count(r#"{"stroke_opacity": 0}"#), 6);
    assert_eq!(count(r#"{"stroke_opacity": 0, "styles": {"geometry.type=Polygon": {"fill": "red"}}}"#), 6);
    assert_eq!(count(r#"{"stroke_opacity": 0, "styles": {"properties.kind=park": {"fill": "red"}}}"#), 9);
    assert_eq!(count(r#"{"stroke_opacity": 0, "styles": {"properties.layer=landuse": {"fill": "red"}}}"#), 7);
    assert_eq!(count(r#"{"stroke_opacity": 0, "styles": {"properties.kind=lake": {"fill": "red"}}}"#), 6);
    // From the bottom up: what was left out once, then go-rasterzen's order.
    let colored = all.map(|name| format!(r##""properties.layer={name}": {{"fill": "{}"}}"##, color(name))).join(",");
    let order = drawn(&layers, &format!(r#"{{"stroke_opacity": 0, "styles": {{{colored}}}}}"#));
    let expected = ["earth", "landuse", "boundaries", "buildings", "places", "pois", "roads", "transit", "water"];
    assert_eq!(order, expected.map(|name| format!("{} 0.5", color(name))));
}

/// A colour of its own for each layer.
fn color(layer: &str) -> String {
    format!("#{:02x}{:02x}{:02x}", layer.as_bytes()[0], layer.as_bytes()[1], layer.len())
}

#[test]
fn options_are_known_by_their_members_and_can_be_given_inline() {
    let dir = directory();
    let render = |style: &str| run_in(dir.path(), &[], &["render", TILE, "-o", "-", "--style", style]);
    let text = r##"{"stroke": "#515151", "styles": {"properties.kind=[park]": {"fill": "green"}}}"##;
    write(&dir.path().join("options.json"), text);
    let file = render("options.json");
    assert_eq!(file.code, Some(0), "{}", file.stderr);
    assert!(file.stdout == render(text).stdout, "inline draws another picture");
    let variable = run_in(dir.path(), &[("RASTERZEN_STYLE", text)], &["render", TILE, "-o", "-"]);
    assert!(file.stdout == variable.stdout, "{}", variable.stderr);
    // What has a version or layers is a style, or is meant to be one.
    write(&dir.path().join("style.json"), r#"{"version": 8, "sources": {}, "layers": [], "stroke": "red"}"#);
    assert_eq!(render("style.json").code, Some(0));
    for (text, word) in
        [(r#"{"layers": [], "stroke": "red"}"#, "version"), ("{}", "version"), (r#"{"name": "a"}"#, "version")]
    {
        write(&dir.path().join("other.json"), text);
        let ended = render("other.json");
        assert!(ended.code == Some(2) && ended.stderr.contains(word), "{text}: {}", ended.stderr);
    }
    for (name, word) in
        [("style.json", "a style already"), ("other.json", "no member"), ("nowhere.json", "cannot be read")]
    {
        let ended = run_in(dir.path(), &[], &["style", "convert", name]);
        assert!(
            ended.code == Some(2) && ended.stdout.is_empty() && ended.stderr.contains(word),
            "{name}: {}",
            ended.stderr
        );
    }
}

#[test]
fn errors_name_the_member_and_what_is_accepted() {
    let dir = directory();
    let style = |query: &str| format!(r#"{{"styles": {{"{query}": {{}}}}}}"#);
    let many =
        |n: usize| (0..n).map(|i| format!(r#""properties.kind={i}": {{"fill": "red"}}"#)).collect::<Vec<_>>().join(",");
    let cases: Vec<(String, &[&str])> = vec![
        (r#"{"stroke": 5}"#.into(), &["stroke: 5", "CSS colour", "none"]),
        (r#"{"stroke": "bleu"}"#.into(), &["stroke: \"bleu\"", "CSS colour"]),
        (r#"{"fill": "fff"}"#.into(), &["fill: \"fff\""]),
        (r#"{"fill": null}"#.into(), &["fill: null"]),
        (r#"{"stroke_width": "1"}"#.into(), &["stroke_width: \"1\"", "from 0 to 256"]),
        (r#"{"stroke_width": -1}"#.into(), &["stroke_width: -1"]),
        (r#"{"stroke_opacity": 1.5}"#.into(), &["stroke_opacity: 1.5", "from 0 to 1"]),
        (r#"{"fill_opacity": 1e999}"#.into(), &["number out of range"]),
        (r#"{"tile_size": 0}"#.into(), &["tile_size: 0", "from 1 to 4096"]),
        (r#"{"merge": "yes"}"#.into(), &["merge: \"yes\"", "true or false"]),
        (r#"{"refresh": 1}"#.into(), &["refresh: 1", "true or false"]),
        (r#"{"stroke": "red", "fill_if_matches": []}"#.into(), &["fill_if_matches", "tile_size, stroke"]),
        (r#"{"styles": []}"#.into(), &["styles: []", "object of queries"]),
        (
            r#"{"styles": {"properties.kind=park": "red"}}"#.into(),
            &["styles[\"properties.kind=park\"]: \"red\" is not an object"],
        ),
        (
            r#"{"styles": {"properties.kind=park": {"colour": "red"}}}"#.into(),
            &["styles[\"properties.kind=park\"]", "colour", "stroke, stroke_width"],
        ),
        (
            r#"{"styles": {"properties.kind=park": {"fill_opacity": 2}}}"#.into(),
            &["styles[\"properties.kind=park\"].fill_opacity: 2"],
        ),
        (
            r#"{"styles": {"properties.kind=park": {}, "properties.kind=park": {}}}"#.into(),
            &["styles", "properties.kind=park", "twice"],
        ),
        (style(""), &["no condition", "geometry.type=VALUE"]),
        (style("park"), &["has no =", "geometry.type=VALUE"]),
        (style("kind=park"), &["\"kind\"", "properties.NAME=VALUE"]),
        (style("properties.=park"), &["\"properties.\""]),
        (style("geometry.kind=Polygon"), &["geometry.kind"]),
        (style("geometry.type=Polygone"), &["Polygone", "Point, LineString, Polygon"]),
        (style("geometry.type=(Point,Foo)"), &["Foo", "Point, LineString, Polygon"]),
        (style("properties.kind!=park"), &["properties.kind!", "not a condition"]),
        (style("properties.kind="), &["value is missing"]),
        (style("properties.kind=[]"), &["value is missing"]),
        (style("properties.kind=[a,]"), &["value is missing"]),
        (style("properties.kind=[a,b"), &["has no ']' at its end"]),
        (style("properties.kind=[a,b]c"), &["after ']' stands \"c\""]),
        (style("properties.kind=(a]"), &["has no ')' at its end"]),
        (style("properties.kind=\\\"a"), &["string in quotes"]),
        (style("properties.kind=a b=c"), &["\"b\""]),
        (format!(r#"{{"styles": {{{}}}}}"#, many(2000)), &["at most 65536 bytes"]),
    ];
    for (text, words) in &cases {
        write(&dir.path().join("o.json"), text);
        for args in [&["render", TILE, "-o", "x.png", "--style", "o.json"][..], &["style", "convert", "o.json"]] {
            let ended = run_in(dir.path(), &[], args);
            let said = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            let missing: Vec<_> = words.iter().filter(|word| !said.contains(**word)).collect();
            assert!(ended.code == Some(2) && missing.is_empty(), "{text:.200} {args:?}: without {missing:?}: {said}");
        }
        let ended = run_in(dir.path(), &[], &["style", "check", "o.json"]);
        assert_eq!(ended.code, Some(1), "{text:.200}: {}", ended.stderr);
    }
    // As many as are taken make a style that is read.
    write(&dir.path().join("o.json"), format!(r#"{{"styles": {{{}}}}}"#, many(1200)));
    run(dir.path(), &["style", "check", "--strict", "o.json"]);
}
