//! Files in other formats than plain CSV: packed text and JSON lines pay what the same rows in CSV do, or say why they cannot be read.

mod support;

use support::{Folder, gzip};

const PROGRAM: &str = "\
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal { key id   when closed_on   partner partner   amount money   registered yes/no   remark optional text }
rule share { for each deal   where registered   pay partner 10% of amount }
rule noted { for each deal   where remark is \"a, b\", unknown means no   pay partner $1 }
";
const CSV: &str = "\
id,closed_on,partner,amount,registered,remark
D1,2026-01-05,ACME,1000.05,yes,\"a, b\"
7,2026-02-05,BETA,500,no,
D3,2026-03-05,Zo\u{eb},0.10,yes,x
";
const JSON: &str = r#"{"id": "D1", "closed_on": "2026-01-05", "partner": "ACME", "amount": 1000.05, "registered": true, "remark": "a, b"}

{"registered": false, "amount": "500", "id": 7, "closed_on": "2026-02-05", "partner": "BETA", "remark": null}
{"id":"D3","closed_on":"2026-03-05","partner":"Zo\u00eb","amount":0.10,"registered":true,"remark":"x"}
"#;

fn zstandard(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).expect("memory has room")
}

/// A folder with the program and one table.
fn folder(name: &str, file: &str, bytes: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::new(&format!("formats-{name}"));
    folder.write("p.meed", PROGRAM);
    folder.write(&format!("data/{file}"), bytes);
    folder
}

fn payments(folder: &Folder) -> String {
    folder.meed(&["run", "p.meed", "--data", "data", "--out", "out"]).with(0);
    folder.read("out/payments.csv")
}

