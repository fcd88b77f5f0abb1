//! Icons and texts as pixels and as SVG: where they are, what halos are, that any part of a picture is the picture, and
//! that both writers agree.

use crate::scene::{PX, by_resvg, style};
use crate::svg::check;
use rasterzen::bitmap::Bitmap;
use rasterzen::output::raster::{self, Picture};
use rasterzen::output::svg;
use rasterzen::scene::symbol::{Glyph, GlyphRun, Halo, Icon, Outlines, Pose, Symbols, TURNS, Text};
use rasterzen::scene::{Run, Scene};
use rasterzen::style::Style;
use rasterzen::style::color::Color;
use rasterzen::text::{Fonts, Paragraph, shape};
use rasterzen::tile::TileId;
use rasterzen::viewport::{Turn, Viewport};
use roxmltree::Node;
use serde_json::json;
use std::collections::BTreeSet;
use std::f64::consts::TAU;

const RED: Color = Color { r: 1.0, g: 0.0, b: 0.0, a: 1.0 };

/// A style with a layer for symbols.
fn labels() -> Style {
    style(&[json!({"id": "labels", "type": "background"})])
}

/// A name that begins at a place in output pixels and goes in a direction, in 1/[`TURNS`] of a turn.
fn text(outlines: &mut Outlines, name: &str, size: f64, at: [f64; 2], turn: u16) -> Text {
    let fonts = Fonts::bundled();
    let shaped = shape(&fonts, &Paragraph::line(name, fonts.stack(["Noto Sans Regular"])));
    let (sin, cos) = (f64::from(turn) / TURNS * TAU).sin_cos();
    let mut runs: Vec<GlyphRun> = Vec::new();
    for line in &shaped.lines {
        for glyph in &line.glyphs {
            let Some(outline) = fonts.outline(glyph.font, glyph.id) else { continue };
            let outline = outlines.iter().position(|other| *other == outline).unwrap_or_else(|| {
                outlines.push(outline);
                outlines.len() - 1
            });
            if runs.last().is_none_or(|run| run.font != glyph.font) {
                let content = line.text.clone();
                runs.push(GlyphRun { font: glyph.font, size, color: Color::BLACK, content, glyphs: Vec::new() });
            }
            let [x, y] = [0, 1].map(|i| (glyph.at[i] - line.start[i]) * size);
            let place = [at[0] + x * cos - y * sin, at[1] + x * sin + y * cos];
            let at = place.map(|c| (c * f64::from(PX)).round() as i32);
            runs.last_mut().expect("a run").glyphs.push(Glyph { outline, at, turn });
        }
    }
    Text { content: shaped.text, runs, halo: None }
}

fn colored(text: Text, color: Color) -> Text {
    let runs = text.runs.into_iter().map(|run| GlyphRun { color, ..run }).collect();
    Text { runs, ..text }
}

fn scene(width: u32, height: u32, symbols: Symbols, outlines: Outlines, images: Vec<Bitmap>) -> Scene {
    let runs = vec![Run::Symbols(0, symbols)];
    Scene { width, height, turn: None, runs, images, outlines, caption: None }
}

/// A picture of its own, not the same on any two sides, translucent in parts.
fn bitmap(width: u32, height: u32) -> Bitmap {
    let pixel = |x: u32, y: u32| {
        let alpha = if (x + y).is_multiple_of(5) { 128 } else { 255 };
        [x * 255 / width, y * 255 / height, 40, 255].map(|c| (c * alpha / 255) as u8)
    };
    let data = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Bitmap { width, height, data }
}

