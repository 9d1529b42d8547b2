//! A PostgreSQL server for a test.

use std::path::PathBuf;

/// What a command says, which must end well.
pub fn command(words: &[&str]) -> String {
    let output = std::process::Command::new(words[0]).args(&words[1..]).output();
    let output = output.unwrap_or_else(|error| panic!("`{}` is needed here: {error}", words[0]));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{words:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A PostgreSQL server of its own, in a folder that is removed.
pub struct Server {
    folder: PathBuf,
    as_user: Vec<String>,
    /// Where its programs are.
    pub bin: PathBuf,
    pub port: u16,
}

impl Server {
    /// Starts one on a port of its own.
    pub fn start(port: u16) -> Self {
        let versions =
            std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is needed here: apt install postgresql");
        let bins = versions.map(|version| version.expect("a version").path().join("bin"));
        let bin = bins.max().expect("PostgreSQL is needed here: apt install postgresql");
        let folder = std::env::temp_dir().join(format!("meed-server-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder for the server");
        // A server refuses to run as root.
        let is_root = command(&["id", "-u"]).trim() == "0";
        let as_user: Vec<String> = if is_root {
            command(&["chown", "postgres", &folder.display().to_string()]);
            ["runuser", "-u", "postgres", "--"].map(str::to_owned).to_vec()
        } else {
            Vec::new()
        };
        let server = Self { folder, as_user, bin, port };
        let data = server.folder.join("data").display().to_string();
        server.run("initdb", &["-D", &data, "-A", "trust", "-U", "meed", "-E", "UTF8"]);
        let options = format!("-p {} -k {} -c listen_addresses=127.0.0.1", port, server.folder.display());
        let log = server.folder.join("log").display().to_string();
        server.run("pg_ctl", &["-D", &data, "-o", &options, "-l", &log, "-w", "start"]);
        server
    }

    fn run(&self, name: &str, words: &[&str]) {
        let program = self.bin.join(name).display().to_string();
        let all: Vec<&str> =
            self.as_user.iter().map(String::as_str).chain([&*program]).chain(words.iter().copied()).collect();
        // A server that stays holds the pipes of whoever began it: its words go to its log.
        let status = std::process::Command::new(all[0])
            .args(&all[1..])
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap_or_else(|error| panic!("`{name}` is needed here: {error}"));
        assert!(status.success(), "{all:?}");
    }

    /// Has a database do something.
    pub fn sql(&self, base: &str, words: &str) {
        self.run(
            "psql",
            &[
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                "meed",
                "-c",
                words,
                base,
            ],
        );
    }

    /// The URL of a new database.
    pub fn url(&self, base: &str) -> String {
        self.run("createdb", &["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "meed", base]);
        format!("postgres://meed@127.0.0.1:{}/{base}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.join("data").display().to_string();
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