#[test]
fn the_same_rows_pay_the_same_in_every_format() {
    let wanted = payments(&folder("csv", "deal.csv", CSV));
    assert_eq!(wanted.lines().count(), 4, "{wanted}");
    let tabs = CSV.replace("\"a, b\"", "a; b").replace(',', "\t").replace("a; b", "a, b");
    // Members and frames behind one another are one file.
    let (head, tail) = CSV.split_at(60);
    let files: [(&str, &str, Vec<u8>); 9] = [
        ("gz", "deals.csv.gz", gzip(CSV.as_bytes())),
        ("gz-members", "deal.CSV.GZ", [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat()),
        ("zst", "deal.csv.zst", zstandard(CSV.as_bytes())),
        ("zst-frames", "deal.txt.zst", [zstandard(head.as_bytes()), zstandard(tail.as_bytes())].concat()),
        ("tsv-gz", "deal.tsv.gz", gzip(tabs.as_bytes())),
        ("jsonl", "deal.jsonl", JSON.as_bytes().to_vec()),
        ("ndjson", "deal.ndjson", format!("\u{feff}{}", JSON.replace('\n', "\r\n")).into_bytes()),
        ("jsonl-gz", "deal.jsonl.gz", gzip(JSON.as_bytes())),
        ("jsonl-zst", "deals.jsonl.zst", zstandard(JSON.as_bytes())),
    ];
    for (name, file, bytes) in files {
        let folder = folder(name, file, &bytes);
        assert_eq!(payments(&folder), wanted, "{file}");
        // `run.json` has the size and the digest of the file as it is.
        let size = format!("\"size\": {},", bytes.len());
        assert!(folder.read("out/run.json").contains(&size), "{file}");
    }
    // A source names the file as it is, as it would be without its packing, or by its stem.
    for (name, source) in [("stem", "crm_deals"), ("unpacked", "crm_deals.csv"), ("whole", "crm_deals.csv.gz")] {
        let folder = folder(name, "crm_deals.csv.gz", gzip(CSV.as_bytes()));
        folder.write("p.meed", PROGRAM.to_owned() + &format!("source deal from \"{source}\" {{ }}\n"));
        assert_eq!(payments(&folder), wanted, "{source}");
    }
}

#[test]
fn what_is_damaged_is_told_at_its_place() {
    let run = ["run", "p.meed", "--data", "data", "--out", "out"];
    let packed = gzip(CSV.repeat(500).as_bytes());
    for (name, file, bytes) in [
        ("cut-gz", "deal.csv.gz", packed[..packed.len() / 2].to_vec()),
        ("no-gz", "deal.csv.gz", CSV.as_bytes().to_vec()),
        ("empty-gz", "deal.csv.gz", Vec::new()),
        ("no-zst", "deal.csv.zst", CSV.as_bytes().to_vec()),
        ("cut-zst", "deal.csv.zst", zstandard(CSV.repeat(500).as_bytes())[..40].to_vec()),
    ] {
        let folder = folder(name, file, bytes);
        let ended = folder.meed(&run).with(3);
        assert!(ended.messages.contains(file), "{}", ended.messages);
        assert!(!folder.has("out/run.json"));
    }
    // A row that is none is rejected at its line, and the others are paid where that is asked for.
    let row = |partner: &str, amount: &str| {
        format!("{{\"id\":\"D9\",\"closed_on\":\"2026-01-01\",{partner}\"amount\":{amount},\"registered\":true}}")
    };
    for (name, line, words) in [
        ("no-json", "{\"id\": \"D9\"".to_owned(), "not one JSON object on the line"),
        ("list", "[1, 2]".to_owned(), "not one JSON object on the line"),
        ("two", "{\"id\":\"D9\"} {\"id\":\"D8\"}".to_owned(), "not one JSON object on the line"),
        ("twice", "{\"id\":\"D9\",\"id\":\"D8\"}".to_owned(), "it has `id` twice"),
        ("nested", row("\"partner\":\"A\",", "[1]"), "`amount` is a list or an object"),
        ("float", row("\"partner\":\"A\",", "1e3"), "`1e3`"),
        ("missing", row("", "1"), "partner"),
    ] {
        let folder = folder(name, "deal.jsonl", format!("{JSON}{line}\n"));
        folder.meed(&run).with(3).says(words).says("line 5");
        folder.meed(&[&run[..], &["--rejects", "rejects.csv"]].concat()).with(0);
        assert_eq!(folder.read("out/payments.csv").lines().count(), 4, "{name}");
    }
    // A member that none of the first thousand lines has is no column that could be missing unseen.
    let rows: String =
        (0..1_100).map(|n| row("\"partner\":\"A\",", "1").replace("D9", &format!("X{n}")) + "\n").collect();
    let folder = folder("late", "deal.jsonl", format!("{JSON}{rows}{{\"discount\":1}}\n"));
    folder.meed(&run).with(3).says("it has `discount`, which none of the first 1000 lines has");
    // What is read here and there cannot be packed.
    let folder = self::folder("xlsx-gz", "deal.xlsx.gz", b"x");
    folder.meed(&["run", "p.meed", "--data", "deal=data/deal.xlsx.gz", "--out", "out"]).with(3).says(".gz or .zst");
}

#[test]
fn payments_are_written_and_read_back_in_every_format() {
    let folder = folder("out", "deal.csv", CSV.replace("ACME", "=ACME"));
    let run = |out: &str, more: &[&str]| {
        folder.meed(&[&["run", "p.meed", "--data", "data", "--out", out], more].concat()).with(0)
    };
    for format in ["csv", "parquet", "xlsx", "arrow", "jsonl"] {
        run(format, &["--format", format]);
        // The same rows are the same bytes, whatever the clock says.
        run("again", &["--format", format]);
        for table in ["payments", "totals", "decisions"] {
            let file =
                |out: &str| std::fs::read(folder.path().join(format!("{out}/{table}.{format}"))).expect("a table");
            assert_eq!(file(format), file("again"), "{table}.{format}");
        }
        // What was paid is read as it was written.
        run("beside", &["--paid", format]).says("share: 0 differences, 0.00 USD");
        folder.meed(&["verify", &format!("{format}/run.json"), "p.meed"]).with(0);
    }
}

#[test]
fn what_is_elsewhere_is_brought_here_first() {
    let folder = folder("remote", "deal.csv", CSV);
    for (address, help) in [
        ("s3://sales/deal.parquet", "aws s3 cp s3://sales/deal.parquet ."),
        ("gs://sales/deal.csv", "gcloud storage cp"),
        ("https://example.com/deal.csv", "curl -O"),
        ("sftp://example.com/deal.csv", "copy it here first, and name the file"),
    ] {
        for entry in [format!("deal={address}"), address.to_owned()] {
            let ended = folder.meed(&["run", "p.meed", "--data", &entry, "--out", "out"]).with(3);
            ended.says("is not read: tables are files of this machine, or of SQLite and PostgreSQL").says(help);
        }
    }
}

/// A program that pays again what the table of payments of another one says.
const AGAIN: &str = "\
program again { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event payment { key id   when paid   partner partner   amount money   rate percent }
rule again { for each payment   pay partner 100% of amount }
rule rated { for each payment   pay partner rate of amount }
";

/// What a table has in every format: keys that look like numbers, texts with every sign, amounts, days and percents.
const ROWS: [[&str; 5]; 4] = [
    ["1007", "2026-01-05", "=A;C,M\tE|", "1000.05", "2.5"],
    ["D 2", "2026-02-28", "0042", "-7.10", "100"],
    ["D\u{201c}3\u{201d}", "2026-12-31", "Zo\u{eb} \\ \"quoted\"", "12345678901.25", "0.125"],
    ["-4", "2026-07-01", "true", "0.10", "0"],
];

/// The rows as CSV, with a percent as texts have it.
fn rows_as_csv() -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["id", "paid", "partner", "amount", "rate"]).expect("memory has room");
    for [id, paid, partner, amount, rate] in ROWS {
        table.write_record([id, paid, partner, amount, &format!("{rate}%")]).expect("memory has room");
    }
    table.into_inner().expect("memory has room")
}

