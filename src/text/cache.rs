//! Paragraphs that have been set, kept for the next tile: neighbours and zooms share their names.

use super::fonts::Fonts;
use super::paragraph::{Glyph, Line, Paragraph, Section, Shaped};
use super::shape::shape;
use crate::bounded::Bounded;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fonts with a memory of what has been set with them, bounded in bytes. Cloned, it is the same memory.
#[derive(Clone)]
pub struct Shaper {
    fonts: Arc<Fonts>,
    shaped: Arc<Bounded<Paragraph, Arc<Shaped>>>,
    missing: Arc<AtomicUsize>,
}

impl Shaper {
    /// One that keeps about as many bytes.
    pub fn new(fonts: Arc<Fonts>, bytes: u64) -> Shaper {
        Shaper { fonts, shaped: Arc::new(Bounded::new(bytes, weight)), missing: Arc::default() }
    }

    pub fn fonts(&self) -> &Arc<Fonts> {
        &self.fonts
    }

    /// Characters that no font has in what has been set so far, that of the memory once.
    pub fn missing(&self) -> usize {
        self.missing.load(Ordering::Relaxed)
    }

    /// As [`shape`], with the memory's help. Font stacks must be of these fonts.
    pub fn shape(&self, paragraph: &Paragraph) -> Arc<Shaped> {
        if let Some(known) = self.shaped.get(paragraph) {
            return known;
        }
        let shaped = Arc::new(shape(&self.fonts, paragraph));
        self.missing.fetch_add(shaped.missing, Ordering::Relaxed);
        self.shaped.insert(paragraph.clone(), shaped.clone());
        shaped
    }
}

/// About how many bytes an entry takes.
fn weight(paragraph: &Paragraph, shaped: &Arc<Shaped>) -> u64 {
    let section = |section: &Section| {
        size_of::<Section>()
            + match section {
                Section::Text { text, .. } => text.len(),
                Section::Image { .. } => 0,
            }
    };
    let line = |line: &Line| size_of::<Line>() + line.glyphs.len() * size_of::<Glyph>();
    let bytes = size_of::<(Paragraph, Shaped)>()
        + paragraph.sections.iter().map(section).sum::<usize>()
        + shaped.text.len()
        + shaped.lines.iter().map(line).sum::<usize>();
    bytes as u64
}
