//! Checks a Plan.
