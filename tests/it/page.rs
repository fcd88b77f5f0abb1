//! The map page and what it is made of, and the documents for maps elsewhere: a style and its TileJSON.

use crate::server::{Reply, Server, named, water_style};
use crate::upstream::Upstream;
use rasterzen::digest;
use rasterzen::style::BUNDLED;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::NamedTempFile;

const KEY: &str = "CANARYKEY123";

const FILES: [(&str, &str); 6] = [
    ("/", "text/html; charset=utf-8"),
    ("/page/icon.svg", "image/svg+xml"),
    ("/page/leaflet.css", "text/css; charset=utf-8"),
    ("/page/leaflet.js", "text/javascript; charset=utf-8"),
    ("/page/map.css", "text/css; charset=utf-8"),
    ("/page/map.js", "text/javascript; charset=utf-8"),
];

fn sample() -> Server {
    Server::start(&["--source", "sample"], &[])
}

#[test]
fn the_page_is_there_with_all_that_it_loads() {
    let server = sample();
    for (target, media_type) in FILES {
        for method in ["GET", "HEAD"] {
            let reply = server.request(method, target, &[]);
            assert_eq!((reply.status, reply.header("content-type")), (200, Some(media_type)), "{method} {target}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{method} {target}");
            // Kept, but asked for again every time: after an update none is old.
            assert_eq!(reply.header("cache-control"), Some("no-cache"), "{method} {target}");
        }
        assert!(server.get(target).body.len() > 100, "{target}");
    }
}

#[test]
fn the_page_names_nothing_that_is_not_there() {
    let server = sample();
    let page = server.get("/");
    let attributes = [" href=\"", " src=\""].into_iter().flat_map(|name| page.text().split(name).skip(1));
    let urls: Vec<&str> = attributes.map(|rest| rest.split('"').next().unwrap()).collect();
    let own: Vec<&&str> = urls.iter().filter(|url| url.starts_with("page/")).collect();
    assert_eq!(own.len(), FILES.len() - 1, "{urls:?}");
    for url in own {
        assert_eq!(server.get(&format!("/{url}")).status, 200, "{url}");
    }
    // From the root they would leave a base path, with a scheme the host.
    for url in urls {
        assert!(!url.starts_with('/') && !url.contains(':'), "{url} is not relative");
    }
}

#[test]
fn the_page_may_only_use_this_server() {
    let server = sample();
    let reply = server.get("/");
    let policy = reply.header("content-security-policy").expect("no policy");
    let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(directives.contains(&directive), "{directive} is not in {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    let known = server.request("GET", "/", &[("If-None-Match", "*")]);
    assert_eq!((known.status, known.header("content-security-policy")), (304, Some(policy)));
}

#[test]
fn a_known_file_is_not_sent_again() {
    let server = sample();
    let mut tags = Vec::new();
    for (target, _) in FILES {
        let tag = server.get(target).header("etag").expect("no ETag").to_owned();
        for method in ["GET", "HEAD"] {
            for (known, status) in [(tag.as_str(), 304), (&format!("W/{tag}, \"b\""), 304), ("\"b\"", 200)] {
                let reply = server.request(method, target, &[("If-None-Match", known)]);
                assert_eq!((reply.status, reply.header("etag")), (status, Some(tag.as_str())), "{method} {target}");
                assert_eq!(reply.header("cache-control"), Some("no-cache"), "{method} {target}");
            }
        }
        assert!(!tags.contains(&tag), "{target} has the tag of another file");
        tags.push(tag);
    }
}

#[test]
fn other_files_are_not_there() {
    let server = sample();
    for target in [
        "/page",
        "/page/",
        "/page/none.js",
        "/page/index.html",
        "/page/mod.rs",
        "/page/LICENSE",
        "/page/leaflet/leaflet.js",
        "/page/../Cargo.toml",
        "/page/..%2fmod.rs",
        "/page/MAP.js",
    ] {
        server.get(target).assert_problem(404, "unknown_route", target);
    }
}

#[test]
fn a_path_without_its_slash_leads_to_the_page() {
    let server = Server::start(&["--base-path", "/a/maps"], &[]);
    let target = format!("/a/maps?api_key={KEY}");
    for (target, location) in [("/a/maps", "maps/"), (&target, "maps/"), ("/a/%6Daps", "%6Daps/")] {
        for method in ["GET", "HEAD"] {
            let reply = server.request(method, target, &[]);
            // Relative: a proxy may have put more in front.
            assert_eq!((reply.status, reply.header("location")), (308, Some(location)), "{method} {target}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{method} {target}");
        }
    }
    assert!(!server.log().contains(KEY));
    assert_eq!(server.get("/a/maps/").header("content-type"), Some(FILES[0].1));
    for (target, media_type) in &FILES[1..] {
        assert_eq!(server.get(&format!("/a/maps{target}")).header("content-type"), Some(*media_type));
    }
}

#[test]
fn leaflet_is_as_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page/leaflet");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut checked = 0;
    for row in readme.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (name, rest) = row.split_once('`').unwrap();
        let sum = rest.trim_end_matches("` |").rsplit('`').next().unwrap();
        assert_eq!(digest::of(&std::fs::read(folder.join(name)).unwrap()), sum, "{name}");
        checked += 1;
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(checked, files - 1, "the README tells of all files but itself");
    assert!(readme.contains("1.9.4"));
}

