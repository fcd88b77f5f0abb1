//! What decoding and drawing make of tiles: right ones as the Vector Tile Specification 2.1 has it, and of anything
//! else either that or an error, but never a panic and never much memory.

use crate::tile_writer::{Feature, Layer, P, Value, bytes, command, number, packed, sample, tile, varint, zigzag};
use bytes::Bytes;
use rasterzen::error::{Code, Error};
use rasterzen::format::Format;
use rasterzen::limits;
use rasterzen::mvt::Tile;
use rasterzen::output::Rasterizer;
use rasterzen::request::{Labels, TileRequest};
use rasterzen::scene::{SourceTiles, Tiles};
use rasterzen::style::{BUNDLED, Style};
use rasterzen::tile::TileId;
use rasterzen::tiler::{How, draw};
use rasterzen::value::{Attributes, GeometryKind, Property};
use rasterzen::viewport::SizeClass;
use serde_json::json;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A style that draws every kind of geometry of a layer `a` in every way.
fn everything() -> Style {
    let layer = |kind: &str| json!({"id": kind, "type": kind, "source": "s", "source-layer": "a"});
    let mut dashed = layer("line");
    dashed["id"] = "dashed".into();
    dashed["paint"] = json!({"line-dasharray": [2, 1], "line-width": 6, "line-offset": 3});
    let layers = json!([layer("fill"), layer("line"), dashed, layer("circle")]);
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    Style::parse("everything", &style.to_string()).expect("a style")
}

/// A style that paints a layer `a` in every way.
fn painted() -> Style {
    let gradient = json!(["interpolate", ["linear"], ["line-progress"], 0, "rgba(255, 0, 0, 0.1)", 1, "blue"]);
    let layers: Vec<_> = [
        ("fill", json!({"fill-pattern": "brick", "fill-translate": [2.5, -3.5]})),
        ("fill", json!({"fill-outline-color": "#000", "fill-antialias": true, "fill-layer-opacity": 0.5})),
        ("line", json!({"line-pattern": "arrow", "line-width": 9, "line-blur": 2})),
        ("line", json!({"line-gap-width": 5, "line-width": 4, "line-blur": 3})),
        ("line", json!({"line-gradient": gradient, "line-width": 9})),
        ("circle", json!({"circle-blur": 0.5, "circle-stroke-width": 2})),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, (kind, paint))| {
        let layout = if kind == "line" { json!({"line-join": "round", "line-round-limit": 3}) } else { json!({}) };
        json!({"id": i.to_string(), "type": kind, "source": "s", "source-layer": "a", "paint": paint, "layout": layout})
    })
    .collect();
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers});
    Style::parse("painted", &style.to_string()).expect("a style").with_sprite(crate::paint::sprite())
}

fn light() -> Style {
    Style::parse("light", BUNDLED[0].1).expect("the bundled style")
}

/// Reads all that there is in a tile: what parses must not fail later. Every bound must be that of the vertices.
fn read_all(tile: &Tile) {
    for layer in tile.layer_names().filter_map(|name| tile.layer(name)) {
        for feature in layer.features() {
            let mut bounds: Option<[i32; 4]> = None;
            for part in feature.parts() {
                let around = part.vertices().map(|[x, y]| [x, y, x, y]).reduce(union).expect("a part has vertices");
                assert_eq!(part.bounds, around);
                bounds = Some(bounds.map_or(around, |bounds| union(bounds, around)));
            }
            assert_eq!(Some(feature.bounds), bounds);
            for (name, value) in feature.properties() {
                assert!(feature.property(name).is_some_and(|found| std::ptr::eq(found, value)), "{name}");
            }
        }
    }
}

