"""Rows from tables: cells to values, keys, references, and which rows are rejected (facts.md, "Rows that cannot be taken")."""

from datetime import date, datetime, timezone
from fractions import Fraction

from . import cells, sources
from .trouble import Fault, Unknown, Unreadable
from .values import money_text, value_text

NO_INSTANT = datetime.min.replace(tzinfo=timezone.utc)


class Row:
    """A row of a record."""

    def __init__(self, record, number):
        self.record, self.number = record, number
        self.key, self.values = (), {}
        self.when, self.instant = None, NO_INSTANT
        self.decisions = {}
        self.is_returned = False  # nothing is left of it
        self.takings = []  # the returns that take it back, with the share that is taken back then
        self.states = {}  # its values and whether nothing is left: before anything was taken off, after all was, and by day

    def within_life(self, first, last):
        """The days between two on which the row lives; the first is after the last where there are none."""
        own = {side: self.values.get(name) for side, name in self.record.life.items()}
        return max(first, own.get("from") or first), min(last, own.get("to") or last)

    def key_text(self):
        return "|".join(self.key)

    @property
    def order(self):
        """`when`, then key (runs.md, "The order of rows")."""
        return (self.when, self.instant, key_order(self.key))


def key_order(key):
    """Whole numbers written plainly first, by value; all others letter by letter; part by part."""
    return tuple((0, int(part), "") if _is_plain(part) else (1, 0, part) for part in key)


def _is_plain(part):
    return part.isascii() and part.isdigit() and (part == "0" or not part.startswith("0"))


