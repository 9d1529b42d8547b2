//! The transcripts of `docs/command-line.md` are what the commands write.

mod support;

use support::Folder;

/// Commands of the page, each with what it writes.
fn transcripts(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").expect("the block ends");
        for line in block.lines() {
            match (line.strip_prefix("$ meed "), found.last_mut()) {
                (Some(command), _) => found.push((command.to_owned(), String::new())),
                (None, Some((_, written))) => *written += &format!("{line}\n"),
                (None, None) => panic!("a transcript begins with a command: {line}"),
            }
        }
    }
    found
}

#[test]
fn the_page_shows_what_the_commands_write() {
    let page = include_str!("../../docs/command-line.md");
    let transcripts = transcripts(page);
    assert!(transcripts.len() > 4);
    let folder = Folder::new("transcripts");
    for (command, wanted) in transcripts {
        // What is in single quotes is one word.
        let words: Vec<&str> = command
            .split('\'')
            .enumerate()
            .flat_map(|(idx, piece)| match idx % 2 {
                0 => piece.split(' ').filter(|word| !word.is_empty()).collect(),
                _ => vec![piece],
            })
            .collect();
        let ended = folder.meed(&words).with(0);
        let written = format!("{}{}", ended.messages, ended.out);
        assert_eq!(written, wanted, "$ meed {command}");
    }
}

#[test]
fn every_option_of_the_page_is_one() {
    let page = include_str!("../../docs/command-line.md");
    let folder = Folder::new("options");
    let commands: [&[&str]; 7] =
        [&["run"], &["explain"], &["test"], &["check"], &["show", "tree"], &["quote"], &["new"]];
    let help: String = commands.map(|command| folder.meed(&[command, &["--help"]].concat()).with(0).out).concat();
    let options = page.split("--").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(rest.len());
        &rest[..end]
    });
    // An event is named as an option.
    for option in options.filter(|option| !option.trim_matches('-').is_empty() && *option != "deal") {
        assert!(help.contains(&format!("--{option}")), "`--{option}` is no option");
    }
}
