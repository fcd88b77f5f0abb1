//! What is read of tiles against what another decoder, mvt-reader, makes of them: real tiles, and tiles that are broken
//! at random places.

use crate::hostile_tiles::mutate;
use crate::tile_writer::{Feature, Layer, P, Value, bytes, number, packed, sample, tile};
use bytes::Bytes;
use geo_types::{Geometry, LineString, Polygon};
use mvt_reader::Reader;
use rasterzen::mvt::Tile;
use rasterzen::source::{Fetched, Overrides, Source};
use rasterzen::tile::TileId;
use rasterzen::value::{Attributes, GeometryKind, Property};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A feature in the words of both decoders.
#[derive(Debug)]
struct Read {
    id: Option<u64>,
    kind: GeometryKind,
    /// Lines, rings without the closing vertex, or all points.
    parts: Vec<Vec<P>>,
    /// As text, so that what is not a number equals itself.
    properties: String,
}

fn ours(layer: &rasterzen::mvt::Layer) -> Vec<Read> {
    let features = layer.features().map(|feature| {
        let properties: BTreeMap<&str, &Property> = feature.properties().collect();
        for (name, value) in &properties {
            assert_eq!(format!("{:?}", feature.property(name)), format!("{:?}", Some(value)), "{name}");
        }
        Read {
            id: feature.id(),
            kind: feature.kind(),
            parts: feature.parts().map(|part| part.vertices().collect()).collect(),
            properties: format!("{properties:?}"),
        }
    });
    features.collect()
}

/// None where the other decoder finds something wrong that is left out here.
fn theirs(reader: &Reader, layer: usize) -> Option<Vec<Read>> {
    let features = catch_unwind(AssertUnwindSafe(|| reader.get_features_as::<i32>(layer))).ok()?.ok()?;
    let read = features.into_iter().map(|feature| {
        let (kind, least, parts) = flat(feature.geometry);
        let properties = feature.properties.unwrap_or_default();
        let properties: BTreeMap<String, Property> =
            properties.into_iter().map(|(name, value)| (name, property(value))).collect();
        let parts = parts.into_iter().filter(|part| part.len() >= least).collect();
        Read { id: feature.id, kind, parts, properties: format!("{properties:?}") }
    });
    Some(read.filter(|feature| !feature.parts.is_empty()).collect())
}

fn property(value: mvt_reader::feature::Value) -> Property {
    use mvt_reader::feature::Value;
    match value {
        Value::String(text) => Property::String(text.into()),
        Value::Float(number) => Property::Double(number.into()),
        Value::Double(number) => Property::Double(number),
        Value::Int(number) | Value::SInt(number) => Property::Int(number),
        Value::UInt(number) => Property::UInt(number),
        Value::Bool(flag) => Property::Bool(flag),
        Value::Null => Property::Null,
    }
}

/// A geometry's kind, the vertices that a part must have to be seen, and the parts.
fn flat(geometry: Geometry<i32>) -> (GeometryKind, usize, Vec<Vec<P>>) {
    let pairs = |line: &LineString<i32>| line.0.iter().map(|c| [c.x, c.y]).collect::<Vec<_>>();
    let rings = |polygon: &Polygon<i32>| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.map(|ring| pairs(ring).split_last().map_or(Vec::new(), |(_, open)| open.to_vec())).collect::<Vec<_>>()
    };
    match geometry {
        Geometry::MultiPoint(points) => {
            (GeometryKind::Point, 1, vec![points.0.iter().map(|p| [p.0.x, p.0.y]).collect()])
        }
        Geometry::LineString(line) => (GeometryKind::LineString, 2, vec![pairs(&line)]),
        Geometry::MultiLineString(lines) => (GeometryKind::LineString, 2, lines.0.iter().map(pairs).collect()),
        Geometry::Polygon(polygon) => (GeometryKind::Polygon, 3, rings(&polygon)),
        Geometry::MultiPolygon(polygons) => (GeometryKind::Polygon, 3, polygons.0.iter().flat_map(rings).collect()),
        other => panic!("the other decoder makes no {other:?}"),
    }
}

/// Whether two decoders read the same. Rings that never close are left out here; there, the next ring goes on from them.
fn same(ours: &[Read], theirs: &[Read]) -> bool {
    let same_parts = |a: &Read, b: &Read| match a.kind {
        GeometryKind::Polygon => {
            let mut theirs = b.parts.iter();
            a.parts.iter().all(|ring| theirs.any(|other| other.ends_with(ring)))
        }
        _ => a.parts == b.parts,
    };
    let same =
        |(a, b): (&Read, &Read)| a.id == b.id && a.kind == b.kind && a.properties == b.properties && same_parts(a, b);
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
}

