//! An open book: it is read, and each change goes through one door.

use crate::chain::Link;
use crate::check::sealed;
use crate::cursor::{InOrder, Shared};
use crate::entry::{Act, Day, Entry};
use crate::error::BookError;
use crate::line::{LineId, PostedLine};
use crate::payee::Payee;
use crate::state::BookState;
use crate::store::{Names, Place, Store};
use std::cell::RefCell;
use std::path::PathBuf;

/// Lines read or written at a time.
pub(crate) const BATCH: usize = 4_096;

/// An open book.
pub struct Book {
    pub(crate) place: Place,
    pub(crate) store: Box<dyn Store>,
    pub(crate) state: BookState,
}

impl Book {
    /// Begins a book where there is none.
    ///
    /// # Errors
    /// Where there is anything already, or it cannot be written.
    pub fn create(place: &Place, meed: &str, on: Day) -> Result<(), BookError> {
        let begun = Entry { number: 1, on, act: Act::Begun { meed: meed.to_owned() } };
        let link = Link::new(&begun, "")?;
        place.create(|store| store.put_link(&link))
    }

    /// Opens a book and adds its entries up.
    ///
    /// # Errors
    /// Where there is none, it is of another format, or an entry is not as it was written.
    pub fn open(place: &Place) -> Result<Self, BookError> {
        let mut book = Self { place: place.clone(), store: place.open()?, state: BookState::default() };
        book.refresh()?;
        if book.state.n_entries == 0 {
            let reason = Some("it has no entries".to_owned());
            return Err(BookError::NotABook { place: place.to_string(), reason });
        }
        Ok(book)
    }

    /// What its entries add up to.
    pub fn state(&self) -> &BookState {
        &self.state
    }

    /// Its file, where it is one.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::File(path) => Some(path.clone()),
            Place::Server(_) => None,
        }
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        self.place.to_string()
    }

    /// Takes the entries that others have written since.
    fn refresh(&mut self) -> Result<(), BookError> {
        let links = self.store.links(self.state.n_entries + 1)?;
        links.iter().try_for_each(|link| self.state.follow(link))
    }

    /// Changes the book: `acts` looks at it as it is, while nobody else writes, writes lines if there are any, and says what happened.
    ///
    /// # Errors
    /// Where that cannot happen, or cannot be written; the book is as it was then.
    pub(crate) fn change<T>(
        &mut self,
        on: Day,
        acts: impl FnOnce(&BookState, &Shared<'_>) -> Result<(Vec<Act>, T), BookError>,
    ) -> Result<T, BookError> {
        self.store.begin()?;
        let changed = self.changed(on, acts);
        match changed {
            Ok((value, state)) => {
                self.store.commit().inspect_err(|_| self.store.roll_back())?;
                self.state = state;
                Ok(value)
            }
            Err(error) => {
                self.store.roll_back();
                Err(error)
            }
        }
    }

    fn changed<T>(
        &mut self,
        on: Day,
        acts: impl FnOnce(&BookState, &Shared<'_>) -> Result<(Vec<Act>, T), BookError>,
    ) -> Result<(T, BookState), BookError> {
        self.refresh()?;
        let store: Shared<'_> = RefCell::new(&mut *self.store);
        let (acts, value) = acts(&self.state, &store)?;
        let mut state = self.state.clone();
        for act in acts {
            let entry = Entry { number: state.n_entries + 1, on, act };
            let link = Link::new(&entry, &state.head)?;
            state.apply(&entry, &link.hash)?;
            store.borrow_mut().put_link(&link)?;
        }
        Ok((value, state))
    }

    /// Gives the lines of a settlement in their order; none of one that was dropped.
    ///
    /// # Errors
    /// Where there is no such settlement, the lines cannot be read, and what `each` meets.
    pub fn each_line(
        &mut self,
        settlement: u64,
        mut each: impl FnMut(&PostedLine) -> Result<(), BookError>,
    ) -> Result<(), BookError> {
        self.state.settlement(settlement)?;
        let store: Shared<'_> = RefCell::new(&mut *self.store);
        InOrder::new(&store, vec![settlement]).try_for_each(|line| each(&line?.1))
    }

    /// Demands that the lines of a settlement, or of all that is posted and transferred, are as they were written.
    ///
    /// # Errors
    /// Where somebody has changed them, or they cannot be read.
    pub fn is_sealed(&mut self, settlement: Option<u64>) -> Result<(), BookError> {
        let settlements = settlement.map_or_else(|| self.state.posted(None), |settlement| vec![settlement]);
        let store: Shared<'_> = RefCell::new(&mut *self.store);
        sealed(&self.state, &store, &settlements, settlement.is_none())
    }

    /// A line by its name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn line(&mut self, id: LineId) -> Result<PostedLine, BookError> {
        self.state.settlement(id.settlement)?;
        let found = self.store.lines(id.settlement, id.number.saturating_sub(1), 1)?;
        let found = found.into_iter().find(|line| line.number == id.number);
        found.ok_or_else(|| BookError::Refused(format!("settlement {} has no line {}", id.settlement, id.number)))
    }

    /// The posted lines of a payee, of one key if it is given, with their names.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn lines_of(&mut self, payee: &Payee, key: Option<&str>) -> Result<Vec<(LineId, PostedLine)>, BookError> {
        let lines = self.store.lines_of(&self.state.posted(None), payee, key)?;
        let named = |(settlement, line): (u64, PostedLine)| (LineId { settlement, number: line.number }, line);
        Ok(lines.into_iter().map(named).collect())
    }

    /// The names of payees.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn names(&mut self) -> Result<Names, BookError> {
        self.store.names()
    }

    /// Keeps names of payees; they are no part of the chain.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn put_names(&mut self, names: &[(Payee, String)]) -> Result<(), BookError> {
        self.store.begin()?;
        match self.store.put_names(names) {
            Ok(()) => self.store.commit(),
            Err(error) => {
                self.store.roll_back();
                Err(error)
            }
        }
    }
}
