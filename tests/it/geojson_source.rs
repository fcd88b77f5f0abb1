//! GeoJSON as a source: what is drawn of it, that its tiles fit, what crosses the antimeridian, what features keep, and
//! what is refused where.

use crate::cli::{directory, run, run_in, write};
use crate::golden::{assert_accepted, compare, pixels};
use crate::server::Server;
use crate::upstream::{Act, Upstream, gzip};
use rasterzen::clip::{Rect, clip_ring};
use rasterzen::format::Format;
use rasterzen::limits;
use rasterzen::mvt::{Feature, Tile};
use rasterzen::source::{Base, Fetched, Overrides, Source};
use rasterzen::tile::TileId;
use rasterzen::value::{Attributes, GeometryKind, Property};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::thread;
use tempfile::TempDir;

/// Units of a tile, which tiles themselves say.
const EXTENT: i64 = 1 << 15;

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/geojson").join(name).to_str().unwrap().to_string()
}

/// A style's source of type `geojson` with this data and further members.
async fn declared(data: Json, members: Json) -> Source {
    let mut source = json!({"type": "geojson", "data": data});
    members.as_object().unwrap().iter().for_each(|(name, value)| source[name] = value.clone());
    let base = Base::File("style.json".into());
    Source::declared(source.as_object().unwrap(), &base, &Overrides::default(), None).await.unwrap()
}

async fn tile(source: &Source, id: TileId) -> Option<Tile> {
    match source.fetch(id, None).await.unwrap() {
        Fetched::Tile(bytes) => Some(Tile::parse(bytes).unwrap()),
        _ => None,
    }
}

fn vertices(feature: &Feature) -> Vec<[i32; 2]> {
    feature.parts().flat_map(|part| part.vertices()).collect()
}

/// What a tile has, and its features.
async fn features<T>(source: &Source, id: TileId, of: impl Fn(&Feature) -> T) -> Vec<T> {
    let Some(tile) = tile(source, id).await else { return Vec::new() };
    assert_eq!(tile.layer_names().collect::<Vec<_>>(), ["geojson"]);
    let layer = tile.layer("geojson").unwrap();
    assert_eq!(i64::from(layer.extent()), EXTENT);
    layer.features().map(|feature| of(&feature)).collect()
}

fn all_tiles(z: u8) -> impl Iterator<Item = TileId> {
    (0..1 << z).flat_map(move |y| (0..1 << z).map(move |x| TileId::new(z, x, y).unwrap()))
}

fn feature(geometry: Json) -> Json {
    json!({"type": "Feature", "properties": {}, "geometry": geometry})
}

#[test]
fn a_map_of_geojson_is_the_accepted_one() {
    let dir = directory();
    let (source, style) = (fixture("places.geojson"), fixture("style.json"));
    let mut different = Vec::new();
    for (tile, size, scale) in
        [("0/0/0", "512", "1"), ("1/0/0", "256", "2"), ("3/7/4", "256", "1"), ("6/24/28", "512", "1")]
    {
        for format in [Format::Svg, Format::Png] {
            let name = format!("geojson-{}-{size}@{scale}x.{}", tile.replace('/', "-"), format.name());
            let args = ["render", tile, "--source", &source, "--style", &style, "--size", size, "--scale", scale];
            let drawn = run(dir.path(), &[&args[..], &["-o", "-", "--format", format.name()]].concat());
            compare(&name, &drawn, format, &mut different);
        }
    }
    assert_accepted(&different);
}

/// Lines all over the world, also over its ends, and polygons around random places.
fn crowd(random: &mut fastrand::Rng) -> (Vec<Json>, Vec<Json>) {
    let mut near = |[lon, lat]: [f64; 2], reach: f64| {
        [lon + reach * (random.f64() - 0.5), (lat + reach * (random.f64() - 0.5)).clamp(-90.0, 90.0)]
    };
    let (mut lines, mut polygons) = (Vec::new(), Vec::new());
    for i in 0..60 {
        let reach = [1.0, 20.0, 120.0][i % 3];
        let middle = near([0.0, 0.0], 340.0);
        let line: Vec<[f64; 2]> = (0..12).map(|_| near(middle, reach)).collect();
        lines.push(feature(json!({"type": "LineString", "coordinates": line})));
        // A star has no edges that cross.
        let mut star: Vec<[f64; 2]> = (0..9)
            .map(|n| {
                let (sin, cos) = (f64::from(n) * std::f64::consts::TAU / 9.0).sin_cos();
                let radius = reach * if n % 2 == 0 { 0.5 } else { 0.2 };
                [middle[0] + radius * cos, (middle[1] + radius * sin).clamp(-85.0, 85.0)]
            })
            .collect();
        star.push(star[0]);
        polygons.push(feature(json!({"type": "Polygon", "coordinates": [star]})));
    }
    (lines, polygons)
}

