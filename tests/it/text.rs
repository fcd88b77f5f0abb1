//! Text as glyphs, through the library: against HarfBuzz itself, and by the rules of scripts, directions and lines.

use crate::decode::below;
use rasterzen::source::{Overrides, Source};
use rasterzen::text::{
    FontId, FontStack, Fonts, Glyph, Justify, Outline, Paragraph, Section, Segment, Shaped, Shaper, WritingMode, shape,
};
use rasterzen::tile::TileId;
use rasterzen::value::{Attributes, Property};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn regular(fonts: &Fonts) -> FontStack {
    fonts.stack(["Noto Sans Regular"])
}

/// The font of that name, which is there.
fn font(fonts: &Fonts, name: &str) -> FontId {
    fonts.stack([name]).fonts()[0]
}

/// In one line, with Noto Sans.
fn line_of(text: &str) -> Shaped {
    let fonts = Fonts::bundled();
    shape(&fonts, &Paragraph::line(text, regular(&fonts)))
}

/// In lines of at most about so many ems.
fn wrapped(text: &str, max_width: f64) -> Shaped {
    let fonts = Fonts::bundled();
    shape(&fonts, &Paragraph { max_width, ..Paragraph::line(text, regular(&fonts)) })
}

fn texts(shaped: &Shaped) -> Vec<&str> {
    shaped.lines.iter().map(|line| &shaped.text[line.text.clone()]).collect()
}

/// What the clusters of the glyphs show, from the left to the right.
fn shown(shaped: &Shaped, glyphs: &[Glyph]) -> String {
    let mut clusters: Vec<[u32; 2]> = glyphs.iter().map(|glyph| glyph.cluster).collect();
    clusters.dedup();
    clusters.iter().map(|[start, end]| &shaped.text[*start as usize..*end as usize]).collect()
}

// Against HarfBuzz.

/// A name as `hb-shape` sets it; `fixtures/shaping/make.py` writes them.
#[derive(Deserialize)]
struct Expected {
    text: String,
    font: String,
    rtl: bool,
    script: String,
    glyphs: Vec<[i64; 5]>,
}

/// Number, cluster, advance and offset in font units of 1000 to the em, as `hb-shape` prints them.
fn in_units(shaped: &Shaped) -> Vec<[i64; 5]> {
    let units = |ems: f64| (ems * 1000.0).round() as i64;
    let glyphs = shaped.lines.iter().flat_map(|line| &line.glyphs);
    let five = |glyph: &Glyph| {
        let [along, down] = glyph.offset;
        [i64::from(glyph.id), i64::from(glyph.cluster[0]), units(glyph.advance), units(along), -units(down)]
    };
    glyphs.map(five).collect()
}

#[test]
fn names_are_set_as_harfbuzz_sets_them() {
    let lines = std::fs::read_to_string(root().join("fixtures/shaping/names.jsonl")).expect("the fixture");
    let fonts = Fonts::bundled();
    let mut scripts: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines.lines() {
        let expected: Expected = serde_json::from_str(line).expect(line);
        let shaped = line_of(&expected.text);
        let own = font(&fonts, &expected.font);
        assert!(shaped.lines[0].glyphs.iter().all(|glyph| glyph.font == own), "{}", expected.text);
        assert_eq!(in_units(&shaped), expected.glyphs, "{}", expected.text);
        assert_eq!(shaped.missing, 0, "{}", expected.text);
        assert_eq!(expected.rtl, ["Arab", "Hebr"].contains(&expected.script.as_str()));
        *scripts.entry(expected.script).or_default() += 1;
    }
    assert_eq!(scripts.len(), 5, "{scripts:?}");
    assert!(scripts.values().all(|&count| count >= 9), "{scripts:?}");
}

/// All values of `name` and `name:*` in the sample map.
static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut tiles = Vec::new();
    runtime.block_on(async {
        let source = Source::open("sample", &Overrides::default(), None).await.expect("the sample map");
        below(&source, TileId::new(0, 0, 0).expect("a tile"), &mut tiles).await;
    });
    let mut names = BTreeSet::new();
    for (_, bytes) in tiles {
        let tile = rasterzen::mvt::Tile::parse(bytes).expect("a tile");
        for feature in tile.layer_names().filter_map(|name| tile.layer(name)).flat_map(|layer| layer.features()) {
            for (key, value) in feature.properties() {
                if let Property::String(text) = value
                    && (key == "name" || key.starts_with("name:"))
                {
                    names.insert(text.to_string());
                }
            }
        }
    }
    names
});

