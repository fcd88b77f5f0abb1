//! What is put together beside the picture before it is laid on it: rows of values, of which only those touched cost
//! anything, and whose memory serves again.

/// As many rows and columns as a band of the picture.
pub struct Sheet<T> {
    width: usize,
    height: usize,
    top: i32,
    /// None before the first use.
    values: Vec<T>,
    /// What is touched of each row, from a column to before another.
    spans: Vec<[usize; 2]>,
}

const UNTOUCHED: [usize; 2] = [usize::MAX, 0];

impl<T: Copy + Default> Sheet<T> {
    pub fn new(width: usize, top: i32, height: usize) -> Sheet<T> {
        Sheet { width, height, top, values: Vec::new(), spans: Vec::new() }
    }

    /// So many values of row `y` from `x` on, to be changed.
    pub fn touch(&mut self, y: i32, x: i32, length: usize) -> &mut [T] {
        if self.values.is_empty() {
            self.values.resize(self.width * self.height, T::default());
            self.spans.resize(self.height, UNTOUCHED);
        }
        let (row, x) = ((y - self.top) as usize, x as usize);
        let [from, to] = self.spans[row];
        self.spans[row] = [from.min(x), to.max(x + length)];
        &mut self.values[row * self.width + x..][..length]
    }

    /// So many values of row `y` from `x` on.
    pub fn get(&self, y: i32, x: i32, length: usize) -> Option<&[T]> {
        self.values.get((y - self.top) as usize * self.width + x as usize..)?.get(..length)
    }

    /// Gives what is touched of each row: its number, its first column and its values.
    pub fn rows(&self, mut row: impl FnMut(i32, i32, &[T])) {
        for (i, &[from, to]) in self.spans.iter().enumerate().filter(|(_, [from, to])| from < to) {
            row(self.top + i as i32, from as i32, &self.values[i * self.width..][from..to]);
        }
    }

    /// Makes it empty again.
    pub fn clear(&mut self) {
        for (i, span) in self.spans.iter_mut().enumerate().filter(|(_, [from, to])| from < to) {
            let [from, to] = std::mem::replace(span, UNTOUCHED);
            self.values[i * self.width..][from..to].fill(T::default());
        }
    }
}
