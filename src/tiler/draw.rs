//! From source tiles to a finished body.

use super::sources::Gathered;
use super::{Map, Tiler};
use crate::error::Error;
use crate::format::Format;
use crate::limits;
use crate::output::{geojson, raster, svg};
use crate::request::PictureRequest;
use crate::scene::{self, Caption, SourceTiles, Tiles};
use crate::style::{Kind, Style};
use crate::tile::TileId;
use crate::viewport::Viewport;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiny_skia::Pixmap;

/// Time spent in each stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    pub fetch: Duration,
    pub decode: Duration,
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
        wanted: &PictureRequest,
        gathered: Arc<Gathered>,
    ) -> Result<Drawn, Error> {
        let (map, wanted) = (map.clone(), wanted.clone());
        let all_variants = self.freshness.all_variants;
        let draw = move || draw(&map.style, &map.attribution(), wanted, &gathered.tiles, all_variants);
        self.on_a_processor(draw).await
    }

    /// Does work on a thread of its own, when a processor is free for it.
    pub(super) async fn on_a_processor<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let processor = self.processors.clone().acquire_owned().await;
        let processor = processor.map_err(|e| Error::internal(e.to_string()))?;
        let work = move || {
            // Kept until the work ends, also when nobody waits for it any more.
            let _processor = processor;
            work()
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(_) => Err(Error::internal("drawing ended early")),
        }
    }
}

/// Makes a picture, or a tile's JSON, from source tiles: pure, and the same bytes for the same input. `all_variants` also makes
/// the svg and json behind a png.
pub fn draw(
    style: &Style,
    attribution: &str,
    request: impl Into<PictureRequest>,
    tiles: &Tiles,
    all_variants: bool,
) -> Result<Drawn, Error> {
    let request = request.into();
    let (viewport, format) = (request.viewport(), request.format());
    let distinct =
        |source: &SourceTiles| source.cells.values().flatten().map(|(id, _)| id).collect::<HashSet<_>>().len();
    let decoded = tiles.values().map(distinct).sum();
    let mut stages = Stages::default();
    if !format.is_picture() {
        let text = timed(&mut stages.encode, || match format {
            Format::GeoJson => geojson::collection(&viewport, tiles),
            _ => geojson::layers(&viewport, tiles),
        });
        return Ok(Drawn { body: text?.into(), stages, behind: Vec::new(), decoded });
    }
    let sheet = Sheet::new(style, attribution, &request);
    if format == Format::Svg {
        let text = sheet.text(whole(&viewport), tiles, &mut stages)?;
        return Ok(Drawn { body: text.into(), stages, behind: Vec::new(), decoded });
    }
    let cells = cells(viewport.width, viewport.height);
    let mut behind = Vec::new();
    let pixels = if cells.len() == 1 {
        let text = sheet.text(cells[0], tiles, &mut stages)?;
        let pixels = timed(&mut stages.raster, || raster::pixels(&text, viewport.width, viewport.height))?;
        if all_variants {
            behind.push((Format::Json, geojson::layers(&viewport, tiles)?.into()));
            behind.push((Format::Svg, text.into()));
        }
        pixels
    } else {
        let mut picture = raster::blank(viewport.width, viewport.height)?;
        for cell in cells {
            let pixels = sheet.pixels(cell, tiles, &mut stages)?;
            timed(&mut stages.raster, || raster::put(&pixels, &mut picture, [cell[0], cell[1]]));
        }
        picture
    };
    let body = timed(&mut stages.encode, || raster::png(&pixels))?;
    Ok(Drawn { body: body.into(), stages, behind, decoded })
}

/// A rectangle of a picture in output pixels: left, top, width, height.
pub(super) type Cell = [u32; 4];

fn whole(viewport: &Viewport) -> Cell {
    [0, 0, viewport.width, viewport.height]
}

