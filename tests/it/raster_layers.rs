//! Raster layers: tiles of images and single ones, pixel for pixel; that tiles of them fit; and what is no image.

use crate::cli::{directory, run_in, write};
use crate::golden::pixels;
use crate::scene::by_resvg;
use crate::server::{Server, wait_until};
use crate::upstream::{Act, Upstream};
use pmtiles::{Compression, PmTilesWriter, TileCoord, TileType};
use rasterzen::bitmap::{Bitmap, decode};
use rasterzen::output::raster::{self, Picture};
use rasterzen::scene::{self, Placed, Scene, SourceTiles, TileData, Tiles};
use rasterzen::style::{self, Style};
use rasterzen::tile::TileId;
use rasterzen::viewport::{SizeClass, Viewport};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect(name)
}

/// An image of random pixels, opaque or not, that is the same for the same tile.
fn noise(id: TileId, side: u32, opaque: bool) -> Bitmap {
    let seed = u64::from(id.z()) << 60 | u64::from(id.x()) << 30 | u64::from(id.y());
    let mut random = fastrand::Rng::with_seed(seed);
    let pixel = |_| {
        let alpha = if opaque { 255 } else { random.u8(..) };
        [random.u8(..=alpha), random.u8(..=alpha), random.u8(..=alpha), alpha]
    };
    Bitmap { width: side, height: side, data: (0..side * side).flat_map(pixel).collect() }
}

fn style_with(sources: Json, layers: Json) -> Style {
    let style = json!({"version": 8, "sources": sources, "layers": layers});
    Style::parse("photos", &style.to_string()).unwrap()
}

/// A style of one raster layer with this paint.
fn photos(paint: Json) -> Style {
    let style = style_with(
        json!({"photos": {"type": "raster", "tiles": ["t/{z}/{x}/{y}.png"]}}),
        json!([{"id": "photos", "type": "raster", "source": "photos", "paint": paint}]),
    );
    assert_eq!(style.warnings, []);
    style
}

/// Tiles of a size and class up to a zoom, wherever they are asked for.
struct Photos {
    class: SizeClass,
    maxzoom: u8,
    side: u32,
    opaque: bool,
}

impl Photos {
    fn scene(&self, style: &Style, viewport: &Viewport) -> Scene {
        let (cells, _) = scene::cells(viewport, self.class, self.maxzoom, 0.0);
        let data = |id| TileData::Raster(Arc::new(noise(id, self.side, self.opaque)));
        let cells: HashMap<_, _> = cells.into_iter().map(|id| (id, Some((id, data(id))))).collect();
        let tiles = SourceTiles { class: self.class, maxzoom: self.maxzoom, cells };
        scene::build(style, viewport, &Tiles::from([("photos".to_string(), tiles)]), Placed::default()).unwrap()
    }

    fn picture(&self, style: &Style, viewport: &Viewport) -> Picture {
        raster::pixels(&self.scene(style, viewport))
    }
}

fn data(picture: &Picture) -> Vec<u8> {
    picture.pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect()
}

fn id(z: u8, x: u32, y: u32) -> TileId {
    TileId::new(z, x, y).unwrap()
}

#[test]
fn image_files_are_read_as_what_they_show() {
    let expected = |x: u32, y: u32| [x * 16, y * 16, 255 - (x + y) * 8].map(|c| c as u8);
    for (name, tolerance) in [
        ("rgb.png", 0),
        ("rgb.jpg", 4),
        ("progressive.jpg", 4),
        ("cmyk.jpg", 6),
        ("lossless.webp", 0),
        ("lossy.webp", 24),
    ] {
        let bitmap = decode(&bytes(name), 1 << 20).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((bitmap.width, bitmap.height), (16, 16), "{name}");
        for (x, y) in (0..16).flat_map(|y| (0..16).map(move |x| (x, y))) {
            let ([r, g, b, a], wanted) = (bitmap.pixel(x, y), expected(x, y));
            assert_eq!(a, 255, "{name}");
            let off = [r, g, b].iter().zip(wanted).map(|(c, w)| c.abs_diff(w)).max().unwrap();
            assert!(off <= tolerance, "{name} at {x}, {y}: {:?} is not {wanted:?}", [r, g, b]);
        }
    }
    // What is translucent is premultiplied; the two formats agree.
    let [png, webp] = ["rgba.png", "rgba.webp"].map(|name| decode(&bytes(name), 1 << 20).unwrap());
    assert_eq!(png, webp);
    assert!(png.data.chunks(4).all(|p| p[..3].iter().all(|c| *c <= p[3])));
    for name in ["grey.png", "grey.jpg", "palette.png"] {
        let bitmap = decode(&bytes(name), 1 << 20).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(bitmap.data.len(), 16 * 16 * 4, "{name}");
    }
}

