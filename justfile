# What CI runs.
check:
    .ci/run

test:
    cargo test --workspace

# Program P against hand-written Rust, DuckDB and Polars.
bench rows="10000000":
    cargo build --release -p meed-cli -p meed-bench
    python3 bench/run.py {{rows}}
