"""What is kept for parties and drawn upon (balances.md): rules that act on balances come row by row in one order."""

from datetime import date
from fractions import Fraction

from . import expressions
from .kept import balances_of, is_at_start
from .periods import WORDS
from .tables import key_order
from .trouble import Fault, Unknown
from .units import unit_of
from .values import round_whole


class Balance:
    """A balance of all who have one."""

    def __init__(self, item):
        self.name = item["name"]["text"]
        self.per = item["per"][0]["parts"][-1]["text"] if item["per"] else None
        self.expires, self.is_negative = item["expires"], item["may_be_negative"] is not None
        self.unit = None
        self.lots, self.plain = {}, {}  # by owner: lots [what added it, what is left, its last day], oldest first
        self.movements = []  # (owner, what added the lot, day, kind, amount, left, what it comes from)

    def there(self, owner, day):
        """What somebody has on a day."""
        live = sum(left for _, left, ends in self.lots.get(owner, []) if ends is None or ends >= day)
        return live + self.plain.get(owner, 0)

    def expire(self, owner, day):
        """Lots that ended before a day are gone."""
        gone = [lot for lot in self.lots.get(owner, []) if lot[2] is not None and lot[2] < day]
        for by, left, ends in sorted(gone, key=lambda lot: lot[2]):
            self.movements.append((owner, by, ends, "expired", -left, 0, None))
        if gone:
            self.lots[owner] = [lot for lot in self.lots[owner] if lot not in gone]

    def change(self, owner, by, day, kind, amount, ends=None):
        """Adds an amount, or takes one that is below zero; says how much of that there was."""
        self.expire(owner, day)
        if amount == 0:
            return 0
        if self.is_negative:
            self.plain[owner] = self.plain.get(owner, 0) + amount
            self._fits(self.plain[owner])
            self.movements.append((owner, None, day, kind, amount, self.plain[owner], by))
            return -amount
        lots = self.lots.setdefault(owner, [])
        if amount > 0:
            lots.append([by, amount, ends])
            self.movements.append((owner, by, day, kind, amount, amount, by))
            return 0
        found = 0
        for lot in lots:
            part = min(lot[1], -amount - found)
            if part > 0:
                lot[1] -= part
                found += part
                self.movements.append((owner, lot[0], day, kind, -part, lot[1], by))
        self.lots[owner] = [lot for lot in lots if lot[1] > 0]
        if found < -amount and kind == "added":
            self.movements.append((owner, None, day, "short", amount + found, 0, by))
        return found

    def _fits(self, amount):
        if not -(2**63) <= amount < 2**63:
            raise Fault("overflow")


def settle_together(run, rules):
    """The rows of several rules in the one order."""
    records, names, rows = list(run.program.records), list(run.program.rules), []
    by_date = {_event(run, rule) for rule in rules if _behind(run, rule).by is not None}
    for rule in rules:
        for row in rule.rows():
            if row is None:
                continue
            version, scope, period, is_accrual = row
            source = scope.line.source if scope.line is not None else scope.subject
            record = records.index(source.record.name)
            starts = is_at_start(version)
            scope.moment = scope.day
            if scope.own is not None:
                # A period acts on its last day, whenever the party leaves, or on its first in which it is there.
                scope.moment = scope.own[0] if starts else scope.end
            if source.record.is_event:
                own = key_order(source.key) if source.record.name in by_date else source.order
                place = 0, record, own
            else:
                place = 1 + WORDS.index(period.word), record, key_order(source.key)
            line = 0 if scope.line is None else scope.line.place
            written = names.index(rule.name), line
            rows.append(((scope.moment, not starts), place, written, rule, row, None))
            if version.adds_again and scope.stood is not None:
                # It is worked out again on the day of each return that comes later.
                later = [day for day in run.tables.days_of_returns() if scope.stood < day <= run.through]
                rows.extend(((day, True), place, written, rule, row, day) for day in later)
    rows.sort(key=lambda one: one[:3])
    balances = [run.balances[name] for name in sorted({name for rule in rules for name in balances_of(rule.versions)})]
    known, is_open = [], False
    for (moment, _), _, _, rule, row, again in rows:
        if moment > run.through and not is_open:
            is_open, known = True, _end(run, balances)
        if again is None:
            rule._one(*row)
        else:
            rule.add_again(*row, again)
    if not is_open:
        known = _end(run, balances)
    for balance, n_known in zip(balances, known):
        balance.movements = balance.movements[:n_known]


