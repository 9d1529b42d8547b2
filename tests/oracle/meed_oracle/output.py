"""The tables that come out (runs.md, "What a run writes"): every cell as text, rows in no order that matters."""

from .holds import WAITS
from .values import money_text, value_text

PAYMENTS = "rule version payee_kind payee unit amount event key place when period booked due accrual".split()
MOVEMENTS = "balance key lot when kind unit amount left rule event event_key".split()
HELD = "rule payee_kind payee unit amount event key place period".split()
CREDITS = "rule version event key place found found_key payee share base unit amount".split()
UNCREDITED = "rule version event key place unit amount".split()
DIFFERENCES = "rule payee_kind payee unit event key period due was is amount booked".split()
DECISIONS = "rule version of key period name value".split()
TOTALS = "rule payee_kind payee unit period amount".split()
REJECTS = "record row column value".split()


def payments(run):
    """A row for each payment."""
    program, found = run.program, []
    for (line, booked, *_), due in zip(run.booked, run.dues):
        if due == WAITS:
            continue
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
                str(line.place),
                value_text(line.when),
                program.calendar.name(line.period),
                program.calendar.name(booked),
                "" if due is None else value_text(due),
                "yes" if line.is_accrual else "no",
            ]
        )
    return found


def credits(run):
    """A row for each row that a split found."""
    found = []
    for rule, version, source, place, row, payee, share, base, unit, smallest in run.credits:
        is_payment = hasattr(row, "smallest")
        found.append(
            [
                *(rule, str(version), source.record.name, source.key_text(), str(place)),
                *(("payment", row.source.key_text()) if is_payment else (row.record.name, row.key_text())),
                *("" if payee is None else payee.key_text(), value_text(share), value_text(base)),
                *(unit.code, money_text(smallest, unit.decimals)),
            ]
        )
    return found


def uncredited(run):
    """A row for each part of a split that nobody gets."""
    return [
        [rule, str(version), source.record.name, source.key_text(), str(place), unit.code, money_text(smallest, unit.decimals)]
        for rule, version, source, place, unit, smallest in run.uncredited
    ]


def differences(run):
    """A row for each sum of an earlier period that a close changed, but for the reason."""
    name, sums = run.program.calendar.name, {}
    for line, booked, before, is_settled, _ in run.booked:
        if is_settled:
            names = (line.rule, line.payee.record.name, line.payee.key_text(), line.unit.code, line.source.record.name)
            # Several parts of a party that is new are one difference.
            due = "" if line.due is None else value_text(line.due)
            key = (*names, line.source.key_text(), name(line.period), due, name(booked))
            known = sums.setdefault(key, [before, 0, line.unit.decimals])
            known[1] += line.smallest
    found = []
    for (*names, booked), (before, change, decimals) in sums.items():
        found.append([*names, *(money_text(amount, decimals) for amount in (before, before + change, change)), booked])
    return found


def held(run):
    """A row for each payment that waits."""
    found = []
    for (line, *_), due in zip(run.booked, run.dues):
        if due == WAITS:
            is_event = line.source.record.is_event
            names = [line.rule, line.payee.record.name, line.payee.key_text(), line.unit.code]
            source = [line.source.record.name, line.source.key_text()] if is_event else ["", ""]
            amount = money_text(line.smallest, line.unit.decimals)
            found.append([*names, amount, *source, str(line.place), run.program.calendar.name(line.period)])
    return found


def movements(run):
    """A row for each change of a balance."""

    def name(by):
        rule, source, period = by
        return source.key_text() if period is None else run.program.calendar.name(period)

    found = []
    for balance in run.balances.values():
        for owner, lot, when, kind, amount, left, by in balance.movements:
            decimals = balance.unit.decimals
            found.append(
                [
                    balance.name,
                    "" if owner is None else owner.key_text(),
                    "" if lot is None else name(lot),
                    value_text(when),
                    kind,
                    balance.unit.code,
                    money_text(amount, decimals),
                    money_text(left, decimals),
                    "" if by is None else by[0],
                    "" if by is None or by[2] is not None else by[1].record.name,
                    "" if by is None or by[2] is not None else by[1].key_text(),
                ]
            )
    return found


def totals(run):
    """A row for each rule, payee, unit and period; a total of zero is none."""
    program, sums, decimals = run.program, {}, {}
    for (line, booked, *_), due in zip(run.booked, run.dues):
        if due == WAITS:
            continue
        key = (
            line.rule,
            line.payee.record.name,
            line.payee.key_text(),
            line.unit.code,
            program.calendar.name(booked),
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
