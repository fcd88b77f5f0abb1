//! The threads that the program runs on.

use crate::error::Error;
use crate::limits;
use tokio::runtime::{Builder, Runtime};

/// Processors that this process may use.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, |n| n.get())
}

/// A runtime with one thread for each processor, and few for work that blocks: each that has drawn once keeps memory.
pub fn start() -> Result<Runtime, Error> {
    Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(processors() + limits::FILE_THREADS)
        .build()
        .map_err(|e| Error::internal(format!("there is no runtime: {e}")))
}
