//! `rasterzen style eval`: what an expression gives.

use crate::error::Error;
use crate::limits;
use crate::style::evaluate_line;
use clap::Args;
use std::io::{self, BufRead, Read, Write};

/// Show what expressions, functions and filters give
///
/// Reads JSON lines from standard input, each with an "expression" and what it is evaluated for, and writes one line for
/// each: {"type", "value"}, or {"error"} with the "key" of what does not compile. The other members of a line, all of
/// which may be missing: "spec" (the property as in the Style Spec's reference), "filter" (true for a filter), "zoom",
/// "feature" ("id", "geometry", "properties", "featureState"), "canonical" (the feature's tile: "z", "x", "y"),
/// "globalState", "availableImages", "accumulated", "heatmapDensity", "lineProgress" and "elevation".
#[derive(Args)]
#[command(after_help = "Examples:\n  echo '{\"expression\": [\"concat\", 2, \" km\"]}' | rasterzen style eval")]
pub struct Eval {}

pub fn run() -> Result<(), Error> {
    eval(io::stdin().lock(), io::stdout().lock())
}

fn eval(mut input: impl BufRead, output: impl Write) -> Result<(), Error> {
    let unreadable = |e: io::Error| Error::misconfigured(format!("standard input cannot be read: {e}"), "");
    let mut output = io::BufWriter::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than a line may have, and the line's end.
        let most = limits::EVAL_LINE_BYTES as u64 + 2;
        if input.by_ref().take(most).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        let is_whole = line.last() == Some(&b'\n');
        let answer = evaluate_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        if !is_whole {
            skip_line(&mut input).map_err(unreadable)?;
        }
        let written = writeln!(output, "{answer}").and_then(|()| {
            // Who types lines wants to see each answer; who pipes thousands does not wait for each.
            if input.fill_buf().is_ok_and(<[u8]>::is_empty) { output.flush() } else { Ok(()) }
        });
        match written {
            Ok(()) => {}
            // Whoever reads has seen enough.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(e) => return Err(Error::misconfigured(format!("standard output cannot be written: {e}"), "")),
        }
    }
    Ok(())
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, found) = match buffer.iter().position(|b| *b == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if found {
            return Ok(());
        }
    }
}
