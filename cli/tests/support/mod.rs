//! Commands in folders of their own.

#![allow(dead_code, reason = "each test file uses a part")]

#[cfg(feature = "postgres")]
pub mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder for one test, empty at its start.
pub struct Folder(PathBuf);

/// How a command ended, and what it wrote.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub messages: String,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, and the folders on its way.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder in the folder");
        std::fs::write(path, content).expect("a file in the folder");
        self
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("a file of the folder")
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    /// What a folder shows: its names, those of Meed's own hidden folder aside, with what they lead to.
    pub fn shown(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(self.0.join(folder)).expect("a folder").map(|entry| entry.expect("an entry"));
        let shown = entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
        shown
            .filter(|(name, _)| name != ".meed")
            .map(|(name, path)| (name, std::fs::read(path).unwrap_or_default()))
            .collect()
    }

    /// Runs `meed` in the folder. No command may panic.
    pub fn meed(&self, arguments: &[&str]) -> Ended {
        self.meed_in("", arguments)
    }

    /// Runs `meed` in a folder of the folder.
    pub fn meed_in(&self, place: &str, arguments: &[&str]) -> Ended {
        self.run(place, arguments, |_| ())
    }

    /// Runs `meed` in the folder with these bytes on its standard input.
    pub fn meed_on(&self, input: &[u8], arguments: &[&str]) -> Ended {
        let file = self.0.join(".standard-input");
        std::fs::write(&file, input).expect("a file in the folder");
        self.run("", arguments, |command| {
            command.stdin(std::fs::File::open(&file).expect("a file of the folder"));
        })
    }

    /// Runs `meed` in a folder of the folder, as it was prepared.
    pub fn run(&self, place: &str, arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
        command.args(arguments).current_dir(self.0.join(place));
        prepare(&mut command);
        let output = command.output().expect("the command runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, messages) = (text(&output.stdout), text(&output.stderr));
        assert!(!messages.contains("panicked") && !messages.contains("RUST_BACKTRACE"), "{messages}");
        Ended { code: output.status.code().unwrap_or(-1), out, messages }
    }
}

impl Ended {
    /// Demands an exit code, and says what was written where it is another.
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.messages);
        self
    }

    /// Demands words in the messages.
    pub fn says(self, words: &str) -> Self {
        assert!(self.messages.contains(words), "`{words}` is not in:\n{}", self.messages);
        self
    }
}

/// Bytes packed by gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, bytes).expect("memory has room");
    packed.finish().expect("memory has room")
}