#[tokio::test]
async fn lines_and_rings_cross_a_border_at_one_place_for_both_tiles() {
    let (lines, polygons) = crowd(&mut fastrand::Rng::with_seed(3));
    for (what, features_of) in [("lines", lines), ("polygons", polygons)] {
        let source = declared(json!({"type": "FeatureCollection", "features": features_of}), json!({})).await;
        for z in [1, 3, 5] {
            let world = EXTENT << z;
            // Where something crosses a border, in units of the world, and how often it does.
            let mut crossings: HashMap<(usize, [i64; 2]), i32> = HashMap::new();
            let mut seen = 0;
            for id in all_tiles(z) {
                let corner = [id.x(), id.y()].map(|n| i64::from(n) * EXTENT);
                let parts: Vec<Vec<(Vec<[i32; 2]>, bool)>> = features(&source, id, |feature| {
                    feature
                        .parts()
                        .map(|part| (part.vertices().collect(), feature.kind() == GeometryKind::Polygon))
                        .collect()
                })
                .await;
                for (mut part, closed) in parts.into_iter().flatten() {
                    if closed {
                        part.push(part[0]);
                    }
                    for pair in part.windows(2) {
                        let [a, b] = [pair[0], pair[1]].map(|p| p.map(i64::from));
                        assert!([a, b].iter().flatten().all(|c| (-EXTENT..=2 * EXTENT).contains(c)), "{id}: {pair:?}");
                        for axis in 0..2 {
                            for border in [0, EXTENT] {
                                let (da, db) = (a[axis] - border, b[axis] - border);
                                assert!(da != 0 && db != 0 || closed, "{id}: a vertex on the border in {pair:?}");
                                // By the middle of the line: it goes as far beyond as it came from within.
                                let other = 1 - axis;
                                let at = (a[other] as f64
                                    + (b[other] - a[other]) as f64 * da as f64 / (da - db) as f64)
                                    .round();
                                if (da < 0) == (db < 0) || !(0.0..=EXTENT as f64).contains(&at) {
                                    continue;
                                }
                                let mut place = [0; 2];
                                place[axis] = (corner[axis] + border).rem_euclid(world);
                                place[other] = corner[other] + at as i64;
                                // At the poles the world ends, and corners belong to four tiles.
                                if axis == 1 && place[1] == 0 || at == 0.0 || at == EXTENT as f64 {
                                    continue;
                                }
                                *crossings.entry((axis, place)).or_default() += if border == 0 { 1 } else { -1 };
                                seen += 1;
                            }
                        }
                    }
                }
            }
            assert!(seen > 50, "{what} at zoom {z}: {seen}");
            // The tip of a polygon that reaches over a border by one unit has no area there.
            let lone: Vec<_> = crossings.iter().filter(|(_, count)| **count % 2 != 0).collect();
            let tips = crossings.values().filter(|count| **count != 0).count() - lone.len();
            assert!(tips * 50 < seen, "{what} at zoom {z}: {tips} tips of {seen}");
            assert!(
                lone.is_empty(),
                "{what} at zoom {z}: of {seen} crossings {} are on one side: {lone:?}",
                lone.len()
            );
        }
    }
}

/// Twice the area of a ring.
fn area(ring: &[[i64; 2]]) -> i64 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

