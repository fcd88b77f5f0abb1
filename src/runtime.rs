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
    share_arenas();
    Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(processors() + limits::FILE_THREADS)
        .build()
        .map_err(|e| Error::internal(format!("there is no runtime: {e}")))
}

/// One of the allocator's arenas for two processors: each keeps what was once allocated in it, and with one for each
/// thread that was a quarter of the process's memory.
fn share_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let arenas = i32::try_from(processors() / 2).unwrap_or(i32::MAX).max(1);
        // SAFETY: it sets a number (mallopt(3)).
        unsafe { libc::mallopt(libc::M_ARENA_MAX, arenas) };
    }
}
