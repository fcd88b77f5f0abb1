//! The SVG text: well-formed whatever names it is given, in whole relative units, with nothing in it that could act.

use crate::tile_writer::{Feature, Layer, P, sample, tile};
use rasterzen::mvt;
use rasterzen::output::resvg;
use rasterzen::output::svg::{Document, write};
use rasterzen::scene::{SourceTiles, Tiles, build, cells, place};
use rasterzen::style::{BUNDLED, Style};
use rasterzen::tile::TileId;
use rasterzen::viewport::{SizeClass, Viewport};
use roxmltree::Node;
use serde_json::json;
use std::sync::Arc;

const EDGE: i32 = 4096;

/// Draws a viewport, the same tile everywhere.
fn drawn(style: &Style, viewport: &Viewport, class: SizeClass, bytes: &bytes::Bytes, document: &Document) -> String {
    let tile = Arc::new(mvt::Tile::parse(bytes.clone()).expect("a tile"));
    let source = style.sources.keys().next().expect("a source");
    let margin = style.margin(source, viewport.style_zoom()) * f64::from(viewport.scale);
    let (cells, _) = cells(viewport, class, 15, margin);
    let cells = cells.into_iter().map(|cell| (cell, Some((cell, tile.clone().into())))).collect();
    let tiles = Tiles::from([(source.clone(), SourceTiles { class, maxzoom: 15, cells })]);
    let scene = build(style, viewport, &tiles, place(style, viewport, &tiles, None)).expect("a scene");
    write(&scene, style, document)
}

/// A style of a background, fills, lines and circles, its layers named with these ids.
fn style(name: &str, ids: [&str; 4]) -> Style {
    let layers: Vec<_> = ["background", "fill", "line", "circle"]
        .iter()
        .zip(ids)
        .map(|(kind, id)| {
            let paint = json!({format!("{kind}-color"): "rgba(255, 128, 0, 0.5)"});
            json!({"id": id, "type": kind, "source": "s", "source-layer": "a", "paint": paint})
        })
        .collect();
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    Style::parse(name, &style.to_string()).expect("a style")
}

/// One feature of each kind in the middle and over the edges.
fn features() -> bytes::Bytes {
    let ring: &[P] = &[[-40, -40], [EDGE + 40, 8], [2000, EDGE + 80]];
    let line: &[P] = &[[0, 17], [2048, 2048], [EDGE, 33], [EDGE, 3000]];
    let points: &[P] = &[[2048, 2048], [100, 100]];
    tile(&[Layer::new("a").with(Feature::polygon(&[ring])).with(Feature::line(line)).with(Feature::points(points))])
}

fn viewport() -> Viewport {
    Viewport::of_tile(TileId::new(14, 8529, 5974).expect("a tile"), 512, 1)
}

