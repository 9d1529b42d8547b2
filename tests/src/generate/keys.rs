//! Keys as real systems number their rows.

use super::Draw;

/// How a table numbers its rows: a counter with an offset and gaps, plain, padded or behind a prefix.
#[derive(Clone, Copy, Debug)]
pub struct Numbering {
    prefix: &'static str,
    /// Digits at least, with leading zeros.
    width: usize,
    first: u64,
    step: u64,
}

impl Numbering {
    /// Some numbering; a letter and a count from 0 in one of three.
    pub fn draw(draw: &mut Draw, letter: &'static str) -> Self {
        let plain = Self { prefix: "", width: 0, first: 0, step: 1 };
        match draw.below(12) {
            0 => plain,
            1 => Self { first: 1_000_000 + draw.below(9_000_000) as u64, ..plain },
            2 => Self { first: 65_536 - draw.below(20) as u64, ..plain },
            3 => Self { first: 10u64.pow(18) - draw.below(20) as u64, ..plain },
            4 => Self { first: draw.below(1_000_000) as u64, step: 1 + draw.below(5_000) as u64, ..plain },
            5 => Self { width: 7, first: draw.below(500) as u64, ..plain },
            6 => Self { prefix: "C", width: 8, step: 3, ..plain },
            7 => Self { prefix: "00Q5f", width: 10, first: draw.below(1 << 20) as u64, ..plain },
            _ => Self { prefix: letter, ..plain },
        }
    }

    /// The key of row `idx`.
    pub fn key(self, idx: usize) -> String {
        let Self { prefix, width, first, step } = self;
        format!("{prefix}{:0width$}", first + idx as u64 * step)
    }
}
