//! `rasterzen style convert`: go-rasterzen's SVG options to a MapLibre style.

use super::{print, unreadable};
use crate::error::Error;
use crate::file;
use crate::limits;
use crate::style::options;
use clap::Args;
use std::borrow::Cow;
use std::path::PathBuf;

/// Write go-rasterzen's SVG options as a MapLibre style that draws the same
#[derive(Args)]
#[command(after_help = "\
Examples:
  echo '{\"stroke\": \"#515151\"}' > options.json
  rasterzen style convert options.json > style.json
  rasterzen render 14/8529/5974 --style style.json -o monaco.png")]
pub struct Convert {
    /// The options: JSON with tile_size, stroke, stroke_width, stroke_opacity, fill, fill_opacity, merge and styles
    #[arg(value_name = "OPTIONS.json")]
    file: PathBuf,
}

pub fn run(settings: &Convert) -> Result<(), Error> {
    let place = settings.file.display().to_string();
    let refused = |what: String| {
        let hint = "give go-rasterzen's SVG options, for example {\"stroke\": \"#515151\", \"fill_opacity\": 0.2}";
        Error::misconfigured(what, hint).within(&place)
    };
    let bytes = file::read(&settings.file, limits::STYLE_BYTES).map_err(|e| unreadable(&settings.file, &e))?;
    let text = String::from_utf8(bytes).map_err(|e| refused(e.to_string()))?;
    let name = settings.file.file_stem().unwrap_or_default().to_string_lossy();
    match options::as_style(&name, &text) {
        Ok(Cow::Owned(style)) => print(&style),
        Ok(Cow::Borrowed(_)) => match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => Err(refused("it has no member that options have, or is a style already".to_string())),
            Err(e) => Err(refused(format!("it is not JSON: {e}"))),
        },
        Err(refusal) if refusal.path.is_empty() => Err(refused(refusal.message)),
        Err(refusal) => Err(refused(format!("{}: {}", refusal.path, refusal.message))),
    }
}
