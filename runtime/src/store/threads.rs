//! Work that several threads share.

use meed_compiler::internal::{broken, guarded};
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

/// More threads than this are of no use to one run, and too many of them are more than a system gives.
const MOST: usize = 64;

/// How many of so many threads are of use.
pub(crate) fn of_use(threads: NonZero<usize>) -> usize {
    threads.get().min(MOST)
}

/// Does something with each of these, by so many threads, this one among them; whoever is free takes the next.
pub(crate) fn for_each<T: Send>(items: &mut [T], threads: NonZero<usize>, work: impl Fn(&mut T) + Sync) {
    let n_more = of_use(threads).min(items.len()).saturating_sub(1);
    let waiting = Mutex::new(items.iter_mut());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    std::thread::scope(|scope| {
        // Where the system gives no thread, there is less help and nothing else.
        let other = || std::thread::Builder::new().name("rules".to_owned()).spawn_scoped(scope, || guarded(work)).ok();
        let others: Vec<_> = (0..n_more).map_while(|_| other()).collect();
        work();
        for other in others {
            match other.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => broken(error.to_string()),
                Err(_) => broken("a thread that does not end"),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_by_any_number_of_threads() {
        for threads in [1, 2, 7, 1_000_000] {
            let mut items: Vec<u64> = (0..100).collect();
            for_each(&mut items, NonZero::new(threads).expect("it is above zero"), |item| *item += 1_000);
            assert_eq!(items, (1_000..1_100).collect::<Vec<u64>>());
        }
        let none: &mut [u64] = &mut [];
        for_each(none, NonZero::<usize>::MIN, |_| {});
    }
}
