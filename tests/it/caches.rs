//! What is drawn is kept on disk and in S3 for the next process, and nothing that is wrong there is served.

use crate::s3_server::{self, Failure, S3Server};
use crate::server::{Server, named, wait_until, water_style};
use crate::upstream::{Act, Upstream, sample, sample_tile};
use std::path::Path;
use std::thread;
use tempfile::{NamedTempFile, TempDir};

const PNG: &str = "/png/13/4264/2987.png";
/// The source tile that it is cut from.
const SOURCE_TILE: &str = "/12/2132/1493.mvt";

/// A source, a style, and a directory for tiles.
struct Place {
    upstream: Upstream,
    style: NamedTempFile,
    cache: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { upstream: Upstream::sample(), style: water_style("#00f"), cache: TempDir::new().unwrap() }
    }

    fn directory(&self) -> &str {
        self.cache.path().to_str().unwrap()
    }

    /// A server with these caches.
    fn server(&self, args: &[&str]) -> Server {
        self.server_with(&self.style, args)
    }

    fn server_with(&self, style: &NamedTempFile, args: &[&str]) -> Server {
        let (source, style) = (self.upstream.template(), named(style));
        Server::start(&[&["--source", &source, "--style", &style], args].concat(), &[])
    }

    fn on_disk(&self) -> Server {
        self.server(&["--cache", self.directory()])
    }

    /// From now on, nothing comes from the source.
    fn switch_off(&self) {
        self.upstream.now(|_| Act::status(500));
    }

    fn file(&self, key: &str) -> std::path::PathBuf {
        self.cache.path().join(key)
    }
}

/// Asks until it is kept: what goes to disk or to a store goes behind the answer.
fn wait_for(server: &Server, target: &str, tier: &str) {
    wait_until(&format!("{target} is in {tier}"), || server.get(target).tier() == tier);
}

fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}

#[test]
fn the_next_process_serves_from_disk() {
    let place = Place::new();
    let server = place.on_disk();
    let first = server.get(PNG);
    assert_eq!(first.tier(), "miss");
    wait_for(&server, PNG, "disk");
    server.stop();
    // A plain file, for any web server.
    assert!(std::fs::read(place.file("png/13/4264/2987.png")).unwrap() == first.body);
    assert!(std::fs::read(place.file("mvt/12/2132/1493.mvt")).unwrap() == sample_tile("12/2132/1493").unwrap());

    place.switch_off();
    let asked = place.upstream.requests().len();
    let server = place.server(&["--cache", "memory:1MiB", "--cache", place.directory(), "--max-age", "5"]);
    for tier in ["disk", "memory"] {
        let reply = server.get(PNG);
        assert_eq!(reply.tier(), tier);
        assert!(reply.body == first.body && reply.header("etag") == first.header("etag"));
        // The settings of now count, not those of then.
        let caching = reply.header("cache-control");
        assert_eq!(caching, Some("public, max-age=5, s-maxage=600, stale-if-error=86400"));
    }
    // Other forms are drawn from the source tile that is kept.
    let svg = server.get("/svg/13/4264/2987.svg");
    assert_eq!((svg.tier(), svg.header("vary")), ("miss", Some("Accept")));
    assert_eq!(server.get("/mvt/12/2132/1493.mvt").status, 200);
    assert_eq!(place.upstream.requests().len(), asked);
    server.get("/png/3/0/0.png").assert_problem(502, "source_failed", "a tile that nobody has");
}

