//! Sources that fail, lie and break off: each has its status, costs its caller no more than that, and leaves nothing
//! behind.

use crate::server::{Reply, Server, named, water_style};
use crate::tile_writer::{Feature, Layer, bytes, number, packed, tile};
use crate::upstream::{Act, Upstream, gzip, gzip_zeros, sample, sample_tile};
use rasterzen::limits;
use std::path::{Path, PathBuf};
use std::thread;
use tempfile::{NamedTempFile, TempDir};

const KEY: &str = "CANARYKEY123";
const SVG_ROOT: &str = "/svg/0/0/0.svg";
const NO_FILES: [PathBuf; 0] = [];
/// Two of its sides are those of the source tile that it is cut from: three neighbours reach into it.
const CORNER: &str = "/png/15/17059/11949.png";

/// Something that a source may do, and what becomes of it: the answer's status and code, and the requests that it
/// takes.
struct Row {
    what: &'static str,
    act: Act,
    status: u16,
    code: &'static str,
    tries: usize,
}

/// All that a source may do wrong at once, without waiting. `elsewhere` is another source that nobody may be sent to.
fn rows(elsewhere: &Upstream) -> Vec<Row> {
    let tile = sample_tile("14/8529/5974").unwrap();
    let zipped = gzip(&tile);
    let mut rows = Vec::new();
    let mut row = |what, act, status, code, tries| rows.push(Row { what, act, status, code, tries });

    let answer = |status, header: &str| Act::Answer(status, vec![header.to_owned()], KEY.into());
    for (what, act) in [
        ("429", answer(429, "Retry-After: 7")),
        ("429 without a time", Act::status(429)),
        ("429 with a date", answer(429, "Retry-After: Fri, 21 Nov 2025 07:28:00 GMT")),
    ] {
        row(what, act, 429, "source_rate_limited", 1);
    }

    // Failures that may pass are tried again.
    let raw = |head: &str, body: &[u8]| Act::Raw([format!("HTTP/1.1 200 OK\r\n{head}").as_bytes(), body].concat());
    for (what, act) in [
        ("500", answer(500, &format!("X-Key: {KEY}"))),
        ("502", Act::status(502)),
        ("503", answer(503, "Retry-After: 1")),
        ("504", Act::status(504)),
        ("no answer", Act::Raw(Vec::new())),
        ("half a head", raw("Content-Le", b"")),
        ("no HTTP", Act::Raw(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())),
        ("a head of 1 MB", raw("X: ", &[b'x'; 1 << 20])),
        ("an early close", raw("Content-Length: 999999\r\n\r\n", &tile)),
        ("two lengths", raw("Content-Length: 10\r\nContent-Length: 20\r\n\r\n", &tile)),
        ("broken chunks", raw("Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"abc")),
    ] {
        row(what, act, 502, "source_failed", 3);
    }

    let part = Act::Answer(206, vec!["Content-Range: bytes 0-9/100".into()], tile[..10].to_vec());
    for (what, act) in [
        ("400", answer(400, "X: y")),
        ("402", Act::status(402)),
        ("405", Act::status(405)),
        ("501", Act::status(501)),
        ("a part", part),
        ("not modified", Act::Raw(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec())),
        ("a redirect to nowhere", Act::Answer(302, Vec::new(), Vec::new())),
    ] {
        row(what, act, 502, "source_failed", 1);
    }
    let other = elsewhere.address().port();
    for (what, to) in [
        ("a redirect to another host", format!("http://localhost:{other}/14/8529/5974.mvt")),
        ("a redirect to another port", format!("http://127.0.0.1:{other}/14/8529/5974.mvt")),
        ("a redirect to another host without a scheme", format!("//localhost:{other}/14/8529/5974.mvt")),
        ("a redirect to another host with the key", format!("http://localhost:{other}/?api_key={KEY}")),
        ("a redirect to another host in the name of this", format!("http://127.0.0.1@localhost:{other}/")),
        ("a redirect to a file", "file:///etc/hostname".to_owned()),
        ("a redirect to no URL", "http://[".to_owned()),
    ] {
        row(what, Act::redirect(&to), 502, "source_failed", 1);
    }

    // The same numbers at each run.
    let mut seed = 1u64;
    let random = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 56) as u8
    });
    let much = vec![0x1a; limits::TILE_BYTES_COMPRESSED + 1];
    for (what, act) in [
        ("an HTML page", answer(200, "Content-Type: text/html")),
        ("random bytes", Act::tile(random.take(100_000).collect())),
        ("a truncated tile", Act::tile(tile[..tile.len() - 1].to_vec())),
        ("a tile with more behind it", Act::tile([&tile[..], b"more"].concat())),
        ("truncated gzip", Act::tile(zipped[..zipped.len() / 2].to_vec())),
        ("gzip without its end", Act::tile(zipped[..zipped.len() - 4].to_vec())),
        ("the head of gzip", Act::tile(zipped[..2].to_vec())),
        ("a gzip bomb", Act::tile(gzip_zeros(64 << 20))),
        ("a gzip bomb in gzip", Act::tile(gzip(&gzip_zeros(64 << 20)))),
        ("gzip in gzip in gzip", Act::tile(gzip(&gzip(&zipped)))),
        ("zstd", Act::tile(b"\x28\xb5\x2f\xfd\x04\x00".to_vec())),
        ("a length that is too short", raw("Content-Length: 1000\r\n\r\n", &tile)),
        ("a length over the limit", raw("Content-Length: 9999999\r\n\r\n", &tile)),
        ("a body over the limit", Act::tile(much.clone())),
        ("a body over the limit without a length", raw("\r\n", &much)),
        ("a chunk over the limit", raw("Transfer-Encoding: chunked\r\n\r\n1000000\r\n", &much)),
    ] {
        row(what, act, 502, "bad_tile", 1);
    }
    rows
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// The source tile of a row.
fn address(index: usize) -> String {
    format!("14/{index}/7")
}