/// Everything that a run of symbols can hold, at random places over a picture.
fn crowd(seed: u64, width: u32, height: u32) -> Scene {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut outlines = Outlines::new();
    let mut symbols = Symbols::default();
    let names = ["Golden Gate Park", "Łódź", "Åre & Söhne", "الدار البيضاء", "ירושלים", "8@%ß", "ill", "Ωμέγα"];
    let images = vec![bitmap(17, 11), bitmap(24, 24)];
    for i in 0..40 {
        let at = [f64::from(width), f64::from(height)].map(|side| random.f64() * (side + 60.0) - 30.0);
        let turn = if random.bool() { 0 } else { random.u16(0..TURNS as u16) };
        let size = [9.0, 12.5, 16.0, 27.3][random.usize(..4)];
        let mut one = text(&mut outlines, names[i % names.len()], size, at, turn);
        let color = |random: &mut fastrand::Rng, a: f64| Color { r: random.f64(), g: random.f64(), b: random.f64(), a };
        one.halo = (random.usize(..4) > 0).then(|| Halo {
            color: color(&mut random, [1.0, 0.6][i % 2]),
            width: [0.5, 1.0, 2.0, 3.7][random.usize(..4)],
            blur: [0.0, 0.0, 0.5, 2.0][random.usize(..4)],
        });
        let own = color(&mut random, [1.0, 1.0, 0.5][i % 3]);
        symbols.texts.push(colored(one, own));
    }
    for i in 0..20 {
        let at = [f64::from(width), f64::from(height)].map(|side| random.f64() * (side + 40.0) - 30.0);
        let pose = match random.bool() {
            true => Pose::Upright(at.map(|c| c as i64)),
            false => {
                let (sin, cos) = (random.f64() * TAU).sin_cos();
                let [e, f] = at.map(|c| (c * 65_536.0).round() / 65_536.0);
                Pose::Turned([1.25 * cos, 1.25 * sin, -0.75 * sin, 0.75 * cos, e, f])
            }
        };
        symbols.icons.push(Icon { name: "shield".into(), image: i % 2, pose, opacity: [1.0, 0.7][i % 2] });
    }
    scene(width, height, symbols, outlines, images)
}

/// A scene as seen from another corner.
fn part(whole: &Scene, [left, top]: [u32; 2], width: u32, height: u32) -> Scene {
    let by = [i64::from(left), i64::from(top)];
    let mut part = Scene { width, height, ..whole.clone() };
    for run in &mut part.runs {
        let Run::Symbols(_, symbols) = run else { continue };
        for glyph in symbols.texts.iter_mut().flat_map(|text| &mut text.runs).flat_map(|run| &mut run.glyphs) {
            glyph.at = [0, 1].map(|i| glyph.at[i] - by[i] as i32 * PX);
        }
        for icon in &mut symbols.icons {
            icon.pose = match icon.pose {
                Pose::Upright(at) => Pose::Upright([0, 1].map(|i| at[i] - by[i])),
                Pose::Turned([a, b, c, d, e, f]) => Pose::Turned([a, b, c, d, e - by[0] as f64, f - by[1] as f64]),
            };
        }
    }
    part
}

#[test]
fn any_part_of_a_picture_is_the_picture() {
    for seed in 0..4 {
        // Higher than what is drawn at once.
        let (width, height) = (611, 700);
        let scene = crowd(seed, width, height);
        let whole = raster::pixels(&scene);
        assert!(whole.pixels.iter().filter(|pixel| **pixel != 0).count() > 20_000);
        let mut put = Picture::blank(width, height);
        let (columns, rows) = ([0, 37, 256, 401, width], [0, 101, 333, 511, 613, height]);
        for x in columns.windows(2) {
            for y in rows.windows(2) {
                let part = part(&scene, [x[0], y[0]], x[1] - x[0], y[1] - y[0]);
                put.put(&raster::pixels(&part), [x[0], y[0]]);
            }
        }
        let differing = whole.pixels.iter().zip(&put.pixels).filter(|(a, b)| a != b).count();
        assert_eq!(differing, 0, "seed {seed}");
    }
}

/// The alpha of each pixel.
fn alphas(scene: &Scene) -> Vec<u8> {
    raster::pixels(scene).pixels.iter().map(|pixel| (pixel >> 24) as u8).collect()
}

