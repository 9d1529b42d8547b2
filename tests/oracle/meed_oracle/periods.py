"""Periods and days (facts.md, "The head of a program"; amounts.md, "Dates")."""

import calendar
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from .trouble import Fault, Unknown

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
WORDS = ("day", "week", "half month", *MONTHS, "own year", "program")
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


@dataclass(frozen=True, order=True)
class Period:
    """A period: its word and its number among all of its kind, one after the other."""

    word: str
    number: int
    calendar: object = field(compare=False, repr=False)

    @property
    def first(self):
        """Its first day, uncut."""
        return self.calendar.first_day(self.word, self.number)

    @property
    def last(self):
        """Its last day, uncut."""
        return self.calendar.last_day(self.word, self.number)


@dataclass(frozen=True, order=True)
class OwnYear(Period):
    """A year of a party's own, from its date or an anniversary of it to the day before the next (totals.md, "A year of its own")."""

    begins: date = field(compare=False)
    ends: date = field(compare=False)

    @property
    def first(self):
        return self.begins

    @property
    def last(self):
        return self.ends


def own_years(calendar, start, month_ends):
    """The years from a date on, one after the other."""
    count = 0
    while True:
        begins, next_one = (add_months(start, 12 * (count + more), month_ends) for more in (0, 1))
        ends = next_one - timedelta(days=1)
        yield OwnYear("own year", ends.toordinal(), calendar, begins, ends)
        count += 1


NAME = re.compile(r"(FY)?(\d{4})(?:-(?:([QH])(\d)|M?(\d\d)(?:-H([12]))?))?")


