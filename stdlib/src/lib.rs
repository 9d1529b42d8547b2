//! The Meed standard library, written in Meed.
//!
//! Each library is one `.meed` file beside this one, embedded here; a program takes it in with `use NAME`.

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

/// The libraries by name.
const LIBRARIES: &[(&str, &str)] = &[("channel", include_str!("channel.meed"))];

/// The text of the library of this name.
///
/// ```
/// assert!(meed_stdlib::library("channel").is_some_and(|text| text.contains("event deal")));
/// assert!(meed_stdlib::library("chanel").is_none());
/// ```
pub fn library(name: &str) -> Option<&'static str> {
    LIBRARIES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The library that declares this record.
///
/// ```
/// assert_eq!(meed_stdlib::home("deal"), Some("channel"));
/// assert_eq!(meed_stdlib::home("lottery"), None);
/// ```
pub fn home(record: &str) -> Option<&'static str> {
    let declares = |line: &str| {
        let rest = line.strip_prefix("event ").or_else(|| line.strip_prefix("entity "));
        rest.is_some_and(|rest| rest.split([' ', '{']).next() == Some(record))
    };
    LIBRARIES.iter().find(|(_, text)| text.lines().any(declares)).map(|(name, _)| *name)
}

/// The names of all libraries.
pub fn names() -> impl Iterator<Item = &'static str> {
    LIBRARIES.iter().map(|(name, _)| *name)
}