/// A picture that is drawn from it.
fn picture(index: usize) -> String {
    format!("/png/{}.png?tile_size=512", address(index))
}

/// The row of a request to the source.
fn index(target: &str) -> usize {
    target.split('/').nth(2).and_then(|x| x.parse().ok()).unwrap_or_else(|| panic!("{target}"))
}

#[test]
fn what_a_source_does_wrong_has_its_row_and_leaves_nothing() {
    let elsewhere = Upstream::sample();
    let rows = rows(&elsewhere);
    let acts: Vec<Act> = rows.iter().map(|row| row.act.clone()).collect();
    let upstream = Upstream::start(move |target| acts[index(target)].clone());
    let (style, cache) = (water_style("#00f"), TempDir::new().unwrap());
    let (style, source, directory) = (named(&style), upstream.template(), cache.path().to_str().unwrap());
    let args = ["--source", &source, "--style", &style, "--cache", "memory", "--cache", directory];
    let server = Server::start(&args, &[]);
    let each = |check: &(dyn Fn(usize, &Row) + Sync)| {
        // At once: the waits between tries add up.
        thread::scope(|scope| {
            for (i, row) in rows.iter().enumerate() {
                scope.spawn(move || check(i, row));
            }
        });
    };
    each(&|i, row| {
        for (n, target) in [picture(i), format!("/mvt/{}.mvt", address(i))].iter().enumerate() {
            let reply = server.get(target);
            reply.assert_problem(row.status, row.code, row.what);
            let asked = upstream.count(&format!("/{}.", address(i)));
            assert_eq!(asked, row.tries * (n + 1), "requests to the source for {}", row.what);
            let wait = (row.status == 429).then_some(if row.what == "429" { "7" } else { "60" });
            assert_eq!(reply.header("retry-after"), wait, "{}", row.what);
        }
    });
    server.assert_alive("all of them");
    assert_eq!(elsewhere.requests(), [""; 0], "another host was asked");
    // The same process, and its memory, once the source has come to its senses.
    upstream.now(|_| sample("/14/8529/5974.mvt"));
    let good = Upstream::start(|_| sample("/14/8529/5974.mvt"));
    let reference = Server::start(&["--source", &good.template(), "--style", &style], &[]);
    let expected = reference.get("/png/14/8529/5974.png?tile_size=512");
    assert_eq!(expected.tier(), "miss");
    assert_eq!(files(cache.path()), NO_FILES);
    each(&|i, row| {
        let reply = server.get(&picture(i));
        assert_eq!(reply.tier(), "miss", "{}", row.what);
        assert!(reply.body == expected.body, "the picture after {} is another", row.what);
    });
    server.stop();
    // The picture and its source tile, each a body and a line; not one more.
    assert_eq!(files(cache.path()).len(), rows.len() * 4);
}

