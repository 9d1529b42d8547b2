"""A whole run: rows, then every rule after those that it reads (runs.md)."""

from contextlib import contextmanager

from .credits import OF, Credits
from . import shared_limits
from .kept import together
from .periods import own_years
from .program import Program
from .balances import Balance, settle_together
from .choices import settle_choice
from .rules import Rule
from .expressions import evaluate
from .scope import Scope
from .sets import rows_of
from .tables import Tables, key_order
from .tree import forget, form
from .trouble import Unknown
from .uses import used_fields


class Run:
    """A program over its tables, through a day."""

    def __init__(self, trees, tables, through=None, overrides=None, sheets=None):
        forget()
        self.program = Program(trees, overrides or {}, sheets or {})
        self.sheets = sheets or {}
        self.through = through or self.program.last
        for name, versions in self.program.rules.items():
            for version in versions:
                version.budget = shared_limits.budget_of(self.program, name)
        self.tables = Tables(self.program, tables, used_fields(self.program))
        self.tables.take_returns(self.through)
        self.has_unasked_faults = False  # faults in sets that no value asks for
        self.balances = {item["name"]["text"]: Balance(item) for item in self.program.balances}
        self.credits = []  # of rows found by splits
        self.uncredited = []  # parts of splits that nobody gets
        self.decisions = []  # (rule, version, row, period, name, value)
        self._by_period = {}  # decisions of rules per entity and period
        self._events, self._under_way = {}, []
        self.belonging = {}  # rows of sets by the party that they belong to
        self._setters = self._find_setters()
        self._take_found()
        self.rules = {name: None for name in self.program.rules}
        self._limited = set()  # rules whose lines are those that limits over several have left
        for name in self.program.rules:
            self.settled(name)
            self.lines(name)
        # (line, the period it is booked in, the sum before, whether that had been settled, and by the close of which day)
        self.booked = [(line, line.period, 0, False, None) for rule in self.rules.values() for line in rule.lines]

    def settled(self, name):
        """A rule, done now if it was not yet: a rule is done after those that it reads (rules.md, "Let and set")."""
        if name.startswith(OF):
            return Credits(self.settled(name.removeprefix(OF)).credits)
        if self.rules[name] is None:
            if name in self._under_way:
                raise Unknown(f"rules that wait for one another: {self._under_way}")
            choice = next((one for one in self.program.choices if name in [rule["text"] for rule in one["rules"]]), None)
            names = together(self.program, name) if choice is None else list(dict.fromkeys(rule["text"] for rule in choice["rules"]))
            self._under_way.extend(names)
            rules = [Rule(self, one, self.program.rules[one]) for one in names]
            with self.reading(as_reported=False):
                if len(names) > 1 and choice is None or rules[0].acts_on_balances():
                    settle_together(self, rules)
                elif choice is None:
                    rules[0].settle()
                else:
                    settle_choice(choice, rules)
            for one, rule in zip(names, rules):
                if not shared_limits.limits_of(self.program, one):
                    rule.finish()
            for one, rule in zip(names, rules):
                self.rules[one] = rule
                self._under_way.remove(one)
        return self.rules[name]

    def _take_found(self):
        """Rows take back whole what they find, in their order: as it was reported, and each row once (facts.md, "Found in a set")."""
        taken = set()
        with self.reading(as_reported=True):
            for record, chosen in self.program.set_reversals():
                for row in self.events(record.name):
                    for found in rows_of(chosen, Scope(self, subject=row, day=row.when), evaluate):
                        of = found.subject
                        if id(of) not in taken and of.when is not None and of.when <= row.when:
                            taken.add(id(of))
                            self.tables.give_back(of, row)
        self._events.clear()

    @contextmanager
    def reading(self, as_reported):
        """Rows are read as they were reported, or as what is left of them."""
        before = self.tables.is_as_reported
        self.tables.read(as_reported)
        try:
            yield
        finally:
            self.tables.read(before)

    def lines(self, rule):
        """The payments of a rule, in order."""
        if not rule.startswith(OF) and rule not in self._limited:
            names = shared_limits.together(self.program, rule)
            for name in names:
                self.settled(name)
            self._limited.update(names)
            if shared_limits.limits_of(self.program, rule):
                shared_limits.apply(self, names)
        return self.settled(rule).lines

    def events(self, name):
        """The accepted rows of an event up to the run's day, in order. A row without its day is seen by nobody."""
        place = name, self.tables.is_as_reported
        if place not in self._events:
            rows = [row for row in self.tables.of(name) if self._is_seen(row)]
            self._events[place] = sorted(rows, key=lambda row: row.order)
        return self._events[place]

    def _is_seen(self, row):
        stood = self.tables.is_as_reported
        stood = stood[1] if isinstance(stood, tuple) else stood
        through = self.through if stood is None or isinstance(stood, bool) else min(stood, self.through)
        return row.when is not None and row.when <= through and not row.is_returned

    def events_by(self, name, by):
        """Rows of an event with their days: their own, or another date, whatever their own is (rules.md, "By another date")."""
        if by is None:
            return [(row, row.when) for row in self.events(name)]
        days = [(row, self.day_by(row, by)) for row in self.tables.of(name) if not row.is_returned]
        found = [(row, day) for row, day in days if day is not None and day <= self.through]
        return sorted(found, key=lambda pair: (pair[1], key_order(pair[0].key)))

    def day_by(self, row, by):
        """The date of a row to which a path leads."""
        return Scope(self, subject=row).evaluate({"kind": {"path": by}, "span": None})

    # Decisions (rules.md, "Let and set").

    def _find_setters(self):
        """Which rule sets which name, by record."""
        setters = {}
        for name, versions in self.program.rules.items():
            for version in versions:
                if version.stream[0] == "payments":
                    continue
                for clause in version.clauses:
                    kind, content = form(clause["kind"])
                    if kind == "set":
                        setters[version.stream[1], content["name"]["text"]] = (name, version.stream)
        return setters

    def is_decision(self, record, name):
        return (record, name) in self._setters

    def write_decision(self, rule, version, scope, period, name, value):
        self.decisions.append((rule.name, version.number, scope.subject, period, name, value))
        if rule.stream[0] == "event":
            scope.subject.decisions[name] = value
        elif rule.stream[0] == "entity":
            self._by_period[id(scope.subject), name, period.number] = value

    def decided(self, rule):
        """A row for each time that a rule set something, in order: the row and, where its day is not its own, its period or day."""
        rows, by = {}, self.program.rules[rule][0].by
        for name, _, row, period, *_ in [*self.decisions] if self.settled(rule) else []:
            if name == rule:
                behind = period if row.when is None else None if by is None else self.day_by(row, by)
                rows.setdefault((id(row), period.number), (row, behind))
        return list(rows.values())

    def decision(self, row, name, day, back=None):
        """What a rule decided of a row; of an entity that of the period that holds the day, or of one before it."""
        rule, stream = self._setters[row.record.name, name]
        self.settled(rule)
        if stream[0] == "event":
            return row.decisions.get(name)
        calendar = self.program.calendar
        if stream[2] == "own year":
            start = row.values[stream[3]]
            if start is None or day < start:
                return None
            held = next(period for period in own_years(calendar, start, self.program.month_ends) if day <= period.last)
            return self._by_period.get((id(row), name, held.number))
        period = calendar.period_of(stream[2], day)
        if back == "previous":
            period = calendar.before(period)
        elif back == "same_last_year":
            period = calendar.a_year_before(period)
        return self._by_period.get((id(row), name, period.number))