#[tokio::test]
async fn the_pieces_of_a_polygon_have_its_area_together() {
    let outer = [[-60.3, -20.1], [-2.2, -33.0], [0.0, -10.0], [33.3, 1.7], [-10.0, 44.4], [-70.1, 40.0]];
    let hole = [[-30.0, 0.0], [0.0, 0.0], [-15.0, 20.0]];
    // Wound the wrong way and not closed, which is mended.
    let rings: Vec<Vec<[f64; 2]>> = vec![outer.iter().rev().copied().collect(), hole.iter().rev().copied().collect()];
    let geometry = json!({"type": "Polygon", "coordinates": rings});
    let project = |z: u8, [lon, lat]: [f64; 2]| {
        let world = (EXTENT << z) as f64;
        let northing = lat.to_radians().tan().asinh() / std::f64::consts::TAU;
        [((lon / 360.0 + 0.5) * world).round() as i64, ((0.5 - northing) * world).round() as i64]
    };
    let source = declared(geometry, json!({"tolerance": 0})).await;
    for z in [0, 2, 4] {
        let of = |ring: &[[f64; 2]]| area(&ring.iter().map(|&p| project(z, p)).collect::<Vec<_>>()).abs();
        let expected = of(&outer) - of(&hole);
        let mut total = 0;
        for id in all_tiles(z) {
            let own = Rect { min: [0; 2], max: [EXTENT; 2] };
            let rings = features(&source, id, |feature| {
                feature.parts().map(|ring| ring.vertices().map(|p| p.map(i64::from)).collect()).collect::<Vec<Vec<_>>>()
            });
            total += rings.await.into_iter().flatten().map(|ring| area(&clip_ring(ring, own))).sum::<i64>();
        }
        let off = (total - expected) as f64 / expected as f64;
        assert!(off.abs() < 1e-3 / f64::from(1 << z), "zoom {z}: {total}, not {expected}: off by {off}");
    }
}

#[tokio::test]
async fn every_point_is_in_one_tile() {
    let mut random = fastrand::Rng::with_seed(5);
    let mut points: Vec<[f64; 2]> =
        (0..500).map(|_| [(random.f64() - 0.5) * 1000.0, (random.f64() - 0.5) * 200.0]).collect();
    // On borders of tiles, at the ends of the world, and as near to them as numbers go.
    for lon in [-180.0, -90.0, 0.0, 45.0, 180.0, 179.999_999_999_999, -1e-13, 360.0, -540.0, 720.0] {
        points.extend([[lon, 0.0], [lon, -90.0], [lon, 90.0], [lon, 66.513_260_443_111_86], [lon, 1e-14]]);
    }
    let data = json!({"type": "MultiPoint", "coordinates": points});
    let source = declared(data, json!({})).await;
    for z in 0..=5 {
        let mut total = 0;
        for id in all_tiles(z) {
            let counts = features(&source, id, |feature| {
                assert!(vertices(feature).iter().flatten().all(|c| (0..EXTENT).contains(&i64::from(*c))), "{id}");
                vertices(feature).len()
            });
            total += counts.await.iter().sum::<usize>();
        }
        assert_eq!(total, points.len(), "zoom {z}");
    }
}

#[test]
fn tiles_of_256_px_have_what_the_tile_of_512_px_has() {
    let dir = directory();
    let (lines, polygons) = crowd(&mut fastrand::Rng::with_seed(11));
    let features: Vec<Json> = [lines, polygons].concat();
    let all = json!({"type": "FeatureCollection", "features": features});
    write(&dir.path().join("crowd.geojson"), all.to_string());
    let layer = |kind: &str, paint: Json| json!({"id": kind, "type": kind, "source": "s", "source-layer": "geojson", "paint": paint});
    let style = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": [
        layer("fill", json!({"fill-color": "#4a4", "fill-opacity": 0.3})),
        layer("line", json!({"line-width": 3, "line-color": "#a22"})),
        layer("circle", json!({"circle-radius": 4, "circle-color": "#22a"})),
    ]});
    write(&dir.path().join("style.json"), style.to_string());
    let draw = |tile: String, size: &str| {
        let args = ["render", &tile, "--source", "crowd.geojson", "--style", "style.json", "--size", size, "-o", "-"];
        pixels(&run(dir.path(), &[&args[..], &["--format", "png"]].concat()))
    };
    for (z, x, y) in [(0, 0, 0), (2, 3, 1), (3, 0, 3)] {
        let (side, _, whole) = draw(format!("{z}/{x}/{y}"), "512");
        let bytes = whole.len() / (side * side) as usize;
        let mut different = 0;
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (_, _, quarter) = draw(format!("{}/{}/{}", z + 1, 2 * x + dx, 2 * y + dy), "256");
            for row in 0..256 {
                let of_whole = &whole[((dy * 256 + row) * 512 + dx * 256) * bytes..][..256 * bytes];
                let of_quarter = &quarter[row * 256 * bytes..][..256 * bytes];
                let pairs = of_whole.chunks(bytes).zip(of_quarter.chunks(bytes));
                different += pairs.filter(|(a, b)| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 64)).count();
            }
        }
        // resvg rounds the same edge otherwise in another frame; a seam would be whole columns.
        assert!(different < 64, "{z}/{x}/{y}: {different} pixels are others");
    }
}