#[test]
fn all_latin_and_cyrillic_names_of_the_sample_map_are_set_as_harfbuzz_sets_them() {
    if Command::new("hb-shape").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no hb-shape (Debian's libharfbuzz-bin)");
        return;
    }
    let of = |low: char, high: char| -> Vec<&str> {
        let fits =
            |c: char| (low..=high).contains(&c) && c.is_alphabetic() || " -.'/()".contains(c) || c.is_ascii_digit();
        let fit = |name: &&String| name.chars().all(fits) && name.contains(|c: char| c > '@') && name.trim() == **name;
        NAMES.iter().filter(fit).map(String::as_str).collect()
    };
    let mut compared = 0;
    for (script, names) in [("Latn", of('A', 'ɏ')), ("Cyrl", of('Ѐ', 'ӿ'))] {
        let mut child = Command::new("hb-shape")
            .args(["--no-glyph-names", "--utf8-clusters", "--output-format=json", "--text-file=-"])
            .args([&format!("--script={script}"), "--direction=ltr"])
            .arg(root().join("styles/fonts/NotoSans-Regular.ttf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("hb-shape");
        let mut input = child.stdin.take().expect("its input");
        let sent = names.join("\n") + "\n";
        let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, sent.as_bytes()));
        let output = child.wait_with_output().expect("its output");
        writer.join().expect("a writer").expect("all is written");
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(lines.lines().count(), names.len());
        for (name, line) in names.iter().zip(lines.lines()) {
            let glyphs: Vec<BTreeMap<String, i64>> = serde_json::from_str(line).expect(line);
            let five = |glyph: &BTreeMap<String, i64>| ["g", "cl", "ax", "dx", "dy"].map(|key| glyph[key]);
            assert_eq!(in_units(&line_of(name)), glyphs.iter().map(five).collect::<Vec<_>>(), "{name}");
            compared += 1;
        }
    }
    eprintln!("{compared} names");
    assert!(compared > 5000, "{compared}");
}

#[test]
fn the_names_of_the_sample_map_need_other_fonts_only_for_other_scripts() {
    let fonts = Fonts::bundled();
    let stack = regular(&fonts);
    for name in NAMES.iter() {
        let shaped = shape(&fonts, &Paragraph::line(name.as_str(), stack.clone()));
        // Chinese, Japanese, Korean, Devanagari and Thai, arrows, emoji.
        let is_beyond = |c: char| matches!(c, '\u{900}'..='\u{DFF}' | '\u{E00}'..='\u{E7F}' | '\u{2190}'..='\u{2BFF}');
        let beyond = name.chars().filter(|&c| c >= '\u{3000}' || is_beyond(c)).count();
        assert!(shaped.missing <= beyond, "{name}: {} missing", shaped.missing);
    }
}

// Directions.

#[test]
fn directions_are_mixed_as_in_uax_9() {
    // Each from the left to the right as it is seen; digits and Latin keep their order among Hebrew and Arabic.
    for (text, seen) in [
        ("abc", "abc"),
        ("אבג", "גבא"),
        ("Haifa חיפה port", "Haifa הפיח port"),
        ("חיפה Haifa", "Haifa הפיח"),
        ("רחוב 12", "12 בוחר"),
        ("רחוב 12-14", "12-14 בוחר"),
        ("שער (A1) צפון", "ןופצ (A1) רעש"),
        ("Gate (א) 7", "Gate (א) 7"),
        ("نفق 2", "2 قفن"),
        ("\u{202B}abc אבג\u{202C}", "\u{202C}גבא abc\u{202B}"),
    ] {
        let shaped = line_of(text);
        let seen_ours = shown(&shaped, &shaped.lines[0].glyphs);
        // Which bracket is drawn is told by its mirrored glyph, not by its character.
        let plain = |text: &str| text.replace(['(', ')', '\u{202B}', '\u{202C}'], "|").replace('|', "");
        assert_eq!(plain(&seen_ours), plain(seen), "{text}");
    }
}

#[test]
fn brackets_around_hebrew_open_to_the_left() {
    let glyph = |text: &str, i: usize| line_of(text).lines[0].glyphs[i].id;
    let (open, close) = (glyph("(", 0), glyph(")", 0));
    let glyphs = line_of("(אב)").lines[0].glyphs.iter().map(|glyph| glyph.id).collect::<Vec<_>>();
    assert_eq!([glyphs[0], glyphs[3]], [open, close]);
}

#[test]
fn pens_and_advances_agree() {
    for text in ["Haifa חיפה 12 (נמל)", "شارع الملك 7", "Zürich", "Ệ o\u{304}\u{301}"] {
        let shaped = line_of(text);
        let line = &shaped.lines[0];
        let mut pen = line.start;
        for glyph in &line.glyphs {
            let at = [pen[0] + glyph.offset[0], pen[1] + glyph.offset[1]];
            assert!((0..2).all(|i| (at[i] - glyph.at[i]).abs() < 1e-9), "{text}: {at:?} {:?}", glyph.at);
            pen[0] += glyph.advance;
        }
        assert!((pen[0] - line.length).abs() < 1e-9, "{text}");
        assert_eq!((shaped.width, shaped.height), (line.length, 1.2), "{text}");
    }
}

// Fonts.

#[test]
fn names_of_fonts_give_the_nearest_face() {
    let fonts = Fonts::bundled();
    let [regular, bold, italic] = ["Noto Sans Regular", "Noto Sans Bold", "Noto Sans Italic"].map(|n| font(&fonts, n));
    let [arabic, arabic_bold] = ["Noto Sans Arabic Regular", "Noto Sans Arabic Bold"].map(|n| font(&fonts, n));
    assert_eq!(BTreeSet::from([regular, bold, italic, arabic, arabic_bold]).len(), 5);
    for (name, expected) in [
        ("Noto Sans", regular),
        ("NotoSans-Regular", regular),
        ("noto sans bold", bold),
        ("Noto Sans SemiBold", bold),
        ("Noto Sans Medium", regular),
        ("Noto Sans Black", bold),
        ("Noto Sans Light", regular),
        ("Noto Sans Bold Italic", italic),
        ("Noto Sans Condensed Extra Bold", bold),
        ("Open Sans Regular", regular),
        ("Open Sans Bold", bold),
        ("Open Sans Semibold", bold),
        ("Arial Unicode MS Regular", regular),
        ("Arial Unicode MS Bold", bold),
        ("DIN Offc Pro Medium Italic", italic),
        ("DIN Offc Pro Italic", italic),
        ("Roboto Condensed Light", regular),
        ("Roboto Condensed Light Italic", italic),
        ("Metropolis Extra Light Oblique", italic),
        ("Noto Sans Arabic", arabic),
        ("Noto Sans Arabic UI Black", bold),
        ("", regular),
        ("Bold", regular),
        ("- - -", regular),
    ] {
        assert_eq!(font(&fonts, name), expected, "{name}");
    }
}

