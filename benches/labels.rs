//! What labels cost: 150 of 14 glyphs with halos, in pixels and as SVG; and as many along lines, each glyph turned.
//!
//! `cargo bench --bench labels`. `first` draws them with glyphs that no picture has had before, the others with those of
//! the picture before.

use divan::{Bencher, black_box};
use rasterzen::output::{raster, resvg, svg};
use rasterzen::scene::symbol::{Glyph, GlyphRun, Halo, Outlines, Symbols, TURNS, Text};
use rasterzen::scene::{Run, Scene};
use rasterzen::style::color::Color;
use rasterzen::style::{BUNDLED, Style};
use rasterzen::text::{Fonts, Paragraph, shape};
use std::collections::HashMap;

fn main() {
    divan::main();
}

const LABELS: usize = 150;
const LETTERS: usize = 14;
const WHITE: Color = Color { r: 1.0, g: 1.0, b: 1.0, a: 1.0 };

#[derive(Clone, Copy, Debug)]
enum Case {
    Plain,
    Halo,
    Blurred,
    Turned,
}

const CASES: [Case; 4] = [Case::Plain, Case::Halo, Case::Blurred, Case::Turned];

/// Names of letters from the whole alphabet over 512 × 512 pixels; `size` is the em.
fn scene(case: Case, size: f64) -> Scene {
    let fonts = Fonts::bundled();
    let stack = fonts.stack(["Noto Sans Regular"]);
    let mut random = fastrand::Rng::with_seed(1);
    let mut known: HashMap<u32, usize> = HashMap::new();
    let mut outlines = Outlines::new();
    let mut texts = Vec::new();
    for _ in 0..LABELS {
        let name: String = (0..LETTERS).map(|_| random.lowercase()).collect();
        let shaped = shape(&fonts, &Paragraph::line(&*name, stack.clone()));
        let start = [random.f64() * 400.0, 20.0 + random.f64() * 480.0];
        let turn = if matches!(case, Case::Turned) { random.u16(0..TURNS as u16) } else { 0 };
        let glyph = |glyph: &rasterzen::text::Glyph| {
            let outline = *known.entry(glyph.id).or_insert_with(|| {
                outlines.push(fonts.outline(glyph.font, glyph.id).expect("a letter"));
                outlines.len() - 1
            });
            let at = [0, 1].map(|i| ((start[i] + glyph.at[i] * size) * 256.0) as i32);
            Glyph { outline, at, turn }
        };
        let line = &shaped.lines[0];
        let glyphs: Vec<Glyph> = line.glyphs.iter().map(glyph).collect();
        let run = GlyphRun { font: stack.fonts()[0], size, color: Color::BLACK, content: 0..LETTERS, glyphs };
        let halo = match case {
            Case::Plain => None,
            Case::Halo | Case::Turned => Some(Halo { color: WHITE, width: 1.5, blur: 0.0 }),
            Case::Blurred => Some(Halo { color: WHITE, width: 1.5, blur: 0.5 }),
        };
        texts.push(Text { content: name, runs: vec![run], halo });
    }
    let runs = vec![Run::Symbols(0, Symbols { icons: Vec::new(), texts })];
    Scene { width: 512, height: 512, turn: None, runs, images: Vec::new(), outlines, caption: None }
}

#[divan::bench(args = CASES)]
fn pixels(bencher: Bencher, case: Case) {
    let scene = scene(case, 14.0);
    bencher.bench_local(|| raster::pixels(black_box(&scene)));
}

#[divan::bench(args = CASES)]
fn pixels_first(bencher: Bencher, case: Case) {
    let mut size = 14.0;
    let another = || {
        size += 1e-9;
        scene(case, size)
    };
    bencher.with_inputs(another).bench_local_values(|scene| raster::pixels(&scene));
}

fn written(scene: &Scene, style: &Style) -> String {
    svg::write(scene, style, &svg::Document { title: "labels", attribution: "", live_text: false })
}

#[divan::bench(args = CASES)]
fn text_of_svg(bencher: Bencher, case: Case) {
    let (scene, style) = (scene(case, 14.0), Style::parse("light", BUNDLED[0].1).expect("a style"));
    println!("{} KiB ", written(&scene, &style).len() >> 10);
    bencher.bench_local(|| written(black_box(&scene), &style));
}

#[divan::bench(args = CASES)]
fn pixels_by_resvg(bencher: Bencher, case: Case) {
    let (scene, style) = (scene(case, 14.0), Style::parse("light", BUNDLED[0].1).expect("a style"));
    let text = written(&scene, &style);
    bencher.bench_local(|| resvg::pixels(black_box(&text), 512, 512));
}
