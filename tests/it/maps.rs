//! Several styles on one server, and styles with several sources.

use crate::golden::pixels;
use crate::server::{Server, named, wait_until};
use crate::tile_writer::{Feature, Layer, tile};
use crate::upstream::{Act, Upstream};
use serde_json::json;
use std::io::Write;
use std::process::Command;
use tempfile::{NamedTempFile, TempDir};

const SIDE: i32 = 4096;

/// A style with a background and one fill layer for each source, of its source layer `a`.
fn style(background: &str, fills: &[(&str, &str)]) -> NamedTempFile {
    let mut layers = vec![json!({"id": "ground", "type": "background", "paint": {"background-color": background}})];
    let mut sources = json!({});
    for (source, color) in fills {
        sources[*source] = json!({"type": "vector"});
        let paint = json!({ "fill-color": color });
        layers.push(json!({"id": source, "type": "fill", "source": source, "source-layer": "a", "paint": paint}));
    }
    let style = json!({"version": 8, "sources": sources, "layers": layers});
    let mut file = NamedTempFile::with_suffix(".json").unwrap();
    file.write_all(style.to_string().as_bytes()).unwrap();
    file
}

/// A source whose every tile has one rectangle, from left to right by 4096ths.
fn source(from: i32, to: i32) -> Upstream {
    let ring = [[from, 0], [to, 0], [to, SIDE], [from, SIDE]];
    let bytes = tile(&[Layer::new("a").with(Feature::polygon(&[&ring]))]).to_vec();
    Upstream::start(move |_| Act::tile(bytes.clone()))
}

/// The colour in the middle row of a PNG, at a column.
fn color_at(png: &[u8], x: u32) -> [u8; 3] {
    let (width, height, drawn) = pixels(png);
    let at = ((height / 2 * width + x) * 4) as usize;
    [drawn[at], drawn[at + 1], drawn[at + 2]]
}

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];

#[test]
fn each_style_is_served_under_its_name_and_the_first_where_none_is_named() {
    let (red, blue) = (style("#f00", &[]), style("#00f", &[]));
    let styles = [format!("red={}", named_path(&red)), format!("blue={}", named_path(&blue))];
    let server = Server::start(&["--style", &styles[0], "--style", &styles[1]], &[]);
    let color = |path: &str| {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/png")), "{path}");
        color_at(&reply.body, 7)
    };
    for path in ["/png/3/4/2.png", "/png/3/4/2.png?style=red", "/styles/red/3/4/2.png", "/styles/red/512/3/4/2@2x.png"]
    {
        assert_eq!(color(path), RED, "{path}");
    }
    for path in ["/png/3/4/2.png?style=blue", "/styles/blue/3/4/2.png", "/styles/blue/256/3/4/2.png"] {
        // The first time drawn, the second from memory.
        assert_eq!((color(path), color(path)), (BLUE, BLUE), "{path}");
    }
    let unknown = server.get("/styles/green/3/4/2.png");
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (404, Some("unknown_style")));
    assert!(unknown.json()["hint"].as_str().is_some_and(|hint| hint.contains("red, blue")));
    assert_eq!(server.get("/styles/red/300/3/4/2.png").status, 400);
    assert_eq!(server.get("/styles/red/3/4/2.gif").status, 404);
    // A style's pictures go by their extension alone.
    let svg = server.request("GET", "/styles/blue/3/4/2.svg", &[("Accept", "image/png")]);
    assert_eq!((svg.header("content-type"), svg.header("vary")), (Some("image/svg+xml"), None));
    let url = server.get("/styles/blue.json").json()["tiles"][0].as_str().unwrap().to_string();
    assert_eq!(url, format!("http://{}/styles/blue/{{z}}/{{x}}/{{y}}.png", server.address()));
}

fn named_path(file: &NamedTempFile) -> String {
    file.path().to_str().unwrap().to_string()
}

#[test]
fn two_styles_of_one_name_are_refused() {
    let file = style("#f00", &[]);
    let path = named_path(&file);
    let output = Command::new(env!("CARGO_BIN_EXE_rasterzen"))
        .args(["serve", "--listen", "127.0.0.1:0", "--style", &format!("x={path}"), "--style", "x=light"])
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("\"x\"") && said.contains("NAME=FILE"), "{said}");
}

#[test]
fn a_picture_is_drawn_from_all_sources_of_its_style() {
    let (left, right) = (source(0, SIDE / 4), source(SIDE / 2, SIDE));
    let file = style("#00f", &[("left", "#f00"), ("right", "#0f0")]);
    let sources = [format!("left={}", left.template()), format!("right={}", right.template())];
    let cache = TempDir::new().unwrap();
    let both = sources.join(";");
    // As flags, and as one variable.
    let flags = ["--source", &sources[0], "--source", &sources[1]];
    let disk = cache.path().to_str().unwrap();
    for (args, envs) in [(&flags[..], &[][..]), (&["--cache", disk][..], &[("RASTERZEN_SOURCE", &*both)][..])] {
        let server = Server::start(&[&["--style", &named(&file)], args].concat(), envs);
        let png = server.get("/png/4/3/3.png?tile_size=512").body;
        assert_eq!([64, 200, 400].map(|x| color_at(&png, x)), [RED, BLUE, GREEN]);
        // The tiles of `/mvt/` are those of the first source that a layer reads.
        let tile = server.get("/mvt/4/3/3.mvt").body;
        assert_eq!(server.get("/styles/style/4/3/3.mvt").status, 404);
        assert!(!tile.is_empty());
        let layers = server.get("/json/4/3/3.json").json();
        assert_eq!(layers.as_object().unwrap().keys().collect::<Vec<_>>(), ["a", "right/a"]);
    }
    wait_until("the source tiles are on disk", || {
        let names = std::fs::read_dir(cache.path().join("mvt")).into_iter().flatten().count();
        names >= 2
    });
    let names: Vec<String> = std::fs::read_dir(cache.path().join("mvt"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().any(|name| name == "4"), "{names:?}: the first source has the short keys");
    assert!(names.iter().any(|name| name.starts_with("right@")), "{names:?}");
}

#[test]
fn sources_that_no_style_has_or_that_are_given_twice_are_refused() {
    let file = style("#00f", &[("left", "#f00")]);
    let style = named_path(&file);
    let refused = |sources: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rasterzen"));
        command.args(["render", "0/0/0", "-o", "-", "--style", &style]).env_clear();
        sources.iter().for_each(|source| {
            command.args(["--source", source]);
        });
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{sources:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&["middle=sample"]);
    assert!(said.contains("\"middle\"") && said.contains("left"), "{said}");
    let said = refused(&["sample", "nextzen"]);
    assert!(said.contains("NAME=URI"), "{said}");
}

#[test]
fn one_source_of_two_styles_is_fetched_once() {
    let upstream = Upstream::sample();
    let (one, two) = (style("#f00", &[("a", "#f00")]), style("#0f0", &[("b", "#0f0")]));
    let source = upstream.template();
    let styles = [format!("one={}", named_path(&one)), format!("two={}", named_path(&two))];
    let server = Server::start(&["--style", &styles[0], "--style", &styles[1], "--source", &source], &[]);
    for style in ["one", "two"] {
        assert_eq!(server.get(&format!("/styles/{style}/13/4264/2987.png")).status, 200);
    }
    let asked = upstream.requests();
    assert_eq!(asked.iter().filter(|path| path.ends_with("/12/2132/1493.mvt")).count(), 1, "{asked:?}");
}
