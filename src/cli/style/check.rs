//! `rasterzen style check`: what is wrong with styles, and what of them is not drawn.

use super::{print, unreadable};
use crate::error::Error;
use crate::file;
use crate::limits;
use crate::runtime;
use crate::settings::Drawing;
use crate::style::BUNDLED;
use crate::style::check::{Report, Severity, SourceLayers, check};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Say what is wrong with styles, and what of them is not drawn
///
/// Errors are those of the official validator, with their JSON paths; warnings are its own, what this program does not
/// draw, and source layers that the source does not have. Exits with 0 if there is no error, with 1 if there is one
/// (with --strict, a warning), with 2 if a file cannot be read.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rasterzen style check light
  rasterzen style check --strict --source sample light
  rasterzen style check --json light > report.json")]
pub struct Check {
    /// MapLibre styles or go-rasterzen's SVG options: files, or names of bundled styles
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What the style is drawn from; its layers are looked for there [default: sample, for sources without tiles]
    #[arg(long, env = "RASTERZEN_SOURCE", value_name = "URI", hide_env_values = true)]
    source: Option<String>,
    /// Write a JSON object for each file, one a line
    #[arg(long)]
    json: bool,
    /// Let warnings fail too
    #[arg(long)]
    strict: bool,
}

pub fn run(settings: &Check) -> Result<ExitCode, Error> {
    let uri = settings.source.as_deref().unwrap_or("sample");
    let source = runtime::start()?.block_on(Drawing::default().open_source(uri))?;
    let layers = source.info.layers.as_deref();
    let known = layers.map(|names| SourceLayers { names, for_all: settings.source.is_some() });
    let mut failed = false;
    for path in &settings.files {
        let bundled = BUNDLED.iter().find(|(name, _)| path.as_os_str() == *name);
        let bytes = match bundled {
            Some((_, json)) => json.as_bytes().to_vec(),
            None => file::read(path, limits::STYLE_BYTES).map_err(|e| unreadable(path, &e))?,
        };
        let Report { problems, more } = &check(&bytes, known);
        let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        failed |= errors > 0 || *more > 0 || (settings.strict && warnings > 0);
        let place = path.display();
        if settings.json {
            let object = json!({
                "file": place.to_string(),
                "errors": errors,
                "warnings": warnings,
                "problems": problems,
                "more": more,
            });
            print(&format!("{object}\n"))?;
        } else {
            print(&problems.iter().map(|problem| format!("{place}: {problem}\n")).collect::<String>())?;
            let more = if *more > 0 { format!(", and {more} more of either") } else { String::new() };
            eprintln!("{place}: {}, {}{more}", counted(errors, "error"), counted(warnings, "warning"));
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
