//! From source tiles to a finished body.

use super::Tiler;
use super::sources::Gathered;
use crate::error::Error;
use crate::format::Format;
use crate::output::{geojson, raster, svg};
use crate::request::TileRequest;
use crate::scene::{self, SourceTiles};
use crate::source::Info;
use crate::style::{Kind, Style};
use crate::tile::TileId;
use crate::viewport::{SizeClass, Viewport};
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time spent in each stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// Until all source tiles are there and checked.
    pub fetch: Duration,
    /// Reading the dictionaries of the layers that the style draws, where no picture before has.
    pub decode: Duration,
    /// With the decoding of the properties and geometries that are looked at.
    pub scene: Duration,
    pub svg: Duration,
    pub raster: Duration,
    pub encode: Duration,
}

/// A finished body with what else was made on the way to it.
pub struct Drawn {
    pub body: Bytes,
    pub stages: Stages,
    /// The SVG text and the JSON behind a png, where they are kept too.
    pub behind: Vec<(Format, Bytes)>,
    /// Source tiles drawn from.
    pub decoded: usize,
}

impl Tiler {
    /// Draws on a thread of its own.
    pub(super) async fn drawn(self: &Arc<Self>, tile: &TileRequest, gathered: Arc<Gathered>) -> Result<Drawn, Error> {
        let processor = self.processors.clone().acquire_owned().await;
        let processor = processor.map_err(|e| Error::internal(e.to_string()))?;
        let (style, source, tile) = (self.style.clone(), self.source.clone(), tile.clone());
        let all_variants = self.freshness.all_variants;
        let draw = move || {
            // Kept until drawing ends, also when nobody waits for it any more.
            let _processor = processor;
            draw(&style, &source.info, &tile, &gathered.tiles, all_variants)
        };
        match tokio::task::spawn_blocking(draw).await {
            Ok(drawn) => drawn,
            Err(_) => Err(Error::internal("drawing ended early")),
        }
    }
}

/// Makes a tile in one form from source tiles: pure, and the same bytes for the same input. `all_variants` also makes
/// the svg and json behind a png.
pub fn draw(
    style: &Style,
    source: &Info,
    request: &TileRequest,
    tiles: &SourceTiles,
    all_variants: bool,
) -> Result<Drawn, Error> {
    let viewport = Viewport::of_tile(request.tile, request.size, request.scale);
    let decoded = tiles.cells.values().flatten().map(|(id, _)| id).collect::<HashSet<_>>().len();
    let mut stages = Stages::default();
    let mut clock = Instant::now();
    let mut lap = || {
        let elapsed = clock.elapsed();
        clock = Instant::now();
        elapsed
    };
    if !request.format.is_picture() {
        let text = match request.format {
            Format::GeoJson => geojson::collection(&viewport, source.class, tiles)?,
            _ => geojson::layers(&viewport, source.class, tiles)?,
        };
        stages.encode = lap();
        return Ok(Drawn { body: text.into(), stages, behind: Vec::new(), decoded });
    }
    decode(style, &viewport, source.class, tiles);
    stages.decode = lap();
    let scene = scene::build(style, &viewport, source.class, tiles)?;
    stages.scene = lap();
    let title = format!("{} {}", style.name, request.tile);
    let document = svg::Document { title: &title, attribution: &source.attribution };
    let text = svg::write(&scene, style, &document);
    stages.svg = lap();
    if request.format == Format::Svg {
        return Ok(Drawn { body: text.into(), stages, behind: Vec::new(), decoded });
    }
    let pixels = raster::pixels(&text, scene.width, scene.height)?;
    stages.raster = lap();
    let body = raster::png(&pixels)?;
    stages.encode = lap();
    let mut behind = Vec::new();
    if all_variants {
        behind.push((Format::Json, geojson::layers(&viewport, source.class, tiles)?.into()));
        behind.push((Format::Svg, text.into()));
    }
    Ok(Drawn { body: body.into(), stages, behind, decoded })
}

/// Reads the dictionaries of the layers that the style draws: all of them in the viewport's own tiles, in the others
/// those that can reach over an edge.
fn decode(style: &Style, viewport: &Viewport, class: SizeClass, tiles: &SourceTiles) {
    let zoom = viewport.style_zoom();
    let own: HashSet<TileId> = scene::cells(viewport, class, tiles.maxzoom, 0.0).0.into_iter().collect();
    for (cell, found) in &tiles.cells {
        let Some((_, tile)) = found else { continue };
        for layer in style.layers.iter().filter(|layer| layer.is_visible(zoom)) {
            if own.contains(cell) || matches!(layer.kind, Kind::Line(_) | Kind::Circle(_)) {
                tile.layer(&layer.source_layer);
            }
        }
    }
}

/// The stages as a `Server-Timing` header, in milliseconds.
pub fn server_timing(stages: &Stages) -> String {
    let Stages { fetch, decode, scene, svg, raster, encode } = *stages;
    let all =
        [("fetch", fetch), ("decode", decode), ("scene", scene), ("svg", svg), ("raster", raster), ("encode", encode)];
    let entry = |(name, time): (&str, Duration)| format!("{name};dur={:.1}", time.as_secs_f64() * 1000.0);
    all.into_iter().filter(|(_, time)| !time.is_zero()).map(entry).collect::<Vec<_>>().join(", ")
}
