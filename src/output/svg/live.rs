//! Texts as text, to be edited and searched, in whatever fonts the reader has: each line by itself, where the outlines of
//! its letters would be.
//!
//! An upright line is as long as in its own font. A turned one has a place for each of its letters where each of them has
//! a glyph of its own, and else goes straight on from its first.

use super::SUBPIXELS;
use super::defs::Defs;
use super::escape::escaped;
use super::ink::{color_attributes, hex, number, write_opacity};
use super::path::subpixel;
use super::symbol::{degrees, open_text, write_icons};
use crate::scene::UNITS;
use crate::scene::symbol::{Glyph, GlyphRun, Halo, Symbols, Text};
use crate::style::Style;
use crate::text::{self, FontName, FontStack, Fonts, Paragraph};
use std::fmt::Write;

/// The least letter spacing that is written, in ems.
const SPACING: f64 = 0.01;

/// Icons, and texts with their halos.
pub fn write_symbols(out: &mut String, symbols: &Symbols, style: &Style, defs: &mut Defs) {
    let fonts = style.fonts.as_ref().map_or_else(Fonts::bundled, |fonts| fonts.fonts().clone());
    write_icons(out, symbols, defs);
    for text in &symbols.texts {
        open_text(out, text);
        for run in &text.runs {
            write_run(out, text, run, &fonts);
        }
        out.push_str("</g>");
    }
}

fn write_run(out: &mut String, text: &Text, run: &GlyphRun, fonts: &Fonts) {
    let content = text.content.get(run.content.clone()).unwrap_or_default().trim();
    let (Some(first), false) = (run.glyphs.first(), content.is_empty()) else { return };
    out.push_str("<text");
    let turn = first.turn;
    let is_upright = run.glyphs.iter().all(|glyph| glyph.turn == 0);
    // Neither in a column nor along a line.
    let is_level = is_upright && run.glyphs.iter().all(|glyph| glyph.at[1] == first.at[1]);
    if is_level {
        write_place(out, first);
        write_length(out, run, content, fonts);
    } else if write_letters(out, run, content) {
        // Each has its place.
    } else if is_upright {
        write_place(out, first);
    } else {
        let [x, y] = first.at.map(subpixel);
        let _ = write!(out, r#" x="{x}" y="{y}" transform="rotate({} {x} {y})""#, degrees(turn));
    }
    write_font(out, run, fonts);
    if let Some(halo) = &text.halo {
        write_halo(out, halo);
    }
    let _ = write!(out, ">{}</text>", escaped(content));
}

fn write_place(out: &mut String, glyph: &Glyph) {
    let [x, y] = glyph.at.map(subpixel);
    let _ = write!(out, r#" x="{x}" y="{y}""#);
}

/// How long an upright line is, and how far its letters stand apart: by what its own font makes of it.
fn write_length(out: &mut String, run: &GlyphRun, content: &str, fonts: &Fonts) {
    let shaped = text::shape(fonts, &Paragraph::line(content, FontStack::of(run.font)));
    let [line] = &shaped.lines[..] else { return };
    let is_drawn = |glyph: &&text::Glyph| fonts.outline(glyph.font, glyph.id).is_some();
    let drawn: Vec<&text::Glyph> = line.glyphs.iter().filter(is_drawn).collect();
    let ([first, .., last], [from, .., to]) = (&drawn[..], &run.glyphs[..]) else { return };
    if drawn.len() != run.glyphs.len() {
        return;
    }
    // In ems.
    let span = f64::from(to.at[0] - from.at[0]) / UNITS as f64 / run.size;
    let gaps = (line.glyphs.len() - 1) as f64;
    let spacing = (span - (last.at[0] - first.at[0])) / gaps;
    let units = run.size * f64::from(SUBPIXELS);
    if spacing.abs() >= SPACING {
        let _ = write!(out, r#" letter-spacing="{}""#, (spacing * units * 10.0).round() / 10.0);
    }
    let length = ((line.length + gaps * spacing) * units).round();
    if length > 0.0 {
        let _ = write!(out, r#" textLength="{length}""#);
    }
}

/// Place and turn of each letter; false where not every one has a glyph of its own.
fn write_letters(out: &mut String, run: &GlyphRun, content: &str) -> bool {
    let is_space = |c: char| c.is_whitespace();
    let letters = content.chars().filter(|c| !is_space(*c)).count();
    // Glyphs stand from the left to the right, letters in the order in which they are read.
    let in_order = content.chars().all(|c| (c as u32) < 0x1_0000 && !is_right_to_left(c));
    if letters != run.glyphs.len() || !in_order {
        return false;
    }
    let mut glyphs = run.glyphs.iter().peekable();
    let (mut xs, mut ys, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    let mut was_space = false;
    for c in content.chars() {
        // Several spaces are one (SVG 2, 11.4).
        let is_again = is_space(c) && was_space;
        was_space = is_space(c);
        if is_again {
            continue;
        }
        // A space is where the next letter is: nothing is seen of it.
        let glyph = if is_space(c) { glyphs.peek().copied() } else { glyphs.next() };
        let Some(glyph) = glyph else { return false };
        let [x, y] = glyph.at.map(subpixel);
        xs.push(x.to_string());
        ys.push(y.to_string());
        turns.push(degrees(glyph.turn).to_string());
    }
    let _ = write!(out, r#" x="{}" y="{}" rotate="{}""#, xs.join(" "), ys.join(" "), turns.join(" "));
    true
}

fn is_right_to_left(c: char) -> bool {
    use unicode_bidi::BidiClass;
    matches!(unicode_bidi::bidi_class(c), BidiClass::R | BidiClass::AL)
}

fn write_font(out: &mut String, run: &GlyphRun, fonts: &Fonts) {
    let FontName { family, weight, italic } = fonts.name(run.font);
    let size = number(run.size * f64::from(SUBPIXELS));
    let _ = write!(out, r#" font-family="{}, sans-serif" font-size="{size}""#, escaped(&quoted(family)));
    if weight != 400.0 {
        let _ = write!(out, r#" font-weight="{weight}""#);
    }
    if italic {
        out.push_str(r#" font-style="italic""#);
    }
    out.push_str(&color_attributes(run.color));
}

/// A family's name as a string of CSS, whatever stands in it.
fn quoted(family: &str) -> String {
    let plain = family.chars().filter(|c| !matches!(c, '\'' | '\\' | '\n'));
    format!("'{}'", plain.collect::<String>())
}

fn write_halo(out: &mut String, halo: &Halo) {
    let width = number(2.0 * halo.width * f64::from(SUBPIXELS));
    let _ = write!(out, r#" stroke="{}" stroke-width="{width}""#, hex(halo.color));
    write_opacity(out, "stroke-opacity", halo.color.a);
    out.push_str(r#" stroke-linejoin="round" paint-order="stroke""#);
}
