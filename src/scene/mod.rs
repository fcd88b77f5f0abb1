//! The display list: what is drawn, in order, with resolved paints, in units of 1/256 output pixel.
//!
//! The unit of drawing is the square, one tile of the source's grid at the drawn zoom. What a square looks like depends
//! on its source tile, on those around it, on the style and the zoom, never on the viewport: that is what makes tiles
//! fit. Fill and line layers are drawn square by square, clipped; circles belong to the tile that holds their point and
//! are not clipped. A [`Run`] is what lies between two changes from one to the other.
//!
//! A layer that is moved (`*-translate`) is drawn as seen from a viewport moved the other way: its squares move with it
//! by whole pixels, and its geometry within them by what is left.

mod by_values;
mod canvas;
mod caption;
mod circle;
mod cut;
mod dash;
mod explain;
mod fill;
mod gather;
mod gradient;
mod image;
mod join;
mod line;
mod offset;
mod path;
mod raster;
mod sieve;
pub mod symbol;
mod texture;
mod tips;
mod trace;

use crate::bitmap::Bitmap;
use crate::error::Error;
use crate::style::color::Color;
use crate::style::{BlendMode, Cap, Join, Kind, Layer, Style};
use crate::viewport::{self, Turn, Viewport};
use image::Images;
use std::collections::BTreeMap;
use symbol::{Outlines, Symbols};
use trace::Trace;

pub use canvas::{Canvas, SourceTiles, TileData, Tiles, cells};
pub use caption::{Caption, caption};
pub use explain::{Cause, Explanation, FeatureName, FeatureReport, LayerReport, Outcome, explain};
pub use path::{Path, Point, Rect, UNITS, clip_ring};
pub use symbol::{Placed, place};

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
    /// What patterns and images are made of, in output pixels.
    pub images: Vec<Bitmap>,
    /// What glyphs are made of.
    pub outlines: Outlines,
    /// What stands over all of it and is not turned.
    pub caption: Option<Caption>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// The whole viewport in one paint.
    Background(LayerId, Paint),
    /// Fills, lines and images of consecutive style layers, clipped to squares.
    Squares(Vec<Square>),
    /// The same of one style layer, put on what lies below as a whole.
    Blended(Blending, Vec<Square>),
    /// The circles of one style layer, not clipped.
    Circles(LayerId, Vec<Circle>),
    /// Icons and texts of one style layer, not clipped; where they lie in the picture, after the turn.
    Symbols(LayerId, Symbols),
}

/// How a layer as a whole is put on what lies below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blending {
    pub opacity: f64,
    pub mode: BlendMode,
}

/// The `id` of a style layer, as its index in the style.
pub type LayerId = usize;

/// The number of an image in the scene.
pub type ImageId = usize;

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
    Image(Image),
}

/// What an area is filled with.
#[derive(Clone, Debug, PartialEq)]
pub enum Paint {
    Color(Color),
    /// An image again and again, pixel for pixel.
    Pattern {
        image: ImageId,
        /// A corner of one of the repetitions, in output pixels.
        origin: [i64; 2],
        opacity: f64,
    },
}

/// Rings filled by the non-zero rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    pub paint: Paint,
    /// If not, a pixel is wholly painted where its middle is inside, and else not at all.
    pub antialias: bool,
    pub path: Path,
}

/// Lines with a width. Each place is covered once, however often its lines cross.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    pub ink: Ink,
    /// In output pixels.
    pub width: f64,
    pub cap: Cap,
    pub join: Join,
    pub miter_limit: f64,
    /// Output pixels from the edge inwards over which the stroke fades, besides the one of antialiasing.
    pub blur: f64,
    pub path: Path,
    /// Rings that belong to the stroke: the miters of joins that are not sharp enough to be round.
    pub tips: Path,
}

/// Pixels that are laid down one for one.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub image: ImageId,
    /// The top left one, in output pixels.
    pub corner: [i64; 2],
    pub opacity: f64,
}

/// What a stroke is drawn with.
#[derive(Clone, Debug, PartialEq)]
pub enum Ink {
    Color(Color),
    /// One colour after another along the lines; each run goes on a little under the next.
    Gradient {
        opacity: f64,
        runs: Vec<(Color, Path)>,
    },
    /// An image along the lines.
    Pattern {
        opacity: f64,
        quads: Vec<Quad>,
    },
}

/// A straight stretch of a line with an image along it.
#[derive(Clone, Debug, PartialEq)]
pub struct Quad {
    /// As many repetitions side by side as the quad is long, with rows above and below that repeat its edges.
    pub image: ImageId,
    /// In scene units; wider than the line.
    pub corners: [[i32; 2]; 4],
    /// From the image's pixels to output pixels: `x' = ax + cy + e`, `y' = bx + dy + f`.
    pub transform: [f64; 6],
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
    /// The share of the whole radius, stroke included, over which the circle and its stroke fade.
    pub blur: f64,
}

/// Draws a style over the tiles of its sources.
///
/// `tiles` holds what [`cells`] names for this viewport; sources and cells that it does not hold count as absent. `symbols`
/// are those of the same picture.
pub fn build(style: &Style, viewport: &Viewport, tiles: &Tiles, symbols: Placed) -> Result<Scene, Error> {
    build_traced(style, viewport, tiles, symbols, &mut ())
}

