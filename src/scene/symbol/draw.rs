//! Symbols that have their places, as they are drawn.

use super::super::image::Images;
use super::super::path::Point;
use super::super::{
    faded,
    trace::{Fate, Trace},
};
use super::candidate::{Candidate, Setting, Symbols as Layer, Way};
use super::icon::{Paint, Placed};
use super::text::{HALO, Inset, turn};
use super::{Glyph, GlyphRun, Halo, Icon, Outlines, Symbols, Text};
use crate::style::color::Color;
use crate::style::expression::Section;
use crate::style::{AtZoom, Part};
use crate::text::{self, FontId, Fonts, Outline, Shaped};
use foldhash::{HashMap, HashMapExt};
use std::ops::Range;
use std::sync::Arc;

/// What stands in a text for an image.
const IMAGE: char = '\u{FFFC}';

/// What glyphs are drawn with, each once.
pub struct Glyphs<'f> {
    fonts: &'f Fonts,
    known: HashMap<(FontId, u32), Option<usize>>,
    pub outlines: Outlines,
}

impl<'f> Glyphs<'f> {
    pub fn new(fonts: &'f Fonts) -> Glyphs<'f> {
        Glyphs { fonts, known: HashMap::new(), outlines: Vec::new() }
    }

    /// None of what is not seen, as a space.
    pub fn outline(&mut self, font: FontId, id: u32) -> Option<usize> {
        let (fonts, outlines) = (self.fonts, &mut self.outlines);
        let mut add = |outline: Arc<Outline>| {
            outlines.push(outline);
            outlines.len() - 1
        };
        *self.known.entry((font, id)).or_insert_with(|| fonts.outline(font, id).map(&mut add))
    }
}

/// The paint of a part at a zoom.
struct Inks<'s> {
    color: AtZoom<'s, Color>,
    opacity: AtZoom<'s, f64>,
    halo_color: AtZoom<'s, Color>,
    halo_width: AtZoom<'s, f64>,
    halo_blur: AtZoom<'s, f64>,
}

impl<'s> Inks<'s> {
    fn new(part: &'s Part, zoom: f64) -> Inks<'s> {
        Inks {
            color: part.color.at(zoom),
            opacity: part.opacity.at(zoom),
            halo_color: part.halo_color.at(zoom),
            halo_width: part.halo_width.at(zoom),
            halo_blur: part.halo_blur.at(zoom),
        }
    }
}

/// Draws symbols of one layer.
pub struct Pen<'s> {
    layer: &'s Layer<'s>,
    scale: f64,
    text: Inks<'s>,
    icon: Inks<'s>,
}

