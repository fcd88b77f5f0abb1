//! Static images through the doors: routes, what is refused, that they are the map that tiles are, what is kept where;
//! attribution, overlays, and pictures larger than a pixmap.

use crate::cli::{directory, files, run, run_in, write};
use crate::golden::pixels;
use crate::server::Server;
use rasterzen::cache::Cache;
use rasterzen::format::Format;
use rasterzen::output::Rasterizer;
use rasterzen::request::{Labels, StaticRequest};
use rasterzen::source::{Overrides, Source};
use rasterzen::style::{BUNDLED, Style};
use rasterzen::tiler::{Freshness, Map, Tiler};
use rasterzen::viewport::Viewport;
use roxmltree::Node;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MONACO: &str = "7.4215,43.7345,14.5";

fn sample() -> Server {
    Server::start(&["--source", "sample"], &[])
}

/// Width and height of an SVG, which must be one.
fn size_of_svg(text: &str) -> (u32, u32) {
    let document = roxmltree::Document::parse(text).expect("XML");
    let side = |name: &str| document.root_element().attribute(name).expect(name).parse().expect(name);
    (side("width"), side("height"))
}

#[test]
fn an_image_has_the_size_and_form_that_its_path_says() {
    let server = sample();
    for (path, size, is_png) in [
        (format!("/static/{MONACO}/300x200.png"), (300, 200), true),
        (format!("/static/{MONACO}/300x200@2x.png"), (600, 400), true),
        (format!("/static/{MONACO},30/301x199.png"), (301, 199), true),
        (format!("/static/{MONACO},-400e-1/31x19.svg"), (31, 19), false),
        (format!("/styles/light/static/{MONACO}/1x1.png"), (1, 1), true),
        (format!("/styles/light/static/{MONACO},90.5/30x20@4x.svg"), (120, 80), false),
        ("/static/bbox/7.40,43.72,7.44,43.76/300x200.png".into(), (300, 200), true),
        ("/static/bbox/7.40,43.72,7.44,43.76/30x20@3x.svg".into(), (90, 60), false),
        ("/styles/light/static/bbox/170,-20,-170,-10/300x200.png".into(), (300, 200), true),
        // A line is a box too.
        ("/static/bbox/7.40,43.72,7.44,43.72/300x200.png".into(), (300, 200), true),
        ("/static/7.42%2C43.73%2C3/64x64.png".into(), (64, 64), true),
        ("/static/0,0,-1/700x300.png".into(), (700, 300), true),
        ("/static/180,90,0/64x64.png".into(), (64, 64), true),
        ("/static/-180,-90,30/64x64.png".into(), (64, 64), true),
        ("/static/0,0,0/4096x1.png".into(), (4096, 1), true),
        ("/static/0,0,0/1x1024@4x.png".into(), (4, 4096), true),
        (format!("/static/{MONACO}/30x20.png?style=light&tile_size=9"), (30, 20), true),
    ] {
        let reply = server.get(&path);
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        let (kind, got) = match is_png {
            true => ("image/png", (pixels(&reply.body).0, pixels(&reply.body).1)),
            false => ("image/svg+xml", size_of_svg(reply.text())),
        };
        assert_eq!((reply.header("content-type"), got), (Some(kind), size), "{path}");
        assert_eq!(reply.header("vary"), None, "{path}: the extension alone counts");
        assert!(reply.header("etag").is_some() && reply.header("x-content-type-options") == Some("nosniff"), "{path}");
    }
    let accept = [("Accept", "image/png")];
    let reply = server.request("GET", &format!("/static/{MONACO}/30x20.svg"), &accept);
    assert_eq!(reply.header("content-type"), Some("image/svg+xml"));
    assert!(reply.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
    let head = server.request("HEAD", &format!("/static/{MONACO}/30x20.png"), &[]);
    assert_eq!((head.status, head.header("content-type")), (200, Some("image/png")));
}

#[test]
fn what_is_no_image_is_refused_with_the_accepted_form() {
    let server = sample();
    let own = |rest: &str| format!("/static/{MONACO}/{rest}");
    let at = |place: &str| format!("/static/{place}/60x40.png");
    let boxed = |corners: &str| format!("/static/bbox/{corners}/60x40.png");
    for (target, status, code) in [
        (own(""), 400, "bad_request"),
        (own("60x40"), 400, "bad_request"),
        (own("60.png"), 400, "bad_request"),
        (own("x.png"), 400, "bad_request"),
        (own("60x.png"), 400, "bad_request"),
        (own("x40.png"), 400, "bad_request"),
        (own("0x40.png"), 400, "bad_request"),
        (own("60x0.png"), 400, "bad_request"),
        (own("-60x40.png"), 400, "bad_request"),
        (own("+60x40.png"), 400, "bad_request"),
        (own("60x40x3.png"), 400, "bad_request"),
        (own("60X40.png"), 400, "bad_request"),
        (own("6e1x40.png"), 400, "bad_request"),
        (own("60x40@0x.png"), 400, "bad_request"),
        (own("60x40@5x.png"), 400, "bad_request"),
        (own("60x40@2.png"), 400, "bad_request"),
        (own("60x40@.png"), 400, "bad_request"),
        (own("60x40.png?attribution=yes"), 400, "bad_request"),
        (own("4097x1.png"), 413, "too_large"),
        (own("1x4097.png"), 413, "too_large"),
        (own("2049x1@2x.png"), 413, "too_large"),
        (own("99999999999999999999999x1.svg"), 413, "too_large"),
        (own("4294967295x1@4x.svg"), 413, "too_large"),
        (own("60x40.json"), 404, "unknown_route"),
        (own("60x40.mvt"), 404, "unknown_route"),
        (own("60x40.jpg"), 404, "unknown_route"),
        (own("60x40."), 404, "unknown_route"),
        (own("60x40.png?style=nope"), 404, "unknown_style"),
        (format!("/styles/nope/static/{MONACO}/60x40.png"), 404, "unknown_style"),
        (at(""), 400, "bad_request"),
        (at("7"), 400, "bad_request"),
        (at("7,43"), 400, "bad_request"),
        (at("7,43,14,0,0"), 400, "bad_request"),
        (at("7,43,"), 400, "bad_request"),
        (at(",,"), 400, "bad_request"),
        (at("a,43,14"), 400, "bad_request"),
        (at("7,NaN,14"), 400, "bad_request"),
        (at("7,43,inf"), 400, "bad_request"),
        (at("1e400,43,14"), 400, "bad_request"),
        (at("0x7,43,14"), 400, "bad_request"),
        (at("180.01,43,14"), 400, "bad_request"),
        (at("7,90.01,14"), 400, "bad_request"),
        (at("7,43,30.01"), 400, "bad_request"),
        (at("7,43,-1.01"), 400, "bad_request"),
        (at("7,43,14,360.01"), 400, "bad_request"),
        (at("7;43;14"), 400, "bad_request"),
        (at("7%zz,43,14"), 400, "bad_request"),
        (boxed(""), 400, "bad_request"),
        (boxed("1,2,3"), 400, "bad_request"),
        (boxed("1,2,3,4,5"), 400, "bad_request"),
        (boxed("1,2,3,b"), 400, "bad_request"),
        (boxed("1,4,3,2"), 400, "bad_request"),
        (boxed("-181,2,3,4"), 400, "bad_request"),
        (boxed("1,2,3,91"), 400, "bad_request"),
        (boxed("1,2,1,2"), 400, "bad_request"),
        (boxed("1,2,1.000000000001,2"), 400, "bad_request"),
        (boxed("-180,-80,180,80"), 400, "bad_request"),
        ("/static".into(), 404, "unknown_route"),
        ("/static/7,43,14".into(), 404, "unknown_route"),
        ("/static/box/1,2,3,4/60x40.png".into(), 404, "unknown_route"),
        ("/static/bbox/1,2,3,4/60x40.png/x".into(), 404, "unknown_route"),
        ("/styles/light/static".into(), 404, "unknown_route"),
        ("/styles/light/static/7,43,14".into(), 404, "unknown_route"),
    ] {
        let reply = server.get(&target);
        reply.assert_problem(status, code, &target);
        let problem = reply.json();
        let hint = problem["hint"].as_str().expect("a hint");
        // A malformed part is told with what is accepted in its place.
        let form =
            ["{lon},{lat},{zoom}", "600x400", "7.42,43.735", "west,south,east,north", "@1x to @4x", "fits", "1 puts"];
        let form = form.iter().any(|form| hint.contains(form)) || hint.contains("larger") || hint.contains("%25");
        assert!(status != 400 || form, "{target}: {problem}");
    }
    server.assert_alive("all that");
}

#[test]
fn an_image_of_a_tile_is_the_tile() {
    let server = sample();
    for (tile, place, zoom) in [
        // Longitude and latitude of the middle, and the zoom of MapLibre, which is one less.
        ("14/8529/5974", [7.415_771_484_375, 43.731_414_256_394_43], 13),
        ("2/2/1", [45.0, 40.979_898_069_620_13], 1),
        ("0/0/0", [0.0, 0.0], -1),
    ] {
        for scale in ["", "@2x"] {
            let [lon, lat] = place;
            let image = server.get(&format!("/static/{lon},{lat},{zoom}/256x256{scale}.png"));
            let tile = server.get(&format!("/png/{tile}{scale}.png"));
            assert_eq!((image.status, tile.status), (200, 200));
            assert!(image.body == tile.body, "{tile:?} is another picture than {image:?}");
        }
    }
}

#[test]
fn images_are_kept_in_memory_alone() {
    let dir = directory();
    let cache = dir.path().to_str().expect("UTF-8");
    let server = Server::start(&["--source", "sample", "--cache", "memory", "--cache", cache], &[]);
    let path = format!("/static/{MONACO}/60x40.png");
    let first = server.get(&path);
    assert_eq!(first.tier(), "miss");
    let again = server.get(&path);
    assert_eq!((again.tier(), &again.body), ("memory", &first.body));
    let etag = first.header("etag").expect("an ETag");
    assert_eq!(server.request("GET", &path, &[("If-None-Match", etag)]).status, 304);
    // Another place, size, scale, bearing or attribution is another picture, the default style by its name is not.
    assert_eq!(server.get(&format!("/styles/light{path}")).tier(), "memory");
    for other in [
        format!("/static/{MONACO}/61x40.png"),
        format!("/static/{MONACO}/60x40@2x.png"),
        format!("/static/{MONACO},1/60x40.png"),
        "/static/7.4215,43.7345,14.51/60x40.png".into(),
        "/static/7.43,43.7345,14.5/60x40.png".into(),
        format!("{path}?attribution=1"),
    ] {
        let reply = server.get(&other);
        assert_eq!(reply.tier(), "miss", "{other}");
        assert!(reply.header("etag") != Some(etag), "{other}");
    }
    server.stop();
    assert_eq!(files(dir.path()).len(), 0, "{:?}", files(dir.path()));
}

/// The group with the attribution in it.
fn caption<'a>(document: &'a roxmltree::Document) -> Option<Node<'a, 'a>> {
    let mut children = document.root_element().children().rev();
    children.find(|node| node.is_element()).filter(|node| node.attribute("role") == Some("img"))
}

