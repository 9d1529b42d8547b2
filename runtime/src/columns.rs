//! Cells as bytes.

/// Takes the blanks around a value off, the no-break space among them.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}

mod out;

pub(crate) use out::{schema, to_arrow};
