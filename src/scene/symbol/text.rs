//! Texts: what a feature's text says, how it is set, which boxes it takes, and its glyphs.

use super::super::path::{Point, Rect, UNITS};
use super::TURNS;
use crate::language::{self, Language, Spoken};
use crate::limits;
use crate::scene::canvas::Located;
use crate::sprite::Sprite;
use crate::style::expression::{Inputs, Section};
use crate::style::{
    self, AtZoom, FontNames, Formatted, SymbolAnchor, TextJustify, TextTransform, TextWritingMode, cosine_and_sine,
    turned, turned_by,
};
use crate::text::{self, FontStack, Justify, Paragraph, Shaped, Shaper, WritingMode};
use foldhash::HashMap;
use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

/// In ems; what MapLibre takes off offsets up and down, because its lines are higher than their letters.
const BASELINE: f64 = 7.0 / 24.0;
/// How far letters may stand out of their lines, in ems.
pub const OVERHANG: f64 = 0.5;
/// The widest halo, blur or not, in ems (Style Spec, `text-halo-width`).
pub const HALO: f64 = 0.25;

/// The texts of a layer at a zoom.
pub struct Texts<'s> {
    shaper: &'s Shaper,
    language: Option<&'s Language>,
    sprite: &'s Sprite,
    scale: f64,
    field: AtZoom<'s, Formatted>,
    font: AtZoom<'s, FontNames>,
    size: AtZoom<'s, f64>,
    max_width: AtZoom<'s, f64>,
    line_height: f64,
    letter_spacing: AtZoom<'s, f64>,
    justify: AtZoom<'s, TextJustify>,
    transform: AtZoom<'s, TextTransform>,
    rotate: AtZoom<'s, f64>,
    anchor: AtZoom<'s, SymbolAnchor>,
    offset: AtZoom<'s, [f64; 2]>,
    radial_offset: Option<AtZoom<'s, f64>>,
    variable_anchor: Vec<SymbolAnchor>,
    variable_anchor_offset: Option<AtZoom<'s, style::AnchorOffsets>>,
    writing_modes: Vec<TextWritingMode>,
    /// In output pixels.
    pub padding: f64,
    stacks: RefCell<HashMap<Vec<Arc<str>>, FontStack>>,
}

/// What a feature's text says, with what it is set with.
pub struct Words {
    pub sections: Arc<[Section]>,
    /// The em, in output pixels.
    pub size: f64,
    is_on_line: bool,
    /// To be set, once that is asked for.
    paragraph: OnceCell<Paragraph>,
    /// In one line, once that is asked for.
    line: OnceCell<Arc<Shaped>>,
}

/// A text that has been set and turned about its anchor.
#[derive(Clone)]
pub struct Block {
    pub shaped: Arc<Shaped>,
    /// The em, in output pixels.
    pub size: f64,
    /// The box's upper left corner before it is turned, from the anchor, in output pixels.
    pub corner: [f64; 2],
    /// In degrees clockwise.
    pub angle: f64,
}

/// An image within a text.
#[derive(Clone)]
pub struct Inset {
    /// The section that it is.
    pub section: usize,
    /// The upper left corner before it is turned about the anchor, from there, in output pixels.
    pub corner: [f64; 2],
    /// In output pixels.
    pub size: [f64; 2],
    /// In degrees clockwise.
    pub angle: f64,
}