#[test]
fn attribution_is_written_on_request() {
    let server = sample();
    for path in [format!("/static/{MONACO}/600x200"), format!("/static/{MONACO},77/600x200@2x")] {
        let with = server.get(&format!("{path}.svg?attribution=1"));
        let document = roxmltree::Document::parse(with.text()).expect("XML");
        let group = caption(&document).expect("a caption");
        let label = group.attribute("aria-label").expect("a label");
        assert!(label.contains("© OpenStreetMap contributors") && !label.contains(['<', '&']), "{label}");
        // It stands at the end, over all else, and is not turned.
        assert_eq!(group.parent(), Some(document.root_element()));
        assert_eq!(group.next_sibling_element(), None);
        let letters: Vec<Node> = group.descendants().filter(|node| node.has_tag_name("use")).collect();
        assert_eq!(letters.len(), label.chars().filter(|c| *c != ' ').count(), "{label}");
        let targets: BTreeSet<&str> = letters.iter().filter_map(|node| node.attribute("href")).collect();
        for target in &targets {
            let id = target.strip_prefix('#').expect("a letter of this document");
            assert_eq!(document.descendants().filter(|node| node.attribute("id") == Some(id)).count(), 1, "{id}");
        }
        assert!(targets.len() < letters.len(), "each letter is there once");
        for without in [".svg", ".svg?attribution=0", ".svg?attribution="] {
            let reply = server.get(&format!("{path}{without}"));
            assert!(caption(&roxmltree::Document::parse(reply.text()).expect("XML")).is_none(), "{without}");
        }
        let [with, without] =
            ["?attribution=1", ""].map(|query| pixels(&server.get(&format!("{path}.png{query}")).body));
        assert_eq!((with.0, with.1), (without.0, without.1));
        let (width, height) = (with.0 as usize, with.1 as usize);
        let other: Vec<[usize; 2]> = (0..width * height)
            .filter(|i| with.2[i * 4..(i + 1) * 4] != without.2[i * 4..(i + 1) * 4])
            .map(|i| [i % width, i / width])
            .collect();
        let scale = width / 600;
        assert!(other.len() > 1000 * scale * scale, "{}", other.len());
        assert!(other.iter().all(|[x, y]| *x > width / 2 && *y >= height - 16 * scale), "at the bottom right alone");
    }
    // Where there is no room, it is smaller.
    let narrow = server.get(&format!("/static/{MONACO}/40x20.svg?attribution=1"));
    assert!(narrow.text().contains("aria-label"));
}

