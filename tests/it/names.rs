//! Names in the language that is asked for, live text, and fonts from a folder: over HTTP and on the command line.

use crate::cli::{directory, run, run_in, write};
use crate::server::Server;
use crate::text::squares;
use rasterzen::language::{Language, localized};
use rasterzen::value::{Attributes, GeometryKind, Property};
use roxmltree::Document;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A feature with these names.
struct Named(BTreeMap<String, Property>);

impl Named {
    fn new(names: &[(&str, &str)]) -> Named {
        Named(names.iter().map(|(key, name)| (key.to_string(), Property::String((*name).into()))).collect())
    }

    fn read_in(&self, tag: &str) -> Option<&str> {
        let language: Language = tag.parse().expect(tag);
        match localized(self, &language) {
            Some(Property::String(name)) => Some(name),
            _ => None,
        }
    }
}

impl Attributes for Named {
    fn kind(&self) -> GeometryKind {
        GeometryKind::Point
    }

    fn id(&self) -> Option<u64> {
        None
    }

    fn property(&self, name: &str) -> Option<&Property> {
        self.0.get(name)
    }

    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_> {
        Box::new(self.0.iter().map(|(name, value)| (name.as_str(), value)))
    }
}

#[test]
fn tags_of_browsers_and_scripts_that_are_asked_for() {
    let belgrade = [("name", "Београд"), ("name:sr", "Београд"), ("name:en", "Belgrade")];
    for (tag, wanted) in [
        ("no", "Belgrade"),
        ("nb", "Belgrade"),
        ("nb-NO", "Belgrade"),
        ("iw", "Belgrade"),
        ("sr", "Београд"),
        ("sr-Latn", "Belgrade"),
    ] {
        assert_eq!(Named::new(&belgrade).read_in(tag), Some(wanted), "{tag}");
    }
    let oslo = [("name", "Осло"), ("name:no", "Oslo"), ("name:en", "Oslo (en)")];
    assert_eq!(Named::new(&oslo).read_in("nb"), Some("Oslo"));
}

#[test]
fn a_name_is_in_the_language_or_in_english_or_its_own() {
    let munich = [("name", "München"), ("name:en", "Munich"), ("name:ru", "Мюнхен"), ("name:sr-Latn", "Minhen")];
    let tokyo = [("name", "東京"), ("name:en", "Tokyo"), ("name:zh-Hant", "東京都"), ("name:zh", "东京")];
    let kyoto = [("name", "きょうと京都キョウト"), ("name:en", "Kyoto")];
    let seoul = [("name", "서울"), ("name:en", "Seoul")];
    let mixed = [("name", "Αθήνα - Athina"), ("name:en", "Athens"), ("name:fr", "")];
    for (names, tag, wanted) in [
        (&munich[..], "ru", "Мюнхен"),
        (&munich, "ru-RU", "Мюнхен"),
        // In letters that the reader knows.
        (&munich, "fr", "München"),
        (&munich, "pt-BR", "München"),
        (&munich, "uk", "Munich"),
        (&munich, "ja", "Munich"),
        (&munich, "sr-Latn", "Minhen"),
        (&munich, "sr-Latn-ME", "Minhen"),
        (&munich, "sr", "Munich"),
        (&tokyo, "de", "Tokyo"),
        (&tokyo, "ja", "東京"),
        (&tokyo, "zh", "东京"),
        (&tokyo, "zh-CN", "东京"),
        (&tokyo, "zh-TW", "東京都"),
        (&tokyo, "zh-Hant-HK", "東京都"),
        (&kyoto, "ja", "きょうと京都キョウト"),
        (&kyoto, "zh", "Kyoto"),
        (&seoul, "ko", "서울"),
        (&seoul, "ja", "Seoul"),
        (&mixed, "el", "Athens"),
        (&mixed, "fr", "Athens"),
        (&mixed, "EN-us", "Athens"),
        (&[("name", "Ελλάδα")], "de", "Ελλάδα"),
        (&[("name", "A 1 – 2°")], "ka", "A 1 – 2°"),
        (&[("name", "1 – 2°"), ("name:en", "no")], "ka", "1 – 2°"),
        (&[("name:de", "Nur hier")], "de", "Nur hier"),
    ] {
        assert_eq!(Named::new(names).read_in(tag), Some(wanted), "{names:?} in {tag}");
    }
    assert_eq!(Named::new(&[("name:de", "Nur hier")]).read_in("fr"), None);
    assert_eq!(Named::new(&[("name", " ")]).read_in("fr"), None);
}