#[test]
fn what_is_no_image_is_refused_and_nothing_panics() {
    assert_eq!(decode(b"<svg/>", 1 << 20).unwrap_err(), "neither PNG, JPEG nor WebP");
    let mut random = fastrand::Rng::with_seed(3);
    for name in ["rgb.png", "palette.png", "rgb.jpg", "progressive.jpg", "cmyk.jpg", "lossy.webp", "rgba.webp"] {
        let whole = bytes(name);
        assert!(decode(&whole, 255).unwrap_err().contains("16 by 16"), "{name}");
        assert!(decode(&whole[..whole.len() / 2], 1 << 20).is_err(), "half of {name}");
        for _ in 0..500 {
            let mut broken = whole.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..broken.len());
                broken[at] = random.u8(..);
            }
            broken.truncate(random.usize(1..=broken.len()));
            let what = format!("{name} as {broken:?}");
            assert!(catch_unwind(|| decode(&broken, 1 << 20)).is_ok(), "{what}");
        }
    }
}

#[test]
fn a_tile_at_its_own_size_is_what_the_source_sent() {
    for (class, side, scale) in [(SizeClass::C512, 512, 1), (SizeClass::C256, 256, 1), (SizeClass::C256, 512, 2)] {
        let photos_of = Photos { class, maxzoom: 9, side, opaque: false };
        let tile = id(5, 7, 9);
        let viewport = Viewport::of_tile(tile, class.pixels(), scale);
        let picture = photos_of.picture(&photos(json!({})), &viewport);
        assert_eq!(data(&picture), noise(tile, side, false).data, "{class:?} {side}");
    }
}

#[test]
fn tiles_are_made_larger_smoothly_or_by_their_nearest_pixels() {
    let photos_of = Photos { class: SizeClass::C512, maxzoom: 4, side: 512, opaque: true };
    let viewport = Viewport::of_tile(id(6, 10, 11), 512, 1);
    let tile = noise(id(4, 2, 2), 512, true);
    // A quarter of a quarter: the third column, the fourth row.
    let [left, top] = [2 * 128, 3 * 128];
    for name in ["raster-resampling", "resampling"] {
        let picture = photos_of.picture(&photos(json!({name: "nearest"})), &viewport);
        for (x, y) in (0..512).flat_map(|y| (0..512).map(move |x| (x, y))) {
            assert_eq!(picture.pixel(x, y), tile.pixel(left + x / 4, top + y / 4));
        }
    }
    let picture = photos_of.picture(&photos(json!({})), &viewport);
    // The middle of pixel 5 lies 3/8 of the way from that of the tile's first to that of its second.
    let (first, second) = (tile.pixel(left + 1, top), tile.pixel(left + 1, top + 1));
    for i in 0..3 {
        let beside = [tile.pixel(left, top)[i], first[i], tile.pixel(left, top + 1)[i], second[i]].map(f64::from);
        let across = |a: f64, b: f64| a * 0.625 + b * 0.375;
        // Pixel 3 is 7/8 of the way between columns 0 and 1, pixel 5 of the rows 7/8 between 0 and 1.
        let at = |x: f64, y: f64| {
            let row = |a: f64, b: f64| a * (1.0 - x) + b * x;
            row(beside[0], beside[1]) * (1.0 - y) + row(beside[2], beside[3]) * y
        };
        assert_eq!(across(0.0, 8.0), 3.0);
        let wanted = at(0.375, 0.875).round();
        assert!((f64::from(picture.pixel(3, 5)[i]) - wanted).abs() <= 1.0, "{i}");
    }
}