/// Parses, and checks everything that every document has to keep to.
pub fn check<'a>(what: &str, text: &'a str, viewport: &Viewport) -> roxmltree::Document<'a> {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{what}: {e}"));
    let root = document.root_element();
    let (width, height) = (viewport.width, viewport.height);
    assert_eq!(root.attribute("width"), Some(&*width.to_string()), "{what}");
    assert_eq!(root.attribute("height"), Some(&*height.to_string()), "{what}");
    assert_eq!(root.attribute("viewBox"), Some(&*format!("0 0 {} {}", width * 16, height * 16)), "{what}");
    let first = root.children().next().expect("a child");
    assert!(first.has_tag_name(("http://www.w3.org/2000/svg", "title")), "{what}");
    let mut ids = std::collections::HashSet::new();
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        let allowed: &[&str] = match name {
            "svg" => &["width", "height", "viewBox"],
            "title" | "desc" => &[],
            "g" => &[
                "id",
                "class",
                "clip-path",
                "fill",
                "fill-opacity",
                "stroke",
                "stroke-opacity",
                "stroke-width",
                "stroke-linecap",
                "stroke-linejoin",
                "stroke-miterlimit",
                "opacity",
                "style",
                "mask",
                "shape-rendering",
                "role",
                "aria-label",
                "label",
                "transform",
            ],
            "defs" => &[],
            "clipPath" => &["id"],
            "mask" => &["id", "maskUnits", "x", "y", "width", "height"],
            "pattern" => &["id", "patternUnits", "width", "height", "href", "patternTransform"],
            "image" => &["id", "width", "height", "preserveAspectRatio", "href"],
            "use" => &["href", "x", "y", "transform", "opacity", "stroke-width", "stroke-opacity"],
            "radialGradient" => &["id"],
            "stop" => &["offset", "stop-color", "stop-opacity"],
            "path" => &[
                "id",
                "fill",
                "fill-opacity",
                "d",
                "stroke",
                "stroke-width",
                "stroke-miterlimit",
                "stroke-linejoin",
                "stroke-linecap",
            ],
            "circle" => &["cx", "cy", "r", "fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width"],
            other => panic!("{what}: a {other}"),
        };
        for attribute in node.attributes() {
            assert!(allowed.contains(&attribute.name()), "{what}: {} of {name}", attribute.name());
        }
        if let Some(id) = node.attribute("id") {
            assert!(ids.insert(id), "{what}: the id {id:?} stands twice");
        }
        if let Some(href) = node.attribute("href") {
            // Nothing from outside: an element of the document before this one, or pixels in it.
            let inside = href.strip_prefix('#').is_some_and(|id| ids.contains(id));
            let pixels = name == "image" && href.starts_with("data:image/png;base64,");
            assert!(inside || pixels, "{what}: {name} refers to {}", &href[..href.len().min(60)]);
        }
        for attribute in node.attributes() {
            for (at, _) in attribute.value().match_indices("url(") {
                let id = attribute.value()[at..].strip_prefix("url(#").and_then(|rest| rest.split(')').next());
                let named = matches!(attribute.name(), "id" | "class");
                assert!(named || id.is_some_and(|id| ids.contains(id)), "{what}: {}", attribute.value());
            }
        }
        let style = node.attribute("style").unwrap_or("mix-blend-mode:");
        assert!(style.starts_with("mix-blend-mode:") && !style.contains(';'), "{what}: {style}");
        if let Some(data) = node.attribute("d") {
            check_path(what, data, node.parent_element().is_some_and(|p| p.has_tag_name("clipPath")));
        }
        for attribute in ["cx", "cy"] {
            assert!(node.attribute(attribute).is_none_or(|n| n.parse::<i32>().is_ok()), "{what}: {node:?}");
        }
    }
    usvg::Tree::from_str(text, &usvg::Options::default()).unwrap_or_else(|e| panic!("{what}: {e}"));
    document
}

/// Whole numbers, and relative commands but for rectangles of clips and backgrounds.
fn check_path(what: &str, data: &str, is_clip: bool) {
    if data.contains('L') {
        // A quad with an image: four corners.
        let fits = |c: char| c.is_ascii_digit() || " -MLz".contains(c);
        assert!(data.chars().all(fits) && data.matches('L').count() == 3, "{what}: {data}");
        return;
    }
    let relative = data.starts_with('m');
    let commands = if relative { "mlhvqcz" } else { "MHVz" };
    assert!(relative || is_clip || data.starts_with("M0 0H"), "{what}: {data}");
    let fits = |c: char| c.is_ascii_digit() || " -".contains(c) || commands.contains(c);
    assert!(data.chars().all(fits), "{what}: {data}");
}

#[test]
fn names_from_strangers_cannot_break_the_document() {
    let long = "x".repeat(100_000);
    for name in [
        "plain",
        "",
        " ",
        "<script>alert(1)</script>",
        "</title><script/>",
        "\" onload=\"alert(1)",
        "' onload='alert(1)",
        "&lt;&amp;&#60;&unknown;",
        "]]>",
        "<!--",
        "<?xml?>",
        "tab\tline\nreturn\r",
        "controls \u{0}\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}\u{85}\u{9f}",
        "no characters \u{fffe}\u{ffff}\u{1fffe}",
        "\u{feff}marked",
        "\u{202e}right to left\u{200f} שלום",
        "emoji 🗺️👩‍👩‍👧",
        "e\u{301} \u{2028}\u{2029}",
        "url(#x)",
        &long,
    ] {
        let ids = [name, &format!("{name}1"), &format!("{name}2"), &format!("3{name}")];
        let style = style(name, ids);
        let title = format!("{name} 14/1/2");
        let document = Document { title: &title, attribution: name, live_text: false };
        let what = &name[..name.len().min(40)];
        let text = drawn(&style, &viewport(), SizeClass::C512, &features(), &document);
        let parsed = check(what, &text, &viewport());
        // What can be written is there as it was given, space for space.
        let kept: String = title
            .chars()
            .map(|c| if "\t\n\r".contains(c) { ' ' } else { c })
            .filter(|&c| c >= ' ' && !"\u{fffe}\u{ffff}".contains(c))
            .collect();
        let found = parsed.descendants().find(|n| n.has_tag_name("title")).and_then(|n| n.text());
        assert_eq!(found, Some(&*kept), "{what}");
        // The attribution is HTML, of which the text is left.
        let credit = parsed.descendants().any(|n| n.has_tag_name("desc"));
        assert!(credit || name.contains('<') || name.trim().is_empty(), "{what}");
    }
}

