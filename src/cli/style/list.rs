//! `rasterzen style list`: the bundled styles.

use super::print;
use crate::error::Error;
use crate::style::BUNDLED;
use clap::Args;
use serde_json::Value;

/// Name the bundled styles, one a line with what it is
#[derive(Args)]
#[command(after_help = "\
Examples:
  rasterzen style list")]
pub struct List {}

pub fn run(_: &List) -> Result<(), Error> {
    let width = BUNDLED.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines = BUNDLED.iter().map(|(name, json)| {
        let style: Value = serde_json::from_str(json).unwrap_or_default();
        let description = style["metadata"]["rasterzen:description"].as_str().unwrap_or_default();
        format!("{name:width$}  {description}\n")
    });
    print(&lines.collect::<String>())
}