#[test]
fn no_failure_tells_the_key() {
    let elsewhere = Upstream::sample();
    let rows = rows(&elsewhere);
    let acts: Vec<Act> = rows.iter().map(|row| row.act.clone()).collect();
    let upstream = Upstream::start(move |target| acts[index(target)].clone());
    let (cache, source) = (TempDir::new().unwrap(), upstream.keyed_template());
    let directory = cache.path().to_str().unwrap();
    let style = water_style("#00f");
    let args = ["--source", &source, "--style", &named(&style), "--cache", directory, "--log", "debug"];
    let (own, callers) = (Server::start(&args, &[("NEXTZEN_API_KEY", KEY)]), Server::start(&args, &[]));
    thread::scope(|scope| {
        for (i, row) in rows.iter().enumerate() {
            let (own, callers) = (&own, &callers);
            scope.spawn(move || {
                for (server, query) in [(own, String::new()), (callers, format!("&api_key={KEY}"))] {
                    let reply = server.get(&format!("{}{query}", picture(i)));
                    assert_eq!(reply.status, row.status, "{}", row.what);
                    assert_no_key(&reply, row.what);
                }
            });
        }
    });
    assert!(upstream.requests().iter().all(|target| target.ends_with(KEY)), "the source gets the key");
    for server in [own, callers] {
        assert!(server.log().contains("source_failed"), "the log has the failures: {}", server.log());
        assert!(!server.log().contains(KEY), "{}", server.log());
        server.stop();
    }
    assert_eq!(files(cache.path()), NO_FILES);
}

#[cfg(target_os = "linux")]
#[test]
fn a_gzip_bomb_is_not_held_in_memory() {
    let bomb = gzip_zeros(512 << 20);
    let twice = gzip(&bomb);
    let upstream =
        Upstream::start(move |target| Act::tile(if index(target) == 1 { bomb.clone() } else { twice.clone() }));
    let style = water_style("#00f");
    let server = Server::start(&["--source", &upstream.template(), "--style", &named(&style)], &[]);
    for i in 1..=2 {
        server.get(&picture(i)).assert_problem(502, "bad_tile", "a bomb");
    }
    let peak = server.peak_memory();
    assert!(peak < 200 << 20, "{} MiB", peak >> 20);
}

fn assert_no_key(reply: &Reply, what: &str) {
    let text = format!("{:?} {}", reply.headers, String::from_utf8_lossy(&reply.body));
    assert!(!text.contains(KEY), "{what}: {text}");
}

