//! From source tiles to a finished body.

use super::sources::Gathered;
use super::{Map, Tiler};
use crate::error::Error;
use crate::format::Format;
use crate::output::{Rasterizer, geojson, png, raster, resvg, svg};
use crate::request::TileRequest;
use crate::scene::{self, SourceTiles, Tiles};
use crate::style::{Kind, Style};
use crate::tile::TileId;
use crate::viewport::Viewport;
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
    pub(super) async fn drawn(
        self: &Arc<Self>,
        map: &Arc<Map>,
        tile: &TileRequest,
        gathered: Arc<Gathered>,
    ) -> Result<Drawn, Error> {
        let processor = self.processors.clone().acquire_owned().await;
        let processor = processor.map_err(|e| Error::internal(e.to_string()))?;
        let (map, tile) = (map.clone(), tile.clone());
        let all_variants = self.freshness.all_variants;
        let draw = move || {
            // Kept until drawing ends, also when nobody waits for it any more.
            let _processor = processor;
            let how = How { attribution: &map.attribution(), rasterizer: map.rasterizer, all_variants };
            draw(&map.style, &tile, &gathered.tiles, &how)
        };
        match tokio::task::spawn_blocking(draw).await {
            Ok(drawn) => drawn,
            Err(_) => Err(Error::internal("drawing ended early")),
        }
    }
}

/// What there is to say of a picture besides what it shows.
#[derive(Default)]
pub struct How<'a> {
    /// Of its sources, as HTML.
    pub attribution: &'a str,
    pub rasterizer: Rasterizer,
    /// Whether the svg and json behind a png are made too.
    pub all_variants: bool,
}

/// Makes a tile in one form from source tiles: pure, and the same bytes for the same input.
pub fn draw(style: &Style, request: &TileRequest, tiles: &Tiles, how: &How) -> Result<Drawn, Error> {
    let viewport = Viewport::of_tile(request.tile, request.size, request.scale);
    let distinct =
        |source: &SourceTiles| source.cells.values().flatten().map(|(id, _)| id).collect::<HashSet<_>>().len();
    let decoded = tiles.values().map(distinct).sum();
    let mut stages = Stages::default();
    let mut clock = Instant::now();
    let mut lap = || {
        let elapsed = clock.elapsed();
        clock = Instant::now();
        elapsed
    };
    if !request.format.is_picture() {
        let text = match request.format {
            Format::GeoJson => geojson::collection(&viewport, tiles)?,
            _ => geojson::layers(&viewport, tiles)?,
        };
        stages.encode = lap();
        return Ok(Drawn { body: text.into(), stages, behind: Vec::new(), decoded });
    }
    decode(style, &viewport, tiles);
    stages.decode = lap();
    let scene = scene::build(style, &viewport, tiles)?;
    stages.scene = lap();
    let svg = || {
        let title = format!("{} {}", style.name, request.tile);
        svg::write(&scene, style, &svg::Document { title: &title, attribution: how.attribution })
    };
    let mut behind = Vec::new();
    if request.format == Format::Svg {
        let body = svg().into();
        stages.svg = lap();
        return Ok(Drawn { body, stages, behind, decoded });
    }
    if how.all_variants {
        behind.push((Format::Json, geojson::layers(&viewport, tiles)?.into()));
        behind.push((Format::Svg, svg().into()));
        stages.svg = lap();
    }
    let picture = match how.rasterizer {
        Rasterizer::Direct => raster::pixels(&scene),
        Rasterizer::Resvg => resvg::pixels(&svg(), scene.width, scene.height)?,
    };
    stages.raster = lap();
    let body = png::encode(&picture)?.into();
    stages.encode = lap();
    Ok(Drawn { body, stages, behind, decoded })
}

/// Decodes the layers that the style reads: all of them in the viewport's own tiles, in the others those that can
/// reach over an edge.
fn decode(style: &Style, viewport: &Viewport, tiles: &Tiles) {
    let zoom = viewport.style_zoom();
    for (name, source) in tiles {
        let own: HashSet<TileId> = scene::cells(viewport, source.class, source.maxzoom, 0.0).0.into_iter().collect();
        for (cell, found) in &source.cells {
            let Some((_, tile)) = found else { continue };
            for layer in style.layers.iter().filter(|layer| layer.source == *name && layer.is_visible(zoom)) {
                if own.contains(cell) || matches!(layer.kind, Kind::Line(_) | Kind::Circle(_)) {
                    tile.layer(&layer.source_layer);
                }
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
