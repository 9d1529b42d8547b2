//! Copies of a book: a backup, and one of a newer format.

use crate::book::{BATCH, Book};
use crate::chain::Link;
use crate::entry::{Act, Day, Entry};
use crate::error::BookError;
use crate::state::BookState;
use crate::store::{FORMAT, Place, Store};
use std::path::Path;

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Entries.
    pub entries: u64,
    /// Lines.
    pub lines: u64,
}

impl Book {
    /// Copies the book whole to where none is, of one kind of store to another if asked; the copy has the same head.
    ///
    /// # Errors
    /// Where something is there already, or it cannot be read or written.
    pub fn backup(&mut self, target: &Place) -> Result<Copied, BookError> {
        // Nothing is written meanwhile: entries and lines are of one moment.
        self.store.begin()?;
        let source = &mut *self.store;
        let copied = target.create(|copy| copy_all(source, copy));
        self.store.roll_back();
        copied
    }

    /// Brings a book to this format; gives where the old one is kept, nothing where it is of this format.
    ///
    /// # Errors
    /// Where it cannot be read, or not be written.
    pub fn upgrade(place: &Place, keep: Option<&Path>, on: Day) -> Result<Option<Place>, BookError> {
        place.upgrade(keep, |old, new, from| {
            copy_all(old, new)?;
            let mut state = BookState::default();
            new.links(1)?.iter().try_for_each(|link| state.follow(link))?;
            let upgraded = Entry { number: state.n_entries + 1, on, act: Act::Upgraded { from, to: FORMAT } };
            new.put_link(&Link::new(&upgraded, &state.head)?)
        })
    }
}

fn copy_all(source: &mut dyn Store, copy: &mut dyn Store) -> Result<Copied, BookError> {
    let links = source.links(1)?;
    links.iter().try_for_each(|link| copy.put_link(link))?;
    let mut n_lines = 0;
    for settlement in source.with_lines()? {
        let mut after = 0;
        loop {
            let lines = source.lines(settlement, after, BATCH)?;
            let Some(last) = lines.last() else { break };
            after = last.number;
            n_lines += lines.len() as u64;
            copy.put_lines(settlement, &lines)?;
        }
    }
    copy.put_names(&source.names()?)?;
    Ok(Copied { entries: links.len() as u64, lines: n_lines })
}