#[test]
fn markup_is_left_out_and_letters_that_no_font_has_are_told_only() {
    let dir = directory();
    let style = json!({
        "version": 8, "layers": [{"id": "letter-1", "type": "background", "paint": {"background-color": "#fff"}}],
        "sources": {},
    });
    write(&dir.path().join("style.json"), style.to_string());
    let drawn = |attribution: &str| {
        let tiles = json!({"tilejson": "3.0.0", "tiles": ["t/{z}/{x}/{y}.mvt"], "attribution": attribution});
        write(&dir.path().join("tiles.json"), tiles.to_string());
        std::fs::create_dir_all(dir.path().join("t")).expect("a directory");
        let args =
            ["static", "0,0,0", "600x60", "--source", "tiles.json", "--attribution", "-o", "-", "--format", "svg"];
        String::from_utf8(run(dir.path(), &args)).expect("UTF-8")
    };
    for (html, label) in [
        (
            "<a href=\"https://x.example/?a=1&amp;b=2\" onclick='x()'>A &amp; B</a> &copy; &#8364;&#x20AC;",
            Some("A & B © €€"),
        ),
        ("<a>One</a> <a>Two</a>", Some("One, Two")),
        ("Łódź, Çeşme – “Ünï”", Some("Łódź, Çeşme – “Ünï”")),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", Some("<script>alert(1)</script>")),
        ("地図 Map", Some("地図 Map")),
        ("地図", None),
        ("", None),
    ] {
        let text = drawn(html);
        let document = roxmltree::Document::parse(&text).expect("XML");
        assert_eq!(caption(&document).and_then(|group| group.attribute("aria-label")).map(str::trim), label, "{html}");
        assert!(!text.contains("<script") && !text.contains("onclick"), "{text}");
    }
}

