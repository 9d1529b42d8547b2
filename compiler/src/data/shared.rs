//! What several threads read at the same time, and nobody changes while they do.

use crate::internal::broken;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that can be handed to other threads without a copy. It is changed only where nobody else has it.
#[derive(Debug, Default)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// The same value, for another thread.
    pub fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Shared<T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        Arc::get_mut(&mut self.0).unwrap_or_else(|| broken("what threads read is changed"))
    }
}
