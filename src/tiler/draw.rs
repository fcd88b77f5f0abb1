//! From source tiles to a finished body.

use super::sources::Gathered;
use super::{Map, Tiler};
use crate::error::Error;
use crate::format::Format;
use crate::limits;
use crate::output::raster::Picture;
use crate::output::{Rasterizer, geojson, png, raster, resvg, svg};
use crate::request::{Labels, PictureRequest};
use crate::scene::{self, Caption, Placed, Scene, SourceTiles, TileData, Tiles};
use crate::style::Style;
use crate::tile::TileId;
use crate::viewport::Viewport;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Time spent in each stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    pub fetch: Duration,
    pub decode: Duration,
    /// Which symbols go where.
    pub place: Duration,
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
        let tiler = self.clone();
        let draw = move || {
            let how = How { attribution: &map.attribution(), rasterizer: map.rasterizer, all_variants };
            let drawn = draw(&map.style, wanted, &gathered.tiles, Some(&gathered.symbols), &how);
            tiler.tell_missing(&map.style);
            drawn
        };
        self.on_a_processor(draw).await
    }

    /// Warns of characters that no font has: of the first, and whenever there are ten times as many.
    pub(super) fn tell_missing(&self, style: &Style) {
        let Some(fonts) = &style.fonts else { return };
        let (missing, told) = (fonts.missing(), self.told_missing.load(Ordering::Relaxed));
        if missing == 0 || missing < told.saturating_mul(10) {
            return;
        }
        if self.told_missing.compare_exchange(told, missing, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let hint = "fonts for their scripts can be given with --fonts";
            tracing::warn!(missing, "characters of labels are not drawn, because no font has them: {hint}");
        }
    }

    /// Does work on a thread of its own, when a processor is free for it.
    pub async fn on_a_processor<T: Send + 'static>(
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

/// What there is to say of a picture besides what it shows.
#[derive(Default)]
pub struct How<'a> {
    /// Of its sources, as HTML.
    pub attribution: &'a str,
    pub rasterizer: Rasterizer,
    /// Whether the svg and json behind a png are made too.
    pub all_variants: bool,
}

