//! A draft of the sources of a folder's files: which column is which field, from headers and cells, and how its cells are written.
//!
//! A name is likely a field's where it has its words (`Close Date`, `closed_on`); cells that no field of its type could have rule it out. What
//! the field's own format does not read is offered the formats that would, as in the messages of a run. The draft is printed, to be
//! read by somebody who knows the files, and never used by Meed itself.

use super::{Column, columns, tables};
use crate::ExitStatus;
use crate::draw::{Messages, file_name, print_all};
use crate::project::Program;
use meed_compiler::plan::{Plan, Record, RecordId, RecordTable, TextEncoding, Type};
use meed_grammar::foreign::{self, shown};
use meed_grammar::tree::Item;
use meed_runtime::inner::source::{SourceError, SourceFile};
use meed_runtime::inner::store::Unreadable;
use std::path::{Path, PathBuf};

/// Rows of a file that are looked at.
const LOOKED_AT: usize = 1_000;
/// So likely must a column be a field's.
const LIKELY: u32 = 30;
/// Headers that are listed where none was found.
const LISTED: usize = 12;

/// A file of the folder.
struct FoundFile {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// What a source says of its letters, where they are no UTF-8.
    letters: Option<&'static str>,
}

/// Reads the first rows, in the letters that the file is in.
fn begun(path: PathBuf) -> Result<FoundFile, SourceError> {
    let read = |encoding: TextEncoding| SourceFile::open(&path)?.first_rows(LOOKED_AT, encoding);
    let is_whole = |(header, rows): &(Vec<String>, Vec<Vec<String>>)| {
        let strange = |text: &String| text.contains([char::REPLACEMENT_CHARACTER, '\0']);
        !header.iter().any(strange) && !rows.iter().flatten().any(strange)
    };
    let usual = read(TextEncoding::Utf8)?;
    for (encoding, letters) in [(TextEncoding::Utf16, "utf-16"), (TextEncoding::Windows1252, "windows-1252")] {
        // Text in UTF-16 has every second byte for nothing; read as Windows' it would be full of those.
        if !is_whole(&usual)
            && SourceFile::is_delimited(&path)
            && let Ok((header, rows)) = read(encoding)
            && is_whole(&(header.clone(), rows.clone()))
            && (encoding != TextEncoding::Utf16 || header.iter().all(|name| name.is_ascii()))
        {
            return Ok(FoundFile { path, header, rows, letters: Some(letters) });
        }
    }
    let (header, rows) = usual;
    Ok(FoundFile { path, header, rows, letters: None })
}

/// What is proposed for a record.
struct Proposal<'a> {
    record: RecordId,
    file: &'a FoundFile,
    lines: Vec<Line<'a>>,
}

/// What is proposed for a column that a field is read from.
struct Line<'a> {
    column: Column<'a>,
    /// The header, and whether it is the field's own.
    found: Option<(&'a str, bool)>,
    /// The ways in which its cells may be written, the first of them proposed.
    formats: Vec<String>,
}

