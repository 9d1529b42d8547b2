//! What the cells of a sheet say, as the program would write it; nothing is guessed, a sample tells how they are written.

use crate::plan::Type;

/// Whether cells of this type are numbers.
pub(super) fn is_number(ty: Type) -> bool {
    matches!(ty, Type::Number | Type::Count | Type::Percent | Type::Money(_))
}

/// The samples by which a cell can be read, and what it is then.
pub(super) fn samples_of(text: &str, ty: Type) -> Vec<(&'static str, String)> {
    const NUMBERS: &[&str] = &["1,000.50", "1.000,50", "1 000,50", "1000,50", "1'000.50", "1000.50"];
    const PERCENTS: &[&str] = &["12%", "12,5%", "12", "12,5", "0.12", "0,12"];
    const DAYS: &[&str] = &[
        "YYYY-MM-DD",
        "DD.MM.YYYY",
        "D.M.YYYY",
        "MM/DD/YYYY",
        "DD/MM/YYYY",
        "M/D/YYYY",
        "D/M/YYYY",
        "DD-MM-YYYY",
        "YYYY/MM/DD",
        "YYYYMMDD",
    ];
    let (samples, read): (_, fn(&str, &str) -> Option<String>) = match ty {
        Type::Number | Type::Count | Type::Money(_) => (NUMBERS, plain),
        Type::Percent => (PERCENTS, |text, sample| percent(text, Some(sample)).map(|number| number + "%")),
        Type::Date => (DAYS, day),
        _ => return Vec::new(),
    };
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for &sample in samples {
        // Of samples that read it alike the first is enough.
        if let Some(value) = read(text, sample).map(|value| without_zeros(&value))
            && found.iter().all(|(_, known)| *known != value)
        {
            found.push((sample, value));
        }
    }
    found
}

/// A number without zeros at the end of its decimals.
fn without_zeros(number: &str) -> String {
    let (digits, sign) = number.strip_suffix('%').map_or((number, ""), |digits| (digits, "%"));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}{sign}")
}

/// The lines of a sheet, cells without blanks around them; lines without a letter are none.
pub(super) fn lines(text: &str) -> Result<Vec<Vec<String>>, String> {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: char| first.matches(delimiter).count();
    let delimiter = [',', ';', '\t', '|'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).delimiter(delimiter as u8).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            lines.push(cells);
        }
    }
    Ok(lines)
}

/// A number as the program writes it, from one that is written like the sample.
pub(super) fn plain(text: &str, sample: &str) -> Option<String> {
    let (group, decimal) = match sample {
        "1000.50" => (None, '.'),
        "1,000.50" => (Some(','), '.'),
        "1.000,50" => (Some('.'), ','),
        "1 000,50" => (Some(' '), ','),
        "1000,50" => (None, ','),
        "1'000.50" => (Some('\''), '.'),
        _ => return None,
    };
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, decimals) = match digits.split_once(decimal) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (digits, None),
    };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match group.filter(|group| whole.contains(*group)) {
        Some(group) => {
            let mut parts = whole.split(group);
            let first = parts.next().filter(|first| all_digits(first) && first.len() <= 3)?;
            parts.try_fold(first.to_owned(), |all, part| (all_digits(part) && part.len() == 3).then(|| all + part))?
        }
        None => whole.to_owned(),
    };
    let fits = all_digits(&whole) && decimals.is_none_or(all_digits);
    fits.then(|| format!("{sign}{whole}{}", decimals.map_or(String::new(), |decimals| format!(".{decimals}"))))
}

/// The number before the sign of a percent.
pub(super) fn percent(text: &str, format: Option<&str>) -> Option<String> {
    match format.unwrap_or("12%") {
        "12%" | "12.5%" => plain(text.strip_suffix('%')?.trim_end(), "1000.50"),
        "12,5%" => plain(text.strip_suffix('%')?.trim_end(), "1000,50"),
        "12" | "12.5" => plain(text, "1000.50"),
        "12,5" => plain(text, "1000,50"),
        "0.12" => hundredfold(&plain(text, "1000.50")?),
        "0,12" => hundredfold(&plain(text, "1000,50")?),
        _ => None,
    }
}

/// A number times 100.
fn hundredfold(number: &str) -> Option<String> {
    let value = crate::value::parse_exact(number)? * crate::value::Exact::from(100);
    Some(crate::value::exact_text(&value))
}

/// A day as the program writes it, from one that is written by a pattern of `YYYY`, `MM` or `M`, `DD` or `D`.
pub(in crate::types) fn day(text: &str, pattern: &str) -> Option<String> {
    let (mut rest, mut pattern) = (text, pattern);
    let (mut year, mut month, mut day) = (None, None, None);
    while !pattern.is_empty() {
        let (place, word) = match () {
            () if pattern.starts_with("YYYY") => (&mut year, "YYYY"),
            () if pattern.starts_with("MM") => (&mut month, "MM"),
            () if pattern.starts_with('M') => (&mut month, "M"),
            () if pattern.starts_with("DD") => (&mut day, "DD"),
            () if pattern.starts_with('D') => (&mut day, "D"),
            () => {
                let sign = pattern.chars().next()?;
                rest = rest.strip_prefix(sign)?;
                pattern = pattern.strip_prefix(sign)?;
                continue;
            }
        };
        pattern = pattern.strip_prefix(word)?;
        let most = if word.len() == 1 { 2 } else { word.len() };
        let n = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if n == 0 || word.len() > 1 && n != word.len() {
            return None;
        }
        *place = Some(rest.get(..n)?.parse::<u32>().ok()?);
        rest = rest.get(n..)?;
    }
    let (year, month, day) = (year?, month?, day?);
    rest.is_empty().then(|| format!("{year:04}-{month:02}-{day:02}"))
}
