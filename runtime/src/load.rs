//! From files to tables: every row is accepted or rejected with a reason, references become rows, rows are in order.
//!
//! A Plan and the files of its records come in; [`Loaded`] goes out, the columns that rules read, the key of every row, and
//! the counts of rows. It opens no file by itself, and rejects nothing in silence.
//!
//! Columns are bound to fields ([`bind`]), batch after batch is taken into narrow columns in which references are codes of
//! keys ([`build`]); then keys are held against one another and codes against keys ([`link`]); then rows are put in order
//! and codes become rows ([`finish`]).

mod again;
pub(crate) mod bind;
pub(crate) mod build;
pub(crate) mod error;
mod finish;
mod fit;
mod found;
pub(crate) mod link;
mod offer;
pub(crate) mod options;
pub(crate) mod periods;
pub(crate) mod read;
mod returns;
mod sift;
pub(crate) mod through;

use crate::source::file::TableInput;
use crate::store::loaded::Loaded;
use error::LoadError;
use meed_compiler::plan::Plan;
use options::LoadOptions;
use read::Read;

/// Loads the tables of every record that a rule reads.
///
/// # Errors
/// A [`LoadError`] where a file or column that is needed cannot be had at all. Rows that cannot be taken are no error
/// here: they are in [`Loaded::rejects`].
pub fn load(plan: &Plan, inputs: Vec<TableInput>, options: &LoadOptions<'_>) -> Result<Loaded, LoadError> {
    Read::tables(plan, inputs, options)?.finish()
}