/// Prints the draft.
pub fn print(program: &Program, plan: &Plan, folder: &Path, messages: Messages) -> ExitStatus {
    let mut files = Vec::new();
    let mut notes = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            messages.error("which-table", &format!("cannot list `{}`: {error}", file_name(folder)), None);
            return ExitStatus::Tables;
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.is_file() && SourceFile::is_table(path));
    paths.sort();
    if paths.is_empty() {
        let message = format!("`{}` has no file whose ending is that of a table", file_name(folder));
        messages.error("which-table", &message, None);
        return ExitStatus::Tables;
    }
    for path in paths {
        let name = name_of(&path);
        match begun(path) {
            Ok(file) => files.push(file),
            Err(error) => notes.push(format!("// {name}: {}", foreign::escaped(&error.to_string()))),
        }
    }
    let mut proposals = proposed(plan, &files);
    for proposal in &mut proposals {
        with_formats(plan, proposal);
    }
    let read = |file: &FoundFile| proposals.iter().any(|proposal| proposal.file.path == file.path);
    for file in files.iter().filter(|file| !read(file)) {
        notes.push(format!("// {}: no record that the program reads looks like it", name_of(&file.path)));
    }
    for (id, record) in tables(plan) {
        if !proposals.iter().any(|proposal| proposal.record == id) {
            notes.push(format!("// no file looks like the table of `{}`", record.name));
        }
    }
    let mut draft = format!(
        "// A draft by `meed data --from {}`. Compare every line with the files before it goes into the program.\n",
        file_name(folder)
    );
    for proposal in &proposals {
        let name = &plan.record(proposal.record).name;
        if has_source(program, name) {
            let file = name_of(&proposal.file.path);
            let fits = proposal
                .lines
                .iter()
                .all(|line| line.found.is_some_and(|(_, is_own)| is_own) && line.formats.is_empty());
            if fits {
                draft += &format!("\n// The program's source for `{name}` reads `{file}`: nothing needs to change.\n");
                continue;
            }
            draft += &format!("\n// The program has a source for `{name}`: what follows would take its place.");
        }
        draft += &format!("\n{}", proposal.text(plan));
    }
    if !notes.is_empty() {
        draft += &format!("\n{}\n", notes.join("\n"));
    }
    print_all(&draft, messages)
}

/// The name of a file without its endings.
fn stem_of(path: &Path) -> String {
    SourceFile::unpacked_name(path).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn name_of(path: &Path) -> String {
    shown(&path.file_name().unwrap_or_default().to_string_lossy()).into_owned()
}

/// Which file is which record's: by its name, else by its columns; each file once, the likeliest first.
fn proposed<'a>(plan: &'a Plan, files: &'a [FoundFile]) -> Vec<Proposal<'a>> {
    let mut pairs: Vec<(u32, Proposal<'a>)> = Vec::new();
    for (id, record) in tables(plan) {
        for file in files {
            let lines = lines_of(plan, record, file);
            let n_found = lines.iter().filter(|line| line.found.is_some()).count();
            let named = similarity(&stem_of(&file.path), &record.name);
            // A single column could be that of any record.
            let by_columns = n_found > 1 && 2 * n_found > lines.len();
            if n_found > 0 && (named >= LIKELY || by_columns) {
                let likely = named + 30 * u32::try_from(n_found).unwrap_or(0);
                pairs.push((likely, Proposal { record: id, file, lines }));
            }
        }
    }
    pairs.sort_by_key(|(likely, proposal)| (std::cmp::Reverse(*likely), proposal.record));
    let mut chosen: Vec<Proposal<'a>> = Vec::new();
    for (_, proposal) in pairs {
        let is_taken = |known: &Proposal<'_>| known.record == proposal.record || known.file.path == proposal.file.path;
        if !chosen.iter().any(is_taken) {
            chosen.push(proposal);
        }
    }
    chosen.sort_by_key(|proposal| proposal.record);
    chosen
}

/// The columns of a record, each with the header that is likeliest its own.
fn lines_of<'a>(plan: &'a Plan, record: &'a Record, file: &'a FoundFile) -> Vec<Line<'a>> {
    let columns = columns(record);
    let mut pairs = Vec::new();
    for (idx, column) in columns.iter().enumerate() {
        for (place, header) in file.header.iter().enumerate() {
            let likely = likelihood(plan, record, column, header, file, place);
            if likely >= LIKELY {
                pairs.push((std::cmp::Reverse(likely), idx, place));
            }
        }
    }
    pairs.sort_unstable();
    let mut lines: Vec<Line<'a>> =
        columns.into_iter().map(|column| Line { column, found: None, formats: Vec::new() }).collect();
    let mut taken = vec![false; file.header.len()];
    for (_, idx, place) in pairs {
        let (Some(line), Some(is_taken)) = (lines.get_mut(idx), taken.get_mut(place)) else { continue };
        if line.found.is_some() || *is_taken {
            continue;
        }
        let Some(header) = file.header.get(place) else { continue };
        let own = &line.column.source.header;
        let is_own =
            if line.column.source.exact { header.trim() == own } else { header.trim().eq_ignore_ascii_case(own) };
        (line.found, *is_taken) = (Some((header.as_str(), is_own)), true);
    }
    lines
}

