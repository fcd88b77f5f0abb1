//! A text cut into runs that are shaped as one: same section, direction, script and font.

use super::fonts::{FontId, Fonts};
use super::paragraph::{Paragraph, Section, WritingMode};
use harfrust::{Script as Iso, Tag};
use icu_properties::props::{NamedEnumeratedProperty, Script, VerticalOrientation};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};
use icu_segmenter::GraphemeClusterSegmenter;
use std::ops::Range;
use unicode_bidi::{BidiInfo, Level};

static SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::<Script>::new();
static ORIENTATIONS: CodePointMapDataBorrowed<'static, VerticalOrientation> =
    CodePointMapData::<VerticalOrientation>::new();

/// A text without what cannot be set, and what is known of it.
pub struct Source<'a> {
    pub paragraph: &'a Paragraph,
    pub text: String,
    /// Where each section ends, in bytes of the text.
    ends: Vec<usize>,
}

/// Bytes of the text that are shaped together.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub text: Range<usize>,
    pub section: usize,
    pub level: Level,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Glyphs of a font. `upright` in a column.
    Text {
        font: FontId,
        script: Option<Iso>,
        is_cursive: bool,
        upright: bool,
    },
    Image,
    /// The end of a line, or characters that no font has: how many.
    Nothing {
        missing: usize,
    },
}

impl<'a> Source<'a> {
    pub fn new(paragraph: &'a Paragraph) -> Source<'a> {
        let mut text = String::new();
        let mut ends = Vec::new();
        for section in &paragraph.sections {
            match section {
                Section::Text { text: own, .. } => push_clean(&mut text, own),
                Section::Image { .. } => text.push('\u{FFFC}'),
            }
            ends.push(text.len());
        }
        Source { paragraph, text, ends }
    }

    /// Which levels of direction the text has. None where all of it runs from the left to the right.
    pub fn bidi(&self) -> Option<BidiInfo<'_>> {
        // Up to Cyrillic and Armenian, in Latin and Greek further on, among dashes and in East Asia nothing is written
        // from the right or directs what is (Bidi_Class R, AL, AN and the explicit codes).
        let is_plain = self.text.chars().all(|c| {
            matches!(c, '\0'..'\u{590}' | '\u{1E00}'..='\u{200A}' | '\u{2010}'..='\u{2027}' | '\u{2E80}'..='\u{D7FF}')
        });
        (!is_plain).then(|| BidiInfo::new(&self.text, None)).filter(BidiInfo::has_rtl)
    }

    pub fn runs(&self, fonts: &Fonts, bidi: Option<&BidiInfo>) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut section = 0;
        let mut font_before: Option<FontId> = None;
        let mut script_before: Option<Script> = None;
        let boundaries = GraphemeClusterSegmenter::new();
        let mut start = 0;
        for end in boundaries.segment_str(&self.text).skip(1) {
            let cluster = &self.text[start..end];
            // A mark at the beginning of a section belongs to the cluster before it, whose section counts.
            while self.ends[section] <= start {
                section += 1;
                font_before = None;
            }
            let level = bidi.map_or(Level::ltr(), |bidi| bidi.levels[start]);
            let kind = match &self.paragraph.sections[section] {
                Section::Image { .. } => Kind::Image,
                Section::Text { .. } if cluster == "\n" => {
                    script_before = None;
                    Kind::Nothing { missing: 0 }
                }
                Section::Text { fonts: stack, .. } => {
                    // Marks, digits and punctuation are of the script before them, else of the one after (UAX 24, 5.1).
                    let script = own_script(cluster)
                        .or(script_before)
                        .or_else(|| self.text[end..].split('\n').next().and_then(own_script));
                    script_before = script;
                    match fonts.pick(stack, cluster, font_before) {
                        Some(font) => {
                            font_before = Some(font);
                            let upright = self.paragraph.writing_mode == WritingMode::Vertical && is_upright(cluster);
                            let is_cursive = script.is_some_and(is_cursive);
                            Kind::Text { font, script: script.map(iso), is_cursive, upright }
                        }
                        None => Kind::Nothing { missing: cluster.chars().count() },
                    }
                }
            };
            match runs.last_mut() {
                Some(run) if run.section == section && run.level == level && run.kind == kind && kind.grows() => {
                    run.text.end = end;
                }
                _ => runs.push(Run { text: start..end, section, level, kind }),
            }
            start = end;
        }
        runs
    }
}

impl Kind {
    /// Whether the next cluster may be part of the run. What stands upright is set cell by cell.
    fn grows(&self) -> bool {
        matches!(self, Kind::Text { upright: false, .. })
    }
}

/// Line ends of every kind become `\n` (UAX 14, BK, CR, LF, NL), tabs spaces; other control characters go.
fn push_clean(out: &mut String, text: &str) {
    if !text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        out.push_str(text);
        return;
    }
    let mut after_return = false;
    for c in text.chars() {
        match c {
            '\n' if after_return => {}
            '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
        after_return = c == '\r';
    }
}

fn own_script(text: &str) -> Option<Script> {
    let mut scripts = text.chars().map(|c| SCRIPTS.get(c));
    scripts.find(|script| !matches!(*script, Script::Common | Script::Inherited | Script::Unknown))
}

fn iso(script: Script) -> Iso {
    let tag = Tag::from_be_bytes(script.short_name().as_bytes().try_into().unwrap_or(*b"Zyyy"));
    Iso::from_iso15924_tag(tag).unwrap_or(Iso::COMMON)
}

/// Scripts whose letters join: space between them would tear words apart (CSS Text 3, 8.2.1).
fn is_cursive(script: Script) -> bool {
    matches!(
        script,
        Script::Arabic
            | Script::Syriac
            | Script::Mongolian
            | Script::Nko
            | Script::Mandaic
            | Script::PhagsPa
            | Script::HanifiRohingya
            | Script::Adlam
            | Script::Sogdian
    )
}

fn is_upright(cluster: &str) -> bool {
    let orientation = cluster.chars().next().map(|c| ORIENTATIONS.get(c));
    matches!(orientation, Some(VerticalOrientation::Upright | VerticalOrientation::TransformedUpright))
}

/// Whether any letter of a text stands upright where it is written in columns (UAX 50).
pub fn has_upright(text: &str) -> bool {
    let is_upright = |c: char| {
        c.is_alphabetic()
            && matches!(ORIENTATIONS.get(c), VerticalOrientation::Upright | VerticalOrientation::TransformedUpright)
    };
    text.chars().any(is_upright)
}

/// Whether a character is written without spaces between words and may end a line by itself.
pub fn is_ideographic(c: char) -> bool {
    matches!(SCRIPTS.get(c), Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo | Script::Yi)
}
