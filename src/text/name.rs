//! Names of fonts as styles write them: "Noto Sans Bold Italic", "DIN Offc Pro Medium", "Roboto-Regular".
//!
//! MapLibre has no families and styles: a `text-font` is the name of a set of glyphs on some server. What it means is
//! read from its last words.

use std::cmp::Ordering;

/// Width of the normal one, weight from 1 to 1000, slant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    pub width: f32,
    pub weight: f32,
    pub italic: bool,
}

/// A name taken apart; the family as [`key`] has it.
#[derive(Debug, PartialEq)]
pub struct Parsed {
    pub family: String,
    pub style: Style,
}

/// Words of style, what each sets: of two that begin alike the longer stands first.
const WORDS: [(&str, Word); 43] = [
    ("ultracondensed", Word::Width(0.5)),
    ("extracondensed", Word::Width(0.625)),
    ("semicondensed", Word::Width(0.875)),
    ("condensed", Word::Width(0.75)),
    ("compressed", Word::Width(0.625)),
    ("narrow", Word::Width(0.75)),
    ("cond", Word::Width(0.75)),
    ("semiexpanded", Word::Width(1.125)),
    ("extraexpanded", Word::Width(1.5)),
    ("ultraexpanded", Word::Width(2.0)),
    ("expanded", Word::Width(1.25)),
    ("extended", Word::Width(1.25)),
    ("hairline", Word::Weight(100.0)),
    ("thin", Word::Weight(100.0)),
    ("extralight", Word::Weight(200.0)),
    ("ultralight", Word::Weight(200.0)),
    ("semilight", Word::Weight(350.0)),
    ("demilight", Word::Weight(350.0)),
    ("light", Word::Weight(300.0)),
    ("regular", Word::Weight(400.0)),
    ("normal", Word::Weight(400.0)),
    ("roman", Word::Weight(400.0)),
    ("book", Word::Weight(400.0)),
    ("medium", Word::Weight(500.0)),
    ("semibold", Word::Weight(600.0)),
    ("demibold", Word::Weight(600.0)),
    ("extrabold", Word::Weight(800.0)),
    ("ultrabold", Word::Weight(800.0)),
    ("semi", Word::Weight(600.0)),
    ("demi", Word::Weight(600.0)),
    ("bold", Word::Weight(700.0)),
    ("extrablack", Word::Weight(950.0)),
    ("ultrablack", Word::Weight(950.0)),
    ("black", Word::Weight(900.0)),
    ("heavy", Word::Weight(900.0)),
    ("extra", Word::Nothing),
    ("ultra", Word::Nothing),
    ("italic", Word::Italic),
    ("oblique", Word::Italic),
    ("slanted", Word::Italic),
    ("ital", Word::Italic),
    ("obl", Word::Italic),
    ("it", Word::Italic),
];

#[derive(Clone, Copy)]
enum Word {
    Width(f32),
    Weight(f32),
    Italic,
    Nothing,
}

/// A family's name without what people write differently: lower case, letters and digits only.
pub fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Takes a name apart: the longest family that `is_known` and is followed by words of style alone; else the family is
/// what stands before the words of style at the end.
pub fn parse(name: &str, is_known: impl Fn(&str) -> bool) -> Parsed {
    let words: Vec<String> = name.split([' ', '-', '_', ',']).map(key).filter(|word| !word.is_empty()).collect();
    let at = |count: usize| {
        let style = Style::of(&words[count..].concat())?;
        Some(Parsed { family: words[..count].concat(), style })
    };
    let readings: Vec<Parsed> = (1..=words.len()).rev().map_while(at).collect();
    let known = readings.iter().position(|reading| is_known(&reading.family));
    let chosen = known.unwrap_or(readings.len().saturating_sub(1));
    readings.into_iter().nth(chosen).unwrap_or(Parsed { family: String::new(), style: Style::REGULAR })
}

impl Style {
    pub const REGULAR: Style = Style { width: 1.0, weight: 400.0, italic: false };

    /// Of words of style, written together. None if there is another word among them.
    fn of(mut words: &str) -> Option<Style> {
        let mut style = Style::REGULAR;
        while !words.is_empty() {
            let (rest, word) =
                WORDS.iter().find_map(|(text, word)| words.strip_prefix(text).map(|rest| (rest, *word)))?;
            match word {
                Word::Width(width) => style.width = width,
                Word::Weight(weight) => style.weight = weight,
                Word::Italic => style.italic = true,
                Word::Nothing => {}
            }
            words = rest;
        }
        Some(style)
    }

    /// Which of two is nearer to this one: CSS Fonts 4, 5.2: width first, slant, then weight.
    pub fn compare(&self, a: &Style, b: &Style) -> Ordering {
        let distance = |other: &Style| {
            let (width_side, width) = self.width_distance(other.width);
            let (weight_side, weight) = self.weight_distance(other.weight);
            [width_side, width, f32::from(u8::from(self.italic != other.italic)), weight_side, weight]
        };
        let (a, b) = (distance(a), distance(b));
        a.iter().zip(&b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// Narrower ones come first for a normal or narrow width, wider ones for a wide one.
    fn width_distance(&self, width: f32) -> (f32, f32) {
        let preferred = if self.width <= 1.0 { width <= self.width } else { width >= self.width };
        (f32::from(u8::from(!preferred)), (width - self.width).abs())
    }

    /// From 400 to 500: heavier ones up to 500, lighter ones, heavier ones. Below: lighter ones first; above: heavier.
    fn weight_distance(&self, weight: f32) -> (f32, f32) {
        let side = match self.weight {
            400.0..=500.0 if weight >= self.weight && weight <= 500.0 => 0.0,
            400.0..=500.0 if weight < self.weight => 1.0,
            400.0..=500.0 => 2.0,
            wanted if wanted < 400.0 => f32::from(u8::from(weight > wanted)),
            wanted => f32::from(u8::from(weight < wanted)),
        };
        (side, (weight - self.weight).abs())
    }
}
