//! The command line: what can be typed, one file for each command.

mod explain;
mod labelling;
mod output;
mod overlay;
mod progress;
mod render;
mod serve;
mod static_image;
mod style;

use crate::error::Code;
use crate::logging;
use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;
use tracing_subscriber::filter::LevelFilter;

/// Draws vector tiles as SVG and PNG.
///
/// Without a command it serves the sample map on 127.0.0.1:8080.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Examples:
  rasterzen
  rasterzen serve --listen 127.0.0.1:8081
  rasterzen render 14/8529/5974 --size 512 -o monaco.png
  rasterzen explain 14/8529/5974
  rasterzen static 7.4215,43.7345,14.5 800x600 -o monaco.png"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serve,
    /// What is reported on stderr: off, error, warn, info or debug; below info no progress either
    #[arg(long, env = "RASTERZEN_LOG", default_value = "info", global = true, value_name = "LEVEL")]
    log: LevelFilter,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Render(render::Render),
    Explain(explain::Explain),
    Static(static_image::Static),
    Style(style::Style),
}

/// Options of the server stand before no command: without one they are its own, with one they would be of no effect.
fn misplaced(matches: &ArgMatches) -> Option<clap::Error> {
    let (name, _) = matches.subcommand()?;
    let mut command = Cli::command();
    let is_given = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let option = command.get_arguments().filter(|arg| !arg.is_global_set()).find(is_given)?.get_long()?;
    let has_it = |command: &clap::Command| command.get_arguments().any(|arg| arg.get_long() == Some(option));
    let text = match command.find_subcommand(name).is_some_and(has_it) {
        true => format!("--{option} stands before the command: write rasterzen {name} --{option}"),
        false => format!("--{option} is the server's: it stands with no command, or after serve"),
    };
    Some(command.error(ErrorKind::ArgumentConflict, text))
}

/// The arguments. Those of the server stand before all commands, but their variables are nothing to the others, which
/// read their own.
fn matches() -> ArgMatches {
    let own = |arg: Arg| if arg.is_global_set() { arg } else { arg.env(Resettable::Reset) };
    match Cli::command().mut_args(own).try_get_matches() {
        Ok(matches) if matches.subcommand().is_some() => matches,
        _ => Cli::command().get_matches(),
    }
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let matches = matches();
    if let Some(error) = misplaced(&matches) {
        error.exit();
    }
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    logging::start(cli.log, false);
    let done = match cli.command {
        None => serve::run(cli.serve).map(|()| ExitCode::SUCCESS),
        Some(Command::Serve(serve)) => serve::run(serve).map(|()| ExitCode::SUCCESS),
        Some(Command::Render(render)) => render::run(render).map(|()| ExitCode::SUCCESS),
        Some(Command::Explain(settings)) => explain::run(settings).map(|()| ExitCode::SUCCESS),
        Some(Command::Static(image)) => static_image::run(image).map(|()| ExitCode::SUCCESS),
        Some(Command::Style(style)) => style::run(style),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("rasterzen: {}", error.detail);
            if !error.hint.is_empty() {
                eprintln!("  {}", error.hint);
            }
            ExitCode::from(if error.code == Code::Misconfigured { 2 } else { 1 })
        }
    }
}
