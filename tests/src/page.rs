//! A page of cases: Markdown whose `##` headings are tests and whose fenced blocks are programs, rows and expectations.
//!
//! Comes in: the text of a page. Goes out: its blocks with their places, so that expected blocks can be rewritten. What a
//! block means is decided in [`crate::case`].

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Blocks before the first heading: they belong to every case.
    pub preamble: Vec<Block>,
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// What is under one heading.
#[derive(Clone, Debug)]
pub struct Case {
    /// The heading.
    pub title: String,
    /// Its blocks.
    pub blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The words behind the fence; the first says what the block is.
    pub words: Vec<String>,
    /// What is between the fences.
    pub text: String,
    /// Its place in the page.
    pub place: Range<usize>,
}

impl Block {
    /// What the block is: `meed`, `rows`, `payments` and so on.
    pub fn kind(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// In words, when it cannot be read or a block is not closed.
    pub fn open(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        Self::read(path.to_owned(), text)
    }

    fn read(path: PathBuf, text: String) -> Result<Self, String> {
        let mut page = Self { path, text: String::new(), preamble: Vec::new(), cases: Vec::new() };
        let mut open: Option<(Vec<String>, usize)> = None;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            match (line.trim_end().strip_prefix("```"), open.take()) {
                (Some(""), Some((words, from))) => {
                    let block = Block { words, text: text[from..start].to_owned(), place: from..start };
                    match page.cases.last_mut() {
                        Some(case) => case.blocks.push(block),
                        None => page.preamble.push(block),
                    }
                }
                (Some(words), None) => open = Some((words.split_whitespace().map(str::to_owned).collect(), end)),
                (_, Some(block)) => open = Some(block),
                (None, None) => {
                    if let Some(title) = line.strip_prefix("## ") {
                        page.cases.push(Case { title: title.trim().to_owned(), blocks: Vec::new() });
                    }
                }
            }
            start = end;
        }
        if let Some((words, _)) = open {
            return Err(format!("the block `{}` is not closed", words.join(" ")));
        }
        page.text = text;
        Ok(page)
    }

    /// The page with other texts in some blocks.
    pub fn with(&self, mut changes: Vec<(Range<usize>, String)>) -> String {
        changes.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
        let mut text = self.text.clone();
        for (place, change) in changes {
            text.replace_range(place, &change);
        }
        text
    }
}

/// The pages below a folder, in the order of their names; a README is no page of cases.
pub fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("README.md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_belong_to_the_heading_above() {
        let text = "# t\n```meed\nrule\n```\n## one\n```rows deal\nid\n```\n```payments\n```\n".to_owned();
        let page = Page::read(PathBuf::new(), text).expect("a page");
        assert_eq!(page.preamble[0].text, "rule\n");
        assert_eq!(page.cases[0].title, "one");
        assert_eq!(page.cases[0].blocks[0].words, ["rows", "deal"]);
        let changed = page.with(vec![(page.cases[0].blocks[1].place.clone(), "payee\n".to_owned())]);
        assert!(changed.ends_with("```payments\npayee\n```\n"));
    }

    #[test]
    fn an_open_block_is_refused() {
        assert!(Page::read(PathBuf::new(), "```meed\n".to_owned()).is_err());
    }
}
