//! TileJSON as a source: templates of all kinds, what the document says and the operator overrides, documents that are
//! wrong, and that no key is ever told.

use crate::cli::{directory, run, run_in, write};
use crate::server::Server;
use crate::tile_writer::sample;
use crate::upstream::{Act, Upstream};
use rasterzen::source::{Base, Fetched, Overrides, Source};
use rasterzen::tile::TileId;
use serde_json::{Value as Json, json};

const KEY: &str = "CANARYKEY123";

/// A server of one document, at `/maps/tiles.json`, and of the sample's tiles under `/maps/t/`, `/maps/u/` and, with rows
/// from the south, `/maps/tms/`.
fn upstream(document: Json) -> Upstream {
    Upstream::start(move |target| {
        let path = target.split('?').next().unwrap();
        let tile = |address: &str| {
            let id: TileId = address.trim_end_matches(".mvt").parse().unwrap();
            crate::upstream::sample(&format!("/{id}.mvt"))
        };
        if path == "/maps/tiles.json" {
            return Act::Answer(200, vec!["Content-Type: application/json".into()], document.to_string().into_bytes());
        }
        match path.strip_prefix("/maps/").and_then(|rest| rest.split_once('/')) {
            Some(("t" | "u", address)) => tile(address),
            Some(("tms", address)) => {
                let id: TileId = address.trim_end_matches(".mvt").parse().unwrap();
                tile(&TileId::new(id.z(), id.x(), (1 << id.z()) - 1 - id.y()).unwrap().to_string())
            }
            _ => Act::status(404),
        }
    })
}

fn url(upstream: &Upstream) -> String {
    format!("http://{}/maps/tiles.json", upstream.address())
}

async fn open(document: Json, overrides: &Overrides) -> Source {
    Source::open(&url(&upstream(document)), overrides, None).await.unwrap()
}

const HARBOUR: &str = "14/8529/5974";

#[test]
fn tiles_are_fetched_by_its_templates() {
    let addresses = ["0/0/0", "14/8529/5974", "14/8530/5974", "14/8529/5975"];
    for (what, members) in [
        ("relative", json!({"tiles": ["t/{z}/{x}/{y}.mvt"]})),
        ("from the root", json!({"tiles": ["/maps/t/{z}/{x}/{y}.mvt?a=b"]})),
        ("up and down", json!({"tiles": ["../maps/t/{z}/{x}/{y}.mvt"]})),
        ("several", json!({"tiles": ["t/{z}/{x}/{y}.mvt", "u/{z}/{x}/{y}.mvt"]})),
        ("tms", json!({"tiles": ["tms/{z}/{x}/{y}.mvt"], "scheme": "tms"})),
        ("from the south", json!({"tiles": ["tms/{z}/{x}/{-y}.mvt"], "scheme": "xyz"})),
        ("2.2", json!({"tilejson": "2.2.0", "tiles": ["t/{z}/{x}/{y}.mvt"], "encoding": "mvt", "format": "pbf"})),
    ] {
        let mut document = json!({"tilejson": "3.0.0", "maxzoom": 14, "vector_layers": []});
        members.as_object().unwrap().iter().for_each(|(name, value)| document[name] = value.clone());
        let upstream = upstream(document);
        let server = Server::start(&["--source", &url(&upstream)], &[]);
        for address in addresses {
            let reply = server.get(&format!("/mvt/{address}.mvt"));
            assert!(reply.body == sample(address), "{what}, {address}: {reply:?}");
        }
        // Above the maxzoom it is the ancestor that is fetched.
        assert_eq!(server.get("/png/16/34118/23897.png").status, 200);
        assert_eq!(upstream.count("/maps/tiles.json"), 1, "{what}");
        let of = |name: &str| upstream.count(&format!("/maps/{name}/"));
        assert_eq!(of("t") > 0 && of("u") > 0, what == "several", "{what}: {:?}", upstream.requests());
        server.stop();
    }
    // Absolute, without a scheme too.
    let tiles = upstream(json!({}));
    for template in [format!("HTTP://{}/maps/t/{{z}}/{{x}}/{{y}}.mvt", tiles.address()), {
        format!("//{}/maps/t/{{z}}/{{x}}/{{y}}.mvt", tiles.address())
    }] {
        let document = upstream(json!({"tilejson": "3.0.0", "tiles": [template]}));
        let server = Server::start(&["--source", &url(&document)], &[]);
        assert!(server.get("/mvt/0/0/0.mvt").body == sample("0/0/0"), "{template}");
        server.stop();
    }
}