#[test]
fn tiles_of_images_fit_to_the_pixel() {
    let quad = json!({"type": "image", "url": "p.png", "coordinates": [[8, 57], [15.5, 56], [14, 48], [5, 50]]});
    let mut random = fastrand::Rng::with_seed(5);
    let paints = [
        json!({"raster-opacity": 0.6, "raster-hue-rotate": 70, "raster-contrast": 0.3}),
        json!({"raster-resampling": "nearest", "raster-saturation": -0.5, "raster-brightness-min": 0.2}),
    ];
    let mut compared = 0;
    for block in 0..36 {
        let style = style_with(
            json!({"photos": {"type": "raster", "tiles": ["t"]}, "quad": quad}),
            json!([
                {"id": "photos", "type": "raster", "source": "photos", "paint": paints[block % 2]},
                {"id": "quad", "type": "raster", "source": "quad", "paint": paints[(block + 1) % 2]},
            ]),
        );
        let map = noise(id(0, 0, 0), 37, false);
        let picture = style::Picture::new(map, style.sources["quad"].members.get("coordinates")).unwrap();
        let style = style.with_pictures(BTreeMap::from([("quad".to_string(), picture)]), "d");
        let (class, maxzoom) = ([SizeClass::C256, SizeClass::C512, SizeClass::C1024][block % 3], random.u8(0..9));
        let photos_of = Photos { class, maxzoom, side: [64, 256, 100][block % 3], opaque: false };
        let (zoom, scale) = (random.u8(0..9), random.u8(1..=2));
        // Around the quadrilateral's middle.
        let world = (512 * i64::from(scale)) << zoom;
        let mut near = |share: f64| (share * world as f64) as i64 + random.i64(-500..200);
        let (left, top) = (near(0.53), near(0.325));
        let (width, height) = (random.u32(60..300), random.u32(60..300));
        let whole = Viewport { zoom: zoom.into(), scale, left, top, width, height, turn: None };
        let picture = photos_of.picture(&style, &whole);
        let size = [256, 512][block % 2];
        let side = size * i64::from(scale);
        for (x, y) in (-3..4).flat_map(|y| (-3..4).map(move |x| (left.div_euclid(side) + x, top.div_euclid(side) + y)))
        {
            let z = zoom + u8::from(size == 256);
            let Some(tile) = u32::try_from(x).ok().zip(u32::try_from(y).ok()).and_then(|(x, y)| TileId::new(z, x, y))
            else {
                continue;
            };
            let viewport = Viewport::of_tile(tile, size as u32, scale);
            let both = [
                left.max(viewport.left),
                top.max(viewport.top),
                (left + i64::from(width)).min(viewport.left + side),
                (top + i64::from(height)).min(viewport.top + side),
            ];
            if both[0] >= both[2] || both[1] >= both[3] {
                continue;
            }
            let part = photos_of.picture(&style, &viewport);
            for (x, y) in (both[1]..both[3]).flat_map(|y| (both[0]..both[2]).map(move |x| (x, y))) {
                let at = |picture: &Picture, of: &Viewport| picture.pixel((x - of.left) as u32, (y - of.top) as u32);
                assert_eq!(at(&picture, &whole), at(&part, &viewport), "{x}, {y} in {whole:?} and {tile}");
            }
            compared += 1;
        }
    }
    assert!(compared > 60, "only {compared} tiles were compared");
}

#[test]
fn the_svg_shows_the_same() {
    let photos_of = Photos { class: SizeClass::C256, maxzoom: 3, side: 256, opaque: false };
    for paint in [json!({}), json!({"raster-opacity": 0.4}), json!({"raster-resampling": "nearest"})] {
        let style = photos(paint);
        for viewport in [Viewport::of_tile(id(5, 3, 2), 256, 1), Viewport::of_tile(id(2, 3, 2), 512, 2)] {
            let scene = photos_of.scene(&style, &viewport);
            let (direct, by_svg) = (raster::pixels(&scene), by_resvg(&scene, &style));
            let off = data(&direct).iter().zip(data(&by_svg)).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(2), "{off:?}");
        }
    }
}