#[test]
fn a_layer_may_have_the_name_of_a_clip() {
    // Ids are unique, else the clip would be the wrong element and hide or show what it should not.
    let style = style("s", ["square-0", "square-1", "square-2", "square-3"]);
    let document = Document { title: "t", attribution: "", live_text: false };
    let text = drawn(&style, &viewport(), SizeClass::C256, &features(), &document);
    check("clips", &text, &viewport());
}

#[test]
fn several_squares_are_clipped_and_one_is_not() {
    let style = style("s", ["a", "b", "c", "d"]);
    let document = Document { title: "t", attribution: "", live_text: false };
    let clips = |class: SizeClass, viewport: &Viewport| {
        let text = drawn(&style, viewport, class, &features(), &document);
        let parsed = check("clips", &text, viewport);
        let of = |node: Node| {
            let numbers = node.attribute("d").expect("a path").split(['M', ' ', 'H', 'V', 'z']);
            // The fifth is the first again.
            numbers.filter_map(|n| n.parse().ok()).take(4).collect()
        };
        let all = parsed.descendants().filter(|n| n.has_tag_name("clipPath"));
        let clips: Vec<Vec<i32>> = all.map(|n| of(n.first_child().expect("a path"))).collect();
        let used = parsed.descendants().filter(|n| n.has_attribute("clip-path")).count();
        assert_eq!(used, clips.len());
        // Layers that stand in several squares are named by class.
        let named = parsed.descendants().filter(|n| n.attribute("id") == Some("b")).count();
        assert_eq!(named, usize::from(clips.is_empty()));
        clips
    };
    assert_eq!(clips(SizeClass::C512, &viewport()), Vec::<Vec<i32>>::new());
    assert_eq!(clips(SizeClass::C1024, &viewport()), Vec::<Vec<i32>>::new());
    let quarters = [[0, 0, 4096, 4096], [4096, 0, 8192, 4096], [0, 4096, 4096, 8192], [4096, 4096, 8192, 8192]];
    assert_eq!(clips(SizeClass::C256, &viewport()), quarters);
    // A view that starts in the middle of squares.
    let viewport = Viewport { left: viewport().left + 300, width: 300, height: 100, ..viewport() };
    assert_eq!(clips(SizeClass::C512, &viewport), [[0, 0, 212 * 16, 1600], [212 * 16, 0, 4800, 1600]]);
}

#[test]
fn a_real_map_is_well_formed_at_every_size() {
    let style = Style::parse("light", BUNDLED[0].1).expect("the bundled style");
    let document =
        Document { title: "light 14/8529/5974", attribution: "© OpenStreetMap contributors", live_text: false };
    let tile = sample("14/8529/5974");
    for (size, scale) in [(256, 1), (512, 1), (512, 4)] {
        let viewport = Viewport::of_tile(TileId::new(14, 8529, 5974).expect("a tile"), size, scale);
        let text = drawn(&style, &viewport, SizeClass::C512, &tile, &document);
        let parsed = check("a map", &text, &viewport);
        let paths = parsed.descendants().filter(|n| n.has_tag_name("path")).count();
        assert!(paths > 50, "{paths}");
    }
}