/// The same, while `trace` is told what becomes of each feature.
fn build_traced(
    style: &Style,
    viewport: &Viewport,
    tiles: &Tiles,
    symbols: Placed,
    trace: &mut impl Trace,
) -> Result<Scene, Error> {
    let zoom = viewport.style_zoom();
    let mut runs = Vec::new();
    let Placed { runs: mut symbols, images, outlines, .. } = symbols;
    let mut images = Images::new(style, viewport).after(images);
    let visible: Vec<&Layer> = style.layers.iter().filter(|layer| layer.is_visible(zoom)).collect();
    // Layers on one grid of squares, moved alike, are drawn square by square.
    let grid = |layer: &Layer| match layer.kind {
        Kind::Fill(_) | Kind::Line(_) | Kind::Raster(_) => {
            let class = tiles.get(&layer.source)?.class;
            is_plain(layer, zoom).then(|| (class, translation(layer, viewport)))
        }
        Kind::Background(_) | Kind::Circle(_) | Kind::Symbol(_) => None,
    };
    for layers in visible.chunk_by(|a, b| grid(a).is_some() && grid(a) == grid(b)) {
        let layer = layers[0];
        let (whole, rest) = translation(layer, viewport);
        let viewport = &viewport.of_moved(whole);
        match &layer.kind {
            Kind::Background(background) => {
                let opacity = background.opacity.at(zoom).constant();
                let paint = match &background.pattern {
                    None => Some(Paint::Color(faded(background.color.at(zoom).constant(), opacity))),
                    Some(pattern) => images.area(
                        &pattern.at_with(viewport.tile_zoom(), images.globals).constant(),
                        viewport,
                        opacity,
                    ),
                };
                runs.extend(paint.filter(Paint::is_visible).map(|paint| Run::Background(layer.index, paint)));
            }
            Kind::Circle(circle) => {
                let Some(source) = tiles.get(&layer.source) else { continue };
                let drawn = circle::layer(layer, circle, viewport, rest, source, trace)?;
                if !drawn.is_empty() {
                    runs.push(Run::Circles(layer.index, drawn));
                }
            }
            Kind::Symbol(_) => {
                let own = symbols.extract_if(.., |(of, _)| *of == layer.index);
                runs.extend(own.map(|(of, symbols)| Run::Symbols(of, symbols)));
            }
            Kind::Fill(_) | Kind::Line(_) | Kind::Raster(_) => {
                let mut drawn = Vec::new();
                if let (Kind::Raster(raster), Some(picture)) = (&layer.kind, style.pictures.get(&layer.source)) {
                    // As one square, of which everything is seen.
                    let items = raster::picture(raster, viewport, picture, &mut images).into_iter().map(Item::Image);
                    drawn.push(Square { clip: viewport.seen(), layers: vec![(layer.index, items.collect())] });
                }
                for square in tiles.get(&layer.source).map_or(Vec::new(), |source| viewport.squares(source.class)) {
                    drawn.push(draw_square(layers, viewport, rest, square, tiles, &mut images, trace)?);
                }
                drawn.retain(|square| square.layers.iter().any(|(_, items)| !items.is_empty()));
                let (opacity, mode) = layer.blending(zoom);
                if drawn.is_empty() || opacity <= 0.0 {
                    continue;
                }
                runs.push(match is_plain(layer, zoom) {
                    true => Run::Squares(drawn),
                    false => Run::Blended(Blending { opacity, mode }, drawn),
                });
            }
        }
    }
    let Viewport { width, height, turn, .. } = *viewport;
    Ok(Scene { width, height, turn, runs, images: images.into_bitmaps(), outlines, caption: None })
}

/// Whether a layer's features are put one by one on what lies below.
fn is_plain(layer: &Layer, zoom: f64) -> bool {
    layer.blending(zoom) == (1.0, BlendMode::Normal)
}

/// How far a layer is moved before the turn: whole output pixels, and what is left in scene units.
fn translation(layer: &Layer, viewport: &Viewport) -> ([i64; 2], Point) {
    let bearing = viewport.turn.map_or(0.0, |turn| turn.bearing);
    let moved = layer.translate(viewport.style_zoom(), bearing).map(|by| by * f64::from(viewport.scale));
    let whole = moved.map(|by| by.round());
    let rest = [0, 1].map(|i| ((moved[i] - whole[i]) * UNITS as f64).round() as i64);
    (whole.map(|by| by as i64), rest)
}

/// Draws layers on one grid in one of its squares, moved by `rest` within it.
fn draw_square(
    layers: &[&Layer],
    viewport: &Viewport,
    rest: Point,
    square: viewport::Square,
    tiles: &Tiles,
    images: &mut Images,
    trace: &mut impl Trace,
) -> Result<Square, Error> {
    let mut canvases: BTreeMap<&str, Canvas> = BTreeMap::new();
    let mut drawn = Square { clip: [0; 4], layers: Vec::new() };
    for layer in layers {
        let Some(source) = tiles.get(&layer.source) else { continue };
        let canvas =
            canvases.entry(&layer.source).or_insert_with(|| Canvas::new(viewport, square, source).shifted(rest));
        drawn.clip = canvas.clip();
        let items: Vec<Item> = match &layer.kind {
            Kind::Fill(fill) => fill::layer(layer, fill, canvas, images, trace)?,
            Kind::Line(line) => {
                line::layer(layer, line, canvas, images, trace)?.into_iter().map(Item::Stroke).collect()
            }
            Kind::Raster(raster) => {
                raster::tile(raster, viewport, square, source, images).into_iter().map(Item::Image).collect()
            }
            Kind::Background(_) | Kind::Circle(_) | Kind::Symbol(_) => Vec::new(),
        };
        if !items.is_empty() {
            drawn.layers.push((layer.index, items));
        }
    }
    Ok(drawn)
}

impl Paint {
    fn is_visible(&self) -> bool {
        match self {
            Paint::Color(color) => color.a > 0.0,
            Paint::Pattern { opacity, .. } => *opacity > 0.0,
        }
    }
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
