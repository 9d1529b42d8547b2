//! The door of the engine: a run, and before it those at whose days the program is settled too.

use crate::engine::closes::{BookedSoFar, closes};
use crate::engine::hold::hold;
use crate::engine::options::{Observer, RunOptions};
use crate::engine::result::{RunError, RunFault, RunResult};
use crate::engine::run::run_through;
use crate::store::loaded::Loaded;
use meed_compiler::internal::guarded;
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::date_of;

/// The same error, with the day of the close at which it is met: on the run's own day the row may be another.
fn at_close(error: RunError, day: i32) -> RunError {
    match error {
        RunError::Fault(fault) => {
            let place = format!("{}, at the close of {}", fault.place, date_of(day));
            RunFault { place, ..fault }.into()
        }
        error => error,
    }
}

/// Runs every rule; where the program is settled at the ends of periods, for each that ended before the run's day too, so that
/// the lines are those that each of them booked. Then what is not worth a payment yet is held.
///
/// # Errors
/// The first [`RunError`] met; nothing of the run is then to be used.
pub fn run(
    plan: &Plan,
    loaded: &mut Loaded,
    options: &RunOptions,
    observer: Option<&mut dyn Observer>,
) -> Result<RunResult, RunError> {
    let closes = closes(plan, options.through).unwrap_or_default();
    let Some((last, earlier)) = closes.split_last() else {
        let mut result = run_through(plan, loaded, options, observer)?;
        guarded(|| hold(plan, loaded, &mut result))??;
        return Ok(result);
    };
    let mut book = BookedSoFar::new(plan, loaded)?;
    for close in earlier {
        loaded.see_through(plan, close.day)?;
        let result = run_through(plan, loaded, &RunOptions { through: close.day, ..*options }, None);
        let result = result.map_err(|error| at_close(error, close.day))?;
        guarded(|| book.close(plan, loaded, &result, *close, false))??;
    }
    loaded.see_through(plan, last.day)?;
    let mut result = run_through(plan, loaded, options, observer)?;
    guarded(|| book.close(plan, loaded, &result, *last, true))??;
    guarded(|| book.end(plan, loaded, &mut result))??;
    guarded(|| hold(plan, loaded, &mut result))??;
    Ok(result)
}
