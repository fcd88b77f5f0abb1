//! A scene as SVG text.
//!
//! Coordinates are whole numbers of 1/16 px (the `viewBox` is 16 times the size). Consecutive items of one paint share
//! a group. Names come from strangers: what XML 1.0 forbids is left out, the rest escaped; there are no scripts, links
//! or style sheets, and images are within the document.

mod defs;
mod escape;
mod ink;
mod live;
mod path;
mod symbol;

use crate::output::raster::glyph::Shapes;
use crate::scene::{Caption, Fill, Item, LayerId, Run, Scene, Square, Stroke};
use crate::style::{BlendMode, Named, Style};
use crate::text;
use crate::viewport::seen;
use defs::Defs;
use escape::escaped;
use std::fmt::Write;

/// Units of 1/16 px in one pixel.
const SUBPIXELS: u32 = 16;

/// Where the names of objects in Inkscape are.
const NAMES_OF_OBJECTS: &str = r#" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape""#;

/// What the document says of itself.
pub struct Document<'a> {
    pub title: &'a str,
    /// Who the data is from, as HTML; its text is written.
    pub attribution: &'a str,
    /// Whether texts are written as text.
    pub live_text: bool,
}

/// Writes the scene; the style gives the layers' names.
pub fn write(scene: &Scene, style: &Style, document: &Document) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut out = String::with_capacity(1 << 16);
    let (box_width, box_height) = (width * SUBPIXELS, height * SUBPIXELS);
    let inkscape = if has_texts(scene) { NAMES_OF_OBJECTS } else { "" };
    let _ = write!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg"{inkscape} width="{width}" height="{height}" viewBox="0 0 {box_width} {box_height}">"#
    );
    let _ = write!(out, "<title>{}</title>", escaped(document.title));
    let attribution = text::plain(document.attribution);
    if !attribution.is_empty() {
        let _ = write!(out, "<desc>{}</desc>", escaped(&attribution));
    }
    // What is beside the picture before the turn does not end at the picture's edge.
    let [left, top, right, bottom] = seen(width, height, scene.turn);
    let turn = scene.turn.map(|turn| {
        let [x, y] = turn.pivot.map(|c| ink::number(c * f64::from(SUBPIXELS)));
        format!(r#"<g transform="rotate({} {x} {y})">"#, -turn.bearing)
    });
    let around = i64::from(turn.is_some());
    let whole = [left - around, top - around, right + around, bottom + around];
    let mut defs = Defs::new(style, scene, whole);
    let mut shapes = Shapes::new(&scene.outlines);
    let mut turned = false;
    for run in &scene.runs {
        // Symbols are where they lie in the picture as they are.
        let wanted = turn.as_deref().filter(|_| !matches!(run, Run::Symbols(..)));
        match (turned, wanted) {
            (true, None) => out.push_str("</g>"),
            (false, Some(turn)) => out.push_str(turn),
            _ => {}
        }
        turned = wanted.is_some();
        match run {
            Run::Background(layer, paint) => {
                let id = escaped(&style.layers[*layer].id);
                let paint = ink::paint(&mut out, paint, &mut defs);
                let _ = write!(out, r#"<path id="{id}"{paint} d="{}"/>"#, rectangle(whole));
            }
            Run::Squares(squares) => {
                for square in squares {
                    write_square(&mut out, style, square, scene.turn.is_some(), &mut defs);
                }
            }
            Run::Blended(blending, squares) => {
                out.push_str("<g");
                ink::write_opacity(&mut out, "opacity", blending.opacity);
                match blending.mode {
                    BlendMode::Normal => {}
                    mode => {
                        let _ = write!(out, r#" style="mix-blend-mode:{}""#, mode.name());
                    }
                }
                out.push('>');
                for square in squares {
                    write_square(&mut out, style, square, scene.turn.is_some(), &mut defs);
                }
                out.push_str("</g>");
            }
            Run::Circles(layer, circles) => {
                open_layer(&mut out, &style.layers[*layer].id, squares_seen(scene));
                circles.iter().for_each(|circle| ink::write_circle(&mut out, circle, &mut defs));
                out.push_str("</g>");
            }
            Run::Symbols(layer, symbols) => {
                open_layer(&mut out, &style.layers[*layer].id, is_repeated(scene, *layer));
                match document.live_text {
                    true => live::write_symbols(&mut out, symbols, style, &mut defs),
                    false => symbol::write_symbols(&mut out, symbols, &mut shapes, &mut defs),
                }
                out.push_str("</g>");
            }
        }
    }
    if turned {
        out.push_str("</g>");
    }
    if let Some(caption) = &scene.caption {
        write_caption(&mut out, caption, &mut defs);
    }
    out.push_str("</svg>\n");
    out
}

/// Whether a layer can stand in the document more than once, so that an `id` would not be unique.
fn squares_seen(scene: &Scene) -> bool {
    let several = |run: &Run| match run {
        Run::Squares(squares) | Run::Blended(_, squares) => squares.len() > 1,
        Run::Background(..) | Run::Circles(..) | Run::Symbols(..) => false,
    };
    scene.runs.iter().any(several)
}

/// Whether a layer's symbols stand in the document more than once.
fn is_repeated(scene: &Scene, layer: LayerId) -> bool {
    scene.runs.iter().filter(|run| matches!(run, Run::Symbols(other, _) if *other == layer)).count() > 1
}

fn has_texts(scene: &Scene) -> bool {
    let has = |run: &Run| matches!(run, Run::Symbols(_, symbols) if !symbols.texts.is_empty());
    scene.caption.is_some() || scene.runs.iter().any(has)
}

fn write_square(out: &mut String, style: &Style, square: &Square, turned: bool, defs: &mut Defs) {
    let [left, top, right, bottom] = square.clip;
    let whole = defs.whole;
    // What the viewport's own edge clips needs no clip.
    let inside = left > whole[0] || top > whole[1] || right < whole[2] || bottom < whole[3];
    if inside {
        let clip = [left.max(whole[0]), top.max(whole[1]), right.min(whole[2]), bottom.min(whole[3])];
        let id = defs.next("square-");
        // A turned edge goes through pixels, and each of them is one square's.
        let hard = if turned { r#" shape-rendering="crispEdges""# } else { "" };
        let _ = write!(
            out,
            r##"<clipPath id="{id}"><path{hard} d="{}"/></clipPath><g clip-path="url(#{id})">"##,
            rectangle(clip)
        );
    }
    for (layer, items) in &square.layers {
        open_layer(out, &style.layers[*layer].id, inside);
        write_items(out, items, defs);
        out.push_str("</g>");
    }
    if inside {
        out.push_str("</g>");
    }
}

/// Left, top, right and bottom in output pixels as a path.
fn rectangle(rect: [i64; 4]) -> String {
    let [left, top, right, bottom] = rect.map(|c| c * i64::from(SUBPIXELS));
    format!("M{left} {top}H{right}V{bottom}H{left}z")
}

/// A group named after the style layer: by `id` where it stands once, else by `class`.
fn open_layer(out: &mut String, name: &str, repeated: bool) {
    let attribute = if repeated { "class" } else { "id" };
    let _ = write!(out, r#"<g {attribute}="{}">"#, escaped(name));
}

fn write_items(out: &mut String, items: &[Item], defs: &mut Defs) {
    // The attributes of the group that is open, if one is.
    let mut open = String::new();
    for item in items {
        // Definitions stand before the group that uses them.
        let mut defined = String::new();
        let attributes = match item {
            Item::Fill(fill) => Some(ink::fill_attributes(&mut defined, fill, defs)),
            Item::Stroke(stroke) => ink::plain_attributes(stroke),
            Item::Image(_) => None,
        };
        let attributes = attributes.unwrap_or_default();
        if !open.is_empty() && (attributes != open || !defined.is_empty()) {
            out.push_str("</g>");
            open.clear();
        }
        out.push_str(&defined);
        match item {
            Item::Stroke(stroke) if attributes.is_empty() => ink::write_stroke(out, stroke, defs),
            Item::Image(image) => defs.write_image(out, image),
            Item::Fill(Fill { path, .. }) | Item::Stroke(Stroke { path, .. }) => {
                if open.is_empty() {
                    let _ = write!(out, "<g{attributes}>");
                    open = attributes;
                }
                out.push_str("<path d=\"");
                path::write_path(out, path);
                out.push_str("\"/>");
            }
        }
    }
    if !open.is_empty() {
        out.push_str("</g>");
    }
}

fn write_caption(out: &mut String, caption: &Caption, defs: &mut Defs) {
    let (mut defined, mut letters) = (String::new(), String::new());
    symbol::write_letters(&mut letters, &caption.text, &caption.outlines, &mut defined, defs);
    symbol::open_text(out, &caption.text);
    let ground = ink::color_attributes(caption.ground_color);
    let _ = write!(out, r#"<path{ground} d="{}"/>"#, rectangle(caption.ground));
    symbol::write_defined(out, &defined, &letters);
    out.push_str("</g>");
}

/// At most seven significant digits: enough that what is scaled by it stays where it is.
fn significant(n: f64) -> f64 {
    let digits = 6.0 - n.abs().log10().floor();
    match n == 0.0 || !digits.is_finite() {
        true => 0.0,
        false => {
            let by = 10f64.powf(digits.clamp(-300.0, 300.0));
            (n * by).round() / by
        }
    }
}