#[test]
fn a_picture_over_four_corners_is_seen_in_perspective() {
    // Narrower in the north: straight lines stay straight, so that the diagonals still meet where the middle is.
    let coordinates = json!([[-20, 40], [20, 40], [40, -40], [-40, -40]]);
    let style = style_with(
        json!({"p": {"type": "image", "url": "p.png", "coordinates": coordinates}}),
        json!([{"id": "p", "type": "raster", "source": "p", "paint": {"raster-resampling": "nearest"}}]),
    );
    // Four colours, which meet in the middle.
    let colors = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [255, 255, 0, 255]];
    let pixel = |i: usize| colors[i % 64 / 32 + i / 64 / 32 * 2];
    let bitmap = Bitmap { width: 64, height: 64, data: (0..64 * 64).flat_map(pixel).collect() };
    let picture = style::Picture::new(bitmap, Some(&coordinates)).unwrap();
    let corners = picture.corners;
    let style = style.with_pictures(BTreeMap::from([("p".to_string(), picture)]), "d");
    let viewport = Viewport::of_tile(id(0, 0, 0), 512, 2);
    let scene = scene::build(&style, &viewport, &Tiles::new(), Placed::default()).unwrap();
    let drawn = raster::pixels(&scene);
    // Where the diagonals meet: the sides are to each other as 1 to 2, and so are the parts of the diagonals.
    let y = corners[0][1] + (corners[3][1] - corners[0][1]) / 3.0;
    let [x, y] = [0.5, y].map(|share| (share * 1024.0) as u32);
    let around = [(x - 3, y - 3), (x + 3, y - 3), (x - 3, y + 3), (x + 3, y + 3)];
    assert_eq!(around.map(|(x, y)| drawn.pixel(x, y)), colors);
    assert_eq!(drawn.pixel(2, 512), [0; 4], "beside it");
    // In every copy of the world.
    let east = Viewport { left: viewport.left + 1024 * 3, ..viewport };
    let scene = scene::build(&style, &east, &Tiles::new(), Placed::default()).unwrap();
    assert_eq!(raster::pixels(&scene).pixels, drawn.pixels);
}

#[test]
fn colours_are_changed_as_the_style_says() {
    let of = |paint: Json, color: [u8; 4]| {
        let style = photos(paint);
        let viewport = Viewport::of_tile(id(1, 0, 0), 256, 1);
        let (cells, _) = scene::cells(&viewport, SizeClass::C256, 5, 0.0);
        let bitmap = Arc::new(Bitmap { width: 1, height: 1, data: color.to_vec() });
        let cells = cells.into_iter().map(|id| (id, Some((id, TileData::Raster(bitmap.clone()))))).collect();
        let tiles = SourceTiles { class: SizeClass::C256, maxzoom: 5, cells };
        let scene =
            scene::build(&style, &viewport, &Tiles::from([("photos".to_string(), tiles)]), Placed::default()).unwrap();
        raster::pixels(&scene).pixel(100, 100)
    };
    let red = [255, 0, 0, 255];
    for (paint, from, to) in [
        (json!({}), [9, 8, 7, 255], [9, 8, 7, 255]),
        // A third of the way around: red becomes green.
        (json!({"raster-hue-rotate": 120}), red, [0, 255, 0, 255]),
        (json!({"raster-hue-rotate": 360}), [10, 100, 200, 255], [10, 100, 200, 255]),
        (json!({"raster-saturation": -1}), [30, 60, 90, 255], [60, 60, 60, 255]),
        // Away from the mean by 1 / (1.001 - s).
        (json!({"raster-saturation": 0.5}), [100, 110, 120, 255], [90, 110, 130, 255]),
        (json!({"raster-contrast": -1}), red, [128, 128, 128, 255]),
        (json!({"raster-contrast": 0.5}), [102, 128, 153, 255], [77, 129, 179, 255]),
        (json!({"raster-contrast": 1}), [102, 102, 200, 255], [0, 0, 255, 255]),
        (json!({"raster-brightness-min": 0.2}), [0, 0, 255, 255], [51, 51, 255, 255]),
        (json!({"raster-brightness-max": 0.5}), [0, 0, 255, 255], [0, 0, 128, 255]),
        (json!({"raster-brightness-min": 1, "raster-brightness-max": 0}), [0, 55, 255, 255], [255, 200, 0, 255]),
        // Not premultiplied: half a red is half a green.
        (json!({"raster-hue-rotate": 120}), [128, 0, 0, 128], [0, 128, 0, 128]),
        (json!({"raster-opacity": 0.5}), red, [128, 0, 0, 128]),
        (json!({"raster-opacity": 0}), red, [0; 4]),
        (json!({"raster-opacity": ["interpolate", ["linear"], ["zoom"], 0, 1, 1, 0]}), red, red),
    ] {
        let got = of(paint.clone(), from);
        let off = got.iter().zip(to).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(1), "{paint}: {got:?} is not {to:?}");
    }
}

fn opaque(name: &str) -> Vec<u8> {
    let (_, _, data) = pixels(&bytes(name));
    data
}