#[test]
fn no_answer_tells_the_key() {
    // Far enough from each other not to be neighbours.
    let upstream = Upstream::start(|target| match index(target) {
        10 => Act::Answer(401, vec![format!("X-Key: {KEY}")], KEY.into()),
        20 => Act::Answer(403, vec![format!("Set-Cookie: {KEY}")], KEY.into()),
        30 => Act::Answer(404, Vec::new(), KEY.into()),
        40 => Act::status(204),
        50 => Act::redirect(&format!("/14/60/7.mvt?api_key={KEY}&{KEY}")),
        8529 => sample("/14/8529/5974.mvt"),
        8530 => Act::Answer(500, Vec::new(), KEY.into()),
        _ => Act::Answer(410, Vec::new(), KEY.into()),
    });
    let (cache, source) = (TempDir::new().unwrap(), upstream.keyed_template());
    let args = ["--source", &source, "--cache", cache.path().to_str().unwrap(), "--log", "debug"];
    let (own, callers) = (Server::start(&args, &[("NEXTZEN_API_KEY", KEY)]), Server::start(&args, &[]));
    let long = format!("{SVG_ROOT}?api_key={}", KEY.repeat(11));
    let long_spaced = format!("{SVG_ROOT}?api_key={KEY}%20{KEY}");
    for (target, statuses) in [
        (picture(10), [502, 403]),
        (picture(20), [502, 403]),
        (picture(30), [200, 200]),
        (picture(40), [200, 200]),
        (picture(50), [200, 200]),
        (CORNER.to_owned(), [200, 200]),
        ("/json/14/8529/5974.json?tile_size=512".to_owned(), [200, 200]),
        ("/mvt/14/8529/5974.mvt".to_owned(), [200, 200]),
        ("/svg/1/2/0.svg".to_owned(), [404, 404]),
        ("/svg/1/-2/0.svg".to_owned(), [400, 400]),
        ("/png/1/0/0.png?tile_size=9".to_owned(), [400, 400]),
        ("/png/1/0/0.png?style=none".to_owned(), [404, 404]),
        ("/none".to_owned(), [404, 404]),
        ("/mvt/16/0/0.mvt".to_owned(), [404, 404]),
        ("/tilejson.json".to_owned(), [200, 200]),
        ("/health".to_owned(), [200, 200]),
        (long, [400, 400]),
        (long_spaced, [400, 400]),
    ] {
        let mark = if target.contains('?') { '&' } else { '?' };
        for (server, status) in [(&own, statuses[0]), (&callers, statuses[1])] {
            for method in ["GET", "HEAD", "POST"] {
                let with_key = format!("{target}{mark}api_key={KEY}");
                let reply = server.request(method, &with_key, &[("Referer", &format!("http://{KEY}/"))]);
                assert_eq!(reply.status, if method == "POST" { 405 } else { status }, "{method} {target}");
                assert_no_key(&reply, &target);
            }
        }
    }
    callers.get(&picture(90)).assert_problem(401, "missing_api_key", "a caller without a key");
    for server in [own, callers] {
        assert!(server.log().contains("method=GET"), "requests are logged: {}", server.log());
        assert!(!server.log().contains(KEY), "{}", server.log());
        server.stop();
    }
    let kept = files(cache.path());
    // 204 and the good tile, as picture or source tile.
    assert!(kept.len() >= 6, "{kept:?}");
    for path in kept {
        assert!(!path.to_str().unwrap().contains(KEY), "{path:?}");
        assert!(!String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(KEY), "in {path:?}");
    }
}

#[test]
fn whose_key_is_refused() {
    for refusal in [401, 403] {
        let upstream = Upstream::start(move |_| Act::status(refusal));
        let (source, style) = (upstream.keyed_template(), water_style("#00f"));
        let style = named(&style);
        let (target, with_key) = (picture(1), format!("{}&api_key=mine", picture(1)));
        let callers = Server::start(&["--source", &source, "--style", &style], &[]);
        callers.get(&target).assert_problem(401, "missing_api_key", "no key at all");
        callers.get(&format!("{target}&api_key=")).assert_problem(401, "missing_api_key", "an empty key");
        assert_eq!(upstream.requests(), [""; 0], "without a key the source is not asked");
        callers.get(&with_key).assert_problem(403, "key_refused", "a caller's key");
        for name in ["NEXTZEN_API_KEY", "RASTERZEN_NEXTZEN_APIKEY"] {
            let own = Server::start(&["--source", &source, "--style", &style], &[(name, "ours")]);
            own.get(&target).assert_problem(502, "source_refused", name);
            // The configured key wins.
            own.get(&with_key).assert_problem(502, "source_refused", name);
        }
        let keys: Vec<String> =
            upstream.requests().iter().map(|target| target.replace("/14/1/7.mvt?api_key=", "")).collect();
        assert_eq!(keys, ["mine", "ours", "ours", "ours", "ours"]);
        let open = Server::start(&["--source", &upstream.template(), "--style", &style], &[]);
        open.get(&with_key).assert_problem(502, "source_refused", "a key that goes nowhere");
    }
}

