//! Sprites: sheets and their indices, icons, where they may come from; and what is no sprite, huge or not there.

use crate::golden::pixels;
use crate::paint::sprite;
use crate::upstream::{Act, Upstream};
use rasterzen::assets::{Place, resolve, with_sprite};
use rasterzen::bitmap::resample::Beyond;
use rasterzen::error::Error;
use rasterzen::limits;
use rasterzen::output::spritesheet;
use rasterzen::source::Base;
use rasterzen::sprite::{RATIOS, Sprite};
use rasterzen::style::Style;
use reqwest::Url;
use serde_json::{Value as Json, json};
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/styles")
}

/// A PNG of one colour.
fn png(width: u32, height: u32, rgba: [u8; 4]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let data = rgba.repeat((width * height) as usize);
    encoder.write_header().expect("a header").write_image_data(&data).expect("pixels");
    out
}

fn index(images: Json) -> Vec<u8> {
    images.to_string().into_bytes()
}

#[test]
fn an_image_has_what_the_index_says_of_it() {
    let sprite = sprite();
    assert_eq!(sprite.names().collect::<Vec<_>>(), ["arrow", "brick", "dots", "hatch", "pin", "rail"]);
    for (scale, ratio) in [(1.0, 1.0), (1.5, 2.0), (2.0, 2.0), (4.0, 2.0)] {
        let pin = sprite.get("pin", scale).expect("an image");
        assert_eq!(
            (pin.pixel_ratio, pin.width, pin.height, pin.sdf),
            (ratio, 20 * ratio as u32, 20 * ratio as u32, true)
        );
        assert_eq!(pin.content, Some([4.0, 4.0, 16.0, 16.0].map(|c| c * ratio)));
        assert_eq!(
            (&pin.stretch_x[..], &pin.stretch_y[..]),
            (&[[8.0 * ratio, 12.0 * ratio]][..], &[[8.0 * ratio, 12.0 * ratio]][..])
        );
        assert_eq!(pin.size_at(scale), [20.0 * scale, 20.0 * scale].map(|c| c as u32));
    }
    let brick = sprite.get("brick", 1.0).expect("an image");
    assert_eq!((brick.sdf, brick.content, brick.stretch_x.len()), (false, None, 0));
    assert!(sprite.get("nothing", 1.0).is_none());
    // What an image looks like is part of the digest, as its name is.
    let of = |prefix: &str, color: [u8; 4]| {
        let mut sprite = Sprite::default();
        let images = index(json!({"a": {"x": 0, "y": 0, "width": 2, "height": 2}}));
        sprite.add_sheet(prefix, &images, &png(2, 2, color)).expect("a sheet");
        sprite.digest()
    };
    assert_eq!(of("", [1, 2, 3, 255]), of("", [1, 2, 3, 255]));
    assert_ne!(of("", [1, 2, 3, 255]), of("", [1, 2, 4, 255]));
    assert_ne!(of("", [1, 2, 3, 255]), of("a:", [1, 2, 3, 255]));
}

#[test]
fn images_are_resampled_by_area_and_between_pixels() {
    let mut sprite = Sprite::default();
    // Black and white columns in turn, then something else that must not be seen.
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 5, 1);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().expect("a header").write_image_data(&[0, 255, 0, 255, 77]).expect("pixels");
    let images = index(json!({"a": {"x": 0, "y": 0, "width": 4, "height": 1}}));
    sprite.add_sheet("", &images, &bytes).expect("a sheet");
    let image = sprite.get("a", 1.0).expect("an image");
    let grays = |width: u32, beyond: Beyond| -> Vec<u8> {
        let bitmap = image.resampled(width, 1, [beyond; 2]);
        assert!(bitmap.data.chunks(4).all(|p| p[0] == p[1] && p[1] == p[2] && p[3] == 255));
        bitmap.data.chunks(4).map(|p| p[0]).collect()
    };
    assert_eq!(grays(4, Beyond::Edge), [0, 255, 0, 255]);
    assert_eq!(grays(2, Beyond::Edge), [128, 128]);
    assert_eq!(grays(1, Beyond::Repeated), [128]);
    // 0.75 of white in the first third, none of black elsewhere.
    assert_eq!(grays(3, Beyond::Edge), [64, 128, 191]);
    assert_eq!(grays(8, Beyond::Edge), [0, 64, 191, 191, 64, 64, 191, 255]);
    assert_eq!(grays(8, Beyond::Repeated), [64, 64, 191, 191, 64, 64, 191, 191]);
}

