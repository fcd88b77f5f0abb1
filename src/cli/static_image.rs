//! `rasterzen static`: a map image of any size to a file.

use crate::cache::Cache;
use crate::cli::labelling::Labelling;
use crate::cli::output::write;
use crate::cli::overlay;
use crate::cli::progress::Progress;
use crate::error::{Code, Error};
use crate::format::Format;
use crate::limits;
use crate::request::{StaticRequest, View, parse_size};
use crate::runtime;
use crate::settings::{Drawing, Place};
use crate::style::Style;
use crate::tiler::{Freshness, Tiler};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

/// Draw a map image of any size
#[derive(Args)]
#[command(
    override_usage = "rasterzen static [LON,LAT,ZOOM[,BEARING]] WxH -o FILE [OPTIONS]",
    after_help = "\
Examples:
  rasterzen static 7.4215,43.7345,14.5 800x600 -o monaco.png
  rasterzen static 7.4215,43.7345,14.5,30 800x600 --scale 2 --attribution -o monaco.svg
  rasterzen static --bbox 7.40,43.72,7.44,43.75 800x600 -o monaco.png
  rasterzen static 800x600 --style light -o light.png"
)]
pub struct Static {
    /// The middle in degrees, the MapLibre zoom, and what is up in degrees clockwise from north [default: the style's
    /// center, zoom and bearing]
    #[arg(value_name = "LON,LAT,ZOOM[,BEARING]", allow_hyphen_values = true)]
    place: String,
    /// Width and height in CSS pixels; they alone are enough where the style or --bbox says what is to be seen
    #[arg(value_name = "WxH")]
    size: Option<String>,
    /// What is to be seen, in degrees, at the largest zoom at which it fits
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    bbox: Option<String>,
    /// The file to write to; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// png or svg [default: as the output's extension says, else png]
    #[arg(long, value_parser = format, value_name = "FORMAT")]
    format: Option<Format>,
    /// Output pixels for each CSS pixel: 1 to 4
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(limits::SCALE)))]
    scale: u8,
    /// A file of GeoJSON to draw over the map, its colours and widths by simplestyle-spec (repeatable, the last on top)
    #[arg(long, value_name = "FILE")]
    geojson: Vec<PathBuf>,
    /// Write what the sources want to be credited with into the picture
    #[arg(long)]
    attribution: bool,
    #[command(flatten)]
    labelling: Labelling,
    #[command(flatten)]
    drawing: Drawing,
}

fn format(name: &str) -> Result<Format, String> {
    let format = Format::from_extension(name).filter(|format| format.is_picture());
    format.ok_or_else(|| format!("{name:?} is not png or svg"))
}

pub fn run(settings: Static) -> Result<(), Error> {
    let (view, size) = settings.view().map_err(misused)?;
    let extension = settings.output.extension().and_then(|e| e.to_str());
    let format = match (settings.format, extension) {
        (Some(format), _) => format,
        (None, None) => Format::Png,
        (None, Some(extension)) => self::format(extension).map_err(|detail| {
            Error::misconfigured(
                format!("the output's extension {detail}"),
                "name the file .png or .svg, or say --format",
            )
        })?,
    };
    runtime::start()?.block_on(async {
        let mut maps = settings.drawing.open_maps(Place::Here).await?;
        let (Some(map), true) = (maps.pop(), maps.is_empty()) else {
            return Err(Error::misconfigured("several styles are given", "draw with one --style at a time"));
        };
        let view = view.map_or_else(|| style_view(&map.style), Ok)?;
        let viewport = view.viewport(size, settings.scale, limits::IMAGE_SIDE).map_err(misused)?;
        let (attribution, labels) = (settings.attribution, settings.labelling.labels(format));
        let image = StaticRequest { viewport, format, style: None, attribution, labels };
        let tiler = Arc::new(Tiler::new(
            vec![overlay::over(map, &settings.geojson).await?],
            Cache::new(Vec::new()),
            Freshness::default(),
        ));
        let large = viewport.width.max(viewport.height) > limits::PIXMAP_SIDE;
        let (body, missing) = if large && format == Format::Png {
            draw_large(&tiler, &image).await?
        } else {
            let picture = tiler.picture(&image, None).await?;
            (picture.body, picture.missing)
        };
        if missing > 0 {
            let hint = "try again when the source answers for all tiles around the picture";
            return Err(Error::new(Code::SourceFailed, format!("{missing} neighbouring tiles failed"), hint));
        }
        write(&settings.output, &body)
    })
}

async fn draw_large(tiler: &Arc<Tiler>, image: &StaticRequest) -> Result<(bytes::Bytes, usize), Error> {
    let mut progress: Option<Progress> = None;
    let told = |total: usize| progress.get_or_insert_with(|| Progress::start(total, "cells")).step();
    let drawn = tiler.large_png(image, None, told).await?;
    if let Some(progress) = progress {
        progress.clear();
    }
    Ok(drawn)
}

/// What a wrong argument is on the command line.
fn misused(error: Error) -> Error {
    Error { code: Code::Misconfigured, ..error }
}

/// Where the style has its middle.
fn style_view(style: &Style) -> Result<View, Error> {
    let Some([lon, lat]) = style.center else {
        return Err(Error::misconfigured(
            format!("no place is named, and the style {:?} has no center", style.name),
            "write LON,LAT,ZOOM before the size, or --bbox W,S,E,N",
        ));
    };
    let text = format!("{lon},{lat},{},{}", style.zoom.unwrap_or(0.0), style.bearing.unwrap_or(0.0));
    View::parse_center(&text).map_err(|error| misused(error).within("the style's center, zoom and bearing"))
}

impl Static {
    /// What is to be seen, if it is said, and the size in CSS pixels.
    fn view(&self) -> Result<(Option<View>, [u32; 2]), Error> {
        let boxed = self.bbox.as_deref().map(View::parse_box).transpose()?;
        match (&self.size, boxed) {
            // One argument is the size.
            (None, view) => Ok((view, parse_size(&self.place)?)),
            (Some(size), None) => Ok((Some(View::parse_center(&self.place)?), parse_size(size)?)),
            (Some(_), Some(_)) => {
                Err(Error::bad_request("both a place and a box are named", "name one of them, and the size: 800x600"))
            }
        }
    }
}