/// The tile URL of a style's source.
fn url_of(style: &Value, source: &str) -> String {
    let tiles = style["sources"][source]["tiles"].as_array().unwrap_or_else(|| panic!("no tiles in {style}"));
    assert_eq!(tiles.len(), 1);
    tiles[0].as_str().unwrap().to_owned()
}

#[test]
fn a_style_has_this_servers_tiles() {
    let server = sample();
    let style = server.get("/styles/light/style.json");
    assert_eq!((style.status, style.header("content-type")), (200, Some("application/json")));
    let style = style.json();
    let tilejson = server.get("/tilejson.json").json();
    let source = &style["sources"]["tilezen"];
    assert_eq!((&source["type"], &source["minzoom"], &source["maxzoom"]), (&json!("vector"), &json!(0), &json!(14)));
    assert_eq!((&source["bounds"], &source["attribution"]), (&tilejson["bounds"], &tilejson["attribution"]));
    assert!(source["attribution"].as_str().is_some_and(|text| text.contains("OpenStreetMap")), "{source}");
    // Asked for where it says, a tile is there.
    let url = url_of(&style, "tilezen").replace("{z}/{x}/{y}", "13/4264/2987");
    let path = url.strip_prefix(&format!("http://{}", server.address())).unwrap_or_else(|| panic!("{url}"));
    let tile = server.get(path);
    assert_eq!(tile.header("content-type"), Some("application/vnd.mapbox-vector-tile"));
    // All else is the style as it was given.
    let mut given: Value = serde_json::from_str(BUNDLED[0].1).unwrap();
    given["sources"]["tilezen"] = source.clone();
    given["sprite"] = format!("http://{}/styles/light/sprite", server.address()).into();
    given.as_object_mut().unwrap().remove("metadata");
    assert_eq!(style, given);
    // The icons in the binary are there too, the shields with what of them stretches.
    let index = server.get("/styles/light/sprite.json").json();
    assert_eq!(index["shield"]["content"].as_array().map(Vec::len), Some(4), "{index}");
    assert_eq!(server.get("/styles/light/sprite@2x.png").status, 200);
}