impl<'s> Texts<'s> {
    pub fn new(
        text: &'s style::Text,
        shaper: &'s Shaper,
        language: Option<&'s Language>,
        style: &'s style::Style,
        [zoom, tile_zoom]: [f64; 2],
        scale: f64,
    ) -> Option<Texts<'s>> {
        Some(Texts {
            shaper,
            language,
            sprite: &style.sprite,
            scale,
            field: text.field.as_ref()?.at_with(tile_zoom, &style.globals),
            font: text.font.at(tile_zoom),
            size: text.size.at(zoom),
            max_width: text.max_width.at(tile_zoom),
            line_height: text.line_height.at(tile_zoom).constant(),
            letter_spacing: text.letter_spacing.at(tile_zoom),
            justify: text.justify.at(tile_zoom),
            transform: text.transform.at(tile_zoom),
            rotate: text.part.rotate.at(tile_zoom),
            anchor: text.part.anchor.at(tile_zoom),
            offset: text.offset.at(tile_zoom),
            radial_offset: text.radial_offset.as_ref().map(|offset| offset.at(tile_zoom)),
            variable_anchor: text.variable_anchor.as_ref().map(|p| p.at(tile_zoom).constant()).unwrap_or_default(),
            variable_anchor_offset: text.variable_anchor_offset.as_ref().map(|offsets| offsets.at(tile_zoom)),
            writing_modes: text.writing_mode.as_ref().map(|p| p.at(tile_zoom).constant()).unwrap_or_default(),
            padding: text.padding.at(tile_zoom).constant() * scale,
            stacks: RefCell::default(),
        })
    }

    /// What a feature's text says; none where that is nothing. Along lines it is not broken.
    pub fn words(&self, feature: &Located, is_on_line: bool) -> Option<Words> {
        let sections = match self.language {
            None => self.field.of(feature).0,
            Some(language) => self.field.of(&Spoken { feature, language }).0,
        };
        let size = self.size.of(feature).min(limits::MARGIN) * self.scale;
        let transform = self.transform.of(feature);
        let is_there = |section: &&Section| section.image.as_ref().is_none_or(|image| self.sprite.has(&image.name));
        let section = |section: &Section| Section { text: transformed(&section.text, transform), ..section.clone() };
        let sections: Arc<[Section]> = sections.iter().filter(is_there).map(section).collect();
        if size <= 0.0 || sections.iter().all(|section| section.image.is_none() && section.text.trim().is_empty()) {
            return None;
        }
        Some(Words { sections, size, is_on_line, paragraph: OnceCell::new(), line: OnceCell::new() })
    }

    /// A feature's words as they are to be set.
    fn paragraph<'w>(&self, words: &'w Words, feature: &Located) -> &'w Paragraph {
        words.paragraph.get_or_init(|| {
            let names = self.font.of(feature).0;
            let section = |section: &Section| self.section(section, &names, words.size);
            Paragraph {
                sections: words.sections.iter().filter_map(section).collect(),
                max_width: if words.is_on_line { f64::INFINITY } else { self.max_width.of(feature).max(0.0) },
                letter_spacing: self.letter_spacing.of(feature),
                line_height: self.line_height,
                justify: Justify::Center,
                writing_mode: WritingMode::Horizontal,
            }
        })
    }

    /// What the words of features depend on; none where that is more.
    pub fn inputs(&self) -> Option<Inputs<'_>> {
        let mut inputs = Inputs::default();
        let is_held = self.field.add_inputs(&mut inputs)
            && self.size.add_inputs(&mut inputs)
            && self.transform.add_inputs(&mut inputs)
            && self.font.add_inputs(&mut inputs)
            && self.max_width.add_inputs(&mut inputs)
            && self.letter_spacing.add_inputs(&mut inputs);
        if let Some(language) = self.language.filter(|_| inputs.properties.contains(&"name")) {
            return (is_held && language::names(language).all(|name| inputs.add_property(name))).then_some(inputs);
        }
        is_held.then_some(inputs)
    }

    /// None for an image that is not there.
    fn section(&self, section: &Section, names: &[Arc<str>], size: f64) -> Option<text::Section> {
        if let Some(image) = &section.image {
            let image = self.sprite.get(&image.name, self.scale)?;
            let ems = |pixels: u32| f64::from(pixels) / image.pixel_ratio * self.scale / size;
            return Some(text::Section::Image { width: ems(image.width), height: ems(image.height) });
        }
        let fonts = match &section.font {
            Some(font) => self.stack(std::slice::from_ref(font)),
            None => self.stack(names),
        };
        let scale = section.scale.filter(|scale| *scale > 0.0).unwrap_or(1.0);
        Some(text::Section::Text { text: section.text.clone(), fonts, scale })
    }

    /// The fonts of names, each of which may be several with commas between.
    fn stack(&self, names: &[Arc<str>]) -> FontStack {
        if let Some(known) = self.stacks.borrow().get(names) {
            return known.clone();
        }
        let each = names.iter().flat_map(|names| names.split(',').map(str::trim));
        let stack = self.shaper.fonts().stack(each);
        self.stacks.borrow_mut().insert(names.to_vec(), stack.clone());
        stack
    }

    /// The text in one line, for one along a line of the map.
    pub fn line<'w>(&self, words: &'w Words, feature: &Located) -> &'w Arc<Shaped> {
        words.line.get_or_init(|| match words.is_too_long() {
            true => Arc::default(),
            false => self.shaper.shape(self.paragraph(words, feature)),
        })
    }

    /// How far a text along a line is moved along it and down from it, in ems, and where along it its anchor is, from 0
    /// at its beginning to 1.
    pub fn along(&self, feature: &Located) -> ([f64; 2], f64) {
        let anchor = self.anchor.of(feature);
        let [x, y] = anchor.sides();
        let [along, down] = self.offset(anchor, feature);
        ([along, down - f64::from(y) * self.line_height / 2.0], (1.0 + f64::from(x)) / 2.0)
    }

    /// The same as a column, for a line that is steep: where any of it is written so.
    pub fn column(&self, words: &Words, feature: &Located) -> Option<Arc<Shaped>> {
        let is_upright = words.sections.iter().any(|section| text::has_upright(&section.text));
        if !is_upright || words.is_too_long() {
            return None;
        }
        let paragraph = self.paragraph(words, feature).clone();
        Some(self.shaper.shape(&Paragraph { writing_mode: WritingMode::Vertical, ..paragraph }))
    }

    /// How far along its line a text may reach to either side of its anchor, in output pixels.
    pub fn reach(&self, words: &Words, feature: &Located) -> f64 {
        let ([along, _], share) = self.along(feature);
        let line = self.line(words, feature);
        let length = line.lines.first().map_or(0.0, |line| line.length);
        let begin = along - share * length;
        begin.abs().max((begin + length).abs()) * words.size
    }

    /// In degrees.
    pub fn rotate(&self, feature: &Located) -> f64 {
        self.rotate.of(feature)
    }

    /// The ways to set a text at a point, in order of preference; `angle` is added to its own.
    pub fn blocks(&self, words: &Words, feature: &Located, angle: f64, is_point: bool) -> Vec<Block> {
        if words.is_too_long() {
            return Vec::new();
        }
        let (modes, anchors) = match is_point {
            true => (self.modes(words), self.anchors(feature)),
            false => (vec![TextWritingMode::Horizontal], vec![self.fixed(feature)]),
        };
        let angle = angle + self.rotate.of(feature);
        let all = modes.into_iter().flat_map(|mode| anchors.iter().map(move |anchor| (mode, *anchor)));
        let block = |(mode, (anchor, offset)): (TextWritingMode, (SymbolAnchor, [f64; 2]))| {
            let shaped = self.shaped(words, mode, anchor, feature);
            let sides = anchor.sides().map(|side| (1.0 + f64::from(side)) / 2.0);
            let extent = [shaped.width, shaped.height];
            let corner = [0, 1].map(|i| (offset[i] - sides[i] * extent[i]) * words.size);
            (!shaped.lines.is_empty()).then_some(Block { shaped, size: words.size, corner, angle })
        };
        all.filter_map(block).collect()
    }

    fn shaped(&self, words: &Words, mode: TextWritingMode, anchor: SymbolAnchor, feature: &Located) -> Arc<Shaped> {
        let justify = match (self.justify.of(feature), anchor.sides()[0]) {
            (TextJustify::Left, _) | (TextJustify::Auto, -1) => Justify::Left,
            (TextJustify::Right, _) | (TextJustify::Auto, 1) => Justify::Right,
            (TextJustify::Center | TextJustify::Auto, _) => Justify::Center,
        };
        let writing_mode = match mode {
            TextWritingMode::Horizontal => WritingMode::Horizontal,
            TextWritingMode::Vertical => WritingMode::Vertical,
        };
        let paragraph = self.paragraph(words, feature);
        if (justify, writing_mode) == (paragraph.justify, paragraph.writing_mode) {
            return self.shaper.shape(paragraph);
        }
        self.shaper.shape(&Paragraph { justify, writing_mode, ..paragraph.clone() })
    }

    /// In columns stands only what is written so.
    fn modes(&self, words: &Words) -> Vec<TextWritingMode> {
        let is_upright = words.sections.iter().any(|section| text::has_upright(&section.text));
        let modes: Vec<TextWritingMode> = self
            .writing_modes
            .iter()
            .copied()
            .filter(|mode| *mode == TextWritingMode::Horizontal || is_upright)
            .collect();
        if modes.is_empty() { vec![TextWritingMode::Horizontal] } else { modes }
    }

    /// The anchors in order of preference, each with its offset in ems.
    fn anchors(&self, feature: &Located) -> Vec<(SymbolAnchor, [f64; 2])> {
        if let Some(offsets) = &self.variable_anchor_offset {
            let offsets = offsets.of(feature).0;
            let lowered =
                offsets.into_iter().map(|(anchor, [x, y])| (anchor, [x, y + f64::from(anchor.sides()[1]) * BASELINE]));
            return lowered.collect();
        }
        if self.variable_anchor.is_empty() {
            return vec![self.fixed(feature)];
        }
        let offset = |anchor: SymbolAnchor| match &self.radial_offset {
            Some(radius) => radial(anchor, radius.of(feature)),
            // Away from the place, whichever way that is.
            None => {
                let ([x, y], sides) = (self.offset.of(feature).map(f64::abs), anchor.sides().map(f64::from));
                [-sides[0] * x, -sides[1] * (y - BASELINE)]
            }
        };
        self.variable_anchor.iter().map(|&anchor| (anchor, offset(anchor))).collect()
    }

    fn fixed(&self, feature: &Located) -> (SymbolAnchor, [f64; 2]) {
        let anchor = self.anchor.of(feature);
        (anchor, self.offset(anchor, feature))
    }

    fn offset(&self, anchor: SymbolAnchor, feature: &Located) -> [f64; 2] {
        match self.radial_offset.as_ref().map(|radius| radius.of(feature)).filter(|radius| *radius != 0.0) {
            Some(radius) => radial(anchor, radius),
            None => self.offset.of(feature),
        }
    }
}