/// What a picture is put together from, by rows: itself where it is not large.
pub(super) fn cells(width: u32, height: u32) -> Vec<Cell> {
    let along = |side: u32| {
        let cell = move |from: u32| (from, limits::CELL_SIDE.min(side - from));
        (0..side).step_by(limits::CELL_SIDE as usize).map(cell)
    };
    along(height).flat_map(|(y, height)| along(width).map(move |(x, width)| [x, y, width, height])).collect()
}

/// A picture that is drawn in one piece or in several.
pub(super) struct Sheet<'a> {
    style: &'a Style,
    attribution: &'a str,
    title: String,
    caption: Option<Caption>,
    viewport: Viewport,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(style: &'a Style, attribution: &'a str, request: &PictureRequest) -> Sheet<'a> {
        let viewport = request.viewport();
        let (subject, caption) = match request {
            PictureRequest::Tile(tile) => (tile.tile.to_string(), None),
            PictureRequest::Static(image) => {
                let (lon, lat) = viewport.center();
                // No more decimals than a pixel is worth, and no sign at 0.
                let decimals = 10f64.powi((512.0 / 360.0 * viewport.zoom.exp2()).log10().floor().max(0.0) as i32);
                let rounded = |degrees: f64| (degrees * decimals).round() / decimals + 0.0;
                let caption = image.attribution.then(|| scene::caption(attribution, &viewport)).flatten();
                (format!("{}, {}, zoom {:.2}", rounded(lon), rounded(lat), viewport.zoom), caption)
            }
        };
        Sheet { style, attribution, title: format!("{} {subject}", style.name), caption, viewport }
    }

    fn text(&self, cell: Cell, tiles: &Tiles, stages: &mut Stages) -> Result<String, Error> {
        let [left, top, width, height] = cell;
        let viewport = self.viewport.part(left, top, width, height);
        timed(&mut stages.decode, || decode(self.style, &viewport, tiles))?;
        let mut scene = timed(&mut stages.scene, || scene::build(self.style, &viewport, tiles))?;
        scene.caption = self.caption.as_ref().map(|caption| caption.from_corner(left, top));
        let document = svg::Document { title: &self.title, attribution: self.attribution };
        Ok(timed(&mut stages.svg, || svg::write(&scene, self.style, &document)))
    }

    pub(super) fn pixels(&self, cell: Cell, tiles: &Tiles, stages: &mut Stages) -> Result<Pixmap, Error> {
        let text = self.text(cell, tiles, stages)?;
        timed(&mut stages.raster, || raster::pixels(&text, cell[2], cell[3]))
    }
}

/// Does something and adds the time it takes.
fn timed<T>(stage: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *stage += started.elapsed();
    result
}

/// Decodes the layers that the style reads: all of them in the viewport's own tiles, in the others those that can
/// reach over an edge.
fn decode(style: &Style, viewport: &Viewport, tiles: &Tiles) -> Result<(), Error> {
    let zoom = viewport.style_zoom();
    for (name, source) in tiles {
        let own: HashSet<TileId> = scene::cells(viewport, source.class, source.maxzoom, 0.0).0.into_iter().collect();
        for (cell, found) in &source.cells {
            let Some((_, tile)) = found else { continue };
            for layer in style.layers.iter().filter(|layer| layer.source == *name && layer.is_visible(zoom)) {
                if own.contains(cell) || matches!(layer.kind, Kind::Line(_) | Kind::Circle(_)) {
                    tile.layer(&layer.source_layer)?;
                }
            }
        }
    }
    Ok(())
}

/// The stages as a `Server-Timing` header, in milliseconds.
pub fn server_timing(stages: &Stages) -> String {
    let Stages { fetch, decode, scene, svg, raster, encode } = *stages;
    let all =
        [("fetch", fetch), ("decode", decode), ("scene", scene), ("svg", svg), ("raster", raster), ("encode", encode)];
    let entry = |(name, time): (&str, Duration)| format!("{name};dur={:.1}", time.as_secs_f64() * 1000.0);
    all.into_iter().filter(|(_, time)| !time.is_zero()).map(entry).collect::<Vec<_>>().join(", ")
}