impl<'s> Pen<'s> {
    pub fn new(layer: &'s Layer<'s>, zoom: f64, scale: f64) -> Pen<'s> {
        let (text, icon) = (&layer.symbol.text.part, &layer.symbol.icon.part);
        Pen { layer, scale, text: Inks::new(text, zoom), icon: Inks::new(icon, zoom) }
    }

    /// Adds a symbol at one of its places.
    pub fn draw<T: Trace>(
        &self,
        candidate: &Candidate<T::Mark>,
        way: &Way,
        images: &mut Images,
        glyphs: &mut Glyphs,
        trace: &mut T,
        symbols: &mut Symbols,
    ) {
        let [icon_by, text_by] = self.layer.translates();
        let at = |by: Point| [0, 1].map(|i| candidate.anchor[i] + by[i]);
        let before = symbols.icons.len() + symbols.texts.len();
        if let Some(placed) = &way.icon {
            let feature = &candidate.feature;
            let paint = Paint {
                color: self.icon.color.of(feature),
                halo_color: self.icon.halo_color.of(feature),
                halo_width: self.icon.halo_width.of(feature),
                halo_blur: self.icon.halo_blur.of(feature),
            };
            let opacity = self.icon.opacity.of(feature).clamp(0.0, 1.0);
            let image = if opacity > 0.0 { placed.image(images, &paint, self.scale) } else { None };
            symbols.icons.extend(image.map(|image| Icon {
                name: placed.name.clone(),
                image,
                pose: placed.pose(at(icon_by)),
                opacity,
            }));
        }
        if let Some((setting, sections)) = &way.text {
            self.text(candidate, setting, sections, at(text_by), images, glyphs, symbols);
        }
        let is_drawn = symbols.icons.len() + symbols.texts.len() > before;
        trace.came_to(&candidate.mark, if is_drawn { Fate::Drawn } else { Fate::Unpainted });
    }

    #[expect(clippy::too_many_arguments)]
    fn text<M>(
        &self,
        candidate: &Candidate<M>,
        setting: &Setting,
        sections: &[Section],
        anchor: Point,
        images: &mut Images,
        glyphs: &mut Glyphs,
        symbols: &mut Symbols,
    ) {
        let feature = &candidate.feature;
        let opacity = self.text.opacity.of(feature).clamp(0.0, 1.0);
        if opacity <= 0.0 {
            return;
        }
        let own = self.text.color.of(feature);
        let color = |section: usize| faded(sections.get(section).and_then(|s| s.color).unwrap_or(own), opacity);
        let most = HALO * setting.size();
        let halo = Halo {
            color: faded(self.text.halo_color.of(feature), opacity),
            width: (self.text.halo_width.of(feature) * self.scale).clamp(0.0, most),
            blur: (self.text.halo_blur.of(feature) * self.scale).clamp(0.0, most),
        };
        let mut runs: Vec<GlyphRun> = Vec::new();
        let said = &setting.shaped().text;
        // An image parts what stands before it from what stands after it.
        let is_apart = |run: &GlyphRun, content: &Range<usize>| {
            let between = run.content.end.min(content.end)..run.content.start.max(content.start);
            said.get(between).is_some_and(|between| between.contains(IMAGE))
        };
        let mut add = |glyph: &text::Glyph, is_new: bool, at: Point, turn: u16| {
            let content = glyph.cluster[0] as usize..glyph.cluster[1] as usize;
            let (size, color) = (glyph.scale * setting.size(), color(glyph.section));
            match runs.last_mut() {
                Some(run)
                    if !is_new
                        && (run.font, run.size, run.color) == (glyph.font, size, color)
                        && !is_apart(run, &content) =>
                {
                    run.content = run.content.start.min(content.start)..run.content.end.max(content.end);
                }
                _ => runs.push(GlyphRun { font: glyph.font, size, color, content, glyphs: Vec::new() }),
            }
            if let (Some(outline), Some(run)) = (glyphs.outline(glyph.font, glyph.id), runs.last_mut()) {
                run.glyphs.push(Glyph { outline, at: [0, 1].map(|i| (anchor[i] + at[i]) as i32), turn });
            }
        };
        match setting {
            Setting::Block(block) => {
                for line in &block.shaped.lines {
                    for (i, glyph) in line.glyphs.iter().enumerate() {
                        let angle = block.angle + if glyph.turned { 90.0 } else { 0.0 };
                        add(glyph, i == 0, block.place(glyph.at), turn(angle));
                    }
                }
            }
            Setting::Along(along) => {
                let line = along.shaped.lines.first().map_or(&[][..], |line| &line.glyphs);
                for (glyph, &(at, turn)) in line.iter().zip(&along.glyphs) {
                    add(glyph, false, at, turn);
                }
            }
        }
        for inset in setting.insets() {
            let name = sections.get(inset.section).and_then(|section| section.image.as_ref());
            let Some(name) = name.map(|image| image.name.clone()) else { continue };
            let placed = Placed::within(name, &inset);
            let paint = Paint { color: own, halo_color: halo.color, halo_width: 0.0, halo_blur: 0.0 };
            let (name, pose) = (placed.name.clone(), placed.pose(anchor));
            let image = placed.image(images, &paint, self.scale);
            symbols.icons.extend(image.map(|image| Icon { name, image, pose, opacity }));
        }
        let halo = (halo.color.a > 0.0 && halo.width > 0.0).then_some(halo);
        runs.retain(|run| !run.glyphs.is_empty() && (run.color.a > 0.0 || halo.is_some()));
        if !runs.is_empty() {
            symbols.texts.push(Text { content: setting.shaped().text.clone(), runs, halo });
        }
    }
}

impl Setting {
    /// The em, in output pixels.
    pub fn size(&self) -> f64 {
        match self {
            Setting::Block(block) => block.size,
            Setting::Along(along) => along.size,
        }
    }

    fn insets(&self) -> Vec<Inset> {
        match self {
            Setting::Block(block) => block.insets(),
            Setting::Along(along) => along.insets.clone(),
        }
    }

    pub fn shaped(&self) -> &Shaped {
        match self {
            Setting::Block(block) => &block.shaped,
            Setting::Along(along) => &along.shaped,
        }
    }
}