/// The rows in a database; amounts as its numbers, which are binary, and ids as whole numbers where they are some.
fn rows_in_sqlite(file: &std::path::Path) {
    let database = rusqlite::Connection::open(file).expect("a database");
    database
        .execute_batch("CREATE TABLE \"all \"\"payments\"\"\" (id, paid TEXT, partner, amount DECIMAL(18, 2), rate TEXT, photo BLOB)")
        .expect("a table");
    for [id, paid, partner, amount, rate] in ROWS {
        let insert = "INSERT INTO \"all \"\"payments\"\"\" VALUES (?, ?, ?, ?, ? || '%', x'00ff')";
        let id = id
            .parse::<i64>()
            .map_or_else(|_| rusqlite::types::Value::Text(id.to_owned()), rusqlite::types::Value::Integer);
        database.execute(insert, rusqlite::params![id, paid, partner, amount, rate]).expect("a row");
    }
}

#[test]
fn every_way_to_read_a_table_pays_the_same() {
    let folder = Folder::new("formats-ways");
    folder.write("p.meed", AGAIN).write("payment.csv", rows_as_csv());
    let run = |entry: &str, out: &str| {
        folder.meed(&["run", "p.meed", "--data", entry, "--out", out]).with(0);
        folder.read(&format!("{out}/payments.csv"))
    };
    let wanted = run("payment=payment.csv", "csv");
    assert_eq!(wanted.lines().count(), 8, "{wanted}");
    rows_in_sqlite(&folder.path().join("crm.db"));
    for (entry, out) in [
        ("payment=sqlite:crm.db?table=all \"payments\"", "sqlite"),
        (
            "payment=sqlite:crm.db?query=select * from \"all \"\"payments\"\"\" where amount <> 0 order by paid desc;",
            "query",
        ),
    ] {
        assert_eq!(run(entry, out), wanted, "{entry}");
        // It is not changed while it is read, so that the run can be done again.
        folder.meed(&["verify", &format!("{out}/run.json"), "p.meed"]).with(0);
        assert!(folder.read(&format!("{out}/run.json")).contains("sqlite:crm.db?"));
    }
    // As standard input, whatever it is.
    let csv = std::fs::read(folder.path().join("payment.csv")).expect("a table");
    let json: String = ROWS
        .iter()
        .map(|[id, paid, partner, amount, rate]| {
            let texts = [id, paid, partner].map(|text| format!("{text:?}").replace("\\u{", "\\u").replace('}', ""));
            let [id, paid, partner] = texts;
            format!("\n{{\"id\":{id},\"paid\":{paid},\"partner\":{partner},\"amount\":{amount},\"rate\":\"{rate}%\"}}")
        })
        .collect();
    for (name, bytes) in [
        ("csv", csv.clone()),
        ("gz", gzip(&csv)),
        ("zst", zstandard(&csv)),
        ("jsonl", json.clone().into_bytes()),
        ("jsonl-gz", gzip(json.as_bytes())),
    ] {
        let out = format!("in-{name}");
        folder.meed_on(&bytes, &["run", "p.meed", "--data", "payment=-", "--out", &out]).with(0);
        assert_eq!(folder.read(&format!("{out}/payments.csv")), wanted, "{name}");
        let said = folder.read(&format!("{out}/run.json"));
        assert!(said.contains("\"name\": \"-\"") && said.contains(&format!("\"size\": {}", bytes.len())), "{said}");
    }
    folder.meed(&["verify", "in-csv/run.json", "p.meed"]).with(2).says("name its file: --data payment=FILE");
    folder.meed(&["verify", "in-csv/run.json", "p.meed", "--data", "payment=payment.csv"]).with(0);
    // A project names databases from its own folder.
    folder.write("project/meed.toml", "program = \"../p.meed\"\nout = \"out\"\n[data]\npayment = \"sqlite:../crm.db?query=select * from \\\"all \\\"\\\"payments\\\"\\\"\\\"\"\n");
    folder.meed(&["run", "project"]).with(0);
    assert_eq!(folder.read("project/out/payments.csv"), wanted);
}

