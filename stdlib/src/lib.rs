//! The Meed standard library, written in Meed.
//!
//! Each library is one `.meed` file beside this one, embedded here; a program takes it in with `use NAME`.

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

/// The names of all libraries.
pub fn names() -> impl Iterator<Item = &'static str> {
    LIBRARIES.iter().map(|(name, _)| *name)
}