#[test]
fn what_is_no_sheet_is_refused_with_its_place() {
    let good = index(json!({"a": {"x": 0, "y": 0, "width": 2, "height": 2, "pixelRatio": 1}}));
    let sheet = png(4, 4, [9; 4]);
    // A header that promises 60,000 by 60,000 pixels, and nothing behind it.
    let mut huge = sheet.clone();
    huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let image = |more: Json| {
        let mut image = json!({"x": 0, "y": 0, "width": 2, "height": 2, "pixelRatio": 1});
        more.as_object().expect("an object").iter().for_each(|(key, value)| image[key] = value.clone());
        index(json!({"name": image}))
    };
    let many: serde_json::Map<String, Json> = (0..=limits::SPRITE_IMAGES)
        .map(|i| (i.to_string(), json!({"x": 0, "y": 0, "width": 1, "height": 1})))
        .collect();
    for (what, index, png, words) in [
        ("no PNG", good.clone(), b"<html>".to_vec(), "neither PNG, JPEG nor WebP"),
        ("nothing", good.clone(), Vec::new(), "neither PNG, JPEG nor WebP"),
        ("half a PNG", good.clone(), sheet[..sheet.len() / 2].to_vec(), "not a PNG"),
        ("a huge PNG", good.clone(), huge, ""),
        ("a JPEG", good.clone(), vec![0xff, 0xd8, 0xff, 0xe0, 0, 0], "not a JPEG that can be read"),
        ("no JSON", b"<html>".to_vec(), sheet.clone(), "its index"),
        ("a list", b"[]".to_vec(), sheet.clone(), "its index"),
        ("many", index(many.into()), sheet.clone(), "its index names more than"),
        ("no width", index(json!({"name": {"x": 0, "y": 0, "height": 2}})), sheet.clone(), "name"),
        ("a width of text", image(json!({"width": "2"})), sheet.clone(), "name.width"),
        ("a negative corner", image(json!({"x": -1})), sheet.clone(), "name.x"),
        ("outside", image(json!({"x": 3})), sheet.clone(), "\"name\" lies outside of the sheet, which is 4 by 4"),
        ("far outside", image(json!({"y": u32::MAX})), sheet.clone(), "lies outside"),
        ("a ratio of 0", image(json!({"pixelRatio": 0})), sheet.clone(), "a pixelRatio of 0"),
        ("a ratio below 0", image(json!({"pixelRatio": -1})), sheet.clone(), "a pixelRatio of -1"),
        ("a tiny ratio", image(json!({"pixelRatio": 1e-9})), sheet.clone(), "at most 1024 CSS pixels"),
        ("a content outside", image(json!({"content": [0, 0, 3, 2]})), sheet.clone(), "content"),
        ("a content turned round", image(json!({"content": [2, 0, 0, 2]})), sheet.clone(), "content"),
        ("a content of three", image(json!({"content": [2, 0, 0]})), sheet.clone(), "name.content"),
        ("a stretch outside", image(json!({"stretchX": [[0, 9]]})), sheet.clone(), "stretch"),
        ("a stretch of one", image(json!({"stretchY": [[0]]})), sheet.clone(), "name.stretchY"),
    ] {
        let read = || {
            let mut sprite = Sprite::default();
            sprite.add_sheet("", &index, &png).map(|()| sprite.names().count())
        };
        let Ok(result) = catch_unwind(read) else { panic!("{what}: a panic") };
        let Err(error) = result else { panic!("{what} is accepted") };
        assert!(error.detail.contains(words), "{what}: {error}");
        assert!(error.detail.len() < 500, "{what}: {error}");
    }
    // Nothing to draw is not wrong.
    let mut sprite = Sprite::default();
    sprite.add_sheet("", &image(json!({"width": 0})), &sheet).expect("a sheet");
    assert!(sprite.is_empty());
}