class Tables:
    """The accepted rows of every record, and the rejected cells."""

    def __init__(self, program, tables, used):
        self.program, self.used = program, used
        self.rows, self.rejects = {}, []
        self.given = {name: _Given(table) for name, table in tables.items()}
        self.bad = {}  # rejected rows, by identity
        self.taken_off, self.is_as_reported = [], False  # rows that another takes something off; how they are read now
        for record in program.records.values():
            if record.name in self.given and record.distinct_of is None:
                self.rows[record.name] = self._read(record)
        self._reject_duplicates()
        self._reject_overlaps()
        self._follow_references()
        self.rejects.sort(key=lambda reject: (list(program.records).index(reject[0]), reject[1]))

    def of(self, record):
        """The accepted rows of a record."""
        return self.rows.get(record, [])

    # Cells.

    def _is_used(self, record, field):
        if field.is_dated:
            return False
        if record.history_of is not None and field.name in ("to", record.history_of):
            return True
        if field.name in record.life.values():
            return True
        return (record.name, field.name) in self.used or field in record.key or field is record.when

    def _columns(self, field):
        """The columns of a field: of a reference one for each part of the key."""
        if field.type == "record":
            target = self.program.records[field.content]
            if len(target.key) > 1:
                return [(part.name, False) for part in target.key]
        return [(field.column or field.name, field.column is not None)]

    def _read(self, record):
        given, rows = self.given[record.name], []
        asked = sources.asked(record)
        fields = [
            field
            for field in record.fields.values()
            if (self._is_used(record, field) or field.name in asked) and not self._is_said(record, field)
        ]
        places = {field.name: [given.place(*column) for column in self._columns(field)] for field in fields}
        empty, is_copy = sources.empty_texts(record), sources.copies(record)
        for number, cells_of_row in enumerate(given.rows, 1):
            texts = {
                field.name: ["" if text.strip() in empty else text.strip() for text in (cells_of_row[place] for place in places[field.name])]
                for field in fields
            }
            if is_copy(cells_of_row) or sources.skips(record, texts, self.program):
                continue
            row = Row(record, number)
            row.when = record.day
            for field in fields:
                if self._is_used(record, field):
                    row.values[field.name] = self._value(row, field, texts[field.name])
            if record.when is not None and record.day is not None:
                row.values[record.when.name] = record.day
            if record.has_key:
                row.key = tuple(self._key_part(row, part) for part in record.key)
            else:
                row.key = (record.name, str(number))
            rows.append(row)
        return rows

    def _is_said(self, record, field):
        """Whether a source says what no column does: the day of every row, or that rows have no key."""
        return field is record.when and record.day is not None or field in record.key and not record.has_key

    def _key_part(self, row, part):
        value = row.values[part.name]
        if isinstance(value, Pointer):
            return value.key[0]
        return "" if value is None else value_text(value)

    def _value(self, row, field, texts):
        if any(not text for text in texts):
            if not field.optional:
                self._reject(row, field, texts)
            return None
        if field.type == "record":
            for part, text in zip(self.program.records[field.content].key, texts):
                if part.type == "period" and self.program.calendar.of_name(text, part.content) is None:
                    self._reject(row, field, [text])
                    return None
            return Pointer(field.content, tuple(texts))
        try:
            if field.type == "date_time":
                day, instant = cells.moment(field, texts[0])
                if field is row.record.when:
                    row.when, row.instant = day, instant
                return day
            value = cells.read(field, texts[0], self.program)
        except Unreadable:
            self._reject(row, field, texts)
            return None
        if field is row.record.when:
            row.when = value
        return value

    def _reject(self, row, field, texts):
        self.bad[id(row)] = row
        columns = self._columns(field)
        column = field.name if len(columns) > 1 else self.given[row.record.name].header_of(*columns[0])
        reject = (row.record.name, row.number, column, "|".join(texts) if any(texts) else "")
        if reject not in self.rejects:
            self.rejects.append(reject)

    def _reject_duplicates(self):
        """A key that stands twice rejects every row that bears it."""
        for rows in self.rows.values():
            by_key = {}
            for row in rows:
                if all(row.key):
                    by_key.setdefault(row.key, []).append(row)
            for several in by_key.values():
                for row in several if len(several) > 1 else []:
                    self._reject(row, row.record.key[0], list(row.key))

    def _reject_overlaps(self):
        """A span that ends before it begins, and spans of one party that share a day (facts.md, "Dated fields")."""
        for record in self.program.records.values():
            for row in self.rows.get(record.name, []) if len(record.life) == 2 and record.name in self.given else []:
                first, last = (row.values.get(record.life[side]) for side in ("from", "to"))
                if first is not None and last is not None and last < first:
                    self._reject(row, record.fields[record.life["to"]], [value_text(last)])
        for record in self.program.records.values():
            if record.history_of is None or record.name not in self.rows:
                continue
            accepted = [row for row in self.rows[record.name] if id(row) not in self.bad]
            for row in accepted:
                if row.values.get("to") is not None and row.values["to"] < row.when:
                    self._reject(row, record.fields["to"], [value_text(row.values["to"])])
            accepted = [row for row in accepted if id(row) not in self.bad]
            last = lambda row: row.values.get("to") or date.max
            for row in accepted:
                for other in accepted:
                    if row is not other and row.key[0] == other.key[0] and row.when <= last(other) and other.when <= last(row):
                        self._reject(row, record.fields["from"], [value_text(row.when)])

    def spans(self, row):
        """The spans of a party."""
        spans = self.rows.get(f"{row.record.name}_history", [])
        return [span for span in spans if span.values[row.record.name] is row]

    def span_of(self, row, day):
        """The span of a party that holds a day."""
        for span in self.spans(row):
            if span.when <= day and (span.values.get("to") is None or day <= span.values["to"]):
                return span
        return None

    # Returns.

    def take_returns(self, through):
        """Takes off what was taken back up to the run's day, in the order of the rows (facts.md, "Events that take others back")."""
        takings, bad, names = [], [], list(self.program.records)
        for record, field, numbers in self.program.reversals():
            for row in self.of(record.name):
                if row.when is not None and row.when <= through and row.values[field.name] is not None:
                    takings.append((row, field, numbers))
        takings.sort(key=lambda taking: (taking[0].when, names.index(taking[0].record.name), key_order(taking[0].key)))
        taken = []
        for row, field, numbers in takings:
            of = row.values[field.name]
            if of.when is not None and row.when < of.when:
                bad.append((row, row.record.when))
                continue
            if of.is_returned and not numbers or id(of) in [id(whole) for whole in taken]:
                bad.append((row, field))
                continue
            left, worst = {}, None
            for name in numbers:
                before = of.values[name] or Fraction(0)
                after = before - (row.values[name] or Fraction(0))
                left[name] = after if of.values[name] is not None else None
                if worst is None and (after * before < 0 or abs(after) > abs(before)):
                    worst = row.record.fields[name]
            if worst is not None:
                bad.append((row, worst))
                continue
            if not of.states:
                of.states = {True: (dict(of.values), False)}
                self.taken_off.append(of)
            of.values = {**of.values, **left}
            if not numbers:
                taken.append(of)
            kinds = {name for record, one, own in self.program.reversals() if one.content == of.record.name for name in own}
            of.is_returned = not numbers or all((of.values[name] or 0) == 0 for name in kinds)
            of.states[row.when] = of.states[False] = of.values, of.is_returned
            of.takings.append((row, self._share_taken(of)))
        for row, field in bad:
            value = row.values[field.name]
            if field.type == "money":
                value = money_text(int(value * 10**self.program.decimals), self.program.decimals)
            self._reject(row, field, [value if isinstance(value, str) else value_text(value)])
        for name, rows in self.rows.items():
            self.rows[name] = [row for row in rows if id(row) not in self.bad]
        self.rejects.sort(key=lambda reject: (names.index(reject[0]), reject[1]))

    def give_back(self, of, row):
        """Nothing is left of a row from the day of another on; as it was reported it stays."""
        of.states = {True: (of.values, False), False: (of.values, True), row.when: (of.values, True)}
        self.taken_off.append(of)
        of.takings.append((row, Fraction(1)))

    def days_of_returns(self):
        """The days on which something takes rows back."""
        return sorted({row.when for of in self.taken_off for row, _ in of.takings})

    def _share_taken(self, of):
        """The share of a row that was taken back up to now: of the number that a return of it names first."""
        named = [numbers[0] for _, one, numbers in self.program.reversals() if one.content == of.record.name and numbers]
        whole = of.states[True][0][named[0]] or 0 if named else 0
        if of.is_returned:
            return Fraction(1)
        return (whole - (of.values[named[0]] or 0)) / whole if whole else Fraction(0)

    def _end(self, word, day):
        """The last day of the period that holds a day, as far as the program lives."""
        last = self.program.calendar.period_of(word, day).last
        return min(last, self.program.last) if day <= self.program.last else last

    def read(self, as_reported):
        """From now on rows have what they were reported with, or what is left of it, on a day if one is said."""
        if as_reported != self.is_as_reported:
            self.is_as_reported = as_reported
            for row in self.taken_off:
                state = as_reported
                if isinstance(as_reported, tuple):
                    within, stood = as_reported
                    in_time = lambda day: day <= self._end(within, row.when) if isinstance(within, str) else (day - row.when).days <= within
                    counts = lambda day: in_time(day) and (stood is None or day <= stood)
                    state = max((day for day in row.states if not isinstance(day, bool) and counts(day)), default=True)
                elif not isinstance(as_reported, bool):
                    # The last day up to that one on which something was taken off.
                    state = max((day for day in row.states if not isinstance(day, bool) and day <= as_reported), default=True)
                row.values, row.is_returned = row.states[state]

    # References.

    def _follow_references(self):
        index = {
            name: {row.key: row for row in rows} for name, rows in self.rows.items()
        }
        while True:
            n_bad = len(self.bad)
            for rows in list(self.rows.values()):
                for row in rows:
                    self._check_references(row, index)
            self._reject_loops(index)
            if len(self.bad) == n_bad:
                break
        for name, rows in self.rows.items():
            self.rows[name] = [row for row in rows if id(row) not in self.bad]
        self._make_missing_tables(index)
        for rows in list(self.rows.values()):
            for row in rows:
                for field, value in row.values.items():
                    if isinstance(value, Pointer):
                        row.values[field] = index[value.record][value.key]

    def _check_references(self, row, index):
        for name, value in list(row.values.items()):
            if isinstance(value, Pointer) and value.record in self.rows:
                target = index[value.record].get(value.key)
                field = row.record.fields.get(name)
                if target is None and field is not None and field.if_there:
                    row.values[name] = None
                    continue
                if target is None or id(target) in self.bad:
                    self._reject(row, row.record.fields.get(name) or row.record.key[0], list(value.key))

    def _reject_loops(self, index):
        """A chain along a field that refers to its own record and comes back."""
        for record in self.program.records.values():
            for field in record.fields.values():
                if field.type != "record" or field.content != record.name or not self._is_used(record, field):
                    continue
                for row in self.rows.get(record.name, []):
                    at, seen = row, set()
                    while at is not None and id(at) not in seen:
                        seen.add(id(at))
                        pointer = at.values.get(field.name)
                        at = index[record.name].get(pointer.key) if pointer else None
                        if at is row:
                            self._reject(row, field, list(row.values[field.name].key))

    def _make_missing_tables(self, index):
        """A party without a table exists with its key alone where accepted rows refer to it."""
        for record in self.program.records.values():
            if record.distinct_of is not None:
                self._make_distinct(record, index)
        made = True
        while made:
            made = False
            for rows in list(self.rows.values()):
                for row in list(rows):
                    for value in list(row.values.values()):
                        if isinstance(value, Pointer) and value.key not in index.setdefault(value.record, {}):
                            self._make(value, index)
                            made = True

    def _make(self, pointer, index):
        record = self.program.records[pointer.record]
        row = Row(record, 0)
        row.key = pointer.key
        for part, text in zip(record.key, pointer.key):
            row.values[part.name] = Pointer(part.content, (text,)) if part.type == "record" else text
        index.setdefault(record.name, {})[row.key] = row
        self.rows.setdefault(record.name, []).append(row)

    def _make_distinct(self, record, index):
        """An entity of the different values of a column (facts.md, "A party without a table")."""
        given = self.given.get(record.distinct_of)
        if given is None:
            raise Unknown(f"the table of `{record.distinct_of}`, of which `{record.name}` is made")
        key = record.key[0]
        place = given.place(key.column or key.name, key.column is not None)
        for row in self.rows[record.distinct_of]:
            text = given.rows[row.number - 1][place].strip()
            if text and (text,) not in index.setdefault(record.name, {}):
                self._make(Pointer(record.name, (text,)), index)


class Pointer:
    """A reference before its row is found."""

    def __init__(self, record, key):
        self.record, self.key = record, key


class _Given:
    """A table as it comes."""

    def __init__(self, table):
        self.header = [text.strip() for text in table["header"]]
        self.rows = [["" if cell is None else str(cell) for cell in row] for row in table["rows"]]
        self.rows = [row for row in self.rows if any(cell.strip() for cell in row)]

    def place(self, name, exact):
        """By the field's name, capital or small, or by exactly the header behind `from`."""
        same = str if exact else str.lower
        places = [place for place, header in enumerate(self.header) if same(header) == same(name)]
        if len(places) != 1:
            raise Fault("duplicate-column" if places else "missing-column")
        return places[0]

    def header_of(self, name, exact):
        return self.header[self.place(name, exact)]

