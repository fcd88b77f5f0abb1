//! Memory that pictures leave for the next ones, so that it is not asked for and cleared each time.

use crate::limits;
use std::sync::{Mutex, PoisonError};

pub struct Spare<T>(Mutex<Vec<T>>);

impl<T: Default> Spare<T> {
    pub const fn empty() -> Spare<T> {
        Spare(Mutex::new(Vec::new()))
    }

    /// What another picture has left, as it was left, or something new.
    pub fn take(&self) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps something of so many bytes for another picture, if that is no more than most take.
    pub fn leave(&self, item: T, bytes: usize) {
        let mut items = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes <= limits::SPARE_BYTES && items.len() < limits::SPARES {
            items.push(item);
        }
    }
}
