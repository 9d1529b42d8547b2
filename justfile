# What CI runs.
check:
    .ci/run

test:
    cargo test --workspace

# Both engines over generated programs; a seed that differs is named with its program.
fuzz from="10000" to="12000":
    MEED_FROM={{from}} MEED_TO={{to}} cargo test --release --workspace --test engines -- --ignored --nocapture

# Generated programs of these seeds against the evaluator in `tests/oracle`; takes `0..20000`.
oracle seeds="0..2000":
    #!/usr/bin/env bash
    set -euo pipefail
    seeds="{{seeds}}"
    MEED_FROM="${seeds%..*}" MEED_TO="${seeds#*..}" cargo test --release --workspace --test oracle -- --ignored --nocapture

# Kills runs at every call of the system that matters, and at random: the folder must show one whole run after each.
kill-runs kills="100":
    cargo build -p meed-cli
    python3 tests/kill_runs.py --kills {{kills}}

# Every literal of every program, put in place of by numbers that nobody writes.
literals:
    cargo test --release --workspace --test literals -- --ignored --nocapture

# Program P against hand-written Rust, DuckDB and Polars.
bench rows="10000000":
    cargo build --release -p meed-cli -p meed-bench
    python3 bench/run.py {{rows}} --shapes

# What each construct costs per row and rule, at 100 thousand, one and four million rows; both engines agree.
bench-constructs:
    cargo build --release -p meed-cli
    python3 bench/constructs.py

# The systems of `examples/` over about so many generated events.
bench-systems events="1000000":
    cargo build --release -p meed-cli
    python3 bench/systems.py --events {{events}}

# What the book costs over so many deals.
bench-book rows="10000000":
    cargo build --release -p meed-cli -p meed-bench
    python3 bench/book.py {{rows}}

# From text to machine code and to the first payment, for 1 to 1,000 rules; and how checking grows with texts of each kind.
bench-compile:
    cargo run --release -p meed-runtime --example compile

# Rewrite expected blocks of the cases; read the diff as if it were money.
bless:
    BLESS=1 cargo test --workspace --test suite || true

# The book on a PostgreSQL server, and its journals before hledger and Beancount; what is missing of them is a failure.
book:
    cargo test -p meed-cli --features postgres --test book_periods -- --include-ignored

# 300,000 rows with seven-digit keys in ten orders, every way: one digest, and totals as Python works them out.
keys rows="300000":
    cargo build --release -p meed-cli
    python3 tests/trials/keys.py target/release/meed {{rows}}

# Tables read from a PostgreSQL server of its own.
postgres:
    cargo test -p meed-cli --features postgres --test postgres_tables -- --include-ignored

# The packages, and each of them installed in a root that has nothing else; as root, with debootstrap.
packages:
    python3 packages/build.py
    python3 packages/prove.py target/packages/out