#[test]
fn a_character_is_drawn_by_the_first_font_that_has_it() {
    let fonts = Fonts::bundled();
    let id = |name: &str| font(&fonts, name);
    let first_font = |stack: &[&str], text: &str| {
        let shaped = shape(&fonts, &Paragraph::line(text, fonts.stack(stack.iter().copied())));
        shaped.lines[0].glyphs[0].font
    };
    assert_eq!(first_font(&["Noto Sans Bold"], "ب"), id("Noto Sans Arabic Bold"));
    assert_eq!(first_font(&["Noto Sans Italic"], "ب"), id("Noto Sans Arabic"));
    assert_eq!(first_font(&["Noto Sans Bold"], "א"), id("Noto Sans Hebrew Bold"));
    // Polytonic Greek is in the regular font alone.
    assert_eq!(first_font(&["Noto Sans Italic"], "ἀ"), id("Noto Sans Regular"));
    // The second name comes before all that were not named.
    assert_eq!(first_font(&["Noto Sans Italic", "Noto Sans Arabic Bold"], "ب"), id("Noto Sans Arabic Bold"));
    assert_eq!(first_font(&["Noto Sans Hebrew", "Noto Sans Bold"], "A"), id("Noto Sans Bold"));
    // Letter and mark are of one font, though only the letter is in the first: Hebrew has no macron.
    let shaped = shape(&fonts, &Paragraph::line("א\u{5B8}", fonts.stack(["Noto Sans Bold"])));
    assert_eq!(BTreeSet::from_iter(shaped.lines[0].glyphs.iter().map(|g| g.font)).len(), 1);
    // Spaces stay with the words they part: a name is one run, digits aside.
    let arabic = line_of("شارع الملك عبد العزيز");
    assert!(arabic.lines[0].glyphs.iter().all(|glyph| glyph.font == id("Noto Sans Arabic")));
}

#[test]
fn what_no_font_has_is_left_out_and_counted() {
    for (text, missing, glyphs) in
        [("東京 Tokyo", 2, 6), ("東", 1, 0), ("🏳\u{FE0F}\u{200D}🌈", 4, 0), ("A\u{E000}B", 1, 2)]
    {
        let shaped = line_of(text);
        assert_eq!(shaped.missing, missing, "{text}");
        assert_eq!(shaped.lines.iter().map(|line| line.glyphs.len()).sum::<usize>(), glyphs, "{text}");
        assert_eq!(shaped.text, text);
    }
    assert_eq!((line_of("東").lines, line_of("東").width), (vec![], 0.0));
}

#[test]
fn texts_without_anything_to_see_have_no_lines() {
    for text in ["", "\n\n", "\u{1}\u{7F}\u{85}"] {
        let shaped = wrapped(text, 10.0);
        assert_eq!((shaped.lines.len(), shaped.width, shaped.height, shaped.missing), (0, 0.0, 0.0, 0), "{text:?}");
    }
}

#[test]
fn control_characters_are_no_letters() {
    assert_eq!(line_of("A\u{0}B\u{1B}C\tD").text, "ABC D");
    assert_eq!(line_of("A\u{0}B").missing, 0);
    for newline in ["\n", "\r", "\r\n", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}"] {
        assert_eq!(texts(&line_of(&format!("A{newline}B"))), ["A", "B"], "{newline:?}");
    }
    // Direction marks, joiners and byte order marks take no room.
    assert_eq!(line_of("A\u{200E}\u{2060}\u{FEFF}B").width, line_of("AB").width);
}

// Letters.

#[test]
fn letters_with_marks_are_one_cluster() {
    let shaped = line_of("x\u{301}y");
    assert_eq!(shown(&shaped, &shaped.lines[0].glyphs), "x\u{301}y");
    assert_eq!(shaped.lines[0].glyphs.iter().map(|g| g.cluster).collect::<BTreeSet<_>>().len(), 2);
    assert!((shaped.width - line_of("xy").width).abs() < 1e-9);
    // Composed and decomposed look alike.
    let glyphs = |text: &str| line_of(text).lines[0].glyphs.iter().map(|g| (g.id, g.at)).collect::<Vec<_>>();
    assert_eq!(glyphs("Ḗ é Ệ"), glyphs("E\u{304}\u{301} e\u{301} E\u{323}\u{302}"));
}

