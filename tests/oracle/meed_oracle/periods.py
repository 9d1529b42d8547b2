"""Periods and days (facts.md, "The head of a program"; amounts.md, "Dates")."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from .trouble import Fault, Unknown

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
WORDS = (*MONTHS, "program")


@dataclass(frozen=True)
class Period:
    """A period: its word, its number since year 0 of the calendar, and its first and last day, uncut."""

    word: str
    number: int
    first: date
    last: date


class Calendar:
    """The fiscal calendar of a program. `first_month` begins its year; the year is named after its start or its end."""

    def __init__(self, first_month, named_by_end, life):
        self.first_month = first_month
        self.named_by_end = named_by_end
        self.life = life
        # Names have FY in front where the head says a fiscal year.
        self.is_fiscal = first_month is not None

    def _months(self, day):
        """Whole months from the first month of fiscal year 0 to the month of a day."""
        return day.year * 12 + day.month - 1 - ((self.first_month or 1) - 1)

    def period_of(self, word, day):
        """The period of this kind that holds a day."""
        if word == "program":
            is_before, is_after = day < self.life[0], day > self.life[1]
            return Period(word, is_after - is_before, *self.life)
        if word not in MONTHS:
            raise Unknown(f"the period `{word}`")
        return self.period(word, self._months(day) // MONTHS[word])

    def period(self, word, number):
        """The period of this kind and number."""
        length = MONTHS[word]
        first = number * length + ((self.first_month or 1) - 1)
        return Period(word, number, _month_start(first), _day_before_month(first + length))

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

    def name(self, period):
        """2026-Q1, FY2026-M01, program (facts.md, "The head of a program")."""
        if period.word == "program":
            return "program"
        year = f"{self.year_name(period.first):04}"
        number = self.part_number(period.word, period.first)
        if self.is_fiscal:
            part = {"month": f"-M{number:02}", "quarter": f"-Q{number}", "half": f"-H{number}", "year": ""}[period.word]
            return f"FY{year}{part}"
        if period.word == "month":
            return f"{period.first.year:04}-{period.first.month:02}"
        return year + {"quarter": f"-Q{number}", "half": f"-H{number}", "year": ""}[period.word]

    def own(self, period):
        """The part of a period within the program's life, or None (totals.md, "Per party and period")."""
        first, last = max(period.first, self.life[0]), min(period.last, self.life[1])
        return (first, last) if first <= last else None


def _month_start(months):
    year, month = divmod(months, 12)
    try:
        return date(year, month + 1, 1)
    except ValueError:
        raise Fault("impossible-date") from None


def _day_before_month(months):
    year, month = divmod(months - 1, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


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
