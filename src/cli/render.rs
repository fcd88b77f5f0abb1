//! `rasterzen render`: tiles to files, without a server.

use crate::cache::Cache;
use crate::cli::labelling::Labelling;
use crate::cli::output::write;
use crate::cli::progress::Progress;
use crate::error::{Code, Error};
use crate::format::Format;
use crate::limits;
use crate::request::TileRequest;
use crate::runtime;
use crate::settings::{Drawing, Place};
use crate::text::Shaper;
use crate::tile::TileId;
use crate::tiler::{Freshness, Picture, Stages, Tiler};
use clap::Args;
use cpu_time::ProcessTime;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Draw tiles to files
#[derive(Args)]
#[command(after_help = "\
Examples:
  rasterzen render 14/8529/5974 --size 512 -o monaco.png
  rasterzen render 14/8529/5974 14/8530/5974 --out tiles --format svg
  echo 14/8529/5974 > list.txt; rasterzen render --tiles list.txt --out tiles --report report.json")]
pub struct Render {
    /// Tiles as Z/X/Y
    #[arg(value_name = "Z/X/Y")]
    tiles: Vec<TileId>,
    /// The file to write one tile to; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A file that lists tiles, one a line; what follows a # is a comment
    #[arg(long = "tiles", value_name = "LIST", requires = "out")]
    list: Option<PathBuf>,
    /// The directory to write DIR/z/x/y.ext to
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out: Option<PathBuf>,
    /// png, svg, json, geojson or mvt [default: as the output's extension says, else png]
    #[arg(long, value_parser = format, value_name = "FORMAT")]
    format: Option<Format>,
    /// CSS pixels of a tile's side: 256 or 512
    #[arg(long, default_value_t = 256, value_parser = size, value_name = "PX")]
    size: u32,
    /// Output pixels for each CSS pixel: 1 to 4
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(limits::SCALE)))]
    scale: u8,
    /// Tiles drawn at once [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// A file for the times of each tile, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    labelling: Labelling,
    #[command(flatten)]
    drawing: Drawing,
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_extension(name).ok_or_else(|| format!("{name:?} is not png, svg, json, geojson or mvt"))
}

pub fn size(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|size| [256, 512].contains(size)).ok_or_else(|| format!("{text:?} is not 256 or 512"))
}

pub fn run(settings: Render) -> Result<(), Error> {
    let started = Instant::now();
    let tiles = settings.tiles()?;
    let extension = settings.output.as_deref().and_then(Path::extension).and_then(|e| e.to_str());
    let format = settings.format.or_else(|| extension.and_then(Format::from_extension)).unwrap_or(Format::Png);
    let jobs = settings.jobs.map_or_else(runtime::processors, usize::from);
    runtime::start()?.block_on(async {
        let maps = settings.drawing.open_maps(Place::Here).await?;
        if maps.len() > 1 {
            return Err(Error::misconfigured("several styles are given", "render with one --style at a time"));
        }
        let tiler = Arc::new(Tiler::new(maps, Cache::new(Vec::new()), Freshness::default()));
        let setup = started.elapsed();
        let alone = jobs == 1 || tiles.len() == 1;
        let mut progress = settings.out.is_some().then(|| Progress::start(tiles.len(), "tiles"));
        let render = |tile: TileId| {
            let labels = settings.labelling.labels(format);
            let Render { size, scale, .. } = settings;
            let request = TileRequest { tile, format, size, scale, style: None, labels };
            let (tiler, settings) = (&tiler, &settings);
            async move { (tile, render_one(tiler, &request, settings, alone).await) }
        };
        let mut rows = Vec::new();
        let mut failures: Vec<Error> = Vec::new();
        let mut done = stream::iter(tiles).map(render).buffered(jobs);
        while let Some((tile, result)) = done.next().await {
            match result {
                Ok((bytes, row)) => {
                    if let Some(progress) = &mut progress {
                        progress.wrote(bytes);
                    }
                    rows.push(row);
                }
                Err(error) => {
                    let error = error.within(tile);
                    let tell = || tracing::error!("{error}");
                    match &mut progress {
                        Some(progress) => progress.failed(tell),
                        None => tell(),
                    }
                    failures.push(error);
                }
            }
        }
        if let Some(progress) = progress {
            progress.finish();
        }
        if let Some(path) = &settings.report {
            // Of labels, because no font has them; a label that several tiles have counts once.
            let missing = tiler.default_map().style.fonts.as_ref().map_or(0, Shaper::missing);
            let report = json!({ "setup_ms": ms(setup), "missing_characters": missing, "tiles": rows });
            write(path, report.to_string().as_bytes())?;
        }
        match failures.len() {
            0 => Ok(()),
            1 => Err(failures.remove(0)),
            n => Err(Error {
                detail: format!("{n} tiles failed; the first: {}", failures[0].detail),
                ..failures.remove(0)
            }),
        }
    })
}

impl Render {
    fn tiles(&self) -> Result<Vec<TileId>, Error> {
        let misused = |detail: &str| {
            let hint = "write `rasterzen render Z/X/Y -o FILE`, or `rasterzen render --tiles LIST --out DIR`";
            Error::misconfigured(detail, hint)
        };
        let mut tiles = self.tiles.clone();
        if let Some(list) = &self.list {
            let text = std::fs::read_to_string(list)
                .map_err(|e| misused(&format!("the list {} cannot be read: {e}", list.display())))?;
            for (number, line) in text.lines().enumerate() {
                let line = line.split('#').next().unwrap_or_default().trim();
                if !line.is_empty() {
                    let place = || format!("{}, line {}", list.display(), number + 1);
                    tiles.push(line.parse().map_err(|e: String| misused(&e).within(place()))?);
                }
            }
        }
        match (tiles.len(), &self.output, &self.out) {
            (0, _, _) => Err(misused("no tile is named")),
            (_, None, None) => Err(misused("no output is named")),
            (2.., Some(_), _) => Err(misused("several tiles do not fit one file")),
            _ => Ok(tiles),
        }
    }
}

/// Draws and writes one tile; gives its bytes, and its row of the report.
async fn render_one(
    tiler: &Arc<Tiler>,
    request: &TileRequest,
    settings: &Render,
    alone: bool,
) -> Result<(usize, Value), Error> {
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    let Picture { body, stages, fetched, decoded, missing } = tiler.picture(request, None).await?;
    let (wall, cpu) = (wall.elapsed(), cpu.elapsed());
    if missing > 0 {
        let hint = "try again when the source answers for all tiles around this one";
        return Err(Error::new(Code::SourceFailed, format!("{missing} neighbouring tiles failed"), hint));
    }
    match &settings.out {
        Some(directory) => {
            let name = format!("{}.{}", request.tile, request.format.name());
            write(&directory.join(name), &body)?;
        }
        None => write(settings.output.as_deref().unwrap_or(Path::new("-")), &body)?,
    }
    let Stages { fetch, decode, place, scene, svg, raster, encode } = stages;
    let row = json!({
        "tile": request.tile.to_string(),
        "wall_ms": ms(wall),
        "cpu_ms": alone.then(|| ms(cpu)),
        "bytes": body.len(),
        "stages": {
            "fetch": ms(fetch),
            "decode": ms(decode),
            "place": ms(place),
            "scene": ms(scene),
            "svg": ms(svg),
            "raster": ms(raster),
            "encode": ms(encode),
        },
        "sources": { "fetched": fetched, "decoded": decoded },
    });
    Ok((body.len(), row))
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
