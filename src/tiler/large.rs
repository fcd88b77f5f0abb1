//! Pictures larger than a pixmap: cells are gathered and drawn one after another, and written band by band, so that never
//! more than a band of them is in memory.

use super::draw::{Cell, Sheet, cells};
use super::{How, Map, Stages, Tiler};
use crate::error::Error;
use crate::output::png;
use crate::output::raster::Picture;
use crate::request::{ApiKey, PictureRequest, StaticRequest};
use crate::runtime;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;

impl Tiler {
    /// Draws a static image as PNG, whatever its size, and tells how many tiles around it failed; `told` hears of each
    /// cell that is drawn, and how many there are.
    pub async fn large_png(
        self: &Arc<Self>,
        image: &StaticRequest,
        key: Option<&ApiKey>,
        mut told: impl FnMut(usize),
    ) -> Result<(Bytes, usize), Error> {
        let map = self.map(image.style.as_deref())?;
        let (width, height) = (image.viewport.width, image.viewport.height);
        let cells = cells(width, height);
        let mut missing = 0;
        let mut body = Vec::new();
        let mut writer = png::start(&mut body, width, height)?;
        let mut rows = writer.stream_writer().map_err(png::unwritten)?;
        for band in cells.chunk_by(|[_, a, ..], [_, b, ..]| a == b) {
            let drawn = stream::iter(band.iter().copied()).map(|cell| self.cell(map, image, cell, key));
            let mut drawn = drawn.buffered(runtime::processors());
            let mut pixels = Vec::new();
            while let Some(cell) = drawn.next().await {
                let (cell, failed) = cell?;
                missing += failed;
                pixels.push(cell);
                told(cells.len());
            }
            png::write_band(&mut rows, &pixels)?;
        }
        rows.finish().map_err(png::unwritten)?;
        writer.finish().map_err(png::unwritten)?;
        Ok((body.into(), missing))
    }

    /// The pixels of a cell, and how many tiles around it failed.
    async fn cell(
        self: &Arc<Self>,
        map: &Arc<Map>,
        image: &StaticRequest,
        cell: Cell,
        key: Option<&ApiKey>,
    ) -> Result<(Picture, usize), Error> {
        let [left, top, width, height] = cell;
        let part = StaticRequest { viewport: image.viewport.part(left, top, width, height), ..image.clone() };
        let gathered = self.gather(map, &PictureRequest::Static(part), key).await?;
        let (map, image) = (map.clone(), PictureRequest::Static(image.clone()));
        let tiler = self.clone();
        self.on_a_processor(move || {
            let attribution = map.attribution();
            let how = How { attribution: &attribution, rasterizer: map.rasterizer, all_variants: false };
            let sheet = Sheet::new(&map.style, &how, &image);
            let drawn = sheet.cell(cell, &gathered.tiles, &mut Stages::default())?;
            tiler.tell_missing(&map.style);
            Ok((drawn, gathered.missing))
        })
        .await
    }
}