/// The offset of a text whose anchor lies so many ems from its place.
fn radial(anchor: SymbolAnchor, radius: f64) -> [f64; 2] {
    let radius = radius.max(0.0);
    let [x, y] = anchor.sides().map(f64::from);
    let reach = if x != 0.0 && y != 0.0 { radius / std::f64::consts::SQRT_2 } else { radius };
    [-x * reach, -y * (reach - BASELINE)]
}

fn transformed(text: &Arc<str>, transform: TextTransform) -> Arc<str> {
    match transform {
        TextTransform::None => text.clone(),
        TextTransform::Uppercase => text.to_uppercase().into(),
        TextTransform::Lowercase => text.to_lowercase().into(),
    }
}

/// The rectangle around a box that is turned about the anchor, in scene units from there; the box from its upper left
/// to its lower right corner, in output pixels.
pub fn around(corners: [[f64; 2]; 2], angle: f64) -> Rect {
    around_turned(corners, cosine_and_sine(angle))
}

/// The same by an angle whose cosine and sine are known.
pub fn around_turned([min, max]: [[f64; 2]; 2], angle: [f64; 2]) -> Rect {
    let corners = [[min[0], min[1]], [max[0], min[1]], [min[0], max[1]], [max[0], max[1]]].map(|c| turned_by(c, angle));
    let edge = |i: usize, of: fn(f64, f64) -> f64| units(corners.iter().map(|c| c[i]).reduce(of).unwrap_or_default());
    Rect { min: [0, 1].map(|i| edge(i, f64::min)), max: [0, 1].map(|i| edge(i, f64::max)) }
}

