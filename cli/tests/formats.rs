//! Files in other formats than plain CSV: packed text and JSON lines pay what the same rows in CSV do, or say why they cannot be read.

mod support;

use std::io::Write;
use support::Folder;

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

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text).expect("memory has room");
    packed.finish().expect("memory has room")
}

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
    for format in ["csv", "parquet", "xlsx"] {
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
            ended.says("is not read: tables are files of this machine").says(help);
        }
    }
}
