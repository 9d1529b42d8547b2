//! Who is paid.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A party that is paid: what it is, and its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Payee {
    /// The entity, `partner`.
    pub kind: String,
    /// Its key.
    pub key: String,
}

impl fmt::Display for Payee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.key)
    }
}

/// Written `partner:ACME`; the key may have colons of its own.
impl FromStr for Payee {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((kind, key)) if !kind.is_empty() && !key.is_empty() => {
                Ok(Self { kind: kind.to_owned(), key: key.to_owned() })
            }
            _ => Err("write what the payee is and its key, as partner:ACME".to_owned()),
        }
    }
}

impl From<Payee> for String {
    fn from(payee: Payee) -> Self {
        payee.to_string()
    }
}

impl TryFrom<String> for Payee {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