#[test]
fn what_was_meant_for_the_server_alone_stays_there() {
    let geojson = json!({"type": "FeatureCollection", "features": []});
    let layer = |source: &str| json!({"id": source, "type": "line", "source": source, "source-layer": "x", "metadata": {"k": KEY}, "secret": KEY});
    let sources = json!({
        "plain": {"type": "vector", "url": "https://tiles.example/tiles.json", "accessToken": KEY},
        "query": {"type": "vector", "url": format!("https://tiles.example/tiles.json?key={KEY}")},
        "template": {"type": "vector", "tiles": ["https://tiles.example/{z}/{x}/{y}.mvt", format!("https://tiles.example/{{z}}/{{x}}/{{y}}.mvt#{KEY}")]},
        "placeholder": {"type": "vector", "tiles": ["https://tiles.example/{api_key}/{z}/{x}/{y}.mvt"]},
        "user": {"type": "geojson", "data": format!("https://{KEY}@tiles.example/places.geojson")},
        "password": {"type": "raster", "tiles": [format!("https://user:{KEY}@tiles.example/{{z}}/{{x}}/{{y}}.png")]},
        "file": {"type": "geojson", "data": format!("file:///home/{KEY}/places.geojson")},
        "path": {"type": "geojson", "data": format!("{KEY}/places.geojson")},
        "archive": {"type": "vector", "url": format!("pmtiles://https://tiles.example/map.pmtiles?key={KEY}")},
        "scheme": {"type": "vector", "url": format!("mapbox://{KEY}")},
        "image": {"type": "image", "url": format!("/home/{KEY}.png"), "coordinates": [[0, 1], [1, 1], [1, 0], [0, 0]]},
        "video": {"type": "video", "urls": [format!("https://tiles.example/v.mp4?{KEY}")], "coordinates": [[0, 1], [1, 1], [1, 0], [0, 0]]},
        "numbers": {"type": "vector", "tiles": [5, {"key": KEY}]},
        "inline": {"type": "geojson", "data": geojson},
        "odd": {"type": KEY, "url": KEY},
    });
    let names: Vec<String> = sources.as_object().unwrap().keys().cloned().collect();
    // Nothing is read from these: layers over them would be fetched for at the start.
    let hostile = json!({
        "version": 8,
        "name": "hostile",
        "metadata": {"maputnik:openmaptiles_access_token": KEY},
        "owner": KEY,
        "sprite": [{"id": "default", "url": format!("https://tiles.example/sprite?key={KEY}")}, {"id": "b", "url": format!("file:///{KEY}")}],
        "glyphs": format!("https://tiles.example/{{fontstack}}/{{range}}.pbf?key={KEY}"),
        "font-faces": {"Noto": format!("https://tiles.example/noto.ttf?key={KEY}")},
        "terrain": {"source": "query"},
        "sources": sources,
        "layers": [{"id": "land", "type": "background", "metadata": {"token": KEY}}],
    });
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, style: &Value| {
        let path = dir.path().join(name);
        std::fs::write(&path, style.to_string()).unwrap();
        path.display().to_string()
    };
    let mut layered = hostile.clone();
    let layers = names.iter().filter(|name| *name != "odd").map(|name| layer(name));
    layered["layers"].as_array_mut().unwrap().extend(layers);
    let style = write("hostile.json", &hostile);
    let server = Server::start(&["--style", &style], &[]);
    let reply = server.get("/styles/hostile/style.json");
    assert!(!reply.text().contains(KEY), "{}", reply.text());
    let served = reply.json();
    let left: BTreeSet<&str> = served["sources"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(left, BTreeSet::from(["inline", "plain"]));
    assert_eq!(served["sources"]["plain"], json!({"type": "vector", "url": "https://tiles.example/tiles.json"}));
    assert_eq!(served["sources"]["inline"], json!({"type": "geojson", "data": geojson}));
    let members: BTreeSet<&str> = served.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["layers", "name", "sources", "version"]));
    assert_eq!(served["layers"], json!([{"id": "land", "type": "background"}]));
    // With sources of the operator's own over them, vector sources are this server's tiles, whatever they said; of the
    // layers those stay that have a source.
    layered["glyphs"] = json!("https://tiles.example/{fontstack}/{range}.pbf");
    layered["sources"]
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !["user", "file", "path", "password"].contains(&name.as_str()));
    let layers = layered["layers"].as_array_mut().unwrap();
    layers.retain(|layer| !["user", "file", "path", "password"].iter().any(|name| layer["source"] == *name));
    let style = write("layered.json", &layered);
    let server = Server::start(&["--style", &style, "--source", "sample"], &[]);
    let reply = server.get("/styles/layered/style.json");
    assert!(!reply.text().contains(KEY), "{}", reply.text());
    let served = reply.json();
    let left: BTreeSet<&str> = served["sources"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["archive", "inline", "numbers", "placeholder", "plain", "query", "scheme", "template"];
    assert_eq!(left, BTreeSet::from(expected));
    for name in ["archive", "numbers", "placeholder", "query", "template"] {
        assert_eq!(url_of(&served, name), format!("http://{}/mvt/{{z}}/{{x}}/{{y}}.mvt", server.address()));
    }
    assert_eq!((&served["glyphs"], &served["terrain"]), (&layered["glyphs"], &json!({"source": "query"})));
    let ids: Vec<&str> =
        served["layers"].as_array().unwrap().iter().map(|layer| layer["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1 + 8, "{ids:?}");
}

#[test]
fn a_keyed_source_of_the_style_is_this_servers_tiles() {
    let upstream = Upstream::sample();
    let tiles = format!("{}?key={KEY}", upstream.template());
    let style = json!({
        "version": 8,
        "sources": {"tilezen": {"type": "vector", "tiles": [tiles], "maxzoom": 14}},
        "layers": [{"id": "water", "type": "fill", "source": "tilezen", "source-layer": "water"}],
    });
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), style.to_string()).unwrap();
    let server = Server::start(&["--style", &format!("keyed={}", file.path().display())], &[]);
    let reply = server.get("/styles/keyed/style.json");
    assert!(!reply.text().contains(KEY), "{}", reply.text());
    let path = "/mvt/13/4264/2987.mvt";
    let url = url_of(&reply.json(), "tilezen").replace("{z}/{x}/{y}", "13/4264/2987");
    assert_eq!(url, format!("http://{}{path}", server.address()));
    assert_eq!(server.get(path).header("content-type"), Some("application/vnd.mapbox-vector-tile"));
}

