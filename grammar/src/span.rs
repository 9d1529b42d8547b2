//! Where something is in a text: byte offsets, never lines; lines are counted at the edge, when a message is drawn.

/// A half-open range of bytes of one source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: place(start), end: place(end) }
    }

    /// Whether it holds no text.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The text under this span.
    #[expect(clippy::string_slice, reason = "a span is asked of the text that it was found in, where characters end")]
    pub fn text(self, source: &str) -> &str {
        &source[self.start as usize..self.end as usize]
    }

    /// The text before this span.
    pub fn before(self, source: &str) -> &str {
        Self { start: 0, end: self.start }.text(source)
    }

    /// The text behind this span.
    pub fn behind(self, source: &str) -> &str {
        Self::new(self.end as usize, source.len()).text(source)
    }
}

fn place(at: usize) -> u32 {
    // `limits::TEXT_BYTES` is far less.
    u32::try_from(at).unwrap_or_else(|_| unreachable!("a text of more bytes than are looked at"))
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl From<Span> for miette::SourceSpan {
    fn from(span: Span) -> Self {
        (span.start as usize, (span.end - span.start) as usize).into()
    }
}