#[test]
fn mutated_sheets_never_panic() {
    let (index, png) =
        (fs::read(fixtures().join("sprite.json")).unwrap(), fs::read(fixtures().join("sprite.png")).unwrap());
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..400 {
        let (mut index, mut png) = (index.clone(), png.clone());
        let bytes = if round % 2 == 0 { &mut index } else { &mut png };
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        let read = || {
            let mut sprite = Sprite::default();
            if sprite.add_sheet("", &index, &png).is_ok() {
                for name in sprite.names().map(str::to_string).collect::<Vec<_>>() {
                    let image = sprite.get(&name, 1.0).expect("an image");
                    let [width, height] = image.size_at(1.0);
                    image.resampled(width, height, [Beyond::Repeated; 2]);
                }
            }
        };
        assert!(catch_unwind(read).is_ok(), "round {round}");
    }
}

#[test]
fn icons_are_drawn_at_several_ratios() {
    let mut sprite = sprite();
    let svg = |color: &str| {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="6.5"><rect width="10" height="6.5" fill="{color}"/></svg>"#)
            .into_bytes()
    };
    sprite.add_icons(&[("flag".into(), svg("red")), ("brick".into(), svg("#00f"))]).expect("icons");
    for ratio in RATIOS {
        let flag = sprite.get("flag", ratio.into()).expect("an icon");
        let size = [10 * u32::from(ratio), (6.5 * f64::from(ratio)).ceil() as u32];
        assert_eq!((flag.pixel_ratio, [flag.width, flag.height]), (f64::from(ratio), size));
        assert_eq!(flag.resampled(size[0], size[1], [Beyond::Edge; 2]).data[..4], [255, 0, 0, 255]);
        // An icon takes the place of a whole image, at all its ratios.
        let brick = sprite.get("brick", ratio.into()).expect("an icon");
        assert_eq!((brick.pixel_ratio, brick.width), (f64::from(ratio), size[0]));
    }
    let large =
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"/>"#, limits::SPRITE_IMAGE_SIDE + 1);
    let full =
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"/>"#, limits::SPRITE_IMAGE_SIDE);
    for (what, svg, words) in [
        ("text", b"red".to_vec(), "not SVG"),
        ("nothing", Vec::new(), "not SVG"),
        ("HTML", b"<html><body/></html>".to_vec(), "not SVG"),
        ("no size", br#"<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>"#.to_vec(), "not SVG"),
        ("a large one", large.into_bytes(), "a side is at most"),
        ("many pixels", full.into_bytes(), "pixels"),
    ] {
        let Err(error) = Sprite::default().add_icons(&[("name".into(), svg)]) else { panic!("{what} is accepted") };
        assert!(error.detail.starts_with("the icon \"name\": ") && error.detail.contains(words), "{what}: {error}");
    }
    // An icon reads no files.
    let file = tempfile::NamedTempFile::with_suffix(".png").expect("a file");
    fs::write(file.path(), png(10, 10, [255, 0, 0, 255])).expect("a file");
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><image width="10" height="10" href="{}"/></svg>"#,
        file.path().display()
    );
    sprite.add_icons(&[("spy".into(), svg.into_bytes())]).expect("an icon");
    let spy = sprite.get("spy", 1.0).expect("an icon").resampled(10, 10, [Beyond::Edge; 2]);
    assert!(spy.data.iter().all(|&byte| byte == 0));
}