/// Output pixels in scene units; what lies far beyond all that is drawn comes to lie a little nearer.
pub fn units(pixels: f64) -> i64 {
    const FAR: f64 = 1e9;
    (pixels.clamp(-FAR, FAR) * UNITS as f64).round() as i64
}

impl Words {
    /// Whether it could fit nowhere.
    pub fn is_too_long(&self) -> bool {
        self.sections.iter().map(|section| section.text.len()).sum::<usize>() > limits::LABEL_BYTES
    }

    /// All that is said.
    pub fn text(&self) -> Arc<str> {
        match &self.sections[..] {
            [section] => section.text.clone(),
            sections => sections.iter().map(|section| &*section.text).collect::<String>().into(),
        }
    }
}

impl Block {
    /// What it keeps free, with so many output pixels around it.
    pub fn collision(&self, padding: f64) -> Rect {
        self.grown(padding)
    }

    /// What of the picture it may change, where letters and halo reach so many output pixels out of it.
    pub fn extent(&self, reach: f64) -> Rect {
        self.grown(reach)
    }

    /// Its images.
    pub fn insets(&self) -> Vec<Inset> {
        let images = self.shaped.lines.iter().flat_map(|line| &line.images);
        let inset = |image: &text::Image| Inset {
            section: image.section,
            corner: [0, 1].map(|i| self.corner[i] + image.at[i] * self.size),
            size: [image.width, image.height].map(|length| length * self.size),
            angle: self.angle,
        };
        images.map(inset).collect()
    }

    fn grown(&self, by: f64) -> Rect {
        let size = [self.shaped.width, self.shaped.height].map(|length| length * self.size);
        let [min, max] = [[0, 1].map(|i| self.corner[i] - by), [0, 1].map(|i| self.corner[i] + size[i] + by)];
        around([min, max], self.angle)
    }

    /// Where a point of the box comes to lie, from the anchor, in scene units.
    pub fn place(&self, at: [f64; 2]) -> Point {
        turned([0, 1].map(|i| self.corner[i] + at[i] * self.size), self.angle).map(units)
    }
}

/// Degrees in 1/[`TURNS`] of a whole turn.
pub fn turn(degrees: f64) -> u16 {
    (degrees / 360.0 * TURNS).round().rem_euclid(TURNS) as u16
}
