//! The program as a process: what it writes where, what it refuses and in which words, and that nothing is left half
//! written.

use crate::tile_writer::{Feature, Layer, sample, tile};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use tempfile::TempDir;

/// A tile of the sample map in the middle of Monaco.
const TILE: &str = "14/8529/5974";

pub struct Ended {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// Runs the program in a directory, without any variables but these; 30 seconds are far too long.
pub fn run_in(directory: &Path, variables: &[(&str, &str)], args: &[&str]) -> Ended {
    let output = Command::new("timeout")
        .args(["30", env!("CARGO_BIN_EXE_rasterzen")])
        .args(args)
        .current_dir(directory)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs(variables.iter().copied())
        .output()
        .expect("a process");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    Ended { code: output.status.code(), stdout: output.stdout, stderr }
}

/// Runs what must work, and gives what it prints.
pub fn run(directory: &Path, args: &[&str]) -> Vec<u8> {
    let ended = run_in(directory, &[], args);
    assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
    ended.stdout
}

pub fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// All files under a directory, sorted.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

pub fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, bytes).expect("a file");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

/// How a body of each format begins.
fn begins(format: &str) -> &'static [u8] {
    match format {
        "svg" => b"<svg xmlns=",
        "png" => b"\x89PNG\r\n\x1a\n",
        "json" => b"{\"",
        "geojson" => b"{\"type\":\"FeatureCollection\"",
        _ => b"\x1a",
    }
}

#[test]
fn one_tile_goes_to_a_file_or_to_standard_output() {
    let dir = directory();
    let file = |name: &str| fs::read(dir.path().join(name)).expect(name);
    for format in ["svg", "png", "json", "geojson", "mvt"] {
        let name = format!("deep/er/tile.{format}");
        assert_eq!(run(dir.path(), &["render", TILE, "-o", &name]), b"", "{format}");
        let body = file(&name);
        assert!(body.starts_with(begins(format)), "{format}: {:?}", &body[..20]);
        assert_eq!(run(dir.path(), &["render", TILE, "-o", "-", "--format", format]), body, "{format}");
    }
    assert_eq!(file("deep/er/tile.mvt"), sample(TILE));
    // A name that says nothing is a PNG, and the flag beats the name.
    run(dir.path(), &["render", TILE, "-o", "picture"]);
    assert_eq!(file("picture"), file("deep/er/tile.png"));
    run(dir.path(), &["render", TILE, "-o", "picture.png", "--format", "svg"]);
    assert_eq!(file("picture.png"), file("deep/er/tile.svg"));
    let size = |args: &[&str]| {
        let png = run(dir.path(), &[&["render", TILE, "-o", "-"], args].concat());
        [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().expect("4 bytes")))
    };
    assert_eq!(size(&[]), [256, 256]);
    assert_eq!(size(&["--size", "512"]), [512, 512]);
    assert_eq!(size(&["--scale", "3"]), [768, 768]);
    assert_eq!(
        run_in(dir.path(), &[("RASTERZEN_STYLE", "nowhere.json")], &["render", TILE, "-o", "x.png"]).code,
        Some(2)
    );
    let beats = ["render", TILE, "-o", "x.png", "--style", "light"];
    assert_eq!(run_in(dir.path(), &[("RASTERZEN_STYLE", "nowhere.json")], &beats).code, Some(0));
}

