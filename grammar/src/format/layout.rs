//! Lines with columns, which are aligned when all lines of their block are known.

/// The blanks between two columns at least.
const GAP: usize = 2;
/// What is wider than this is not waited for by the columns after it.
const WIDEST: usize = 56;

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
    /// An empty line stands before it.
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
    pub(super) fn print(self) -> String {
        let mut widths = vec![(0, 0); self.opened + 1];
        for line in self.lines.iter().filter(|line| line.piece(1).is_some()) {
            let width = wide(line.piece(0));
            widths[line.block].0 = widths[line.block].0.max(width);
        }
        for line in self.lines.iter().filter(|line| line.piece(2).is_some()) {
            let width = before_second(line, widths[line.block].0);
            if width <= WIDEST {
                widths[line.block].1 = widths[line.block].1.max(width);
            }
        }
        let mut text = String::new();
        for line in &self.lines {
            if line.empty {
                text.push('\n');
            }
            let (first, second) = widths[line.block];
            let mut printed = " ".repeat(line.indent);
            for (column, piece) in &line.pieces {
                let start = match column {
                    0 => 0,
                    1 => line.indent + first + GAP,
                    _ => line.indent + second + GAP,
                };
                let width = printed.chars().count();
                let blanks = if *column == 0 { 0 } else { start.saturating_sub(width).max(GAP) };
                printed.push_str(&" ".repeat(blanks));
                printed.push_str(piece);
            }
            text.push_str(printed.trim_end());
            text.push('\n');
        }
        text
    }
}

fn wide(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}

/// How far the columns before the second reach.
fn before_second(line: &Line, first: usize) -> usize {
    match line.piece(1) {
        Some(piece) => first + GAP + piece.chars().count(),
        None => wide(line.piece(0)),
    }
}