def _end(run, balances):
    """At the end of the run's day: what ended with it is gone. What comes later is no movement of the run."""
    for balance in balances:
        for owner in list(balance.lots):
            balance.expire(owner, date.fromordinal(run.through.toordinal() + 1))
    return [len(balance.movements) for balance in balances]


def _behind(run, rule):
    version = rule.versions[0]
    while version.stream[0] == "payments":
        version = run.program.rules[version.stream[1]][0]
    return version


def _event(run, rule):
    return _behind(run, rule).stream[1]


# What a row does.


def _account(content, scope):
    """The balance that is named, and whose it is."""
    balance = scope.run.balances[content["balance"]["text"]]
    if balance.per is None:
        return balance, None
    if content["of"] is not None:
        owner = scope.evaluate({"kind": {"path": content["of"]}, "span": None})
    else:
        owner = own_party(balance.per, scope)
    if owner is None:
        raise Unknown("a balance of nobody")
    return balance, owner


def own_party(record, scope):
    """The row that a rule is about, the payee, or the one field of that kind."""
    if scope.line is not None:
        if scope.line.payee.record.name != record:
            raise Unknown("a balance of another than the payee")
        return scope.line.payee
    source = scope.subject
    if source.record.name == record:
        return source
    fields = [one.name for one in source.record.fields.values() if one.type == "record" and one.content == record]
    fields = [record] if record in fields else fields
    if len(fields) != 1:
        raise Unknown("a balance of one of several")
    return source.values.get(fields[0])


def _smallest(node, scope, balance):
    value = expressions.evaluate(node, scope)
    if value is None:
        raise Unknown("an amount of a balance that is missing")
    if balance.unit is None:
        balance.unit = unit_of(scope.run.program, node, scope.version, scope)
    smallest = round_whole(value * 10**balance.unit.decimals, balance.unit.mode)
    balance._fits(smallest)
    return smallest


def add(content, scope, by, before=0):
    """`add X to B`, less what was added before; the amount, and how to take it back."""
    balance, owner = _account(content["account"], scope)
    amount = _smallest(content["amount"], scope, balance)
    until = None if content["until"] is None else expressions.evaluate(content["until"], scope)
    _add(balance, owner, scope, by, amount - before, until)
    return amount, lambda: _add(balance, owner, scope, by, -amount, until)


def _add(balance, owner, scope, by, amount, until):
    day, ends = scope.moment, None
    if until is not None:
        ends = max(until, day)
    elif balance.expires is not None:
        word = balance.expires["period"]["text"].removesuffix("s")
        calendar = scope.run.program.calendar
        period = calendar.period_of({"halve": "half"}.get(word, word), day)
        ends = calendar.period(period.word, period.number + balance.expires["count"]).last
    balance.change(owner, by, day, "added", amount, ends)


def take(content, scope):
    """`take X from A and B`: the least of what is asked and of what each has."""
    accounts = [_account(one, scope) for one in content["accounts"]]
    asked = _smallest(content["amount"], scope, accounts[0][0])
    if asked < 0:
        raise Fault("negative-take")
    got = asked
    for balance, owner in accounts:
        if balance.unit is None:
            balance.unit = accounts[0][0].unit
        if not balance.is_negative:
            got = min(got, balance.there(owner, scope.moment))
    for balance, owner in accounts:
        balance.change(owner, scope.mover, scope.moment, "taken", -got)
    return Fraction(got, 10 ** accounts[0][0].unit.decimals)


def balance_of(content, scope):
    """`balance of B`"""
    balance, owner = _account(content, scope)
    decimals = 0 if balance.unit is None else balance.unit.decimals
    return Fraction(balance.there(owner, scope.moment), 10**decimals)
