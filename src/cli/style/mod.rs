//! `rasterzen style`: what helps to make styles, one file for each command.

mod check;
mod convert;
mod eval;
mod list;

use crate::error::Error;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Check, convert and list styles, and try expressions
#[derive(Args)]
#[command(after_help = "\
Examples:
  rasterzen style list
  rasterzen style check light
  echo '{\"stroke\": \"#515151\"}' > options.json
  rasterzen style convert options.json > style.json")]
pub struct Style {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Check),
    Convert(convert::Convert),
    Eval(eval::Eval),
    List(list::List),
}

pub fn run(style: Style) -> Result<ExitCode, Error> {
    match style.command {
        Command::Check(settings) => check::run(&settings),
        Command::Convert(settings) => convert::run(&settings).map(|()| ExitCode::SUCCESS),
        Command::Eval(_) => eval::run().map(|()| ExitCode::SUCCESS),
        Command::List(settings) => list::run(&settings).map(|()| ExitCode::SUCCESS),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::misconfigured(format!("{} cannot be read: {error}", path.display()), "name a file that is there")
}

fn print(text: &str) -> Result<(), Error> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|e| Error::misconfigured(format!("standard output cannot be written: {e}"), "look at where it goes"))
}
