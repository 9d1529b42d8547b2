//! Rows of a table that stand in a sheet beside the program: cells of text, which become what would be written in the program.
//!
//! A sheet is part of the program: it is read with it, and gaps and overlaps are found when the program is checked.

use crate::plan::Type;
use crate::types::Typing;
use crate::types::tables::texts::{day, is_number, lines, percent, plain, samples_of};
use meed_grammar::foreign::shown;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::thousand_or_fraction;
use meed_grammar::tree::{self, CellKind, CellRange, Expr, ExprKind, TableCell, TableRows, Text};
use std::cell::Cell;

/// Rows of a sheet at most.
const MOST_ROWS: usize = 100_000;

/// Words of headers that are the ends of ranges, and whether each is the lower one.
const BOUNDS: &[(&str, bool)] = &[
    ("min", true),
    ("minimum", true),
    ("from", true),
    ("least", true),
    ("above", true),
    ("over", true),
    ("moq", true),
    ("threshold", true),
    ("start", true),
    ("starts", true),
    ("max", false),
    ("maximum", false),
    ("to", false),
    ("most", false),
    ("below", false),
    ("under", false),
    ("until", false),
    ("expires", false),
    ("expiry", false),
    ("end", false),
    ("ends", false),
];

/// Where a column of the table is in the sheet.
struct Place<'a> {
    name: &'a str,
    /// The column, or that of the lower end.
    from: Option<usize>,
    /// The column of the upper end.
    to: Option<usize>,
    /// Whether these are ends, both in.
    is_range: bool,
    format: Option<&'a Text>,
    ty: Type,
    /// Whether a cell that cannot be read was told.
    told: Cell<bool>,
}