#[test]
fn a_style_has_its_sprite_from_this_server() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/styles");
    let style = fixtures.join("paint.json").display().to_string();
    let directory = tempfile::tempdir().unwrap();
    let bare = directory.path().join("bare.json");
    std::fs::write(&bare, r#"{"version": 8, "sources": {}, "layers": []}"#).unwrap();
    let bare = bare.display().to_string();
    let server = Server::start(&["--style", &style, "--style", "light", "--style", &bare, "--source", "sample"], &[]);
    let served = server.get("/styles/paint/style.json").json();
    let url = served["sprite"].as_str().expect("a sprite").to_string();
    let path = url.strip_prefix(&format!("http://{}", server.address())).unwrap_or_else(|| panic!("{url}"));
    for (mark, file) in [("", "sprite"), ("@2x", "sprite@2x")] {
        let read = |end: &str| std::fs::read(fixtures.join(format!("{file}{end}"))).unwrap();
        let given: Value = serde_json::from_slice(&read(".json")).unwrap();
        let reply = server.get(&format!("{path}{mark}.json"));
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
        let index = reply.json();
        let sheet = server.get(&format!("{path}{mark}.png"));
        assert_eq!((sheet.status, sheet.header("content-type")), (200, Some("image/png")));
        let (had, has) = (pixmap(&read(".png")), pixmap(&sheet.body));
        let names = |index: &Value| index.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&index), names(&given));
        for (name, entry) in given.as_object().unwrap() {
            // Numbers are the same whether they are written with a point or not.
            let numbers = |json: &Value| match json {
                Value::Array(items) => json!(items.iter().flat_map(flat).collect::<Vec<f64>>()),
                other => other.as_f64().map_or_else(|| other.clone(), |number| json!(number)),
            };
            for member in ["width", "height", "content", "stretchX", "stretchY", "sdf"] {
                assert_eq!(numbers(&index[name][member]), numbers(&entry[member]), "{mark} {name} {member}");
            }
            let ratio = entry.get("pixelRatio").and_then(Value::as_f64).unwrap_or(1.0);
            assert_eq!(index[name]["pixelRatio"], ratio, "{mark} {name}");
            let at = |entry: &Value, member: &str| entry[member].as_u64().unwrap() as u32;
            for (x, y) in (0..at(entry, "height")).flat_map(|y| (0..at(entry, "width")).map(move |x| (x, y))) {
                let had = had.pixel(at(entry, "x") + x, at(entry, "y") + y);
                let has = has.pixel(at(&index[name], "x") + x, at(&index[name], "y") + y);
                assert_eq!(has, had, "{mark} {name} {x} {y}");
            }
        }
        let tag = sheet.header("etag").expect("a tag").to_string();
        let again = server.request("GET", &format!("{path}{mark}.png"), &[("If-None-Match", &tag)]);
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    assert!(server.get("/styles/light/style.json").json()["sprite"].is_string());
    assert_eq!(server.get("/styles/light/sprite.png").status, 200);
    assert_eq!(server.get("/styles/bare/style.json").json()["sprite"], Value::Null);
    server.get("/styles/bare/sprite.png").assert_problem(404, "unknown_route", "no images");
    server.get("/styles/none/sprite.json").assert_problem(404, "unknown_style", "no style");
    assert_eq!(server.get("/tilejson.json").json()["styles"], json!(["paint", "light", "bare"]));
}

fn flat(json: &Value) -> Vec<f64> {
    json.as_array().map_or_else(|| vec![json.as_f64().unwrap()], |items| items.iter().flat_map(flat).collect())
}

fn pixmap(png: &[u8]) -> tiny_skia::Pixmap {
    tiny_skia::Pixmap::decode_png(png).expect("a PNG")
}

