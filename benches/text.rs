//! What setting names costs: each anew, and remembered.
//!
//! `cargo bench --bench text`. The names are those of the shaping fixture and Latin, Arabic and Hebrew ones of their own
//! kind, set as labels are: in lines of at most ten ems.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rasterzen::text::{Fonts, Paragraph, Shaper, shape};
use std::sync::Arc;

fn main() {
    divan::main();
}

const FIXTURE: &str = include_str!("../fixtures/shaping/names.jsonl");

/// Names as labels, all of them or those of one script.
fn labels(fonts: &Fonts, script: Option<&str>) -> Vec<Paragraph> {
    let stack = fonts.stack(["Noto Sans Regular"]);
    let lines = FIXTURE.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let own = lines.filter(|line| script.is_none_or(|script| line["script"] == script));
    own.map(|line| Paragraph {
        max_width: 10.0,
        ..Paragraph::line(line["text"].as_str().expect("a name"), stack.clone())
    })
    .collect()
}

#[divan::bench(args = ["all", "Latn", "Cyrl", "Arab", "Hebr"])]
fn anew(bencher: Bencher, script: &str) {
    let fonts = Fonts::bundled();
    let labels = labels(&fonts, (script != "all").then_some(script));
    bencher.counter(ItemsCount::new(labels.len())).bench(|| {
        for label in &labels {
            black_box(shape(&fonts, label));
        }
    });
}

#[divan::bench]
fn remembered(bencher: Bencher) {
    let fonts = Fonts::bundled();
    let labels = labels(&fonts, None);
    let shaper = Shaper::new(fonts.clone(), 16 << 20);
    bencher.counter(ItemsCount::new(labels.len())).bench(|| {
        for label in &labels {
            black_box(shaper.shape(label));
        }
    });
}

/// From nothing to the first name: what a cold start pays.
#[divan::bench]
fn first_name(bencher: Bencher) {
    let data = include_bytes!("../styles/fonts/NotoSans-Regular.ttf");
    bencher.bench(|| {
        let fonts = Arc::new(Fonts::with_file(data.to_vec()).expect("a font"));
        shape(&fonts, &Paragraph::line("Golden Gate Park", fonts.stack(["Noto Sans Regular"])))
    });
}

#[divan::bench]
fn outlines(bencher: Bencher) {
    let fonts = Fonts::bundled();
    let shaped = shape(&fonts, &Paragraph::line("Golden Gate Park", fonts.stack(["Noto Sans Regular"])));
    let glyphs = &shaped.lines[0].glyphs;
    bencher.counter(ItemsCount::new(glyphs.len())).bench(|| {
        for glyph in glyphs {
            black_box(fonts.outline(glyph.font, glyph.id).map(|outline| outline.rings(16.0 * 256.0, 8.0)));
        }
    });
}
