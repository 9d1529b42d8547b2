//! The cli of Meed.
fn main() {}