/// A name in the middle of 120 × 60 pixels, as letters alone and as its halo alone.
fn with_halo(name: &str, turn: u16, halo: Halo) -> [Scene; 2] {
    let mut outlines = Outlines::new();
    let letters = text(&mut outlines, name, 32.0, if turn == 0 { [12.3, 41.7] } else { [30.0, 12.0] }, turn);
    let none = Color { a: 0.0, ..RED };
    let around = Text { halo: Some(halo), ..colored(letters.clone(), none) };
    [letters, around].map(|text| {
        let symbols = Symbols { icons: Vec::new(), texts: vec![text] };
        scene(120, 60, symbols, outlines.clone(), Vec::new())
    })
}

/// How far the middle of each pixel is from the letters, which are looked at four times as large.
fn distances(letters: &Scene) -> Vec<f64> {
    const TIMES: usize = 4;
    let mut large = letters.clone();
    (large.width, large.height) = (letters.width * TIMES as u32, letters.height * TIMES as u32);
    for run in &mut large.runs {
        let Run::Symbols(_, symbols) = run else { continue };
        for run in symbols.texts.iter_mut().flat_map(|text| &mut text.runs) {
            run.size *= TIMES as f64;
            run.glyphs.iter_mut().for_each(|glyph| glyph.at = glyph.at.map(|c| c * TIMES as i32));
        }
    }
    let (width, inked) = (large.width as usize, alphas(&large));
    let is_inked = |i: usize| inked.get(i).is_some_and(|alpha| *alpha >= 128);
    let on_edge = |i: &usize| is_inked(*i) && [i - 1, i + 1, i - width, i + width].iter().any(|&i| !is_inked(i));
    let place = |i: usize| [i % width, i / width].map(|c| (c as f64 + 0.5) / TIMES as f64);
    let edge: Vec<[f64; 2]> = (width..inked.len()).filter(on_edge).map(place).collect();
    let all = (0..letters.height as usize).flat_map(|y| (0..letters.width as usize).map(move |x| [x, y]));
    let distance = |[x, y]: [usize; 2]| {
        if is_inked((y * TIMES + 2) * width + x * TIMES + 2) {
            return 0.0;
        }
        let [x, y] = [x, y].map(|c| c as f64 + 0.5);
        edge.iter().map(|[a, b]| (a - x) * (a - x) + (b - y) * (b - y)).fold(f64::INFINITY, f64::min).sqrt()
    };
    all.map(distance).collect()
}

#[test]
fn a_halo_is_what_lies_within_its_width_of_the_letters() {
    for (name, turn) in [("Bea8@", 0), ("ßgmo", 75), ("سلام", 0)] {
        let [letters, _] = with_halo(name, turn, Halo { color: RED, width: 1.0, blur: 0.0 });
        let distances = distances(&letters);
        assert!(distances.iter().filter(|distance| **distance == 0.0).count() > 150, "{name}");
        for (width, blur) in [(0.5, 0.0), (1.0, 0.0), (3.0, 0.0), (7.0, 0.0), (4.0, 1.0), (5.0, 2.5)] {
            let [_, halo] = with_halo(name, turn, Halo { color: RED, width, blur });
            let fade = 1.19 * blur;
            for (i, (alpha, distance)) in alphas(&halo).into_iter().zip(&distances).enumerate() {
                let told = format!("{name} {width} {blur}: {alpha} at {} {}, {distance} px away", i % 120, i / 120);
                if *distance < width - fade - 1.0 {
                    assert_eq!(alpha, 255, "{told}");
                }
                if *distance > width + fade + 1.0 {
                    assert_eq!(alpha, 0, "{told}");
                }
                if blur > 0.0 && *distance > 0.0 {
                    let t = ((width + fade - distance) / (2.0 * fade)).clamp(0.0, 1.0);
                    let wanted = t * t * (3.0 - 2.0 * t) * 255.0;
                    // What fades over half a pixel.
                    let slack = 255.0 * 1.5 / (2.0 * fade) / 2.0 + 8.0;
                    assert!((f64::from(alpha) - wanted).abs() <= slack, "{told}, not {wanted}");
                }
            }
        }
    }
}