#[tokio::test]
async fn what_crosses_the_antimeridian_is_on_both_sides() {
    // A line beyond 180, the same beyond -180, and a polygon that goes around the world and more.
    for (from, to) in [(170.0, 190.0), (-190.0, -170.0), (530.0, 550.0)] {
        let line = json!({"type": "LineString", "coordinates": [[from, 10], [to, 10]]});
        let source = declared(line, json!({})).await;
        for z in [2, 6] {
            let last = (1u32 << z) - 1;
            let y = (1 << z) / 2 - 1 - u32::from(z == 6);
            let row = features(&source, TileId::new(z, last, y).unwrap(), |feature| feature.parts().count()).await;
            assert_eq!(row, [1], "{from} to {to}, zoom {z}, west");
            let row = features(&source, TileId::new(z, 0, y).unwrap(), |feature| feature.parts().count()).await;
            assert_eq!(row, [1], "{from} to {to}, zoom {z}, east");
            let middle = TileId::new(z, last / 2, y).unwrap();
            assert!(tile(&source, middle).await.is_none(), "{from} to {to}, zoom {z}, middle");
        }
    }
    // By its numbers it goes around the world.
    let line = json!({"type": "LineString", "coordinates": [[170, 10], [-170, 10]]});
    let source = declared(line, json!({})).await;
    for x in 0..4 {
        assert!(tile(&source, TileId::new(2, x, 1).unwrap()).await.is_some(), "column {x}");
    }
    let ring = json!([[-400, -60], [400, -60], [400, 60], [-400, 60], [-400, -60]]);
    let source = declared(json!({"type": "Polygon", "coordinates": [ring]}), json!({})).await;
    for id in all_tiles(2).filter(|id| (1..3).contains(&id.y())) {
        assert!(tile(&source, id).await.is_some(), "{id}");
    }
}

#[tokio::test]
async fn a_zoom_leaves_out_the_same_vertices_in_all_its_tiles() {
    // A comb whose teeth are 1/8 of a tile's pixel at zoom 4, and so 2 px at zoom 8.
    let step = 360.0 / f64::from(512 << 4) / 8.0;
    let comb: Vec<[f64; 2]> = (0..4000).map(|i| [10.0 + f64::from(i) * step, f64::from(i % 2) * step]).collect();
    let source = declared(json!({"type": "LineString", "coordinates": comb}), json!({"maxzoom": 10})).await;
    let mut counts = BTreeMap::new();
    for z in [4, 8, 10] {
        let mut count = 0;
        for id in all_tiles(z).filter(|id| source.covers(*id)) {
            count += features(&source, id, |f| vertices(f).len()).await.iter().sum::<usize>();
        }
        counts.insert(z, count);
    }
    assert!(counts[&4] < 20 && counts[&8] >= 4000 && counts[&10] >= 4000, "{counts:?}");
    // Too small to be seen, and yet there at the last zoom.
    let tiny = json!({"type": "Polygon", "coordinates": [[[5, 5], [5.0001, 5], [5.0001, 5.0001], [5, 5]]]});
    let source = declared(tiny, json!({})).await;
    let at = |z: u8| TileId::new(18, 134_712, 127_426).unwrap().ancestor(z);
    assert!(tile(&source, at(3)).await.is_none());
    assert!(tile(&source, at(18)).await.is_some());
}

