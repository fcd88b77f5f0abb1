//! Symbols: icons and texts, at points and along lines.
//!
//! The walk: each tile that can reach into the picture gives its symbols, one [`Node`] an anchor, each with the places
//! where it could go (`candidate`); a [`Field`] finds which of them go where; those that are seen become [`Symbols`],
//! layer by layer. Who goes where follows from the world alone, never from the viewport, so that a label over the edge of
//! a tile is there on both sides.

mod area;
mod beyond;
mod candidate;
mod course;
pub mod decide;
mod draw;
mod icon;
mod lines;
mod pole;
mod text;
mod vocabulary;

use super::canvas::Tiles;
use super::image::Images;
use super::path::{Rect, UNITS};
use super::trace::{Fate, Trace};
use super::{ImageId, LayerId};
use crate::bitmap::Bitmap;
use crate::language::Language;
use crate::limits;
use crate::style::color::Color;
use crate::style::{Condition, Filter, Kind, Layer, Style, ZOrder};
use crate::text::{FontId, Outline};
use crate::text::{Fonts, Shaper};
use crate::tile::TileId;
use crate::viewport::Viewport;
use area::Area;
use candidate::Candidate;
use decide::{Field, Node};
use draw::Pen;
use std::ops::Range;
use std::sync::Arc;

pub(super) use draw::Glyphs;

/// Icons under texts; a halo lies under the letters of all texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Symbols {
    pub icons: Vec<Icon>,
    pub texts: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Icon {
    /// Of the image in the style.
    pub name: Arc<str>,
    pub image: ImageId,
    pub pose: Pose,
    pub opacity: f64,
}

/// Where an image's pixels go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pose {
    /// One for one, the top left one in output pixels.
    Upright([i64; 2]),
    /// From the image's pixels to output pixels: `x' = ax + cy + e`, `y' = bx + dy + f`.
    Turned([f64; 6]),
}

/// A text as glyphs.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What it says, lines parted by `\n`.
    pub content: String,
    /// In the order in which they are drawn.
    pub runs: Vec<GlyphRun>,
    pub halo: Option<Halo>,
}

/// Glyphs of one line, font, size and colour.
#[derive(Clone, Debug, PartialEq)]
pub struct GlyphRun {
    pub font: FontId,
    /// The em, in output pixels.
    pub size: f64,
    pub color: Color,
    /// The bytes of the text that it shows.
    pub content: Range<usize>,
    pub glyphs: Vec<Glyph>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    /// Which of the scene's outlines; in units of the font, y up.
    pub outline: usize,
    /// Where the outline's origin is, in scene units.
    pub at: [i32; 2],
    /// How far it is turned clockwise about its origin, in 1/[`TURNS`] of a whole turn.
    pub turn: u16,
}

/// The steps of a whole turn.
pub const TURNS: f64 = 1024.0;

/// What lies around the letters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halo {
    pub color: Color,
    /// From the outline outwards, in output pixels.
    pub width: f64,
    /// How far it fades to either side of its edge, in output pixels, as MapLibre's `text-halo-blur` does.
    pub blur: f64,
}

/// The outlines of a scene's glyphs, each once.
pub type Outlines = Vec<Arc<Outline>>;

/// What the symbol layers of a style draw of a picture.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// By layer, and within one in the order in which they are drawn.
    pub runs: Vec<(LayerId, Symbols)>,
    pub images: Vec<Bitmap>,
    pub outlines: Outlines,
    /// Cells, with their sources' names, that symbols depend on and that are not there. What depends on them is not drawn.
    pub wanting: Vec<(String, TileId)>,
}

/// Decides which symbols of a picture go where; texts show the names for who reads the language.
pub fn place(style: &Style, viewport: &Viewport, tiles: &Tiles, language: Option<&Language>) -> Placed {
    place_traced(style, viewport, tiles, language, &mut ())
}

/// The same, while `trace` is told what becomes of each feature.
pub fn place_traced<T: Trace>(
    style: &Style,
    viewport: &Viewport,
    tiles: &Tiles,
    language: Option<&Language>,
    trace: &mut T,
) -> Placed {
    let zoom = viewport.style_zoom();
    let layers: Vec<&Layer> = style
        .layers
        .iter()
        .filter(|layer| {
            matches!(layer.kind, Kind::Symbol(_)) && layer.is_visible(zoom) && tiles.contains_key(&layer.source)
        })
        .collect();
    if layers.is_empty() {
        return Placed::default();
    }
    let bundled;
    let shaper = match &style.fonts {
        Some(shaper) => shaper,
        None => {
            bundled = Shaper::new(Fonts::bundled(), limits::SHAPED_BYTES);
            &bundled
        }
    };
    let filters: Vec<Filter> = layers.iter().map(|layer| layer.filter(viewport.tile_zoom())).collect();
    let conditions: Vec<Vec<Condition>> = filters.iter().map(Filter::conditions).collect();
    let layers: Vec<candidate::Symbols> = layers
        .iter()
        .zip(&conditions)
        .filter_map(|(layer, conditions)| {
            let Kind::Symbol(symbol) = &layer.kind else { return None };
            Some(candidate::Symbols::new(layer, symbol, style, shaper, language, viewport, conditions))
        })
        .collect();
    let seen = Rect { min: [0, 0], max: [viewport.width, viewport.height].map(|side| i64::from(side) * UNITS) };
    let mut area = Area::new(style, viewport, tiles);
    let placed = decided(&layers, seen, &mut area, trace);
    let mut glyphs = Glyphs::new(shaper.fonts());
    let mut images = Images::new(style, viewport);
    let runs = paint(&layers, placed, viewport, &mut images, &mut glyphs, trace);
    Placed { runs, images: images.into_bitmaps(), outlines: glyphs.outlines, wanting: area.wanting() }
}