#[test]
fn a_language_is_a_tag() {
    for (text, tag) in [("de", "de"), ("DE", "de"), ("zh-hant-tw", "zh-Hant-TW"), ("pt-BR", "pt-BR"), ("gsw", "gsw")] {
        assert_eq!(text.parse::<Language>().expect(text).tag(), tag);
    }
    let long = format!("de-{}", "1234-".repeat(9));
    for text in ["", " ", "x", "german language", "de_DE", "und", "../x", "de/../..", "d\u{e9}", "*", &long] {
        assert!(text.parse::<Language>().is_err(), "{text}");
    }
}

/// A style with the names of three places, one above another, in a source of its own.
fn style() -> Json {
    let place = |names: Json, y: f64| json!({"type": "Feature", "properties": names, "geometry": {"type": "Point", "coordinates": [0.0, y]}});
    let features = [
        place(json!({"name": "München", "name:en": "Munich", "name:fr": "Munich (fr)"}), 40.0),
        place(json!({"name": "東京", "name:en": "Tokyo"}), 0.0),
        place(json!({"name": "Αθήνα", "name:en": "Athens", "name:el": "Αθήνα"}), -40.0),
    ];
    json!({
        "version": 8,
        "sources": {"places": {"type": "geojson", "data": {"type": "FeatureCollection", "features": features}}},
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": "#fff"}},
            {"id": "places", "type": "symbol", "source": "places", "layout": {
                "text-field": ["get", "name"], "text-font": ["Noto Sans Bold Italic"], "text-size": 20,
                "text-allow-overlap": true, "text-letter-spacing": 0.1,
            }, "paint": {"text-color": "#123", "text-halo-color": "#fed", "text-halo-width": 2}},
        ],
    })
}

fn labels(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap_or_else(|e| panic!("{e}: {svg}"));
    let images = document.descendants().filter(|node| node.attribute("role") == Some("img"));
    let mut labels: Vec<String> = images.filter_map(|node| node.attribute("aria-label")).map(str::to_string).collect();
    labels.sort();
    labels
}

