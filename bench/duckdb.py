"""Program P in DuckDB, from Parquet to written payments, in the SQL that an expert would write.

    duckdb.py DIR [--lines OUT.parquet] [--threads N] [--bounty DOLLARS]

Money is integer cents and every rounding is half to even on whole numbers; no value is ever a float. Prints rows, lines,
seconds by stage and peak memory as JSON. The stages are `decode` (Parquet to tables), `rules_and_lines` (tables to a table
of lines) and `write` (the sorted payments as Parquet, where asked for).
"""

import sys

# This file is named like the module it needs, and Python would look beside the file first.
sys.path.pop(0)

import argparse
import json
import resource
import time

import duckdb

RULES = [
    ("registered_deals", "partner"),
    ("new_customers", "rep"),
    ("volume_rebate", "partner"),
    ("year_accelerator", "rep"),
    ("family_spiff", "rep"),
]


def bands(cents, first, second):
    """What a sum has earned in units of the first band's rate: once, twice, three times; nothing below zero."""
    return f"(greatest({cents}, 0) + greatest({cents} - {first}, 0) + greatest({cents} - {second}, 0))"


def half_even(amount, divisor):
    """amount / divisor to the nearest whole number, halves to even; SQL divides toward zero, so the sign goes apart."""
    whole, twice = f"(abs({amount}) // {divisor})", f"(2 * (abs({amount}) % {divisor}))"
    up = f"({twice} > {divisor} or ({twice} = {divisor} and {whole} % 2 = 1))::bigint"
    return f"(sign({amount})::bigint * ({whole} + {up}))"


def decode(folder):
    """Tables of what the rules read."""
    return f"""
    create table partner as
        select partner_id, tier in ('gold', 'platinum') and certified_engineers >= 2 as earns_rebate
        from '{folder}/partner.parquet';
    create table rep as select rep_id, certified_until from '{folder}/rep.parquet';
    create table deal as
        select deal_id, closed_on, date_part('quarter', closed_on)::tinyint as quarter, d.partner_id, d.rep_id, customer_id,
               kind = 'sale' as is_sale, (amount * 100)::bigint as cents, registered,
               case when kind = 'sale' and closed_on between date '2026-04-06' and date '2026-05-17'
                     and p.family in ('FAM-03', 'FAM-07', 'FAM-11') then quantity else 0 end as spiff_units
        from '{folder}/deals.parquet' d join '{folder}/product.parquet' p using (product);
    """


def evaluate(bounty):
    """One table of lines per rule: payee, deal, date and cents. Ordered rules use windows by customer and by rep."""
    year = bands("sold", 25_000_000, 100_000_000)
    year_before = bands("(sold - cents)", 25_000_000, 100_000_000)
    volume = bands("sum(cents)", 10_000_000, 50_000_000)
    return f"""
    create table lines_1 as
        select partner_id as payee, deal_id, closed_on, {half_even("cents", 50)} as paid
        from deal where registered and cents >= 100000;
    create table lines_2 as
        with firsts as (
            select min({{'on': closed_on, 'deal': deal_id, 'rep': rep_id, 'quarter': quarter}}) as first
            from deal where is_sale group by customer_id),
        counted as (
            select first.rep as payee, first.deal as deal_id, first.on as closed_on,
                   {bounty} * row_number() over (partition by first.rep, first.quarter order by first.on, first.deal) as after
            from firsts)
        select payee, deal_id, closed_on, least(after, 500000) - least(after - {bounty}, 500000) as paid
        from counted where after - {bounty} < 500000;
    create table lines_3 as
        with sums as (
            select partner_id, quarter, {volume}::bigint as earned
            from deal semi join (from partner where earns_rebate) using (partner_id) group by partner_id, quarter)
        select partner_id as payee, null::bigint as deal_id,
               (make_date(2026, 3 * quarter - 2, 1) + interval 3 months - interval 1 day)::date as closed_on,
               {half_even("earned", 100)} as paid
        from sums;
    create table lines_4 as
        with running as (
            select rep_id, deal_id, closed_on, cents,
                   sum(cents) over (partition by rep_id order by closed_on, deal_id rows unbounded preceding)::bigint as sold
            from deal),
        earned as (
            select rep_id, deal_id, closed_on, {year} - {year_before} as earned
            from running join rep using (rep_id) where certified_until >= closed_on)
        select rep_id as payee, deal_id, closed_on, {half_even("earned", 200)} as paid from earned;
    create table lines_5 as
        select rep_id as payee, deal_id, closed_on, 2500 * spiff_units::bigint as paid from deal where spiff_units > 0;
    """


def write(path):
    """The payments of all rules with Meed's columns, sorted by rule, payee, date and deal."""
    lines = " union all ".join(f"select {number}::tinyint as rule, * from lines_{number}" for number in range(1, 6))
    per_rule = lambda values: "[" + ", ".join(f"'{value}'" for value in values) + "][rule]"
    return f"""
    copy (
        select {per_rule(name for name, _ in RULES)} as rule, date '2026-01-01' as version,
               {per_rule(payee_kind for _, payee_kind in RULES)} as payee_kind, payee::varchar as payee, 'USD' as unit,
               (paid::decimal(16, 0) * 0.01)::decimal(18, 2) as amount,
               case when rule = 3 then '' else 'deal' end as event, coalesce(deal_id::varchar, '') as key,
               closed_on as when, '2026-Q' || date_part('quarter', closed_on) as period, closed_on as due,
               false as accrual
        from (from ({lines}) where paid <> 0 order by rule, payee, closed_on, deal_id)
    ) to '{path}' (format parquet, compression snappy)"""


def main():
    parser = argparse.ArgumentParser(description="Program P in DuckDB.")
    parser.add_argument("dir")
    parser.add_argument("--lines")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bounty", type=int, default=500)
    arguments = parser.parse_args()

    started = time.perf_counter()
    seconds = {}

    def stage(name, sql):
        before = time.perf_counter()
        connection.execute(sql)
        seconds[name] = f"{time.perf_counter() - before:.6f}"

    connection = duckdb.connect(config={"threads": arguments.threads})
    stage("decode", decode(arguments.dir))
    stage("rules_and_lines", evaluate(arguments.bounty * 100))
    if arguments.lines:
        stage("write", write(arguments.lines))
    seconds["all"] = f"{time.perf_counter() - started:.6f}"
    count = lambda table: connection.execute(f"select count(*) from {table}").fetchone()[0]
    report = {
        "rows": count("deal"),
        "lines": sum(count(f"lines_{number} where paid <> 0") for number in range(1, 6)),
        "seconds": seconds,
        "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
