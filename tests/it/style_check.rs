//! `rasterzen style check`: what it says of broken styles, with which exit code, and that no file is too bad for it.
//! (That it agrees with the official validator is tested by `tests/style-check`, which needs Node.)

use crate::cli::{Ended, directory, run, run_in, write};
use crate::tile_writer::{Feature, Layer, tile};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/styles")
}

fn check_in(directory: &Path, args: &[&str]) -> Ended {
    let ended = run_in(directory, &[], &[&["style", "check"], args].concat());
    assert!(!ended.stderr.contains("panicked"), "{args:?}: {}", ended.stderr);
    ended
}

fn text(ended: &Ended) -> &str {
    std::str::from_utf8(&ended.stdout).expect("UTF-8")
}

#[test]
fn every_broken_style_is_told_what_is_wrong_and_where() {
    let directory = fixtures().join("broken");
    let mut names: Vec<String> = fs::read_dir(&directory)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    assert!(names.len() >= 20, "only {} styles", names.len());
    let ended = check_in(&directory, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let golden = fixtures().join("broken.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&golden, &ended.stdout).expect("a file");
        panic!("{} is written: read it", golden.display());
    }
    let expected = fs::read_to_string(&golden).expect("a golden");
    for (found, expected) in text(&ended).lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(text(&ended).lines().count(), expected.lines().count());
    for name in &names {
        assert!(text(&ended).contains(name), "{name}: nothing is wrong with it");
        let alone = check_in(&directory, &[name]);
        let errors = text(&alone).contains(": error: ");
        assert_eq!(alone.code, Some(i32::from(errors)), "{name}: {}", alone.stderr);
    }
}

#[test]
fn exit_codes_are_for_scripts() {
    let dir = directory();
    let style = json!({ "version": 8, "sources": {}, "layers": [], "pitch": 30 }).to_string();
    write(&dir.path().join("warned.json"), &style);
    write(&dir.path().join("clean.json"), style.replace("30", "0"));
    write(&dir.path().join("wrong.json"), style.replace('8', "7"));
    for (args, code, counts) in [
        (&["clean.json"][..], 0, "clean.json: 0 errors, 0 warnings\n"),
        (&["--strict", "clean.json"], 0, "clean.json: 0 errors, 0 warnings\n"),
        (&["light"], 0, "light: 0 errors, 0 warnings\n"),
        (&["--strict", "light"], 0, "light: 0 errors, 0 warnings\n"),
        (&["warned.json"], 0, "warned.json: 0 errors, 1 warning\n"),
        (&["--strict", "warned.json"], 1, "warned.json: 0 errors, 1 warning\n"),
        (&["wrong.json"], 1, "wrong.json: 1 error, 1 warning\n"),
        (&["wrong.json", "clean.json"], 1, "wrong.json: 1 error, 1 warning\nclean.json: 0 errors, 0 warnings\n"),
    ] {
        let ended = check_in(dir.path(), args);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), counts), "{args:?}");
    }
    for (args, word) in [
        (&["nowhere.json"][..], "nowhere.json"),
        (&[], "FILE"),
        (&["--source", "nonsense", "clean.json"], "not a source"),
    ] {
        let ended = check_in(dir.path(), args);
        assert_eq!((ended.code, ended.stdout.len()), (Some(2), 0), "{args:?}");
        assert!(ended.stderr.contains(word), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn json_is_an_object_for_each_file() {
    let dir = directory();
    write(&dir.path().join("wrong.json"), r#"{"version": 7, "sources": {}, "layers": [], "pitch": 30}"#);
    let ended = check_in(dir.path(), &["--json", "wrong.json", "light"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let lines: Vec<Value> = text(&ended).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let expected = json!({
        "file": "wrong.json",
        "errors": 1,
        "warnings": 1,
        "more": 0,
        "problems": [
            { "path": "version", "severity": "error", "kind": "enum", "message": "7 is not 8" },
            {
                "path": "pitch",
                "severity": "warning",
                "kind": "not-drawn",
                "message": "it is not drawn: pictures are flat maps in Web Mercator"
            },
        ],
    });
    assert_eq!(lines[0], expected);
    assert_eq!(lines[1], json!({ "file": "light", "errors": 0, "warnings": 0, "more": 0, "problems": [] }));
}

#[test]
fn what_is_not_drawn_is_a_warning_beside_the_errors() {
    let dir = directory();
    let style = json!({
        "version": 8,
        "sources": { "a": { "type": "vector" } },
        "sky": { "sky-color": "blue" },
        "projection": { "type": "globe" },
        "layers": [
            { "id": "1", "type": "fill-extrusion", "source": "a", "source-layer": "buildings" },
            { "id": "2", "type": "fill", "source": "a", "source-layer": "water", "paint": {
                "fill-color": "bleu", "fill-color-transition": { "duration": 5 }, "fill-pattern": "dots",
            } },
            { "id": "3", "type": "heatmap", "source": "a", "source-layer": "pois" },
            { "id": "4", "ref": "2" },
            { "id": "5", "type": "line", "source": "a", "source-layer": "roads", "paint": { "line-dasharray": [1, -1] } },
        ],
    });
    write(&dir.path().join("s.json"), style.to_string());
    let ended = check_in(dir.path(), &["s.json"]);
    let wanted = [
        "error: layers[1].paint.fill-color: \"bleu\" is not a CSS colour",
        "error: layers[4].paint.line-dasharray: ",
        "warning: layers[0].type: ",
        "warning: layers[2].type: ",
        "warning: layers[3].ref: ",
        "warning: projection: ",
        "warning: sky: ",
    ];
    let mut found: Vec<&str> = text(&ended).lines().map(|line| line.strip_prefix("s.json: ").expect(line)).collect();
    // Whether patterns are drawn is not what this test is about.
    found.retain(|line| !line.contains("fill-pattern"));
    found.sort_unstable();
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}");
    }
}

#[test]
fn source_layers_that_the_source_lacks_are_warned_of() {
    let dir = directory();
    let layer = |id: &str, source: &str, layer: &str| json!({ "id": id, "type": "fill", "source": source, "source-layer": layer });
    let style = json!({
        "version": 8,
        "sources": { "here": { "type": "vector" }, "there": { "type": "vector", "url": "https://example.org/t.json" } },
        "layers": [layer("1", "here", "water"), layer("2", "here", "waterway"), layer("3", "there", "landcover")],
    });
    write(&dir.path().join("s.json"), style.to_string());
    write(&dir.path().join("tiles/0/0/0.mvt"), tile(&[Layer::new("a").with(Feature::line(&[[0, 0], [9, 9]]))]));
    let paths = |args: &[&str]| -> Vec<String> {
        let ended = check_in(dir.path(), &[args, &["s.json"]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        text(&ended).lines().map(str::to_string).collect()
    };
    let here = "s.json: warning: layers[1].source-layer: the source has no layer \"waterway\"; it has ";
    let found = paths(&[]);
    assert!(found.len() == 1 && found[0].starts_with(here) && found[0].contains("roads"), "{found:?}");
    // A source that is named stands in for all.
    let found = paths(&["--source", "sample"]);
    assert!(found.len() == 2 && found[1].contains("layers[2].source-layer"), "{found:?}");
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sample/sample.pmtiles");
    assert_eq!(paths(&["--source", archive.to_str().expect("UTF-8")]), found);
    assert_eq!(paths(&["--source", "nextzen"]).len(), 2);
    // A directory does not say what is in its tiles.
    assert_eq!(paths(&["--source", "tiles/{z}/{x}/{y}.mvt"]), [""; 0]);
}

#[test]
fn no_file_is_too_bad() {
    let dir = directory();
    let file = |name: &str, bytes: &[u8]| write(&dir.path().join(name), bytes);
    let style =
        |layers: &str| format!(r#"{{"version": 8, "sources": {{"a": {{"type": "vector"}}}}, "layers": [{layers}]}}"#);
    let nested = |depth: usize| format!("{}1{}", r#"["!","#.repeat(depth), "]".repeat(depth));
    let filter = |filter: &str| {
        style(&format!(r#"{{"id": "1", "type": "fill", "source": "a", "source-layer": "b", "filter": {filter}}}"#))
    };
    file("50-mb", &vec![b' '; 50 << 20]);
    file("deep", filter(&nested(10_000)).as_bytes());
    file("deep-open", "[".repeat(1_000_000).as_bytes());
    file("deep-enough", filter(&nested(100)).as_bytes());
    file("empty", b"");
    file("no-text", &[0xff, 0xfe, 0]);
    file("nan", style(r#"{"id": "1", "type": "background", "minzoom": NaN}"#).as_bytes());
    file("infinity", style(r#"{"id": "1", "type": "background", "minzoom": 1e999}"#).as_bytes());
    file("null-layer", style("null").as_bytes());
    file("half", &style("").as_bytes()[..40]);
    file("a-number", b"5");
    let refs = |i: usize| format!(r#"{{"id": "{i}", "ref": "{}"}}"#, (i + 1) % 20_000);
    file("circle-of-refs", style(&(0..20_000).map(refs).collect::<Vec<_>>().join(",")).as_bytes());
    file("ids", style(&[r#"{"id": "1", "type": "background"}"#; 50_000].join(",")).as_bytes());
    let long = "x".repeat(1 << 20);
    file(
        "long-names",
        style(&format!(r#"{{"id": "1", "type": "fill", "source": "{long}", "paint": {{"{long}": 1}}}}"#)).as_bytes(),
    );
    file(
        "escapes",
        style(r#"{"id": "1", "type": "fill", "source": "a\u001b[2J", "paint": {"\u001b[2J": 1}}"#).as_bytes(),
    );
    let stops = (0..100_000).rev().map(|i| format!("[{i}, {i}]")).collect::<Vec<_>>().join(",");
    file(
        "stops",
        filter("true")
            .replace("\"filter\": true", &format!(r#""paint": {{"fill-opacity": {{"stops": [{stops}]}}}}"#))
            .as_bytes(),
    );

    for (name, place) in [
        ("50-mb", "the file has more than 8388608 bytes"),
        ("deep", "line 1 column"),
        ("deep-open", "line 1 column"),
        ("deep-enough", "layers[0].filter[1][1]"),
        ("empty", "line 1 column 0"),
        ("no-text", "UTF-8"),
        ("nan", "line 1 column"),
        ("infinity", "line 1 column"),
        ("null-layer", "layers[0]: an object is expected, not null"),
        ("half", "line 1 column"),
        ("a-number", "an object is expected, not a number"),
        ("circle-of-refs", "layers[999]: \"ref\" names a layer that has a \"ref\" itself"),
        ("ids", "layers[1000]: the id \"1\" is that of layers[0] too"),
        ("long-names", "layers[0]: there is no source \"xxx"),
        ("escapes", "layers[0].paint.\u{fffd}[2J"),
        ("stops", "layers[0].paint.fill-opacity.stops[1][0]: the inputs of stops go upwards"),
    ] {
        let ended = check_in(dir.path(), &[name]);
        let said = text(&ended);
        assert_eq!(ended.code, Some(1), "{name}: {}", ended.stderr);
        assert!(said.contains(place), "{name}: {}", &said[..said.len().min(2000)]);
        assert!(!said.contains('\u{1b}') && said.len() < 1 << 20, "{name}: {} bytes", said.len());
        assert!(said.lines().count() <= 1000, "{name}: {} lines", said.lines().count());
    }
    let ended = check_in(dir.path(), &["ids"]);
    assert_eq!(ended.stderr, "ids: 1000 errors, 0 warnings, and 48999 more of either\n");
    // What is checked is what is drawn: all these are refused there too, by name.
    for name in ["deep", "infinity", "circle-of-refs", "ids", "a-number"] {
        let ended = run_in(dir.path(), &[], &["render", "0/0/0", "-o", "x.png", "--style", name]);
        assert!(!ended.stderr.contains("panicked"), "{name}: {}", ended.stderr);
    }
}

#[test]
fn bundled_styles_have_nothing_wrong() {
    let dir = directory();
    for (name, _) in rasterzen::style::BUNDLED {
        let checked = check_in(dir.path(), &["--strict", name]);
        assert_eq!((checked.code, checked.stderr), (Some(0), format!("{name}: 0 errors, 0 warnings\n")));
        // Nothing is warned of at the start either, such as an image that is not among the icons.
        let drawn = run_in(dir.path(), &[], &["render", "2/2/1", "-o", "x.png", "--log", "warn", "--style", name]);
        assert_eq!((drawn.code, drawn.stderr.as_str()), (Some(0), ""), "{name}");
    }
}

#[test]
fn bundled_styles_are_listed_with_what_they_are() {
    let dir = directory();
    let listed = String::from_utf8(run(dir.path(), &["style", "list"])).expect("UTF-8");
    let styles = rasterzen::style::BUNDLED;
    assert_eq!(listed.lines().count(), styles.len());
    for (line, (name, _)) in listed.lines().zip(styles) {
        let description = line.strip_prefix(name).expect("the name").trim_start();
        assert!(description.len() > 10, "{line}");
        run(dir.path(), &["render", "0/0/0", "-o", "x.png", "--style", name]);
    }
}