/// Makes a picture, or a tile's JSON, from source tiles: pure, and the same bytes for the same input. Symbols that are
/// not placed yet are.
pub fn draw(
    style: &Style,
    request: impl Into<PictureRequest>,
    tiles: &Tiles,
    placed: Option<&Placed>,
    how: &How,
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
    let sheet = Sheet::new(style, how, &request);
    if format == Format::Svg {
        let scene = sheet.scene(whole(&viewport), tiles, placed, &mut stages)?;
        let body = sheet.text(&scene, &mut stages).into();
        return Ok(Drawn { body, stages, behind: Vec::new(), decoded });
    }
    let cells = cells(viewport.width, viewport.height);
    let mut behind = Vec::new();
    let picture = if cells.len() == 1 {
        let scene = sheet.scene(cells[0], tiles, placed, &mut stages)?;
        if how.all_variants {
            behind.push((Format::Json, geojson::layers(&viewport, tiles)?.into()));
            behind.push((Format::Svg, sheet.text(&scene, &mut stages).into()));
        }
        sheet.picture(&scene, &mut stages)?
    } else {
        let mut picture = Picture::blank(viewport.width, viewport.height);
        for cell in cells {
            let part = sheet.cell(cell, tiles, &mut stages)?;
            timed(&mut stages.raster, || picture.put(&part, [cell[0], cell[1]]));
        }
        picture
    };
    let body = timed(&mut stages.encode, || png::encode(&picture))?;
    Ok(Drawn { body, stages, behind, decoded })
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
    how: &'a How<'a>,
    title: String,
    labels: &'a Labels,
    caption: Option<Caption>,
    viewport: Viewport,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(style: &'a Style, how: &'a How<'a>, request: &'a PictureRequest) -> Sheet<'a> {
        let viewport = request.viewport();
        let (subject, caption) = match request {
            PictureRequest::Tile(tile) => (tile.tile.to_string(), None),
            PictureRequest::Static(image) => {
                let (lon, lat) = viewport.center();
                // No more decimals than a pixel is worth, and no sign at 0.
                let decimals = 10f64.powi((512.0 / 360.0 * viewport.zoom.exp2()).log10().floor().max(0.0) as i32);
                let rounded = |degrees: f64| (degrees * decimals).round() / decimals + 0.0;
                let caption = image.attribution.then(|| scene::caption(how.attribution, &viewport)).flatten();
                (format!("{}, {}, zoom {:.2}", rounded(lon), rounded(lat), viewport.zoom), caption)
            }
        };
        Sheet { style, how, title: format!("{} {subject}", style.name), labels: request.labels(), caption, viewport }
    }

    fn scene(&self, cell: Cell, tiles: &Tiles, placed: Option<&Placed>, stages: &mut Stages) -> Result<Scene, Error> {
        let [left, top, width, height] = cell;
        let viewport = self.viewport.part(left, top, width, height);
        timed(&mut stages.decode, || decode(self.style, &viewport, tiles));
        let place = || scene::place(self.style, &viewport, tiles, self.labels.language.as_ref());
        let symbols = placed.cloned().unwrap_or_else(|| timed(&mut stages.place, place));
        let mut scene = timed(&mut stages.scene, || scene::build(self.style, &viewport, tiles, symbols))?;
        scene.caption = self.caption.as_ref().map(|caption| caption.from_corner(left, top));
        Ok(scene)
    }

    fn text(&self, scene: &Scene, stages: &mut Stages) -> String {
        let document =
            svg::Document { title: &self.title, attribution: self.how.attribution, live_text: self.labels.live };
        timed(&mut stages.svg, || svg::write(scene, self.style, &document))
    }

    fn picture(&self, scene: &Scene, stages: &mut Stages) -> Result<Picture, Error> {
        if self.how.rasterizer == Rasterizer::Direct {
            return Ok(timed(&mut stages.raster, || raster::pixels(scene)));
        }
        let text = self.text(scene, stages);
        timed(&mut stages.raster, || resvg::pixels(&text, scene.width, scene.height))
    }

    pub(super) fn cell(&self, cell: Cell, tiles: &Tiles, stages: &mut Stages) -> Result<Picture, Error> {
        let scene = self.scene(cell, tiles, None, stages)?;
        self.picture(&scene, stages)
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
fn decode(style: &Style, viewport: &Viewport, tiles: &Tiles) {
    let zoom = viewport.style_zoom();
    for (name, source) in tiles {
        let own: HashSet<TileId> = scene::cells(viewport, source.class, source.maxzoom, 0.0).0.into_iter().collect();
        let drawn: Vec<&str> = style.drawn(name, zoom).map(|layer| layer.source_layer.as_str()).collect();
        let reaching: Vec<&str> = style.reaching(name, zoom).collect();
        for (cell, found) in &source.cells {
            let Some((_, TileData::Vector(tile))) = found else { continue };
            for layer in if own.contains(cell) { &drawn } else { &reaching } {
                tile.layer(layer);
            }
        }
    }
}

/// The stages as a `Server-Timing` header, in milliseconds.
pub fn server_timing(stages: &Stages) -> String {
    let Stages { fetch, decode, place, scene, svg, raster, encode } = *stages;
    let all = [
        ("fetch", fetch),
        ("decode", decode),
        ("place", place),
        ("scene", scene),
        ("svg", svg),
        ("raster", raster),
        ("encode", encode),
    ];
    let entry = |(name, time): (&str, Duration)| format!("{name};dur={:.1}", time.as_secs_f64() * 1000.0);
    all.into_iter().filter(|(_, time)| !time.is_zero()).map(entry).collect::<Vec<_>>().join(", ")
}