/// How likely a column of a file is what a field is read from; 0 where its cells cannot be that.
fn likelihood(plan: &Plan, record: &Record, column: &Column<'_>, header: &str, file: &FoundFile, place: usize) -> u32 {
    if header.trim().eq_ignore_ascii_case(&column.source.header) {
        return 1_000;
    }
    let cells = file.rows.iter().filter_map(|row| row.get(place)).filter(|cell| !cell.is_empty()).take(100);
    let cells: Vec<&str> = cells.map(String::as_str).collect();
    let digits = |cell: &&&str| cell.bytes().any(|byte| byte.is_ascii_digit());
    let most = |n: usize| 2 * n > cells.len() || cells.is_empty();
    let words = words_of(header);
    let says = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let numbers = || most(cells.iter().filter(digits).count());
    let (fits, hint) = match column.field.ty {
        Type::Date => {
            let is_date = |cell: &&&str| digits(cell) && cell.len() >= 6 && cell.contains(['-', '/', '.', ' ']);
            (most(cells.iter().filter(is_date).count()), says(&["date", "day", "datum"]))
        }
        Type::Money(_) => (numbers(), says(&["amount", "value", "price", "total", "sum", "net", "revenue"])),
        Type::Number | Type::Count => (numbers(), says(&["number", "count", "quantity", "qty", "units"])),
        Type::Percent => (numbers(), says(&["percent", "rate", "share", "discount"])),
        Type::Ref(other) => (true, similarity(header, &plan.record(other).name) >= LIKELY),
        Type::Text(_) | Type::Id(_) if column.is_key => {
            // The key of another record stands here as a reference.
            let own = similarity(header, &record.name);
            let others = plan.records.iter().filter(|other| other.name != record.name);
            let is_other = others.map(|other| similarity(header, &other.name)).any(|likely| likely > own.max(LIKELY));
            (!is_other, says(&["id", "no", "number", "nr", "key", "code", "name"]))
        }
        Type::Text(_) | Type::Id(_) | Type::YesNo | Type::Choice(_) | Type::Period(_) => (true, false),
    };
    if !fits {
        return 0;
    }
    let by_name = similarity(header, &column.field.name);
    let by_record = if column.is_key { similarity(header, &record.name) } else { 0 };
    by_name.max(by_record) + if hint { LIKELY + 5 } else { 0 }
}

/// How alike two names are, from 0 to 100: by the stems that they share.
fn similarity(one: &str, other: &str) -> u32 {
    let (one, other) = (words_of(one), words_of(other));
    let joined = |words: &[String]| words.concat();
    if joined(&one) == joined(&other) {
        return 100;
    }
    let shared = one.iter().filter(|word| other.iter().any(|known| stem(known) == stem(word))).count();
    let n_words = one.len().max(other.len()).max(1);
    u32::try_from(90 * shared / n_words).unwrap_or(0)
}

/// The words of a name, in small letters: `ClosedOn`, `closed_on` and `Closed On` have two.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && was_small {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        was_small = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A word without what its forms differ in.
fn stem(word: &str) -> &str {
    let endings = ["ing", "ed", "es", "s", "d", "e"];
    let cut = endings.iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.len() >= 3));
    cut.unwrap_or(word)
}