#[test]
fn an_icon_says_where_text_goes_and_what_may_be_stretched() {
    let mut sprite = Sprite::default();
    let part = |id: &str, x: u32, y: u32, width: u32, height: u32| {
        format!(r#"<rect id="mapbox-{id}" x="{x}" y="{y}" width="{width}" height="{height}" fill="blue"/>"#)
    };
    let parts = [part("stretch-x", 6, 1, 8, 1), part("stretch-y", 1, 3, 1, 4), part("content", 4, 2, 40, 6)];
    let svg = |inner: &str| format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">{inner}</svg>"#);
    let icons =
        [("shield".into(), svg(&parts.concat()).into()), ("plain".into(), svg(&part("other", 0, 0, 9, 9)).into())];
    sprite.add_icons(&icons).expect("icons");
    for ratio in RATIOS.map(f64::from) {
        let shield = sprite.get("shield", ratio).expect("an icon");
        // What reaches out of the icon is cut off.
        assert_eq!(shield.content, Some([4.0, 2.0, 20.0, 8.0].map(|at| at * ratio)));
        assert_eq!(shield.stretch_x, [[6.0, 14.0].map(|at| at * ratio)]);
        assert_eq!(shield.stretch_y, [[3.0, 7.0].map(|at| at * ratio)]);
        let plain = sprite.get("plain", ratio).expect("an icon");
        assert_eq!((plain.content, plain.stretch_x.len(), plain.stretch_y.len()), (None, 0, 0));
    }
}

#[test]
fn a_sprite_can_be_a_folder_of_icons_and_a_bundled_style_has_those_in_the_binary() {
    let dir = tempfile::tempdir().expect("a directory");
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>"#;
    fs::create_dir(dir.path().join("signs")).expect("a directory");
    fs::write(dir.path().join("signs/brick.svg"), svg).expect("an icon");
    let base = Base::File(dir.path().join("style.json"));
    let names = |style: Style| style.sprite.names().map(str::to_string).collect::<Vec<_>>();
    assert_eq!(names(loaded(style(json!("signs")), &base, None).expect("a sprite")), ["brick"]);
    let two = json!([{"id": "default", "url": "signs"}, {"id": "b", "url": "signs"}]);
    assert_eq!(names(loaded(style(two), &base, None).expect("sprites")), ["b:brick", "brick"]);
    fs::remove_file(dir.path().join("signs/brick.svg")).expect("the icon");
    assert!(refused(style(json!("signs")), &base).contains("no .svg file"));

    // From the file or from the binary, a style has the same icons, but for those that a bundled one does not name.
    let styles = Path::new(env!("CARGO_MANIFEST_DIR")).join("styles");
    let all = names(loaded(style(json!("icons")), &Base::File(styles.join("style.json")), None).expect("icons"));
    assert!(all.len() > 25);
    let of = |pattern: Json, base: &Base| {
        let layers = json!([{"id": "a", "type": "fill", "source": "s", "source-layer": "x", "paint": {"fill-pattern": pattern}}]);
        let document = json!({"version": 8, "sources": {"s": {"type": "vector"}}, "layers": layers, "sprite": "icons"});
        loaded(Style::parse("test", &document.to_string()).expect("a style"), base, None).expect("icons")
    };
    let mut each = vec![json!("match"), json!(["get", "kind"])];
    each.extend(all.iter().flat_map(|name| [json!(format!("a {name}")), json!(name)]).chain([json!("dots")]));
    let (of_files, of_binary) =
        (of(json!(each), &Base::File(styles.join("style.json"))), of(json!(each), &Base::Bundled));
    assert_eq!(of_files.digest, of_binary.digest);
    assert_eq!(names(of(json!("dots"), &Base::Bundled)), ["dots"]);
    for other in ["signs", "/icons", "https://example.org/icons", "file:icons"] {
        assert!(refused(style(json!(other)), &Base::Bundled).contains("within the binary"), "{other}");
    }
}

#[test]
fn a_sheet_that_would_be_too_large_is_refused() {
    // One image under many names: little in memory, but side by side more than there may be.
    let entry = json!({"x": 0, "y": 0, "width": 1000, "height": 1000, "pixelRatio": 1});
    let index = |count: usize| -> Json { (0..count).map(|i| (format!("i{i}"), entry.clone())).collect() };
    let sprite = |count: usize| {
        let mut sprite = Sprite::default();
        let sheet = png(1000, 1000, [1, 2, 3, 255]);
        sprite.add_sheet("", index(count).to_string().as_bytes(), &sheet).expect("a sheet");
        sprite
    };
    assert!(spritesheet::sheet(&sprite(4), 1).is_ok());
    let many = sprite(30);
    let Err(error) = spritesheet::sheet(&many, 1) else { panic!("30 million pixels are accepted") };
    assert!(error.detail.contains("side by side"), "{}", error.detail);
    assert_eq!(spritesheet::index(&many, 1).as_object().expect("an index").len(), 30);
}

/// A style with this sprite and a layer that draws an image.
fn style(sprite: Json) -> Style {
    let layers = json!([{"id": "a", "type": "background", "paint": {"background-pattern": "brick"}}]);
    Style::parse("test", &json!({"version": 8, "layers": layers, "sprite": sprite}).to_string()).expect("a style")
}

fn loaded(style: Style, base: &Base, icons: Option<&Path>) -> Result<Style, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(with_sprite(style, base, icons))
}

fn refused(style: Style, base: &Base) -> String {
    let Err(error) = loaded(style, base, None) else { panic!("it is accepted") };
    error.detail
}

fn here() -> Base {
    Base::File(fixtures().join("style.json"))
}

