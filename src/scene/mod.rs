//! The display list: what is drawn, in order, with resolved paints, in units of 1/256 output pixel.
//!
//! The unit of drawing is the square, one tile of the source's grid at the drawn zoom. What a square looks like depends
//! on its source tile, on those around it, on the style and the zoom, never on the viewport: that is what makes tiles
//! fit. Fill and line layers are drawn square by square, clipped; circles belong to the tile that holds their point and
//! are not clipped. A [`Run`] is what lies between two changes from one to the other.

mod canvas;
mod caption;
mod circle;
mod cut;
mod dash;
mod fill;
mod join;
mod line;
mod offset;
mod path;

use crate::error::Error;
use crate::style::color::Color;
use crate::style::{Cap, Join, Kind, Layer, Style};
use crate::viewport::{self, Turn, Viewport};
use std::collections::BTreeMap;

pub use canvas::{Canvas, SourceTiles, Tiles, cells};
pub use caption::{Caption, caption};
pub use path::{Path, Point, Rect, UNITS, clip_ring};

/// Everything that is drawn in a viewport; coordinates are relative to its top left corner, and before the turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// In output pixels.
    pub width: u32,
    pub height: u32,
    /// How all of it is turned; none where north is up. Squares then share pixels: each belongs to the square that holds
    /// its middle.
    pub turn: Option<Turn>,
    pub runs: Vec<Run>,
    /// What stands over all of it and is not turned.
    pub caption: Option<Caption>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// The whole viewport in one colour.
    Background(LayerId, Color),
    /// Fills and lines of consecutive style layers, clipped to squares.
    Squares(Vec<Square>),
    /// The circles of one style layer, not clipped.
    Circles(LayerId, Vec<Circle>),
}

/// The `id` of a style layer, as its index in the style.
pub type LayerId = usize;

#[derive(Clone, Debug, PartialEq)]
pub struct Square {
    /// In output pixels: left, top, right, bottom.
    pub clip: [i64; 4],
    pub layers: Vec<(LayerId, Vec<Item>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Fill(Fill),
    Stroke(Stroke),
}

/// Rings filled by the non-zero rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    pub color: Color,
    pub path: Path,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    pub color: Color,
    /// In output pixels.
    pub width: f64,
    pub cap: Cap,
    pub join: Join,
    pub miter_limit: f64,
    pub path: Path,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Circle {
    /// In scene units.
    pub center: [i32; 2],
    /// In output pixels.
    pub radius: f64,
    pub color: Color,
    /// Around the radius, not astride it.
    pub stroke_width: f64,
    pub stroke_color: Color,
}

/// Draws a style over the tiles of its sources.
///
/// `tiles` holds what [`cells`] names for this viewport; sources and cells that it does not hold count as absent.
pub fn build(style: &Style, viewport: &Viewport, tiles: &Tiles) -> Result<Scene, Error> {
    let zoom = viewport.style_zoom();
    let mut runs = Vec::new();
    let visible: Vec<&Layer> = style.layers.iter().filter(|layer| layer.is_visible(zoom)).collect();
    // Layers on one grid of squares are drawn square by square.
    let grid = |layer: &Layer| match layer.kind {
        Kind::Fill(_) | Kind::Line(_) => tiles.get(&layer.source).map(|source| source.class),
        Kind::Background(_) | Kind::Circle(_) => None,
    };
    for layers in visible.chunk_by(|a, b| grid(a).is_some() && grid(a) == grid(b)) {
        let layer = layers[0];
        match &layer.kind {
            Kind::Background(background) => {
                let color = faded(background.color.at(zoom).constant(), background.opacity.at(zoom).constant());
                if color.a > 0.0 {
                    runs.push(Run::Background(layer.index, color));
                }
            }
            Kind::Circle(circle) => {
                let Some(source) = tiles.get(&layer.source) else { continue };
                let drawn = circle::layer(layer, circle, viewport, source)?;
                if !drawn.is_empty() {
                    runs.push(Run::Circles(layer.index, drawn));
                }
            }
            Kind::Fill(_) | Kind::Line(_) => {
                let Some(class) = grid(layer) else { continue };
                let mut drawn = Vec::new();
                for square in viewport.squares(class) {
                    let square = draw_square(layers, viewport, square, tiles)?;
                    if !square.layers.is_empty() {
                        drawn.push(square);
                    }
                }
                if !drawn.is_empty() {
                    runs.push(Run::Squares(drawn));
                }
            }
        }
    }
    Ok(Scene { width: viewport.width, height: viewport.height, turn: viewport.turn, runs, caption: None })
}

/// Draws layers on one grid in one of its squares.
fn draw_square(
    layers: &[&Layer],
    viewport: &Viewport,
    square: viewport::Square,
    tiles: &Tiles,
) -> Result<Square, Error> {
    let mut canvases: BTreeMap<&str, Canvas> = BTreeMap::new();
    let mut drawn = Square { clip: [0; 4], layers: Vec::new() };
    for layer in layers {
        let Some(source) = tiles.get(&layer.source) else { continue };
        let canvas = canvases.entry(&layer.source).or_insert_with(|| Canvas::new(viewport, square, source));
        drawn.clip = canvas.clip();
        let items: Vec<Item> = match &layer.kind {
            Kind::Fill(fill) => fill::layer(layer, fill, canvas)?.into_iter().map(Item::Fill).collect(),
            Kind::Line(line) => line::layer(layer, line, canvas)?.into_iter().map(Item::Stroke).collect(),
            Kind::Background(_) | Kind::Circle(_) => Vec::new(),
        };
        if !items.is_empty() {
            drawn.layers.push((layer.index, items));
        }
    }
    Ok(drawn)
}

/// A colour with a layer's opacity in it.
fn faded(color: Color, opacity: f64) -> Color {
    Color { a: color.a * opacity.clamp(0.0, 1.0), ..color }
}

/// The parts of a line within a rectangle.
pub fn cut_line(line: &[Point], rect: Rect) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    cut::line(line, rect, &mut pieces);
    pieces.into_iter().map(|piece| piece.points).collect()
}