impl Typing<'_> {
    /// The rows of a table: as they are written, or as its sheet has them; none where that cannot be read.
    pub(super) fn lines_of_table<'t>(
        &mut self,
        table: &'t tree::Table,
        types: &[Type],
        results: &[Type],
    ) -> Option<std::borrow::Cow<'t, [tree::TableRow]>> {
        match &table.rows {
            TableRows::Written(rows) => Some(rows.into()),
            TableRows::Sheet { file, columns, empty_any, otherwise } => {
                let mut rows = self.sheet_rows(table, file, columns, *empty_any, types, results)?;
                rows.extend(otherwise.clone());
                Some(rows.into())
            }
        }
    }

    fn sheet_rows(
        &mut self,
        table: &tree::Table,
        file: &Text,
        columns: &[tree::TableColumn],
        empty_any: Option<Span>,
        types: &[Type],
        results: &[Type],
    ) -> Option<Vec<tree::TableRow>> {
        let lines = self.sheet_lines(file)?;
        let (header, body) = self.sheet_header(file, &lines)?;
        if body.len() > MOST_ROWS {
            let message = format!("a sheet has at most 100,000 rows, `{}` has {}", file.value, body.len());
            self.problem(Problem::error("over-limit", file.span, message).help("let a table of the data have them"));
            return None;
        }
        let before = self.n_errors;
        let names = table.arguments.iter().map(|one| &one.name).chain(table.results.iter().map(|one| &one.name));
        let wanted: Vec<(&tree::Name, Type)> = names.zip(types.iter().chain(results).copied()).collect();
        for (idx, column) in columns.iter().enumerate() {
            if let Some(first) = columns[..idx].iter().find(|first| first.name.text == column.name.text) {
                let message = format!("the table says twice which column `{}` is", column.name.text);
                let problem =
                    Problem::error("duplicate-name", column.span, message).other(first.span, "said first here");
                self.problem(problem.help("both ends of a range are one line: quantity from \"Min\" to \"Max\""));
            }
            if wanted.iter().all(|(name, _)| name.text != column.name.text) {
                let message = format!("`{}` has no column `{}`", table.name.text, column.name.text);
                let problem = Problem::error("unknown-name", column.name.span, message);
                let problem = self.suggest(problem, &column.name, || wanted.iter().map(|(name, _)| name.text.as_str()));
                self.problem(problem);
            }
        }
        let places: Vec<Option<Place<'_>>> = wanted
            .iter()
            .enumerate()
            .map(|(idx, (name, ty))| self.sheet_column(file, header, columns, name, *ty, idx >= types.len()))
            .collect();
        if self.n_errors > before {
            return None;
        }
        let places: Vec<Place<'_>> = places.into_iter().flatten().collect();
        let mut rows = Vec::new();
        for (idx, line) in body.iter().enumerate() {
            let mut cells = Vec::new();
            for (place, column) in places.iter().enumerate() {
                let is_result = place >= types.len();
                cells.extend(self.sheet_cell(file, idx + 1, line, column, is_result, empty_any));
            }
            if cells.len() == places.len() {
                rows.push(tree::TableRow { cells, span: file.span });
            }
        }
        (self.n_errors == before).then_some(rows)
    }

    /// The lines of a sheet that is read with the program; none where it cannot be read.
    pub(in crate::types) fn sheet_lines(&mut self, file: &Text) -> Option<Vec<Vec<String>>> {
        // A text that was changed is judged without its sheets.
        let sheets = self.resolved.sheets.as_ref()?;
        let text = match sheets.iter().find(|(name, _)| *name == file.value) {
            Some((_, Ok(text))) => text,
            found => {
                let reason = found.and_then(|(_, text)| text.as_ref().err().cloned());
                let reason = reason.unwrap_or_else(|| "it is not given with the program".to_owned());
                let message = format!("`{}` cannot be read: {reason}", file.value);
                let help = "the sheet is looked for in the folder of the program, then in that of its tables";
                self.problem(Problem::error("unknown-file", file.span, message).help(help));
                return None;
            }
        };
        match lines(text) {
            Ok(lines) => Some(lines),
            Err(reason) => {
                let message = format!("`{}` cannot be read: {reason}", file.value);
                self.problem(Problem::error("unknown-file", file.span, message).help("save it as CSV in UTF-8"));
                None
            }
        }
    }

    /// The headers of a sheet, and the lines below.
    pub(in crate::types) fn sheet_header<'l>(
        &mut self,
        file: &Text,
        lines: &'l [Vec<String>],
    ) -> Option<(&'l [String], &'l [Vec<String>])> {
        match lines.split_first() {
            Some((header, body)) => Some((header, body)),
            None => {
                let message = format!("`{}` has no line of headers", file.value);
                let help = "write the names of its columns first";
                self.problem(Problem::error("table-rows", file.span, message).help(help));
                None
            }
        }
    }

    /// Says that a sheet has no such column.
    pub(in crate::types) fn no_sheet_column(&mut self, file: &Text, header: &[String], wanted: &str, span: Span) {
        let listed: Vec<String> = header.iter().map(|known| format!("`{}`", shown(known))).collect();
        let message = format!("`{}` has no column `{wanted}`", file.value);
        self.problem(Problem::error("table-rows", span, message).help(format!("it has {}", listed.join(", "))));
    }

    /// Where a column of the table is.
    fn sheet_column<'c>(
        &mut self,
        file: &Text,
        header: &[String],
        columns: &'c [tree::TableColumn],
        name: &'c tree::Name,
        ty: Type,
        is_result: bool,
    ) -> Option<Place<'c>> {
        let told = Cell::new(false);
        let Some(column) = columns.iter().find(|column| column.name.text == name.text) else {
            let from = Some(self.sheet_place(file, header, &name.text, false, name.span)?);
            let place = Place { name: &name.text, from, to: None, is_range: false, format: None, ty, told };
            self.no_bound(file, header, &place, is_result, name.span);
            return Some(place);
        };
        let mut place = |said: &Option<Text>| match said {
            Some(said) => self.sheet_place(file, header, &said.value, true, said.span).map(Some),
            None => Some(None),
        };
        let (from, to) = (place(&column.from), place(&column.to));
        let (from, to) = (from?, to?);
        let is_range = column.to.is_some() || column.or_more.is_some();
        let place = Place { name: &name.text, from, to, is_range, format: column.format.as_ref(), ty, told };
        if is_range && is_result {
            let message = format!("`{}` is what the table gives, and is one value", name.text);
            self.problem(Problem::error("table-rows", column.span, message).help("leave the range out"));
            return None;
        }
        self.no_bound(file, header, &place, is_result, column.span);
        Some(place)
    }

    /// Where the column with this header is: by exactly these words, or in capital or small letters.
    fn sheet_place(&mut self, file: &Text, header: &[String], wanted: &str, exact: bool, span: Span) -> Option<usize> {
        let is = |known: &String| if exact { known == wanted } else { known.eq_ignore_ascii_case(wanted) };
        let mut places = header.iter().enumerate().filter(|(_, known)| is(known)).map(|(place, _)| place);
        let Some(first) = places.next() else {
            self.no_sheet_column(file, header, wanted, span);
            return None;
        };
        if places.next().is_some() {
            let message = format!("`{}` has two columns `{}`", file.value, shown(wanted));
            self.problem(Problem::error("table-rows", span, message).help("give one of them another header"));
            return None;
        }
        Some(first)
    }

    /// Warns where a column that is headed like a bound is compared as a value, or read as the other end.
    fn no_bound(&mut self, file: &Text, header: &[String], place: &Place<'_>, is_result: bool, span: Span) {
        let is_ordered = is_number(place.ty) || place.ty == Type::Date;
        if !is_ordered || is_result {
            return;
        }
        let is_low_end = match (place.is_range, place.from, place.to) {
            (true, Some(_), Some(_)) => return,
            (true, Some(_), None) => Some(true),
            (true, ..) => Some(false),
            (false, ..) => None,
        };
        let Some(head) = place.from.or(place.to).map(|at| &header[at]) else { return };
        let lower = head.to_lowercase();
        let mut words = lower.split(|letter: char| !letter.is_alphanumeric());
        let found = words.find_map(|word| BOUNDS.iter().find(|(known, _)| *known == word));
        let Some(&(_, is_low)) = found.filter(|(_, is_low)| is_low_end != Some(*is_low)) else { return };
        let (name, head) = (place.name, shown(head));
        let read = match is_low_end {
            None => "compared as a value",
            Some(true) => "read as the lower end",
            Some(false) => "read as the upper end",
        };
        let message = format!("`{head}` of `{}` is headed as a bound, and {read}", file.value);
        let written = if is_low { format!("from \"{head}\" or more") } else { format!("to \"{head}\"") };
        let help = format!("write `{name} {written}`, or name both ends: `{name} from \"…\" to \"…\"`");
        self.problem(Problem::warning("bound-as-value", span, message).help(help));
    }

    /// What a cell says; an empty end of a range is open, an empty result is none.
    fn sheet_cell(
        &mut self,
        file: &Text,
        row: usize,
        line: &[String],
        column: &Place<'_>,
        is_result: bool,
        empty_any: Option<Span>,
    ) -> Option<TableCell> {
        let span = file.span;
        let text = |place: usize| line.get(place).map_or("", |cell| cell.trim());
        let is = |range| CellKind::Is { negated: None, ranges: vec![range] };
        let (from, to) = (column.from.map_or("", text), column.to.map_or("", text));
        let kind = match (from, column.is_range.then_some(to)) {
            ("", Some("")) => CellKind::Any,
            ("", None) if is_result => CellKind::None,
            ("", None) if empty_any.is_some() => CellKind::Any,
            ("", None) => {
                let message = format!("row {row} of `{}` says nothing of `{}`", file.value, column.name);
                self.problem(
                    Problem::error("table-cell", span, message)
                        .help("fill the cell, or write in the table: empty means any"),
                );
                return None;
            }
            (one, None) => is(CellRange::Value(self.sheet_value(file, row, one, column)?)),
            (from, Some("")) => is(CellRange::OrMore(self.sheet_value(file, row, from, column)?)),
            ("", Some(to)) => is(CellRange::To(self.sheet_value(file, row, to, column)?)),
            (from, Some(to)) => {
                let from = self.sheet_value(file, row, from, column)?;
                is(CellRange::Through(from, self.sheet_value(file, row, to, column)?))
            }
        };
        Some(TableCell { kind, span })
    }

    /// A cell as the program would write it.
    fn sheet_value(&mut self, file: &Text, row: usize, text: &str, column: &Place<'_>) -> Option<Expr> {
        let span = file.span;
        let format = column.format.map(|format| format.value.as_str());
        let kind = match column.ty {
            Type::Text(_) | Type::Id(_) | Type::Period(_) => Some(ExprKind::Text(text.to_owned())),
            ty if self.is_list_of_texts(ty) => Some(ExprKind::Text(text.to_owned())),
            Type::Choice(choice) => {
                let values = &self.program.choices[choice.index()];
                values.iter().any(|value| value == text).then(|| {
                    let name = tree::Name { text: text.to_owned(), span };
                    ExprKind::Path(tree::Path { parts: vec![name], span })
                })
            }
            Type::YesNo => match text.to_ascii_lowercase().as_str() {
                "yes" | "true" => Some(ExprKind::YesNo(true)),
                "no" | "false" => Some(ExprKind::YesNo(false)),
                _ => None,
            },
            Type::Date => day(text, format.unwrap_or("YYYY-MM-DD")).map(ExprKind::Date),
            Type::Percent => percent(text, format).map(ExprKind::Percent),
            Type::Number | Type::Count => plain(text, format.unwrap_or("1000.50")).map(ExprKind::Number),
            Type::Money(unit) => plain(text, format.unwrap_or("1000.50"))
                .map(|amount| ExprKind::Money { amount, currency: self.program.unit(unit).code.clone() }),
            Type::Ref(_) => None,
        };
        // One point with three digits behind it may be a thousand, here as in the program's text.
        let has_three = matches!(column.ty, Type::Money(unit) if self.program.unit(unit).decimals == 3);
        let is_doubtful = column.format.is_none()
            && !has_three
            && samples_of(text, column.ty).len() > 1
            && thousand_or_fraction(text).is_some();
        if kind.is_none() || is_doubtful {
            let place = column.format.map_or(span, |format| format.span);
            if !column.told.replace(true) {
                self.problem(self.unreadable_cell(file, row, text, column, is_doubtful, place));
            } else {
                // One cell of a column is told; whether the others are well is seen once it is.
                self.n_errors += 1;
            }
            return None;
        }
        Some(Expr { kind: kind?, span })
    }

    /// A cell that cannot be read, or that two samples read otherwise, with the samples that read it.
    fn unreadable_cell(
        &self,
        file: &Text,
        row: usize,
        text: &str,
        column: &Place<'_>,
        is_doubtful: bool,
        place: Span,
    ) -> Problem {
        let shown = shown(text);
        let message = if is_doubtful {
            format!("row {row} of `{}`: `{shown}` has two readings, as `{}`", file.value, column.name)
        } else {
            let wanted = self.type_words(column.ty);
            format!("row {row} of `{}`: `{shown}` is not {wanted}, as `{}` is", file.value, column.name)
        };
        let samples = samples_of(text, column.ty);
        let help = match (column.ty, &samples[..]) {
            (Type::Choice(_) | Type::YesNo, _) => "correct the cell: a sheet has the names of the values".to_owned(),
            (_, []) => "correct the cell".to_owned(),
            _ => {
                let ways: Vec<String> =
                    samples.iter().map(|(sample, value)| format!("as \"{sample}\" (it is then {value})")).collect();
                format!("say how the column is written: {}", ways.join(" or "))
            }
        };
        Problem::error("table-cell", place, message).help(help)
    }
}
