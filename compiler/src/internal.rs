//! Invariants of Meed's own, and what happens where one does not hold.
//!
//! A branch that cannot happen never pays a default: [`broken`] ends the work under way, and whoever began it through
//! [`guarded`] gets an [`InternalError`] in place of a result. So does a panic of any other kind, such as a place outside
//! of an array. What was computed until then is not to be used.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::Once;
use thiserror::Error;

/// An invariant of Meed that does not hold: a mistake of Meed, not of the program or its tables.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}{} ({place})", at.as_ref().map_or(String::new(), |at| format!(", at {at}")))]
pub struct InternalError {
    /// What does not hold.
    pub what: String,
    /// Where in Meed's source that was seen.
    pub place: String,
    /// The rule and row, or whatever else was worked on, where that is known.
    pub at: Option<String>,
}

impl InternalError {
    /// What to do about it.
    pub const HELP: &str =
        "this is a mistake of Meed, nothing is written; please report it with the program and this message";

    /// The same error, met while this was worked on.
    #[must_use]
    pub fn at(self, at: Option<String>) -> Self {
        Self { at: self.at.or(at), ..self }
    }
}

/// Ends the work under way: what is said here cannot be, and what would follow from it must not be paid.
#[track_caller]
pub fn broken(what: impl Into<String>) -> ! {
    let place = place_of(Location::caller());
    resume_unwind(Box::new(InternalError { what: what.into(), place, at: None }))
}

thread_local! {
    /// How many guards are around what this thread does.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
    /// Where the last panic under a guard was met.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does work that ends with an error where an invariant does not hold; nothing else is said of that.
///
/// # Errors
/// The invariant that does not hold, or the panic in words.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, InternalError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| match GUARDS.get() {
            0 => usual(info),
            _ => PLACE.set(info.location().map(place_of).unwrap_or_default()),
        }));
    });
    GUARDS.set(GUARDS.get() + 1);
    // Nobody uses what a run that ended so has left behind.
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDS.set(GUARDS.get() - 1);
    done.map_err(told)
}

/// What a panic carries.
fn told(payload: Box<dyn Any + Send>) -> InternalError {
    let payload = match payload.downcast::<InternalError>() {
        Ok(error) => return *error,
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let what = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
    InternalError { what: what.to_owned(), place: PLACE.take(), at: None }
}

/// File and line, without folders of the machine that built Meed.
fn place_of(location: &Location<'_>) -> String {
    let file = location.file().replace('\\', "/");
    let start = ["compiler/src/", "runtime/src/", "grammar/src/"].into_iter().find_map(|room| file.rfind(room));
    format!("{}:{}", &file[start.unwrap_or_else(|| file.rfind('/').map_or(0, |slash| slash + 1))..], location.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_an_error_with_its_place() {
        assert_eq!(guarded(|| 7), Ok(7));
        let error = guarded(|| -> u32 { broken("a code without a row") }).expect_err("it is broken");
        assert_eq!(error.what, "a code without a row");
        assert!(error.place.starts_with("compiler/src/internal.rs:"), "{error}");
        let nested = guarded(|| {
            let _ = guarded(|| -> () { broken("inner") });
            let none: Vec<u32> = Vec::new();
            none[std::hint::black_box(3)]
        });
        let error = nested.expect_err("there is no such place").at(Some("rule `r`, row 4".to_owned()));
        assert!(error.to_string().starts_with("index out of bounds"), "{error}");
        assert!(error.to_string().contains(", at rule `r`, row 4 (compiler/src/internal.rs:"), "{error}");
    }
}
