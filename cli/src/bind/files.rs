//! Files of folders and patterns.

use super::BindError;
use meed_runtime::inner::source::SourceFile;
use std::path::{Component, Path, PathBuf};

/// Whether a file's ending is that of a table.
pub(super) fn is_table(file: &Path) -> bool {
    SourceFile::is_table(file)
}

/// The name of a file without its ending, also where it is packed, in small letters.
pub(super) fn stem(file: &Path) -> String {
    SourceFile::unpacked_name(file).file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Where a path leads; itself where nothing is there.
pub(super) fn place(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The files of a folder by name; hidden ones, programs and the project's own file are no data.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, BindError> {
    let project = |name: &str| name == crate::project::FILE_NAME || name.ends_with(".meed") || name.starts_with('.');
    let mut files = Vec::new();
    for (name, path) in read(folder)? {
        if path.is_file() && !project(&name) {
            files.push(path);
        }
    }
    Ok(files)
}

/// The names and paths in a folder, sorted.
fn read(folder: &Path) -> Result<Vec<(String, PathBuf)>, BindError> {
    let fault =
        |error: std::io::Error| BindError::Folder { folder: folder.display().to_string(), reason: error.to_string() };
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(shown).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name();
        found.push((name.to_string_lossy().into_owned(), folder.join(name)));
    }
    found.sort();
    Ok(found)
}

/// The files of a path in which `*` stands for any letters of a name; a path without one is itself.
pub(super) fn expand(pattern: &str) -> Result<Vec<PathBuf>, BindError> {
    // A file may bear a star in its name.
    if !pattern.contains('*') || Path::new(pattern).exists() {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    let parts: Vec<Component> = Path::new(pattern).components().collect();
    let mut found = vec![PathBuf::new()];
    for (idx, part) in parts.iter().enumerate() {
        let name = part.as_os_str().to_string_lossy();
        if !name.contains('*') {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let last = idx + 1 == parts.len();
        let mut next = Vec::new();
        for folder in &found {
            // A folder that a star before this one found may lack what follows.
            let inside = if idx > 0 && !folder.is_dir() { Vec::new() } else { read(folder)? };
            let fits = |(entry, path): &(String, PathBuf)| {
                matches(&name, entry) && !entry.starts_with('.') && if last { path.is_file() } else { path.is_dir() }
            };
            next.extend(inside.into_iter().filter(fits).map(|(_, path)| path));
        }
        found = next;
    }
    found.retain(|path| path.is_file());
    if found.is_empty() { Err(BindError::NoMatch(pattern.to_owned())) } else { Ok(found) }
}

/// Whether a name fits a pattern, of which each `*` stands for any letters, also none.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(rest) = name.strip_prefix(first) else { return false };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    for part in middle.split('*') {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, name) in [
            ("deals*.csv", "deals.csv"),
            ("deals*.csv", "deals-2026-01.csv"),
            ("*", "x"),
            ("*-*-*.csv", "a-b-c.csv"),
            ("**a*", "bab"),
            ("a*a", "aa"),
            ("deals", "deals"),
            ("", ""),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("deals*.csv", "deals.tsv"), ("a*a", "a"), ("a*b*b", "ab"), ("*-*.csv", "ab.csv")]
            .into_iter()
            .chain([("deals", "dealsdeals"), ("deals", "deals-deals"), ("", "deals"), ("a", "aa")])
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
