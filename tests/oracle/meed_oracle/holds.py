"""Small sums wait in the account of a party until they are worth a payment (runs.md, "Held until it is worth a payment")."""

from fractions import Fraction

from .expressions import evaluate
from .periods import WORDS
from .scope import Scope
from .tables import key_order
from .tree import form, path_names

WAITS = "waits"


def hold(run):
    """When what was booked is due: by its place in `run.booked` a day, `WAITS`, or nothing where a rule holds nothing."""
    accounts, dues = {}, [None] * len(run.booked)
    for place, (line, booked, *_) in enumerate(run.booked):
        said = _hold_of(run, line)
        if said is None or line.is_accrual:
            continue
        party = _party(run, line, said)
        if party is not None:
            accounts.setdefault((*party, line.unit.code), (said, []))[1].append((_order(run, line, booked), place))
    for said, places in accounts.values():
        places.sort(key=lambda one: one[0])
        _carry(run, said, [(order[0], place) for order, place in places], dues)
    return dues


def _hold_of(run, line):
    version = next(one for one in run.program.rules[line.rule] if one.number == line.version)
    clauses = [form(clause["kind"]) for clause in version.clauses]
    return next((content for name, content in clauses if name == "hold"), None)


def _party(run, line, said):
    """Whose account it is, with the words that name it; nobody's where a field on the way is missing."""
    names = path_names(said["per"][0])
    if names == ["payee"]:
        return "payee", line.payee.record.name, line.payee.key_text()
    if names[0] == line.payee.record.name:
        names = names[1:]
    party = line.payee
    for name in names:
        party = party.values.get(name)
        if party is None:
            return None
    return ".".join(names), party.record.name, party.key_text()


def _order(run, line, booked):
    """The one order: by the day on which it is booked, events as declared, then periods from short to long, then rules as written."""
    day = line.when if booked == line.period else min(run.program.calendar.own(booked)[1], run.through)
    records, rules = list(run.program.records), list(run.program.rules)
    kind = 0 if line.source.record.is_event else 1 + WORDS.index(line.period.word)
    row = (line.when, line.source.instant) if line.source.record.is_event and line.when == line.source.when else (line.when,)
    return day, kind, records.index(line.source.record.name), row, key_order(line.source.key), rules.index(line.rule)


def _carry(run, said, lines, dues):
    until = evaluate(said["until"], Scope(run))
    total, waiting = 0, []
    for idx, (day, place) in enumerate(lines):
        line = run.booked[place][0]
        total += Fraction(line.smallest, 10**line.unit.decimals)
        waiting.append(place)
        if said["paid_per"] is not None:
            period = run.program.calendar.period_of(said["paid_per"]["text"], day)
            end = run.program.calendar.own(period)[1]
            is_last = idx + 1 == len(lines) or run.program.calendar.period_of(said["paid_per"]["text"], lines[idx + 1][0]) != period
            day = end if is_last and end <= run.through else None
        if day is not None and total >= until:
            for one in waiting:
                dues[one] = day
            total, waiting = 0, []
    for one in waiting:
        dues[one] = WAITS
    if said["all_at_end"] is not None and run.through >= run.program.last and total > 0:
        for one in waiting:
            dues[one] = max(lines[-1][0], run.program.last)