#[test]
fn tiles_come_from_directories_archives_and_servers() {
    let dir = directory();
    let image = bytes("rgb.png");
    write(&dir.path().join("t/3/1/2.png"), &image);
    let archive = File::create(dir.path().join("photos.pmtiles")).unwrap();
    let writer = PmTilesWriter::new(TileType::Png).tile_compression(Compression::None).create(archive);
    let mut writer = writer.unwrap();
    writer.add_tile(TileCoord::new(3, 1, 2).unwrap(), &image).unwrap();
    writer.finalize().unwrap();
    let upstream = Upstream::start({
        let image = image.clone();
        move |target| match target {
            "/3/1/2.mvt" => Act::Answer(200, vec!["Content-Type: image/png".into()], image.clone()),
            "/3/1/5.mvt" => Act::Answer(200, vec!["Content-Type: image/png".into()], image.clone()),
            _ => Act::status(404),
        }
    });
    let layers = json!([{"id": "l", "type": "raster", "source": "p", "paint": {"raster-resampling": "nearest"}}]);
    let wanted = opaque("rgb.png");
    for (source, uri) in [
        (json!({"tiles": ["t/{z}/{x}/{y}.png"], "tileSize": 256}), None),
        (json!({"url": "pmtiles://photos.pmtiles", "tileSize": 256}), None),
        (json!({"tiles": [upstream.template()], "tileSize": 256}), None),
        (json!({"tiles": [upstream.template()], "tileSize": 256, "scheme": "tms"}), None),
        (json!({"tileSize": 256}), Some("p=t/{z}/{x}/{y}.png")),
        (json!({"tileSize": 256}), Some("p=photos.pmtiles")),
    ] {
        let mut source = source;
        source["type"] = "raster".into();
        let style = json!({"version": 8, "sources": {"p": source}, "layers": layers});
        write(&dir.path().join("s.json"), style.to_string());
        let mut args = vec!["render", "3/1/2", "--style", "s.json", "-o", "out.png"];
        args.extend(uri.iter().flat_map(|uri| ["--source", uri]));
        let ended = run_in(dir.path(), &[], &args);
        assert_eq!(ended.code, Some(0), "{style} {uri:?}: {}", ended.stderr);
        let (width, _, drawn) = pixels(&std::fs::read(dir.path().join("out.png")).unwrap());
        assert_eq!(width, 256);
        for (x, y) in (0..256).flat_map(|y| (0..256).map(move |x| (x, y))) {
            let [at, from] = [y * 256 + x, y / 16 * 16 + x / 16].map(|i| i * 4);
            assert_eq!(drawn[at..at + 4], wanted[from..from + 4], "{style} at {x}, {y}");
        }
    }
}

#[test]
fn what_is_wrong_with_sources_of_images_is_said() {
    let dir = directory();
    write(&dir.path().join("t/3/1/2.png"), bytes("rgb.jpg"));
    write(&dir.path().join("t/3/1/3.png"), "<html>not here</html>");
    write(&dir.path().join("p.png"), bytes("rgb.png"));
    write(&dir.path().join("broken.png"), &bytes("rgb.png")[..60]);
    let archive = File::create(dir.path().join("photos.pmtiles")).unwrap();
    PmTilesWriter::new(TileType::Png).create(archive).unwrap().finalize().unwrap();
    let square = json!([[0, 10], [10, 10], [10, 0], [0, 0]]);
    let attempt = |kind: &str, source: Json, layer: &str, tile: &str| {
        let mut source = source;
        source["type"] = kind.into();
        let mut layer = json!({"id": "l", "type": layer, "source": "p"});
        if kind == "vector" {
            layer["source-layer"] = "a".into();
        }
        let style = json!({"version": 8, "sources": {"p": source}, "layers": [layer]});
        write(&dir.path().join("s.json"), style.to_string());
        run_in(dir.path(), &[], &["render", tile, "--style", "s.json", "-o", "out.png"])
    };
    let tiles = json!({"tiles": ["t/{z}/{x}/{y}.png"], "tileSize": 256});
    let image = |url: &str, corners: &Json| json!({"url": url, "coordinates": corners});
    for (kind, source, layer, tile, words) in [
        ("raster", tiles.clone(), "raster", "3/1/3", "neither PNG, JPEG nor WebP"),
        ("raster", json!({"tiles": ["t/{z}/{x}/{y}"], "tileSize": 300}), "raster", "3/1/2", "tileSize"),
        ("raster", json!({"tiles": ["t/{z}/{x}/{y}"], "format": "pbf"}), "raster", "3/1/2", "PNG, JPEG and WebP are"),
        ("vector", json!({"url": "pmtiles://photos.pmtiles"}), "fill", "3/1/2", "of a source of type \"raster\""),
        ("raster", json!({"url": "fixtures.geojson"}), "raster", "3/1/2", "source"),
        ("image", image("missing.png", &square), "raster", "3/1/2", "sources.p.url"),
        ("image", image("broken.png", &square), "raster", "3/1/2", "not a PNG that can be read"),
        ("image", image("s.json", &square), "raster", "3/1/2", "neither PNG, JPEG nor WebP"),
        ("image", json!({"coordinates": square}), "raster", "3/1/2", "sources.p.url"),
    ] {
        let ended = attempt(kind, source.clone(), layer, tile);
        assert_ne!(ended.code, Some(0), "{source}");
        assert!(ended.stderr.contains(words), "{source}: {}", ended.stderr);
    }
    // These are warnings.
    for (kind, source, layer, words) in [
        ("image", image("p.png", &json!([[0, 0], [1, 1]])), "raster", "sources.p.coordinates: it is not four corners"),
        ("image", image("p.png", &json!([[0, 9], [9, 0], [9, 9], [0, 0]])), "raster", "convex"),
        ("image", image("p.png", &square), "fill", "layers[0].source"),
        ("vector", tiles.clone(), "raster", "layers[0].source"),
        ("video", json!({"urls": ["v.mp4"], "coordinates": square}), "raster", "layers[0].source"),
    ] {
        let ended = attempt(kind, source.clone(), layer, "3/1/2");
        assert_eq!(ended.code, Some(0), "{source}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{source}: {}", ended.stderr);
    }
    // What is a JPEG under another name is one.
    assert_eq!(attempt("raster", tiles, "raster", "3/1/2").code, Some(0));
}

