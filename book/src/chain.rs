//! The chain: each entry's hash is made of its text and of the hash before it, so that no entry changes unseen.

use crate::entry::Entry;
use crate::error::BookError;
use sha2::{Digest, Sha256};

/// An entry as it is stored: its text as JSON, and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub number: u64,
    pub body: String,
    pub hash: String,
}

impl Link {
    /// The link of an entry behind the one with this hash; the first has none before it.
    pub fn new(entry: &Entry, before: &str) -> Result<Self, BookError> {
        let body = serde_json::to_string(entry).map_err(|error| BookError::Store(error.to_string()))?;
        Ok(Self { number: entry.number, hash: hash(before, &body), body })
    }

    /// The entry, where its hash is that of its text behind the hash before it.
    pub fn entry(&self, before: &str) -> Result<Entry, BookError> {
        let edited = |what: String| BookError::Edited { number: self.number, what };
        if hash(before, &self.body) != self.hash {
            return Err(edited("its hash is not that of its text and of the entry before it".to_owned()));
        }
        let entry: Entry = serde_json::from_str(&self.body).map_err(|error| edited(error.to_string()))?;
        if entry.number != self.number {
            return Err(edited(format!("it says that it is entry {}", entry.number)));
        }
        Ok(entry)
    }
}

/// SHA-256 of the hash before, a line feed, and the text.
fn hash(before: &str, body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update("\n");
    hasher.update(body);
    hex(&hasher.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