#[tokio::test]
async fn it_says_where_and_what_the_tiles_are_and_overrides_win() {
    let document = json!({
        "tilejson": "3.0.0", "tiles": ["t/{z}/{x}/{y}.mvt"], "minzoom": 2, "maxzoom": 9.0, "bounds": [5, 40, 10, 50],
        "attribution": "<a href='x'>Those</a>", "vector_layers": [{"id": "water", "fields": {}}, {"id": "roads"}],
        "center": null, "name": "n",
    });
    let info = open(document.clone(), &Overrides::default()).await.info;
    assert_eq!((info.minzoom, info.maxzoom, info.bounds), (2, 9, [5.0, 40.0, 10.0, 50.0]));
    assert_eq!(info.attribution, "<a href='x'>Those</a>");
    assert_eq!(info.layers, Some(vec!["water".to_string(), "roads".to_string()]));
    let overrides =
        Overrides { minzoom: Some(1), maxzoom: Some(8), bounds: Some([0.0, 0.0, 1.0, 1.0]), ..Overrides::default() };
    let info = open(document, &overrides).await.info;
    assert_eq!((info.minzoom, info.maxzoom, info.bounds), (1, 8, [0.0, 0.0, 1.0, 1.0]));
    // Tiles outside of the bounds are not asked for.
    let upstream = upstream(json!({"tiles": ["t/{z}/{x}/{y}.mvt"], "bounds": [7, 43, 8, 44]}));
    let source = Source::open(&url(&upstream), &Overrides::default(), None).await.unwrap();
    assert_eq!((source.info.minzoom, source.info.maxzoom), (0, 22));
    assert!(source.covers(HARBOUR.parse().unwrap()) && !source.covers("14/0/0".parse().unwrap()));
}

#[test]
fn a_file_names_tiles_beside_it_or_elsewhere() {
    let dir = directory();
    for (name, tiles) in [("deep/tiles.json", "t/{z}/{x}/{y}.mvt"), ("south.json", "deep/tms/{z}/{x}/{y}.mvt")] {
        let scheme = if name == "south.json" { "tms" } else { "xyz" };
        let document = json!({"tilejson": "3.0.0", "tiles": [tiles], "scheme": scheme, "maxzoom": 14});
        write(&dir.path().join(name), format!("\u{feff}{document}"));
    }
    write(&dir.path().join("deep/t/14/8529/5974.mvt"), sample(HARBOUR));
    write(&dir.path().join(format!("deep/tms/14/8529/{}.mvt", (1 << 14) - 1 - 5974)), sample(HARBOUR));
    let upstream = upstream(json!({}));
    let document = json!({"tiles": [format!("http://{}/maps/t/{{z}}/{{x}}/{{y}}.mvt", upstream.address())]});
    write(&dir.path().join("far.json"), document.to_string());
    for source in ["deep/tiles.json", "south.json", "far.json", "file://deep/tiles.json"] {
        let args = ["render", HARBOUR, "--source", source, "--format", "mvt", "-o", "-"];
        assert!(run(dir.path(), &args) == sample(HARBOUR), "{source}");
    }
}