/// Finds in which ways the cells of the columns that were found may be written.
fn with_formats(plan: &Plan, proposal: &mut Proposal<'_>) {
    let record = plan.record(proposal.record);
    for line in &mut proposal.lines {
        let Some((header, _)) = line.found else { continue };
        let place = proposal.file.header.iter().position(|known| known == header);
        let field = record.fields.iter().position(|field| std::ptr::eq(field, line.column.field));
        let (Some(place), Some(field)) = (place, field) else { continue };
        let cells = proposal.file.rows.iter().filter_map(|row| row.get(place)).filter(|cell| !cell.is_empty());
        let column = Unreadable {
            record: proposal.record,
            field,
            file: name_of(&proposal.file.path),
            column: header.to_owned(),
            reason: String::new(),
            n_rows: 0,
            n_all: 0,
            row: 1,
            line: None,
            sample: cells.cloned().collect(),
        };
        line.formats = column.offers(plan);
    }
}

/// Whether the program says already how a record is read.
fn has_source(program: &Program, name: &str) -> bool {
    let Ok(trees) = meed_compiler::trees(&program.sources) else { return false };
    trees.program.items.iter().any(|item| matches!(item, Item::Source(source) if source.record.text == name))
}

impl Proposal<'_> {
    /// The source as it is written.
    fn text(&self, plan: &Plan) -> String {
        let record = plan.record(self.record);
        let file = self.file.path.file_name().unwrap_or_default().to_string_lossy();
        let rows = if self.file.rows.len() == 1 { "row" } else { "rows" };
        let text = format!("// {} {rows} of `{}` looked at.\n", self.file.rows.len(), shown(&file));
        let finds_it = matches!(&record.source, RecordTable::Table(Some(known)) if *known == file)
            || ["", "s", "es"]
                .iter()
                .any(|end| stem_of(&self.file.path).eq_ignore_ascii_case(&format!("{}{end}", record.name)));
        let from = match quoted(&file) {
            _ if finds_it => String::new(),
            Some(file) => format!(" from {file}"),
            None => String::new(),
        };
        let mut lines = self.file.letters.map_or(String::new(), |letters| format!("  {letters}\n"));
        for Line { column, found, formats } in &self.lines {
            let name = &column.field.name;
            let Some((header, is_own)) = found else {
                let headers: Vec<String> =
                    self.file.header.iter().take(LISTED).map(|header| shown(header).into_owned()).collect();
                let need = match column.field.optional {
                    true => "is needed as a column, whose cells may be empty",
                    false => "is needed",
                };
                lines += &format!("  // {name} {need}, and no column looks like it: {}\n", headers.join(", "));
                continue;
            };
            let is_alone =
                self.file.header.iter().filter(|other| other.trim().eq_ignore_ascii_case(header.trim())).count() == 1;
            if *is_own && formats.is_empty() && is_alone {
                continue;
            }
            let format = formats.first().map_or(String::new(), |format| format!(" {format}"));
            let or = match formats.get(1..) {
                Some(others) if !others.is_empty() => {
                    format!("   // or {}: only who sent it knows", others.join(" or "))
                }
                _ => String::new(),
            };
            let n_alike =
                self.file.header.iter().filter(|other| other.trim().eq_ignore_ascii_case(header.trim())).count();
            lines += &match quoted(header.trim()) {
                Some(_) if n_alike > 1 => {
                    format!("  // {name}: {n_alike} columns are called `{}`: rename all but one\n", shown(header))
                }
                Some(header) => format!("  {name} from {header}{format}{or}\n"),
                None => format!("  // {name}: no program can name the column `{}`: rename it\n", shown(header)),
            };
        }
        if lines.is_empty() && from.is_empty() {
            return format!("// `{}` is read as it is: `{}` needs no source.\n", shown(&file), record.name);
        }
        format!("{text}source {}{from} {{\n{lines}}}\n", record.name)
    }
}

/// A text as programs write it; none of one that they cannot have, with a quote, a line end or a sign that is not seen.
fn quoted(text: &str) -> Option<String> {
    let is_plain = !text.contains(['"', '\\']) && shown(text) == text && text.chars().count() < 200;
    is_plain.then(|| format!("\"{text}\""))
}
