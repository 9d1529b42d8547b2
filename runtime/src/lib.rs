//! The runtime room of Meed.
