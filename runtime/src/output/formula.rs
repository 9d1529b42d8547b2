//! Cells that a spreadsheet would run as formulas.
//!
//! A key of a row may begin with `=`; a spreadsheet that opens the table would compute it, and may call programs and send
//! what is in other cells away. So in CSV, the format that spreadsheets open, a text of the data that begins like a
//! formula gets a `'` before it, which makes it text there. What begins with `'`s and then like a formula gets one more, so
//! that taking one away always gives the text back. Numbers that Meed itself writes, `-5.00`, are never marked.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether cells that begin like formulas are marked, and how many were.
#[derive(Clone, Debug)]
pub struct Formulas {
    are_marked: bool,
    n_marked: Arc<AtomicU64>,
}

impl Formulas {
    /// They are marked.
    pub fn marked() -> Self {
        Self { are_marked: true, n_marked: Arc::default() }
    }

    /// They are written as they are, for programs that read the tables.
    pub fn as_they_are() -> Self {
        Self { are_marked: false, n_marked: Arc::default() }
    }

    /// The same with a count of its own, for what is written beside.
    pub fn apart(&self) -> Self {
        Self { are_marked: self.are_marked, n_marked: Arc::default() }
    }

    /// Whether cells that begin like formulas are marked.
    pub fn are_marked(&self) -> bool {
        self.are_marked
    }

    /// How many cells were marked by this and its clones.
    pub fn n_marked(&self) -> u64 {
        self.n_marked.load(Ordering::Relaxed)
    }

    /// A text of the data as it is written.
    pub fn cell<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let cell = self.uncounted(text);
        self.count(matches!(cell, Cow::Owned(_)));
        cell
    }

    /// The same of a text that is written later, maybe again and again; a text of its own where it is marked.
    pub(crate) fn uncounted<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if self.are_marked && begins_like_formula(text) {
            Cow::Owned([b"'", text].concat())
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Counts a cell that was written, if it was marked.
    pub(crate) fn count(&self, is_marked: bool) {
        if is_marked {
            self.n_marked.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A cell that may be marked, without its mark.
pub(crate) fn unmarked(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| begins_like_formula(text.as_bytes())).unwrap_or(cell)
}

/// Whether a text, after any number of `'`, begins as formulas do; some spreadsheets take signs of full width for plain ones.
fn begins_like_formula(text: &[u8]) -> bool {
    // Nearly every cell begins with a letter or digit.
    match text.first() {
        Some(b'\'') => {
            let (_, rest) = text.split_at(text.iter().take_while(|&&byte| byte == b'\'').count());
            begins_like_formula(rest)
        }
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n') => true,
        Some(0xef) => ["＝", "＋", "－", "＠"].iter().any(|sign| text.starts_with(sign.as_bytes())),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_begin_like_formulas_are_marked_and_can_be_read_back() {
        let formulas = Formulas::marked();
        let cases = [
            ("=1+1", "'=1+1"),
            ("@SUM(1+1)*cmd|' /C calc'!A0", "'@SUM(1+1)*cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-7", "'-7"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("\n=1", "'\n=1"),
            ("＝1", "'＝1"),
            ("－1", "'－1"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
        ];
        for (text, written) in cases {
            assert_eq!(formulas.cell(text.as_bytes()), written.as_bytes());
            assert_eq!(unmarked(written), text);
        }
        assert_eq!(formulas.n_marked(), cases.len() as u64);
        for text in ["", "ACME", "1-2", "'", "''", "'s-Hertogenbosch", "5.00", "（a）", "ﬁ"] {
            assert_eq!(formulas.cell(text.as_bytes()), text.as_bytes());
            assert_eq!(unmarked(text), text);
        }
        assert_eq!(Formulas::as_they_are().cell(b"=1"), &b"=1"[..]);
    }
}
