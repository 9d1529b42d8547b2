"""A program that is settled at the ends of periods (runs.md, "Settled period by period")."""

from dataclasses import replace
from datetime import timedelta

from .settle import Run


def ends(program, through):
    """The closes of a run through a day: (day, the period that holds it); the last is the run's own day."""
    calendar, kind, found = program.calendar, program.settled, []
    day = program.first
    while True:
        period = calendar.period_of(kind, day)
        end = min(period.last, program.last) if day <= program.last else period.last
        if end >= through:
            break
        found.append((end, period))
        day = end + timedelta(days=1)
    return [*found, (through, calendar.period_of(kind, through))]


def book(job, whole):
    """What each close books: (line, amount, place, period, what it was before or None, reason)."""
    program, found, was, before = whole.program, [], {}, None
    for day, period in ends(program, whole.through):
        is_last = day == whole.through
        run = whole if is_last else Run(*job[:2], day, *job[2:])
        now = {}
        for rule in run.rules.values():
            for line in rule.lines:
                if is_last or line.source.record.is_event or _own_end(program, line) <= day:
                    now.setdefault(_row(line), {}).setdefault(_party(line), []).append(line)
        for row in [*now, *(row for row in was if row not in now)]:
            new, old = now.get(row, {}), was.get(row, {})
            for party in [*new, *(party for party in old if party not in new)]:
                lines = new.get(party, old.get(party))
                is_settled = before is not None and _own_end(program, lines[0]) <= before
                booked = period if is_settled else lines[0].period
                if party not in old:
                    found.extend((line, line.smallest, booked, 0, is_settled, day) for line in lines)
                    continue
                sums = [sum(line.smallest for line in side.get(party, [])) for side in (old, new)]
                if sums[0] != sums[1]:
                    found.append((lines[0], sums[1] - sums[0], booked, sums[0], is_settled, day))
        was, before = now, day
    return [
        (replace(line, smallest=amount), booked, was_sum, is_settled, closed_on if is_settled else None)
        for line, amount, booked, was_sum, is_settled, closed_on in found
    ]


def _row(line):
    return line.rule, line.source.record.name, line.source.key_text(), None if line.source.record.is_event else line.period


def _party(line):
    return line.payee.record.name, line.payee.key_text(), line.unit.code, line.due


def _own_end(program, line):
    return min(line.period.last, program.last)
