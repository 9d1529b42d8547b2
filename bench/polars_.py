"""Program P in Polars, from Parquet to written payments, by lazy frames.

    polars_.py DIR [--lines OUT.parquet] [--threads N] [--bounty DOLLARS]

Money is integer cents and every rounding is half to even on whole numbers; no value is ever a float. Prints rows, lines,
seconds by stage and peak memory as JSON. The stages are `decode` (Parquet to frames), `rules_and_lines` (frames to the
lines of each rule) and `write` (the sorted payments as Parquet, where asked for).
"""

import argparse
import json
import os
import resource
import time

parser = argparse.ArgumentParser(description="Program P in Polars.")
parser.add_argument("dir")
parser.add_argument("--lines")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--bounty", type=int, default=500)
arguments = parser.parse_args()

# Polars reads the number of threads once, when it is imported.
os.environ["POLARS_MAX_THREADS"] = str(arguments.threads)

from datetime import date

import polars as pl
from polars import col, lit

RULES = [
    ("registered_deals", "partner"),
    ("new_customers", "rep"),
    ("volume_rebate", "partner"),
    ("year_accelerator", "rep"),
    ("family_spiff", "rep"),
]
CAP = 500_000
QUARTER_ENDS = [date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31)]


def bands(cents, first, second):
    """What a sum has earned in units of the first band's rate: once, twice, three times; nothing below zero."""
    above = lambda start: (cents - start).clip(lower_bound=0)
    return above(0) + above(first) + above(second)


def half_even(amount, divisor):
    """amount / divisor to the nearest whole number, halves to even; `//` and `%` go toward minus infinity."""
    whole, twice = amount // divisor, 2 * (amount % divisor)
    up = (twice > divisor) | ((twice == divisor) & (whole % 2 != 0))
    return whole + up.cast(pl.Int64)


def decode(folder):
    """Frames of what the rules read: deals in order, partners that earn a rebate, reps."""
    read = lambda name: pl.scan_parquet(f"{folder}/{name}.parquet")
    partner = read("partner").filter(col("tier").cast(pl.String).is_in(["gold", "platinum"]), col("certified_engineers") >= 2)
    spiff = read("product").filter(col("family").is_in(["FAM-03", "FAM-07", "FAM-11"])).collect()["product"]
    is_sale = col("kind").cast(pl.String) == "sale"
    in_spiff = (
        is_sale
        & col("closed_on").is_between(date(2026, 4, 6), date(2026, 5, 17))
        & col("product").cast(pl.String).is_in(spiff.cast(pl.String).to_list())
    )
    deal = read("deals").select(
        "deal_id", "closed_on", "partner_id", "rep_id", "customer_id", "registered",
        quarter=col("closed_on").dt.quarter(),
        is_sale=is_sale,
        cents=(col("amount") * 100).cast(pl.Int64),
        spiff_units=pl.when(in_spiff).then(col("quantity")).otherwise(0).cast(pl.Int64),
    )
    return deal.sort("closed_on", "deal_id").collect(), partner.select("partner_id").collect(), read("rep").collect()


def evaluate(deal, partner, rep, bounty):
    """The lines of each rule: payee, deal, date and cents."""
    lines = lambda frame, payee, paid: (
        frame.select(payee=payee, deal_id=col("deal_id"), when=col("closed_on"), paid=paid)
        .filter(col("paid") != 0)
        .sort("payee", maintain_order=True)
        .collect()
    )
    ordered = deal.lazy()
    registered = ordered.filter(col("registered") & (col("cents") >= 100_000))
    first = ordered.filter("is_sale").unique("customer_id", keep="first", maintain_order=True)
    sum_after = bounty * (pl.int_range(pl.len(), dtype=pl.Int64).over("rep_id", "quarter") + 1)
    capped = pl.min_horizontal(sum_after, CAP) - pl.min_horizontal(sum_after - bounty, CAP)
    volume = bands(col("cents").sum(), 10_000_000, 50_000_000)
    rebate = (
        ordered.join(partner.lazy(), on="partner_id", how="semi")
        .group_by("partner_id", "quarter")
        .agg(earned=volume)
        .sort("quarter")
        .with_columns(
            deal_id=lit(None, deal.schema["deal_id"]),
            closed_on=col("quarter").replace_strict(range(1, 5), QUARTER_ENDS, return_dtype=pl.Date),
        )
    )
    sold = col("sold")
    running = (
        ordered.select("rep_id", "deal_id", "closed_on", "cents", sold=col("cents").cum_sum().over("rep_id"))
        .join(rep.lazy().select("rep_id", "certified_until"), on="rep_id", maintain_order="left")
        .filter(col("certified_until") >= col("closed_on"))
    )
    year = bands(sold, 25_000_000, 100_000_000) - bands(sold - col("cents"), 25_000_000, 100_000_000)
    return [
        lines(registered, col("partner_id"), half_even(col("cents"), 50)),
        lines(first, col("rep_id"), capped),
        lines(rebate, col("partner_id"), half_even(col("earned"), 100)),
        lines(running, col("rep_id"), half_even(year, 200)),
        lines(ordered.filter(col("spiff_units") > 0), col("rep_id"), 2500 * col("spiff_units")),
    ]


def payments(rules):
    """The payments of all rules with Meed's columns, rule by rule."""
    parts = [
        lines.lazy().select(
            rule=lit(name),
            version=lit(date(2026, 1, 1)),
            payee_kind=lit(payee_kind),
            payee=col("payee").cast(pl.String),
            unit=lit("USD"),
            amount=(col("paid").cast(pl.Decimal(18, 0)) * lit("0.01").cast(pl.Decimal(18, 2))).cast(pl.Decimal(18, 2)),
            event=lit("" if name == "volume_rebate" else "deal"),
            key=col("deal_id").cast(pl.String).fill_null(""),
            when=col("when"),
            period=lit("2026-Q") + col("when").dt.quarter().cast(pl.String),
            due=col("when"),
            accrual=lit(False),
        )
        for (name, payee_kind), lines in zip(RULES, rules)
    ]
    return pl.concat(parts)


def main():
    started = time.perf_counter()
    frames = decode(arguments.dir)
    decoded = time.perf_counter()
    rules = evaluate(*frames, arguments.bounty * 100)
    evaluated = time.perf_counter()
    seconds = {"decode": decoded - started, "rules_and_lines": evaluated - decoded}
    if arguments.lines:
        payments(rules).sink_parquet(arguments.lines, compression="snappy")
        seconds["write"] = time.perf_counter() - evaluated
    seconds["all"] = time.perf_counter() - started
    report = {
        "rows": frames[0].height,
        "lines": sum(lines.height for lines in rules),
        "seconds": {name: f"{time:.6f}" for name, time in seconds.items()},
        "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