#[test]
fn keys_are_short_for_what_is_asked_for_most() {
    let place = Place::new();
    let server = place.on_disk();
    for target in [
        "/svg/13/4264/2987.json",
        "/png/13/4264/2987@2x.png",
        "/png/13/4264/2987.png?tile_size=512",
        "/rasterzen/13/4264/2987.x?style=water&unknown=1&api_key=k",
        "/geojson/13/4264/2987@3x.geojson",
    ] {
        assert_eq!(server.get(target).tier(), "miss", "{target}");
    }
    let negotiated = server.request("GET", "/svg/13/4264/2987.svg", &[("Accept", "image/png")]);
    assert_eq!(negotiated.tier(), "miss");
    // What was negotiated is the png.
    wait_for(&server, PNG, "disk");
    server.stop();
    for key in [
        "svg/13/4264/2987.svg",
        "png/13/4264/2987.png",
        "json/13/4264/2987.json",
        "geojson/13/4264/2987.geojson",
        "mvt/12/2132/1493.mvt",
        "mvt/13/4264/2987.mvt",
    ] {
        assert!(exists(&place.file(key)), "{key}");
    }
    let mut named: Vec<String> = std::fs::read_dir(place.file("png"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    named.sort();
    assert_eq!(named.len(), 2, "{named:?}");
    let digest = named[1].strip_prefix("water@").expect("a style's name and digest");
    assert!(digest.len() == 8 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{digest}");
    for size in ["512@1x", "256@2x"] {
        assert!(exists(&place.file(&format!("png/{}/{size}/13/4264/2987.png", named[1]))), "{size}");
    }
}

#[test]
fn a_version_and_all_variants_on_disk() {
    let place = Place::new();
    let args = ["--cache", place.directory(), "--cache-version", "v7", "--cache-variants", "all"];
    let server = place.server(&args);
    assert_eq!(server.get(PNG).tier(), "miss");
    server.stop();
    place.switch_off();
    let server = place.server(&args);
    for (target, key) in [
        (PNG, "v7/png/13/4264/2987.png"),
        ("/svg/13/4264/2987.svg", "v7/svg/13/4264/2987.svg"),
        ("/json/13/4264/2987.json", "v7/json/13/4264/2987.json"),
    ] {
        let reply = server.get(target);
        assert_eq!(reply.tier(), "disk", "{target}");
        assert!(reply.body == std::fs::read(place.file(key)).unwrap(), "{target}");
    }
    // What is kept so is what would be drawn.
    let plain = Server::start(&["--source", "sample", "--style", &named(&place.style)], &[]);
    for target in ["/svg/13/4264/2987.svg", "/json/13/4264/2987.json"] {
        let plain = plain.get(target).text().replace("<desc>© OpenStreetMap contributors, Natural Earth</desc>", "");
        assert!(server.get(target).text() == plain, "{target}");
    }
    assert_eq!(place.on_disk().get(PNG).status, 502, "without the version it is another cache");
}

#[test]
fn what_is_of_another_style_or_source_is_a_miss() {
    let place = Place::new();
    let server = place.on_disk();
    let first = server.get(PNG);
    assert_eq!(first.tier(), "miss");
    server.stop();
    // Under the same name and key, from the same source tile.
    let red = water_style("#f00");
    let server = place.server_with(&red, &["--cache", place.directory()]);
    let second = server.get(PNG);
    assert_eq!(second.tier(), "miss");
    assert!(second.body != first.body && second.header("etag") != first.header("etag"));
    assert_eq!(place.upstream.count(SOURCE_TILE), 1);
    server.stop();
    // The object was replaced.
    assert!(std::fs::read(place.file("png/13/4264/2987.png")).unwrap() == second.body);
    assert_eq!(place.on_disk().get(PNG).tier(), "miss");
    // Neither the picture nor the source tile of another source counts.
    let other = Upstream::start(|_| Act::status(500));
    let server =
        Server::start(&["--source", &other.template(), "--style", &named(&red), "--cache", place.directory()], &[]);
    server.get(PNG).assert_problem(502, "source_failed", "another source");
    // Nor what was made when the source was said to be another.
    for args in [["--source-maxzoom", "11"], ["--source-class", "256"]] {
        let asked = place.upstream.requests().len();
        let server = place.server(&[&["--cache", place.directory()], &args[..]].concat());
        assert_eq!(server.get(PNG).tier(), "miss", "{args:?}");
        assert_eq!(place.upstream.requests().len(), asked + 1, "{args:?}");
    }
}

/// Makes a broken file from a whole one.
type Breaks = fn(&[u8]) -> Vec<u8>;

#[test]
fn what_is_broken_on_disk_is_a_miss() {
    let place = Place::new();
    let server = place.on_disk();
    let first = server.get(PNG);
    server.stop();
    place.switch_off();
    let (body, line) = (place.file("png/13/4264/2987.png"), place.file("png/13/4264/2987.png.meta"));
    let (tile, tile_line) = (place.file("mvt/12/2132/1493.mvt"), place.file("mvt/12/2132/1493.mvt.meta"));
    let ways: [(&str, Breaks); 4] = [
        ("a bit", |bytes| {
            let (left, right) = bytes.split_at(bytes.len() / 2);
            [left, &[right[0] ^ 1], &right[1..]].concat()
        }),
        ("half of it", |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("all of it", |_| Vec::new()),
        ("noise", |_| vec![0xff; 100]),
    ];
    for (what, break_it) in ways {
        // A line that can still be read but for one bit says what it says.
        for file in [&body, &line].into_iter().filter(|file| what != "a bit" || *file == &body) {
            let whole = std::fs::read(file).unwrap();
            std::fs::write(file, break_it(&whole)).unwrap();
            // Drawn again from the source tile beside it.
            let server = place.on_disk();
            let reply = server.get(PNG);
            assert_eq!(reply.tier(), "miss", "{what} of {file:?}");
            assert!(reply.body == first.body && reply.header("etag") == first.header("etag"), "{what} of {file:?}");
            server.stop();
            assert_eq!(place.on_disk().get(PNG).tier(), "disk", "{what} of {file:?} was mended");
        }
    }
    let whole = [&body, &line, &tile, &tile_line].map(|file| (file, std::fs::read(file).unwrap()));
    for (what, break_it) in ways {
        for file in [&tile, &tile_line].into_iter().filter(|file| what != "a bit" || *file == &tile) {
            whole.iter().for_each(|(file, bytes)| std::fs::write(file, bytes).unwrap());
            std::fs::remove_file(&body).unwrap();
            std::fs::write(file, break_it(&std::fs::read(file).unwrap())).unwrap();
            place.on_disk().get(PNG).assert_problem(502, "source_failed", &format!("{what} of {file:?}"));
        }
    }
    // The line of another object.
    whole.iter().for_each(|(file, bytes)| std::fs::write(file, bytes).unwrap());
    std::fs::copy(&tile_line, &line).unwrap();
    assert_eq!(place.on_disk().get(PNG).tier(), "miss", "the line of another object");
    // A line alone, a body alone, and a directory in place of each.
    for file in [&body, &line] {
        whole.iter().for_each(|(file, bytes)| std::fs::write(file, bytes).unwrap());
        std::fs::remove_file(file).unwrap();
        assert_eq!(place.on_disk().get(PNG).tier(), "miss", "without {file:?}");
        let _ = std::fs::remove_file(file);
        std::fs::create_dir(file).unwrap();
        assert_eq!(place.on_disk().get(PNG).tier(), "miss", "a directory for {file:?}");
        std::fs::remove_dir(file).unwrap();
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_passed_by() {
    let place = Place::new();
    let lost = place.cache.path().join("lost");
    // A file where a directory has to be; rights alone would not stop every user.
    std::fs::write(place.file("png"), "").unwrap();
    let server = place.server(&["--cache", place.directory()]);
    let gone = place.server(&["--cache", lost.to_str().unwrap()]);
    std::fs::remove_dir(&lost).unwrap();
    std::fs::write(&lost, "").unwrap();
    for server in [server, gone] {
        for _ in 0..2 {
            assert_eq!(server.get(PNG).tier(), "miss");
        }
        wait_until("the failed write is logged", || server.log().contains("cache write failed"));
        server.stop();
    }
    std::fs::remove_file(place.file("png")).unwrap();
    let server = place.on_disk();
    assert_eq!((server.get(PNG).tier(), server.get(PNG).status), ("miss", 200));
}

#[test]
fn an_old_object_is_renewed_or_replaced() {
    let place = Place::new();
    let args = ["--cache", place.directory(), "--cache-ttl", "0s"];
    let server = place.server(&args);
    let first = server.get(PNG);
    assert_eq!(first.tier(), "miss");
    server.stop();
    let server = place.server(&args);
    for asked in 2..4 {
        let again = server.get(PNG);
        assert_eq!((again.tier(), again.header("server-timing")), ("disk", None), "what did not change is not drawn");
        assert!(again.body == first.body);
        assert_eq!(place.upstream.count(SOURCE_TILE), asked, "the source is asked each time");
    }
    server.stop();
    // It has another tile now.
    place.upstream.now(|_| sample("/12/2132/1492.mvt"));
    let server = place.server(&args);
    let second = server.get(PNG);
    assert_eq!(second.tier(), "miss");
    assert!(second.body != first.body && second.header("etag") != first.header("etag"));
    server.stop();
    assert!(std::fs::read(place.file("png/13/4264/2987.png")).unwrap() == second.body);
    // Young enough, it is not asked.
    let asked = place.upstream.requests().len();
    assert_eq!(place.on_disk().get(PNG).tier(), "disk");
    assert_eq!(place.upstream.requests().len(), asked);
}

/// Arguments for a cache in the bucket `tiles`, under `maps`.
fn on_s3(store: &S3Server) -> [String; 2] {
    ["--cache".to_owned(), format!("s3:{}", store.dsn("tiles", "maps"))]
}

fn puts(store: &S3Server, key: &str) -> usize {
    store.requests().iter().filter(|request| request.method == "PUT" && request.path.ends_with(key)).count()
}

// The store runs on the threads of the test's runtime, which the test itself does not leave free.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_process_serves_from_s3() {
    let (place, store) = (Place::new(), s3_server::start(&["tiles"]).await);
    let cache = on_s3(&store);
    let args = cache.each_ref().map(String::as_str);
    let server = place.server(&args);
    let first = server.get(PNG);
    assert_eq!(first.tier(), "miss");
    // Only what is asked for most has a short key.
    assert_eq!(server.get("/png/13/4264/2987@2x.png").tier(), "miss");
    server.stop();
    let objects = store.objects("tiles");
    assert!(objects.contains(&"maps/png/13/4264/2987.png".to_owned()), "{objects:?}");
    assert!(objects.contains(&"maps/mvt/12/2132/1493.mvt".to_owned()), "{objects:?}");
    assert!(objects.iter().any(|key| key.starts_with("maps/png/water@") && key.ends_with("/256@2x/13/4264/2987.png")));
    let requests = store.requests();
    let put = requests.iter().find(|r| r.method == "PUT" && r.path == "/tiles/maps/png/13/4264/2987.png");
    let put = put.expect("no put of the short key");
    assert_eq!(put.header("content-type"), Some("image/png"));
    assert_eq!(put.header("cache-control"), first.header("cache-control"));
    for name in ["x-amz-meta-rasterzen-recipe", "x-amz-meta-rasterzen-content"] {
        let digest = put.header(name).unwrap_or_else(|| panic!("no {name}"));
        assert!(digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{name}: {digest}");
    }

    place.switch_off();
    let asked = place.upstream.requests().len();
    let server = place.server(&[&["--cache", "memory"], &args[..]].concat());
    for tier in ["s3", "memory"] {
        let reply = server.get(PNG);
        assert_eq!(reply.tier(), tier);
        assert!(reply.body == first.body && reply.header("etag") == first.header("etag"));
    }
    // Another style takes the source tile from there, and puts its own picture in the other's place.
    let red = water_style("#f00");
    let server = place.server_with(&red, &args);
    let other = server.get(PNG);
    assert_eq!(other.tier(), "miss");
    assert!(other.body != first.body);
    server.stop();
    assert_eq!(place.upstream.requests().len(), asked);
    assert_eq!(place.server_with(&red, &args).get(PNG).tier(), "s3");
    assert_eq!(place.server(&args).get(PNG).tier(), "miss");
}

#[test]
fn memory_keeps_what_takes_more_than_half_of_it() {
    let server = Server::start(&["--cache", "memory:200KiB"], &[]);
    let svg = "/svg/14/8529/5974.svg";
    let first = server.get(svg);
    assert!((102_400..150_000).contains(&first.body.len()), "{} bytes", first.body.len());
    assert_eq!((first.tier(), server.get(svg).tier()), ("miss", "memory"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_variable_means_memory_and_then_s3() {
    let (place, store) = (Place::new(), s3_server::start(&["tiles"]).await);
    let (source, style, dsn) = (place.upstream.template(), named(&place.style), store.dsn("tiles", "maps"));
    let start = || Server::start(&["--source", &source, "--style", &style], &[("RASTERZEN_S3_DSN", dsn.as_str())]);
    let server = start();
    assert_eq!((server.get(PNG).tier(), server.get(PNG).tier()), ("miss", "memory"));
    server.stop();
    let server = start();
    assert_eq!((server.get(PNG).tier(), server.get(PNG).tier()), ("s3", "memory"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_fails_is_passed_by() {
    let place = Place::new();
    // Each with a store and a server of its own, and at once: a look into one that hangs takes its time.
    let failures = [
        Some(Failure::Status(403, "AccessDenied")),
        Some(Failure::Status(404, "NoSuchBucket")),
        Some(Failure::Status(503, "SlowDown")),
        Some(Failure::Truncated(1000)),
        Some(Failure::Stalled),
        None,
    ];
    let mut stores = Vec::new();
    for failure in failures {
        let store = s3_server::start(&["tiles"]).await;
        store.fail_with(failure);
        store.hang(failure.is_none());
        stores.push((failure, store));
    }
    thread::scope(|scope| {
        for (failure, store) in &stores {
            let place = &place;
            scope.spawn(move || {
                let cache = on_s3(store);
                let server = place.server(&cache.each_ref().map(String::as_str));
                assert_eq!(server.get(PNG).tier(), "miss", "{failure:?}");
                assert!(!store.requests().is_empty(), "{failure:?}: the store was not asked");
                server.assert_alive(&format!("{failure:?}"));
                // Once it works, it is used.
                store.fail_with(None);
                store.hang(false);
                wait_for(&server, PNG, "s3");
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_goes_away_is_passed_by() {
    let (place, store) = (Place::new(), s3_server::start(&["tiles"]).await);
    let cache = on_s3(&store);
    let server = place.server(&cache.each_ref().map(String::as_str));
    assert_eq!(server.get(PNG).tier(), "miss");
    wait_for(&server, PNG, "s3");
    store.stop().await;
    assert_eq!(server.get(PNG).tier(), "miss");
    assert_eq!(server.get("/png/13/4264/2988.png").tier(), "miss");
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_object_in_s3_is_renewed() {
    let (place, store) = (Place::new(), s3_server::start(&["tiles"]).await);
    let cache = on_s3(&store);
    let args = [&cache.each_ref().map(String::as_str)[..], &["--cache-ttl", "0s"]].concat();
    let mut bodies = Vec::new();
    for (i, tier) in ["miss", "s3", "s3"].into_iter().enumerate() {
        let server = place.server(&args);
        let reply = server.get(PNG);
        assert_eq!(reply.tier(), tier);
        assert_eq!(reply.header("server-timing").is_some(), tier == "miss", "what did not change is not drawn");
        bodies.push(reply.body);
        server.stop();
        assert_eq!(place.upstream.count(SOURCE_TILE), i + 1, "the source is asked each time");
        assert_eq!(puts(&store, "/png/13/4264/2987.png"), i + 1, "the object is written anew with its time");
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    place.upstream.now(|_| sample("/12/2132/1492.mvt"));
    let server = place.server(&args);
    let reply = server.get(PNG);
    assert_eq!(reply.tier(), "miss");
    assert!(reply.body != bodies[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_costs_one_write() {
    let (place, store) = (Place::new(), s3_server::start(&["tiles"]).await);
    let cache = on_s3(&store);
    let server = place.server(&[&["--cache", "memory"], &cache.each_ref().map(String::as_str)[..]].concat());
    place.upstream.hold();
    let crowd: Vec<_> = (0..50).map(|_| server.ask("GET", PNG, &[])).collect();
    place.upstream.wait_for_requests(1);
    server.settle();
    place.upstream.release();
    for stream in crowd {
        assert_eq!(crate::server::Reply::read(stream, "GET").unwrap().status, 200);
    }
    server.stop();
    assert_eq!((puts(&store, "/2987.png"), puts(&store, "/1493.mvt")), (1, 1));
}

#[test]
fn another_query_of_the_template_or_another_directory_is_another_source() {
    let place = Place::new();
    let style = named(&place.style);
    for (first, second) in [("?set=A", "?set=B"), ("?set=A", "")] {
        let cache = TempDir::new().unwrap();
        let start = |query: &str| {
            let source = format!("{}{query}", place.upstream.template());
            Server::start(&["--source", &source, "--style", &style, "--cache", cache.path().to_str().unwrap()], &[])
        };
        let server = start(first);
        assert_eq!(server.get(PNG).tier(), "miss");
        wait_for(&server, PNG, "disk");
        server.stop();
        assert_eq!(start(second).get(PNG).tier(), "miss", "{first} and {second}");
    }
}

/// Changes the time in the line beside a cached file.
fn date(line: &Path, seconds: u64) {
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(line).unwrap()).unwrap();
    value["stored"] = seconds.into();
    std::fs::write(line, value.to_string()).unwrap();
}

fn stored(line: &Path) -> u64 {
    serde_json::from_slice::<serde_json::Value>(&std::fs::read(line).unwrap()).unwrap()["stored"].as_u64().unwrap()
}

#[test]
fn a_picture_is_as_old_as_the_tiles_it_was_made_of() {
    let place = Place::new();
    let server = place.on_disk();
    server.get("/mvt/12/2132/1493.mvt");
    server.stop();
    let line = place.file("mvt/12/2132/1493.mvt.meta");
    let an_hour_ago = stored(&line) - 3600;
    date(&line, an_hour_ago);
    let server = place.on_disk();
    assert_eq!(server.get(PNG).tier(), "miss");
    server.stop();
    assert_eq!(stored(&place.file("png/13/4264/2987.png.meta")), an_hour_ago);
}

#[test]
fn what_a_wrong_clock_dated_ahead_is_not_fresh() {
    let place = Place::new();
    let server = place.on_disk();
    server.get(PNG);
    server.stop();
    let before = place.upstream.requests().len();
    for entry in ["png/13/4264/2987.png.meta", "mvt/12/2132/1493.mvt.meta"] {
        date(&place.file(entry), 4_000_000_000);
    }
    let server = place.on_disk();
    assert_eq!(server.get(PNG).status, 200);
    assert!(place.upstream.requests().len() > before, "the source was not asked again");
}