#[tokio::test]
async fn a_style_declares_the_same() {
    let upstream = upstream(json!({"tiles": ["t/{z}/{x}/{y}.mvt"], "maxzoom": 14, "attribution": "theirs"}));
    let base = Base::of(&format!("http://{}/maps/style.json", upstream.address())).unwrap();
    let root = TileId::new(0, 0, 0).unwrap();
    let expected = Fetched::Tile(tokio::task::spawn_blocking(|| sample("0/0/0")).await.unwrap());
    for (source, maxzoom, attribution) in [
        (json!({"type": "vector", "url": "tiles.json"}), 14, "theirs"),
        (json!({"type": "vector", "url": url(&upstream), "maxzoom": 12, "attribution": "ours"}), 12, "ours"),
        (json!({"type": "vector", "tiles": ["t/{z}/{x}/{y}.mvt"], "minzoom": 0}), 22, ""),
        (json!({"type": "vector", "tiles": ["tms/{z}/{x}/{y}.mvt"], "scheme": "tms", "maxzoom": 5}), 5, ""),
    ] {
        let opened = Source::declared(source.as_object().unwrap(), &base, &Overrides::default(), None).await;
        let opened = opened.unwrap_or_else(|e| panic!("{source}: {e}"));
        assert_eq!((opened.info.maxzoom, opened.info.attribution.as_str()), (maxzoom, attribution), "{source}");
        let fetched = opened.fetch(root, None).await.unwrap();
        assert!(fetched == expected, "{source}");
    }
    for (source, words) in [
        (json!({"type": "vector"}), "neither url nor tiles"),
        (json!({"type": "raster", "tiles": []}), "no array of URL templates"),
        (json!({"type": "raster-dem", "tiles": []}), "none of vector, raster and geojson"),
        (json!({"type": "vector", "url": "mapbox://mapbox.streets"}), "neither http nor https"),
        (json!({"type": "vector", "url": "file:///etc/hostname"}), "names a file"),
        (json!({"type": "vector", "tiles": ["file:///{z}/{x}/{y}"]}), "tiles[0]: a document from the network"),
    ] {
        let opened = Source::declared(source.as_object().unwrap(), &base, &Overrides::default(), None).await;
        let Err(error) = opened else { panic!("{source} was accepted") };
        assert!(error.detail.contains(words), "{source}: {error}");
    }
}