/// A symbol, and which of its ways it is drawn in.
type Decided<'t, M> = (Node<Candidate<'t, M>>, usize);

/// The symbols that are seen, by rank. What they depend on is gathered as it turns out.
fn decided<'t, T: Trace>(
    layers: &[candidate::Symbols],
    seen: Rect,
    area: &mut Area<'t>,
    trace: &mut T,
) -> Vec<Decided<'t, T::Mark>> {
    let mut nodes = Vec::new();
    let mut lines = beyond::LinesOfCells::default();
    area.knows(seen);
    loop {
        let blocks = area.take_asked();
        for (i, layer) in layers.iter().enumerate() {
            layer.gather(i, area, &blocks, &mut lines, trace, &mut nodes);
        }
        // What could be seen may depend on more than it seemed to before it was gathered.
        area.knows(seen);
        let mut field = Field::new(nodes);
        let is_seen = |way: &candidate::Way| way.extent.is_some_and(|extent| extent.meets(seen));
        let near: Vec<usize> =
            (0..field.nodes().len()).filter(|&i| field.nodes()[i].drawn.ways.iter().any(is_seen)).collect();
        let found: Vec<(usize, Option<usize>)> =
            near.into_iter().map(|i| (i, field.place(i, &mut |rect| area.knows(rect)))).collect();
        if area.has_asked() {
            nodes = field.into_nodes();
            continue;
        }
        let fates: Vec<Fate> =
            found.iter().map(|&(i, _)| if field.is_undecided(i) { Fate::Undecided } else { Fate::Crowded }).collect();
        let mut placed = Vec::new();
        let mut found = found.into_iter().zip(fates).peekable();
        for (i, node) in field.into_nodes().into_iter().enumerate() {
            let Some(((_, place), fate)) = found.next_if(|((of, _), _)| *of == i) else { continue };
            match place {
                Some(place) if is_seen(&node.drawn.ways[place]) => placed.push((node, place)),
                Some(_) => {}
                None => trace.came_to(&node.drawn.mark, fate),
            }
        }
        return placed;
    }
}

/// The runs of each layer, from the first on.
fn paint<T: Trace>(
    layers: &[candidate::Symbols],
    placed: Vec<Decided<T::Mark>>,
    viewport: &Viewport,
    images: &mut Images,
    glyphs: &mut Glyphs,
    trace: &mut T,
) -> Vec<(LayerId, Symbols)> {
    let mut by_layer: Vec<Vec<Decided<T::Mark>>> = layers.iter().map(|_| Vec::new()).collect();
    placed.into_iter().for_each(|decided| by_layer[decided.0.drawn.layer].push(decided));
    let mut runs = Vec::new();
    let (zoom, tile_zoom) = (viewport.style_zoom(), viewport.tile_zoom());
    for (layer, mut decided) in layers.iter().zip(by_layer) {
        let can_overlap = layer.symbol.can_overlap(tile_zoom);
        let order = layer.symbol.z_order.at(tile_zoom).constant();
        let by_key = layer.symbol.sort_key.is_some() && order != ZOrder::ViewportY;
        if !by_key && can_overlap && order != ZOrder::Source {
            // From the top of the picture down; at one height as they stand in their tiles.
            decided.sort_by_key(|(node, _)| node.drawn.anchor[1]);
        }
        let pen = Pen::new(layer, zoom, viewport.scale.into());
        // Icons and texts of one key lie over all of the keys before.
        let splits = by_key && can_overlap;
        let groups = decided.chunk_by(|(a, _), (b, _)| !splits || a.drawn.sort_key == b.drawn.sort_key);
        for group in groups {
            let mut symbols = Symbols::default();
            for (node, place) in group {
                pen.draw(&node.drawn, &node.drawn.ways[*place], images, glyphs, trace, &mut symbols);
            }
            if symbols != Symbols::default() {
                runs.push((layer.layer.index, symbols));
            }
        }
    }
    runs
}
