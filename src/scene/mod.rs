//! The display list: what is drawn, in order, with resolved paints, in units of 1/256 output pixel.
//!
//! The unit of drawing is the square, one tile of the source's grid at the drawn zoom. What a square looks like depends
//! on its source tile, on those around it, on the style and the zoom, never on the viewport: that is what makes tiles
//! fit. Fill and line layers are drawn square by square, clipped; circles belong to the tile that holds their point and
//! are not clipped. A [`Run`] is what lies between two changes from one to the other.

mod canvas;
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
use crate::style::{Cap, Join, Kind, Style};
use crate::tile::TileId;
use crate::viewport::{SizeClass, Viewport};

pub use canvas::{Canvas, SourceTiles, cells};
pub use path::{Path, Point, Rect, UNITS, clip_ring};

/// Everything that is drawn in a viewport; coordinates are relative to its top left corner.
#[derive(Debug, PartialEq)]
pub struct Scene {
    /// In output pixels.
    pub width: u32,
    pub height: u32,
    pub runs: Vec<Run>,
}

#[derive(Debug, PartialEq)]
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

#[derive(Debug, PartialEq)]
pub struct Square {
    /// In output pixels: left, top, right, bottom.
    pub clip: [i64; 4],
    pub layers: Vec<(LayerId, Vec<Item>)>,
}

#[derive(Debug, PartialEq)]
pub enum Item {
    Fill(Fill),
    Stroke(Stroke),
}

/// Rings filled by the non-zero rule.
#[derive(Debug, PartialEq)]
pub struct Fill {
    pub color: Color,
    pub path: Path,
}

#[derive(Debug, PartialEq)]
pub struct Stroke {
    pub color: Color,
    /// In output pixels.
    pub width: f64,
    pub cap: Cap,
    pub join: Join,
    pub miter_limit: f64,
    pub path: Path,
}

#[derive(Debug, PartialEq)]
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

/// Draws a style over source tiles.
///
/// `tiles` holds what [`cells`] names for this viewport; cells that it does not hold count as absent.
pub fn build(style: &Style, viewport: &Viewport, class: SizeClass, tiles: &SourceTiles) -> Result<Scene, Error> {
    let zoom = viewport.style_zoom();
    let squares = viewport.squares(class);
    let mut runs = Vec::new();
    let visible: Vec<LayerId> = (0..style.layers.len()).filter(|&i| style.layers[i].is_visible(zoom)).collect();
    let run_kind = |layer: LayerId| match style.layers[layer].kind {
        Kind::Background(_) => 0,
        Kind::Fill(_) | Kind::Line(_) => 1,
        Kind::Circle(_) => 2,
    };
    for layers in visible.chunk_by(|&a, &b| run_kind(a) == 1 && run_kind(b) == 1) {
        match &style.layers[layers[0]].kind {
            Kind::Background(background) => {
                let color = faded(background.color.at(zoom).constant(), background.opacity.at(zoom).constant());
                if color.a > 0.0 {
                    runs.push(Run::Background(layers[0], color));
                }
            }
            Kind::Circle(circle) => {
                let drawn = circle::layer(&style.layers[layers[0]], circle, viewport, class, tiles)?;
                if !drawn.is_empty() {
                    runs.push(Run::Circles(layers[0], drawn));
                }
            }
            Kind::Fill(_) | Kind::Line(_) => {
                let mut drawn = Vec::new();
                for &square in &squares {
                    let square = draw_square(style, layers, viewport, class, square, tiles)?;
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
    Ok(Scene { width: viewport.width, height: viewport.height, runs })
}

fn draw_square(
    style: &Style,
    layers: &[LayerId],
    viewport: &Viewport,
    class: SizeClass,
    square: TileId,
    tiles: &SourceTiles,
) -> Result<Square, Error> {
    let canvas = Canvas::new(viewport, class, square, tiles);
    let mut drawn = Vec::new();
    for &i in layers {
        let layer = &style.layers[i];
        let items: Vec<Item> = match &layer.kind {
            Kind::Fill(fill) => fill::layer(layer, fill, &canvas)?.into_iter().map(Item::Fill).collect(),
            Kind::Line(line) => line::layer(layer, line, &canvas)?.into_iter().map(Item::Stroke).collect(),
            Kind::Background(_) | Kind::Circle(_) => Vec::new(),
        };
        if !items.is_empty() {
            drawn.push((i, items));
        }
    }
    Ok(Square { clip: canvas.clip(), layers: drawn })
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