#[test]
fn letter_spacing_parts_letters_but_not_joined_ones() {
    let spaced = |text: &str, letter_spacing: f64| {
        let fonts = Fonts::bundled();
        shape(&fonts, &Paragraph { letter_spacing, ..Paragraph::line(text, regular(&fonts)) })
    };
    // Between six letters there are five spaces; one after the last would put the label off its middle.
    assert!((spaced("London", 0.1).width - spaced("London", 0.0).width - 0.5).abs() < 1e-9);
    assert!((spaced("x\u{301}y", 0.1).width - spaced("x\u{301}y", 0.0).width - 0.1).abs() < 1e-9);
    assert!((spaced("תל", -0.05).width - spaced("תל", 0.0).width + 0.05).abs() < 1e-9);
    // A ligature of two f is one glyph only without spacing. (Noto Sans has one in its italic.)
    let fonts = Fonts::bundled();
    let italic = |letter_spacing: f64| {
        let stack = fonts.stack(["Noto Sans Italic"]);
        let shaped = shape(&fonts, &Paragraph { letter_spacing, ..Paragraph::line("office", stack) });
        shaped.lines[0].glyphs.len()
    };
    assert!(italic(0.0) <= italic(0.1) && italic(0.1) == 6);
    // Joined letters stay joined, with the forms that they have.
    assert_eq!(spaced("شارع", 0.3).lines, spaced("شارع", 0.0).lines);
    let forms = |text: &str| spaced(text, 0.3).lines[0].glyphs.iter().map(|g| g.id).collect::<Vec<_>>();
    assert_ne!(forms("ععع")[1], forms("ع")[0]);
    // In a mixed name the Latin letters alone are spaced out, the space after them included.
    let mixed = |spacing| spaced("AB شارع", spacing).width;
    assert!((mixed(0.1) - mixed(0.0) - 0.3).abs() < 1e-9);
}

#[test]
fn arabic_letters_take_the_form_of_their_place() {
    let ids = |text: &str| line_of(text).lines[0].glyphs.iter().map(|glyph| glyph.id).collect::<Vec<_>>();
    let isolated = ids("ه")[0];
    let three = ids("ههه");
    assert_eq!(three.len(), 3);
    assert_eq!(BTreeSet::from_iter(three.iter().chain([&isolated])).len(), 4, "{three:?}");
    // Lam and alef are one.
    assert_eq!(ids("لا").len(), 1);
}

// Lines.

#[test]
fn lines_are_alike_in_length() {
    for (text, max_width, expected) in [
        ("San Francisco", 10.0, vec!["San Francisco"]),
        ("Golden Gate National Recreation Area", 10.0, vec!["Golden Gate National", "Recreation Area"]),
        ("Parque Nacional de los Picos de Europa", 10.0, vec!["Parque Nacional de", "los Picos de Europa"]),
        ("Donaudampfschifffahrtsgesellschaft", 5.0, vec!["Donaudampfschifffahrtsgesellschaft"]),
        ("one two\nthree four", 20.0, vec!["one two", "three four"]),
        ("Port\n\nHercule", 20.0, vec!["Port", "", "Hercule"]),
        ("Port\n", 20.0, vec!["Port", ""]),
        ("Wien/Vienna", 4.0, vec!["Wien/", "Vienna"]),
        ("Aix-les-Bains", 4.0, vec!["Aix-les-", "Bains"]),
        ("no\u{A0}break here", 3.0, vec!["no\u{A0}break", "here"]),
        ("(a) (b)", 1.0, vec!["(a)", "(b)"]),
    ] {
        assert_eq!(texts(&wrapped(text, max_width)), expected, "{text}");
    }
}

/// The sum of squared deviations as the rules have it, for a division into lines whose lengths are measured alone.
fn raggedness(lines: &[&str], ideal: f64) -> f64 {
    let width = |text: &str| line_of(text).width;
    let off = lines.iter().enumerate().map(|(i, line)| {
        let off = (width(line) - ideal).powi(2);
        match (i + 1 == lines.len(), width(line) < ideal) {
            (true, true) => off / 2.0,
            (true, false) => off * 2.0,
            _ => off,
        }
    });
    off.sum()
}

