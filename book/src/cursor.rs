//! The lines of several settlements as one stream in the order of subjects, a few of each held at a time.

use crate::error::BookError;
use crate::line::PostedLine;
use crate::store::Store;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::binary_heap::{BinaryHeap, PeekMut};

/// Lines held of all settlements together, about.
const HELD: usize = 100_000;

/// A store that is read and written by turns.
pub(crate) type Shared<'s> = RefCell<&'s mut dyn Store>;

/// Lines of several settlements, each with its settlement; those of one subject in the order of settlements.
pub(crate) struct InOrder<'s, 'b> {
    store: &'s Shared<'b>,
    heads: BinaryHeap<Head>,
    limit: usize,
    begun: bool,
    settlements: Vec<u64>,
}

/// The next lines of a settlement.
struct Head {
    settlement: u64,
    first: PostedLine,
    rest: std::vec::IntoIter<PostedLine>,
    /// Whether all lines of the settlement were read.
    is_last: bool,
}

impl<'s, 'b> InOrder<'s, 'b> {
    pub fn new(store: &'s Shared<'b>, settlements: Vec<u64>) -> Self {
        let limit = (HELD / settlements.len().max(1)).clamp(64, 8_192);
        Self { store, heads: BinaryHeap::new(), limit, begun: false, settlements }
    }

    fn begin(&mut self) -> Result<(), BookError> {
        self.begun = true;
        for settlement in std::mem::take(&mut self.settlements) {
            let lines = self.store.borrow_mut().lines(settlement, 0, self.limit)?;
            let is_last = lines.len() < self.limit;
            let mut rest = lines.into_iter();
            if let Some(first) = rest.next() {
                self.heads.push(Head { settlement, first, rest, is_last });
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Result<Option<(u64, PostedLine)>, BookError> {
        if !self.begun {
            self.begin()?;
        }
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        let settlement = head.settlement;
        if head.rest.len() == 0 && !head.is_last {
            let lines = self.store.borrow_mut().lines(settlement, head.first.number, self.limit)?;
            head.is_last = lines.len() < self.limit;
            head.rest = lines.into_iter();
        }
        let line = match head.rest.next() {
            Some(next) => {
                // A merge of what is not in order gives what is in no order.
                if next.subject <= head.first.subject {
                    let what =
                        format!("line {} of settlement {settlement} is not behind the one before it", next.number);
                    return Err(BookError::Store(what));
                }
                std::mem::replace(&mut head.first, next)
            }
            None => PeekMut::pop(head).first,
        };
        Ok(Some((settlement, line)))
    }
}

impl Iterator for InOrder<'_, '_> {
    type Item = Result<(u64, PostedLine), BookError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take().transpose()
    }
}

/// The least subject is the greatest head, as the heap gives the greatest first.
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let own = (&other.first.subject, other.settlement);
        own.cmp(&(&self.first.subject, self.settlement))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}
