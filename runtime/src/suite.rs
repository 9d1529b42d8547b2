//! Runs the tests of a program: given rows in, expectations held against the payments.
//!
//! Each test is settled by the interpreter and by machine code; where the two differ it fails, whatever it expects. What
//! no test reaches is gathered beside it: see [`coverage::Coverage`].

pub(crate) mod coverage;
pub(crate) mod failure;
mod given;
mod judge;
pub(crate) mod run;
mod settled;
mod why;