#[test]
fn no_other_division_into_lines_is_less_ragged() {
    let mut random = fastrand::Rng::with_seed(5);
    // Digits are as wide alone as between others, and Noto Sans does not kern them with spaces.
    for _ in 0..150 {
        let count = random.usize(2..9);
        let words: Vec<String> = (0..count).map(|_| "0".repeat(random.usize(1..9))).collect();
        let text = words.join(" ");
        let max_width = random.f64() * 6.0 + 1.0;
        let total = line_of(&text).width;
        let ideal = total / (total / max_width).ceil();
        let shaped = wrapped(&text, max_width);
        let ours = raggedness(&texts(&shaped), ideal);
        // Every subset of the spaces.
        for breaks in 0..1u32 << (count - 1) {
            let mut lines = vec![words[0].clone()];
            for (i, word) in words[1..].iter().enumerate() {
                match breaks >> i & 1 {
                    1 => lines.push(word.clone()),
                    _ => write!(lines.last_mut().expect("a line"), " {word}").expect("memory"),
                }
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert!(ours <= raggedness(&lines, ideal) + 1e-6, "{text} in {max_width}: {:?} {lines:?}", texts(&shaped));
        }
    }
    // Nothing of a real name is lost or doubled.
    for name in NAMES.iter() {
        let shaped = wrapped(name, 5.0);
        if shaped.missing > 0 {
            continue;
        }
        assert_eq!(texts(&shaped).concat().replace(' ', ""), name.trim().replace(' ', ""), "{name}");
        assert!(shaped.lines.iter().all(|line| line.length <= shaped.width), "{name}");
    }
}

#[test]
fn lines_of_words_are_set_as_words_alone() {
    // What a line shows does not depend on what stood behind the break.
    for (text, max_width) in
        [("AVA Ty To\u{308}ro\u{308} LT", 2.0), ("شارع الملك عبد العزيز", 3.0), ("תל אביב יפו", 2.0)]
    {
        let shaped = wrapped(text, max_width);
        assert!(shaped.lines.len() > 1, "{text}");
        for (line, own) in shaped.lines.iter().zip(texts(&shaped)) {
            let alone = line_of(own);
            let ids = |glyphs: &[Glyph]| glyphs.iter().map(|g| (g.id, g.advance, g.offset)).collect::<Vec<_>>();
            assert_eq!(ids(&line.glyphs), ids(&alone.lines[0].glyphs), "{text}: {own}");
        }
    }
}

#[test]
fn lines_of_the_right_are_broken_in_reading_order() {
    let shaped = wrapped("תל אביב Tel Aviv", 4.0);
    assert_eq!(texts(&shaped), ["תל אביב", "Tel Aviv"]);
    assert_eq!(shown(&shaped, &shaped.lines[0].glyphs), "ביבא לת");
}

#[test]
fn ideographs_may_end_lines_and_zero_width_spaces_suggest_where() {
    let fonts = with_squares();
    let stack = fonts.stack(["Squares"]);
    let broken = |text: &str, max_width: f64| {
        let shaped = shape(&fonts, &Paragraph { max_width, ..Paragraph::line(text, stack.clone()) });
        assert_eq!(shaped.missing, 0);
        texts(&shaped).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(broken("東京東京東京", 3.0), ["東京東", "京東京"]);
    assert_eq!(broken("東京東京\u{200B}東京", 3.0), ["東京東京\u{200B}", "東京"]);
}

#[test]
fn columns_hold_upright_ideographs_and_turned_letters() {
    let fonts = with_squares();
    let vertical = |text: &str, max_width: f64| {
        let line = Paragraph::line(text, fonts.stack(["Squares"]));
        shape(&fonts, &Paragraph { max_width, writing_mode: WritingMode::Vertical, justify: Justify::Left, ..line })
    };
    let shaped = vertical("東京A", f64::INFINITY);
    let glyphs = &shaped.lines[0].glyphs;
    assert_eq!(glyphs.iter().map(|g| g.turned).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(glyphs.iter().map(|g| (g.advance * 1000.0).round()).collect::<Vec<_>>(), [1000.0, 1000.0, 639.0]);
    let close = |a: [f64; 2], b: [f64; 2]| (0..2).all(|i| (a[i] - b[i]).abs() < 1e-9);
    // The squares are one em wide: in a column of 1.2 em they lie 0.1 em from its left.
    assert!(close(glyphs[0].at, [0.1, 0.86]) && close(glyphs[1].at, [0.1, 1.86]), "{glyphs:?}");
    // Turned clockwise, the baseline lies to the left of the middle.
    assert!(close(glyphs[2].at, [0.24, 2.0]), "{glyphs:?}");
    assert!((shaped.width - 1.2).abs() < 1e-9 && (shaped.height - 2.639).abs() < 1e-9);
    // Columns follow one another to the left.
    let two = vertical("東京東京", 2.0);
    assert_eq!(two.lines.len(), 2);
    assert!(two.lines[0].start[0] > two.lines[1].start[0] && (two.width - 2.4).abs() < 1e-9);
}

#[test]
fn sections_have_their_own_fonts_and_sizes() {
    let fonts = Fonts::bundled();
    let section =
        |text: &str, font: &str, scale: f64| Section::Text { text: text.into(), fonts: fonts.stack([font]), scale };
    let sections = vec![
        section("Gare ", "Noto Sans Bold", 1.0),
        Section::Image { width: 1.5, height: 2.0 },
        section("\nde Monaco", "Noto Sans Italic", 0.5),
    ];
    let paragraph = Paragraph { sections, justify: Justify::Right, ..Paragraph::line("", regular(&fonts)) };
    let shaped = shape(&fonts, &paragraph);
    assert_eq!(shaped.text, "Gare \u{FFFC}\nde Monaco");
    assert_eq!(texts(&shaped), ["Gare \u{FFFC}", "de Monaco"]);
    let [first, second] = &shaped.lines[..] else { panic!("two lines") };
    assert!(first.glyphs.iter().all(|g| (g.font, g.section, g.scale) == (font(&fonts, "Noto Sans Bold"), 0, 1.0)));
    assert!(second.glyphs.iter().all(|g| (g.font, g.section, g.scale) == (font(&fonts, "Noto Sans Italic"), 2, 0.5)));
    // The image's excess of one em is added to the first line; the second is half as high.
    assert!((shaped.height - (1.2 + 1.0 + 0.6)).abs() < 1e-9);
    let image = first.images[0];
    assert_eq!((image.section, image.width, image.height), (1, 1.5, 2.0));
    assert!((image.at[1] - 0.1).abs() < 1e-9 && (image.at[0] - (first.length - 1.5)).abs() < 1e-9);
    // To the right: both end at the box's right side.
    let end = |i: usize| shaped.lines[i].start[0] + shaped.lines[i].length;
    assert!((end(0) - shaped.width).abs() < 1e-9 && (end(1) - shaped.width).abs() < 1e-9);
}

#[test]
fn long_texts_are_set() {
    let texts = [
        "word ".repeat(2000),
        "abc שלום ".repeat(700),
        "x".repeat(10_000),
        "a\u{301}".repeat(5000),
        "\n".repeat(9_999),
    ];
    for text in texts {
        for max_width in [f64::INFINITY, 10.0, 0.001] {
            assert_eq!(wrapped(&text, max_width).missing, 0);
        }
    }
    let spaced = "word ".repeat(2000);
    let shaped = wrapped(&spaced, 10.0);
    assert!(shaped.lines.len() > 300 && shaped.lines.iter().all(|line| line.length < 13.0), "{}", shaped.lines.len());
}

// The cache.

#[test]
fn a_shaper_remembers_and_tells_paragraphs_apart() {
    let fonts = Fonts::bundled();
    let shaper = Shaper::new(fonts.clone(), 1 << 20);
    let plain = Paragraph::line("Golden Gate Park", regular(&fonts));
    let others = [
        plain.clone(),
        Paragraph { max_width: 3.0, ..plain.clone() },
        Paragraph { max_width: 3.0, justify: Justify::Left, ..plain.clone() },
        Paragraph { letter_spacing: 0.2, ..plain.clone() },
        Paragraph { line_height: 2.0, ..plain.clone() },
        Paragraph { writing_mode: WritingMode::Vertical, ..plain.clone() },
        Paragraph::line("Golden Gate Park", fonts.stack(["Noto Sans Bold"])),
        Paragraph::line("Golden Gate", regular(&fonts)),
    ];
    for paragraph in &others {
        let first = shaper.shape(paragraph);
        assert_eq!(*first, shape(&fonts, paragraph));
        assert!(Arc::ptr_eq(&first, &shaper.shape(paragraph)));
    }
    let all: Vec<Arc<Shaped>> = others.iter().map(|paragraph| shaper.shape(paragraph)).collect();
    for (i, a) in all.iter().enumerate() {
        assert!(all[..i].iter().all(|b| a != b), "{i}");
    }
}

// Outlines.

/// The box of an outline's points, in ems: left, bottom, right, top.
fn bounds(outline: &Outline) -> [f64; 4] {
    let em = f64::from(outline.units_per_em);
    let points = outline.segments.iter().map(|segment| match *segment {
        Segment::Move(p) | Segment::Line(p) | Segment::Quadratic(_, p) | Segment::Cubic(_, _, p) => p,
    });
    points.fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |b, [x, y]| {
        let [x, y] = [f64::from(x) / em, f64::from(y) / em];
        [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)]
    })
}

#[test]
fn outlines_are_in_font_units_and_rings_in_pixels() {
    let fonts = Fonts::bundled();
    let glyph = line_of("H").lines[0].glyphs[0];
    let outline = fonts.outline(glyph.font, glyph.id).expect("an outline");
    // The height of capitals of Noto Sans is 714.
    assert_eq!(bounds(&outline).map(|c| (c * 1000.0).round()), [97.0, 0.0, 643.0, 714.0]);
    let rings = outline.rings(100.0, 0.1);
    assert_eq!(rings.len(), 1);
    assert!(rings[0].iter().all(|&[x, y]| (9.0..65.0).contains(&x) && (-71.5..=0.0).contains(&y)));
    let space = line_of("A B").lines[0].glyphs[1];
    assert_eq!(fonts.outline(space.font, space.id), None);
    assert_eq!(fonts.outline(space.font, 65_000), None);
    // An o of straight segments has nearly the area of one of many.
    let o = line_of("o").lines[0].glyphs[0];
    let area = |flatness: f64| {
        let rings = fonts.outline(o.font, o.id).expect("an outline").rings(1.0, flatness);
        let shoelace = |ring: &Vec<[f64; 2]>| -> f64 {
            (0..ring.len()).map(|i| (ring[i], ring[(i + 1) % ring.len()])).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
        };
        rings.iter().map(shoelace).sum::<f64>() / 2.0
    };
    assert!((area(0.01) - area(1e-6)).abs() < 0.02 && (area(1e-4) - area(1e-6)).abs() < 1e-3);
}

// Font files.

/// A TrueType font "Squares" whose glyph 1 is a square of an em, for a few ideographs and the space; it is written here.
pub fn squares() -> Vec<u8> {
    let chars: [u16; 3] = [0x20, 0x4EAC, 0x6771];
    let u16s = |values: &[i32]| values.iter().flat_map(|v| (*v as u16).to_be_bytes()).collect::<Vec<u8>>();
    let mut cmap = u16s(&[0, 1, 3, 1, 0, 12]);
    let segments = chars.len() + 1;
    let deltas = chars.map(|c| 1 - i32::from(c));
    let mut table = vec![4, 16 + 8 * segments as i32, 0, 2 * segments as i32, 0, 0, 0];
    table.extend(chars.map(i32::from).into_iter().chain([0xFFFF, 0]));
    table.extend(chars.map(i32::from).into_iter().chain([0xFFFF]));
    table.extend(deltas.into_iter().chain([1]));
    table.extend(vec![0; segments]);
    cmap.extend(u16s(&table));
    // One contour of four points on the curve, as words.
    let mut glyph = u16s(&[1, 0, 0, 1000, 1000, 3, 0]);
    glyph.extend([1; 4]);
    glyph.extend(u16s(&[0, 1000, 0, -1000, 0, 0, 1000, 0]));
    let name: Vec<u8> = "Squares".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut names = u16s(&[0, 1, 18, 3, 1, 0x409, 1, name.len() as i32, 0]);
    names.extend(name);
    let mut os2 = u16s(&[4, 1000, 400, 5]);
    os2.resize(96, 0);
    let head =
        u16s(&[1, 0, 1, 0, 0, 0, 0x5F0F, 0x3CF5, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 1000, 0, 8, 2, 0, 0]);
    let hhea = u16s(&[1, 0, 880, -120, 0, 1000, 0, 0, 1000, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    let mut maxp = u16s(&[1, 0, 2, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    maxp.resize(32, 0);
    let loca = u16s(&[0, 0, (glyph.len() / 2) as i32]);
    let tables: [(&[u8; 4], Vec<u8>); 9] = [
        (b"OS/2", os2),
        (b"cmap", cmap),
        (b"glyf", glyph),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", u16s(&[1000, 0, 1000, 0])),
        (b"loca", loca),
        (b"maxp", maxp),
        (b"name", names),
    ];
    let mut font = vec![0, 1, 0, 0];
    font.extend(u16s(&[tables.len() as i32, 0, 0, 0]));
    let mut body = Vec::new();
    for (tag, data) in &tables {
        let offset = 12 + 16 * tables.len() + body.len();
        font.extend(*tag);
        font.extend([0; 4]);
        font.extend((offset as u32).to_be_bytes());
        font.extend((data.len() as u32).to_be_bytes());
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    font.extend(body);
    font
}

pub fn with_squares() -> Fonts {
    Fonts::with_file(squares()).expect("a font")
}

#[test]
fn fonts_of_a_folder_come_before_the_fallback() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    };
    write("deep/squares.TTF", &squares());
    write("deep/cut.otf", &squares()[..200]);
    write("noise.ttf", b"not a font at all");
    write("empty.ttc", b"");
    write("notes.txt", b"fonts");
    let (fonts, refused) = Fonts::with_folder(folder.path()).expect("fonts");
    assert_eq!(refused.len(), 3, "{refused:?}");
    for (refused, name) in refused.iter().zip(["deep/cut.otf", "empty.ttc", "noise.ttf"]) {
        assert!(refused.contains(name), "{refused}");
    }
    let drawn = |name: &str, text: &str| {
        let shaped = shape(&fonts, &Paragraph::line(text, fonts.stack([name])));
        (shaped.lines[0].glyphs[0].font, shaped.missing)
    };
    let squares = font(&fonts, "Squares");
    assert_eq!(drawn("Noto Sans Bold", "東京"), (squares, 0));
    assert_eq!(drawn("Squares", "A").0, font(&fonts, "Noto Sans Regular"));
    assert_eq!(drawn("Squares Bold", "A").0, font(&fonts, "Noto Sans Bold"));
    assert_ne!(fonts.digest(), Fonts::bundled().digest());
    assert_eq!(fonts.digest(), Fonts::with_folder(folder.path()).expect("fonts").0.digest());
    let Err(lost) = Fonts::with_folder(&folder.path().join("nowhere")) else { panic!("there is no such folder") };
    assert!(lost.contains("nowhere"), "{lost}");
}

/// All that is done with a font: it must come to an end without a panic.
fn use_font(data: Vec<u8>) -> bool {
    let Ok(fonts) = Fonts::with_file(data) else { return false };
    for names in [&["Noto Sans Regular"][..], &["Noto Sans Arabic"], &["Squares"]] {
        let stack = fonts.stack(names.iter().copied());
        for text in ["Ação Ệ AVA fi\u{301}", "شارع الملك", "東京 A"] {
            let shaped = shape(&fonts, &Paragraph { max_width: 3.0, ..Paragraph::line(text, stack.clone()) });
            for glyph in shaped.lines.iter().flat_map(|line| &line.glyphs) {
                fonts.outline(glyph.font, glyph.id).map(|outline| outline.rings(16.0, 0.1));
            }
        }
        fonts.extent(stack.fonts()[0]);
    }
    true
}

#[test]
fn broken_font_files_neither_panic_nor_hang() {
    let read = |name: &str| std::fs::read(root().join("styles/fonts").join(name)).expect("a font");
    let mut random = fastrand::Rng::with_seed(99);
    let mut usable = 0;
    for original in [squares(), read("NotoSans-Regular.ttf"), read("NotoSansArabic-Bold.ttf")] {
        for round in 0..200 {
            let mut data = original.clone();
            match round % 4 {
                // Cut off.
                0 => data.truncate(random.usize(0..data.len())),
                // Wrong in the tables' heads and the small tables, where offsets and counts are.
                1 => (0..4).for_each(|_| data[random.usize(0..1000.min(original.len()))] = random.u8(..)),
                // Wrong anywhere.
                2 => (0..200).for_each(|_| data[random.usize(0..original.len())] = random.u8(..)),
                // A stretch of noise.
                _ => {
                    let start = random.usize(0..data.len());
                    let end = (start + random.usize(1..2000)).min(data.len());
                    data[start..end].fill_with(|| random.u8(..));
                }
            }
            usable += usize::from(use_font(data));
        }
    }
    for _ in 0..200 {
        let mut noise = vec![0; random.usize(0..3000)];
        noise.fill_with(|| random.u8(..));
        let magics: [&[u8]; 4] = [b"\0\x01\0\0", b"OTTO", b"ttcf\0\x01\0\0\0\0\0\x02", b"true"];
        noise.splice(0..0, magics[random.usize(0..4)].iter().copied());
        use_font(noise);
    }
    assert!(use_font(squares()));
    assert!((100..600).contains(&usable), "{usable} of 600 were usable");
}

#[test]
fn random_texts_are_set_and_keep_their_letters() {
    let fonts = with_squares();
    let mut random = fastrand::Rng::with_seed(41);
    let alphabet: Vec<char> =
        "aA1 -/(\u{301}\u{5D0}\u{5D1}\u{5B8}\u{628}\u{644}\u{627}\u{200F}\u{202E}\u{202C}\u{2067}\u{2069}東京\u{200B}\u{200D}\nﬁ\u{0}😀\u{FFFC}\u{E0001}"
            .chars()
            .collect();
    for _ in 0..3000 {
        let text: String = (0..random.usize(0..20)).map(|_| alphabet[random.usize(0..alphabet.len())]).collect();
        let split = (0..=text.len()).rev().find(|&i| text.is_char_boundary(i) && i <= text.len() / 2).unwrap_or(0);
        let (a, b) = text.split_at(split);
        let section =
            |text: &str, scale: f64| Section::Text { text: text.into(), fonts: fonts.stack(["Noto Sans"]), scale };
        let paragraph = Paragraph {
            sections: vec![section(a, 1.0), section(b, 1.5)],
            max_width: [f64::INFINITY, 2.0, 0.5, f64::NAN, -1.0][random.usize(0..5)],
            letter_spacing: [0.0, 0.1, -0.3][random.usize(0..3)],
            writing_mode: [WritingMode::Horizontal, WritingMode::Vertical][random.usize(0..2)],
            ..Paragraph::line("", fonts.stack(["Noto Sans"]))
        };
        let shaped = shape(&fonts, &paragraph);
        let glyphs = shaped.lines.iter().flat_map(|line| &line.glyphs);
        for glyph in glyphs.clone() {
            let [start, end] = glyph.cluster.map(|c| c as usize);
            assert!(
                start < end && shaped.text.is_char_boundary(start) && shaped.text.is_char_boundary(end),
                "{text:?}"
            );
            assert!(glyph.at.iter().all(|c| c.is_finite()), "{text:?}");
        }
        // Every letter is in some glyph's cluster or among the missing.
        let seen: BTreeSet<usize> = glyphs.flat_map(|g| g.cluster[0] as usize..g.cluster[1] as usize).collect();
        let unseen = shaped.text.char_indices().filter(|(i, c)| c.is_alphanumeric() && !seen.contains(i)).count();
        assert!(unseen <= shaped.missing, "{text:?}: {unseen} unseen, {} missing", shaped.missing);
    }
}

/// `LOOK=1 cargo test names_look_right` draws them into `target/tmp/names.png`, to be looked at.
#[test]
fn names_look_right() {
    let fonts = with_squares();
    let names = [
        ("Noto Sans Regular", "Golden Gate Park · AVATAR Toyota Ťyň"),
        ("Noto Sans Bold", "Bold: Łódź, Þórshöfn, Straße"),
        ("Noto Sans Italic", "Italic: Lago di Garda, fjord office"),
        ("Noto Sans", "شارع الملك عبد العزيز 12 مُحَمَّد لا إله"),
        ("Noto Sans Bold", "القاهرة – الإسكندرية (مصر)"),
        ("Noto Sans", "Haifa חיפה 12 (נמל) חֵיפָה"),
        ("Noto Sans Bold", "רחוב הרצל 45, תל אביב"),
        ("Noto Sans", "Москва, Київ, Йошкар-Ола, Ћуприја"),
        ("Noto Sans", "Αθήνα, Θεσσαλονίκη, Ἀθῆναι"),
        ("Noto Sans", "Thành phố Hồ Chí Minh, Đường Nguyễn"),
        ("Noto Sans", "e\u{301}cole x\u{304}\u{301} s\u{323}\u{307} Q\u{327}\u{30C} I\u{307}"),
    ];
    let mut svg = String::new();
    let size = 40.0;
    let mut inked = 0;
    for (row, (name, text)) in names.iter().enumerate() {
        let shaped = shape(&fonts, &Paragraph::line(*text, fonts.stack([*name])));
        assert_eq!(shaped.missing, 0, "{text}");
        for glyph in &shaped.lines[0].glyphs {
            let Some(outline) = fonts.outline(glyph.font, glyph.id) else { continue };
            inked += 1;
            let (x, y) = (20.0 + glyph.at[0] * size, row as f64 * 64.0 + glyph.at[1] * size);
            let mut path = String::new();
            for ring in outline.rings(size * glyph.scale, 0.05) {
                for (i, [px, py]) in ring.iter().enumerate() {
                    write!(path, "{}{:.2},{:.2}", if i == 0 { 'M' } else { 'L' }, x + px, y + py).expect("memory");
                }
                path.push('Z');
            }
            writeln!(svg, "<path d=\"{path}\"/>").expect("memory");
        }
    }
    assert!(inked > 200, "{inked}");
    if std::env::var_os("LOOK").is_some() {
        let (width, height) = (1000, names.len() * 64);
        let head = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">");
        let svg = format!("{head}<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{svg}</svg>\n");
        let tree = resvg::usvg::Tree::from_str(&svg, &Default::default()).expect("SVG");
        let mut pixels = resvg::tiny_skia::Pixmap::new(width, height as u32).expect("pixels");
        resvg::render(&tree, Default::default(), &mut pixels.as_mut());
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("names.png");
        pixels.save_png(&place).expect("a file");
        eprintln!("{}", place.display());
    }
}
