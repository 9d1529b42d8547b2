//! The rows of a table that are rejected.

/// Rows, by their places in the order of reading, that are rejected.
///
/// A bit for each row up to the last of them, so that a file of which all are bad takes no more memory than its rows.
#[derive(Debug, Default)]
pub(crate) struct Rejected {
    words: Vec<u64>,
    n_rows: usize,
}

impl Rejected {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.n_rows
    }

    /// Rejects a row; not, where that is so already.
    pub fn insert(&mut self, row: u32) -> bool {
        let (word, bit) = (row as usize / 64, 1 << (row % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.n_rows += usize::from(is_new);
        is_new
    }

    /// These without others.
    pub fn without(mut self, others: &Self) -> Self {
        self.words.iter_mut().zip(&others.words).for_each(|(word, other)| *word &= !other);
        self.n_rows = self.words.iter().map(|word| word.count_ones() as usize).sum();
        self
    }

    /// Whether a row is rejected.
    #[inline]
    pub fn contains(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }
}