#[test]
fn pictures_are_labelled_in_the_language_that_is_asked_for() {
    let dir = directory();
    write(&dir.path().join("names.json"), style().to_string());
    let file = dir.path().join("names.json");
    let cache = dir.path().join("cache");
    let args = ["--style", file.to_str().expect("UTF-8"), "--cache", cache.to_str().expect("UTF-8")];
    let server = Server::start(&args, &[]);
    let tags: Vec<String> = ["", "?lang=", "?lang=en", "?lang=fr", "?lang=el", "?lang=FR-fr&text=outlines"]
        .into_iter()
        .map(|query| {
            let reply = server.get(&format!("/svg/0/0/0.svg{query}"));
            assert_eq!(reply.status, 200, "{query}: {}", reply.text());
            let wanted = match query {
                "" | "?lang=" => ["München", "Αθήνα"].to_vec(),
                "?lang=en" => ["Athens", "Munich", "Tokyo"].to_vec(),
                "?lang=el" => ["Munich", "Tokyo", "Αθήνα"].to_vec(),
                _ => ["Athens", "Munich (fr)", "Tokyo"].to_vec(),
            };
            let shown = labels(reply.text());
            // No bundled font has Japanese.
            let shown: Vec<&str> = shown.iter().map(String::as_str).filter(|label| *label != "東京").collect();
            assert_eq!(shown, wanted, "{query}");
            reply.header("etag").expect("a tag").to_string()
        })
        .collect();
    assert_eq!(tags[0], tags[1]);
    assert!((2..6).all(|i| !tags[..i].contains(&tags[i])), "{tags:?}");
    // What holds all names is the same in every language.
    let json = |query: &str| server.get(&format!("/json/0/0/0.json{query}")).header("etag").map(str::to_string);
    assert_eq!(json("?lang=fr&text=live"), json(""));
    let png = |query: &str| server.get(&format!("/png/0/0/0.png{query}")).header("etag").map(str::to_string);
    assert_eq!(png("?text=live"), png(""));
    assert_ne!(png("?lang=fr"), png(""));
    for path in ["/svg/0/0/0.svg", "/static/0,0,1/300x300.png", "/styles/names/0/0/0.png", "/tilejson.json"] {
        let refused = server.get(&format!("{path}?lang=no%20language"));
        refused.assert_problem(400, "bad_request", path);
        assert!(refused.text().contains("BCP 47"), "{}", refused.text());
    }
    server.get("/svg/0/0/0.svg?text=sung").assert_problem(400, "bad_request", "text");
    let tilejson = server.get("/tilejson.json?lang=pt-br").json();
    let tiles = tilejson["tiles"][0].as_str().expect("a template").to_string();
    assert!(tiles.ends_with("/png/{z}/{x}/{y}.png?lang=pt-BR"), "{tiles}");
    server.stop();
    let kept: Vec<String> = crate::cli::files(&cache).iter().map(|path| path.display().to_string()).collect();
    let of = |what: &str| kept.iter().filter(|path| path.contains(what) && path.ends_with(".svg")).count();
    assert!(of("/lang=fr/") == 1 && of("/lang=fr-FR/") == 1 && of("/lang=en/") == 1, "{kept:?}");
}

#[test]
fn live_text_is_text_where_the_letters_are() {
    let dir = directory();
    write(&dir.path().join("names.json"), style().to_string());
    let drawn = |more: &[&str]| {
        let args = ["static", "0,0,0", "400x400", "--style", "names.json", "--format", "svg", "-o", "-"];
        String::from_utf8(run(dir.path(), &[&args[..], more].concat())).expect("UTF-8")
    };
    let outlines = drawn(&["--lang", "en"]);
    let live = drawn(&["--lang", "en", "--text", "live"]);
    assert!(!outlines.contains("<text") && !live.contains("<use"), "{live}");
    assert_eq!(labels(&live), labels(&outlines));
    let document = Document::parse(&live).expect("XML");
    let texts: Vec<_> = document.descendants().filter(|node| node.has_tag_name("text")).collect();
    assert_eq!(texts.iter().map(|text| text.text().expect("text")).collect::<Vec<_>>().len(), 3);
    for text in texts {
        let is = |name: &str, wanted: &str| assert_eq!(text.attribute(name), Some(wanted), "{name} of {live}");
        is("font-family", "'Noto Sans', sans-serif");
        is("font-size", "320");
        is("fill", "#123");
        is("stroke", "#fed");
        is("stroke-width", "64");
        is("paint-order", "stroke");
        is("letter-spacing", "32");
        // Noto Sans is bundled in bold and in italic, not in both.
        assert!(text.attribute("font-weight").is_some() || text.attribute("font-style").is_some());
        let number = |name: &str| text.attribute(name).and_then(|n| n.parse::<f64>().ok()).expect(name);
        let middle = number("x") + number("textLength") / 2.0;
        assert!((middle - 3200.0).abs() < 40.0, "{middle}: centred at the place");
    }
}