#[test]
fn documents_that_are_wrong_are_refused_by_member() {
    let good = json!({"tilejson": "3.0.0", "tiles": ["http://127.0.0.1:9/{z}/{x}/{y}.mvt"]});
    let cases: Vec<(&str, Json, &str)> = vec![
        ("tilejson", json!("4.0.0"), "tilejson: the version"),
        ("tilejson", json!(3), "tilejson: the version"),
        ("tiles", json!([]), "tiles: it is no array of URL templates"),
        ("tiles", json!("t/{z}/{x}/{y}"), "tiles: it is no array"),
        ("tiles", json!([5]), "tiles[0]: it is no text"),
        ("tiles", json!(["http://h/{z}/{x}.mvt"]), "{z}, {x} and {y}"),
        ("tiles", json!(["http://[/{z}/{x}/{y}.mvt"]), "does not make URLs"),
        ("tiles", json!(["ftp://h/{z}/{x}/{y}.mvt"]), "tiles[0]: a URL is neither http nor https"),
        ("tiles", json!(vec!["http://h/{z}/{x}/{y}.mvt"; 65]), "tiles: there are more than 64"),
        ("scheme", json!("zyx"), "scheme: \"zyx\""),
        ("encoding", json!("mlt"), "encoding: tiles of \"mlt\" are not read"),
        ("format", json!("png"), "format: tiles of \"png\" are not read"),
        ("minzoom", json!(-1), "minzoom: -1"),
        ("maxzoom", json!(31), "maxzoom: 31"),
        ("maxzoom", json!("14"), "maxzoom: \"14\""),
        ("minzoom", json!(23), "from 23 to 22"),
        ("bounds", json!([1, 2, 3]), "bounds: "),
        ("bounds", json!([1, 5, 3, 4]), "bounds: "),
        ("bounds", json!([1, "2", 3, 4]), "bounds: "),
    ];
    let dir = directory();
    let mut wrong = Vec::new();
    let mut check = |name: &str, bytes: &[u8], words: &str| {
        write(&dir.path().join(name), bytes);
        let ended = run_in(dir.path(), &[], &["render", "0/0/0", "-o", "x.png", "--source", name]);
        let text = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        if ended.code != Some(2) || !text.contains(words) || text.contains("panicked") {
            wrong.push(format!("{name}: {:?}, without {words:?}: {text}", ended.code));
        }
    };
    for (i, (member, value, words)) in cases.iter().enumerate() {
        let mut document = good.clone();
        document[member] = value.clone();
        check(&format!("{i}-{member}.json"), document.to_string().as_bytes(), words);
    }
    check("cut.json", &good.to_string().as_bytes()[..40], "the TileJSON cannot be read");
    check("array.json", b"[1]", "neither TileJSON nor GeoJSON");
    check("other.json", b"{\"version\": 8, \"layers\": []}", "neither TileJSON nor GeoJSON");
    check("empty.json", b"", "neither TileJSON nor GeoJSON");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn its_tiles_take_keys_as_plain_templates_do() {
    let document = json!({"tilejson": "3.0.0", "tiles": ["t/{z}/{x}/{y}.mvt?key={api_key}"], "maxzoom": 14});
    let upstream = upstream(document);
    let server = Server::start(&["--source", &url(&upstream)], &[]);
    server.get("/mvt/0/0/0.mvt").assert_problem(401, "missing_api_key", "a tile without a key");
    assert_eq!(server.get("/mvt/0/0/0.mvt?api_key=a%2Bb%2F").status, 200);
    assert_eq!(upstream.requests().last().unwrap(), "/maps/t/0/0/0.mvt?key=a%2Bb%2F");
    server.stop();
    // The configured key opens the document too.
    let keyed = format!("{}?key={{api_key}}", url(&upstream));
    let server = Server::start(&["--source", &keyed], &[("NEXTZEN_API_KEY", KEY)]);
    assert_eq!(server.get("/mvt/0/0/0.mvt?api_key=other").status, 200);
    let asked = upstream.requests();
    assert!(asked.contains(&format!("/maps/tiles.json?key={KEY}")), "{asked:?}");
    assert_eq!(asked.last().unwrap(), &format!("/maps/t/0/0/0.mvt?key={KEY}"));
    assert!(!server.log().contains(KEY));
    server.stop();
    let ended = run_in(directory().path(), &[], &["render", "0/0/0", "-o", "-", "--format", "mvt", "--source", &keyed]);
    assert!(ended.code == Some(1) && ended.stderr.contains("NEXTZEN_API_KEY"), "{:?} {}", ended.code, ended.stderr);
}

#[test]
fn no_key_is_told_whatever_goes_wrong_at_the_start() {
    let elsewhere = Upstream::sample();
    let secret = format!("http://u:{KEY}@h/{{z}}/{{x}}/{KEY}.mvt");
    let document = |tiles: &str| Act::Answer(200, vec![], json!({"tiles": [tiles]}).to_string().into_bytes());
    let acts = [
        ("401", Act::status(401)),
        ("403", Act::status(403)),
        ("404", Act::status(404)),
        ("429", Act::status(429)),
        ("500", Act::status(500)),
        ("nothing", Act::Raw(Vec::new())),
        ("no HTTP", Act::Raw(format!("SSH {KEY}\r\n").into_bytes())),
        ("a redirect", Act::redirect(&format!("http://{}/?key={KEY}", elsewhere.address()))),
        ("a page", Act::Answer(200, vec![], format!("<html>{KEY}").into_bytes())),
        ("a tile's template", document(&secret)),
        ("a scheme", document(&format!("{KEY}://h/{{z}}/{{x}}/{{y}}"))),
        ("a cut document", Act::Answer(200, vec![], format!("{{\"tiles\": [\"{KEY}\"").into_bytes())),
        ("broken gzip", Act::Answer(200, vec![], b"\x1f\x8b\x08 and more".to_vec())),
        ("too much", Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n".to_vec())),
    ];
    for (what, act) in acts {
        let upstream = Upstream::start(move |_| act.clone());
        for (source, variables) in [
            (format!("http://{}/tiles.json?key={KEY}", upstream.address()), vec![]),
            (format!("http://{}/tiles.json?key={{api_key}}", upstream.address()), vec![("NEXTZEN_API_KEY", KEY)]),
            (format!("http://user:{KEY}@{}/tiles.json", upstream.address()), vec![]),
        ] {
            let args = ["render", "0/0/0", "-o", "x.png", "--source", &source, "--log", "debug"];
            let ended = run_in(directory().path(), &variables, &args);
            assert!(matches!(ended.code, Some(1 | 2)), "{what}: {:?} {}", ended.code, ended.stderr);
            assert!(!ended.stderr.contains(KEY), "{what}: {}", ended.stderr);
            assert!(!ended.stderr.contains("panicked") && ended.stdout.is_empty(), "{what}: {}", ended.stderr);
        }
    }
    assert_eq!(elsewhere.requests(), [""; 0], "another host was asked");
}
