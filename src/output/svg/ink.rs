//! What areas, lines and circles are drawn with.

use super::SUBPIXELS;
use super::defs::Defs;
use super::path::{subpixel, write_path};
use crate::output::fade::{self, smoothstep};
use crate::scene::{Circle, Fill, Ink, Paint, Quad, Stroke};
use crate::style::color::{Color, Space};
use crate::style::{Cap, Join};
use std::fmt::Write;

/// Stops of a gradient over the part of a circle that fades.
const BLUR_STOPS: u32 = 12;

/// The attributes of a paint; what it refers to is written before.
pub fn paint(out: &mut String, paint: &Paint, defs: &mut Defs) -> String {
    match paint {
        Paint::Color(color) => color_attributes(*color),
        Paint::Pattern { image, origin, opacity } => {
            let mut attributes = format!(r##" fill="url(#{})""##, defs.area(out, *image, *origin));
            write_opacity(&mut attributes, "fill-opacity", *opacity);
            attributes
        }
    }
}

/// The attributes of a fill in one colour.
pub fn color_attributes(color: Color) -> String {
    let mut attributes = format!(r#" fill="{}""#, hex(color));
    write_opacity(&mut attributes, "fill-opacity", color.a);
    attributes
}

pub fn fill_attributes(out: &mut String, fill: &Fill, defs: &mut Defs) -> String {
    let mut attributes = paint(out, &fill.paint, defs);
    if !fill.antialias {
        attributes.push_str(r#" shape-rendering="crispEdges""#);
    }
    attributes
}

/// The attributes of a stroke that is one path in one colour.
pub fn plain_attributes(stroke: &Stroke) -> Option<String> {
    let Ink::Color(color) = stroke.ink else { return None };
    if stroke.blur > 0.0 || !stroke.tips.is_empty() {
        return None;
    }
    let mut out = format!(r#" fill="none" stroke="{}""#, hex(color));
    write_opacity(&mut out, "stroke-opacity", color.a);
    let _ = write!(out, r#" stroke-width="{}""#, number(stroke.width * f64::from(SUBPIXELS)));
    write_ends(&mut out, stroke.cap, stroke);
    Some(out)
}

/// Caps and joins.
fn write_ends(out: &mut String, cap: Cap, stroke: &Stroke) {
    match cap {
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
}

/// A stroke that is more than one path in one colour.
pub fn write_stroke(out: &mut String, stroke: &Stroke, defs: &mut Defs) {
    match &stroke.ink {
        Ink::Color(color) => write_profile(out, stroke, *color, defs),
        Ink::Gradient { opacity, runs } => {
            masked(out, stroke, *opacity, defs, |out, defs| write_runs(out, stroke, runs, defs));
        }
        Ink::Pattern { opacity, quads } => {
            masked(out, stroke, *opacity, defs, |out, defs| quads.iter().for_each(|quad| write_quad(out, quad, defs)));
        }
    }
}

/// What is seen through a stroke, which alone makes edges, caps and joins.
fn masked(
    out: &mut String,
    stroke: &Stroke,
    opacity: f64,
    defs: &mut Defs,
    content: impl FnOnce(&mut String, &mut Defs),
) {
    const WHITE: Color = Color { r: 1.0, g: 1.0, b: 1.0, a: 1.0 };
    let mask = defs.open_mask(out);
    write_profile(out, stroke, Color { a: opacity, ..WHITE }, defs);
    out.push_str("</mask>");
    let mut inner = String::new();
    content(&mut inner, defs);
    let _ = write!(out, r##"<g mask="url(#{mask})">{inner}</g>"##);
}

/// A stroke in one colour. One that fades is made of strokes over one another, which needs no filter, whose region would
/// end at tiles.
fn write_profile(out: &mut String, stroke: &Stroke, color: Color, defs: &mut Defs) {
    let sub = f64::from(SUBPIXELS);
    let mut ends = format!(r#" stroke="{}""#, hex(color));
    write_ends(&mut ends, stroke.cap, stroke);
    if stroke.blur > 0.0 {
        let (widths, count) = fade::widths(stroke.width, stroke.blur);
        let shape = defs.next("line-");
        let _ = write!(out, r#"<g fill="none"{ends}>"#);
        let mut covered = 0.0;
        for (step, width) in widths.into_iter().enumerate() {
            // What this stroke must add to those below it.
            let wanted = color.a * (step + 1) as f64 / f64::from(count);
            let opacity = (wanted - covered) / (1.0 - covered);
            covered = wanted;
            let mut attributes = format!(r#" stroke-width="{}""#, number(width * sub));
            write_opacity(&mut attributes, "stroke-opacity", opacity);
            if step == 0 {
                let _ = write!(out, r#"<g{attributes}><path id="{shape}" d=""#);
                write_path(out, &stroke.path);
                out.push_str("\"/></g>");
            } else {
                let _ = write!(out, r##"<use href="#{shape}"{attributes}/>"##);
            }
        }
        out.push_str("</g>");
        return;
    }
    // As a group, so that the tips do not lie over the stroke.
    out.push_str("<g");
    write_opacity(out, "opacity", color.a);
    let _ = write!(out, r#"><path fill="none"{ends} stroke-width="{}" d=""#, number(stroke.width * sub));
    write_path(out, &stroke.path);
    out.push_str("\"/>");
    if !stroke.tips.is_empty() {
        let _ = write!(out, r#"<path fill="{}" d=""#, hex(color));
        write_path(out, &stroke.tips);
        out.push_str("\"/>");
    }
    out.push_str("</g>");
}

/// Runs of colour a little wider than the stroke. Where colours have an opacity, it is a second mask, so that runs can
/// lie over one another.
fn write_runs(out: &mut String, stroke: &Stroke, runs: &[(Color, crate::scene::Path)], defs: &mut Defs) {
    let sub = f64::from(SUBPIXELS);
    let mut attributes = format!(r#" fill="none" stroke-width="{}""#, number((stroke.width + 2.0) * sub));
    write_ends(&mut attributes, Cap::Butt, stroke);
    let write = |out: &mut String, color: &dyn Fn(Color) -> Color| {
        let _ = write!(out, "<g{attributes}>");
        for (run, path) in runs {
            let _ = write!(out, r#"<path stroke="{}" d=""#, hex(color(*run)));
            write_path(out, path);
            out.push_str("\"/>");
        }
        out.push_str("</g>");
    };
    if runs.iter().all(|(color, _)| color.a >= 1.0) {
        return write(out, &|color| color);
    }
    let mask = defs.open_mask(out);
    write(out, &|Color { a, .. }| Color { r: a, g: a, b: a, a: 1.0 });
    let _ = write!(out, r##"</mask><g mask="url(#{mask})">"##);
    write(out, &|color| color);
    out.push_str("</g>");
}

fn write_quad(out: &mut String, quad: &Quad, defs: &mut Defs) {
    let pattern = defs.quad(out, quad);
    let corners = quad.corners.map(|corner| corner.map(subpixel));
    let _ = write!(out, r##"<path fill="url(#{pattern})" d="M{} {}"##, corners[0][0], corners[0][1]);
    for [x, y] in &corners[1..] {
        let _ = write!(out, "L{x} {y}");
    }
    out.push_str("z\"/>");
}

pub fn write_circle(out: &mut String, circle: &Circle, defs: &mut Defs) {
    let [x, y] = circle.center.map(subpixel);
    let sub = f64::from(SUBPIXELS);
    let whole = circle.radius + circle.stroke_width;
    if circle.blur > 0.0 && whole > 0.0 {
        let fill = defs.radial(out, &faded_stops(circle));
        let _ = write!(out, r##"<circle cx="{x}" cy="{y}" r="{}" fill="url(#{fill})"/>"##, number(whole * sub));
        return;
    }
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

/// The colours of a circle that fades, from its middle to its edge, as MapLibre's circle shader has them: opacity goes
/// to 0 at the edge, colour to that of the stroke where it begins, each as a smooth step as long as the blur.
fn faded_stops(circle: &Circle) -> Vec<(f64, String, f64)> {
    let (whole, blur) = (circle.radius + circle.stroke_width, circle.blur);
    let border = circle.radius / whole;
    let has_stroke = circle.stroke_width > 0.0;
    let mut at: Vec<f64> = vec![0.0, 1.0];
    for end in [Some(1.0), has_stroke.then_some(border)].into_iter().flatten() {
        at.extend((0..=BLUR_STOPS).map(|i| end - blur * f64::from(i) / f64::from(BLUR_STOPS)));
    }
    at.retain(|at| (0.0..=1.0).contains(at));
    at.sort_by(f64::total_cmp);
    at.dedup();
    let stop = |at: f64| {
        let share = if has_stroke { smoothstep((at - border + blur) / blur) } else { 0.0 };
        let (inner, outer) = (circle.color, circle.stroke_color);
        // Colours are mixed premultiplied.
        let alpha = inner.a + (outer.a - inner.a) * share;
        let weight = if alpha > 0.0 { outer.a * share / alpha } else { share };
        (at, hex(inner.mix(outer, weight, Space::Rgb)), alpha * smoothstep((1.0 - at) / blur))
    };
    at.into_iter().map(stop).collect()
}

pub fn write_opacity(out: &mut String, attribute: &str, opacity: f64) {
    if opacity < 1.0 {
        let _ = write!(out, r#" {attribute}="{}""#, number(opacity));
    }
}

/// At most four decimals, and no trailing zeros.
pub fn number(n: f64) -> f64 {
    (n * 1e4).round() / 1e4
}

pub fn hex(color: Color) -> String {
    let [r, g, b, _] = color.to_rgba8();
    let short = |c: u8| c >> 4 == c & 15;
    if short(r) && short(g) && short(b) {
        return format!("#{:x}{:x}{:x}", r & 15, g & 15, b & 15);
    }
    format!("#{r:02x}{g:02x}{b:02x}")
}
