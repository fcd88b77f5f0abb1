//! Where the program's own messages go: to stderr, for people on a terminal, as JSON on Lambda.

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Starts logging; `level` is for this program, its libraries only report what is wrong.
pub fn start(level: LevelFilter, json: bool) {
    let targets = Targets::new()
        .with_target("rasterzen", level)
        // The SDK logs key ids and dumps of credential chains; its errors reach the log through this program.
        .with_target("aws", LevelFilter::OFF)
        .with_default(level.min(LevelFilter::from_level(Level::WARN)));
    let layer = fmt::layer().with_writer(std::io::stderr);
    // A second start, as in tests within one process, changes nothing.
    let _ = match json {
        true => tracing_subscriber::registry().with(layer.json().flatten_event(true).with_filter(targets)).try_init(),
        false => {
            let color = std::io::IsTerminal::is_terminal(&std::io::stderr());
            let layer = layer.with_ansi(color).with_target(false);
            tracing_subscriber::registry().with(layer.with_filter(targets)).try_init()
        }
    };
}
