//! How far long work is: a bar on a terminal, a line now and then elsewhere; both on stderr.

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};
use tracing::Level;

/// How often a line is written where there is no terminal.
const LINES: Duration = Duration::from_secs(5);

/// The work on so many things.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    /// When the last line was written.
    told: Instant,
    /// What there is so many of.
    what: &'static str,
    total: usize,
    done: usize,
    failed: usize,
    bytes: u64,
}

impl Progress {
    /// Begins; with a log level below `info` nothing is shown.
    pub fn start(total: usize, what: &'static str) -> Progress {
        let shown = std::io::stderr().is_terminal() && tracing::enabled!(Level::INFO);
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        let style = format!("{{bar:30}} {{pos}}/{{len}} {what}  {{per_sec}}  {{eta}} left  {{msg}}");
        bar.set_style(ProgressStyle::with_template(&style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        let now = Instant::now();
        Progress { bar, started: now, told: now, what, total, done: 0, failed: 0, bytes: 0 }
    }

    /// One is written.
    pub fn wrote(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.step();
    }

    /// One failed; `tell` says why, above the bar.
    pub fn failed(&mut self, tell: impl FnOnce()) {
        self.failed += 1;
        self.bar.suspend(tell);
        self.bar.set_message(format!("{} failed", self.failed));
        self.step();
    }

    /// One is done.
    pub fn step(&mut self) {
        self.done += 1;
        self.bar.inc(1);
        if self.bar.is_hidden() && self.done < self.total && self.told.elapsed() >= LINES {
            self.told = Instant::now();
            tracing::info!("{} of {} {}, {} failed", self.done, self.total, self.what, self.failed);
        }
    }

    /// The bar goes.
    pub fn clear(self) {
        self.bar.finish_and_clear();
    }

    /// The work is over: the bar goes, and what was done is said in a line.
    pub fn finish(self) {
        self.bar.finish_and_clear();
        let Progress { started, what, done, failed, bytes, .. } = self;
        let took = started.elapsed();
        let took = if took.as_secs() < 60 { format!("{:.1?}", took) } else { HumanDuration(took).to_string() };
        tracing::info!("{} {what} written in {took}, {}, {failed} failed", done - failed, HumanBytes(bytes));
    }
}