#[test]
fn images_are_served_fetched_once_and_not_stored() {
    let image = bytes("rgb.png");
    let upstream = Upstream::start(move |_| Act::Answer(200, Vec::new(), image.clone()));
    let dir = directory();
    let source = json!({"type": "raster", "tiles": [upstream.template()], "tileSize": 256});
    let layers = json!([{"id": "l", "type": "raster", "source": "p"}]);
    let style = json!({"version": 8, "sources": {"p": source}, "layers": layers});
    write(&dir.path().join("s.json"), style.to_string());
    let (style, cache) = (dir.path().join("s.json"), dir.path().join("cache"));
    let server = Server::start(&["--style", style.to_str().unwrap(), "--cache", cache.to_str().unwrap()], &[]);
    assert_eq!(server.get("/png/3/1/2.png").status, 200);
    assert_eq!(server.get("/svg/3/1/2.svg").status, 200);
    assert_eq!(upstream.requests().len(), 1, "{:?}", upstream.requests());
    // There are no features to tell of.
    assert_eq!(server.get("/json/3/1/2.json").text(), "{}");
    assert_eq!(server.get("/geojson/3/1/2.geojson").json()["features"], json!([]));
    server.get("/mvt/3/1/2.mvt").assert_problem(404, "unknown_route", "an image as mvt");
    wait_until("the picture is stored", || cache.join("png/3/1/2.png").exists());
    let stored = crate::cli::files(&cache);
    let wrong: Vec<_> = stored.iter().filter(|path| path.to_str().unwrap().contains("mvt")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_static_image_shows_what_a_style_needs_besides_tiles() {
    let dir = directory();
    write(&dir.path().join("p.png"), bytes("rgb.png"));
    write(
        &dir.path().join("icons/dot.svg"),
        "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><path d='M0 0h4v4H0z'/></svg>",
    );
    write(&dir.path().join("over.geojson"), json!({"type": "Point", "coordinates": [0, 0]}).to_string());
    let coordinates = json!([[-20, 20], [20, 20], [20, -20], [-20, -20]]);
    let style = json!({
        "version": 8,
        "sources": {"p": {"type": "image", "url": "p.png", "coordinates": coordinates}},
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-pattern": "dot"}},
            {"id": "picture", "type": "raster", "source": "p"},
        ],
    });
    write(&dir.path().join("s.json"), style.to_string());
    for overlay in [&[][..], &["--geojson", "over.geojson"]] {
        let mut args = vec!["static", "0,0,3", "300x200", "--style", "s.json", "--sprites", "icons", "-o", "out.svg"];
        args.extend(overlay);
        let ended = run_in(dir.path(), &[], &args);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let svg = std::fs::read_to_string(dir.path().join("out.svg")).unwrap();
        assert_eq!(svg.matches("<image x=").count(), 1, "the picture");
        assert_eq!(svg.matches("<pattern").count(), 2, "the ground");
    }
}
