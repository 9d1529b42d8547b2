"""What the book costs: program P over generated deals is settled into a new book, once more, and with 1% of the deals changed.

    book.py [ROWS] [--bin DIR]

Times are those of whole processes, peak memory what the system reports for them; ten million deals by default. The second settlement
must find nothing that is different, and `book check` must be green after the last. Builds nothing:
`cargo build --release -p meed-cli -p meed-bench` comes before. Needs polars, which changes the deals. Prints a Markdown table.
"""

import argparse
import tempfile
from pathlib import Path

import polars

from processes import run

ROOT = Path(__file__).resolve().parent.parent


def changed(data):
    """The deals with another amount in each hundredth of them."""
    deals = polars.read_parquet(data / "deals.parquet")
    kind = deals.schema["amount"]
    more = polars.when(polars.col("deal_id") % 100 == 37).then(polars.col("amount") + 10).otherwise(polars.col("amount"))
    deals.with_columns(more.cast(kind)).write_parquet(data / "changed.parquet")
    return data / "changed.parquet"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release")
    options = parser.parse_args()
    meed, generator = options.bin / "meed", options.bin / "meed-bench"
    with tempfile.TemporaryDirectory(prefix="meed-book-") as place:
        data = Path(place)
        run([generator, "generate", str(options.rows), data], data)
        book = data / "book.db"
        tables = [word for name in ["partner", "product", "rep"] for word in ["--data", f"{name}={data / name}.parquet"]]

        def measured(what, words, expected=None):
            wall, peak, _ = run([meed, *words, "--book", book], data, threads=2)
            if expected is not None and expected not in (data / "err").read_text():
                raise RuntimeError(f"{what}: `{expected}` is not said")
            size = book.stat().st_size / 1e6
            print(f"| {what} | {wall:.1f} | {peak / 1024:.0f} | {size:.0f} |", flush=True)

        def settle(deals):
            words = ["settle", data / "settlement.meed", "--data", f"deal={deals}", *tables]
            return [*words, "--approved-by", "bench", "--on", "2026-12-31"]

        run([meed, "book", "new", "--book", book, "--on", "2026-01-01"], data)
        print(f"{options.rows:,} deals\n\n| | seconds | peak MiB | file MB |\n| --- | ---: | ---: | ---: |")
        measured("first settlement", settle(data / "deals.parquet"), "it is posted")
        measured("the same again", settle(data / "deals.parquet"), "nothing is different")
        measured("1% of the deals changed", settle(changed(data)), "it is posted")
        measured("check", ["book", "check"], "add up")
        measured("payables", ["book", "payables"])
        measured("paid", ["book", "paid", "--reference", "bench", "--on", "2026-12-31"])


if __name__ == "__main__":
    main()
