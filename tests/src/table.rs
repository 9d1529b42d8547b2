//! Small tables as pages write them: comma-separated cells in columns, blanks around a cell not part of it.

/// A table of text cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// In words, when a row has not as many cells as the header, or a quote is not closed.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let header = cells(lines.next().ok_or("a table needs a header")?)?;
        let mut rows = Vec::new();
        for line in lines {
            let row = cells(line)?;
            if row.len() != header.len() {
                return Err(format!("`{line}` has {} cells, the header {}", row.len(), header.len()));
            }
            rows.push(row);
        }
        Ok(Self { header, rows })
    }

    /// The table as a page shows it, its columns one under another.
    pub fn to_text(&self) -> String {
        let lines: Vec<Vec<String>> = std::iter::once(&self.header)
            .chain(&self.rows)
            .map(|row| row.iter().map(|cell| quoted(cell)).collect())
            .collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let mut text = String::new();
        for line in &lines {
            let mut drawn = String::new();
            for (column, cell) in line.iter().enumerate() {
                drawn += cell;
                if column + 1 < line.len() {
                    drawn += ",";
                    drawn += &" ".repeat(widths[column] + 1 - cell.chars().count());
                }
            }
            text += drawn.trim_end();
            text += "\n";
        }
        text
    }

    /// The table as CSV without blanks.
    pub fn to_csv(&self) -> String {
        let line = |row: &Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\n";
        std::iter::once(&self.header).chain(&self.rows).map(line).collect()
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|header| header == name)
    }

    /// Only these columns, in this order.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn only(&self, columns: &[String]) -> Result<Self, String> {
        let place = |name: &String| {
            self.column(name).ok_or_else(|| format!("no column `{name}`; there are {}", self.header.join(", ")))
        };
        let places: Vec<usize> = columns.iter().map(place).collect::<Result<_, _>>()?;
        let pick = |row: &Vec<String>| places.iter().map(|&place| row[place].clone()).collect();
        Ok(Self { header: columns.to_vec(), rows: self.rows.iter().map(pick).collect() })
    }

    /// Only the rows that have this value in this column.
    #[must_use]
    pub fn with(mut self, column: &str, value: &str) -> Self {
        if let Some(place) = self.column(column) {
            self.rows.retain(|row| row[place] == value);
        }
        self
    }
}

/// The cells of a line; a cell in quotes may hold commas, and a quote doubled.
fn cells(line: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(inner) => quoted_cell(inner).ok_or_else(|| format!("a quote is not closed in `{line}`"))?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), rest[end..].trim_start())
            }
        };
        found.push(cell);
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => return Ok(found),
            None => return Err(format!("`{after}` stands behind a closed quote")),
        }
    }
}

/// A cell whose opening quote was taken, and what follows its closing quote.
fn quoted_cell(inner: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = inner;
    loop {
        let (before, after) = rest.split_once('"')?;
        cell += before;
        match after.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, after.trim_start())),
        }
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"']) || cell.trim() != cell {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let text = "payee,  note\nACME,   \"a, \"\"b\"\"\"\nBOREAS,\n";
        let table = Table::read(text).expect("a table");
        assert_eq!(table.rows, [["ACME", "a, \"b\""], ["BOREAS", ""]]);
        assert_eq!(table.to_text(), text);
        assert_eq!(Table::read(&table.to_csv()), Ok(table));
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        assert!(Table::read("a, b\n1\n").is_err());
        assert!(Table::read("a\n\"1\n").is_err());
    }
}