#[test]
fn many_tiles_go_to_a_directory_with_a_report_in_the_order_of_the_list() {
    let dir = directory();
    let tiles = ["14/8529/5974", "0/0/0", "14/8530/5975", "5/16/11"];
    let list = "# tiles\n14/8529/5974\n\n 0/0/0  # the world\r\n14/8530/5975\n5/16/11";
    write(&dir.path().join("list.txt"), list);
    for jobs in ["1", "2"] {
        let out = format!("out{jobs}");
        let args =
            ["render", "--tiles", "list.txt", "--out", &out, "--format", "svg", "--report", "r.json", "--jobs", jobs];
        assert_eq!(run(dir.path(), &args), b"");
        let names: Vec<PathBuf> = files(&dir.path().join(&out));
        assert_eq!(names.len(), tiles.len());
        let report: Value =
            serde_json::from_slice(&fs::read(dir.path().join("r.json")).expect("a report")).expect("JSON");
        assert!(report["setup_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{report}");
        let rows = report["tiles"].as_array().expect("rows");
        assert_eq!(rows.iter().map(|row| row["tile"].as_str()).collect::<Vec<_>>(), tiles.map(Some));
        for row in rows {
            let tile = row["tile"].as_str().expect("a tile");
            let body = fs::read(dir.path().join(&out).join(format!("{tile}.svg"))).expect(tile);
            assert_eq!(row["bytes"], body.len(), "{tile}");
            assert!(row["wall_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{row}");
            assert_eq!(row["cpu_ms"].is_null(), jobs == "2", "{row}");
            for stage in ["fetch", "decode", "scene", "svg", "raster", "encode"] {
                assert!(row["stages"][stage].is_f64(), "{stage}: {row}");
            }
            let sources = ["fetched", "decoded"].map(|key| row["sources"][key].as_u64().expect(key));
            assert!(sources[0] >= sources[1] && sources[1] >= 1, "{row}");
        }
    }
    // However many at once, the pictures are the same.
    for tile in tiles {
        let of = |jobs: &str| fs::read(dir.path().join(format!("out{jobs}/{tile}.svg"))).expect(tile);
        assert_eq!(of("1"), of("2"), "{tile}");
    }
}

#[test]
fn misuse_ends_with_2_and_says_how_to_mend_it() {
    let dir = directory();
    write(&dir.path().join("list.txt"), "14/8529/5974\n# fine\n14/8529\n");
    write(&dir.path().join("empty.txt"), "# nothing\n");
    write(&dir.path().join("page.json"), "<html>");
    write(&dir.path().join("seven.json"), r#"{"version": 7, "layers": []}"#);
    write(&dir.path().join("large.json"), vec![b' '; 9 << 20]);
    write(
        &dir.path().join("bad.json"),
        r#"{"version": 8, "layers": [{"id": "a", "type": "background", "paint": {"background-color": 5}}]}"#,
    );
    write(
        &dir.path().join("own.json"),
        r#"{"version": 8, "layers": [{"id": "a", "type": "fill", "source": "s", "source-layer": "x"}],
            "sources": {"s": {"type": "vector", "url": "ftp://example.org/t.json"}}}"#,
    );
    write(&dir.path().join("short.pmtiles"), b"PMTiles\x03");
    write(&dir.path().join("tiles/0/0/0.mvt"), b"");
    const ACCEPTED: &str = "a source is `sample`, `nextzen`";
    let render = |rest: &[&'static str]| [&["render", TILE, "-o", "x.png"], rest].concat();
    let serve = |rest: &[&'static str]| [&["serve", "--listen", "127.0.0.1:0"], rest].concat();
    let image = |place: &'static str, size: &'static str, rest: &[&'static str]| {
        [&["static", place, size, "-o", "x.png", "--style", "light"], rest].concat()
    };
    write(&dir.path().join("bare.json"), r#"{"version": 8, "layers": []}"#);
    write(&dir.path().join("off.json"), r#"{"version": 8, "layers": [], "center": [200, 3]}"#);
    let cases: Vec<(Vec<&str>, &[&str])> = vec![
        (vec!["paint"], &["paint", "--help"]),
        (vec!["render"], &["no tile", "rasterzen render Z/X/Y -o FILE"]),
        (vec!["render", TILE], &["no output", "-o FILE"]),
        (vec!["render", TILE, "0/0/0", "-o", "x.png"], &["several tiles", "--out DIR"]),
        (vec!["render", "14/8529", "-o", "x.png"], &["14/8529", "Z/X/Y"]),
        (vec!["render", "14/a/5974", "-o", "x.png"], &["\"a\"", "whole number"]),
        (vec!["render", "2/4/0", "-o", "x.png"], &["outside of the world", "2^z"]),
        (vec!["render", "31/0/0", "-o", "x.png"], &["outside of the world", "30"]),
        (vec!["render", "300/0/0", "-o", "x.png"], &["outside of the world"]),
        (vec!["render", "--tiles", "list.txt", "--out", "out"], &["list.txt, line 3", "Z/X/Y"]),
        (vec!["render", "--tiles", "empty.txt", "--out", "out"], &["no tile"]),
        (vec!["render", "--tiles", "nowhere.txt", "--out", "out"], &["nowhere.txt"]),
        (vec!["render", "--tiles", "list.txt"], &["--out"]),
        (vec!["render", TILE, "-o", "x.png", "--out", "out"], &["--out"]),
        (render(&["--format", "gif"]), &["gif", "png, svg, json, geojson or mvt"]),
        (render(&["--size", "300"]), &["300", "256 or 512"]),
        (render(&["--scale", "0"]), &["1..=4"]),
        (render(&["--scale", "5"]), &["1..=4"]),
        (render(&["--jobs", "0"]), &["1..=256"]),
        (render(&["--style", "nowhere.json"]), &["nowhere.json", "light"]),
        (render(&["--style", "sepia"]), &["sepia", "light"]),
        (render(&["--style", "a b=seven.json"]), &["a b", "NAME=FILE"]),
        (render(&["--style", "page.json"]), &["page", "MapLibre Style Spec"]),
        (render(&["--style", "seven.json"]), &["version: 7 is not 8"]),
        (render(&["--style", "bad.json"]), &["layers[0].paint.background-color", "a CSS colour"]),
        (render(&["--style", "large.json"]), &["bytes"]),
        (render(&["--style", "own.json"]), &["\"s\"", "neither http nor https"]),
        (render(&["--source", "nonsense"]), &["not a source", ACCEPTED]),
        (render(&["--source", "page.json"]), &["neither TileJSON nor GeoJSON", ACCEPTED]),
        (render(&["--source", "tiles"]), &["a directory", ACCEPTED]),
        (render(&["--source", "http://["]), &["URL", ACCEPTED]),
        (render(&["--source", "https://example.org/{z}/{x}.mvt"]), &[ACCEPTED]),
        (render(&["--source", "http://[/{z}/{x}/{y}.mvt"]), &[ACCEPTED]),
        (render(&["--source", "nowhere/{z}/{x}/{y}.mvt"]), &["not a directory", ACCEPTED]),
        (render(&["--source", "tiles/{z}/{x}.mvt"]), &["{y}", ACCEPTED]),
        (render(&["--source", "nowhere.pmtiles"]), &["cannot be opened", ACCEPTED]),
        (render(&["--source", "short.pmtiles"]), &["header", ACCEPTED]),
        (render(&["--source", "pmtiles:nowhere"]), &["cannot be opened", ACCEPTED]),
        (render(&["--source-class", "300"]), &["256, 512 and 1024"]),
        (render(&["--source-minzoom", "9", "--source-maxzoom", "5"]), &["from 9 to 5"]),
        (render(&["--source-maxzoom", "31"]), &["at most 30"]),
        (render(&["--source-bounds", "1,2,3"]), &["west,south,east,north"]),
        (render(&["--source-bounds", "1,5,3,4"]), &["west,south,east,north"]),
        (vec!["static"], &["LON,LAT,ZOOM"]),
        (vec!["static", "7,43,3", "10x10"], &["--output"]),
        (vec!["static", "7,43,3", "-o", "x.png"], &["\"7,43,3\" is not a size", "600x400"]),
        (image("7,43", "10x10", &[]), &["\"7,43\"", "7.42,43.735,14.5,30"]),
        (image("7,43,3,4,5", "10x10", &[]), &["7.42,43.735,14.5,30"]),
        (image("10x10", "7,43,3", &[]), &["\"10x10\"", "7.42,43.735,14.5"]),
        (image("181,43,3", "10x10", &[]), &["181 is not a longitude", "-180 to 180"]),
        (image("7,-91,3", "10x10", &[]), &["-91 is not a latitude", "-90 to 90"]),
        (image("7,43,31", "10x10", &[]), &["31 is not a zoom", "-1 to 30"]),
        (image("7,43,-1.5", "10x10", &[]), &["-1.5 is not a zoom"]),
        (image("7,43,3,361", "10x10", &[]), &["361 is not a bearing"]),
        (image("7,nan,3", "10x10", &[]), &["7,nan,3"]),
        (image("7,43,3", "10", &[]), &["\"10\" is not a size", "600x400"]),
        (image("7,43,3", "0x10", &[]), &["\"0x10\" is not a size"]),
        (image("7,43,3", "10x-1", &[]), &["\"10x-1\" is not a size"]),
        (image("7,43,3", "1.5x10", &[]), &["\"1.5x10\" is not a size"]),
        (image("7,43,3", "32769x1", &[]), &["32768 a side"]),
        (image("7,43,3", "99999999999x1", &[]), &["32768 a side"]),
        (image("7,43,3", "10000x1", &["--scale", "4"]), &["32768 a side"]),
        (image("7,43,3", "10x10", &["--scale", "5"]), &["1..=4"]),
        (image("7,43,3", "10x10", &["--format", "json"]), &["json", "png or svg"]),
        (image("7,43,3", "10x10", &["--bbox", "1,2,3,4"]), &["both a place and a box"]),
        (image("7,43,3", "10x10", &["--geojson", "nowhere.json"]), &["nowhere.json", "RFC 7946"]),
        (image("7,43,3", "10x10", &["--geojson", "page.json"]), &["page.json", "not JSON"]),
        (image("7,43,3", "10x10", &["--geojson", "seven.json"]), &["seven.json", "GeoJSON"]),
        (image("7,43,3", "10x10", &["--style", "bare.json"]), &["several styles", "--style"]),
        (vec!["static", "7,43,3", "10x10", "-o", "x.jpg"], &["\"jpg\"", "--format"]),
        (vec!["static", "10x10", "-o", "x.png", "--style", "bare.json"], &["no center", "--bbox"]),
        (vec!["static", "10x10", "-o", "x.png", "--style", "off.json"], &["center", "200 is not a longitude"]),
        (vec!["static", "--bbox", "1,2,3", "10x10", "-o", "x.png"], &["\"1,2,3\"", "west,south,east,north"]),
        (vec!["static", "--bbox", "1,4,3,2", "10x10", "-o", "x.png"], &["the south of the box, 4"]),
        (vec!["static", "--bbox", "1,2,200,3", "10x10", "-o", "x.png"], &["200 is not a longitude"]),
        (vec!["static", "--bbox", "7,43,7,43", "10x10", "-o", "x.png"], &["single point", "as 7,43,16"]),
        (vec!["static", "--bbox", "7,43,7.0000000001,43", "800x10", "-o", "x.png"], &["so small", "as 7,43,16"]),
        (vec!["static", "--bbox", "-180,-80,180,80", "100x100", "-o", "x.png"], &["a larger picture"]),
        (serve(&["--s3-dsn", "bucket=B region=R"]), &["credentials"]),
        (serve(&["--s3-dsn", "bucket=B region=R credentials=iam: bucket=C"]), &["bucket"]),
        (serve(&["--s3-dsn", "bucket=B region=R credentials=iam: colour=red"]), &["colour"]),
        // Flags of the server before another command would do nothing.
        (vec!["--source", "sample", "render", TILE, "-o", "x.png"], &["render"]),
        (serve(&["--cors-origin", "ü"]), &["CORS"]),
        (serve(&["--s3-dsn", "nonsense"]), &["word 1", "bucket="]),
        (serve(&["--cache", "s3:bucket=B"]), &["region"]),
        (serve(&["--cache", "memory:64MB"]), &["64MB", "MiB"]),
        (serve(&["--cache", "memory:much"]), &["much", "MiB"]),
        (serve(&["--cache-options", "Colour=red"]), &["Colour"]),
        (serve(&["--cache-ttl", "5y"]), &["\"y\"", "s, m, h or d"]),
        (serve(&["--cache-ttl", "soon"]), &["soon"]),
        (serve(&["--cache-ttl", "99999999999d"]), &["12h"]),
        (serve(&["--cache-variants", "some"]), &["requested", "all"]),
        (serve(&["--cache-version", "../other"]), &["segment"]),
        (serve(&["--max-age", "long"]), &["long", "--max-age"]),
        (serve(&["--trusted-proxies", "example.org"]), &["example.org", "network"]),
        (serve(&["--public-url", "ftp://example.org"]), &["ftp://example.org", "https://"]),
        (vec!["serve", "--listen", "nowhere"], &["nowhere", "--listen", "127.0.0.1:"]),
    ];
    let before = files(dir.path());
    let mut wrong = Vec::new();
    thread::scope(|scope| {
        let ended: Vec<_> =
            cases.iter().map(|(args, words)| (args, words, scope.spawn(|| run_in(dir.path(), &[], args)))).collect();
        for (args, words, ended) in ended {
            let ended = ended.join().expect("a process");
            let text = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
            if ended.code != Some(2) || !ended.stdout.is_empty() || !missing.is_empty() || text.contains("panicked") {
                wrong.push(format!("{args:?}: {:?}, without {missing:?}: {text}", ended.code));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(files(dir.path()), before);
    // What a variable says wrongly is refused as well, by its name.
    let ended = run_in(dir.path(), &[("CACHE_MAX_AGE", "long")], &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((ended.code, ended.stderr.contains("CACHE_MAX_AGE")), (Some(2), true), "{}", ended.stderr);
}

#[test]
fn bounds_of_more_than_numbers_are_refused() {
    let dir = directory();
    let ended = run_in(dir.path(), &[], &["render", TILE, "-o", "x.png", "--source-bounds", "1,x,2,3,4"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}

#[test]
fn a_bundled_style_takes_no_name_that_a_file_would_not() {
    let dir = directory();
    let ended = run_in(dir.path(), &[], &["render", TILE, "-o", "x.png", "--style", "a/b c=light"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}

#[test]
fn a_tile_that_fails_leaves_no_file_and_the_others_are_written() {
    let dir = directory();
    let line = tile(&[Layer::new("roads").with(Feature::line(&[[0, 0], [9, 9]]))]);
    write(&dir.path().join("tiles/5/1/1.mvt"), &line);
    write(&dir.path().join("tiles/5/9/9.mvt"), "<html>Not found</html>");
    write(&dir.path().join("tiles/5/20/20.mvt"), &gzip(&line)[..20]);
    write(&dir.path().join("out/5/9/9.svg"), "before");
    write(&dir.path().join("one.svg"), "before");
    write(&dir.path().join("list.txt"), "5/1/1\n5/9/9\n5/20/20\n5/30/30");
    let source = ["--source", "tiles/{z}/{x}/{y}.mvt"];

    let args = [&["render", "5/9/9", "--size", "512", "-o", "one.svg"][..], &source].concat();
    let ended = run_in(dir.path(), &[], &args);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("5/9/9") && ended.stderr.contains("not a Mapbox Vector Tile"), "{}", ended.stderr);
    assert_eq!(ended.stdout, b"");
    assert_eq!(fs::read(dir.path().join("one.svg")).expect("a file"), b"before");

    let many =
        ["render", "--tiles", "list.txt", "--out", "out", "--format", "svg", "--size", "512", "--report", "r.json"];
    let ended = run_in(dir.path(), &[], &[&many[..], &source].concat());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 tiles failed"), "{}", ended.stderr);
    assert!(ended.stderr.contains("5/9/9") && ended.stderr.contains("5/20/20"), "{}", ended.stderr);
    let names: Vec<String> = files(&dir.path().join("out"))
        .iter()
        .map(|path| path.strip_prefix(dir.path()).expect("a path below").display().to_string())
        .collect();
    assert_eq!(names, ["out/5/1/1.svg", "out/5/30/30.svg", "out/5/9/9.svg"]);
    assert_eq!(fs::read(dir.path().join("out/5/9/9.svg")).expect("a file"), b"before");
    let report: Value = serde_json::from_slice(&fs::read(dir.path().join("r.json")).expect("a report")).expect("JSON");
    let reported: Vec<_> = report["tiles"].as_array().expect("rows").iter().map(|row| row["tile"].clone()).collect();
    assert_eq!(reported, [json!("5/1/1"), json!("5/30/30")]);

    // Where nothing can be written.
    write(&dir.path().join("file"), "");
    let ended = run_in(dir.path(), &[], &["render", TILE, "-o", "file/x.png"]);
    assert_eq!((ended.code, ended.stderr.contains("cannot be written")), (Some(2), true), "{}", ended.stderr);
}

#[test]
fn every_command_has_help_with_examples() {
    let dir = directory();
    let style = |command: &'static str| ["style", command, "--help"];
    let all = [
        &["--help"][..],
        &["serve", "--help"],
        &["render", "--help"],
        &["static", "--help"],
        &["explain", "--help"],
        &["style", "--help"],
        &style("check"),
        &style("convert"),
        &style("list"),
        &["help"],
        &["help", "render"],
        &["-h"],
    ];
    for args in all {
        let text = String::from_utf8(run(dir.path(), args)).expect("UTF-8");
        let examples = text.split_once("Examples:\n  ").map(|(_, examples)| examples);
        let works = examples.is_some_and(|examples| examples.contains("rasterzen"));
        assert!(text.contains("Usage:") && works, "{args:?}: {text}");
    }
    assert!(run(dir.path(), &["--version"]).starts_with(b"rasterzen "));
}

/// The SVG of a 512 px tile from a source, without the credit that only some sources carry.
fn svg(directory: &Path, tile: &str, args: &[&str]) -> String {
    let args = [&["render", tile, "-o", "-", "--format", "svg", "--size", "512"], args].concat();
    let text = String::from_utf8(run(directory, &args)).expect("UTF-8");
    match (text.find("<desc>"), text.find("</desc>")) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to + "</desc>".len()..]),
        _ => text,
    }
}

/// Whether a picture shows anything but the background.
fn is_empty(svg: &str) -> bool {
    !svg.contains("<g")
}

#[test]
fn directories_hold_the_same_map() {
    let dir = directory();
    let embedded = svg(dir.path(), TILE, &[]);
    for y in 5973..=5975 {
        for x in 8528..=8530 {
            let bytes = sample(&format!("14/{x}/{y}"));
            write(&dir.path().join(format!("plain/14/{x}/{y}.mvt")), &bytes);
            write(&dir.path().join(format!("packed/14-{x}-{y}.mvt.gz")), gzip(&bytes));
            write(&dir.path().join(format!("south/14/{x}/{}", (1 << 14) - 1 - y)), gzip(&gzip(&bytes)));
        }
    }
    let absolute = dir.path().join("plain/{z}/{x}/{y}.mvt").display().to_string();
    for template in [
        "plain/{z}/{x}/{y}.mvt",
        "packed/{z}-{x}-{y}.mvt.gz",
        "south/{z}/{x}/{-y}",
        &absolute,
        &format!("file://{absolute}"),
    ] {
        assert!(svg(dir.path(), TILE, &["--source", template]) == embedded, "{template}: another picture");
    }
    // What is not there is empty, and so is a file without bytes.
    assert!(is_empty(&svg(dir.path(), "14/5/5", &["--source", "plain/{z}/{x}/{y}.mvt"])));
    write(&dir.path().join("plain/14/5/5.mvt"), "");
    assert!(is_empty(&svg(dir.path(), "14/5/5", &["--source", "plain/{z}/{x}/{y}.mvt"])));
}

fn sample_archive() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sample/sample.pmtiles")
}

#[test]
fn the_archive_in_a_file_is_the_embedded_one_but_for_its_gaps() {
    let dir = directory();
    fs::copy(sample_archive(), dir.path().join("map.pmtiles")).expect("a copy");
    let render = |tile: &str, args: &[&str]| {
        run(dir.path(), &[&["render", tile, "-o", "-", "--format", "svg", "--size", "512"], args].concat())
    };
    for tile in [TILE, "0/0/0", "5/16/11"] {
        let embedded = render(tile, &[]);
        for source in ["map.pmtiles", "pmtiles:map.pmtiles", "pmtiles://map.pmtiles"] {
            assert!(render(tile, &["--source", source]) == embedded, "{tile} of {source}");
        }
    }
    // Far from both towns there is nothing at zoom 14 but the ancestors.
    let lost = "14/8328/5770";
    assert!(!is_empty(&svg(dir.path(), lost, &[])));
    assert!(is_empty(&svg(dir.path(), lost, &["--source", "map.pmtiles"])));
    let sparse = svg(dir.path(), lost, &["--source", "map.pmtiles", "--source-sparse"]);
    assert!(sparse == svg(dir.path(), lost, &[]), "another picture");
    // Above the last zoom, tiles are scaled up.
    assert!(!is_empty(&svg(dir.path(), "16/34117/23897", &["--source", "map.pmtiles"])));
}

#[test]
fn what_is_said_of_a_source_counts() {
    let dir = directory();
    let whole = svg(dir.path(), TILE, &[]);
    let clips = |svg: &str| svg.matches("<clipPath").count();
    assert_eq!(clips(&whole), 0);
    // A class 256 tile shows a quarter of the ground: four of the next zoom make one of 512 px.
    let quarters = svg(dir.path(), "13/4264/2987", &["--source-class", "256"]);
    assert_eq!(clips(&quarters), 4);
    // One of class 1024 shows four times as much: zoom 13 is drawn where class 512 draws zoom 14.
    let larger = svg(dir.path(), TILE, &["--source-class", "1024"]);
    assert!(clips(&larger) == 0 && !is_empty(&larger) && larger != whole);

    let coarse = svg(dir.path(), TILE, &["--source-maxzoom", "10"]);
    assert!(coarse != whole && !is_empty(&coarse));
    assert!(is_empty(&svg(dir.path(), TILE, &["--source-minzoom", "15", "--source-maxzoom", "16"])));
    assert!(svg(dir.path(), TILE, &["--source-minzoom", "14"]) == whole);
    assert!(is_empty(&svg(dir.path(), TILE, &["--source-bounds", "-10,-10,0,0"])));
    assert!(svg(dir.path(), TILE, &["--source-bounds", "5,40,10,50"]) == whole);
    // Bounds over the antimeridian.
    assert!(svg(dir.path(), TILE, &["--source-bounds", "5,40,-170,50"]) == whole);
    assert!(is_empty(&svg(dir.path(), TILE, &["--source-bounds", "170,40,-170,50"])));
}

/// What a server of one file makes of ranges.
#[derive(Clone, Copy, PartialEq)]
enum Ranges {
    Answered,
    Ignored,
}

/// Serves bytes at any path of the address it gives, until the process ends.
fn serve(bytes: Vec<u8>, ranges: Ranges) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that has seen enough hangs up; that is no error here.
            let _ = answer(stream, &bytes, ranges);
        }
    });
    format!("http://{address}/map.pmtiles")
}

fn answer(mut stream: TcpStream, bytes: &[u8], ranges: Ranges) -> std::io::Result<()> {
    let mut range = None;
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        range = line.strip_prefix("range: bytes=").map(str::to_string).or(range);
    }
    let range = range.filter(|_| ranges == Ranges::Answered);
    let (status, body) = match range.as_deref().and_then(|range| range.split_once('-')) {
        Some((first, last)) => {
            let number = |text: &str| text.parse::<usize>().expect("a number");
            let end = (number(last) + 1).min(bytes.len());
            ("206 Partial Content", bytes.get(number(first)..end).unwrap_or_default())
        }
        None => ("200 OK", bytes),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: \"1\"\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(body)
}

#[test]
fn an_archive_is_read_over_http_by_ranges() {
    let dir = directory();
    let url = serve(fs::read(sample_archive()).expect("the archive"), Ranges::Answered);
    for source in [url.clone(), format!("pmtiles:{url}"), format!("{url}?a=b")] {
        assert_eq!(svg(dir.path(), TILE, &["--source", &source]), svg(dir.path(), TILE, &[]), "{source}");
    }
}

/// Runs a source that must be refused, and gives the reason.
fn refusal(directory: &Path, source: &str) -> String {
    let ended = run_in(directory, &[], &["render", TILE, "-o", "x.png", "--source", source]);
    assert!(matches!(ended.code, Some(1 | 2)), "{source}: {:?} {}", ended.code, ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{source}: {}", ended.stderr);
    assert_eq!(ended.stdout, b"");
    assert_eq!(files(directory).iter().filter(|path| path.ends_with("x.png")).count(), 0, "{source}");
    ended.stderr
}

#[test]
fn a_server_that_ignores_ranges_is_named_as_such() {
    let dir = directory();
    let reason = refusal(dir.path(), &serve(fs::read(sample_archive()).expect("the archive"), Ranges::Ignored));
    assert!(reason.contains("range requests"), "{reason}");
}

#[test]
fn a_broken_archive_is_refused_in_a_file_and_over_http() {
    let dir = directory();
    let whole = fs::read(sample_archive()).expect("the archive");
    let mut no_leaves = whole.clone();
    let root = 127;
    no_leaves[root + 12..root + 60].fill(0xa5);
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a page", b"<html>Not found</html>".repeat(100)),
        ("noise", (0..50_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
        ("half a header", whole[..60].to_vec()),
        ("half a directory", whole[..400].to_vec()),
        ("no tiles", whole[..20_000].to_vec()),
        ("a broken root directory", no_leaves),
    ] {
        let path = dir.path().join("map.pmtiles");
        write(&path, &bytes);
        for source in [path.display().to_string(), serve(bytes, Ranges::Answered)] {
            let reason = refusal(dir.path(), &source);
            assert!(reason.contains("archive") || reason.contains("source"), "{what}: {reason}");
            assert!(reason.lines().count() >= 2, "{what}, without a hint: {reason}");
        }
    }
}

#[test]
fn what_may_be_a_key_in_a_source_is_not_repeated() {
    let dir = directory();
    for source in [
        "htps://host/{z}/{x}.mvt?key=CANARY",
        "tile.host/x.mvt?api_key=CANARY",
        "host/CANARY/{z}/{x}/{y}.mvt",
        "host/CANARY/map.pmtiles",
        "https://host/{z}/{x}.mvt?key=CANARY",
    ] {
        let ended = run_in(dir.path(), &[], &["render", TILE, "-o", "x.png", "--source", source]);
        assert_eq!(ended.code, Some(2), "{source}: {}", ended.stderr);
        assert!(!ended.stderr.contains("CANARY"), "{source}: {}", ended.stderr);
    }
}

#[test]
fn empty_variables_are_left_out() {
    let dir = directory();
    let names = ["SOURCE", "SOURCE_CLASS", "SOURCE_MINZOOM", "SOURCE_BOUNDS", "SOURCE_SPARSE", "STYLE", "LOG"];
    let names: Vec<String> = names.iter().map(|name| format!("RASTERZEN_{name}")).collect();
    let empty: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let ended = run_in(dir.path(), &empty, &["render", "1/0/0", "-o", "x.png"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for yes in ["1", "true", "yes"] {
        let ended = run_in(dir.path(), &[("RASTERZEN_SOURCE_SPARSE", yes)], &["render", "1/0/0", "-o", "x.png"]);
        assert_eq!(ended.code, Some(0), "{yes}: {}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn links_and_pipes_stay_what_they_are() {
    let dir = directory();
    write(&dir.path().join("real.svg"), "old");
    std::os::unix::fs::symlink("real.svg", dir.path().join("link.svg")).expect("a link");
    run(dir.path(), &["render", "1/0/0", "-o", "link.svg"]);
    assert!(fs::symlink_metadata(dir.path().join("link.svg")).expect("a link").is_symlink());
    assert!(fs::read(dir.path().join("real.svg")).expect("a file").starts_with(b"<svg"));

    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe)
    });
    run(dir.path(), &["render", "1/0/0", "--format", "svg", "-o", "pipe"]);
    assert!(reader.join().expect("a reader").expect("bytes").starts_with(b"<svg"));
}

#[test]
fn a_directory_of_an_archive_that_unfolds_is_refused() {
    // Header, root with one leaf, and a leaf that is 64 MiB of zeros.
    let leaf = gzip(&vec![0; 64 << 20]);
    let mut root_entry = vec![1, 0, 0];
    let mut length = leaf.len();
    while length >= 0x80 {
        root_entry.push(length as u8 | 0x80);
        length >>= 7;
    }
    root_entry.extend([length as u8, 1]);
    let root = gzip(&root_entry);
    let numbers = [127, root.len(), 0, 0, 127 + root.len(), leaf.len(), 127 + root.len() + leaf.len(), 0, 1, 1, 1];
    let mut archive = b"PMTiles\x03".to_vec();
    numbers.iter().for_each(|n| archive.extend((*n as u64).to_le_bytes()));
    // Clustered; directories gzip, tiles gzip, vector tiles, zooms 0 to 5; then the bounds of the world.
    archive.extend([1, 2, 2, 1, 0, 5]);
    for degrees in [-180, -85, 180, 85i32] {
        archive.extend((degrees * 10_000_000).to_le_bytes());
    }
    archive.extend([0; 9]);
    assert_eq!(archive.len(), 127);
    archive.extend(root);
    archive.extend(leaf);
    let dir = directory();
    write(&dir.path().join("bomb.pmtiles"), archive);
    let ended = run_in(dir.path(), &[], &["render", "0/0/0", "-o", "x.png", "--source", "bomb.pmtiles"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("inflates to more than"), "{}", ended.stderr);
}

#[test]
fn a_ring_without_area_does_not_hide_the_others() {
    let dir = directory();
    let square = [[0, 0], [1000, 0], [1000, 1000], [0, 1000]];
    let flat = [[5, 5], [10, 10], [20, 20]];
    let layer = Layer::new("water").with(Feature::polygon(&[&flat, &square]));
    write(&dir.path().join("t/0/0/0.mvt"), tile(&[layer]));
    let args = ["render", "0/0/0", "--format", "geojson", "-o", "-", "--source", "t/{z}/{x}/{y}.mvt"];
    let collection: Value = serde_json::from_slice(&run(dir.path(), &args)).expect("JSON");
    assert_eq!(collection["features"][0]["geometry"]["type"], "Polygon", "{collection}");
}

/// The lines under `Examples:` in the help of a command.
fn examples(command: &[&str]) -> Vec<String> {
    let dir = directory();
    let help = String::from_utf8(run(dir.path(), &[command, &["--help"]].concat())).expect("UTF-8");
    let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("no examples: {help}"));
    examples.lines().map(|line| line.trim().to_string()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_examples_of_every_help_work() {
    let dir = directory();
    let program = Path::new(env!("CARGO_BIN_EXE_rasterzen")).parent().expect("a directory");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("a PATH"));
    let commands = [
        &[][..],
        &["serve"],
        &["render"],
        &["static"],
        &["explain"],
        &["style"],
        &["style", "list"],
        &["style", "convert"],
        &["style", "check"],
    ];
    for example in commands.into_iter().flat_map(examples) {
        // Any port will do, in case that of the example is taken.
        let line = example.replace("127.0.0.1:8081", "127.0.0.1:0");
        let shell = |line: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", line]).current_dir(dir.path()).env_clear().env("PATH", &path);
            shell.env("RASTERZEN_LISTEN", "127.0.0.1:0");
            shell
        };
        if example != "rasterzen" && !example.contains("rasterzen serve") {
            let output = shell(&line).output().expect("a process");
            assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
            continue;
        }
        // The shell becomes the server, so that killing one ends the other.
        let mut server = shell(&format!("exec {line}")).stdout(std::process::Stdio::piped()).spawn().expect("a server");
        let mut lines = BufReader::new(server.stdout.take().expect("a pipe")).lines();
        let said = lines.any(|line| line.is_ok_and(|line| line.starts_with("TileJSON: http://127.0.0.1:")));
        server.kill().and_then(|()| server.wait()).expect("an end");
        assert!(said, "{example}");
    }
    assert_eq!(fs::read(dir.path().join("monaco.png")).expect("a file")[..8], *b"\x89PNG\r\n\x1a\n");
}

#[test]
fn many_tiles_show_how_far_they_are() {
    let dir = directory();
    write(&dir.path().join("list.txt"), "14/8529/5974\n14/8530/5974\n");
    let args = ["render", "--tiles", "list.txt", "--out", "out"];
    let plain = run_in(dir.path(), &[], &args);
    assert_eq!(plain.stdout, b"");
    assert!(plain.stderr.contains("2 tiles written in "), "{}", plain.stderr);
    assert!(!plain.stderr.contains('\u{1b}'), "no terminal, no colours: {:?}", plain.stderr);
    assert_eq!(run_in(dir.path(), &[], &[&args[..], &["--log", "warn"]].concat()).stderr, "");
    // `script` runs a program on a terminal of its own; where there is none, only the plain lines are tested.
    let line = format!("{} {}", env!("CARGO_BIN_EXE_rasterzen"), args.join(" "));
    let script = Command::new("script").args(["-qec", &line, "/dev/null"]).current_dir(dir.path()).output();
    let Ok(script) = script else { return eprintln!("without script, the bar is not tested") };
    let shown = String::from_utf8_lossy(&script.stdout);
    assert!(script.status.success() && shown.contains("2/2 tiles"), "{shown}");
}

#[test]
fn a_flag_beats_a_variable_that_is_wrong_and_others_do_not_read_it() {
    let dir = directory();
    let wrong = [("RASTERZEN_SOURCE_BOUNDS", "everywhere")];
    let render = ["render", "0/0/0", "--format", "json", "-o", "-"];
    let ended = run_in(dir.path(), &wrong, &render);
    assert!(ended.code == Some(2) && ended.stderr.contains("everywhere"), "{}", ended.stderr);
    let ended = run_in(dir.path(), &wrong, &[&render[..], &["--source-bounds", "-180,-85,180,85"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = run_in(dir.path(), &wrong, &["style", "list"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn options_of_all_commands_stand_before_them_too() {
    let dir = directory();
    let render = ["render", "0/0/0", "--format", "json", "-o", "-"];
    let plain = run(dir.path(), &render);
    for args in [[&["--log", "debug"], &render[..]].concat(), [&render[..], &["--log", "debug"]].concat()] {
        let ended = run_in(dir.path(), &[], &args);
        assert_eq!((ended.code, &ended.stdout), (Some(0), &plain), "{args:?}: {}", ended.stderr);
    }
    let quiet = run_in(dir.path(), &[], &["--log", "error", "render", "--tiles", "nowhere.txt", "--out", "out"]);
    assert!(quiet.code != Some(0) && quiet.stderr.contains("nowhere.txt"), "{}", quiet.stderr);
    // The server begins, and finds the address to be none.
    let ended = run_in(dir.path(), &[], &["--log", "debug", "serve", "--listen", "nowhere"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("nowhere cannot be listened on"), "{}", ended.stderr);
    // Those of the server alone would be of no effect; from a variable they are for whoever reads them.
    for args in [&["--listen", "127.0.0.1:1", "serve"][..], &["--style", "dark", "render", "0/0/0", "-o", "x.png"]] {
        let ended = run_in(dir.path(), &[], args);
        assert!(ended.code == Some(2) && ended.stderr.contains(args[0]), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("before the command"), "{args:?}: {}", ended.stderr);
    }
    let ended = run_in(dir.path(), &[("RASTERZEN_LISTEN", "nowhere")], &render);
    assert_eq!((ended.code, ended.stdout), (Some(0), plain), "{}", ended.stderr);
}