#[tokio::test]
async fn features_keep_their_properties_and_ids() {
    let properties = json!({
        "text": "Ü", "whole": 7, "negative": -7, "large": u64::MAX, "half": 0.5, "yes": true, "nothing": null,
        "list": [1, "two", [3]], "object": {"a": {"b": null}}, "empty": {},
    });
    let point = json!({"type": "Point", "coordinates": [1, 1]});
    let of = |id: Json| json!({"type": "Feature", "id": id, "properties": properties, "geometry": point});
    let ids = [json!(3), json!("12"), json!("abc"), json!(-1), json!(2.5), json!(null), json!(0)];
    let data = json!({"type": "FeatureCollection", "features": ids.map(of)});
    let root = TileId::new(0, 0, 0).unwrap();
    let id = |feature: &Feature| feature.id();
    let source = declared(data.clone(), json!({})).await;
    assert_eq!(features(&source, root, id).await, [Some(3), Some(12), None, None, Some(2), None, Some(0)]);
    let expected: Vec<(String, Property)> = [
        ("empty", Property::Json(json!({}).into())),
        ("half", Property::Double(0.5)),
        ("large", Property::UInt(u64::MAX)),
        ("list", Property::Json(json!([1, "two", [3]]).into())),
        ("negative", Property::Int(-7)),
        ("nothing", Property::Null),
        ("object", Property::Json(json!({"a": {"b": null}}).into())),
        ("text", Property::String("Ü".into())),
        ("whole", Property::UInt(7)),
        ("yes", Property::Bool(true)),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .into();
    let kept = features(&source, root, |f| {
        f.properties().map(|(name, value)| (name.to_string(), value.clone())).collect::<Vec<_>>()
    });
    assert!(kept.await.iter().all(|kept| *kept == expected));
    // A style's layers on such a source name no source layer.
    assert!(tile(&source, root).await.unwrap().layer("").is_some());

    let promoted = declared(data.clone(), json!({"promoteId": "whole"})).await;
    assert_eq!(features(&promoted, root, id).await, [Some(7); 7]);
    let generated = declared(data.clone(), json!({"generateId": true})).await;
    assert_eq!(features(&generated, root, id).await, (0..7).map(Some).collect::<Vec<_>>());
    for (filter, count) in [
        (json!(["==", ["id"], 12]), 1),
        (json!(["has", "nothing"]), 7),
        (json!(["==", ["at", 1, ["get", "list"]], "two"]), 7),
        (json!(["==", ["geometry-type"], "LineString"]), 0),
        (json!(["==", "whole", 7]), 7),
    ] {
        let filtered = declared(data.clone(), json!({"filter": filter})).await;
        assert_eq!(features(&filtered, root, id).await.len(), count, "{filter}");
    }
}

#[tokio::test]
async fn pieces_of_a_line_say_which_stretch_they_are() {
    let lines = json!({"type": "MultiLineString", "coordinates": [[[-90, 0.1], [90, 0.1]], [[-10, 50], [-20, 50]]]});
    let source = declared(lines, json!({"lineMetrics": true})).await;
    let stretch = |feature: &Feature| {
        let at = |name: &str| if let Some(Property::Double(at)) = feature.property(name) { *at } else { f64::NAN };
        let [start, end] = [at("mapbox_clip_start"), at("mapbox_clip_end")];
        // Where along the line the tile's own part of it begins and ends.
        let (a, b) = (f64::from(vertices(feature)[0][0]), f64::from(vertices(feature)[1][0]));
        let share = |x: f64| start + (end - start) * (x - a) / (b - a);
        [share(a.clamp(0.0, EXTENT as f64)), share(b.clamp(0.0, EXTENT as f64))].map(|x| (x * 1000.0).round() / 1000.0)
    };
    assert_eq!(features(&source, TileId::new(1, 0, 0).unwrap(), stretch).await, [[0.0, 0.5], [0.0, 1.0]]);
    assert_eq!(features(&source, TileId::new(1, 1, 0).unwrap(), stretch).await, [[0.5, 1.0]]);
}

#[tokio::test]
async fn geometries_of_all_types_and_of_none_are_read() {
    let position = json!([1, 2, 300]);
    let line = json!([[0, 0], [20, 20]]);
    let ring = json!([[0, 0], [20, 0], [20, 20], [0, 0]]);
    let count = |feature: &Feature| (feature.kind(), feature.parts().count(), vertices(feature).len());
    use GeometryKind::{LineString, Point, Polygon};
    for (geometry, expected) in [
        (json!({"type": "Point", "coordinates": position}), vec![(Point, 1, 1)]),
        (json!({"coordinates": [position, position], "type": "MultiPoint"}), vec![(Point, 1, 2)]),
        (json!({"type": "LineString", "coordinates": line}), vec![(LineString, 1, 2)]),
        (json!({"type": "MultiLineString", "coordinates": [line, line]}), vec![(LineString, 2, 4)]),
        (json!({"type": "Polygon", "coordinates": [ring]}), vec![(Polygon, 1, 3)]),
        (json!({"type": "MultiPolygon", "coordinates": [[ring], [ring]]}), vec![(Polygon, 2, 6)]),
        (
            json!({"type": "GeometryCollection", "geometries": [
                {"type": "LineString", "coordinates": line},
                {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": position}]},
            ]}),
            vec![(LineString, 1, 2), (Point, 1, 1)],
        ),
        (json!({"type": "GeometryCollection", "geometries": []}), vec![]),
        (json!({"type": "MultiPolygon", "coordinates": []}), vec![]),
        (json!({"type": "LineString", "coordinates": [[0, 0]]}), vec![]),
        (json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}), vec![]),
    ] {
        let collection = |features: Json| json!({"type": "FeatureCollection", "features": features});
        let nowhere = json!({"type": "Feature", "geometry": null, "properties": null});
        for data in
            [geometry.clone(), feature(geometry.clone()), collection(json!([nowhere, feature(geometry.clone())]))]
        {
            let source = declared(data.clone(), json!({})).await;
            assert_eq!(features(&source, TileId::new(0, 0, 0).unwrap(), count).await, expected, "{data}");
        }
    }
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let dir = directory();
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let nested = r#"{"type":"GeometryCollection","geometries":["#.repeat(12) + &"]}".repeat(12);
    let line = |coordinates: &str| {
        let point = r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[0,0]}}"#;
        let line = format!(r#"{{"type":"LineString","coordinates":{coordinates}}}"#);
        format!(
            r#"{{"type":"FeatureCollection","features":[{point},{{"type":"Feature","properties":{{}},"geometry":{line}}}]}}"#
        )
    };
    let backwards = r#"{"features":[{"geometry":{"coordinates":[[0,0],[1,1]],"type":"Polygon"},"type":"Feature"}],"type":"FeatureCollection"}"#;
    let cases: Vec<(String, &str)> = vec![
        (
            line(r#"[[0,0],["1",1]]"#),
            "features[1].geometry.coordinates[1][0]: invalid type: string \"1\", expected a number",
        ),
        (line("[[0,0],[NaN,1]]"), "features[1].geometry.coordinates[1][0]"),
        (line("[[0,0],[1e999,1]]"), "features[1].geometry.coordinates[1][0]"),
        (line("[[0,0],[null,1]]"), "features[1].geometry.coordinates[1][0]"),
        (line("[[0,0],[1]]"), "features[1].geometry.coordinates[1]: a position has at least two numbers"),
        (line("[[0,0],[]]"), "features[1].geometry.coordinates[1]"),
        (line("[[0,0],5]"), "features[1].geometry.coordinates[1]: invalid type: integer `5`, expected a position"),
        (line("[[[0,0]]]"), "features[1].geometry.coordinates[0][0]"),
        (line("[0,0]"), "features[1].geometry.coordinates[0]"),
        (line("{}"), "features[1].geometry.coordinates"),
        (line("[[389000,5812000],[0,0]]"), "features[1].geometry.coordinates[0]: 389000 is no longitude"),
        (line(&deep), "features[1].geometry.coordinates[0][0]"),
        (backwards.to_string(), "features[0].geometry: the coordinates of a Polygon are arrays of positions"),
        (backwards.replace("[[0,0],[1,1]]", &deep), "features[0].geometry.coordinates[0]"),
        (backwards.replace("[[0,0],[1,1]]", "[[[[[0,0]]]]]"), "nested too deeply"),
        (nested, "more than 8 GeometryCollections"),
        (
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point"}}]}"#.into(),
            "features[0].geometry: the coordinates are missing",
        ),
        (
            r#"{"type":"FeatureCollection","features":[{"type":"Feature"}]}"#.into(),
            "features[0]: the geometry is missing",
        ),
        (r#"{"type":"FeatureCollection","features":[{"geometry":null}]}"#.into(), "features[0]: the type is missing"),
        (
            r#"{"type":"FeatureCollection","features":[{"type":"Point","coordinates":[0,0]}]}"#.into(),
            "features[0]: the type \"Point\" is not \"Feature\"",
        ),
        (
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":[1]}]}"#.into(),
            "features[0].properties",
        ),
        (r#"{"type":"FeatureCollection","features":{}}"#.into(), "features: invalid type: map, expected an array"),
        (r#"{"type":"FeatureCollection","geometry":null}"#.into(), "the features are missing"),
        (r#"{"type":"Circle","coordinates":[0,0]}"#.into(), "there is no type \"Circle\""),
        (r#"{"type":5,"coordinates":[0,0]}"#.into(), "type: invalid type: integer `5`"),
        (r#"{"type":"Point","coordinates":[0,0]} and more"#.into(), "behind the document"),
        (line("[[0,0],[1,1]]")[..150].to_string(), "features[1]"),
    ];
    let failed = |what: &str, ended: &crate::cli::Ended, words: &str| {
        let text = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let good = ended.code == Some(2) && text.contains(words) && !text.contains("panicked") && text.len() < 1000;
        (!good).then(|| format!("{what:.200}: {:?}, without {words:?}: {text}", ended.code))
    };
    let mut wrong = Vec::new();
    for (i, (document, words)) in cases.iter().enumerate() {
        let name = format!("{i}.geojson");
        write(&dir.path().join(&name), document);
        let ended = run_in(dir.path(), &[], &["render", "0/0/0", "-o", "x.png", "--source", &name]);
        wrong.extend(failed(document, &ended, words));
    }
    let much = line(&format!("[[0,0],{}[1,1]]", " ".repeat(limits::DOCUMENT_BYTES)));
    for (name, bytes) in [("much.json", much.clone().into_bytes()), ("bomb.json.gz", gzip(much.as_bytes()))] {
        write(&dir.path().join(name), bytes);
        let ended = run_in(dir.path(), &[], &["render", "0/0/0", "-o", "x.png", "--source", name]);
        let said = ended.stderr.contains(&format!("more than {} bytes", limits::DOCUMENT_BYTES));
        if !said || ended.code == Some(0) {
            wrong.push(format!("{name}: {:?} {}", ended.code, ended.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!dir.path().join("x.png").exists());
}

#[tokio::test]
async fn what_a_style_says_wrongly_of_it_is_refused() {
    let data = json!({"type": "Point", "coordinates": [0, 0]});
    for (member, value) in [
        ("maxzoom", json!(31)),
        ("maxzoom", json!("18")),
        ("tolerance", json!(-1)),
        ("buffer", json!([])),
        ("lineMetrics", json!(1)),
        ("generateId", json!("yes")),
        ("cluster", json!("yes")),
        ("promoteId", json!(5)),
        ("filter", json!(["==", 1])),
        ("data", json!(5)),
        ("data", json!({"type": "Point", "coordinates": [0, "0"]})),
    ] {
        let mut source = json!({"type": "geojson", "data": data});
        source[member] = value;
        let base = Base::File("style.json".into());
        let opened = Source::declared(source.as_object().unwrap(), &base, &Overrides::default(), None).await;
        let Err(error) = opened else { panic!("{source} was accepted") };
        let place = if source["data"].is_object() && member == "data" { "coordinates[1]" } else { member };
        assert!(error.detail.contains(place), "{source}: {error}");
    }
}

/// All files of the fixture's directory beside a style that names them.
fn copied() -> TempDir {
    let dir = directory();
    std::fs::copy(fixture("places.geojson"), dir.path().join("places.geojson")).unwrap();
    dir
}

#[tokio::test]
async fn its_data_can_lie_beside_the_style_or_behind_a_url() {
    let dir = copied();
    let places = std::fs::read(fixture("places.geojson")).unwrap();
    let upstream = Upstream::start(move |target| match target {
        "/a/places.geojson" => Act::Answer(200, vec!["Content-Encoding: gzip".into()], gzip(&places)),
        _ => Act::status(404),
    });
    let inline: Json = serde_json::from_slice(&std::fs::read(fixture("places.geojson")).unwrap()).unwrap();
    let inline = declared(inline, json!({})).await;
    let url = format!("http://{}/a/", upstream.address());
    let style_url = Base::of(&format!("{url}style.json")).unwrap();
    let style_file = Base::File(dir.path().join("style.json"));
    let root = TileId::new(0, 0, 0).unwrap();
    let expected = inline.fetch(root, None).await.unwrap();
    for (base, data) in [
        (&style_file, "places.geojson".to_string()),
        (&style_file, format!("file://{}/places.geojson", dir.path().display())),
        (&style_file, format!("{url}places.geojson")),
        (&style_url, "places.geojson".to_string()),
        (&style_url, "/a/places.geojson".to_string()),
    ] {
        let source = json!({"type": "geojson", "data": data});
        let source = Source::declared(source.as_object().unwrap(), base, &Overrides::default(), None).await.unwrap();
        assert_eq!(source.fetch(root, None).await.unwrap(), expected, "{data}");
    }
    let source = json!({"type": "geojson", "data": "file:///etc/hostname"});
    assert!(Source::declared(source.as_object().unwrap(), &style_url, &Overrides::default(), None).await.is_err());
}

#[test]
fn it_is_served_as_real_vector_tiles() {
    let dir = copied();
    let path: PathBuf = dir.path().join("places.geojson");
    let style = fixture("style.json");
    let server = Server::start(&["--source", path.to_str().unwrap(), "--style", &style], &[]);
    let reply = server.get("/mvt/1/0/0.mvt");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/vnd.mapbox-vector-tile")));
    let layers = mvt_reader::Reader::new(reply.body).unwrap().get_layer_names().unwrap();
    assert_eq!(layers, ["geojson"]);
    let json = server.get("/json/0/0/0.json").json();
    let first = &json["geojson"]["features"][0];
    assert_eq!(
        first["properties"],
        json!({"kind": "land", "name": "At the borders", "tags": ["square", {"deep": true}]})
    );
    assert_eq!(first["id"], 7);
    assert!(server.get("/png/3/7/4.png").tier() == "miss");
    server.get("/mvt/19/0/0.mvt").assert_problem(404, "above_maxzoom", "a tile above the maxzoom");
    assert_eq!(server.get("/png/22/0/0.png").status, 200);
    // Absent: the middle of the Pacific has nothing.
    assert_eq!(server.get("/mvt/6/10/31.mvt").body, b"");
    let bounds = server.get("/tilejson.json").json()["bounds"].clone();
    assert_eq!((&bounds[0], &bounds[2]), (&json!(-180.0), &json!(180.0)));
    server.stop();
}

#[test]
fn large_documents_are_read_and_cut() {
    // 4,000 small squares and as many points, in some 2 MB; and in deep tiles only few of them.
    let mut features = Vec::new();
    for i in 0..4_000u32 {
        let (x, y) = (f64::from(i % 80) * 4.25 - 170.0, f64::from(i / 80) * 3.2 - 80.0);
        let properties = json!({"name": format!("place {i}"), "text": "x".repeat(150)});
        let ring = [[x, y], [x + 0.5, y], [x + 0.5, y + 0.5], [x, y + 0.5], [x, y]];
        for geometry in
            [json!({"type": "Polygon", "coordinates": [ring]}), json!({"type": "Point", "coordinates": [x, y]})]
        {
            features.push(json!({"type": "Feature", "properties": properties, "geometry": geometry}));
        }
    }
    let dir = directory();
    let document = json!({"type": "FeatureCollection", "features": features}).to_string();
    write(&dir.path().join("much.geojson"), &document);
    let count = |tile: &str| {
        let args = ["render", tile, "--source", "much.geojson", "--style", "light", "--format", "mvt", "-o", "-"];
        let tile = Tile::parse(run(dir.path(), &args).into()).unwrap();
        tile.layer("geojson").map_or(0, |layer| layer.features().count())
    };
    thread::scope(|scope| {
        let all = scope.spawn(|| count("0/0/0"));
        let few = scope.spawn(|| count("8/128/128"));
        assert_eq!((all.join().unwrap(), few.join().unwrap()), (8_000, 2));
    });
}