#[test]
fn a_key_goes_upstream_encoded_and_serves_all_once_it_has_served_one() {
    let upstream = Upstream::start(|_| sample("/14/8529/5974.mvt"));
    let server = Server::start(&["--source", &upstream.keyed_template()], &[]);
    let target = "/mvt/14/8529/5974.mvt";
    assert_eq!(server.get(&format!("{target}?api_key=a%2Bb%26c%2F..%7Bz%7D%23")).status, 200);
    assert_eq!(upstream.requests(), ["/14/8529/5974.mvt?api_key=a%2Bb%26c%2F%2E%2E%7Bz%7D%23"]);
    // A tile got with any key is public.
    assert_eq!(server.get(target).tier(), "memory");
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn a_redirect_on_the_same_host_is_followed() {
    let upstream = Upstream::start(|target| match target.trim_start_matches('/') {
        "14/1/0.mvt" => Act::redirect("/hop1/14/8529/5974.mvt"),
        "14/2/0.mvt" => Act::redirect("/hop2/14/8529/5974.mvt"),
        "14/3/0.mvt" => Act::redirect("/hop3/14/8529/5974.mvt"),
        "14/4/0.mvt" => Act::redirect("0.mvt"),
        "hop3/14/8529/5974.mvt" => Act::redirect("../../../hop2/14/8529/5974.mvt"),
        "hop2/14/8529/5974.mvt" => Act::redirect("/hop1/14/8529/5974.mvt"),
        hop if hop.starts_with("hop1/") => sample("/14/8529/5974.mvt"),
        other => panic!("{other}"),
    });
    let server = Server::start(&["--source", &upstream.template()], &[]);
    let tile = sample_tile("14/8529/5974").unwrap();
    for hops in 1..=3 {
        let before = upstream.requests().len();
        let reply = server.get(&format!("/mvt/14/{hops}/0.mvt"));
        assert!(reply.status == 200 && reply.body == tile, "{hops} hops: {}", reply.status);
        assert_eq!(upstream.requests().len(), before + hops + 1);
    }
    // A circle has too many.
    let before = upstream.requests().len();
    server.get("/mvt/14/4/0.mvt").assert_problem(502, "source_failed", "a circle");
    assert_eq!(upstream.requests().len(), before + 4);
}

#[test]
fn a_source_that_is_down_is_no_end() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(&["--source", &format!("http://{nobody}/{{z}}/{{x}}/{{y}}.mvt")], &[]);
    server.get(&picture(1)).assert_problem(502, "source_failed", "nobody listens");
    let server = Server::start(&["--source", "http://nobody.invalid/{z}/{x}/{y}.mvt"], &[]);
    server.get(&picture(1)).assert_problem(502, "source_failed", "no such host");
}

