//! A scene as SVG text.
//!
//! Coordinates are whole numbers of 1/16 px (the `viewBox` is 16 times the size) and relative, each rounded from where
//! the line really is, so that nothing drifts. Consecutive items of one paint share a group. Names come from strangers:
//! what XML 1.0 forbids is left out, the rest escaped; there are no scripts, links or style sheets.

use crate::scene::{Caption, Circle, Fill, Item, Path, Run, Scene, Square, Stroke};
use crate::style::color::Color;
use crate::style::{Cap, Join, Style};
use crate::text;
use crate::viewport::seen;
use std::fmt::Write;

/// Units of 1/16 px in one pixel.
const SUBPIXELS: u32 = 16;

/// What the document says of itself.
pub struct Document<'a> {
    pub title: &'a str,
    /// Who the data is from, as HTML; its text is written.
    pub attribution: &'a str,
}

/// Writes the scene; the style gives the layers' names.
pub fn write(scene: &Scene, style: &Style, document: &Document) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut out = String::with_capacity(1 << 16);
    let (box_width, box_height) = (width * SUBPIXELS, height * SUBPIXELS);
    let _ = write!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {box_width} {box_height}">"#
    );
    let _ = write!(out, "<title>{}</title>", escaped(document.title));
    let attribution = text::plain(document.attribution);
    if !attribution.is_empty() {
        let _ = write!(out, "<desc>{}</desc>", escaped(&attribution));
    }
    // What is beside the picture before the turn does not end at the picture's edge.
    let [left, top, right, bottom] = seen(width, height, scene.turn);
    let whole = match scene.turn {
        None => [left, top, right, bottom],
        Some(turn) => {
            let sub = f64::from(SUBPIXELS);
            let [x, y] = turn.pivot.map(|c| number(c * sub));
            let _ = write!(out, r#"<g transform="rotate({} {x} {y})">"#, -turn.bearing);
            [left - 1, top - 1, right + 1, bottom + 1]
        }
    };
    let mut ids = Ids::new(style);
    for run in &scene.runs {
        match run {
            Run::Background(layer, color) => {
                let id = escaped(&style.layers[*layer].id);
                let _ = write!(out, r#"<path id="{id}" fill="{}""#, hex(*color));
                write_opacity(&mut out, "fill-opacity", color.a);
                let _ = write!(out, r#" d="{}"/>"#, rectangle(whole));
            }
            Run::Squares(squares) => {
                for square in squares {
                    write_square(&mut out, style, square, whole, scene.turn.is_some(), &mut ids);
                }
            }
            Run::Circles(layer, circles) => {
                open_layer(&mut out, &style.layers[*layer].id, squares_seen(scene));
                circles.iter().for_each(|circle| write_circle(&mut out, circle));
                out.push_str("</g>");
            }
        }
    }
    if scene.turn.is_some() {
        out.push_str("</g>");
    }
    if let Some(caption) = &scene.caption {
        write_caption(&mut out, caption, &mut ids);
    }
    out.push_str("</svg>\n");
    out
}

/// Ids for the clips of squares and for letters, which no layer has.
struct Ids {
    prefix: String,
    count: usize,
}

impl Ids {
    fn new(style: &Style) -> Ids {
        let mut prefix = String::new();
        let taken = |prefix: &str| {
            let begins = |name: &str, kind: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(kind));
            style.layers.iter().any(|layer| begins(&layer.id, "square-") || begins(&layer.id, "letter-"))
        };
        while taken(&prefix) {
            prefix.insert(0, '_');
        }
        Ids { prefix, count: 0 }
    }

    fn next(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{}{kind}-{}", self.prefix, self.count)
    }
}

/// Whether a layer can stand in the document more than once, so that an `id` would not be unique.
fn squares_seen(scene: &Scene) -> bool {
    scene.runs.iter().any(|run| matches!(run, Run::Squares(squares) if squares.len() > 1))
}

fn write_square(out: &mut String, style: &Style, square: &Square, whole: [i64; 4], turned: bool, ids: &mut Ids) {
    let [left, top, right, bottom] = square.clip;
    // What the viewport's own edge clips needs no clip.
    let inside = left > whole[0] || top > whole[1] || right < whole[2] || bottom < whole[3];
    if inside {
        let clip = [left.max(whole[0]), top.max(whole[1]), right.min(whole[2]), bottom.min(whole[3])];
        let id = ids.next("square");
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
        let mut paint = String::new();
        for item in items {
            let next = match item {
                Item::Fill(fill) => fill_attributes(fill),
                Item::Stroke(stroke) => stroke_attributes(stroke),
            };
            if next != paint {
                out.push_str(if paint.is_empty() { "<g" } else { "</g><g" });
                out.push_str(&next);
                out.push('>');
                paint = next;
            }
            let path = match item {
                Item::Fill(fill) => &fill.path,
                Item::Stroke(stroke) => &stroke.path,
            };
            out.push_str("<path d=\"");
            write_path(out, path);
            out.push_str("\"/>");
        }
        out.push_str("</g></g>");
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

fn fill_attributes(fill: &Fill) -> String {
    let mut out = format!(r#" fill="{}""#, hex(fill.color));
    write_opacity(&mut out, "fill-opacity", fill.color.a);
    out
}

fn stroke_attributes(stroke: &Stroke) -> String {
    let mut out = format!(r#" fill="none" stroke="{}""#, hex(stroke.color));
    write_opacity(&mut out, "stroke-opacity", stroke.color.a);
    let _ = write!(out, r#" stroke-width="{}""#, number(stroke.width * f64::from(SUBPIXELS)));
    match stroke.cap {
        Cap::Butt => {}
        Cap::Round => out.push_str(r#" stroke-linecap="round""#),
        Cap::Square => out.push_str(r#" stroke-linecap="square""#),
    }
    match stroke.join {
        Join::Miter => {
            let _ = write!(out, r#" stroke-miterlimit="{}""#, number(stroke.miter_limit));
        }
        Join::Round => out.push_str(r#" stroke-linejoin="round""#),
        Join::Bevel => out.push_str(r#" stroke-linejoin="bevel""#),
    }
    out
}

fn write_circle(out: &mut String, circle: &Circle) {
    let [x, y] = circle.center.map(subpixel);
    let sub = f64::from(SUBPIXELS);
    let _ =
        write!(out, r#"<circle cx="{x}" cy="{y}" r="{}" fill="{}""#, number(circle.radius * sub), hex(circle.color));
    write_opacity(out, "fill-opacity", circle.color.a);
    out.push_str("/>");
    if circle.stroke_width > 0.0 && circle.stroke_color.a > 0.0 {
        // SVG strokes astride the outline, the Style Spec outside of it.
        let radius = number((circle.radius + circle.stroke_width / 2.0) * sub);
        let (color, width) = (hex(circle.stroke_color), number(circle.stroke_width * sub));
        let _ = write!(
            out,
            r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{color}" stroke-width="{width}""#
        );
        write_opacity(out, "stroke-opacity", circle.stroke_color.a);
        out.push_str("/>");
    }
}

/// Letters as outlines, each written once; what they say is the group's label.
fn write_caption(out: &mut String, caption: &Caption, ids: &mut Ids) {
    let _ = write!(out, r#"<g role="img" aria-label="{}">"#, escaped(&caption.text));
    let _ = write!(out, r#"<path fill="{}""#, hex(caption.ground_color));
    write_opacity(out, "fill-opacity", caption.ground_color.a);
    let _ = write!(out, r#" d="{}"/><defs>"#, rectangle(caption.ground));
    let mut names = Vec::new();
    for outline in &caption.outlines {
        let id = ids.next("letter");
        let _ = write!(out, r#"<path id="{id}" d=""#);
        write_path(out, outline);
        out.push_str("\"/>");
        names.push(id);
    }
    let _ = write!(out, r#"</defs><g fill="{}""#, hex(caption.color));
    write_opacity(out, "fill-opacity", caption.color.a);
    out.push('>');
    for (outline, at) in &caption.letters {
        let [x, y] = at.map(subpixel);
        let _ = write!(out, r##"<use href="#{}" x="{x}" y="{y}"/>"##, names[*outline]);
    }
    out.push_str("</g></g>");
}

fn write_path(out: &mut String, path: &Path) {
    let mut at = [0, 0];
    for (points, closed) in path.parts() {
        let start = points[0].map(subpixel);
        // The first "m" of a path is absolute, what follows it relative.
        out.push('m');
        write_pair(out, start[0] - at[0], start[1] - at[1]);
        at = start;
        // What follows a move without a letter is a line.
        let mut command = 'l';
        let mut first = true;
        for point in &points[1..] {
            let next = point.map(subpixel);
            let (dx, dy) = (next[0] - at[0], next[1] - at[1]);
            at = next;
            if (dx, dy) == (0, 0) {
                continue;
            }
            first = false;
            let wanted = match (dx, dy) {
                (_, 0) => 'h',
                (0, _) => 'v',
                _ => 'l',
            };
            let changed = wanted != command;
            if changed {
                out.push(wanted);
                command = wanted;
            }
            match wanted {
                'h' => write_number(out, dx, !changed),
                'v' => write_number(out, dy, !changed),
                _ => {
                    write_number(out, dx, !changed);
                    write_number(out, dy, true);
                }
            }
        }
        if first && !closed {
            // A dash of no length is a dot where caps are round.
            out.push_str("h0");
        }
        if closed {
            out.push('z');
            at = start;
        }
    }
}

fn write_pair(out: &mut String, x: i32, y: i32) {
    write_number(out, x, false);
    write_number(out, y, true);
}

/// A number, with a space before it unless its sign separates it.
fn write_number(out: &mut String, n: i32, follows: bool) {
    if follows && n >= 0 {
        out.push(' ');
    }
    let _ = write!(out, "{n}");
}

fn subpixel(units: i32) -> i32 {
    (units + 8).div_euclid(16)
}

fn write_opacity(out: &mut String, attribute: &str, opacity: f64) {
    if opacity < 1.0 {
        let _ = write!(out, r#" {attribute}="{}""#, number(opacity));
    }
}

/// At most four decimals, and no trailing zeros.
fn number(n: f64) -> f64 {
    (n * 1e4).round() / 1e4
}

fn hex(color: Color) -> String {
    let [r, g, b, _] = color.to_rgba8();
    let short = |c: u8| c >> 4 == c & 15;
    if short(r) && short(g) && short(b) {
        return format!("#{:x}{:x}{:x}", r & 15, g & 15, b & 15);
    }
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text for XML: markup escaped, and without the characters that XML 1.0 (2.2) has no way to write.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{20}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}' => out.push(c),
            _ => {}
        }
    }
    out
}
