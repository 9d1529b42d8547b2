//! Reads a Plan aloud.