/// Compares all of a real tile; gives its features and vertices.
fn compare(what: &str, bytes: Bytes) -> [usize; 2] {
    let reader = Reader::new(bytes.to_vec()).expect(what);
    let tile = Tile::parse(bytes).expect(what);
    let names = reader.get_layer_names().expect(what);
    assert_eq!(tile.layer_names().collect::<Vec<_>>(), names, "{what}");
    let mut counts = [0, 0];
    for (i, name) in names.iter().enumerate() {
        let (ours, theirs) = (ours(tile.layer(name).expect(what)), theirs(&reader, i).expect(what));
        assert_eq!(ours.len(), theirs.len(), "{what} {name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{what} {name}");
            counts[0] += 1;
            counts[1] += ours.parts.iter().map(Vec::len).sum::<usize>();
        }
    }
    counts
}

/// The tile and all below it, as far as an archive has them.
pub async fn below(source: &Source, tile: TileId, found: &mut Vec<(TileId, Bytes)>) {
    let mut open = vec![tile];
    while let Some(tile) = open.pop() {
        let Fetched::Tile(bytes) = source.fetch(tile, None).await.expect("an answer") else { continue };
        found.push((tile, bytes));
        let (z, x, y) = (tile.z() + 1, 2 * tile.x(), 2 * tile.y());
        open.extend([(0, 0), (1, 0), (0, 1), (1, 1)].iter().filter_map(|(dx, dy)| TileId::new(z, x + dx, y + dy)));
    }
}

#[tokio::test]
async fn all_tiles_of_the_sample_map_are_read_as_mvt_reader_does() {
    let source = Source::open("sample", &Overrides::default(), None).await.expect("the sample map");
    let mut tiles = Vec::new();
    below(&source, TileId::new(0, 0, 0).expect("a tile"), &mut tiles).await;
    let mut total = [0, 0];
    for (id, bytes) in &tiles {
        let counts = compare(&id.to_string(), bytes.clone());
        total = [0, 1].map(|i| total[i] + counts[i]);
    }
    eprintln!("{} tiles, {} features, {} vertices", tiles.len(), total[0], total[1]);
    assert!(tiles.len() > 100 && total[0] > 10_000, "{} tiles, {total:?}", tiles.len());
}

#[test]
fn tiles_of_a_city_are_read_as_mvt_reader_does() {
    // Not part of the repository: it lies beside the checkout, or not.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/tilezen-sf");
    let Ok(zooms) = std::fs::read_dir(&root) else {
        eprintln!("skipped: there is no {}", root.display());
        return;
    };
    let entries = |directory: std::path::PathBuf| std::fs::read_dir(directory).expect("a directory").flatten();
    let columns = zooms.flatten().filter(|zoom| zoom.path().is_dir()).flat_map(|zoom| entries(zoom.path()));
    let mut tiles = 0;
    for file in columns.flat_map(|column| entries(column.path())) {
        let bytes = std::fs::read(file.path()).expect("a tile");
        compare(&file.path().display().to_string(), bytes.into());
        tiles += 1;
    }
    assert!(tiles > 0, "{} is empty", root.display());
}

