//! What is to be set, and what comes of it: plain data.

use super::fonts::{FontId, FontStack};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// A text to be set. All lengths are in ems of the paragraph, which is its `text-size`.
#[derive(Clone, Debug)]
pub struct Paragraph {
    /// One after another, as of a `format` expression; a plain text is one section.
    pub sections: Vec<Section>,
    /// How long a line should be; infinite: lines are broken only where the text says so.
    pub max_width: f64,
    /// What is added after each letter, except in scripts whose letters join.
    pub letter_spacing: f64,
    /// From a baseline to the next, times the largest scale in the line.
    pub line_height: f64,
    pub justify: Justify,
    pub writing_mode: WritingMode,
}

#[derive(Clone, Debug)]
pub enum Section {
    /// `scale` is the em of this section in ems of the paragraph (`font-scale`).
    Text { text: Arc<str>, fonts: FontStack, scale: f64 },
    /// A box that stands in the line, centred between the baseline and the height of capitals.
    Image { width: f64, height: f64 },
}

/// Where lines shorter than the longest lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Justify {
    Left,
    Center,
    Right,
}

/// Lines from the top down, or columns from the right to the left. In a column ideographs stand upright, and what is
/// written in lines only, Latin or Arabic, is turned by 90° clockwise (UAX 50).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WritingMode {
    Horizontal,
    Vertical,
}

impl Paragraph {
    /// A plain text in one line, with MapLibre's default line height.
    pub fn line(text: impl Into<Arc<str>>, fonts: FontStack) -> Paragraph {
        Paragraph {
            sections: vec![Section::Text { text: text.into(), fonts, scale: 1.0 }],
            max_width: f64::INFINITY,
            letter_spacing: 0.0,
            line_height: 1.2,
            justify: Justify::Center,
            writing_mode: WritingMode::Horizontal,
        }
    }

    /// Numbers by their bits, so that equal ones are equal and hash alike.
    fn numbers(&self) -> [u64; 3] {
        [self.max_width, self.letter_spacing, self.line_height].map(f64::to_bits)
    }
}

impl PartialEq for Paragraph {
    fn eq(&self, other: &Paragraph) -> bool {
        self.sections == other.sections
            && self.numbers() == other.numbers()
            && (self.justify, self.writing_mode) == (other.justify, other.writing_mode)
    }
}

impl Eq for Paragraph {}

impl Hash for Paragraph {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.sections, self.numbers(), self.justify, self.writing_mode).hash(state);
    }
}

impl Section {
    /// What tells two sections apart.
    fn parts(&self) -> (Option<(&str, &FontStack)>, [u64; 2]) {
        match self {
            Section::Text { text, fonts, scale } => (Some((text, fonts)), [scale.to_bits(), 0]),
            Section::Image { width, height } => (None, [width.to_bits(), height.to_bits()]),
        }
    }
}

impl PartialEq for Section {
    fn eq(&self, other: &Section) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Section {}

impl Hash for Section {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// A paragraph that has been set: glyphs in a box of `width` times `height`. All lengths are in ems of the paragraph,
/// from the box's upper left corner, x to the right, y down. A paragraph without anything to see has no lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shaped {
    /// The texts of the sections one after another, U+FFFC for an image; line ends are `\n`, other control characters
    /// are left out. It is what clusters refer to, and the label for those who do not see.
    pub text: String,
    /// Lines from the top down; columns from the right to the left.
    pub lines: Vec<Line>,
    pub width: f64,
    pub height: f64,
    /// How far a glyph is moved from its place in the line at most: marks over marks.
    pub stray: f64,
    /// Characters that no font has; nothing is drawn in their place.
    pub missing: usize,
}

/// A line, or a column of vertical text. Lines that could have been broken differently are alike in length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// In the order in which they stand: from the left to the right, in a column from the top down.
    pub glyphs: Vec<Glyph>,
    pub images: Vec<Image>,
    /// The bytes of the text in this line, without spaces at its ends.
    pub text: Range<usize>,
    /// Where the line begins: its left end on the baseline; of a column the top, on the line through its middle.
    pub start: [f64; 2],
    /// From its beginning to its end, in the direction of writing, without letter spacing at the end.
    pub length: f64,
}

/// A glyph. For text along a line it is placed by `advance` and `offset` instead of `at`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    pub font: FontId,
    /// The glyph's number in the font.
    pub id: u32,
    /// The index of its section.
    pub section: usize,
    /// The em of the glyph, in ems of the paragraph.
    pub scale: f64,
    /// Where its outline's origin is.
    pub at: [f64; 2],
    /// From the beginning of this glyph to the beginning of the next, in the direction of writing, letter spacing and
    /// kerning included.
    pub advance: f64,
    /// From the line, at the sum of the advances before it, to the outline's origin: along the line, and down from it.
    /// (The line is the baseline; in a column the one through its middle, and "down" is to the left of it.)
    pub offset: [f64; 2],
    /// The first byte of the grapheme clusters that it and perhaps other glyphs show, and the first byte after them.
    pub cluster: [u32; 2],
    /// In a column: it is turned by 90° clockwise about its origin. Never in a line.
    pub turned: bool,
}

/// An image in a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Image {
    pub section: usize,
    /// Its upper left corner.
    pub at: [f64; 2],
    pub width: f64,
    pub height: f64,
}