#[test]
fn the_urls_in_a_style_follow_the_rule_of_tilejson() {
    let public = Server::start(&["--public-url", "https://tiles.example/maps/", "--base-path", "maps"], &[]);
    let plain = sample();
    for document in ["/styles/light/style.json", "/styles/light.json"] {
        let forged = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")];
        let reply = public.request("GET", &format!("/maps{document}"), &forged);
        assert!(reply.text().contains("https://tiles.example/maps/") && !reply.text().contains("evil"), "{document}");
        let shared = "public, max-age=1200, s-maxage=600, stale-if-error=86400";
        assert_eq!(reply.header("cache-control"), Some(shared), "{document}");
        let reply = plain.request("GET", document, &[("Host", "tiles.example:8080")]);
        assert!(reply.text().contains("\"http://tiles.example:8080/"), "{document}");
        assert_eq!(reply.header("cache-control"), Some("private, no-store"), "{document}");
        for (name, value) in [("x-content-type-options", "nosniff"), ("access-control-allow-origin", "*")] {
            assert_eq!(reply.header(name), Some(value), "{document}");
        }
    }
}

#[test]
fn a_style_has_its_own_tilejson() {
    let server = sample();
    let (named, default) = (server.get("/styles/light.json").json(), server.get("/tilejson.json").json());
    let url = named["tiles"][0].as_str().unwrap().replace("{z}/{x}/{y}", "0/0/0");
    let path = url.strip_prefix(&format!("http://{}", server.address())).unwrap_or_else(|| panic!("{url}"));
    assert_eq!(server.get(path).header("content-type"), Some("image/png"));
    assert_eq!(path, "/styles/light/0/0/0.png", "another style may become the default");
    let but_tiles = |mut document: Value| {
        document.as_object_mut().unwrap().remove("tiles");
        document
    };
    assert_eq!(but_tiles(named), but_tiles(default));
}

#[test]
fn a_style_that_is_not_served_is_not_there() {
    let style = water_style("#00f");
    let server = Server::start(&["--style", &named(&style)], &[]);
    for target in ["/styles/light/style.json", "/styles/light.json", "/styles/.json", "/styles//style.json"] {
        server.get(target).assert_problem(404, "unknown_style", target);
    }
    for target in ["/styles", "/styles/", "/styles/water", "/styles/water/", "/styles/water/style", "/styles/water.png"]
    {
        server.get(target).assert_problem(404, "unknown_route", target);
    }
    for target in ["/styles/water/style.json", "/styles/water.json"] {
        assert_eq!(server.get(target).status, 200, "{target}");
    }
}

#[test]
fn keys_are_never_in_a_document() {
    let elsewhere = format!("https://tiles.example/{{z}}/{{x}}/{{y}}?key={KEY}");
    let inline = json!({"type": "geojson", "data": {"type": "FeatureCollection", "features": []}});
    let style = json!({
        "version": 8,
        "sources": {
            "tilezen": {"type": "vector"},
            "own": {"type": "vector", "tiles": [elsewhere], "scheme": "tms", "promoteId": "id", "maxzoom": 3},
            "hosted": {"type": "vector", "url": format!("https://tiles.example/tiles.json?key={KEY}")},
            "inline": inline,
        },
        "layers": [{"id": "land", "type": "background"}],
    });
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), style.to_string()).unwrap();
    let style = format!("keyed={}", file.path().display());
    let source = format!("http://127.0.0.1:9/{KEY}/{{z}}/{{x}}/{{y}}.mvt?api_key={{api_key}}&token={KEY}");
    let server =
        Server::start(&["--style", &style, "--source", &source, "--source-minzoom", "2"], &[("NEXTZEN_API_KEY", KEY)]);
    for target in ["/styles/keyed/style.json", "/styles/keyed.json", "/tilejson.json", "/", "/styles/none.json"] {
        let Reply { headers, body, .. } = server.get(&format!("{target}?api_key={KEY}"));
        assert!(!format!("{headers:?}{}", String::from_utf8_lossy(&body)).contains(KEY), "{target}");
    }
    assert!(!server.log().contains(KEY), "{}", server.log());
    let served = server.get("/styles/keyed/style.json").json();
    for name in ["tilezen", "own", "hosted"] {
        let source = &served["sources"][name];
        let url = format!("http://{}/mvt/{{z}}/{{x}}/{{y}}.mvt", server.address());
        assert_eq!((url_of(&served, name), &source["url"], &source["scheme"]), (url, &Value::Null, &Value::Null));
        assert_eq!((&source["minzoom"], &source["maxzoom"]), (&json!(2), &json!(15)), "{name}");
    }
    // What a client does with the features is the style's own business, as are sources that are not filled.
    assert_eq!(served["sources"]["own"]["promoteId"], "id");
    assert_eq!(served["sources"]["inline"], inline);
}
