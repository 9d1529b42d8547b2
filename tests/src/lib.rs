//! The tests room of Meed.
