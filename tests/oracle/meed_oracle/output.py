"""The tables that come out (runs.md, "What a run writes"): every cell as text, rows in no order that matters."""

from .values import money_text, value_text

PAYMENTS = "rule version payee_kind payee unit amount event key when period accrual".split()
DECISIONS = "rule version of key period name value".split()
TOTALS = "rule payee_kind payee unit period amount".split()
REJECTS = "record row column value".split()


def payments(run):
    """A row for each payment."""
    program, found = run.program, []
    for rule in run.rules.values():
        for line in rule.lines:
            is_event = line.source.record.is_event
            found.append(
                [
                    line.rule,
                    str(line.version),
                    line.payee.record.name,
                    line.payee.key_text(),
                    line.unit.code,
                    money_text(line.smallest, line.unit.decimals),
                    line.source.record.name if is_event else "",
                    line.source.key_text() if is_event else "",
                    value_text(line.when),
                    program.calendar.name(line.period),
                    "yes" if line.is_accrual else "no",
                ]
            )
    return found


def totals(run):
    """A row for each rule, payee, unit and period; a total of zero is none."""
    program, sums, decimals = run.program, {}, {}
    for rule in run.rules.values():
        for line in rule.lines:
            key = (
                line.rule,
                line.payee.record.name,
                line.payee.key_text(),
                line.unit.code,
                program.calendar.name(line.period),
            )
            sums[key] = sums.get(key, 0) + line.smallest
            decimals[line.unit.code] = line.unit.decimals
    return [[*key, money_text(smallest, decimals[key[3]])] for key, smallest in sums.items() if smallest]


def decisions(run):
    """A row for each value that a rule set."""
    name = run.program.calendar.name
    return [
        [rule, str(version), row.record.name, row.key_text(), name(period), what, value_text(value)]
        for rule, version, row, period, what, value in run.decisions
    ]


def rejects(run):
    """A row for each rejected cell."""
    return [[record, str(number), column, value] for record, number, column, value in run.tables.rejects]
