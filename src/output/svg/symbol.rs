//! Icons and texts: what several have is defined once, and used where it lies.
//!
//! A letter is its font's outline, curves and all, in the font's units; the letters of a run are in a group that brings
//! them to their size. A halo is the outline grown, as polygons. A text is an image with a label for those who do not
//! see, and the same name in Inkscape's list of objects.

use super::defs::Defs;
use super::escape::escaped;
use super::ink::{color_attributes, number, write_opacity};
use super::path::subpixel;
use super::{SUBPIXELS, significant};
use crate::output::raster::glyph::{Form, Shapes, radii};
use crate::scene::symbol::{GlyphRun, Halo, Icon, Outlines, Pose, Symbols, TURNS, Text};
use crate::style::color::Color;
use std::fmt::Write;

/// Scene units in 1/16 px.
const UNITS: f64 = 16.0;

/// Icons, the halos of all texts, and their letters.
pub fn write_symbols(out: &mut String, symbols: &Symbols, shapes: &mut Shapes, defs: &mut Defs) {
    write_icons(out, symbols, defs);
    let (mut defined, mut drawn) = (String::new(), String::new());
    for text in &symbols.texts {
        write_halo(&mut drawn, text, &mut defined, shapes, defs);
    }
    for text in &symbols.texts {
        open_text(&mut drawn, text);
        write_letters(&mut drawn, text, shapes.outlines, &mut defined, defs);
        drawn.push_str("</g>");
    }
    write_defined(out, &defined, &drawn);
}

pub fn write_icons(out: &mut String, symbols: &Symbols, defs: &mut Defs) {
    let (mut defined, mut drawn) = (String::new(), String::new());
    for icon in &symbols.icons {
        write_icon(&mut drawn, icon, &mut defined, defs);
    }
    write_defined(out, &defined, &drawn);
}

/// What is defined, and what uses it.
pub fn write_defined(out: &mut String, defined: &str, drawn: &str) {
    if !defined.is_empty() {
        let _ = write!(out, "<defs>{defined}</defs>");
    }
    out.push_str(drawn);
}

/// The group of a text.
pub fn open_text(out: &mut String, text: &Text) {
    let label = escaped(&text.content);
    let _ = write!(out, r#"<g role="img" aria-label="{label}" inkscape:label="{label}">"#);
}

/// The letters of a text; what they are made of goes where definitions are.
pub fn write_letters(out: &mut String, text: &Text, outlines: &Outlines, defined: &mut String, defs: &mut Defs) {
    for run in &text.runs {
        write_run(out, run, outlines, defined, defs);
    }
}

fn write_run(out: &mut String, run: &GlyphRun, outlines: &Outlines, defined: &mut String, defs: &mut Defs) {
    let mut glyphs = run.glyphs.iter().filter_map(|glyph| Some((glyph, outlines.get(glyph.outline)?))).peekable();
    let Some((_, first)) = glyphs.peek() else { return };
    let scale = significant(run.size * f64::from(SUBPIXELS) / f64::from(first.units_per_em));
    if scale <= 0.0 {
        return;
    }
    // As fine as half a unit of the document.
    let fine = 10f64.powf((2.0 * scale).log10().ceil().max(0.0));
    open_group(out, run.color);
    out.truncate(out.len() - 1);
    let _ = write!(out, r#" transform="scale({scale})">"#);
    for (glyph, outline) in glyphs {
        let id = defs.letter(defined, outline);
        let at = glyph.at.map(|c| (f64::from(c) / UNITS / scale * fine).round() / fine);
        write_use(out, &id, at, glyph.turn);
    }
    out.push_str("</g>");
}

/// A group in one colour, which covers each place once.
fn open_group(out: &mut String, color: Color) {
    let _ = write!(out, "<g{}", color_attributes(Color { a: 1.0, ..color }));
    write_opacity(out, "opacity", color.a);
    out.push('>');
}

fn write_use(out: &mut String, id: &str, [x, y]: [f64; 2], turn: u16) {
    let _ = match turn {
        0 => write!(out, r##"<use href="#{id}" x="{x}" y="{y}"/>"##),
        _ => {
            let degrees = degrees(turn);
            write!(out, r##"<use href="#{id}" transform="translate({x} {y})rotate({degrees})"/>"##)
        }
    };
}

pub fn degrees(turn: u16) -> f64 {
    number(f64::from(turn) * 360.0 / TURNS)
}

/// A halo. One that fades is made of several, the widest first, each as opaque as it takes to have with those below it
/// what their mean would be.
fn write_halo(out: &mut String, text: &Text, defined: &mut String, shapes: &mut Shapes, defs: &mut Defs) {
    let Some(Halo { color, .. }) = text.halo else { return };
    let radii = text.halo.as_ref().map(radii).unwrap_or_default();
    let mut covered = 0.0;
    for (i, &radius) in radii.iter().enumerate() {
        let wanted = color.a * (i + 1) as f64 / radii.len() as f64;
        let opacity = if covered < 1.0 { (wanted - covered) / (1.0 - covered) } else { 0.0 };
        covered = wanted;
        open_group(out, Color { a: opacity, ..color });
        for run in &text.runs {
            for glyph in &run.glyphs {
                let form = Form { size: run.size, turn: 0, radius };
                let Some(id) = defs.halo(defined, glyph.outline, form, shapes) else { continue };
                write_use(out, &id, glyph.at.map(subpixel).map(f64::from), glyph.turn);
            }
        }
        out.push_str("</g>");
    }
}

fn write_icon(out: &mut String, icon: &Icon, defined: &mut String, defs: &mut Defs) {
    let Some(id) = defs.icon(defined, icon.image) else { return };
    let _ = write!(out, r##"<use href="#{id}""##);
    let sub = f64::from(SUBPIXELS);
    let _ = match icon.pose {
        Pose::Upright(corner) => {
            let [x, y] = corner.map(|c| c * i64::from(SUBPIXELS));
            write!(out, r#" x="{x}" y="{y}""#)
        }
        Pose::Turned([a, b, c, d, e, f]) => {
            let [a, b, c, d] = [a, b, c, d].map(significant);
            let [e, f] = [e, f].map(|n| number(n * sub));
            write!(out, r#" transform="matrix({a} {b} {c} {d} {e} {f})""#)
        }
    };
    write_opacity(out, "opacity", icon.opacity);
    out.push_str("/>");
}