#[test]
fn what_is_left_of_broken_tiles_is_read_as_mvt_reader_does() {
    let ring: &[P] = &[[-500, -500], [4600, 10], [4096, 4096], [0, 4096]];
    let hole: &[P] = &[[20, 20], [20, 80], [80, 80], [80, 20]];
    let line: &[P] = &[[0, 0], [4096, 5], [10, 4096], [4096, 4096], [4096, 0]];
    let values = ["x", "y", "long enough to be cut"].map(Value::from).into_iter().chain([
        Value::Float(0.1),
        Value::Double(-1e300),
        Value::Int(i64::MIN),
        Value::UInt(u64::MAX),
        Value::SInt(-5),
        Value::Bool(true),
    ]);
    let names = ["a", "b", "name", "name:de", "sort_rank", "kind", "kind_detail", "min_zoom", "z"];
    let tagged = values.zip(names).fold(Feature::points(&[[7, 7]]), |feature, (value, name)| feature.tag(name, value));
    // A value of two types, the same key again as another one, and a key twice in one feature.
    let twice = bytes(4, &[number(7, 1), number(4, 9), bytes(1, b"text"), bytes(1, b"more")].concat());
    let again = bytes(2, &[bytes(2, &packed(&[0, 0, 9, 1, 0, 2])), number(3, 1), bytes(4, &[9, 2, 2])].concat());
    let written = tile(&[
        Layer::new("a")
            .with(tagged)
            .with(Feature::polygon(&[ring, hole, ring]).id(3).tag("kind", "x").tag("sort_rank", 5))
            .with(Feature::lines(&[line, hole]).tag("kind", "y").tag("w", 0.5))
            .field(&again)
            .field(&bytes(3, b"kind"))
            .field(&twice),
        Layer::versioned("b", 1, 512).with(Feature::line(line)),
    ]);
    let mut random = fastrand::Rng::with_seed(20_240_608);
    for (what, original, rounds) in [("written", &written, 30_000), ("5/16/11", &sample("5/16/11"), 1_000)] {
        let (mut parsed, mut refused, mut compared) = (0, 0, 0);
        for round in 0..rounds {
            let mut bytes = original.to_vec();
            for _ in 0..random.usize(1..4) {
                mutate(&mut random, &mut bytes);
            }
            let Ok(tile) = Tile::parse(bytes.clone().into()) else { continue };
            parsed += 1;
            // Features of unknown type are not looked into here.
            let Ok(reader) = Reader::new(bytes) else {
                refused += 1;
                continue;
            };
            for (i, name) in tile.layer_names().enumerate() {
                let ours = ours(tile.layer(name).expect("a layer"));
                let Some(theirs) = theirs(&reader, i) else { continue };
                compared += 1;
                assert!(same(&ours, &theirs), "{what}, round {round}, {name:?}: {ours:#?}\n{theirs:#?}");
            }
        }
        // Were it none, or all, the mutations would be too wild or too tame.
        assert!((rounds / 50..rounds * 9 / 10).contains(&parsed), "{what}: {parsed} of {rounds} parse");
        assert!(refused < parsed / 100, "{what}: {refused} of {parsed} refused only there");
        assert!(compared >= parsed, "{what}: {compared} layers of {parsed} tiles");
    }
}

/// A number in so many bytes, more than it needs.
fn padded(n: u32, length: usize) -> Vec<u8> {
    let last = length - 1;
    (0..length).map(|i| (n >> (7 * i)) as u8 & 0x7f | if i < last { 0x80 } else { 0 }).collect()
}

#[test]
fn numbers_are_read_in_however_many_bytes_they_come() {
    let least = |n: u32| (1..=5).find(|&length| length == 5 || n >> (7 * length) == 0).expect("a length");
    // Values around 128 and 16384, and lengths of two neighbours in every combination, at the end of a field and before.
    let numbers = [0u32, 1, 127, 128, 300, 16_383, 16_384, 20_000];
    let mut seen = 0;
    for (&a, &b) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (a, b))) {
        for (first, second) in (least(a)..=5).flat_map(|first| (least(b)..=5).map(move |second| (first, second))) {
            let pair = [padded(a, first), padded(b, second)].concat();
            let line = [packed(&[9, 2, 2, 18]), pair.clone(), pair.clone()].concat();
            // As tags where the layer has as many keys, also with the key in one field and its value in another.
            let tags = match a {
                0 => vec![bytes(2, &[pair.clone(), pair].concat())],
                _ => vec![bytes(2, &packed(&[0])), bytes(2, &padded(b, second)), number(2, 0), number(2, b.into())],
            };
            let feature = [tags.concat(), number(3, 2), bytes(4, &line)].concat();
            let mut layer = Layer::new("a").field(&bytes(2, &feature)).field(&bytes(3, b"key"));
            for value in 0..=b {
                layer = layer.field(&bytes(4, &number(5, value.into())));
            }
            let tile = Tile::parse(tile(&[layer])).expect("a tile");
            let read = tile.layer("a").expect("the layer").features().next().expect("the feature");
            let by = [a, b].map(|n| (n >> 1) as i32 ^ -((n & 1) as i32));
            let at = |times: i32| by.map(|by| 1 + times * by);
            let vertices: Vec<P> = read.parts().flat_map(|part| part.vertices().collect::<Vec<_>>()).collect();
            assert_eq!(vertices, [at(0), at(1), at(2)], "{a} {b} {first} {second}");
            assert_eq!(read.property("key"), Some(&Property::UInt(b.into())), "{a} {b} {first} {second}");
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen}");
}