/// What is written in a format is read from it: a second program pays what the first one's payments are, with one digest.
#[test]
fn every_format_makes_the_round_trip() {
    let folder = Folder::new("formats-round");
    folder.write("p.meed", AGAIN).write("payment.csv", rows_as_csv());
    let second = "\
program second { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event line { key id   when closed   partner partner   amount money   paid_by text }
source line { no key   closed from \"when\"   partner from \"payee\"   paid_by from \"rule\" }
rule all { for each line   pay partner 100% of amount }
rule rated { for each line   where paid_by is \"rated\"   pay partner 50% of amount }
";
    let comma = second.replace("no key", "no key   amount from \"amount\" as \"1000,50\"");
    let run = |program: &str, entry: &str, out: &str, more: &[&str]| {
        folder.write("second.meed", program);
        folder.meed(&[&["run", "second.meed", "--data", entry, "--out", out], more].concat()).with(0);
        folder.read(&format!("{out}/totals.csv"))
    };
    let mut wanted = None;
    for (format, more, program) in [
        ("parquet", vec![], second),
        ("csv", vec!["--csv-formulas", "as-is"], second),
        ("jsonl", vec![], second),
        ("arrow", vec![], second),
        ("xlsx", vec![], second),
        ("csv", vec!["--csv-formulas", "as-is", "--csv", "sep=; decimal=, bom"], &comma),
        ("csv", vec!["--csv-formulas", "as-is", "--csv", "sep=tab decimal=,"], &comma),
        ("csv", vec!["--csv-formulas", "as-is", "--csv", "sep=|"], second),
        // Numbers of these are numbers, however texts are written.
        ("parquet", vec![], &comma),
        ("xlsx", vec![], &comma),
        ("arrow", vec![], &comma),
    ] {
        let first =
            [&["run", "p.meed", "--data", "payment=payment.csv", "--out", "first", "--format", format], &more[..]];
        folder.meed(&first.concat()).with(0);
        let entry = format!("line=first/payments.{format}");
        let second = run(program, &entry, "second", &[]);
        assert_eq!(second.lines().count(), 8, "{second}");
        assert_eq!(wanted.get_or_insert_with(|| second.clone()), &second, "{format} {more:?}");
        // The same bytes without a name.
        let bytes = std::fs::read(folder.path().join(format!("first/payments.{format}"))).expect("a table");
        folder.meed_on(&bytes, &["run", "second.meed", "--data", "line=-", "--out", "second"]).with(0);
        assert_eq!(folder.read("second/totals.csv"), second, "{format} {more:?}");
        // The first run is read back, and done again.
        let beside = ["run", "p.meed", "--data", "payment=payment.csv", "--out", "beside", "--paid", "first"];
        folder.meed(&beside).with(0).says("again: 0 differences, 0.00 USD");
        folder.meed(&["verify", "first/run.json", "p.meed"]).with(0);
        std::fs::remove_dir_all(folder.path().join("first")).expect("the folder goes");
    }
}

#[test]
fn what_is_wrong_with_a_database_or_standard_input_is_told() {
    let folder = Folder::new("formats-database-faults");
    folder.write("p.meed", AGAIN).write("payment.csv", rows_as_csv()).write("text.db", "no database, of enough bytes");
    let database = rusqlite::Connection::open(folder.path().join("crm.db")).expect("a database");
    database
        .execute_batch(
            "CREATE TABLE payment (id, paid, partner, amount, rate);
             INSERT INTO payment VALUES ('D1', '2026-01-05', 'ACME', 10.005, '1%'), ('D2', 20260105, x'41', 1e300, '1%');
             CREATE TABLE broken (id, paid, partner, amount, rate);
             INSERT INTO broken VALUES (CAST(x'ff' AS TEXT), '2026-01-05', 'ACME', 1, '1%');
             CREATE TABLE none (id, paid, partner, amount, rate);",
        )
        .expect("tables");
    drop(database);
    for (entries, code, words) in [
        (&["payment=sqlite:crm.db"][..], 2, "names a database and no table of it"),
        (&["payment=sqlite:crm.db?table="], 2, "say which rows: ?table=NAME"),
        (&["sqlite:crm.db?table=payment"], 2, "name its record: --data deal=sqlite:crm.db?table=payment"),
        (&["payment=sqlite:nothing.db?table=payment"], 3, "unable to open"),
        (&["payment=sqlite:text.db?table=payment"], 3, "not a database"),
        (
            &["payment=sqlite:crm.db?table=payments"],
            3,
            "no such table: payments; it has the tables broken, none, payment",
        ),
        (&["payment=sqlite:crm.db?query=selct 1"], 3, "syntax error"),
        (&["payment=sqlite:crm.db?query=delete from payment"], 3, "the query gives no rows"),
        (&["payment=sqlite:crm.db?query=select 1 as a, 2 as a"], 3, "two of its columns are called `a`"),
        (&["payment=sqlite:crm.db?query=select 1 as a; drop table payment"], 3, "more than one statement"),
        (&["payment=sqlite:crm.db?query=select id from payment"], 3, "`paid`"),
        (&["payment=sqlite:crm.db?table=broken"], 3, "row 1, column `id`: not UTF-8 text"),
        // Binary numbers have the digits that they show: these are too many for cents, or for any amount.
        (&["payment=sqlite:crm.db?table=payment"], 3, "value `10.005`: more than 2 decimals"),
        (&["payment=sqlite:crm.db?table=payment"], 3, "too large to be kept exactly"),
        (&["payment=sqlite:crm.db?table=payment"], 3, "value `20260105`: not a date"),
        (&["payment=crm.db"], 3, "sqlite:crm.db?table=NAME"),
        (
            &["payment=mysql://host/crm?table=payment"],
            3,
            "is not read: tables are files of this machine, or of SQLite and PostgreSQL",
        ),
        (&["payment=-", "payment=-"], 2, "is named twice"),
        (&["-"], 2, "name its record: --data deal=-"),
        (&["payment=-"], 3, "is empty: it has no header"),
    ] {
        let data = entries.iter().flat_map(|entry| ["--data", entry]);
        let arguments: Vec<&str> = ["run", "p.meed", "--out", "out"].into_iter().chain(data).collect();
        folder.meed_on(b"", &arguments).with(code).says(words);
        assert!(!folder.has("out/run.json"), "{entries:?}");
    }
    if cfg!(not(feature = "postgres")) {
        let run = ["run", "p.meed", "--out", "out", "--data", "payment=postgres://me:secret@host/crm?table=a"];
        let ended = folder.meed(&run).with(3).says("this build of Meed has no client of PostgreSQL");
        assert!(!ended.messages.contains("secret"));
    }
    // A table without rows has its columns, and pays nothing.
    folder.meed(&["run", "p.meed", "--out", "out", "--data", "payment=sqlite:crm.db?table=none"]).with(0);
    // Rejected rows are set aside; they are copied from files alone.
    let rejects = ["run", "p.meed", "--out", "aside", "--rejects", "r.csv", "--data"];
    let run = |entry| folder.meed(&[&rejects[..], &[entry]].concat()).with(0);
    run("payment=sqlite:crm.db?table=payment").says("are not copied: it is no file");
    assert!(folder.read("r.csv").contains("sqlite:crm.db?table=payment"));
    // The file of a database is no more written over than any other.
    folder
        .meed(&[&rejects[..4], &["--rejects", "crm.db", "--data", "payment=sqlite:crm.db?table=none"]].concat())
        .with(2);
    // Standard input is one table.
    folder.write(
        "two.meed",
        AGAIN.to_owned()
            + "event deal { key id   when paid   partner partner }\nrule d { for each deal   pay partner $1 }\n",
    );
    let two = ["run", "two.meed", "--out", "two", "--data", "payment=-", "--data", "deal=-"];
    folder.meed_on(&rows_as_csv(), &two).with(2).says("standard input is read as the table of `payment`");
}

#[test]
fn dialects_that_cannot_be_are_refused() {
    let folder = folder("dialects", "deal.csv", CSV);
    for (dialect, words) in [("decimal=,", "add sep=;"), ("sep=:", "none of sep=,"), ("semicolon", "none of sep=,")] {
        folder.meed(&["run", "p.meed", "--data", "data", "--out", "out", "--csv", dialect]).with(2).says(words);
    }
    folder.write("meed.toml", "program = \"p.meed\"\ndata = \"data\"\nout = \"out\"\ncsv = \"sep=; decimal=, bom\"\n");
    folder.meed(&["run", "--rejects", "r.csv"]).with(0);
    assert!(folder.read("out/totals.csv").starts_with("\u{feff}rule;payee_kind;payee;unit;period;amount\n"));
    assert!(folder.read("out/totals.csv").contains("share;partner;ACME;USD;2026-Q1;100,00\n"));
    assert!(folder.read("r.csv").starts_with("\u{feff}record;file;row;"));
    // The command line wins.
    folder.meed(&["run", "--csv", ""]).with(0);
    assert!(folder.read("out/totals.csv").contains("share,partner,ACME,USD,2026-Q1,100.00\n"));
    assert!(!folder.read("out/run.json").contains("\"csv\""));
}

/// A number of JSON, of a workbook or of a database is a number: how texts are written says nothing of it.
#[test]
fn numbers_are_plain_whatever_the_format_of_texts() {
    let folder = Folder::new("formats-numbers");
    folder.write(
        "p.meed",
        "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\n\
         event deal { key id   when closed_on   partner partner   weight number }\n\
         source deal { weight from \"weight\" as \"1.000,50\" }\nrule r { for each deal   pay partner $1 * weight }\n",
    );
    let row = |id: u32, weight: &str| {
        format!("{{\"id\":{id},\"closed_on\":\"2026-01-01\",\"partner\":\"A{id}\",\"weight\":{weight}}}\n")
    };
    // As a text it is a thousand, as a number little more than one; whatever stands beside it.
    folder.write("deal.jsonl", row(1, "1.125") + &row(2, "\"1.125\"") + &row(3, "\"2.500,25\"") + &row(4, "2.5"));
    folder.meed(&["run", "p.meed", "--data", "deal=deal.jsonl", "--out", "out"]).with(0);
    let totals = folder.read("out/totals.csv");
    for line in ["A1,USD,2026-Q1,1.12", "A2,USD,2026-Q1,1125.00", "A3,USD,2026-Q1,2500.25", "A4,USD,2026-Q1,2.50"] {
        assert!(totals.contains(line), "{totals}");
    }
}

/// SQLite keeps amounts in binary floating point: what it has is paid, or the row is rejected; nothing is rounded.
#[test]
fn binary_numbers_are_exact_or_rejected() {
    let folder = Folder::new("formats-binary");
    folder.write("p.meed", AGAIN);
    let database = rusqlite::Connection::open(folder.path().join("x.db")).expect("a database");
    database
        .execute_batch("CREATE TABLE payment (id, paid, partner REAL, amount DECIMAL(18, 2), rate)")
        .expect("a table");
    for (n, amount, paid) in [
        (0, "12345678901.25", Some("12345678901.25")),
        (1, "0.1 + 0.2", Some("0.30")),
        (2, "1234567890123.45", Some("1234567890123.45")),
        (3, "999999999999.99", Some("999999999999.99")),
        (4, "-0.07", Some("-0.07")),
        (5, "9007199254740991.0", Some("9007199254740991.00")),
        // What the number is has more decimals than there are cents: of 16 digits it cannot tell one amount from the next.
        (6, "99999999999999.99", None),
        (4, "12345678901234.56", None),
        (7, "1000000000000.005", None),
        (8, "1e308", None),
        (9, "0.005", None),
    ] {
        // Keys that are whole numbers of 16 digits, in a column that had a gap once.
        let key = 1_234_567_890_123_450_u64 + n;
        let insert =
            format!("DELETE FROM payment; INSERT INTO payment VALUES ('D', '2026-01-05', {key}.0, {amount}, '0%')");
        database.execute_batch(&insert).expect("a row");
        let run =
            ["run", "p.meed", "--print", "totals", "--print-as", "csv", "--data", "payment=sqlite:x.db?table=payment"];
        match paid {
            Some(paid) => {
                let out = folder.meed(&run).with(0).out;
                assert_eq!(out.lines().nth(1), Some(&*format!("again,partner,{key},USD,2026-Q1,{paid}")), "{amount}");
            }
            None => drop(folder.meed(&run).with(3)),
        }
    }
}

#[test]
fn a_password_is_in_no_message() {
    let folder = folder("passwords", "deal.csv", CSV);
    for entry in [
        "deal=postgres://me:s3cret@127.0.0.1:1/x",
        "deal=postgres://me:s3cret@127.0.0.1:1/x?tabel=deal",
        "deal=postgres://me:s3cret@127.0.0.1:1/x?query=",
        "deal=postgres://me:s3?cret@127.0.0.1:1/x?table=a",
        "deal=postgres://me@127.0.0.1:1/x?password=s3cret&table=a",
        "postgres://me:s3cret@127.0.0.1:1/x?table=deal",
        "deal=POSTGRES://me:s3cret@127.0.0.1:1/x?table=deal",
        "deal=postgres:/me:s3cret@127.0.0.1:1/x?table=deal",
        "deal=mysql://me:s3cret@127.0.0.1:1/x?table=deal",
    ] {
        let ended = folder.meed(&["run", "p.meed", "--data", entry, "--out", "out"]);
        assert!(ended.code == 2 || ended.code == 3, "{entry}: {}", ended.messages);
        assert!(!ended.messages.contains("s3") && !ended.messages.contains("cret"), "{entry}: {}", ended.messages);
    }
}

/// What is read is not written over, by whatever path it is named.
#[test]
fn what_is_read_is_never_written_over() {
    let folder = folder("over", "deal.csv", CSV);
    let database = rusqlite::Connection::open(folder.path().join("crm.db")).expect("a database");
    database.execute_batch("CREATE TABLE deal (id, closed_on, partner, amount, registered, remark)").expect("a table");
    for (entry, rejects) in [
        ("deal=data/deal.csv", "new/../data/deal.csv"),
        ("deal=data/deal.csv", "new/./../data/./deal.csv"),
        ("deal=sqlite:crm.db?table=deal", "new/../crm.db"),
        ("deal=sqlite:crm.db?table=deal", "crm.db"),
        ("deal=sqlite:crm.db?table=deal", "crm.db-wal"),
        ("deal=sqlite:crm.db?table=deal", "crm.db-journal"),
    ] {
        let run = ["run", "p.meed", "--data", entry, "--out", "new", "--rejects", rejects];
        folder.meed(&run).with(2).says("is read by this run, and would be written over");
        assert!(!folder.has("new") && !folder.has("crm.db-wal") && !folder.has("crm.db-journal"), "{rejects}");
    }
    assert_eq!(folder.read("data/deal.csv"), CSV);
}

#[test]
fn bytes_without_a_name_are_unpacked_once() {
    let folder = Folder::new("formats-packed-twice");
    folder.write("p.meed", AGAIN);
    let nested = (0..2_000).fold(rows_as_csv(), |bytes, _| gzip(&bytes));
    let run = ["run", "p.meed", "--data", "payment=-", "--out", "out"];
    folder.meed_on(&nested, &run).with(3);
    folder.meed_on(b"[{\"id\": 1}]", &run).with(3).says("is one list of JSON");
    // A name that says what is packed is believed.
    folder.write("payment.arrow.gz", gzip(&rows_as_csv()));
    folder
        .meed(&["run", "p.meed", "--data", "payment=payment.arrow.gz", "--out", "out"])
        .with(3)
        .says("not readable Arrow");
    // What is no JSON is told as such, and not as a table without columns.
    for (text, words) in [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("{\"id\":NaN}\n", "line 1 is not one JSON object"),
        ("id\n1\n", "line 1 is not"),
    ] {
        folder.write("payment.jsonl", text);
        folder.meed(&["run", "p.meed", "--data", "payment=payment.jsonl", "--out", "out"]).with(3).says(words);
    }
}

/// A run is done again as it was, whatever the project says now.
#[test]
fn a_run_in_a_dialect_is_verified() {
    let folder = folder("dialect-again", "deal.csv", CSV.replace("ACME", "=ACME") + "D9,2026-01-05,,1,yes,\n");
    folder.write("meed.toml", "program = \"p.meed\"\ndata = \"data\"\nout = \"out\"\n");
    let run = |more: &[&str]| folder.meed(&[&["run", "--rejects", "out/r.csv"], more].concat()).with(0);
    for more in [&[][..], &["--format", "parquet"], &["--csv", "sep=;"], &["--format", "parquet", "--csv", "sep=;"]] {
        run(more);
        for csv in ["", "csv = \"sep=tab decimal=, bom\"\n"] {
            let settings = format!("program = \"p.meed\"\ndata = \"data\"\nout = \"out\"\n{csv}");
            folder.write("meed.toml", settings);
            folder.meed(&["verify", "out/run.json"]).with(0);
        }
    }
    folder.write("meed.toml", "program = \"p.meed\"\ndata = \"data\"\nout = \"out\"\n");
    // A table that is printed too is counted once, and marks of what is only printed are not told.
    run(&["--out", "out", "--print", "payments", "--print-as", "csv"]).says("4 cells begin like formulas");
    let ended = run(&["--out", "out", "--format", "arrow", "--print", "payments", "--print-as", "csv"]);
    assert!(!ended.messages.contains("cells begin like formulas"), "{}", ended.messages);
}
