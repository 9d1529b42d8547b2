//! Keys and the texts they are compared by, in memory.
//!
//! A key is a tuple of texts. Plainly written whole numbers (no sign, no leading zero) are first, by value; then all
//! others by code point; a key of several fields is compared field by field. A whole number that fits 63 bits is kept
//! as a number, so that `7` in a CSV file and the integer 7 in a Parquet file are one key without further care.

pub(crate) mod columns;
pub(crate) mod component;
pub(crate) mod dictionary;
pub(crate) mod space;