#[test]
fn what_is_drawn_is_where_it_should_be() {
    // One opaque thing of each kind, looked at in pixels.
    let layers = json!([
        {"id": "a", "type": "background", "paint": {"background-color": "#fff"}},
        {"id": "b", "type": "fill", "source": "s", "source-layer": "a", "paint": {"fill-color": "#f00"}},
        {"id": "c", "type": "line", "source": "s", "source-layer": "a", "filter": ["==", "$type", "LineString"],
         "paint": {"line-color": "#0f0", "line-width": 10}},
        {"id": "d", "type": "circle", "source": "s", "source-layer": "a", "filter": ["==", "$type", "Point"],
         "paint": {"circle-color": "#00f", "circle-radius": 10, "circle-stroke-width": 5}},
    ]);
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    let style = Style::parse("s", &style.to_string()).expect("a style");
    let square: &[P] = &[[800, 800], [1600, 800], [1600, 1600], [800, 1600]];
    let hole: &[P] = &[[1000, 1000], [1000, 1400], [1400, 1400], [1400, 1000]];
    let bytes = tile(&[Layer::new("a")
        .with(Feature::polygon(&[square, hole]))
        .with(Feature::line(&[[800, 2400], [1600, 2400]]))
        .with(Feature::points(&[[2400, 800]]))]);
    let text = drawn(
        &style,
        &viewport(),
        SizeClass::C512,
        &bytes,
        &Document { title: "t", attribution: "", live_text: false },
    );
    let pixels = resvg::pixels(&text, 512, 512).expect("pixels");
    let (white, red, green, blue, black) = ([255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]);
    for (x, y, color) in [
        (50, 50, white),
        (105, 105, red),
        (150, 150, white),
        (195, 195, red),
        (205, 150, white),
        (150, 296, green),
        (150, 303, green),
        (150, 306, white),
        (98, 300, white),
        (300, 100, blue),
        (308, 100, blue),
        (312, 100, black),
        (317, 100, white),
    ] {
        assert_eq!(pixels.pixel(x, y)[..3], color, "{x}, {y}");
    }
}

#[test]
fn everything_that_can_be_painted_is_within_the_document() {
    let names = ["image-1", "pattern-", "\"><script>", "url(https://example.org)", "mask-", "line-", "blur-", "h", "i"];
    let paints = json!([
        {"type": "background", "paint": {"background-pattern": "dots", "background-opacity": 0.5}},
        {"type": "fill", "paint": {"fill-pattern": "brick", "fill-translate": [3, 4]}},
        {"type": "fill", "paint": {"fill-color": "#0f0", "fill-outline-color": "#000", "fill-antialias": true}},
        {"type": "fill", "paint": {"fill-antialias": false, "fill-layer-blend": "multiply", "fill-layer-opacity": 0.5}},
        {"type": "line", "paint": {"line-pattern": "arrow", "line-width": 9, "line-blur": 2}},
        {"type": "line", "paint": {"line-width": 9, "line-blur": 3}},
        {"type": "line", "layout": {"line-join": "round", "line-round-limit": 3}, "paint": {"line-width": 9}},
        {"type": "circle", "paint": {"circle-blur": 0.5, "circle-radius": 20, "circle-stroke-width": 3}},
        {"type": "line", "paint": {"line-width": 5, "line-gradient":
            ["interpolate", ["linear"], ["line-progress"], 0, "rgba(255, 0, 0, 0.2)", 1, "blue"]}},
    ]);
    let mut layers = paints.as_array().expect("layers").clone();
    for (layer, name) in layers.iter_mut().zip(names) {
        layer["id"] = json!(name);
        layer["source"] = json!("s");
        layer["source-layer"] = json!("a");
    }
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    let style = Style::parse("s", &style.to_string()).expect("a style").with_sprite(crate::paint::sprite());
    assert_eq!(style.warnings, []);
    let ring: &[P] = &[[-40, -40], [EDGE + 40, 8], [2000, EDGE + 80]];
    let line: &[P] = &[[0, 17], [2048, 2048], [EDGE, 33], [EDGE, 3000]];
    let metered = Feature::line(&[[100, 100], [3000, 200]]).tag("mapbox_clip_start", 0.0).tag("mapbox_clip_end", 1.0);
    let layer = Layer::new("a").with(Feature::polygon(&[ring])).with(Feature::line(line)).with(metered);
    let bytes = tile(&[layer.with(Feature::points(&[[2048, 2048]]))]);
    for (class, images) in [(SizeClass::C512, 1), (SizeClass::C256, 1)] {
        let text =
            drawn(&style, &viewport(), class, &bytes, &Document { title: "t", attribution: "", live_text: false });
        let parsed = check("everything", &text, &viewport());
        let count = |name: &str| parsed.descendants().filter(|node| node.has_tag_name(name)).count();
        for name in ["pattern", "image", "mask", "use", "radialGradient", "stop"] {
            assert!(count(name) > 0, "there is no {name}");
        }
        // Each image stands once for each of its sizes, however often it is used.
        let hrefs: Vec<&str> = parsed
            .descendants()
            .filter(|node| node.has_tag_name("image"))
            .filter_map(|node| node.attribute("href"))
            .collect();
        let distinct: std::collections::BTreeSet<&str> = hrefs.iter().copied().collect();
        assert!(hrefs.len() == distinct.len() && hrefs.len() > images);
    }
}
