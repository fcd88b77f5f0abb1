//! Line layers and outlines of fills: lines moved sideways, dashed, and laid out with what they are drawn with.
//!
//! Everything is computed from whole pieces in positions relative to the square, whose corner is a whole pixel of the
//! world, and rounded to 1/256 px: the neighbouring square computes the same.

use super::canvas::{Canvas, Located, reach};
use super::dash::{self, Dash};
use super::gather::{Gathered, Joined, Share, SharedLine, gather};
use super::image::Images;
use super::path::{Line, Measured, Path, Point, UNITS};
use super::trace::{Fate, Trace};
use super::{Ink, Quad, Stroke, faded, gradient, offset, texture, tips};
use crate::error::Error;
use crate::limits;
use crate::style::color::Color;
use crate::style::{self, Cap, Gradient, ImageName, Join, OUTLINE_WIDTH, Property, ROUND_LIMIT};
use crate::value::{Attributes, GeometryKind};

/// resvg strokes what is at most one pixel wide in a way of its own, which does not fit at tiles' edges.
const MORE_THAN_HAIRLINE: f64 = 1.02;

/// A feature's resolved paint; lengths in output pixels.
#[derive(Clone, Debug, PartialEq)]
struct Paint {
    color: Color,
    opacity: f64,
    width: f64,
    gap: f64,
    offset: f64,
    blur: f64,
    cap: Cap,
    join: Join,
    miter_limit: f64,
    round_limit: f64,
    dashes: Vec<f64>,
    pattern: Option<ImageName>,
    has_gradient: bool,
    sort_key: f64,
}

impl Joined for Paint {
    fn half_width(&self) -> f64 {
        self.width * UNITS as f64 / 2.0
    }

    fn is_moved(&self) -> bool {
        self.offset != 0.0 || self.gap > 0.0
    }

    fn is_directed(&self) -> bool {
        // An offset would change sides where two pieces run against each other.
        self.offset != 0.0 || self.pattern.is_some() || self.has_gradient
    }

    fn is_measured(&self) -> bool {
        self.has_gradient
    }

    fn is_plain(&self) -> bool {
        !self.is_moved() && self.dashes.is_empty() && self.pattern.is_none() && !self.has_gradient
    }

    fn unmeasured(self) -> Paint {
        Paint { has_gradient: false, ..self }
    }
}

pub fn layer(
    layer: &style::Layer,
    line: &style::Line,
    canvas: &Canvas,
    images: &mut Images,
    trace: &mut impl Trace,
) -> Result<Vec<Stroke>, Error> {
    let resolve = resolver(line, canvas, images);
    let visible = |feature: &Located| {
        let paint = resolve(feature);
        let has_ink = paint.pattern.is_some() || paint.has_gradient || paint.color.a > 0.0;
        if has_ink && paint.opacity > 0.0 && paint.width > 0.0 { Ok(paint) } else { Err(Fate::Unpainted) }
    };
    strokes(layer, canvas, visible, line.gradient.as_ref(), images, trace)
}

/// The outlines of a fill layer's polygons, where they are not cut.
pub fn outlines(
    layer: &style::Layer,
    fill: &style::Fill,
    color: &Property<Color>,
    canvas: &Canvas,
    images: &mut Images,
    trace: &mut impl Trace,
) -> Result<Vec<Stroke>, Error> {
    let (color, opacity) = (color.at(canvas.zoom), fill.opacity.at(canvas.zoom));
    let sort_key = fill.sort_key.as_ref().map(|key| key.at(canvas.tile_zoom));
    let paint = |feature: &Located| Paint {
        color: faded(color.of(feature), opacity.of(feature)),
        opacity: 1.0,
        width: (OUTLINE_WIDTH * f64::from(canvas.viewport.scale)).max(MORE_THAN_HAIRLINE),
        gap: 0.0,
        offset: 0.0,
        blur: 0.0,
        cap: Cap::Butt,
        join: Join::Miter,
        miter_limit: 2.0,
        round_limit: ROUND_LIMIT,
        dashes: Vec::new(),
        pattern: None,
        has_gradient: false,
        sort_key: sort_key.as_ref().map_or(0.0, |key| key.of(feature)),
    };
    let of_polygon = |feature: &Located| match feature.kind() {
        GeometryKind::Polygon => Some(paint(feature)).filter(|paint| paint.color.a > 0.0).ok_or(Fate::Unpainted),
        GeometryKind::Point | GeometryKind::LineString => Err(Fate::Geometry),
    };
    strokes(layer, canvas, of_polygon, None, images, trace)
}