#[test]
fn a_tile_that_a_template_lacks_is_drawn_empty_for_a_while() {
    for status in [404, 410] {
        let upstream = Upstream::start(move |_| Act::status(status));
        let cache = TempDir::new().unwrap();
        let source = upstream.template();
        let args = ["--source", &source, "--cache", "memory", "--cache", cache.path().to_str().unwrap()];
        let mut fetches = 0;
        // Another process has to ask again.
        for _ in 0..2 {
            let server = Server::start(&args, &[]);
            for (variant, body) in [
                ("mvt", Some("")),
                ("json", Some("{}")),
                ("geojson", Some(r#"{"type":"FeatureCollection","features":[]}"#)),
                ("svg", None),
                ("png", None),
            ] {
                let target = format!("/{variant}/14/8529/5974.x?tile_size=512");
                for _ in 0..2 {
                    let reply = server.get(&target);
                    assert_eq!(reply.header("cache-control"), Some("public, max-age=60"), "{target}");
                    if let Some(body) = body {
                        assert_eq!(reply.text(), body, "{target}");
                    }
                    if variant != "mvt" {
                        assert_eq!(reply.tier(), "miss", "{target}");
                    }
                }
            }
            let again = upstream.count("/14/8529/5974.");
            assert!(again > fetches, "this process did not ask");
            fetches = again;
            assert_eq!(server.log().matches("mistyped").count(), 1, "{}", server.log());
            server.stop();
        }
        assert_eq!(files(cache.path()), NO_FILES);
    }
}

#[test]
fn a_tile_that_is_empty_is_kept() {
    let upstream = Upstream::start(|_| Act::Answer(204, Vec::new(), Vec::new()));
    let (style, cache) = (water_style("#00f"), TempDir::new().unwrap());
    let (style, source) = (named(&style), upstream.template());
    let args = ["--source", &source, "--style", &style, "--cache", cache.path().to_str().unwrap()];
    let mut bodies = Vec::new();
    for tier in ["miss", "disk", "disk"] {
        let server = Server::start(&args, &[]);
        let reply = server.get(&picture(1));
        assert_eq!(reply.tier(), tier);
        let caching = reply.header("cache-control");
        assert!(caching.is_some_and(|value| value.starts_with("public, max-age=1200")), "{caching:?}");
        bodies.push((reply.header("etag").map(str::to_owned), reply.body.clone()));
        // From the source tile in the cache it is the same.
        let svg = server.get(&picture(1).replace("png", "svg"));
        assert_eq!(svg.status, 200);
        server.stop();
    }
    assert_eq!(upstream.requests().len(), 1);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[test]
fn a_neighbour_that_fails_is_left_out_and_nothing_kept() {
    for (what, act) in [
        ("500", Act::status(500)),
        ("429", Act::status(429)),
        ("403", Act::status(403)),
        ("an HTML page", Act::tile(b"<html>".to_vec())),
        ("a redirect", Act::redirect("http://elsewhere.invalid/")),
    ] {
        let upstream = Upstream::start(move |target| match target {
            "/14/8530/5974.mvt" => act.clone(),
            _ => sample(target),
        });
        let (cache, source) = (TempDir::new().unwrap(), upstream.template());
        let args = ["--source", &source, "--cache", "memory", "--cache", cache.path().to_str().unwrap()];
        let server = Server::start(&args, &[]);
        let mut partial = None;
        for _ in 0..2 {
            let reply = server.get(CORNER);
            assert_eq!(reply.tier(), "miss", "{what}");
            assert_eq!(reply.header("x-rasterzen-missing"), Some("1"), "{what}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{what}");
            partial = reply.header("etag").map(str::to_owned);
        }
        // What is cut from the own tile alone lacks nothing.
        let json = server.get("/json/15/17059/11949.json");
        assert_eq!(json.header("x-rasterzen-missing"), None, "{what}");
        upstream.now(sample);
        for tier in ["miss", "memory"] {
            let reply = server.get(CORNER);
            assert_eq!(reply.tier(), tier, "{what}");
            assert_eq!(reply.header("x-rasterzen-missing"), None, "{what}");
            assert!(reply.header("cache-control").is_some_and(|value| value.starts_with("public")), "{what}");
            assert_ne!(reply.header("etag").map(str::to_owned), partial, "{what}: both have one tag");
        }
        server.stop();
    }
    // All three of them.
    let upstream = Upstream::start(|target| match target {
        "/14/8529/5974.mvt" => sample(target),
        _ => Act::status(500),
    });
    let cache = TempDir::new().unwrap();
    let args = ["--source", &upstream.template(), "--cache", cache.path().to_str().unwrap()];
    let server = Server::start(&args, &[]);
    let reply = server.get(CORNER);
    assert_eq!((reply.tier(), reply.header("x-rasterzen-missing")), ("miss", Some("3")));
    server.stop();
    let kept = files(cache.path());
    assert!(!kept.iter().any(|path| path.to_str().unwrap().contains("png")), "{kept:?}");
}

/// A tile whose layer of this name breaks off; `fills` and `lines` are there.
fn broken_in(name: &str) -> Vec<u8> {
    let layer = |of: &str| match of == name {
        true => Layer::new(of).field(&bytes(2, &[number(3, 2), bytes(4, &packed(&[9, 0]))].concat())),
        false => Layer::new(of).with(Feature::line(&[[10, 10], [900, 900]])),
    };
    tile(&["fills", "lines", "others"].map(layer)).to_vec()
}

#[test]
fn of_a_neighbour_only_what_reaches_over_the_edge_has_to_be_sound() {
    let style = NamedTempFile::new().unwrap();
    let layers = serde_json::json!([
        {"id": "fills", "type": "fill", "source": "tiles", "source-layer": "fills"},
        {"id": "lines", "type": "line", "source": "tiles", "source-layer": "lines"},
    ]);
    let sources = serde_json::json!({"tiles": {"type": "vector"}});
    let json = serde_json::json!({"version": 8, "sources": sources, "layers": layers});
    std::fs::write(style.path(), json.to_string()).unwrap();
    let style = named(&style);
    // Of a folder: what stays here is not checked for others.
    for (broken, missing) in [("fills", None), ("others", None), ("lines", Some("1"))] {
        let dir = TempDir::new().unwrap();
        let put = |id: &str, bytes: &[u8]| {
            let path = dir.path().join(id).with_extension("mvt");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        put("14/8529/5974", &broken_in("none"));
        put("14/8530/5974", &broken_in(broken));
        let source = format!("{}/{{z}}/{{x}}/{{y}}.mvt", dir.path().display());
        let server = Server::start(&["--source", &source, "--source-minzoom", "14", "--style", &style], &[]);
        const EAST: &str = "/png/15/17060/11949.png";
        for _ in 0..2 {
            let reply = server.get(CORNER);
            assert_eq!((reply.status, reply.header("x-rasterzen-missing")), (200, missing), "{broken}");
            // By itself it is as broken as before, whatever has been read of it.
            server.get(EAST).assert_problem(502, "bad_tile", broken);
            server.get("/mvt/14/8530/5974.mvt").assert_problem(502, "bad_tile", broken);
        }
        // And sound when its file is.
        put("14/8530/5974", &broken_in("none"));
        assert_eq!(server.get(EAST).status, 200, "{broken}");
        assert_eq!(server.get(CORNER).header("x-rasterzen-missing"), None, "{broken}");
    }
    // Caches keep it as it comes: all of it is checked.
    let upstream = Upstream::start(|target| match target {
        "/14/8530/5974.mvt" => Act::tile(broken_in("others")),
        _ => Act::tile(broken_in("none")),
    });
    let cache = TempDir::new().unwrap();
    let args = ["--source", &upstream.template(), "--style", &style, "--cache", cache.path().to_str().unwrap()];
    let reply = Server::start(&args, &[]).get(CORNER);
    assert_eq!((reply.status, reply.header("x-rasterzen-missing")), (200, Some("1")));
}

#[test]
fn a_neighbour_that_is_lacking_is_absent() {
    let upstream = Upstream::start(|target| match target {
        "/14/8529/5974.mvt" => sample(target),
        _ => Act::status(404),
    });
    let server = Server::start(&["--source", &upstream.template()], &[]);
    for tier in ["miss", "memory"] {
        let reply = server.get(CORNER);
        assert_eq!((reply.tier(), reply.header("x-rasterzen-missing")), (tier, None));
        assert!(reply.header("cache-control").is_some_and(|value| value.starts_with("public, max-age=1200")));
    }
}

#[test]
fn a_source_that_is_too_slow_is_given_up() {
    let upstream = Upstream::start(|target| match target {
        "/14/1/7.mvt" => Act::Hang,
        "/14/2/7.mvt" => Act::Drip,
        "/14/8530/5974.mvt" => Act::Hang,
        _ => sample(target),
    });
    let server = Server::start(&["--source", &upstream.template()], &[]);
    thread::scope(|scope| {
        let server = &server;
        for (index, what) in [(1, "a source that hangs"), (2, "a source that drips")] {
            scope.spawn(move || {
                server.get(&format!("/mvt/{}.mvt", address(index))).assert_problem(504, "source_timeout", what);
            });
        }
        scope.spawn(move || {
            let reply = server.get(CORNER);
            assert_eq!((reply.tier(), reply.header("x-rasterzen-missing")), ("miss", Some("1")));
        });
        // Those who wait keep nobody else from being served.
        scope.spawn(move || {
            upstream.wait_for_requests(3);
            assert_eq!(server.get("/mvt/14/8529/5974.mvt").status, 200);
            assert_eq!(upstream.count("/14/1/7."), 1, "a source that hangs is asked once");
        });
    });
}