fn union(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// Parses, reads and draws: the tile itself, with itself for neighbours, in a format.
fn whole(bytes: &Bytes, style: &Style, format: Format) -> Result<Bytes, Error> {
    drawn(bytes, style, format, Rasterizer::Direct)
}

fn drawn(bytes: &Bytes, style: &Style, format: Format, rasterizer: Rasterizer) -> Result<Bytes, Error> {
    let parsed = Arc::new(Tile::parse(bytes.clone())?);
    read_all(&parsed);
    let id = TileId::new(14, 8529, 5974).expect("a tile");
    let ids = (-1..=1).flat_map(|dy| (-1..=1).filter_map(move |dx| id.neighbour(dx, dy)));
    let cells: HashMap<_, _> = ids.map(|id| (id, Some((id, parsed.clone().into())))).collect();
    let source = || SourceTiles { class: SizeClass::C512, maxzoom: 15, cells: cells.clone() };
    let tiles: Tiles = style.sources.keys().map(|name| (name.clone(), source())).collect();
    let request = TileRequest { tile: id, format, size: 512, scale: 1, style: None, labels: Labels::default() };
    draw(style, &request, &tiles, None, &How { rasterizer, ..How::default() }).map(|drawn| drawn.body)
}

/// [`whole`] without panics, and with no error but of one kind.
fn survives(what: &str, bytes: &Bytes, style: &Style, format: Format) -> Result<Bytes, Error> {
    let Ok(result) = catch_unwind(AssertUnwindSafe(|| whole(bytes, style, format))) else {
        panic!("{what}: a panic");
    };
    if let Err(error) = &result {
        assert_eq!(error.code, Code::BadTile, "{what}: {error}");
    }
    result
}

/// A tile of one layer `a` with one feature of these raw fields, and keys and values for two tags.
fn one_feature(fields: &[Vec<u8>]) -> Bytes {
    let layer = Layer::new("a").field(&bytes(2, &fields.concat()));
    tile(&[layer.field(&bytes(3, b"key")).field(&bytes(4, &bytes(1, b"value")))])
}

/// The same with a geometry of this kind.
fn geometry(kind: u64, commands: &[u32]) -> Bytes {
    one_feature(&[number(3, kind), bytes(4, &packed(commands))])
}

fn layer_fields(fields: &[Vec<u8>]) -> Bytes {
    bytes(3, &fields.concat()).into()
}

const POINT: u64 = 1;
const LINE: u64 = 2;
const POLYGON: u64 = 3;
const EDGE: i32 = 4096;
const MANY: u32 = (1 << 29) - 1;

#[test]
fn what_is_not_a_tile_is_an_error_with_its_reason() {
    let point = || [number(3, POINT), bytes(4, &packed(&[9, 0, 0]))].concat();
    let with_tags = |tags: &[u32]| one_feature(&[bytes(2, &packed(tags)), point()]);
    let far = zigzag(i32::MAX);
    let start = |rest: &[u32]| [&[command(1, 1), 0, 0], rest].concat();
    let named = |rest: &[Vec<u8>]| layer_fields(&[vec![bytes(1, b"a")], rest.to_vec()].concat());
    let value = |fields: &[u8]| named(&[bytes(4, fields)]);
    let cases: Vec<(&str, Bytes, &str)> = vec![
        ("a web page", "<!DOCTYPE html><html><body>Not found</body></html>".into(), ""),
        ("JSON", r#"{"error": "no such tile"}"#.into(), ""),
        ("text", "404: Not Found\n".into(), ""),
        ("a picture", Bytes::from_static(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), ""),
        ("gzip", Bytes::from_static(b"\x1f\x8b\x08\0\0\0\0\0\0\x03"), ""),
        ("zeros", vec![0; 100].into(), "field"),
        ("0xff", vec![0xff; 100].into(), "varint"),
        ("a field before the layers", number(1, 1).into(), "neither a layer"),
        ("a layer that is a number", number(3, 1).into(), "neither a layer"),
        ("a layer longer than the tile", [varint(3 << 3 | 2), varint(5), vec![0]].concat().into(), "cut off"),
        ("a length of 2^64 - 1", [varint(3 << 3 | 2), varint(u64::MAX)].concat().into(), "cut off"),
        ("a varint without an end", [&[3 << 3 | 2][..], &[0x80; 12]].concat().into(), "varint"),
        ("a group", layer_fields(&[vec![9 << 3 | 3]]), "wire type"),
        ("a wire type that is none", layer_fields(&[vec![9 << 3 | 7]]), "wire type"),
        ("the field number 0", layer_fields(&[vec![0, 0]]), "number 0"),
        ("no name", layer_fields(&[number(15, 2)]), "no name"),
        ("a name that is a number", layer_fields(&[number(1, 2)]), "wrong type"),
        ("a name that is not UTF-8", layer_fields(&[bytes(1, b"\xff\xfe")]), "UTF-8"),
        ("two names", named(&[bytes(1, b"b")]), "two names"),
        ("a key that is not UTF-8", named(&[bytes(3, b"\xc3\x28")]), "UTF-8"),
        ("a text that is not UTF-8", value(&bytes(1, b"\xc3\x28")), "UTF-8"),
        ("a text that is a number", value(&number(1, 2)), "wrong type"),
        ("a double that is cut off", value(&[3 << 3 | 1, 0, 0]), "cut off"),
        ("a float of 8 bytes", value(&[&[2 << 3 | 1][..], &[0; 8]].concat()), "wrong type"),
        ("a double of 4 bytes", value(&[3 << 3 | 5, 0, 0, 0, 0]), "wrong type"),
        ("a number beyond 64 bits", value(&[&[4 << 3][..], &[0xff; 9], &[2]].concat()), "64 bits"),
        ("the field number 2^29", value(&number(1 << 29, 0)), "field number"),
        ("version 0", named(&[number(15, 0)]), "version"),
        ("version 3", named(&[number(15, 3)]), "version"),
        ("version 2^64 - 1", named(&[number(15, u64::MAX)]), "version"),
        ("extent 0", named(&[number(5, 0)]), "extent"),
        ("extent 2^16 + 1", named(&[number(5, (1 << 16) + 1)]), "extent"),
        ("extent 2^32 + 4096", named(&[number(5, (1 << 32) + 4096)]), "extent"),
        ("extent as bytes", named(&[bytes(5, b"4096")]), "wrong type"),
        ("two layers of one name", tile(&[Layer::new("a"), Layer::new("b"), Layer::new("a")]), "\"a\""),
        ("an odd number of tags", with_tags(&[0, 0, 0]), "odd"),
        ("a key that is not there", with_tags(&[1, 0]), "points at"),
        ("a value that is not there", with_tags(&[0, 1]), "points at"),
        ("a tag of 2^32 - 1", with_tags(&[u32::MAX, u32::MAX]), "points at"),
        ("a tag of 2^32", one_feature(&[bytes(2, &varint(1 << 32)), point()]), "32 bits"),
        ("an unpacked tag of 2^32", one_feature(&[number(2, 1 << 32), number(2, 0), point()]), "32 bits"),
        ("tags as text that is cut off", one_feature(&[bytes(2, &[0x80]), point()]), "varint"),
        ("geometry type 4", geometry(4, &[9, 0, 0]), "type"),
        ("geometry type 2^64 - 1", geometry(u64::MAX, &[9, 0, 0]), "type"),
        ("a geometry that is a number", one_feature(&[number(3, POINT), number(4, 9)]), "wrong type"),
        ("two geometries", one_feature(&[point(), bytes(4, &packed(&[9, 0, 0]))]), "two geometries"),
        ("a move without a point", geometry(POINT, &[command(1, 1)]), "cut off"),
        ("a move with half a point", geometry(POINT, &[command(1, 1), 2]), "cut off"),
        ("2^29 points", geometry(POINT, &[command(1, MANY), 2, 2]), "cut off"),
        ("2^29 line points", geometry(LINE, &start(&[command(2, MANY), 2, 2])), "cut off"),
        ("2^29 ring points", geometry(POLYGON, &start(&[command(2, MANY), 2, 2, command(7, 1)])), "cut off"),
        ("one line point too few", geometry(LINE, &start(&[command(2, 3), 2, 2, 4, 4])), "cut off"),
        ("a line from nowhere", geometry(LINE, &[command(2, 1), 2, 2]), "nowhere"),
        ("a ring from nowhere", geometry(POLYGON, &[command(2, 2), 2, 2, 2, 2, command(7, 1)]), "nowhere"),
        (
            "a ring that goes on after it closed",
            geometry(POLYGON, &start(&[command(2, 2), 2, 2, 0, 2, command(7, 1), command(2, 1), 2, 2])),
            "nowhere",
        ),
        ("a line begun with two points", geometry(LINE, &[command(1, 2), 0, 0, 2, 2, command(2, 1), 2, 2]), "more"),
        ("a line that closes", geometry(LINE, &start(&[command(2, 1), 2, 2, command(7, 1)])), "command"),
        ("a point with a line", geometry(POINT, &start(&[command(2, 1), 2, 2])), "command"),
        ("the command 3", geometry(LINE, &start(&[command(3, 1), 2, 2])), "command"),
        ("a point far outside", geometry(POINT, &[command(1, 1), far, far]), "far outside"),
        ("a point far outside to the west", geometry(POINT, &[command(1, 1), u32::MAX, 0]), "far outside"),
        ("coordinates beyond 32 bits", geometry(LINE, &start(&[command(2, 3), far, 0, far, 0, far, 0])), "far outside"),
        (
            "a coordinate of 2^32",
            one_feature(&[number(3, POINT), bytes(4, &[&[9][..], &varint(1 << 32), &[0]].concat())]),
            "32 bits",
        ),
        (
            "too many layers",
            (0..=limits::TILE_LAYERS).flat_map(|i| bytes(3, &bytes(1, i.to_string().as_bytes()))).collect(),
            "too many layers",
        ),
        ("too many features", named(&vec![bytes(2, b""); limits::TILE_FEATURES + 1]), "too many features"),
        ("too many bytes", vec![0; limits::TILE_BYTES + 1].into(), "more than"),
    ];
    let style = everything();
    for (what, bytes, words) in cases {
        let Err(error) = survives(what, &bytes, &style, Format::Svg) else { panic!("{what} is drawn") };
        assert!(error.detail.contains(words), "{what}: {error}");
        assert!(!error.hint.is_empty(), "{what}");
    }
}

/// What a feature is made of, short enough for a table.
type Shape = (GeometryKind, Vec<Vec<P>>);

fn shape(feature: rasterzen::mvt::Feature) -> Shape {
    (feature.kind(), feature.parts().map(|part| part.vertices().collect()).collect())
}

#[test]
fn geometries_are_those_of_the_specification() {
    use GeometryKind::{LineString, Point, Polygon};
    let square: &[P] = &[[0, 0], [100, 0], [100, 100], [0, 100]];
    let hole: &[P] = &[[20, 20], [20, 80], [80, 80], [80, 20]];
    let other: &[P] = &[[200, 200], [300, 200], [250, 4200]];
    let zigzag: &[P] = &[[-10, 4100], [7, 8], [7, 8], [5000, -3]];
    let parts = |parts: &[&[P]]| parts.iter().map(|part| part.to_vec()).collect::<Vec<_>>();
    let start = |rest: &[u32]| [&[command(1, 1), 0, 0], rest].concat();
    let ring = |close: u32| start(&[command(2, 2), 20, 0, 0, 20, close]);
    let triangle: &[P] = &[[0, 0], [10, 0], [10, 10]];
    // What is left out is left out without an error: nothing can be seen of it.
    let cases: Vec<(&str, Feature, Vec<Shape>)> = vec![
        ("a point", Feature::points(&[[5, 6]]), vec![(Point, parts(&[&[[5, 6]]]))]),
        ("points", Feature::points(&[[5, 6], [5, 6], [-9, 0]]), vec![(Point, parts(&[&[[5, 6], [5, 6], [-9, 0]]]))]),
        ("points one by one", Feature::raw(1, vec![9, 10, 12, 9, 2, 2]), vec![(Point, parts(&[&[[5, 6], [6, 7]]]))]),
        ("a line", Feature::line(zigzag), vec![(LineString, parts(&[zigzag]))]),
        ("lines", Feature::lines(&[zigzag, square]), vec![(LineString, parts(&[zigzag, square]))]),
        ("a polygon", Feature::polygon(&[square]), vec![(Polygon, parts(&[square]))]),
        ("a hole", Feature::polygon(&[square, hole]), vec![(Polygon, parts(&[square, hole]))]),
        ("polygons", Feature::polygon(&[square, hole, other]), vec![(Polygon, parts(&[square, hole, other]))]),
        // Version 1 says nothing of winding.
        ("a ring the other way round", Feature::polygon(&[hole]), vec![(Polygon, parts(&[hole]))]),
        (
            "a ring without area",
            Feature::polygon(&[&[[0, 0], [9, 9], [0, 0]]]),
            vec![(Polygon, parts(&[&[[0, 0], [9, 9], [0, 0]]]))],
        ),
        ("a close that counts 0", Feature::raw(3, ring(command(7, 0))), vec![(Polygon, parts(&[triangle]))]),
        ("a close that counts 2^29", Feature::raw(3, ring(command(7, MANY))), vec![(Polygon, parts(&[triangle]))]),
        ("a ring that does not close", Feature::raw(3, start(&[command(2, 2), 20, 0, 0, 20])), vec![]),
        ("a ring of two", Feature::raw(3, start(&[command(2, 1), 20, 0, command(7, 1)])), vec![]),
        ("a line of one", Feature::raw(2, start(&[])), vec![]),
        ("a line of one and no more", Feature::raw(2, start(&[command(2, 0)])), vec![]),
        ("no geometry", Feature::raw(2, vec![]), vec![]),
        ("no points", Feature::raw(1, vec![command(1, 0)]), vec![]),
        ("an unknown type", Feature::raw(0, vec![9, 0, 0]), vec![]),
        ("an unknown type of nonsense", Feature::raw(0, vec![3, 1, 4, 1, 5]), vec![]),
    ];
    for (what, feature, expected) in cases {
        for extent in [1000, 4096, 65536] {
            let bytes = tile(&[Layer::versioned("a", 2, extent).with(feature.clone())]);
            survives(what, &bytes, &everything(), Format::Svg).expect(what);
            survives(what, &bytes, &painted(), Format::Png).expect(what);
            let tile = Tile::parse(bytes).expect(what);
            let layer = tile.layer("a").expect("a layer `a`");
            assert_eq!(layer.extent(), extent as u32, "{what}");
            assert_eq!(layer.features().map(shape).collect::<Vec<_>>(), expected, "{what}");
        }
    }
}

#[test]
fn properties_ids_and_order_are_kept() {
    let point = || Feature::points(&[[0, 0]]);
    let layer = Layer::versioned("a", 1, 4096)
        .with(point().id(u64::MAX).tag("text", "Schöne 🗺").tag("empty", ""))
        .with(point())
        .with(point().id(0).tag("float", Value::Float(0.5)).tag("double", -1e300).tag("yes", true).tag("no", false))
        .with(point().id(7).tag("int", i64::MIN).tag("uint", Value::UInt(u64::MAX)).tag("sint", Value::SInt(i64::MIN)))
        .with(point().id(7).tag("text", "Schöne 🗺"))
        // Unknown fields of a layer and of a feature; tags that are not packed.
        .field(&bytes(99, b"later"))
        .field(&bytes(2, &[number(3, 1), bytes(4, &[9, 0, 0]), number(77, 1), number(2, 0), number(2, 0)].concat()));
    // A value of no type, and what extensions of the format may put beside the layers.
    let empty = Layer::new("b").field(&bytes(4, b""));
    let tile = Bytes::from([&tile(&[empty, layer])[..], &bytes(16, b"extension")].concat());
    let tile = Tile::parse(tile).expect("a tile");
    let layer = tile.layer("a").expect("a layer `a`");
    let features: Vec<_> = layer.features().collect();
    assert_eq!(
        features.iter().map(|f| f.id()).collect::<Vec<_>>(),
        [Some(u64::MAX), None, Some(0), Some(7), Some(7), None]
    );
    let all = |i: usize| features[i].properties().map(|(k, v)| (k.to_string(), v.clone())).collect::<Vec<_>>();
    let text = |text: &str| Property::String(text.into());
    let expected: [Vec<(&str, Property)>; 6] = [
        vec![("empty", text("")), ("text", text("Schöne 🗺"))],
        vec![],
        vec![
            ("double", Property::Double(-1e300)),
            ("float", Property::Double(0.5)),
            ("no", Property::Bool(false)),
            ("yes", Property::Bool(true)),
        ],
        vec![("int", Property::Int(i64::MIN)), ("sint", Property::Int(i64::MIN)), ("uint", Property::UInt(u64::MAX))],
        vec![("text", text("Schöne 🗺"))],
        vec![("text", text("Schöne 🗺"))],
    ];
    for (i, expected) in expected.into_iter().enumerate() {
        let expected: Vec<(String, Property)> = expected.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
        assert_eq!(all(i), expected, "feature {i}");
    }
    assert_eq!(features[0].property("text"), Some(&text("Schöne 🗺")));
    assert_eq!(features[0].property("nothing"), None);
    assert_eq!(tile.layer_names().collect::<Vec<_>>(), ["b", "a"]);
    assert!(tile.layer("c").is_none());
}

#[test]
fn every_truncation_of_a_real_tile_is_an_error_or_a_tile_with_fewer_layers() {
    let bytes = sample("5/16/11");
    let names: Vec<String> = Tile::parse(bytes.clone()).expect("a tile").layer_names().map(str::to_string).collect();
    let mut whole_layers = 0;
    for length in 0..bytes.len() {
        match catch_unwind(|| Tile::parse(bytes.slice(..length))) {
            Ok(Ok(tile)) => {
                // Nothing can tell a tile that ends between two layers from a whole one.
                let left: Vec<&str> = tile.layer_names().collect();
                assert_eq!(left, names[..left.len()], "{length} bytes");
                survives("a cut tile", &bytes.slice(..length), &light(), Format::Svg).expect("a picture");
                whole_layers += 1;
            }
            Ok(Err(error)) => assert_eq!(error.code, Code::BadTile, "{length} bytes: {error}"),
            Err(_) => panic!("{length} bytes: a panic"),
        }
    }
    assert_eq!(whole_layers, names.len());
}

/// One random change: bytes flipped, put in, taken out, doubled, or a number that is none.
pub fn mutate(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = random.usize(..bytes.len());
    let end = (at + random.usize(1..16)).min(bytes.len());
    match random.u8(..7) {
        0 => bytes[at] ^= 1 << random.u8(..8),
        1 => bytes[at] = random.u8(..),
        2 => bytes[at] = bytes[at].wrapping_add(1),
        3 => bytes.insert(at, random.u8(..)),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        _ => drop(bytes.splice(at..end, varint(random.u64(..) >> random.u8(..64)))),
    }
}

#[test]
fn mutated_tiles_are_drawn_or_refused() {
    let ring: &[P] = &[[-500, -500], [4600, 10], [4096, 4096], [0, 4096]];
    let hole: &[P] = &[[20, 20], [20, 80], [80, 80], [80, 20]];
    let line: &[P] = &[[0, 0], [4096, 5], [10, 4096], [4096, 4096], [4096, 0]];
    let written = tile(&[
        Layer::new("a")
            .with(Feature::polygon(&[ring, hole]).id(3).tag("kind", "x").tag("sort_rank", 5))
            .with(Feature::lines(&[line, hole]).tag("mapbox_clip_start", 0.0).tag("mapbox_clip_end", 0.5))
            .with(Feature::points(&[[0, 0], [4096, 4096], [7, 7]]).tag("big", Value::SInt(-5))),
        Layer::versioned("b", 1, 512).with(Feature::line(line)),
    ]);
    let (light, everything, painted) = (light(), everything(), painted());
    let mut random = fastrand::Rng::with_seed(20_240_607);
    // How many of each end in a picture: were it none, or all, the mutations would be too wild or too tame.
    for (what, original, style, rounds) in [
        ("written", &written, &everything, 4000),
        ("painted", &written, &painted, 1000),
        ("5/16/11", &sample("5/16/11"), &light, 500),
    ] {
        let mut drawn = 0;
        for round in 0..rounds {
            let mut bytes = original.to_vec();
            for _ in 0..random.usize(1..4) {
                mutate(&mut random, &mut bytes);
            }
            let format = if round % 10 == 0 { Format::GeoJson } else { Format::Svg };
            drawn += usize::from(survives(&format!("{what}, round {round}"), &bytes.into(), style, format).is_ok());
        }
        assert!((rounds / 50..rounds * 9 / 10).contains(&drawn), "{what}: {drawn} of {rounds}");
    }
}

/// Draws a tile with the binary, which gets one GiB of address space and 30 seconds.
fn draw_confined(tile: &Bytes, style: &str) -> Result<Vec<u8>, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("14/8529");
    std::fs::create_dir_all(&path).expect("a directory");
    // The tile and its neighbour to the east: joins see both.
    std::fs::write(path.join("5974.mvt"), tile).expect("a tile");
    std::fs::create_dir_all(dir.path().join("14/8530")).expect("a directory");
    std::fs::write(dir.path().join("14/8530/5974.mvt"), tile).expect("a tile");
    std::fs::write(dir.path().join("style.json"), style).expect("a style");
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 1048576; exec timeout 30 \"$@\"", "sh", env!("CARGO_BIN_EXE_rasterzen"), "render"])
        .args(["14/8529/5974", "--size", "512", "-o", "-", "--format", "svg", "--style"])
        .arg(dir.path().join("style.json"))
        .arg("--source")
        .arg(dir.path().join("{z}/{x}/{y}.mvt"))
        // Each thread would take an arena of its own.
        .env("MALLOC_ARENA_MAX", "1")
        .env("TOKIO_WORKER_THREADS", "1")
        .output()
        .expect("a process");
    match output.status.code() {
        Some(0) => Ok(output.stdout),
        Some(1) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        other => Err(format!("ended with {other:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

#[test]
fn tiles_that_are_small_but_unfold_stay_within_bounds() {
    let style = json!({
        "version": 8,
        "sources": {"s": {"type": "vector"}},
        "layers": (["fill", "line", "circle"].map(|kind| json!({
            "id": kind, "type": kind, "source": "s", "source-layer": "a",
        }))),
    });
    let style = style.to_string();
    // 300,000 moves, each to a new part.
    let many = |kind: u64, part: &[u32]| {
        let commands: Vec<u32> = part.iter().copied().cycle().take(300_000 * part.len()).collect();
        tile(&[Layer::new("a").with(Feature::raw(kind, commands))])
    };
    let dot = many(LINE, &[9, 0, 0]);
    let points = many(POINT, &[9, 0, 0]);
    let lines = many(LINE, &[9, 2, 1, 10, 1, 2]);
    let rings = many(POLYGON, &[9, 19, 19, command(2, 2), 20, 0, 0, 20, 15]);
    // One text of 10 KB, referred to a million times over.
    let text = bytes(4, &bytes(1, &[b'x'; 10_000]));
    let tags = |count: usize| {
        let fields = [bytes(2, &vec![0; count]), number(3, 1), bytes(4, &[9, 0, 0])].concat();
        tile(&[Layer::new("a").field(&bytes(3, b"k")).field(&text).field(&bytes(2, &fields))])
    };
    // As many features as may be, each with the same long list of tags.
    let wide = {
        let feature = bytes(2, &[bytes(2, &[0; 200]), number(3, 1), bytes(4, &[9, 0, 0])].concat());
        let features = feature.repeat(30_000);
        tile(&[Layer::new("a").field(&bytes(3, b"k")).field(&bytes(4, &number(7, 1))).field(&features)])
    };
    // Lines that end at the tile's west and east edge, where those of the next tile go on: at one place, or spread.
    let ends = |count: i32, extent: i32, apart: i32| {
        let lines = (0..count).map(|i| extent / 4 + i * apart);
        let layer = lines.fold(Layer::versioned("a", 2, extent as u64), |layer, y| {
            layer.with(Feature::lines(&[&[[0, y], [9, y]], &[[extent - 9, y], [extent, y]]]))
        });
        tile(&[layer])
    };
    let (crowd, comb) = (ends(20_000, 4096, 0), ends(40_000, 1 << 16, 1));
    let mut faults = Vec::new();
    for (what, tile, refused) in [
        ("40,000 lines over an edge", comb, None),
        ("20,000 lines over one point of an edge", crowd, None),
        ("300,000 one-point lines", dot, None),
        ("300,000 points", points, None),
        ("300,000 lines", lines, None),
        ("300,000 rings", rings, None),
        ("a text a million times", tags(2_000_000), Some("text")),
        ("a text 6,000 times", tags(12_000), None),
        ("6 million tags", wide, Some("tags")),
    ] {
        let fault = match (draw_confined(&tile, &style), refused) {
            (Ok(svg), None) if svg.starts_with(b"<svg") => continue,
            (Err(stderr), Some(word)) if stderr.contains(word) => continue,
            (Ok(_), _) => "is drawn".to_string(),
            (Err(stderr), _) => stderr,
        };
        faults.push(format!("{what}: {fault}"));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn more_points_than_an_svg_reader_takes_are_refused_as_too_much() {
    let points: Vec<P> = (0..600_000).map(|i| [i % EDGE, i / EDGE]).collect();
    let bytes = tile(&[Layer::new("a").with(Feature::points(&points))]);
    let layer = json!({"id": "a", "type": "circle", "source": "s", "source-layer": "a",
        "paint": {"circle-radius": 1, "circle-stroke-width": 1}});
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": [layer]});
    let style = Style::parse("points", &style.to_string()).expect("a style");
    // Another code would say that this program or the source is at fault.
    let refused = drawn(&bytes, &style, Format::Png, Rasterizer::Resvg).expect_err("more than fits");
    assert_eq!(refused.code, Code::TooLarge, "{refused}");
    // What is made from the scene has no such end.
    whole(&bytes, &style, Format::Svg).expect("an SVG");
    whole(&bytes, &style, Format::Png).expect("a PNG");
}