fn strokes(
    layer: &style::Layer,
    canvas: &Canvas,
    resolve: impl Fn(&Located) -> Result<Paint, Fate>,
    colors: Option<&Gradient>,
    images: &mut Images,
    trace: &mut impl Trace,
) -> Result<Vec<Stroke>, Error> {
    // Which features are looked at depends on what is asked for, but what any of them looks like does not: all that
    // meet at an edge within reach are among them.
    let near = canvas.asked.grown(reach(layer, canvas.viewport) + 4 * UNITS);
    let Gathered { paints, marks, lines } = gather(layer, canvas, near, resolve, trace)?;
    let mut drawn: Vec<Stroke> = paints.iter().map(blank).collect();
    // Images and colours along lines lie over one another: those of each feature's pieces in their order.
    let mut laid: Vec<(usize, usize, Laid)> = Vec::new();
    for SharedLine { line, progress, shares } in lines {
        let paint = &paints[shares[0].feature];
        let (width, side) = profile(paint);
        let band = paint.pattern.as_ref().and_then(|name| images.band(name, width));
        let colors = colors.filter(|_| paint.has_gradient && !progress.is_empty());
        let mut lay = |feature: usize, points: &[Point], closed: bool| {
            let Stroke { path, tips, .. } = &mut drawn[feature];
            if paint.join == Join::Round && paint.round_limit > ROUND_LIMIT {
                let half = width * UNITS as f64 / 2.0;
                tips::lay(points, closed, half, paint.round_limit, near, canvas.offset, tips);
            }
            path.push_line(points, closed, near, canvas.offset);
        };
        if let [share] = &shares[..]
            && paint.is_plain()
        {
            lay(share.feature, &line.points, line.closed);
            continue;
        }
        for line in sideways(line, paint.offset, side) {
            let measured = Measured::new(line);
            let total = measured.total();
            let parts = shares.iter().flat_map(|share| share.pieces(total).map(move |part| (share.feature, part)));
            for (feature, (piece, span)) in parts {
                let along = if let Some(band) = &band {
                    Laid::Quads(texture::lay(&measured, band, span, near, canvas.offset, images))
                } else if let Some(colors) = colors {
                    let beyond = (width / 2.0 + 1.0) * UNITS as f64;
                    Laid::Runs(gradient::runs(&measured, &progress, colors, span, beyond, near, canvas.offset))
                } else {
                    continue;
                };
                laid.push((piece, feature, along));
            }
            for Dash { points, closed, middle } in stretches(measured, paint, &shares) {
                let share = shares.iter().find(|share| share.holds(middle, total)).unwrap_or(&shares[0]);
                lay(share.feature, &points, closed);
            }
        }
    }
    laid.sort_by_key(|(piece, ..)| *piece);
    for (_, feature, along) in laid {
        along.put_on(&mut drawn[feature].ink, paints[feature].opacity);
    }
    let fate = |stroke: &Stroke| match &stroke.ink {
        _ if stroke.path.is_empty() => Fate::Outside,
        // Where there is no such image, nothing is drawn.
        Ink::Pattern { quads, .. } if quads.is_empty() => Fate::NoImage,
        Ink::Color(_) | Ink::Gradient { .. } | Ink::Pattern { .. } => Fate::Drawn,
    };
    let is_drawn = |((_, stroke), mark): &((Paint, Stroke), _)| {
        let fate = fate(stroke);
        trace.came_to(mark, fate);
        fate == Fate::Drawn
    };
    let drawn = paints.into_iter().zip(drawn).zip(marks).filter(is_drawn);
    let mut drawn: Vec<(Paint, Stroke)> = drawn.map(|(drawn, _)| drawn).collect();
    drawn.sort_by(|a, b| a.0.sort_key.total_cmp(&b.0.sort_key));
    Ok(drawn.into_iter().map(|(_, stroke)| stroke).collect())
}

/// A stroke of a feature that has no lines yet.
fn blank(paint: &Paint) -> Stroke {
    let ink = match paint.pattern {
        Some(_) => Ink::Pattern { opacity: paint.opacity, quads: Vec::new() },
        // One with a gradient has its own colour where its lines do not say how far along they are.
        None => Ink::Color(paint.color),
    };
    Stroke {
        ink,
        width: profile(paint).0,
        cap: paint.cap,
        join: paint.join,
        miter_limit: paint.miter_limit,
        blur: paint.blur,
        path: Path::default(),
        tips: Path::default(),
    }
}

/// What is drawn along a part of a line.
enum Laid {
    Quads(Vec<Quad>),
    Runs(Vec<(Color, Path)>),
}

