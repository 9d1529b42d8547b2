//! Lines and pieces of the Plan's text.

/// One line that holds something.
pub(super) struct Line<'a> {
    /// From 1.
    pub number: usize,
    /// Whether it belongs to the item above it.
    pub inner: bool,
    /// Its pieces.
    pub pieces: Vec<Piece<'a>>,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Anything between blanks, brackets, commas and question marks: a name, a number, a sign.
    Word(&'a str),
    /// A text in quotes.
    Text(String),
    /// One of `( ) , ?`.
    Mark(char),
}

/// A text in quotes, a quote in it doubled.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The lines of a text; those with nothing on them are left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(idx, line)| Line {
        number: idx + 1,
        inner: line.starts_with(' '),
        pieces: pieces(line),
    })
}

fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let used = match first {
            '"' => {
                let (text, used) = text(rest);
                pieces.push(Piece::Text(text));
                used
            }
            '(' | ')' | ',' | '?' => {
                pieces.push(Piece::Mark(first));
                1
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')' | ',' | '?'));
                let end = end.unwrap_or(rest.len());
                pieces.push(Piece::Word(&rest[..end]));
                end
            }
        };
        rest = rest[used..].trim_start();
    }
    pieces
}

/// The text at the start of `rest`, and how long it is with its quotes.
fn text(rest: &str) -> (String, usize) {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' if letters.next_if(|(_, next)| *next == '"').is_none() => return (text, at + 1),
            _ => text.push(letter),
        }
    }
    (text, rest.len())
}

/// What is wrong with a line.
pub(super) type Read<T> = Result<T, String>;

/// The pieces of a line, taken one by one.
pub(super) struct Cursor<'a> {
    pieces: Vec<Piece<'a>>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(pieces: Vec<Piece<'a>>) -> Self {
        Self { pieces, at: 0 }
    }

    /// The next piece as a word, if it is one.
    pub fn peek(&self) -> Option<&'a str> {
        match self.pieces.get(self.at) {
            Some(Piece::Word(word)) => Some(word),
            Some(Piece::Text(_) | Piece::Mark(_)) | None => None,
        }
    }

    pub fn word(&mut self) -> Read<&'a str> {
        let word = self.peek().ok_or_else(|| self.unexpected("a word"))?;
        self.at += 1;
        Ok(word)
    }

    pub fn text(&mut self) -> Read<String> {
        match self.pieces.get(self.at) {
            Some(Piece::Text(text)) => {
                self.at += 1;
                Ok(text.clone())
            }
            _ => Err(self.unexpected("a text")),
        }
    }

    /// Takes the word if it comes next.
    pub fn takes(&mut self, word: &str) -> bool {
        let comes = self.peek() == Some(word);
        self.at += usize::from(comes);
        comes
    }

    /// Takes the mark if it comes next.
    pub fn takes_mark(&mut self, mark: char) -> bool {
        let comes = self.pieces.get(self.at) == Some(&Piece::Mark(mark));
        self.at += usize::from(comes);
        comes
    }

    pub fn expect(&mut self, word: &str) -> Read<()> {
        if self.takes(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    pub fn expect_mark(&mut self, mark: char) -> Read<()> {
        if self.takes_mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"))) }
    }

    /// One after another, with commas between.
    pub fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut all = vec![one(self)?];
        while self.takes_mark(',') {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// A list in brackets, which may be empty.
    pub fn bracketed<T>(&mut self, one: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        self.expect_mark('(')?;
        if self.takes_mark(')') {
            return Ok(Vec::new());
        }
        let all = self.list(one)?;
        self.expect_mark(')')?;
        Ok(all)
    }

    pub fn done(&self) -> bool {
        self.at == self.pieces.len()
    }

    /// That something else was expected.
    pub fn unexpected(&self, wanted: &str) -> String {
        match self.pieces.get(self.at) {
            Some(Piece::Word(word)) => format!("`{word}` where {wanted} is expected"),
            Some(Piece::Text(text)) => format!("{} where {wanted} is expected", quoted(text)),
            Some(Piece::Mark(mark)) => format!("`{mark}` where {wanted} is expected"),
            None => format!("the line ends where {wanted} is expected"),
        }
    }
}
