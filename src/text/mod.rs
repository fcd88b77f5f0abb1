//! Text as glyphs: which fonts draw it, which glyphs, where, in how many lines, and the glyphs' outlines.
//!
//! [`Fonts`] are loaded once. [`Fonts::stack`] turns the names of a `text-font` into a [`FontStack`]; a [`Paragraph`]
//! holds a text or several with their stacks; [`shape`], or a [`Shaper`] that remembers, makes it [`Shaped`]: lines of
//! [`Glyph`]s. The walk: the text is cut into runs of one section, direction (UAX 9), script (UAX 24) and font,
//! grapheme clusters (UAX 29) kept whole; each run is shaped by HarfRust, which is HarfBuzz in Rust; lines are
//! broken at UAX 14's places so that they are alike in length; and what each line shows is put in its visual
//! order. Lengths are in ems, so that one result serves every size; outlines are in units of their font.
//!
//! What a font's hinting, colours and variations would add is left out.

mod breaking;
mod cache;
mod fonts;
mod html;
mod name;
mod outline;
mod paragraph;
mod runs;
mod shape;

pub use cache::Shaper;
pub use fonts::{Extent, FontId, FontName, FontStack, Fonts};
pub use html::plain;
pub use outline::{Outline, Segment};
pub use paragraph::{Glyph, Image, Justify, Line, Paragraph, Section, Shaped, WritingMode};
pub use runs::has_upright;
pub use shape::shape;
