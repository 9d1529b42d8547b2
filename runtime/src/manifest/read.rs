//! Reads `run.json` and holds files against it.

use crate::manifest::{FILE_NAME, FORMAT, Manifest, Table};
use meed_compiler::internal::broken;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

/// Why a folder's `run.json`, or a file that it names, cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot read `{path}`: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The text is none that a run writes.
    #[error("`{path}` is damaged, or no run of Meed wrote it: {reason}")]
    Damaged {
        /// `run.json`.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A later Meed wrote it.
    #[error("`{path}` is of format {format}, written by a later version of Meed; this one reads formats to {FORMAT}")]
    Newer {
        /// `run.json`.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// A file is not what the run wrote.
    #[error("`{path}` is not as the run wrote it: its digest is another than in `run.json`")]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// A run as it is found in a folder.
#[derive(Clone, Debug)]
pub struct WrittenRun {
    /// What its `run.json` says.
    pub manifest: Manifest,
    /// Of the bytes of its `run.json`.
    pub sha256: String,
    /// Where its files are. This folder belongs to one run; another run's files never get into it.
    folder: PathBuf,
}

impl WrittenRun {
    /// The run of a folder; `None` without a `run.json`.
    ///
    /// # Errors
    /// When `run.json` cannot be read or is none that a run writes.
    pub fn open(folder: &Path) -> Result<Option<Self>, ManifestError> {
        let shown = folder.join(FILE_NAME);
        let unreadable = |reason| ManifestError::Unreadable { path: shown.clone(), reason };
        // A run that ends between the two steps takes its predecessor's files away: then look again.
        for _ in 0..100 {
            let path = match shown.canonicalize() {
                Ok(path) => path,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(unreadable(error)),
            };
            match std::fs::read(&path) {
                Ok(bytes) => {
                    let manifest = parse_manifest(&shown, &bytes)?;
                    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                    return Ok(Some(Self { manifest, sha256: sha256_of(&bytes), folder }));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        Err(unreadable(ErrorKind::ResourceBusy.into()))
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a table of the manifest is.
    pub fn place(&self, table: &Table) -> PathBuf {
        self.folder.join(&table.file)
    }

    /// Demands that every table is the one that the run wrote.
    ///
    /// # Errors
    /// The first table that cannot be read or was changed.
    pub fn verify(&self) -> Result<(), ManifestError> {
        self.manifest.tables.iter().try_for_each(|table| check(&self.place(table), table.size, &table.sha256))
    }
}

/// Size and SHA-256, in hexadecimal digits, of what a reader gives.
///
/// # Errors
/// What the reader meets.
pub fn digest_of(mut reader: impl Read) -> io::Result<(u64, String)> {
    // Small enough for the caches, large enough that calls of the system do not count.
    let mut block = vec![0; 1 << 18];
    let (mut hash, mut size) = (Sha256::new(), 0);
    loop {
        match reader.read(&mut block) {
            Ok(0) => return Ok((size, hex(&hash.finalize()))),
            Ok(n_read) => {
                let (read, _) = block.split_at(n_read);
                hash.update(read);
                size += n_read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Demands that a file has this size and digest.
///
/// # Errors
/// When it cannot be read, or has others.
pub fn check(path: &Path, size: u64, sha256: &str) -> Result<(), ManifestError> {
    let unreadable = |reason| ManifestError::Unreadable { path: path.to_owned(), reason };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let has_size = file.metadata().map_err(unreadable)?.len() == size;
    if has_size && digest_of(file).map_err(unreadable)? == (size, sha256.to_owned()) {
        return Ok(());
    }
    Err(ManifestError::Changed { path: path.to_owned() })
}

/// SHA-256 of bytes in memory, in hexadecimal digits.
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).unwrap_or_else(|| broken("half a byte that is no digit")))
        .collect()
}

/// What the bytes of a `run.json` say.
///
/// # Errors
/// When they are none that a run writes.
pub fn parse_manifest(path: &Path, bytes: &[u8]) -> Result<Manifest, ManifestError> {
    let damaged = |reason: String| ManifestError::Damaged { path: path.to_owned(), reason };
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if let Some(format) =
        value.get("format").and_then(serde_json::Value::as_u64).filter(|&format| format > FORMAT.into())
    {
        return Err(ManifestError::Newer { path: path.to_owned(), format });
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
    let mut names = HashSet::new();
    for table in &manifest.tables {
        let name = &table.file;
        // What a manifest names may be replaced: it must not lead anywhere else.
        let mut parts = Path::new(name).components();
        let is_plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
        if !is_plain || name.starts_with('.') || name.contains(['/', '\\']) || name == FILE_NAME {
            return Err(damaged(format!("`{name}` is not the name of a table beside it")));
        }
        if !names.insert(name) {
            return Err(damaged(format!("it names `{name}` twice")));
        }
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Parameters, Program};

    fn manifest(files: &[&str]) -> Manifest {
        let (size, sha256) = digest_of(&b"payee\n"[..]).expect("memory can be read");
        let file = |file: &&str| Table {
            table: "payments".to_owned(),
            file: (*file).to_owned(),
            size,
            rows: 0,
            sha256: sha256.clone(),
        };
        Manifest {
            format: FORMAT,
            meed: "0.1.0".to_owned(),
            program: Program { name: "p".to_owned(), title: "P".to_owned(), sha256: sha256.clone(), uses: Vec::new() },
            parameters: Parameters { sha256: sha256.clone(), values: Vec::new() },
            through: "2026-03-31".to_owned(),
            paid: Vec::new(),
            inputs: Vec::new(),
            tables: files.iter().map(file).collect(),
            formulas_as_they_are: false,
            csv: None,
            rejects: None,
            left_out: Vec::new(),
            not_there: Vec::new(),
            account: Vec::new(),
            totals: Vec::new(),
        }
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        let (size, sha256) = digest_of(&b"abc"[..]).expect("memory can be read");
        assert_eq!((size, &*sha256), (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    }

    #[test]
    fn files_are_held_against_their_digests() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(WrittenRun::open(folder.path()).expect("nothing is wrong").is_none());
        let text = manifest(&["payments.csv"]).to_json().expect("a text");
        std::fs::write(folder.path().join(FILE_NAME), text).expect("a file");
        let run = WrittenRun::open(folder.path()).expect("it can be read").expect("it is there");
        assert_eq!(run.manifest, manifest(&["payments.csv"]));
        assert!(matches!(run.verify(), Err(ManifestError::Unreadable { .. })));
        let table = run.place(&run.manifest.tables[0]);
        std::fs::write(&table, "payee\n").expect("a file");
        run.verify().expect("it is as written");
        for other in ["payeE\n", "payee\nACME\n"] {
            std::fs::write(&table, other).expect("a file");
            assert!(matches!(run.verify(), Err(ManifestError::Changed { .. })));
        }
    }

    #[test]
    fn what_no_run_writes_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = |text: &str| {
            std::fs::write(folder.path().join(FILE_NAME), text).expect("a file");
            WrittenRun::open(folder.path())
        };
        for text in ["", "{}", "[]", "{\"format\": 1}", "\u{0}", "{\"program\": {\"name\": \"p\"}}"] {
            assert!(matches!(opened(text), Err(ManifestError::Damaged { .. })), "{text}");
        }
        let outside = ["../x.csv", "/etc/passwd", "a/b.csv", ".meed", "..", "", "run.json", "a\\b"];
        for file in outside {
            let text = manifest(&[file]).to_json().expect("a text");
            assert!(matches!(opened(&text), Err(ManifestError::Damaged { .. })), "{file}");
        }
        let twice = manifest(&["a.csv", "a.csv"]).to_json().expect("a text");
        assert!(matches!(opened(&twice), Err(ManifestError::Damaged { .. })));
        let newer = Manifest { format: FORMAT + 1, ..manifest(&[]) }.to_json().expect("a text");
        assert!(matches!(opened(&newer), Err(ManifestError::Newer { .. })));
    }
}