#[test]
fn sprites_are_read_from_beside_the_style_and_from_the_network() {
    let upstream = Upstream::start(|target| {
        match fs::read(fixtures().join(target.split('?').next().unwrap().trim_start_matches("/maps/"))) {
            Ok(bytes) => Act::tile(bytes),
            Err(_) => Act::status(404),
        }
    });
    let address = upstream.address();
    let file = format!("file://{}", fixtures().join("sprite").display());
    let url = format!("http://{address}/maps/sprite?key=secret");
    let plain = style(json!("sprite"));
    let mut digests = vec![plain.digest.to_string()];
    for sprite in [json!("sprite"), json!("./sprite"), json!(file), json!(url)] {
        let style = loaded(style(sprite.clone()), &here(), None).unwrap_or_else(|e| panic!("{sprite}: {e}"));
        assert_eq!(style.warnings, [], "{sprite}");
        assert_eq!(style.sprite.get("brick", 2.0).expect("an image").pixel_ratio, 2.0, "{sprite}");
        digests.push(style.digest.to_string());
    }
    assert_ne!(digests[0], digests[1]);
    let mut requests = upstream.requests();
    requests.sort();
    let wanted =
        ["sprite.json", "sprite.png", "sprite@2x.json", "sprite@2x.png"].map(|name| format!("/maps/{name}?key=secret"));
    assert_eq!(requests, wanted);
    // A list, with prefixes.
    let list = json!([{"id": "default", "url": "sprite"}, {"id": "more", "url": "sprite"}]);
    let style = loaded(self::style(list), &here(), None).expect("a style");
    assert!(style.sprite.has("brick") && style.sprite.has("more:brick"));
    // A style that draws no images does without.
    let layers = json!([{"id": "a", "type": "background"}]);
    let none = json!({"version": 8, "layers": layers, "sprite": "nowhere"});
    let none = loaded(Style::parse("test", &none.to_string()).expect("a style"), &here(), None).expect("a style");
    assert!(none.sprite.is_empty());
}

#[test]
fn a_sprite_that_is_not_to_be_had_is_an_error_with_its_place() {
    let directory = TempDir::new().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let (index, sheet) =
        (fs::read(fixtures().join("sprite.json")).unwrap(), fs::read(fixtures().join("sprite.png")).unwrap());
    fs::write(at("half.json"), &index).expect("a file");
    fs::write(at("text.json"), &index).expect("a file");
    fs::write(at("text.png"), "no image").expect("a file");
    fs::write(at("once.json"), &index).expect("a file");
    fs::write(at("once.png"), &sheet).expect("a file");
    fs::write(at("once@2x.json"), "{").expect("a file");
    fs::write(at("once@2x.png"), &sheet).expect("a file");
    fs::write(at("large.json"), &index).expect("a file");
    fs::write(at("large.png"), vec![0; limits::SPRITE_BYTES + 1]).expect("a file");
    fs::create_dir(at("folder.json")).expect("a directory");
    fs::write(at("folder.png"), &sheet).expect("a file");
    // Reading from a pipe that nobody writes to would not end.
    let made = Command::new("mkfifo").arg(at("pipe.json")).status().expect("mkfifo");
    assert!(made.success());
    fs::write(at("pipe.png"), &sheet).expect("a file");
    let base = Base::File(at("style.json"));
    for (name, words) in [
        ("nowhere", "there is no .json and .png"),
        ("half", "there is no .png"),
        ("text", "neither PNG, JPEG nor WebP"),
        ("once", "its index"),
        ("large", "it has more than"),
        ("folder", "it is not a file"),
        ("pipe", "it is not a file"),
        ("mapbox://sprites/a", "neither http nor https"),
        ("http://", ""),
    ] {
        let error = refused(style(json!(name)), &base);
        assert!(
            error.starts_with(&format!("the style \"test\": sprite: {name:?}: ")) && error.contains(words),
            "{error}"
        );
        let error = refused(style(json!([{"id": "a", "url": name}])), &base);
        assert!(error.starts_with(&format!("the style \"test\": sprite[0].url: {name:?}: ")), "{error}");
    }
    for (what, act) in [
        ("404", Act::status(404)),
        ("403", Act::status(403)),
        ("a web page", Act::tile(b"<html>".to_vec())),
        ("too much", Act::tile(vec![0; limits::SPRITE_BYTES + 1])),
        ("another host", Act::redirect("http://127.0.0.2:1/sprite.json")),
    ] {
        let act = std::sync::Mutex::new(Some(act));
        let upstream = Upstream::start(move |_| act.lock().unwrap().take().unwrap_or_else(|| Act::status(404)));
        let url = format!("http://{}/sprite", upstream.address());
        let error = refused(style(json!(format!("{url}?key=secret"))), &base);
        assert!(error.starts_with(&format!("the style \"test\": sprite: \"{url}\": ")), "{what}: {error}");
        assert!(!error.contains("secret"), "{what}: {error}");
    }
}

