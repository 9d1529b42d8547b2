//! Cells as values: numbers, days, choices, codes of texts and components of keys, whatever encoding they come in.
//!
//! Columns of batches come in (`source`), values go out, and beside them which rows have none and why. This room rejects
//! no row: that is a matter of the field, which `load` knows.

// Foreign bytes and texts are read here: no place outside of an array, and no number is cut.
#![cfg_attr(
    not(test),
    deny(
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub(crate) mod cell;
pub(crate) mod column;
pub(crate) mod component;
pub(crate) mod day;
pub(crate) mod number;
