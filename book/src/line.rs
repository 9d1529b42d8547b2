//! A line of a settlement, and the bytes by which its digest is made.

use meed_runtime::inner::earlier::{Line, Subject};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A line as it stands in the book.
///
/// For the digest of a settlement each line is the text of its fields as they stand here, from `number` to `amount`, with a tab between
/// them, behind the amount the digest of the row where it is known, and a line feed at the end; days are counted from 1970-01-01; in texts `\`, tab, line feed and carriage return are written `\\`, `\t`,
/// `\n` and `\r`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedLine {
    /// From 1, in the order of subjects.
    pub number: u64,
    /// What it is for.
    pub subject: Subject,
    /// The version of its rule, its place and its day; the amount is how much more than was posted before.
    pub line: Line,
    /// The period in which it is booked.
    pub booked: String,
    /// Why it is another than was posted before.
    pub reason: String,
    /// What was posted before, in the smallest parts of the unit.
    pub was: i128,
}

/// By which a line is named, `3.17`: settlement 3, line 17.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LineId {
    /// The settlement.
    pub settlement: u64,
    /// The line's number in it.
    pub number: u64,
}

/// The digest of lines that pass by.
#[derive(Default)]
pub(crate) struct LinesDigest {
    hasher: Sha256,
    text: Vec<u8>,
}

impl LinesDigest {
    pub fn take(&mut self, line: &PostedLine) {
        let PostedLine { number, subject, line, booked, reason, was } = line;
        self.text.clear();
        self.number(i128::from(*number));
        self.word(&subject.event);
        self.word(&subject.key);
        self.word(&subject.rule);
        self.word(&subject.payee_kind);
        self.word(&subject.payee);
        self.word(&subject.period);
        self.word(&subject.unit);
        match subject.due {
            Some(day) => self.number(i128::from(day)),
            None => self.text.push(b'\t'),
        }
        self.number(i128::from(line.version));
        self.number(i128::from(line.place));
        self.number(i128::from(line.when));
        self.word(booked);
        self.word(reason);
        self.number(*was);
        self.number(line.amount);
        if let Some(row) = line.row {
            self.number(i128::from(row));
        }
        self.text.pop();
        self.text.push(b'\n');
        self.hasher.update(&self.text);
    }

    fn number(&mut self, number: i128) {
        self.text.extend_from_slice(number.to_string().as_bytes());
        self.text.push(b'\t');
    }

    fn word(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            match byte {
                b'\\' => self.text.extend_from_slice(b"\\\\"),
                b'\t' => self.text.extend_from_slice(b"\\t"),
                b'\n' => self.text.extend_from_slice(b"\\n"),
                b'\r' => self.text.extend_from_slice(b"\\r"),
                byte => self.text.push(byte),
            }
        }
        self.text.push(b'\t');
    }

    pub fn finish(self) -> String {
        crate::chain::hex(&self.hasher.finalize())
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.settlement, self.number)
    }
}

impl FromStr for LineId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (settlement, number) = text.split_once('.')?;
            Some(Self { settlement: settlement.parse().ok()?, number: number.parse().ok()? })
        };
        parse().ok_or_else(|| "a line is named by settlement and number, as 3.17".to_owned())
    }
}

impl From<LineId> for String {
    fn from(id: LineId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for LineId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