#[test]
fn a_style_from_the_network_names_only_what_is_public() {
    let base = Base::Url(Url::parse("https://example.org/styles/a.json").expect("a URL"));
    for (reference, wanted) in [
        ("sprite", "https://example.org/styles/sprite"),
        ("/sprite", "https://example.org/sprite"),
        ("//example.com/sprite", "https://example.com/sprite"),
        ("https://93.184.216.34/sprite", "https://93.184.216.34/sprite"),
        ("https://[2606:4700::1]/sprite", "https://[2606:4700::1]/sprite"),
    ] {
        let url = Url::parse(wanted).expect("a URL");
        assert_eq!(resolve(reference, &base).ok(), Some(Place::Url(url)), "{reference}");
    }
    for reference in [
        "http://example.org/sprite",
        "file:///etc/passwd",
        "file:sprite",
        "data:text/plain,a",
        "ftp://example.org/sprite",
        "https://localhost/sprite",
        "https://a.localhost./sprite",
        "https://metadata.google.internal/sprite",
        "https://printer.local/sprite",
        "https://intranet/sprite",
        "https://127.0.0.1/sprite",
        "https://127.1/sprite",
        "https://2130706433/sprite",
        "https://0x7f.0.0.1/sprite",
        "https://0.0.0.0/sprite",
        "https://10.1.2.3/sprite",
        "https://172.16.0.1/sprite",
        "https://192.168.0.1/sprite",
        "https://100.64.0.1/sprite",
        "https://169.254.169.254/latest/meta-data",
        "https://224.0.0.1/sprite",
        "https://255.255.255.255/sprite",
        "https://[::1]/sprite",
        "https://[::]/sprite",
        "https://[fe80::1]/sprite",
        "https://[fd00::1]/sprite",
        "https://[::ffff:169.254.169.254]/sprite",
        "https://[64:ff9b::a9fe:a9fe]/sprite",
        "https://[2002:a9fe:a9fe::]/sprite",
        "https://[ff02::1]/sprite",
        "https://",
    ] {
        assert!(resolve(reference, &base).is_err(), "{reference} is accepted");
        let error = refused(style(json!(reference)), &base);
        assert!(error.starts_with(&format!("the style \"test\": sprite: {reference:?}: ")), "{error}");
    }
}

#[test]
fn a_folder_of_icons_comes_from_the_command_line() {
    let directory = TempDir::new().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    let icons = at("icons");
    fs::create_dir(&icons).expect("a directory");
    let style = json!({"version": 8, "sources": {}, "layers": [
        {"id": "a", "type": "background", "paint": {"background-pattern": "tile"}},
    ]});
    fs::write(at("style.json"), style.to_string()).expect("a style");
    let render = || {
        Command::new(env!("CARGO_BIN_EXE_rasterzen"))
            .args(["render", "0/0/0", "-o", "-", "--style"])
            .arg(at("style.json"))
            .arg("--sprites")
            .arg(&icons)
            .env_clear()
            .output()
            .expect("a process")
    };
    // An empty folder is a mistake.
    let ended = render();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(2) && said.contains("there is no .svg file in it"), "{said}");
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="4" height="8" fill="#0a0"/><rect x="4" width="4" height="8" fill="#f00"/></svg>"##;
    fs::write(icons.join("tile.svg"), svg).expect("an icon");
    fs::write(icons.join("notes.txt"), "no icon").expect("a file");
    let ended = render();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let (_, _, pixels) = pixels(&ended.stdout);
    let of = |x: usize| &pixels[(100 * 256 + x) * 4..(100 * 256 + x) * 4 + 3];
    assert_eq!([of(0), of(3), of(4), of(7), of(8)], [[0, 170, 0], [0, 170, 0], [255, 0, 0], [255, 0, 0], [0, 170, 0]]);
    fs::write(icons.join("broken.svg"), "<svg").expect("an icon");
    let ended = render();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(2) && said.contains("the icon \"broken\""), "{said}");
}
