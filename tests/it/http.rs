//! The HTTP door over the sample map: routes, negotiation, headers, and the forms of a tile.

use crate::accept::table;
use crate::server::{Reply, Server, named, water_style};
use crate::upstream::{Act, Upstream, gzip, sample_tile};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

const SVG: &str = "/svg/13/4264/2987.svg";
const PNG: &str = "/png/13/4264/2987.png";
const JSON: &str = "/json/13/4264/2987.json";
const GEOJSON: &str = "/geojson/13/4264/2987.geojson";
const MVT: &str = "/mvt/13/4264/2987.mvt";

fn sample() -> Server {
    Server::start(&["--source", "sample"], &[])
}

/// Width and height of a PNG.
fn size_of(png: &[u8]) -> (u32, u32) {
    assert_eq!((&png[..8], &png[12..16]), (&b"\x89PNG\r\n\x1a\n"[..], &b"IHDR"[..]));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn malformed_requests_have_their_rows() {
    let server = sample();
    let long_key = format!("{SVG}?api_key={}", "k".repeat(200));
    let long_path = format!("/svg/{}/0/0.svg", "1".repeat(3000));
    for (target, status, code) in [
        ("/svg", 404, "unknown_route"),
        ("/svg/1/0", 404, "unknown_route"),
        ("/svg/1/0/0", 404, "unknown_route"),
        ("/svg/1/0/0/0.svg", 404, "unknown_route"),
        ("/gif/1/0/0.gif", 404, "unknown_route"),
        ("/SVG/1/0/0.svg", 404, "unknown_route"),
        ("//svg/1/0/0.svg", 404, "unknown_route"),
        ("/tilejson.json/x", 404, "unknown_route"),
        ("/svg/31/0/0.svg", 404, "outside_world"),
        ("/svg/300/0/0.svg", 404, "outside_world"),
        ("/svg/1/2/0.svg", 404, "outside_world"),
        ("/svg/1/0/2.svg", 404, "outside_world"),
        ("/mvt/0/1/0.mvt", 404, "outside_world"),
        ("/svg/1/4294967296/0.svg", 404, "outside_world"),
        ("/svg/1/0/99999999999999999999999999999999999999999999999999.svg", 404, "outside_world"),
        ("/svg/1/-1/0.svg", 400, "bad_request"),
        ("/svg/-1/0/0.svg", 400, "bad_request"),
        ("/svg/one/0/0.svg", 400, "bad_request"),
        ("/svg/1/0x0/0.svg", 400, "bad_request"),
        ("/svg/1/+1/0.svg", 400, "bad_request"),
        ("/svg/1/1e0/0.svg", 400, "bad_request"),
        ("/svg/1/%201/0.svg", 400, "bad_request"),
        ("/svg/1/%D9%A1/0.svg", 400, "bad_request"),
        ("/svg/1//0.svg", 400, "bad_request"),
        ("/svg/1/0/.svg", 400, "bad_request"),
        ("/svg/1/0/0.", 400, "bad_request"),
        ("/svg/1/0/0.%3Cscript%3E", 400, "bad_request"),
        ("/png/1/0/0@0x.png", 400, "bad_request"),
        ("/png/1/0/0@5x.png", 400, "bad_request"),
        ("/png/1/0/0@9x.png", 400, "bad_request"),
        ("/png/1/0/0@x.png", 400, "bad_request"),
        ("/png/1/0/0@2.png", 400, "bad_request"),
        ("/png/1/0/0@.png", 400, "bad_request"),
        ("/png/1/0/0@2x@2x.png", 400, "bad_request"),
        ("/png/1/0/0@999999999999x.png", 400, "bad_request"),
        ("/png/1/0/0.png?tile_size=300", 400, "bad_request"),
        ("/png/1/0/0.png?tile_size=", 400, "bad_request"),
        ("/png/1/0/0.png?tile_size=512.0", 400, "bad_request"),
        ("/png/1/0/0.png?style=nope", 404, "unknown_style"),
        ("/mvt/1/0/0.mvt?style=nope", 404, "unknown_style"),
        ("/json/1/0/0.json?style=", 404, "unknown_style"),
        ("/mvt/15/0/0.mvt", 404, "above_maxzoom"),
        ("/svg/%zz/0/0.svg", 400, "bad_request"),
        ("/svg/1/0/0.svg%", 400, "bad_request"),
        ("/svg/%ff/0/0.svg", 400, "bad_request"),
        ("/svg/1/0/0.svg?style=%ff", 400, "bad_request"),
        ("/svg/1/0/0.svg?api_key=two%20words", 400, "bad_request"),
        ("/svg/1/0/0.svg?api_key=two+words", 400, "bad_request"),
        ("/svg/1/0/0.svg?api_key=%00", 400, "bad_request"),
        ("/svg/1/0/0.svg?api_key=%C3%A9", 400, "bad_request"),
        (&long_key, 400, "bad_request"),
        (&long_path, 400, "bad_request"),
    ] {
        server.get(target).assert_problem(status, code, target);
    }
    // What is unknown, and what is just allowed, does no harm.
    let key = format!("{SVG}?api_key={}&unknown=1&&=&tile_size=256&tile_size=9", "k".repeat(128));
    for target in [&key, "http://elsewhere.example/svg/1/0/0.svg", "/%73vg/1/0/0.svg", "/svg/30/0/0@1x.x?style=light"] {
        assert_eq!(server.get(target).status, 200, "{target}");
    }
}

#[test]
fn a_scale_is_digits() {
    for target in ["/png/1/0/0@+2x.png", "/png/1/0/0@02x.png"] {
        sample().get(target).assert_problem(400, "bad_request", target);
    }
}

#[test]
fn what_is_no_http_does_no_harm() {
    let server = sample();
    let path = format!("GET /svg/{}/0/0.svg HTTP/1.1\r\nConnection: close\r\n\r\n", "1".repeat(100_000));
    let accepts = "Accept: image/png;q=0.9\r\n".repeat(500);
    let accepts = format!("GET {SVG} HTTP/1.1\r\nConnection: close\r\n{accepts}\r\n");
    let header = format!("GET {SVG} HTTP/1.1\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(2_000_000));
    for (bytes, statuses, what) in [
        (path.as_bytes(), &[414, 400][..], "a path of 100 KB"),
        (accepts.as_bytes(), &[200, 431], "500 lines of Accept"),
        (header.as_bytes(), &[431], "a header of 2 MB"),
        (b"NONSENSE\r\n\r\n", &[400], "nonsense"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", &[400], "TLS"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[400, 405, 505], "HTTP/2"),
        (b"GET /health\xff HTTP/1.1\r\nConnection: close\r\n\r\n", &[400, 404], "a path that is not ASCII"),
        (b"GET /health HTTP/1.1\r\nConnection: close\r\nHost: a\r\nHost: b\r\n\r\n", &[200, 400], "two hosts"),
        (b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", &[200, 400], "no host"),
        (b"GET /tilejson.json HTTP/1.0\r\n\r\n", &[200], "HTTP/1.0"),
    ] {
        // A connection that is closed before all was read may be reset: then there is no answer to see.
        if let Ok(reply) = Reply::read(send(&server, bytes), "GET") {
            assert!(statuses.contains(&reply.status), "{what}: {}", reply.status);
        }
        server.assert_alive(what);
    }
}

/// Sends bytes that the server may not read to their end.
fn send(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = server.send(b"");
    // Its answer tells more than the write that it broke off.
    let _ = stream.write_all(bytes);
    stream
}

#[test]
fn methods() {
    let server = sample();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get"] {
        for target in [SVG, "/health", "/none"] {
            let reply = server.request(method, target, &[]);
            reply.assert_problem(405, "method_not_allowed", method);
            assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"), "{method}");
        }
    }
    let preflight = [("Origin", "https://map.example"), ("Access-Control-Request-Method", "GET")];
    let reply = server.request("OPTIONS", SVG, &preflight);
    assert_eq!(reply.status, 204);
    for (name, value) in [
        ("allow", "GET, HEAD, OPTIONS"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
    ] {
        assert_eq!(reply.header(name), Some(value));
    }
}

#[test]
fn every_answer_forbids_sniffing() {
    let server = sample();
    for (method, target) in [
        ("GET", SVG),
        ("GET", PNG),
        ("GET", JSON),
        ("GET", GEOJSON),
        ("GET", MVT),
        ("GET", "/tilejson.json"),
        ("GET", "/health"),
        ("GET", "/health/source"),
        ("GET", "/none"),
        ("HEAD", SVG),
        ("POST", SVG),
    ] {
        let reply = server.request(method, target, &[]);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{method} {target}");
    }
    let known = server.request("GET", SVG, &[("If-None-Match", "*")]);
    assert_eq!((known.status, known.header("x-content-type-options")), (304, Some("nosniff")));
}

#[test]
fn a_preflight_forbids_sniffing_too() {
    let reply = sample().request("OPTIONS", SVG, &[]);
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn negotiation_is_between_png_and_svg() {
    let server = sample();
    let table = table();
    for row in table.clients.iter().chain(&table.edge_cases) {
        let accept: Vec<(&str, &str)> = row.lines().into_iter().map(|line| ("Accept", line)).collect();
        let who = &row.who;
        for (target, is_png) in [SVG, PNG].into_iter().zip(row.is_png()) {
            assert_picture(&server.request("GET", target, &accept), is_png, &format!("{who} {target}"));
        }
        for (target, media_type) in
            [(JSON, "application/json"), (GEOJSON, "application/geo+json"), (MVT, "application/vnd.mapbox-vector-tile")]
        {
            let reply = server.request("GET", target, &accept);
            assert_eq!((reply.status, reply.header("content-type")), (200, Some(media_type)), "{who} {target}");
            assert_eq!(reply.header("vary"), None, "{who} {target}");
        }
    }
    // The extension need not match, and says nothing.
    assert_picture(&server.get("/svg/13/1315/3171.json"), false, "svg as .json");
    assert_picture(&server.get("/svg/13/1315/3171.png"), false, "svg as .png");
    assert_picture(&server.get("/png/13/1315/3171.svg"), true, "png as .svg");
}

fn assert_picture(reply: &Reply, is_png: bool, what: &str) {
    let media_type = if is_png { "image/png" } else { "image/svg+xml" };
    assert_eq!((reply.status, reply.header("content-type")), (200, Some(media_type)), "{what}");
    assert_eq!(reply.header("vary"), Some("Accept"), "{what}");
    assert!(reply.body.starts_with(if is_png { b"\x89PNG" } else { b"<svg" }), "{what}");
    let policy = (!is_png).then_some("default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox");
    assert_eq!(reply.header("content-security-policy"), policy, "{what}");
}

#[test]
fn head_has_the_headers_of_get() {
    let server = sample();
    for target in [SVG, PNG, JSON, GEOJSON, MVT, "/tilejson.json", "/health", "/none", "/svg/1/2/0.svg"] {
        // Once drawn, both come from the same cache.
        server.get(target);
        let (get, head) = (server.get(target), server.request("HEAD", target, &[]));
        let but_date = |reply: &Reply| {
            let mut headers = reply.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            headers
        };
        assert_eq!((head.status, but_date(&head)), (get.status, but_date(&get)), "{target}");
        assert!(!get.body.is_empty(), "{target}");
    }
}

#[test]
fn a_known_entity_is_not_sent_again() {
    let (server, other) = (sample(), sample());
    let mut tags = Vec::new();
    for target in [SVG, PNG, "/png/13/4264/2987@2x.png", "/png/13/4264/2987.png?tile_size=512", JSON, GEOJSON, MVT] {
        let full = server.get(target);
        let tag = full.header("etag").expect("no ETag").to_owned();
        assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag} is not strong");
        assert!(!tags.contains(&tag), "{target} has the tag of another form");
        assert_eq!(server.get(target).header("etag"), Some(tag.as_str()), "{target} again");
        let elsewhere = other.get(target);
        assert_eq!(elsewhere.header("etag"), Some(tag.as_str()), "{target} from another process");
        assert!(elsewhere.body == full.body, "{target} from another process");
        for (known, status) in [
            (tag.clone(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"a\", W/\"b,c\" ,{tag}"), 304),
            ("*".to_owned(), 304),
            (tag.replacen('"', "\"0", 1), 200),
            (tag.trim_matches('"').to_owned(), 200),
            (String::new(), 200),
        ] {
            for method in ["GET", "HEAD"] {
                let reply = server.request(method, target, &[("If-None-Match", &known)]);
                assert_eq!(reply.status, status, "{method} {target} with {known}");
                for name in ["etag", "cache-control", "vary", "access-control-allow-origin"] {
                    assert_eq!(reply.header(name), full.header(name), "{method} {target} with {known}: {name}");
                }
            }
        }
        let lines = [("If-None-Match", "\"a\""), ("If-None-Match", tag.as_str())];
        assert_eq!(server.request("GET", target, &lines).status, 304, "{target} with two lines");
        // Known before it was ever drawn here: only the source is asked.
        let fresh = sample().request("GET", target, &[("If-None-Match", &tag)]);
        assert_eq!(fresh.status, 304, "{target} from a new process");
        tags.push(tag);
    }
    let problem = server.request("GET", "/none", &[("If-None-Match", "*")]);
    problem.assert_problem(404, "unknown_route", "an error is no entity");
}

#[test]
fn a_304_tells_no_other_length() {
    // RFC 9110, 8.6: a length in a 304 is that of the 200.
    let server = sample();
    let length = server.get(PNG).header("content-length").map(str::to_owned);
    for method in ["GET", "HEAD"] {
        let reply = server.request(method, PNG, &[("If-None-Match", "*")]);
        let told = reply.header("content-length");
        assert!(told.is_none() || told == length.as_deref(), "{method}: {told:?} instead of {length:?}");
    }
}

#[test]
fn caching_is_told_as_set() {
    let default = "public, max-age=1200, s-maxage=600, stale-if-error=86400";
    let older = [("CACHE_MAX_AGE", "50"), ("SHARED_CACHE_MAX_AGE", "60")];
    let newer = [older[0], older[1], ("RASTERZEN_MAX_AGE", "70"), ("RASTERZEN_SHARED_MAX_AGE", "80")];
    for (args, envs, expected) in [
        (&[][..], &[][..], default),
        (&["--max-age", "1"], &[], "public, max-age=1, s-maxage=600, stale-if-error=86400"),
        (&["--max-age", "1", "--shared-max-age", "2"], &[], "public, max-age=1, s-maxage=2, stale-if-error=86400"),
        (&[], &older, "public, max-age=50, s-maxage=60, stale-if-error=86400"),
        (&[], &newer, "public, max-age=70, s-maxage=80, stale-if-error=86400"),
        (&["--max-age", "0"], &newer, "public, max-age=0, s-maxage=80, stale-if-error=86400"),
        (&["--private"], &[], "private, max-age=1200"),
        (&["--private", "--max-age", "9"], &[], "private, max-age=9"),
    ] {
        let server = Server::start(args, envs);
        for target in [SVG, PNG, JSON, GEOJSON, MVT] {
            for tier in ["miss", "memory"] {
                let reply = server.get(target);
                assert_eq!(reply.header("cache-control"), Some(expected), "{args:?} {envs:?} {target}");
                assert_eq!(reply.tier(), tier, "{target}");
            }
        }
        server.get("/none").assert_problem(404, "unknown_route", "errors are never cached");
    }
}

#[test]
fn the_stages_of_drawing_are_told() {
    let server = sample();
    for (target, stages) in [
        (PNG, &["fetch", "decode", "scene", "raster", "encode"][..]),
        (SVG, &["fetch", "scene", "svg"]),
        (GEOJSON, &["fetch", "encode"]),
    ] {
        let reply = server.get(target);
        let timing = reply.header("server-timing").expect("no Server-Timing");
        for stage in stages {
            let entry = timing.split(", ").find_map(|entry| entry.strip_prefix(&format!("{stage};dur=")));
            let time: f64 =
                entry.and_then(|time| time.parse().ok()).unwrap_or_else(|| panic!("no {stage} in {timing}"));
            assert!((0.0..30_000.0).contains(&time), "{timing}");
        }
        assert_eq!(server.get(target).header("server-timing"), None, "nothing is drawn twice");
    }
}

#[test]
fn who_may_read_is_told() {
    for (args, expected) in [(&[][..], "*"), (&["--cors-origin", "https://map.example"], "https://map.example")] {
        let server = Server::start(args, &[]);
        for (method, target) in [("GET", SVG), ("HEAD", PNG), ("GET", "/none"), ("POST", SVG), ("OPTIONS", "/")] {
            let reply = server.request(method, target, &[("Origin", "https://other.example")]);
            assert_eq!(reply.header("access-control-allow-origin"), Some(expected), "{method} {target}");
        }
        let known = server.request("GET", SVG, &[("If-None-Match", "*")]);
        assert_eq!((known.status, known.header("access-control-allow-origin")), (304, Some(expected)));
    }
}

fn first_url(reply: &Reply) -> String {
    let document = reply.json();
    assert_eq!((reply.status, &document["tilejson"]), (200, &"3.0.0".into()), "{document}");
    let urls = document["tiles"].as_array().expect("no tiles");
    assert_eq!(urls.len(), 1, "{document}");
    urls[0].as_str().expect("no URL").to_owned()
}

#[test]
fn tilejson_has_the_public_url() {
    let server = Server::start(&["--public-url", "https://tiles.example/maps/", "--base-path", "maps"], &[]);
    let forged = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http")];
    let reply = server.request("GET", "/maps/tilejson.json", &forged);
    assert_eq!(first_url(&reply), "https://tiles.example/maps/png/{z}/{x}/{y}.png");
    assert_eq!(reply.header("cache-control"), Some("public, max-age=1200, s-maxage=600, stale-if-error=86400"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let document = reply.json();
    assert_eq!(
        (&document["name"], &document["scheme"], &document["minzoom"]),
        (&"light".into(), &"xyz".into(), &0.into())
    );
    assert!(document["maxzoom"].as_u64().is_some_and(|z| z >= 15), "{document}");
    assert_eq!(document["bounds"].as_array().map(Vec::len), Some(4), "{document}");
    assert!(document["attribution"].as_str().is_some_and(|text| text.contains("OpenStreetMap")), "{document}");
}

#[test]
fn tilejson_without_a_public_url_is_for_its_client_alone() {
    let plain = sample();
    let trusting = Server::start(&["--trusted-proxies", "10.0.0.0/8,127.0.0.1"], &[]);
    let distrusting = Server::start(&["--trusted-proxies", "10.0.0.0/8"], &[]);
    let mapped = Server::start(&["--base-path", "/maps"], &[]);
    let host = ("Host", "tiles.example:8080");
    let forwarded = [host, ("X-Forwarded-Host", "www.example, inner.example"), ("X-Forwarded-Proto", "https, http")];
    for (server, headers, base) in [
        (&plain, &[host][..], "http://tiles.example:8080/"),
        (&plain, &[("Host", "[::1]:80")], "http://[::1]:80/"),
        (&plain, &forwarded, "http://tiles.example:8080/"),
        (&distrusting, &forwarded, "http://tiles.example:8080/"),
        (&trusting, &forwarded, "https://www.example/"),
        (&trusting, &[host], "http://tiles.example:8080/"),
        (&trusting, &[host, ("X-Forwarded-Proto", "javascript")], "http://tiles.example:8080/"),
        // Nothing of these is repeated: the URL is relative.
        (&plain, &[("Host", "evil.example/x")], "/"),
        (&plain, &[("Host", "evil.example\"><script>")], "/"),
        (&plain, &[("Host", "tiles.example@evil.example")], "/"),
        (&plain, &[("Host", "evil example")], "/"),
        (&plain, &[("Host", "")], "/"),
        (&trusting, &[host, ("X-Forwarded-Host", "evil.example/?")], "/"),
        (&mapped, &[host], "http://tiles.example:8080/maps/"),
    ] {
        let reply = server.request("GET", "/tilejson.json", headers);
        if reply.status == 400 {
            // hyper's own answer to a host that is none.
            assert!(reply.body.is_empty(), "{headers:?}");
            continue;
        }
        assert_eq!(first_url(&reply), format!("{base}png/{{z}}/{{x}}/{{y}}.png"), "{headers:?}");
        assert_eq!(reply.header("cache-control"), Some("private, no-store"), "{headers:?}");
    }
    // Asked for where it says, a tile is there.
    let url = first_url(&mapped.get("/maps/tilejson.json"));
    let path = url.strip_prefix(&format!("http://{}", mapped.address())).unwrap_or_else(|| panic!("{url}"));
    assert_picture(&mapped.get(&path.replace("{z}/{x}/{y}", "0/0/0")), true, &url);
}

#[test]
fn a_base_path_is_taken_off() {
    for base in ["/a/maps", "a/maps/"] {
        let server = Server::start(&["--base-path", base], &[]);
        assert_picture(&server.get("/a/maps/svg/1/0/0.svg"), false, base);
        assert_eq!(server.get("/a/maps/health").status, 200);
        for target in ["/a/mapsvg/1/0/0.svg", "/a/maps/a/maps/svg/1/0/0.svg", "/a/svg/1/0/0.svg"] {
            server.get(target).assert_problem(404, "unknown_route", target);
        }
    }
}

#[test]
fn health_is_told() {
    let upstream = Upstream::start(|_| Act::status(403));
    let server = Server::start(&["--source", &upstream.template()], &[]);
    let reply = server.get("/health");
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
    assert_eq!(reply.json()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(upstream.requests().len(), 0, "the process is up whatever its source does");
    // The source is looked at no more than every 30 s.
    for _ in 0..3 {
        server.get("/health/source").assert_problem(502, "source_refused", "a source that refuses");
    }
    assert_eq!(upstream.requests(), ["/0/0/0.mvt"]);

    let upstream = Upstream::sample();
    let server = Server::start(&["--source", &upstream.keyed_template(), "--source-minzoom", "2"], &[]);
    server.get("/health/source").assert_problem(401, "missing_api_key", "a source that needs a key");
    for server in [sample(), Server::start(&["--source", &upstream.template()], &[])] {
        let reply = server.get("/health/source");
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
        assert!(reply.json().is_object());
    }
}

#[test]
fn a_key_that_goes_nowhere_buys_no_looks_at_the_source() {
    for keyed in [false, true] {
        let upstream = Upstream::sample();
        let source = if keyed { upstream.keyed_template() } else { upstream.template() };
        let envs = [("NEXTZEN_API_KEY", "ours")];
        let server = Server::start(&["--source", &source], if keyed { &envs } else { &[] });
        for key in ["one", "two", "three"] {
            assert_eq!(server.get(&format!("/health/source?api_key={key}")).status, 200);
        }
        assert_eq!(upstream.requests().len(), 1, "{:?}", upstream.requests());
    }
}

#[test]
fn private_answers_are_never_public() {
    let upstream = Upstream::start(|_| Act::status(404));
    let server = Server::start(&["--source", &upstream.template(), "--private"], &[]);
    for target in [SVG, PNG, JSON, GEOJSON, MVT, "/tilejson.json"] {
        let caching = server.get(target).header("cache-control").map(str::to_owned).unwrap_or_default();
        assert!(caching.starts_with("private,") || caching == "no-store", "{target}: {caching}");
    }
}

#[test]
fn the_ends_of_the_world_are_drawn() {
    let server = sample();
    let last = (1u32 << 30) - 1;
    for variant in ["png", "svg", "json", "geojson"] {
        for tile in ["0/0/0".to_owned(), "30/0/0".to_owned(), format!("30/{last}/{last}"), format!("30/0/{last}")] {
            for size in ["256", "512"] {
                let target = format!("/{variant}/{tile}@4x.x?tile_size={size}");
                assert_eq!(server.get(&target).status, 200, "{target}");
            }
        }
    }
}

#[test]
fn a_connection_is_used_again() {
    let server = sample();
    server.get(SVG);
    // Whatever has no body is followed by the next answer at once.
    let asked =
        [("HEAD", SVG, "A: b"), ("GET", SVG, "If-None-Match: *"), ("OPTIONS", SVG, "A: b"), ("POST", SVG, "A: b")];
    let asked = asked.into_iter().chain([("GET", PNG, "A: b"), ("GET", "/health", "Connection: close")]);
    let requests: String = asked
        .map(|(method, target, header)| format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n"))
        .collect();
    let mut rest = Vec::new();
    server.send(requests.as_bytes()).read_to_end(&mut rest).unwrap();
    let mut statuses = Vec::new();
    while !rest.is_empty() {
        let end = rest.windows(4).position(|w| w == b"\r\n\r\n").expect("no head") + 4;
        let head = String::from_utf8(rest.drain(..end).collect()).expect("a head is not where it should be");
        let status = head.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("{head:?}"))[..3].to_owned();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let has_body = !statuses.is_empty() && status != "304" && status != "204";
        rest.drain(..if has_body { length.expect("no length").parse().unwrap() } else { 0 });
        statuses.push(status);
    }
    assert_eq!(statuses, ["200", "304", "204", "405", "200", "200"]);
}

#[test]
fn sizes_and_scales() {
    let style = water_style("#00f");
    let server = Server::start(&["--style", &named(&style)], &[]);
    for (query, size) in
        [("", 256), ("?tile_size=256", 256), ("?tile_size=512", 512), ("?tile_size=512&style=water", 512)]
    {
        for scale in 1..=4 {
            let name = if scale == 1 { String::new() } else { format!("@{scale}x") };
            let png = server.get(&format!("/png/13/4264/2987{name}.png{query}"));
            let side = size * scale;
            assert_eq!(size_of(&png.body), (side, side), "{name} {query}");
            let svg = server.get(&format!("/svg/13/4264/2987{name}.svg{query}"));
            let document = roxmltree::Document::parse(svg.text()).unwrap();
            for attribute in ["width", "height"] {
                let length = document.root_element().attribute(attribute);
                assert_eq!(length, Some(side.to_string().as_str()), "{attribute} {name} {query}");
            }
        }
    }
    // What is not drawn has no pixels, and no scale.
    assert!(server.get("/json/13/4264/2987@4x.json").body == server.get(JSON).body);
}

/// Every position in GeoJSON coordinates.
fn positions(coordinates: &Value, found: &mut Vec<[f64; 2]>) {
    match coordinates.as_array().map(Vec::as_slice) {
        Some([Value::Number(lon), Value::Number(lat)]) => found.push([lon.as_f64().unwrap(), lat.as_f64().unwrap()]),
        Some(parts) => parts.iter().for_each(|part| positions(part, found)),
        None => panic!("{coordinates} are no coordinates"),
    }
}

#[test]
fn json_is_the_tile_cropped() {
    let server = sample();
    // Of 13/4264/2987.
    let side = f64::from(1 << 13);
    let lat = |y: f64| (std::f64::consts::PI * (1.0 - 2.0 * y / side)).sinh().atan().to_degrees();
    let (west, east) = (4264.0 / side * 360.0 - 180.0, 4265.0 / side * 360.0 - 180.0);
    let (north, south) = (lat(2987.0), lat(2988.0));
    let check = |collection: &Value, what: &str| {
        assert_eq!(collection["type"], "FeatureCollection", "{what}");
        let features = collection["features"].as_array().expect("no features");
        for feature in features {
            assert_eq!(feature["type"], "Feature", "{what}");
            assert!(feature["properties"].is_object(), "{what}");
            let mut found = Vec::new();
            positions(&feature["geometry"]["coordinates"], &mut found);
            assert!(!found.is_empty(), "{what}: {feature}");
            for [lon, lat] in found {
                // Positions are rounded to 7 decimals.
                let inside = lon >= west - 1e-7 && lon <= east + 1e-7 && lat >= south - 1e-7 && lat <= north + 1e-7;
                assert!(inside, "{what}: {lon},{lat} is outside of {west},{south},{east},{north}");
            }
        }
        features.len()
    };
    let layers = server.get(JSON).json();
    let layers = layers.as_object().expect("no object");
    assert!(layers.contains_key("water") && layers.contains_key("roads"), "{:?}", layers.keys());
    let count: usize = layers.iter().map(|(name, layer)| check(layer, name)).sum();
    let all = server.get(GEOJSON).json();
    assert_eq!(check(&all, "geojson"), count);
    for feature in all["features"].as_array().unwrap() {
        let layer = feature["properties"]["layer"].as_str().expect("no layer");
        assert!(layers.contains_key(layer), "{layer}");
    }
    assert!(count > 100, "{count} features do not test much");
    // Names of older programs.
    for (alias, target) in [("rasterzen", JSON), ("nextzen", MVT), ("tilezen", MVT)] {
        let reply = server.get(&format!("/{alias}/13/4264/2987.x"));
        let same = server.get(target);
        assert!(reply.body == same.body && reply.header("etag") == same.header("etag"), "{alias}");
    }
}

#[test]
fn the_source_tile_comes_as_it_is() {
    let tile = sample_tile("13/4264/2987").unwrap();
    let given = tile.clone();
    let upstream = Upstream::start(move |target| match target {
        "/13/4264/2987.mvt" => Act::tile(gzip(&given)),
        "/13/0/0.mvt" => Act::Answer(200, vec!["Content-Encoding: gzip".into()], gzip(&gzip(&given))),
        "/13/1/0.mvt" => Act::tile(given.clone()),
        "/13/2/0.mvt" => Act::tile(Vec::new()),
        _ => Act::Answer(204, Vec::new(), Vec::new()),
    });
    let source = upstream.template();
    let server = Server::start(&["--source", &source, "--source-minzoom", "5", "--source-maxzoom", "13"], &[]);
    for target in [MVT, "/mvt/13/0/0.mvt", "/mvt/13/1/0.mvt"] {
        let reply = server.get(target);
        assert!(reply.status == 200 && reply.body == tile, "{target}: {}", reply.status);
        let headers = [reply.header("content-type"), reply.header("content-encoding")];
        assert_eq!(headers, [Some("application/vnd.mapbox-vector-tile"), None], "{target}");
    }
    server.get("/mvt/14/0/0.mvt").assert_problem(404, "above_maxzoom", "above");
    let asked = upstream.requests().len();
    // Absent: told so by the source or known beforehand.
    for (address, fetches) in [("13/5/5", 1), ("13/2/0", 1), ("4/0/0", 0)] {
        for (target, body) in [
            (format!("/mvt/{address}.mvt"), ""),
            (format!("/json/{address}.json"), "{}"),
            (format!("/geojson/{address}.geojson"), r#"{"type":"FeatureCollection","features":[]}"#),
        ] {
            // A tile of 256 px is cut from the source tile above it.
            let reply = server.get(&format!("{target}?tile_size=512"));
            assert_eq!((reply.status, reply.text()), (200, body), "{target}");
            let caching = reply.header("cache-control");
            assert!(caching.is_some_and(|value| value.starts_with("public, max-age=1200")), "{target}: {caching:?}");
        }
        assert_eq!(upstream.count(&format!("/{address}.")), fetches, "{address}");
    }
    assert_eq!(upstream.requests().len(), asked + 2);
    // Above the source's last zoom its tiles are scaled up.
    assert_picture(&server.get("/svg/20/545863/382436.svg"), false, "above the last zoom");
}

#[test]
fn parameters_that_nobody_knows_may_hold_anything() {
    let server = sample();
    for target in ["/svg/1/0/0.svg?x=%2", "/svg/1/0/0.svg?utm=100%&%zz=%ff&&=", "/health?%"] {
        assert_eq!(server.get(target).status, 200, "{target}");
    }
}