#[test]
fn the_command_draws_what_the_server_draws() {
    let dir = directory();
    let server = sample();
    for (args, path) in [
        (vec![MONACO, "120x80"], format!("/static/{MONACO}/120x80")),
        (vec!["-122.4,37.7,3.3,-30", "120x80"], "/static/-122.4,37.7,3.3,-30/120x80".to_string()),
        (vec![MONACO, "120x80", "--scale", "2", "--attribution"], format!("/static/{MONACO}/120x80@2x?attribution=1")),
        (vec!["--bbox", "-10,30,20,60", "120x80"], "/static/bbox/-10,30,20,60/120x80".to_string()),
        (vec!["120x80", "--bbox=170,-20,-170,20"], "/static/bbox/170,-20,-170,20/120x80".to_string()),
        (vec!["120x80"], "/static/7.4215,43.7345,14/120x80".to_string()),
    ] {
        for format in ["png", "svg"] {
            let name = format!("deep/map.{format}");
            assert_eq!(run(dir.path(), &[&["static"], &args[..], &["-o", &name]].concat()), b"", "{args:?}");
            let file = std::fs::read(dir.path().join(name)).expect("a file");
            let (path, query) = path.split_once('?').unwrap_or((&path, ""));
            let served = server.get(&format!("{path}.{format}?{query}"));
            assert!(served.status == 200 && served.body == file, "{args:?} {format}: {served:?}");
        }
    }
    let printed = run(dir.path(), &["static", MONACO, "30x20", "-o", "-"]);
    assert!(printed.starts_with(b"\x89PNG"));
    let printed = run(dir.path(), &["static", MONACO, "30x20", "-o", "x.png", "--format", "svg"]);
    assert_eq!((printed.len(), size_of_svg(&read(dir.path(), "x.png"))), (0, (30, 20)), "the flag beats the extension");
}