#[test]
fn a_translucent_text_is_nowhere_darker_than_its_colour() {
    let half = Color { a: 0.5, ..RED };
    for name in ["WAVE", "سلام", "ooo"] {
        let [_, halo] = with_halo(name, 0, Halo { color: half, width: 4.0, blur: 0.0 });
        let [mut letters, _] = with_halo(name, 0, Halo { color: half, width: 4.0, blur: 0.0 });
        let Run::Symbols(_, symbols) = &mut letters.runs[0] else { panic!("symbols") };
        symbols.texts = symbols.texts.drain(..).map(|text| colored(text, half)).collect();
        for scene in [halo, letters] {
            for alphas in [alphas(&scene), by_resvg(&scene, &labels()).pixels.iter().map(|p| (p >> 24) as u8).collect()]
            {
                let most = alphas.iter().max().expect("pixels");
                assert!((127..=129).contains(most), "{name}: {most}");
            }
        }
    }
}

#[test]
fn halos_lie_under_the_letters_of_all_texts_and_icons_under_both() {
    let mut outlines = Outlines::new();
    let halo = Halo { color: RED, width: 6.0, blur: 0.0 };
    let mut one = |x: f64| Text { halo: Some(halo), ..text(&mut outlines, "I", 30.0, [x, 40.0], 0) };
    let texts = vec![one(10.0), one(14.0)];
    let icon = Icon { name: "i".into(), image: 0, pose: Pose::Upright([0, 0]), opacity: 1.0 };
    let images = vec![Bitmap { width: 60, height: 50, data: [0, 0, 255, 255].repeat(3000) }];
    let scene = scene(60, 50, Symbols { icons: vec![icon], texts }, outlines, images);
    for picture in [raster::pixels(&scene), by_resvg(&scene, &labels())] {
        let row: Vec<[u8; 4]> = (0..60).map(|x| picture.pixel(x, 30)).collect();
        let black = |pixel: &&[u8; 4]| pixel[..3] == [0, 0, 0];
        assert!(row.iter().filter(black).count() >= 4, "both letters are seen: {row:?}");
        assert!(row.contains(&[255, 0, 0, 255]), "{row:?}");
        assert_eq!([0, 59].map(|x: usize| row[x]), [[0, 0, 255, 255]; 2]);
    }
}

#[test]
fn upright_icons_are_their_images_pixel_for_pixel() {
    let image = bitmap(17, 11);
    let icon = |at| Icon { name: "i".into(), image: 0, pose: Pose::Upright(at), opacity: 1.0 };
    let icons = vec![icon([3, 4]), icon([-5, 20]), icon([30, 25])];
    let scene = scene(40, 30, Symbols { icons, texts: Vec::new() }, Outlines::new(), vec![image.clone()]);
    for picture in [raster::pixels(&scene), by_resvg(&scene, &labels())] {
        for [left, top] in [[3, 4], [-5, 20], [30, 25]] {
            for (x, y) in (0..17).flat_map(|x| (0..11).map(move |y| (x, y))) {
                let at = [left + x, top + y];
                if at[0] >= 0 && at[0] < 40 && at[1] < 30 {
                    let got = picture.pixel(at[0] as u32, at[1] as u32);
                    assert_eq!(got, image.pixel(x as u32, y as u32), "{at:?}");
                }
            }
        }
    }
}

/// The share of pixels that are further off than so many levels in a channel.
fn share(a: &Picture, b: &Picture, levels: u8) -> f64 {
    let off = |(a, b): (&u32, &u32)| {
        let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
        (0..4).any(|i| a[i].abs_diff(b[i]) > levels)
    };
    let count = a.pixels.iter().zip(&b.pixels).filter(|pair| off(*pair)).count();
    count as f64 / a.pixels.len() as f64
}

