//! Lines with columns, which are aligned when all lines of their block are known.

/// The blanks between two columns at least.
const GAP: usize = 2;
/// What is wider than this is not waited for by the columns after it.
const WIDEST: usize = 56;
/// What stands between the cells of a table.
const BAR: char = '|';

/// A text under construction.
#[derive(Default)]
pub(super) struct Layout {
    lines: Vec<Line>,
    /// The blocks that are open, by number.
    blocks: Vec<usize>,
    /// Blocks opened so far.
    opened: usize,
}

/// One line: text, and columns that begin somewhere in it.
#[derive(Default)]
pub(super) struct Line {
    indent: usize,
    /// An empty line is before it.
    empty: bool,
    block: usize,
    /// The column of each piece and its text.
    pieces: Vec<(usize, String)>,
}

impl Line {
    /// A line that begins after `indent` blanks.
    pub(super) fn new(indent: usize, empty: bool) -> Self {
        Self { indent, empty, block: 0, pieces: vec![(0, String::new())] }
    }

    /// How far a line reaches up to a column, without its indent.
    fn end(&self, column: usize, starts: &[usize]) -> usize {
        let pieces = self.pieces.iter().filter(|(number, _)| *number <= column);
        pieces.fold(0, |end, (number, piece)| {
            let start = if *number == 0 { 0 } else { start(starts, *number).max(end + gap(piece)) };
            start + piece.chars().count()
        })
    }

    fn piece(&self, column: usize) -> Option<&str> {
        self.pieces.iter().find(|(number, _)| *number == column).map(|(_, text)| text.as_str())
    }
}

impl Layout {
    pub(super) fn open_block(&mut self) {
        self.opened += 1;
        self.blocks.push(self.opened);
    }

    pub(super) fn close_block(&mut self) {
        self.blocks.pop();
    }

    /// Begins a line.
    pub(super) fn line(&mut self, line: Line) {
        let block = self.blocks.last().copied().unwrap_or(0);
        self.lines.push(Line { block, ..line });
    }

    /// Begins a column of the last line.
    pub(super) fn column(&mut self, column: usize) {
        if let Some(line) = self.lines.last_mut() {
            line.pieces.push((column, String::new()));
        }
    }

    /// Adds to the last line.
    pub(super) fn add(&mut self, text: &str) {
        if self.lines.is_empty() {
            self.line(Line::new(0, false));
        }
        if let Some((_, piece)) = self.lines.last_mut().and_then(|line| line.pieces.last_mut()) {
            piece.push_str(text);
        }
    }

    /// The whole text, with the columns of each block aligned.
    #[expect(
        clippy::indexing_slicing,
        reason = "a line is of a block that was opened before it, and each has its widths"
    )]
    pub(super) fn print(self) -> String {
        let mut starts: Vec<Vec<usize>> = vec![vec![0]; self.opened + 1];
        let last = self.lines.iter().flat_map(|line| &line.pieces).map(|(column, _)| *column).max().unwrap_or(0);
        for column in 1..=last {
            let mut reached = vec![0; self.opened + 1];
            for line in &self.lines {
                let Some(piece) = line.piece(column) else { continue };
                let start = line.end(column - 1, &starts[line.block]) + gap(piece);
                // The second column is of headers and formats: one long line does not push all others away.
                if column != 2 || piece.starts_with(BAR) || start <= WIDEST + GAP {
                    reached[line.block] = reached[line.block].max(start);
                }
            }
            starts.iter_mut().zip(reached).for_each(|(starts, reached)| starts.push(reached));
        }
        let mut text = String::new();
        for line in &self.lines {
            if line.empty {
                text.push('\n');
            }
            let mut printed = " ".repeat(line.indent);
            for (column, piece) in &line.pieces {
                let start = if *column == 0 { 0 } else { line.indent + starts[line.block][*column] };
                let width = printed.chars().count();
                let blanks = if *column == 0 { 0 } else { start.saturating_sub(width).max(gap(piece)) };
                printed.push_str(&" ".repeat(blanks));
                printed.push_str(piece);
            }
            text.push_str(printed.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Where a column of a block begins; 0 before it is known.
fn start(starts: &[usize], column: usize) -> usize {
    starts.get(column).copied().unwrap_or(0)
}

/// The blanks before a piece at least: the bars of a table draw their columns by themselves.
fn gap(piece: &str) -> usize {
    if piece.starts_with(BAR) { 1 } else { GAP }
}