#[test]
fn fonts_come_from_a_folder_and_what_none_has_is_told() {
    let dir = directory();
    let mut style = style();
    style["layers"][1]["layout"]["text-font"] = json!(["Squares"]);
    write(&dir.path().join("names.json"), style.to_string());
    std::fs::create_dir(dir.path().join("fonts")).expect("a folder");
    let drawn = |more: &[&str]| {
        let args =
            ["render", "0/0/0", "--style", "names.json", "--format", "svg", "-o", "-", "--report", "report.json"];
        let ended = run_in(dir.path(), &[], &[&args[..], more].concat());
        let report = std::fs::read_to_string(dir.path().join("report.json")).unwrap_or_default();
        let missing =
            serde_json::from_str::<Json>(&report).map_or(Json::Null, |report| report["missing_characters"].clone());
        (ended, missing)
    };
    let (bundled, missing) = drawn(&[]);
    assert_eq!((bundled.code, missing), (Some(0), json!(2)), "{}", bundled.stderr);
    assert!(bundled.stderr.contains("--fonts") && bundled.stderr.contains("missing=2"), "{}", bundled.stderr);
    // A font that has no more than other letters in it.
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("styles/fonts/NotoSans-Regular.ttf");
    let (empty, _) = drawn(&["--fonts", "fonts"]);
    assert_eq!(empty.code, Some(2));
    assert!(empty.stderr.contains("fonts: there is no .ttf") && empty.stderr.contains("--fonts"), "{}", empty.stderr);
    let (lost, _) = drawn(&["--fonts", "nowhere"]);
    assert!(lost.code == Some(2) && lost.stderr.contains("nowhere"), "{}", lost.stderr);
    std::fs::copy(&sample, dir.path().join("fonts/a.ttf")).expect("a copy");
    write(&dir.path().join("fonts/noise.otf"), "no font");
    let (given, _) = drawn(&["--fonts", "fonts"]);
    assert_eq!(given.code, Some(0), "{}", given.stderr);
    assert!(given.stderr.contains("noise.otf"), "{}", given.stderr);
    let server = |more: &[&str]| {
        let file = dir.path().join("names.json");
        let server = Server::start(&[&["--style", file.to_str().expect("UTF-8")], more].concat(), &[]);
        let reply = server.get("/png/0/0/0.png");
        let tag = reply.header("etag").map(str::to_string);
        server.stop();
        tag
    };
    let folder = dir.path().join("fonts");
    assert_ne!(server(&[]), server(&["--fonts", folder.to_str().expect("UTF-8")]), "fonts are part of the recipe");
}

