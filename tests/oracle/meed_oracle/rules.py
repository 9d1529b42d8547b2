"""A rule, row by row: conditions and values in the order written, then what is paid (rules.md)."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from . import contests, sets
from .balances import add
from .expressions import calculate, evaluate, increment_sides
from .kept import acts, is_at_start
from .holds import order_of
from .limits import Limits
from .periods import own_years
from .scope import Credit, Line, Scope
from .tables import Row, key_order
from .splits import base_of, split
from .totals import Accumulation, Level, key_of, level_of_set, total_of_all
from .tree import all_of, expression, form, path_names
from .trouble import Fault, Unknown
from .units import unit_of
from .values import round_whole


def is_early(version):
    """Whether a rule has rows from before the program: it only sets, has no days of its own, and asks nothing per program."""
    asks_program = any(path_names(path) == ["program"] for path in _found_in(version.clauses, "per"))
    return version.only_sets and not version.has_active and version.stream[-1] != "program" and not asks_program


def _sources(node):
    """The kinds and names of the sets in a tree."""
    found = [(kind, name["text"]) for kind, name in map(form, _found_in(node, "source"))]
    for content in _found_in(node, "aggregate"):
        if content["set"] is None:
            found.append(("event", sets.source_of(content["value"])["text"]))
    return found


def _found_in(node, wanted):
    """What stands behind a word in a tree, lists of it one by one."""
    if isinstance(node, list):
        return [one for part in node for one in _found_in(part, wanted)]
    if not isinstance(node, dict):
        return []
    found = [one for name, part in node.items() for one in _found_in(part, wanted)]
    own = node.get(wanted)
    return found + (own if isinstance(own, list) else [own] if own is not None else [])


# Clauses that pay, and those behind them.
PAYING = ("pay", "pay_split", "pay_each", "take_back", "add", "at_most", "at_most_payments", "at_least", "due", "in_parts")

class Rule:
    """A rule with all its versions, and what it remembers through them."""

    def __init__(self, run, name, versions):
        self.run, self.program = run, run.program
        self.name, self.versions = name, versions
        self.stream = versions[0].stream
        self.by = versions[0].by
        paths = {None if version.by is None else tuple(path_names(version.by)) for version in versions}
        if any(version.stream != self.stream for version in versions) or len(paths) > 1:
            raise Unknown("versions of a rule over different rows")
        self.lines, self.credits = [], []
        self.limits = Limits(run)
        self.firsts, self.levels, self.accumulations = {}, {}, {}
        self.looked_at = set()  # sets of which it is known whether a row meets a fault
        self.undecided = None  # in a choice, what a row has set until it is known whether the rule is chosen for it
        self.walks = {}  # levels of sets and totals over all rows, by their place in the tree

    def settle(self):
        if any(contests.is_contest(version) for version in self.versions):
            contests.settle_contest(self)
            return
        for row in self.rows():
            if row is not None:
                self._one(*row)

    def rows(self):
        """The rows in order, each with the version that holds, its period and whether it is an accrual; none where none holds."""
        kind = self.stream[0]
        if kind == "event":
            yield from self._over_events()
        elif kind == "entity":
            yield from self._over_periods()
        else:
            for line in self.run.lines(self.stream[1]):
                version = self._version_of(line.when)
                scope = Scope(self.run, line=line, subject=line.row, day=line.when)
                yield None if version is None else (version, scope, line.period, line.is_accrual)

    def _version_of(self, day):
        """The version that holds on a day. A rule that only sets, without a range of its own, holds always."""
        for version in self.versions:
            always = version.only_sets and not version.has_active
            if always or version.first <= day <= version.last:
                return version
        return None

    # Over the rows of an event.

    def _over_events(self):
        with self.run.reading(as_reported=True):
            rows = self.run.events_by(self.stream[1], self.by)
        for row, day in rows:
            version = self._version_of(day)
            with self.run.reading((version or self.versions[0]).mode()):
                is_returned = row.is_returned
            if is_returned:
                yield None
                continue
            scope = Scope(self.run, subject=row, day=day, by=self.by)
            period = self.program.calendar.period_of(self.program.calendar.told_by(), day)
            yield None if version is None else (version, scope, period, False)
            if version is None and day < min(version.first for version in self.versions) and self._looks_back():
                # Rows from before the rule's first day go by the conditions of its first version.
                with self.run.reading(self.versions[0].mode()):
                    self._pipeline(self.versions[0], scope, period, is_earlier=True)

    def _looks_back(self):
        clauses = [form(clause["kind"]) for clause in self.versions[0].clauses]
        return any(name == "first_per" and content["ever"] is not None for name, content in clauses)

    # Per entity and period (totals.md, "Per party and period").

    def _over_periods(self):
        record = self.program.records[self.stream[1]]
        rows = []
        for period, whole, row in self._own_years(record) if self.stream[2] == "own year" else self._grid(record):
            own = row.within_life(*whole)
            if own[0] <= own[1] and own[0] <= self.run.through:
                rows.append((own[1], key_order(row.key), period.number, period, whole, own, row))
        # A row is of the last day on which the party lives in the period.
        for _, _, _, period, whole, own, row in sorted(rows, key=lambda row: row[:3]):
            version = self._version_of(own[1])
            if version is None:
                yield None
                continue
            scope = Scope(self.run, subject=row, day=own[1], period=period, own=own)
            scope.end = whole[1]
            if version.as_it_stood:
                # What is there at the start is worked out the day before.
                closed = own[0] - timedelta(days=1) if is_at_start(version) else whole[1]
                scope.stood = closed if closed < self.run.through else None
            if version.budget is not None and version.mode() is False:
                closed = self.run.tables._end(version.budget, own[1])
                scope.stood = closed if closed < self.run.through else None
            with self.run.reading(self._mode(version, scope)):
                self._look_for_unasked_faults(version, scope)
            yield version, scope, period, whole[1] > self.run.through

    def _grid(self, record):
        """Every party in every period."""
        for period, whole in self._periods(self.stream[2]):
            for row in self.run.tables.of(record.name):
                yield period, whole, row

    def _own_years(self, record):
        """Every party in each year of its own that has begun and touches the program's life."""
        last = min(self.run.through, self.program.last)
        for row in self.run.tables.of(record.name):
            start = row.values[self.stream[3]]
            for period in own_years(self.program.calendar, start, self.program.month_ends) if start is not None else []:
                if period.first > last:
                    break
                if period.last >= self.program.first:
                    yield period, self.program.calendar.own(period), row

    def _look_for_unasked_faults(self, version, scope):
        """Whether a set meets a fault in a row that no value of the rule asks for.

        The page does not say whether the condition of a set is worked out for rows of no party, of other days, of parties that a
        condition drops, or in a branch that is not taken. Here it is not; that it could have met a fault is noted, so that a run
        that stops there can be told from a wrong one. One party stands for all: conditions hardly read it.
        """
        definitions = {
            content["name"]["text"]: content["value"]
            for name, content in (form(clause["kind"]) for clause in version.clauses)
            if name == "let"
        }
        alone = Scope(self.run, scope.subject, None, scope.day, scope.period, scope.own, definitions=definitions)
        alone.sets = {name: expression(value)[1] for name, value in definitions.items() if expression(value)[0] == "set"}
        for clause in version.clauses:
            for node in form(clause["kind"])[1].values():
                for one in all_of(node, "aggregate") if isinstance(node, dict) and set(node) == {"kind", "span"} else []:
                    if id(one) not in self.looked_at:
                        self.looked_at.add(id(one))
                        if sets.meets_a_fault(expression(one)[1], alone, evaluate):
                            self.run.has_unasked_faults = True

    def _periods(self, word):
        """The periods that touch the program's life and have begun by the run's date, with their own parts."""
        calendar, through = self.program.calendar, self.run.through
        if word == "program":
            period = calendar.period_of(word, self.program.first)
            return [(period, (period.first, period.last))]
        found = []
        period = self._first_period(word)
        while period.first <= self.program.last:
            own = calendar.own(period)
            if own[0] <= through:
                found.append((period, own))
            period = calendar.period(word, period.number + 1)
        return found

    def _first_period(self, word):
        """Rules that only set begin with the first row of an event that one of them, for this party and period, reads."""
        calendar = self.program.calendar
        period = calendar.period_of(word, self.program.first)
        if not any(is_early(version) for version in self.versions):
            return period
        rules = [versions for versions in self.program.rules.values() if versions[0].stream == self.stream]
        early = [version for versions in rules for version in versions if is_early(version)]
        events = {event for version in early for event in self._events_of(version)}
        days = [rows[0].when for rows in map(self.run.events, events) if rows]
        if not days or min(days) >= period.first:
            return period
        return calendar.period_of(word, min(days))

    def _events_of(self, version):
        """The events of the sets of a rule, and those behind the payments in them."""
        events = set()
        for kind, name in _sources([clause["kind"] for clause in version.clauses]):
            if kind == "event":
                records = self.program.records
                record = records.get(name, records.get(name.removesuffix("s")))
                events |= {record.name} if record is not None and record.is_event else set()
                continue
            for other in self.program.rules[name]:
                if other.stream[0] == "event":
                    events.add(other.stream[1])
                elif kind == "payments":
                    events |= self._events_of(other)
        return events

    # One row.

    def _mode(self, version, scope):
        """How rows are read: as reported, as left, or as they stood at the end of a period."""
        return version.mode(scope.stood)

    def acts_on_balances(self):
        return any(acts(version) for version in self.versions)

    def _one(self, version, scope, period, is_accrual):
        with self.run.reading(self._mode(version, scope)):
            self._settle_one(version, scope, period, is_accrual)

    def _settle_one(self, version, scope, period, is_accrual):
        self._note(version, scope, period)
        if self._pipeline(version, scope, period):
            self._pay_all(version, scope, period, is_accrual)

    def _note(self, version, scope, period):
        source = scope.line.source if scope.line is not None else scope.subject
        scope.mover, scope.version = (self.name, source, None if source.record.is_event else period), version

    def _begin(self, version, scope, period):
        self._note(version, scope, period)
        return self._steps(version, scope, period)

    def _prize(self, version, scope):
        """What a place is paid; nothing where a condition leaves it out."""
        clauses = [form(clause["kind"]) for clause in version.clauses]
        for name, content in clauses[[name for name, _ in clauses].index("ranked_by") + 1 :]:
            if name == "keep_top" and scope.rank > evaluate(content, scope):
                return 0
            if name == "where" and with_default(evaluate(content["condition"], scope), content["unknown"], scope) is not True:
                return 0
            if name == "let":
                scope.lets[content["name"]["text"]] = with_default(evaluate(content["value"], scope), content["unknown"], scope)
            if name in ("pay", "pay_split", "take_back"):
                unit = unit_of(self.program, content["amount"], version, scope)
                return self._rounded(content["amount"], content["unknown"], version, scope, unit) or 0
        return 0

    def _pay_all(self, version, scope, period, is_accrual):
        for clause in version.clauses:
            name, content = form(clause["kind"])
            if name == "pay_split":
                self._split(version, scope, content, period, is_accrual)
            if name == "pay_each":
                self._pay_each(version, scope, content, period, is_accrual)
            if name in ("pay", "take_back"):
                self._pay(version, scope, content, period, is_accrual, -1 if name == "take_back" else 1)
            if name == "add":
                scope.added.append(add(content, scope, scope.mover))

    def add_again(self, version, scope, period, is_accrual, day):
        """On the day of a return what was added is worked out again as of that day, and the difference added."""
        before, scope.added, scope.moment, scope.lets = scope.added, [], day, {}
        with self.run.reading(version.mode(day)):
            if self._pipeline(version, scope, period):
                adds = [content for name, content in (form(clause["kind"]) for clause in version.clauses) if name == "add"]
                for place, content in enumerate(adds):
                    scope.added.append(add(content, scope, scope.mover, before[place][0] if before else 0))
            else:
                for _, take_back in before:
                    take_back()

    def _pipeline(self, version, scope, period, is_earlier=False):
        """Conditions and values; whether the row passed them all."""
        try:
            next(self._steps(version, scope, period, is_earlier))
        except StopIteration as stop:
            return stop.value
        raise Unknown("a contest in this place")

    def _steps(self, version, scope, period, is_earlier=False):
        """The same, with a pause for the ranking: there the measure is given out."""
        postponed = []
        for clause in version.clauses:
            name, content = form(clause["kind"])
            if name in PAYING:
                break
            self._take_levels(version, content, scope, counts=not is_earlier)
            if name == "where":
                if with_default(evaluate(content["condition"], scope), content["unknown"], scope) is not True:
                    return False
            elif name == "first_per":
                if not self._is_first(content, scope) or is_earlier:
                    return False
            elif name == "ranked_by":
                yield evaluate(content["measure"], scope)
            elif name == "keep_top":
                if scope.rank > evaluate(content, scope):
                    return False
            elif name == "let" and expression(content["value"])[0] == "set":
                scope.sets[content["name"]["text"]] = expression(content["value"])[1]
            elif all_of(content["value"], "adds_up") or _mentions(content["value"], scope.later):
                # What adds up is known when all conditions are.
                scope.later.add(content["name"]["text"])
                postponed.append((name, content))
            else:
                self._name(name, content, version, scope, period)
        if is_earlier:
            return False
        for clause in version.clauses:
            name, content = form(clause["kind"])
            if name in PAYING:
                self._take_levels(version, content, scope)
        self._add_up(version, scope)
        for name, content in postponed:
            scope.later.discard(content["name"]["text"])
            self._name(name, content, version, scope, period)
        return True

    def _name(self, clause, content, version, scope, period):
        """`let` names a value, `set` writes it out as a decision too (rules.md, "Let and set")."""
        value = with_default(evaluate(content["value"], scope), content["unknown"], scope)
        name = content["name"]["text"]
        scope.lets[name] = value
        if clause == "set" and value is not None:
            if self.undecided is None:
                self.run.write_decision(self, version, scope, period, name, value)
            else:
                self.undecided.append((name, value))

    def _is_first(self, content, scope):
        if _is_per_program(content["per"]) and not self.program.first <= scope.day <= self.program.last:
            # `per program` looks at the program's own rows (rules.md, "First per").
            return False
        key = key_of(content["per"], scope)
        passed = self.firsts.get(key, 0)
        if passed >= (1 if content["most"] is None else int(content["most"]["value"])):
            return False
        self.firsts[key] = passed + 1
        return True

    def _take_levels(self, version, content, scope, counts=True):
        """The running levels of a clause, over the rows that passed what is written above it."""
        for name in ("condition", "value", "amount", "payee"):
            node = content.get(name)
            for one in all_of(node, "running") if node is not None else []:
                running = expression(one)[1]
                if running["set"] is not None:
                    if id(running) not in self.walks:
                        self.walks[id(running)] = level_of_set(running, scope)
                    scope.levels[id(running)] = self.walks[id(running)][id(scope.subject)]
                else:
                    level = self.levels.setdefault(self._place(version, "running", one), Level())
                    scope.levels[id(running)] = level.take(running, scope, counts)

    def _add_up(self, version, scope):
        """Takes the row, which matched, into all that adds up."""
        for clause in version.clauses:
            _, content = form(clause["kind"])
            for name in ("value", "amount"):
                node = content.get(name)
                for one in all_of(node, "adds_up") if node is not None else []:
                    self._add_one(version, one, scope)

    def _add_one(self, version, node, scope):
        content = expression(node)[1]
        if content["over_all"] is not None:
            if id(content) not in self.walks:
                definitions = {
                    let["name"]["text"]: let["value"]
                    for name, let in (form(clause["kind"]) for clause in version.clauses)
                    if name == "let"
                }
                self.walks[id(content)] = total_of_all(content, scope, definitions)
            scope.totals[id(content)] = self.walks[id(content)][id(scope.subject)]
        else:
            total = self.accumulations.setdefault(self._place(version, "adds_up", node), Accumulation())
            scope.totals[id(content)] = total.add(content, scope, self.program)

    def _place(self, version, wanted, node):
        """Which of its kind a node is in its version: alike places of all versions remember together."""
        nodes = []
        for clause in version.clauses:
            _, content = form(clause["kind"])
            for name in ("condition", "value", "amount", "payee"):
                if content.get(name) is not None:
                    nodes.extend(all_of(content[name], wanted))
        return [one is node for one in nodes].index(True)

    # Paying (rules.md, "Pay and take back"; totals.md, "Cents along the total").

    def _pay(self, version, scope, content, period, is_accrual, sign):
        unit = unit_of(self.program, content["amount"], version, scope)
        smallest = self._rounded(content["amount"], content["unknown"], version, scope, unit)
        payee = evaluate(content["payee"], scope)
        if payee is None and (content["unknown"] is None or form(content["unknown"]["kind"])[0] != "nobody"):
            raise Unknown("a payee that is missing")
        if payee is None or smallest is None:
            return
        if not isinstance(payee, Row):
            raise Unknown("a payee that is no row")
        smallest = sign * self.limits.apply(version, scope, contests.checked(scope, smallest), unit, payee)
        self._line(version, scope, payee, unit, smallest, period, is_accrual, 1 if scope.line is None else scope.line.place)

    def _pay_each(self, version, scope, content, period, is_accrual):
        """Parties up a chain, each paid by itself (splits.md, "Up a chain")."""
        lines = []
        for depth, path in enumerate(sets.paths_of(content["way"]), 1):
            payee = evaluate({"kind": {"path": {"parts": [{"text": name} for name in path]}}, "span": None}, scope)
            if payee is None:
                break
            if any(payee is one for one, *_ in lines):
                raise Fault("bad-chain")
            scope.lets["each"], scope.depth = payee, Fraction(depth)
            unit = unit_of(self.program, content["amount"], version, scope)
            smallest = self._rounded(content["amount"], content["unknown"], version, scope, unit)
            lines.append((payee, unit, smallest, depth))
        scope.lets.pop("each", None)
        # A limit acts on all lines before the next one does, but each remembers by itself.
        first = 0 if scope.line is None else (scope.line.place - 1) * content["way"]["chain"]["levels"]
        for payee, unit, smallest, depth in lines:
            if smallest is None:
                continue
            left = self.limits.apply(version, scope, smallest, unit, payee)
            self._line(version, scope, payee, unit, left, period, is_accrual, first + depth)

    # Choices (rules.md, "Choosing between rules").

    def candidate(self, version, scope, period, is_accrual):
        """What the rule would pay the row, after its limits by keys of the row as they stand, with its sign; none where nothing.
        What these would remember then stands beside it, and how to pay what is given of it."""
        with self.run.reading(version.mode()):
            return self._candidate(version, scope, period, is_accrual)

    def _candidate(self, version, scope, period, is_accrual):
        self.undecided = decided = []
        if not self._pipeline(version, scope, period):
            return None
        for clause in version.clauses:
            name, content = form(clause["kind"])
            if name in ("pay", "pay_split", "take_back"):
                break
        unit = unit_of(self.program, content["amount"], version, scope)
        smallest = self._rounded(content["amount"], content["unknown"], version, scope, unit)
        payee = evaluate(content["payee"], scope) if name != "pay_split" else None
        if smallest is None or name != "pay_split" and payee is None:
            return None
        sign = -1 if name == "take_back" else 1
        now = self.limits.remembered()
        before = {"row"} if name == "pay_split" else {"row", "each"}
        left = self.limits.apply(version, scope, smallest, unit, payee, only=before)
        then, self.limits.sums = self.limits.remembered(), now

        def give(smallest):
            self.limits.sums = then
            for what, value in decided:
                self.run.write_decision(self, version, scope, period, what, value)
            with self.run.reading(version.mode()):
                if name == "pay_split":
                    self._divide(version, scope, content, unit, smallest, period, is_accrual)
                    return
                last = self.limits.apply(version, scope, sign * smallest, unit, payee, only={"payee"})
                self._line(version, scope, payee, unit, sign * last, period, is_accrual, 1 if scope.line is None else scope.line.place)

        return sign * left, unit, give

    def _split(self, version, scope, content, period, is_accrual):
        """The amount is rounded, then divided (splits.md)."""
        unit = unit_of(self.program, content["amount"], version, scope)
        smallest = self._rounded(content["amount"], content["unknown"], version, scope, unit)
        if smallest is None:
            return
        smallest = self.limits.apply(version, scope, contests.checked(scope, smallest), unit, only={"row"})
        self._divide(version, scope, content, unit, smallest, period, is_accrual)

    def _divide(self, version, scope, content, unit, smallest, period, is_accrual):
        # What is found is credited whatever there is to divide.
        if smallest == 0 and "listed" in content["parties"]:
            return
        source = scope.line.source if scope.line is not None else scope.subject
        parts, credits = split(content, scope, smallest, unit)
        base = evaluate(base_of(content), scope) if credits else None
        for place, (row, payee, share, part) in enumerate(credits, 1):
            self.run.credits.append((self.name, version.number, source, place, row, payee, share, base * share, unit, part))
            if payee is not None:
                amount = Fraction(part, 10**unit.decimals)
                known = (payee, unit, part, amount, source, scope.day, period, is_accrual, place, share, base * share)
                self.credits.append(Credit(self.name, version.number, *known))
        if not parts and smallest and not _is_all_kept(content):
            self.run.uncredited.append((self.name, version.number, source, 0, unit, smallest))
        paid = [part for part in parts if part.payee is not None]
        for part in parts:
            if part.payee is None and part.smallest:
                self.run.uncredited.append((self.name, version.number, source, part.place, unit, part.smallest))
        # A limit acts on all parts before the next one does, but each remembers by itself.
        for part in paid:
            left = self.limits.apply(version, scope, part.smallest, unit, part.payee, only={"payee", "each"})
            self._line(version, scope, part.payee, unit, left, period, is_accrual, part.place)

    def _line(self, version, scope, payee, unit, smallest, period, is_accrual, place):
        if smallest == 0:
            return
        if not -(2**63) <= smallest < 2**63:
            raise Fault("overflow")
        amount = Fraction(smallest, 10**unit.decimals)
        source = scope.line.source if scope.line is not None else scope.subject
        of = None if scope.line is None else scope.line.of
        due = self._due(version, scope)
        self.lines.append(
            Line(self.name, version.number, payee, unit, smallest, amount, source, scope.day, period, is_accrual, place, due=due, of=of)
        )

    def _due(self, version, scope):
        """The day on which a line is due, where the rule says one (rules.md, "When it is due")."""
        for name, content in (form(clause["kind"]) for clause in version.clauses):
            if name == "due":
                return with_default(evaluate(content["day"], scope), content["unknown"], scope)
        return None

    def finish(self):
        """What is done once limits have left what they leave: amounts are paid in parts, and returns take back what was paid."""
        self.lines = [part for line in self.lines for part in self._parts(line)]
        self.take_back()

    def _parts(self, line):
        """A line in equal parts, spare cents first, due on the last days of periods (rules.md, "When it is due")."""
        version, calendar = self.program.rules[self.name][line.version - 1], self.program.calendar
        said = [content for name, content in (form(clause["kind"]) for clause in version.clauses) if name == "in_parts"]
        if not said:
            return [line]
        number, sign, found = said[0]["number"], 1 if line.smallest > 0 else -1, []
        period = calendar.period_of(said[0]["period"]["text"], line.when)
        for place in range(number):
            smallest = sign * (abs(line.smallest) // number + (place < abs(line.smallest) % number))
            if smallest:
                amount = Fraction(smallest, 10**line.unit.decimals)
                at = (line.place - 1) * number + place + 1
                found.append(replace(line, smallest=smallest, amount=amount, place=at, due=period.last))
            period = calendar.period_of(period.word, period.last + timedelta(days=1))
        return found

    def take_back(self):
        """A return takes its share of every line of its row back, on its own day (facts.md, "Taken back at the rate of its row")."""
        if not self.versions[0].takes_back:
            return
        told_by, more = self.program.calendar.told_by(), []
        for line in self.lines:
            if not self.program.rules[self.name][line.version - 1].takes_back:
                continue
            before = Fraction(0)
            for row, after in line.source.takings:
                share = [_round(line.amount * part, line.unit) for part in (before, after)]
                before = after
                if share[0] != share[1]:
                    smallest = share[0] - share[1]
                    period = self.program.calendar.period_of(told_by, row.when)
                    amount = Fraction(smallest, 10**line.unit.decimals)
                    more.append(replace(line, smallest=smallest, amount=amount, source=row, when=row.when, period=period, due=line.due and max(line.due, row.when), of=line.source))
        if more:
            self.lines = sorted([*self.lines, *more], key=lambda line: order_of(self.run, line, None, [self.name]))

    def _rounded(self, node, unknown, version, scope, unit):
        """The amount in smallest units: along the total where it is what adds up or a share of it, else alone."""
        found = None if unit.each_line else self._along(node, version, scope)
        if found is not None:
            factor, adding = found
            before, after = increment_sides(adding, scope)
            if factor is not None and after is not None:
                return _round(factor * after, unit) - _round(factor * (before or 0), unit)
        amount = with_default(evaluate(node, scope), unknown, scope)
        return None if amount is None or amount == "nobody" else _round(amount, unit)

    def _along(self, node, version, scope):
        """The factor and the `adds up` where an amount is just that, or a share of it; also through a `let`."""
        name, content = expression(node)
        if name == "adds_up":
            return Fraction(1), node
        if name == "bracket":
            return self._along(content, version, scope)
        if name == "path" and len(content["parts"]) == 1:
            for clause, let in (form(clause["kind"]) for clause in version.clauses):
                if clause in ("let", "set") and let["name"]["text"] == path_names(content)[0] and let["unknown"] is None:
                    return self._along(let["value"], version, scope)
        if name == "binary" and content["op"] in ("of", "multiply", "divide"):
            for side, other in (("left", "right"), ("right", "left")):
                if content["op"] == "divide" and side == "right":
                    continue
                found = self._along(content[side], version, scope)
                if found is not None and not all_of(content[other], "adds_up"):
                    return self._scaled(found, content["op"], evaluate(content[other], scope))
        return None

    def _scaled(self, found, op, other):
        factor, node = found
        if factor is None or other is None:
            return None, node
        if op == "divide":
            return calculate("divide", factor, other), node
        return factor * other, node


def _is_all_kept(content):
    """Whether nobody was to get any part."""
    return form(content["parties"])[0] == "listed"


def _round(amount, unit):
    return round_whole(amount * 10**unit.decimals, unit.mode)


def with_default(value, unknown, scope):
    """`, unknown means …` (amounts.md, "Missing values")."""
    if value is not None or unknown is None:
        return value
    kind, content = form(unknown["kind"])
    if kind == "value":
        return evaluate(content, scope)
    return {"yes": True, "no": False, "nobody": None}[kind]


def _mentions(node, names):
    """Whether an expression reads one of these names."""
    return any(path_names(expression(path)[1])[0] in names for path in all_of(node, "path"))


def _is_per_program(per):
    return any(path_names(path) == ["program"] for path in per)
