"""Small sums wait in the account of a party until they are worth a payment (runs.md, "Held until it is worth a payment")."""

from fractions import Fraction

from .expressions import evaluate
from .periods import WORDS
from .scope import Scope
from .tables import key_order
from .tree import expression, form, path_names

WAITS = "waits"


def hold(run):
    """When what was booked is due: by its place in `run.booked` a day, `WAITS`, or nothing where a rule holds nothing."""
    accounts, dues = {}, [line.due for line, *_ in run.booked]
    holding = [name for name, versions in run.program.rules.items() if any(_says_hold(version) for version in versions)]
    for place, (line, _, _, _, closed_on) in enumerate(run.booked):
        said = _hold_of(run, line)
        if said is None or line.is_accrual:
            continue
        party = _party(run, line, said)
        if party is not None:
            accounts.setdefault((*party, line.unit.code), (said, []))[1].append((order_of(run, line, closed_on, holding), place))
    for said, places in accounts.values():
        places.sort(key=lambda one: one[0])
        _carry(run, said, [(*order[:2], place) for order, place in places], dues)
    return dues


def _version(run, line):
    return next(one for one in run.program.rules[line.rule] if one.number == line.version)


def _hold_of(run, line):
    clauses = [form(clause["kind"]) for clause in _version(run, line).clauses]
    return next((content for name, content in clauses if name == "hold"), None)


def beyond_payee(names, clauses, kinds):
    """What of a path leads on from the payee, who is called as the rule does or by the kind of party."""
    for name, content in (form(clause["kind"]) for clause in clauses):
        if name in ("pay", "take_back") and expression(content["payee"])[0] == "path":
            own = path_names(expression(content["payee"])[1])
            if names[: len(own)] == own:
                return names[len(own) :]
    return names[1:] if names[0] in kinds else names


def _party(run, line, said):
    """Whose account it is, however the rule names it; nobody's where a field on the way is missing."""
    names = path_names(said["per"][0])
    if names == ["payee"]:
        return line.payee.record.name, line.payee.key_text()
    names = beyond_payee(names, _version(run, line).clauses, [line.payee.record.name])
    party = line.payee
    for name in names:
        party = party.values.get(name)
        if party is None:
            return None
    return party.record.name, party.key_text()


def _says_hold(version):
    return any(form(clause["kind"])[0] == "hold" for clause in version.clauses)


def order_of(run, line, closed_on, among):
    """The one order of lines of some rules: by the day on which it is booked, events as declared, then periods from short to long, then rules as written."""
    day = line.when if closed_on is None else closed_on
    records, rules = list(run.program.records), list(run.program.rules)
    is_event = line.source.record.is_event
    kind = 0 if is_event else 1 + WORDS.index(line.period.word)
    moment = line.source.instant if is_event and not _has_dates(run, line.source.record.name, among) else 0
    return day, closed_on is not None, kind, records.index(line.source.record.name), (line.when, moment), key_order(line.source.key), rules.index(line.rule)


def _has_dates(run, event, among):
    """Whether one of these rules reads the event by another date than its own: then rows of a day come by their keys."""
    return any(
        _behind(run, version).by is not None and _behind(run, version).stream[1] == event
        for name in among
        for version in run.program.rules[name]
    )


def _behind(run, version):
    while version.stream[0] == "payments":
        version = run.program.rules[version.stream[1]][0]
    return version


def _carry(run, said, lines, dues):
    until = evaluate(said["until"], Scope(run))
    total, waiting, end = 0, [], run.program.last
    ends = said["all_at_end"] is not None and run.through >= end

    def pay_out(day):
        nonlocal total, waiting
        for one in waiting:
            dues[one] = day
        total, waiting = 0, []

    for idx, (day, is_of_close, place) in enumerate(lines):
        # What is booked after the end of the program does not change what was paid out at it.
        if ends and total > 0 and day > end and idx and lines[idx - 1][0] <= end:
            pay_out(end)
        line = run.booked[place][0]
        total += Fraction(line.smallest, 10**line.unit.decimals)
        waiting.append(place)
        if said["paid_per"] is not None:
            last = run.program.calendar.period_of(said["paid_per"]["text"], day).last
            last = min(last, end) if day <= end else last
            is_last = idx + 1 == len(lines) or lines[idx + 1][0] > last
            day = last if is_last and last <= run.through else None
        elif is_of_close and idx + 1 < len(lines) and lines[idx + 1][:2] == (day, True):
            day = None  # what a close books is taken in as a whole
        if day is not None and total >= until:
            pay_out(day)
    if ends and total > 0 and lines[-1][0] <= end:
        pay_out(end)
    for one in waiting:
        dues[one] = WAITS