fn read(directory: &std::path::Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name)).expect(name)
}

#[test]
fn a_style_says_where_its_middle_is() {
    let dir = directory();
    let style = |place: Value| {
        let mut style = json!({"version": 8, "sources": {}, "layers": [{"id": "b", "type": "background"}]});
        place.as_object().expect("an object").iter().for_each(|(name, value)| style[name] = value.clone());
        write(&dir.path().join("own.json"), style.to_string());
        run(dir.path(), &["static", "40x30", "--style", "own.json", "-o", "-", "--format", "svg"])
    };
    let title = |svg: Vec<u8>| {
        let text = String::from_utf8(svg).expect("UTF-8");
        let (_, rest) = text.split_once("<title>").expect("a title");
        (rest.split_once("</title>").expect("a title").0.to_string(), text.contains("rotate(-20 "))
    };
    let place = json!({"center": [10, 50], "zoom": 7.5, "bearing": 20});
    assert_eq!(title(style(place)), ("own 10, 50, zoom 7.50".to_string(), true));
    let (title, turned) = title(style(json!({"center": [-10, 0]})));
    assert!(title.ends_with("zoom 0.00") && !turned, "{title}");
}

#[test]
fn an_overlay_is_drawn_by_its_properties() {
    let dir = directory();
    let feature =
        |geometry: Value, properties: Value| json!({"type": "Feature", "geometry": geometry, "properties": properties});
    let square = |west: f64| json!({"type": "Polygon", "coordinates": [[[west, 0], [west + 4.0, 0], [west + 4.0, 4], [west, 4], [west, 0]]]});
    let point = |lon: f64| json!({"type": "Point", "coordinates": [lon, -3]});
    let overlay = json!({"type": "FeatureCollection", "features": [
        feature(square(0.0), json!({})),
        feature(square(6.0), json!({"fill": "#f00", "fill-opacity": 0.25, "stroke": "00f", "stroke-width": 6, "stroke-opacity": "0.5"})),
        feature(square(-6.0), json!({"fill": "no colour", "fill-opacity": null, "stroke-width": 0})),
        feature(json!({"type": "LineString", "coordinates": [[-6, -6], [10, -6]]}), json!({"stroke": "green"})),
        feature(point(0.0), json!({"marker-color": "ff8000", "marker-size": "large"})),
        feature(point(4.0), json!({"marker-size": "small"})),
        feature(point(8.0), json!(null)),
    ]});
    write(&dir.path().join("a.geojson"), overlay.to_string());
    let symbol = feature(point(-6.0), json!({"marker-symbol": "harbor"}));
    write(&dir.path().join("b.geojson"), symbol.to_string());
    let bare = json!({"version": 8, "sources": {}, "layers": [
        {"id": "overlay-1", "type": "background", "paint": {"background-color": "#fff"}},
    ]});
    write(&dir.path().join("bare.json"), bare.to_string());
    let draw = |format: &str| {
        let args = ["static", "2,0,4", "400x300", "--style", "bare.json", "-o", "-", "--format", format];
        run_in(dir.path(), &[], &[&args[..], &["--geojson", "a.geojson", "--geojson", "b.geojson"]].concat())
    };
    let svg = draw("svg");
    assert_eq!(svg.code, Some(0), "{}", svg.stderr);
    assert!(svg.stderr.contains("marker-symbol is not drawn") && svg.stderr.contains("b.geojson"), "{}", svg.stderr);
    let text = String::from_utf8(svg.stdout).expect("UTF-8");
    for (paint, what) in [
        (r##"fill="#555" fill-opacity="0.6""##, "the defaults of areas"),
        (r##"stroke="#555" stroke-width="32""##, "the defaults of lines"),
        (r##"fill="#f00" fill-opacity="0.25""##, "a fill"),
        (r##"stroke="#00f" stroke-opacity="0.5" stroke-width="96""##, "a stroke without number sign"),
        (r##"stroke="#008000" stroke-width="32""##, "a stroke by name"),
        (r##"r="176" fill="#ff8000""##, "a large marker"),
        (r##"r="80" fill="#7e7e7e""##, "a small marker"),
        (r##"r="128" fill="#7e7e7e""##, "a marker without properties"),
    ] {
        assert!(text.contains(paint), "{what}: no {paint} in {text}");
    }
    let document = roxmltree::Document::parse(&text).expect("XML");
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("circle")).count(), 8, "four markers with rims");
    // One pixel in the middle of each.
    let (width, _, drawn) = pixels(&draw("png").stdout);
    let degree = 512.0 * 16.0 / 360.0;
    let at = |lon: f64, lat: f64| {
        let (x, y) = (200.0 + (lon - 2.0) * degree, 150.0 - lat * degree);
        let i = (y as usize * width as usize + x as usize) * 4;
        [drawn[i], drawn[i + 1], drawn[i + 2]]
    };
    for (lon, lat, color) in [
        (2.0, 2.0, [0x99, 0x99, 0x99]),
        (8.0, 2.0, [255, 191, 191]),
        (-4.0, 2.0, [0x99, 0x99, 0x99]),
        (2.0, -6.0, [0, 128, 0]),
        (0.0, -3.0, [255, 128, 0]),
        (8.0, -3.0, [0x7e, 0x7e, 0x7e]),
        (-6.0, -3.0, [0x7e, 0x7e, 0x7e]),
        (2.0, -3.0, [255, 255, 255]),
    ] {
        let got = at(lon, lat);
        assert!((0..3).all(|i| got[i].abs_diff(color[i]) <= 1), "{lon}, {lat}: {got:?}, not {color:?}");
    }
}

fn tiler() -> (Arc<Tiler>, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let source = runtime.block_on(Source::open("sample", &Overrides::default(), None)).expect("the sample map");
    let style = Style::parse(BUNDLED[0].0, BUNDLED[0].1).expect("the bundled style");
    let sources = BTreeMap::from([("tilezen".to_string(), Arc::new(source))]);
    let map = Map { style, sources, given: BTreeSet::new(), rasterizer: Rasterizer::Direct };
    (Arc::new(Tiler::new(vec![map], Cache::new(Vec::new()), Freshness::default())), runtime)
}

#[test]
fn a_picture_of_cells_is_the_picture() {
    let (tiler, runtime) = tiler();
    for bearing in [0.0, 25.0] {
        let viewport = Viewport::around([7.4215, 43.7345], 15.3, bearing, [2300, 60], 1);
        let image = |viewport: Viewport| StaticRequest {
            viewport,
            format: Format::Png,
            style: None,
            attribution: true,
            labels: Labels::default(),
        };
        let mut cells = Vec::new();
        let whole = image(viewport);
        let drawn = tiler.large_png(&whole, None, |total| cells.push(total));
        let (large, missing) = runtime.block_on(drawn).expect("a picture");
        assert_eq!((missing, cells), (0, vec![2, 2]));
        let once = runtime.block_on(tiler.picture(&image(viewport), None)).expect("a picture").body;
        let (large, once) = (pixels(&large), pixels(&once));
        assert_eq!((large.0, large.1, once.0, once.1), (2300, 60, 2300, 60));
        assert!(large.2 == once.2, "bearing {bearing}");
        // Over the border of the two, as a picture of its own: where resvg begins is where it rounds.
        let over = Viewport { turn: viewport.turn, ..viewport.part(1948, 0, 200, 40) };
        let over = Viewport { turn: viewport.part(1948, 0, 200, 40).turn, ..over };
        let part = StaticRequest { attribution: false, ..image(over) };
        let part = pixels(&runtime.block_on(tiler.picture(&part, None)).expect("a picture").body);
        let (part, whole) = (part.2, &large.2);
        let far = (0..200 * 40).filter(|i| {
            let (x, y) = (i % 200, i / 200);
            let theirs = (y * 2300 + x + 1948) * 4;
            (0..3).any(|c| part[i * 4 + c].abs_diff(whole[theirs + c]) > 24)
        });
        let far = far.count();
        assert!(far < 40, "bearing {bearing}: {far} of 8000 pixels are others");
    }
}

#[test]
fn pictures_larger_than_a_pixmap_are_written_by_the_command() {
    let dir = directory();
    let args = ["static", "7.42,43.73,9", "4200x20", "--attribution", "-o", "wide.png"];
    run(dir.path(), &args);
    let (width, height, ..) = pixels(&std::fs::read(dir.path().join("wide.png")).expect("a file"));
    assert_eq!((width, height), (4200, 20));
    run(dir.path(), &["static", "7.42,43.73,9", "4200x20", "-o", "wide.svg"]);
    assert_eq!(size_of_svg(&read(dir.path(), "wide.svg")), (4200, 20));
    // Many tiles for one document are refused, with what to do.
    let ended = run_in(dir.path(), &[], &["static", "7.42,43.73,14", "30000x30000", "-o", "x.svg"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("source tiles") && ended.stderr.contains("smaller picture"), "{}", ended.stderr);
}

#[test]
fn a_turned_picture_is_one_rotation_of_hard_squares() {
    let (tiler, runtime) = tiler();
    let draw = |bearing: f64| {
        let viewport = Viewport::around([7.4215, 43.7345], 15.0, bearing, [700, 500], 1);
        let image =
            StaticRequest { viewport, format: Format::Svg, style: None, attribution: false, labels: Labels::default() };
        String::from_utf8(runtime.block_on(tiler.picture(&image, None)).expect("a picture").body.to_vec())
            .expect("UTF-8")
    };
    let turned = draw(30.0);
    assert_eq!(turned.matches(r#"<g transform="rotate(-30 5600 4000)">"#).count(), 1);
    assert_eq!(turned.matches("<clipPath").count(), turned.matches("crispEdges").count());
    assert!(turned.matches("<clipPath").count() >= 2);
    let straight = draw(0.0);
    assert!(!straight.contains("<g transform=\"rotate(") && !straight.contains("crispEdges"));
    assert_eq!(draw(360.0), straight);
}
