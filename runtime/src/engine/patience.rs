//! When machine code is asked no more: where it stops at row after row, asking costs more than the row.

/// So many times in a row it may stop at the very row that it is asked to begin with.
const MOST_STUCK: u32 = 4;

/// How often machine code has stopped where it began, in a chunk of rows.
#[derive(Debug, Default)]
pub(super) struct Patience {
    n_stuck: u32,
}

impl Patience {
    /// Whether it is worth asking for the next row; else the rest of the chunk is the interpreter's.
    pub const fn lasts(&self) -> bool {
        self.n_stuck < MOST_STUCK
    }

    /// Takes in that machine code was asked to begin with a row, and where it stopped.
    pub const fn asked(&mut self, from: u32, stopped: u32) {
        self.n_stuck = if stopped == from { self.n_stuck + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_where_nothing_is_done_again_and_again() {
        let mut patience = Patience::default();
        for row in 0..MOST_STUCK {
            assert!(patience.lasts());
            patience.asked(row, row);
        }
        assert!(!patience.lasts());
        let mut patience = Patience::default();
        for row in (0..100).step_by(2) {
            patience.asked(row, row);
            patience.asked(row + 1, row + 2);
            assert!(patience.lasts());
        }
    }
}