/// A style with one text in the middle of the world, set so.
fn one_text(layout: Json) -> Json {
    let mut whole = json!({"text-size": 20, "text-font": ["Squares", "Noto Sans Regular"], "text-max-width": 100});
    layout.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
    let place = json!({"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [0.0, 0.0]}});
    json!({
        "version": 8,
        "sources": {"places": {"type": "geojson", "data": place}},
        "layers": [{"id": "places", "type": "symbol", "source": "places", "layout": whole}],
    })
}

/// What the `<text>` elements of a picture of it say, with their attributes.
fn live(layout: Json, more: &[&str]) -> Vec<(String, BTreeMap<String, String>)> {
    let dir = directory();
    write(&dir.path().join("one.json"), one_text(layout).to_string());
    write(&dir.path().join("fonts/squares.ttf"), squares());
    write(
        &dir.path().join("icons/dot.svg"),
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12"><circle r="6" cx="6" cy="6"/></svg>"#,
    );
    write(&dir.path().join("over.geojson"), r#"{"type": "Point", "coordinates": [10, 10]}"#);
    let args = ["static", "0,0,0", "400x400", "--style", "one.json", "--format", "svg", "-o", "-", "--text", "live"];
    let folders = ["--fonts", "fonts", "--sprites", "icons"];
    let svg = String::from_utf8(run(dir.path(), &[&args[..], &folders, more].concat())).expect("UTF-8");
    let document = Document::parse(&svg).expect("XML");
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let attributes = |node: &roxmltree::Node| {
        node.attributes().map(|a| (a.name().to_string(), a.value().to_string())).collect::<BTreeMap<_, _>>()
    };
    texts.map(|node| (node.text().unwrap_or_default().to_string(), attributes(&node))).collect()
}

/// The numbers of an attribute.
fn numbers(attributes: &BTreeMap<String, String>, name: &str) -> Vec<f64> {
    let list = attributes.get(name).unwrap_or_else(|| panic!("no {name}: {attributes:?}"));
    list.split_whitespace().map(|number| number.parse().expect("a number")).collect()
}

#[test]
fn live_texts_of_lines_and_columns_stand_where_they_do_as_outlines() {
    // Lines that end at one place, in units of 1/16 px.
    let lines = live(json!({"text-field": "HHHH\nHH", "text-justify": "right"}), &[]);
    assert_eq!(lines.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["HHHH", "HH"]);
    let ends: Vec<f64> = lines.iter().map(|(_, of)| numbers(of, "x")[0] + numbers(of, "textLength")[0]).collect();
    assert!((ends[0] - ends[1]).abs() <= 2.0, "{ends:?}");
    let tops: Vec<f64> = lines.iter().map(|(_, of)| numbers(of, "y")[0]).collect();
    assert!((tops[1] - tops[0] - 24.0 * 16.0).abs() <= 1.0, "{tops:?}");
    // Columns: each letter has its place, one below the other, the second column to the left of the first.
    let columns = live(json!({"text-field": "東京\n京東", "text-writing-mode": ["vertical"]}), &[]);
    assert_eq!(columns.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["東京", "京東"]);
    let place = |of: &BTreeMap<String, String>| (numbers(of, "x"), numbers(of, "y"), numbers(of, "rotate"));
    let ((x, y, turns), (next, next_y, _)) = (place(&columns[0].1), place(&columns[1].1));
    assert!(x[0] == x[1] && y[1] - y[0] == 320.0 && turns == [0.0, 0.0], "{columns:?}");
    assert!(next[0] < x[0] && next_y == y, "{columns:?}");
}

#[test]
fn live_texts_keep_spaces_images_and_directions_apart() {
    // Several spaces are one where they are shown: what is after them stays where it is.
    let spaced = live(json!({"text-field": "HH   HH"}), &[]);
    let plain = live(json!({"text-field": "HH HH"}), &[]);
    let length = |texts: &[(String, BTreeMap<String, String>)]| numbers(&texts[0].1, "textLength")[0];
    assert_eq!(spaced.len(), 1);
    assert!(length(&spaced) > length(&plain) + 100.0, "{spaced:?}");
    // An image parts a text in two, and is no letter of either.
    let field = json!(["format", "HH", {}, ["image", "dot"], {}, "HHH"]);
    let parted = live(json!({"text-field": field}), &[]);
    assert_eq!(parted.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["HH", "HHH"]);
    let (first, second) = (&parted[0].1, &parted[1].1);
    let end = numbers(first, "x")[0] + numbers(first, "textLength")[0];
    assert!((numbers(second, "x")[0] - end - 12.0 * 16.0).abs() < 40.0, "{parted:?}");
    // Hebrew among Latin: each in the order in which it is read, from its own left end on.
    let mixed = live(json!({"text-field": "HOME שלום HH"}), &[]);
    let mut by_place: Vec<(f64, &str)> = mixed.iter().map(|(text, of)| (numbers(of, "x")[0], text.as_str())).collect();
    by_place.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(by_place.iter().map(|(_, text)| *text).collect::<Vec<_>>(), ["HOME", "שלום", "HH"]);
    // Read from the right: the Latin word comes to stand in the left.
    let mixed = live(json!({"text-field": "שלום HOME"}), &[]);
    let mut by_place: Vec<(f64, &str)> = mixed.iter().map(|(text, of)| (numbers(of, "x")[0], text.as_str())).collect();
    by_place.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(by_place.iter().map(|(_, text)| *text).collect::<Vec<_>>(), ["HOME", "שלום"]);
}

#[test]
fn fonts_of_a_folder_are_there_under_an_overlay_too() {
    let field = || json!({"text-field": "東京"});
    let over = live(field(), &["--geojson", "over.geojson"]);
    assert_eq!(over.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["東京"]);
    assert!(over[0].1["font-family"].contains("Squares"), "{over:?}");
    assert_eq!(over, live(field(), &[]));
}
