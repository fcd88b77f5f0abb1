//! What the features of one layer of a tile say: a street is many features of one name, and its words are read once.

use super::text::{Texts, Words};
use crate::mvt;
use crate::scene::by_values::ByValues;
use crate::scene::canvas::Located;
use foldhash::HashMap;
use std::rc::Rc;
use std::sync::Arc;

pub struct Vocabulary<'s> {
    texts: Option<&'s Texts<'s>>,
    is_on_line: bool,
    /// None where words depend on too much.
    known: Option<ByValues<Option<Said>>>,
    /// All that is said along lines, each with a number.
    pub said: HashMap<Arc<str>, usize>,
}

/// What a feature says.
#[derive(Clone)]
pub struct Said {
    pub words: Rc<Words>,
    /// Along lines, the number of the text, which others may say in other letters.
    pub text: Option<usize>,
}

impl<'s> Vocabulary<'s> {
    /// Nothing yet, of features of the layer; along lines texts are not broken.
    pub fn new(texts: Option<&'s Texts<'s>>, data: &mvt::Layer, is_on_line: bool) -> Vocabulary<'s> {
        let inputs = texts.and_then(Texts::inputs);
        let known = inputs.map(|inputs| ByValues::new(&inputs, data));
        Vocabulary { texts, is_on_line, known, said: HashMap::default() }
    }

    /// None where it says nothing.
    pub fn of(&mut self, feature: &Located) -> Option<Said> {
        let (texts, said) = (self.texts?, &mut self.said);
        let mut read = || {
            let words = Rc::new(texts.words(feature, self.is_on_line)?);
            let next = said.len();
            let text = self.is_on_line.then(|| *said.entry(words.text()).or_insert(next));
            Some(Said { words, text })
        };
        match &mut self.known {
            Some(known) => known.of(&feature.feature, read),
            None => read(),
        }
    }
}