#[test]
fn the_written_svg_shows_the_same() {
    for turn in [None, Some(Turn { bearing: 33.0, pivot: [200.0, 100.0] })] {
        for seed in 10..13 {
            let scene = Scene { turn, ..crowd(seed, 611, 480) };
            let (direct, reference) = (raster::pixels(&scene), by_resvg(&scene, &labels()));
            let [any, some, much] = [0, 24, 64].map(|levels| share(&direct, &reference, levels));
            assert!(any > 0.0 && some < 0.02 && much < 0.002, "{any} {some} {much}");
        }
    }
}

fn written(scene: &Scene) -> String {
    svg::write(scene, &labels(), &svg::Document { title: "t", attribution: "", live_text: false })
}

#[test]
fn texts_are_labelled_and_glyphs_defined_once() {
    let mut outlines = Outlines::new();
    let halo = Some(Halo { color: RED, width: 1.5, blur: 0.0 });
    let names = ["Park Avenue", "\"><script>&\u{0}", "Park Lane"];
    let texts: Vec<Text> = names
        .iter()
        .enumerate()
        .map(|(i, name)| Text { halo, ..text(&mut outlines, name, 16.0, [20.0, 20.0 * i as f64], 90) })
        .collect();
    let letters: usize = texts.iter().flat_map(|text| &text.runs).map(|run| run.glyphs.len()).sum();
    let scene = scene(512, 512, Symbols { icons: Vec::new(), texts }, outlines, Vec::new());
    let viewport = Viewport::of_tile(TileId::new(14, 8529, 5974).expect("a tile"), 512, 1);
    let text = written(&scene);
    let document = check("labels", &text, &viewport);
    let layer = document.descendants().find(|node| node.attribute("id") == Some("labels")).expect("the layer");
    let groups: Vec<Node> = layer.descendants().filter(|node| node.attribute("role") == Some("img")).collect();
    let shown: Vec<&str> = groups.iter().filter_map(|group| group.attribute("aria-label")).collect();
    assert_eq!(shown, ["Park Avenue", "\"><script>&", "Park Lane"]);
    let inkscape = ("http://www.inkscape.org/namespaces/inkscape", "label");
    assert!(groups.iter().all(|group| group.attribute(inkscape) == group.attribute("aria-label")));
    let of = |kind: &str| -> Vec<&str> {
        let uses = layer.descendants().filter(|node| node.has_tag_name("use"));
        uses.filter_map(|node| node.attribute("href")).filter(|href| href.starts_with(kind)).collect()
    };
    for kind in ["#letter-", "#halo-"] {
        let used = of(kind);
        let distinct: BTreeSet<&&str> = used.iter().collect();
        assert_eq!((used.len(), distinct.len()), (letters, scene.outlines.len()), "{kind}");
    }
    let data = |kind: &str| -> Vec<String> {
        let paths = document.descendants().filter(|node| node.attribute("id").is_some_and(|id| id.starts_with(kind)));
        paths.filter_map(|node| node.attribute("d")).map(str::to_string).collect()
    };
    assert_eq!((data("letter-").len(), data("halo-").len()), (scene.outlines.len(), scene.outlines.len()));
    assert!(data("letter-").iter().any(|data| data.contains('q')), "curves stay curves");
}

#[test]
fn a_layer_in_several_runs_has_a_class_and_no_id() {
    let mut outlines = Outlines::new();
    let mut run = |name| {
        let texts = vec![text(&mut outlines, name, 16.0, [20.0, 20.0], 0)];
        Run::Symbols(0, Symbols { icons: Vec::new(), texts })
    };
    let runs = vec![run("one"), run("two")];
    let whole = Scene { runs, outlines: outlines.clone(), ..scene(512, 512, Symbols::default(), outlines, Vec::new()) };
    let viewport = Viewport::of_tile(TileId::new(14, 8529, 5974).expect("a tile"), 512, 1);
    let text = written(&whole);
    let document = check("runs", &text, &viewport);
    assert_eq!(document.descendants().filter(|node| node.attribute("class") == Some("labels")).count(), 2);
}
