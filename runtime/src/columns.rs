//! Arrow's layout, here and nowhere else: arrays to cells, Parquet files to arrays, sheets to arrays.

pub(crate) mod arrays;
mod out;
pub(crate) mod parquet;

pub(crate) use out::{schema, to_arrow};

/// Takes the blanks around a value off, the no-break space among them.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    // Nearly every cell begins and ends with a letter or digit; an empty one has nothing to take off.
    let plain = |byte: Option<&u8>| byte.is_none_or(|byte| (0x21..0x7f).contains(byte));
    if plain(text.first()) && plain(text.last()) {
        return text;
    }
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}