class Calendar:
    """The fiscal calendar of a program. `first_month` begins its year; the year is named after its start or its end."""

    def __init__(self, first_month, named_by_end, life, first_weekday=0):
        self.first_month = first_month
        self.named_by_end = named_by_end
        self.life = life
        self.first_weekday = first_weekday
        self.settled = None
        # Names have FY in front where the head says a fiscal year.
        self.is_fiscal = first_month is not None

    def _months(self, day):
        """Whole months from the first month of fiscal year 0 to the month of a day."""
        return day.year * 12 + day.month - 1 - ((self.first_month or 1) - 1)

    def period_of(self, word, day):
        """The period of this kind that holds a day."""
        return self.period(word, self._number(word, day))

    def _number(self, word, day):
        if word == "program":
            # What is before the program's life, or after it, is another.
            return (day > self.life[1]) - (day < self.life[0])
        if word == "day":
            return day.toordinal()
        if word == "week":
            return (day.toordinal() - 1 - self.first_weekday) // 7
        if word == "half month":
            return 2 * (day.year * 12 + day.month - 1) + (day.day > 15)
        if word in MONTHS:
            return self._months(day) // MONTHS[word]
        raise Unknown(f"the period `{word}`")

    def period(self, word, number):
        """The period of this kind and number."""
        return Period(word, number, self)

    def first_day(self, word, number):
        if word == "program":
            return self.life[0]
        if word == "day":
            return _from_ordinal(number)
        if word == "week":
            return _from_ordinal(number * 7 + 1 + self.first_weekday)
        if word == "half month":
            return _month_start(number // 2).replace(day=1 if number % 2 == 0 else 16)
        return _month_start(number * MONTHS[word] + ((self.first_month or 1) - 1))

    def last_day(self, word, number):
        if word == "program":
            return self.life[1]
        if word == "day":
            return _from_ordinal(number)
        if word == "week":
            return _from_ordinal(number * 7 + 7 + self.first_weekday)
        if word == "half month":
            return _month_start(number // 2).replace(day=15) if number % 2 == 0 else _month_end(number // 2)
        return _month_end((number + 1) * MONTHS[word] - 1 + ((self.first_month or 1) - 1))

    def word_of(self, name):
        """The kind of period that a table has under this name; none where there is no table."""
        return None

    def told_by(self):
        """The period by which lines of events are told."""
        return self.settled or "quarter"

    def a_year_before(self, period):
        """The period at the same place in the year before."""
        a_year = {"half month": 24, "month": 12, "quarter": 4, "half": 2, "year": 1}[period.word]
        return self.period(period.word, period.number - a_year)

    def before(self, period):
        """The period before one."""
        return self.period(period.word, period.number - 1)

    def year_name(self, day):
        """The year of a day by its name."""
        year = self._months(day) // 12
        starts_later = (self.first_month or 1) > 1
        return year + 1 if self.named_by_end and starts_later else year

    def part_number(self, word, day):
        """The number of the month, quarter or half within its year, from 1."""
        return self._months(day) % 12 // MONTHS[word] + 1

    def named(self, word, year, number):
        """The period of this number in the program's year of this name."""
        if self.named_by_end and (self.first_month or 1) > 1:
            year -= 1
        return self.period(word, year * (12 // MONTHS[word]) + number - 1)

    def name(self, period):
        """2026-Q1, FY2026-M01, program (facts.md, "The head of a program")."""
        if period.word == "program":
            return "program"
        if period.word == "own year":
            return f"Y{period.last.isoformat()}"
        if period.word in ("day", "week"):
            return ("W" if period.word == "week" else "") + period.first.isoformat()
        if period.word == "half month":
            return f"{self.name(self.period_of('month', period.first))}-H{period.number % 2 + 1}"
        year = f"{self.year_name(period.first):04}"
        number = self.part_number(period.word, period.first)
        if self.is_fiscal:
            part = {"month": f"-M{number:02}", "quarter": f"-Q{number}", "half": f"-H{number}", "year": ""}[period.word]
            return f"FY{year}{part}"
        if period.word == "month":
            return f"{period.first.year:04}-{period.first.month:02}"
        return year + {"quarter": f"-Q{number}", "half": f"-H{number}", "year": ""}[period.word]

    def of_name(self, name, word=None):
        """The period of a name, of a kind if one is wanted; None where there is none."""
        found = NAME.fullmatch(name)
        try:
            if found:
                _, year, letter, part, month, half = found.groups()
                kind = "half month" if half else {"Q": "quarter", "H": "half"}.get(letter, "month" if month else "year")
                whole = self.named("month" if half else kind, int(year), int(part or month or 1))
                period = self.period_of("half month", whole.first) if half else whole
                if half == "2":
                    period = self.period("half month", period.number + 1)
            else:
                day = date.fromisoformat(name.removeprefix("W"))
                period = self.period_of("week" if name.startswith("W") else "day", day)
        except (ValueError, Fault):
            return None
        return period if self.name(period) == name and word in (None, period.word) else None

    def own(self, period):
        """The part of a period within the program's life, or None (totals.md, "Per party and period"); one before it is whole."""
        if period.last < self.life[0]:
            return period.first, period.last
        first, last = max(period.first, self.life[0]), min(period.last, self.life[1])
        return (first, last) if first <= last else None


def _month_start(months):
    year, month = divmod(months, 12)
    try:
        return date(year, month + 1, 1)
    except ValueError:
        raise Fault("impossible-date") from None


def _month_end(months):
    first = _month_start(months)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _from_ordinal(number):
    try:
        return date.fromordinal(number)
    except (ValueError, OverflowError):
        raise Fault("impossible-date") from None


def add_days(day, count):
    try:
        return day + timedelta(days=count)
    except OverflowError:
        raise Fault("impossible-date") from None


def add_months(day, count, month_ends):
    """`+ 1 month` from the 31st lands where the program's `month ends` says (amounts.md, "Dates")."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise Fault("impossible-date")
    last = calendar.monthrange(year, month + 1)[1]
    if day.day <= last:
        return date(year, month + 1, day.day)
    if month_ends == "round_down":
        return date(year, month + 1, last)
    if month_ends == "round_up":
        return add_days(date(year, month + 1, last), 1)
    raise Unknown("months are added without `month ends`")


def add_length(day, length, sign, month_ends):
    if Fraction(length.count).denominator != 1:
        raise Unknown("a length of time that is no whole number")
    count = sign * int(length.count)
    if length.unit == "days":
        return add_days(day, count)
    return add_months(day, count * (12 if length.unit == "years" else 1), month_ends)


def whole_months(start, end, month_ends):
    """Whole months count from one day of the month to the same day (amounts.md, "Dates"); backwards they are negative."""
    if end < start:
        return -whole_months(end, start, month_ends)
    count = (end.year - start.year) * 12 + end.month - start.month + 1
    while count > 0 and _later(start, count, end, month_ends):
        count -= 1
    return count


def _later(start, count, end, month_ends):
    try:
        return add_months(start, count, month_ends) > end
    except Fault:
        return True