impl Laid {
    fn put_on(self, ink: &mut Ink, opacity: f64) {
        match (self, ink) {
            (Laid::Quads(more), Ink::Pattern { quads, .. }) => quads.extend(more),
            (Laid::Runs(more), Ink::Gradient { runs, .. }) => runs.extend(more),
            (Laid::Runs(more), ink) if !more.is_empty() => *ink = Ink::Gradient { opacity, runs: more },
            _ => {}
        }
    }
}

/// What is stroked of a line: its dashes, or all of it, cut where another feature draws on.
fn stretches(line: Measured, paint: &Paint, shares: &[Share]) -> Vec<Dash> {
    if !paint.dashes.is_empty() && paint.pattern.is_none() {
        let pattern: Vec<f64> = paint.dashes.iter().map(|d| d * paint.width * UNITS as f64).collect();
        return dash::dashes(line, &pattern);
    }
    if shares.len() == 1 {
        return vec![Dash::whole(line)];
    }
    let part = |share: &Share| {
        // The end of a ring before its beginning.
        let mut spans: Vec<[f64; 2]> = share.spans(line.total()).collect();
        spans.sort_by(|a, b| b[0].total_cmp(&a[0]));
        let &[from, until] = spans.first()?;
        let mut points = line.part(from, until);
        if let Some(&[begin, end]) = spans.get(1) {
            points.pop();
            points.extend(line.part(begin, end));
        }
        Some(Dash { points, closed: false, middle: from })
    };
    shares.iter().filter_map(part).collect()
}

/// The function from a feature to its paint.
fn resolver<'a>(
    line: &'a style::Line,
    canvas: &Canvas<'_>,
    images: &Images<'a>,
) -> impl Fn(&Located) -> Paint + use<'a> {
    let (zoom, tile_zoom, scale) = (canvas.zoom, canvas.tile_zoom, f64::from(canvas.viewport.scale));
    let (color, opacity, width) = (line.color.at(zoom), line.opacity.at(zoom), line.width.at(zoom));
    let (gap, offset, blur) = (line.gap_width.at(zoom), line.offset.at(zoom), line.blur.at(zoom));
    let (cap, join) = (line.cap.at(tile_zoom), line.join.at(tile_zoom));
    let (miter_limit, round_limit) = (line.miter_limit.at(tile_zoom), line.round_limit.at(tile_zoom));
    // What cannot be interpolated is evaluated at whole zooms.
    let dashes = line.dasharray.as_ref().map(|dashes| dashes.at(tile_zoom));
    let pattern = line.pattern.as_ref().map(|pattern| pattern.at_with(tile_zoom, images.globals));
    let sort_key = line.sort_key.as_ref().map(|key| key.at(tile_zoom));
    let has_gradient = line.gradient.is_some() && pattern.is_none();
    move |feature| {
        let opacity = opacity.of(feature).clamp(0.0, 1.0);
        Paint {
            color: faded(color.of(feature), opacity),
            opacity,
            width: width.of(feature).clamp(0.0, 2.0 * limits::MARGIN) * scale,
            gap: gap.of(feature).clamp(0.0, 2.0 * limits::MARGIN) * scale,
            offset: offset.of(feature).clamp(-limits::MARGIN, limits::MARGIN) * scale,
            blur: blur.of(feature).clamp(0.0, limits::MARGIN) * scale,
            cap: cap.of(feature),
            join: join.of(feature),
            miter_limit: miter_limit.of(feature).clamp(1.0, limits::MARGIN),
            round_limit: round_limit.of(feature).clamp(1.0, limits::MARGIN),
            dashes: dashes.as_ref().map(|dashes| dashes.of(feature)).unwrap_or_default(),
            pattern: pattern.as_ref().map(|pattern| pattern.of(feature)),
            has_gradient,
            sort_key: sort_key.as_ref().map_or(0.0, |key| key.of(feature)),
        }
    }
}

/// How wide the stroke is, and how far its middle lies from that of the gap, if there is one.
///
/// A casing fades outwards into its gap and inwards from its outer edge (MapLibre's line shader): as one that is wider
/// by the blur, and nearer to the middle by half of it.
fn profile(paint: &Paint) -> (f64, Option<f64>) {
    match paint.gap > 0.0 {
        true => (paint.width + paint.blur, Some((paint.gap + paint.width - paint.blur) / 2.0)),
        false => (paint.width, None),
    }
}

/// The line at its offset, or twice, on both sides of its gap.
fn sideways(line: Line, offset: f64, side: Option<f64>) -> Vec<Line> {
    let at = |distance: f64| offset::parallel(&line, distance * UNITS as f64);
    match side {
        Some(side) => vec![at(offset - side), at(offset + side)],
        None if offset != 0.0 => vec![at(offset)],
        None => vec![line],
    }
}
