//! One computation for all who ask for the same thing at the same time.
//!
//! Whoever asks polls the one future; it lives as long as anybody waits for it, so that a caller who goes away cancels
//! nothing for the others, and nothing runs on when all have gone. However it ends (value, error, panic, dropped), its
//! entry goes with it.

use crate::error::Error;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A computation to be awaited.
pub type Work<T> = BoxFuture<'static, Result<T, Error>>;
type Entries<K, T> = HashMap<K, (u64, WeakShared<Work<T>>)>;

pub struct Flight<K, T: Clone> {
    entries: Arc<Mutex<Entries<K, T>>>,
    next: AtomicU64,
}

impl<K, T: Clone> Default for Flight<K, T> {
    fn default() -> Self {
        Flight { entries: Arc::default(), next: AtomicU64::new(0) }
    }
}

impl<K, T> Flight<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The computation of `key` that is under way, joined; `work`, if there is none.
    pub fn run<F>(&self, key: K, work: impl FnOnce() -> F) -> Shared<Work<T>>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut entries = lock(&self.entries);
        if let Some(running) = entries.get(&key).and_then(|(_, running)| running.upgrade()) {
            return running;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let landing = Landing { entries: self.entries.clone(), key: key.clone(), number };
        let work = AssertUnwindSafe(work()).catch_unwind();
        let work = async move {
            let result = work.await.unwrap_or_else(|_| Err(Error::internal("a computation panicked")));
            drop(landing);
            result
        };
        let shared = work.boxed().shared();
        if let Some(weak) = shared.downgrade() {
            entries.insert(key, (number, weak));
        }
        shared
    }
}

/// Takes the entry away; dropped with the future.
struct Landing<K: Eq + Hash, T: Clone> {
    entries: Arc<Mutex<Entries<K, T>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut entries = lock(&self.entries);
        // By now the key may be another's.
        if entries.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            entries.remove(&self.key);
        }
    }
}

/// The table is whole after every statement, so a panic elsewhere does no harm to it.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
