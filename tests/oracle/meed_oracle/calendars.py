"""Periods that are no civil months: years of whole weeks, and calendars from a table (facts.md, "Years of weeks and calendars")."""

import csv
import io
from datetime import date, timedelta

from . import cells
from .periods import MONTHS, WEEKDAYS, WORDS, Calendar
from .trouble import Fault, Unknown

PER_YEAR = {"month": 12, "quarter": 4, "half": 2, "year": 1}


class WeekYears(Calendar):
    """A year ends on a certain weekday at the end of a month; its weeks are shared among months by a pattern."""

    def __init__(self, life, pattern, weekday, month, nearest, named_by_start):
        super().__init__(1, False, life, (weekday + 1) % 7)
        self.weeks = [int(part) for part in pattern.split("-")]
        self.last_weekday, self.last_month, self.nearest = weekday, month, nearest
        self.earlier_name = named_by_start and month != 12

    def _end(self, year):
        """The last day of the year that ends with its month in this calendar year."""
        last = date(year + (self.last_month == 12), self.last_month % 12 + 1, 1) - timedelta(days=1)
        reach = range(-3, 4) if self.nearest else range(-6, 1)
        return next(day for day in (last + timedelta(days=by) for by in reach) if day.weekday() == self.last_weekday)

    def _months(self, day):
        """Months of such years since year 0, found month by month."""
        year = next(year for year in (day.year - 1, day.year, day.year + 1) if day <= self._end(year))
        number = year * 12
        while number % 12 < 11 and self._month_start(number + 1) <= day:
            number += 1
        return number

    def _month_start(self, number):
        year, month = divmod(number, 12)
        weeks = sum(self.weeks[one % 3] for one in range(month))
        return self._end(year - 1) + timedelta(days=1 + 7 * weeks)

    def first_day(self, word, number):
        return self._month_start(number * MONTHS[word]) if word in MONTHS else super().first_day(word, number)

    def last_day(self, word, number):
        if word in MONTHS:
            return self._month_start((number + 1) * MONTHS[word]) - timedelta(days=1)
        return super().last_day(word, number)

    def year_name(self, day):
        return self._months(day) // 12 - self.earlier_name

    def named(self, word, year, number):
        return self.period(word, (year + self.earlier_name) * PER_YEAR[word] + number - 1)


class TableCalendar(Calendar):
    """A calendar from a table with a row a day: the words of its columns are names."""

    def __init__(self, life, item, text, first_weekday):
        super().__init__(None, False, life, first_weekday)
        lines = [line for line in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in line)]
        header = [cell.strip() for cell in lines[0]]
        self.spans = {}
        places, pattern = {}, "YYYY-MM-DD"
        for column in item["columns"]:
            word = column["period"]["text"]
            wanted = column["column"]["value"] if column["column"] else word
            exact = [place for place, name in enumerate(header) if name == wanted]
            places[word] = exact[0] if exact else [name.lower() for name in header].index(wanted.lower())
            if column["format"]:
                pattern = column["format"]["value"]
        days = sorted((cells.day_by(line[places["day"]].strip(), pattern), line) for line in lines[1:])
        self.first, self.last = days[0][0], days[-1][0]
        for word, place in places.items():
            if word != "day":
                self.spans[word] = _spans([(day, line[place].strip()) for day, line in days])

    def word_of(self, name):
        words = [word for word in reversed(WORDS) if any(span[2] == name for span in self.spans.get(word, ()))]
        return words[0] if words else None

    def last_day_named(self, word, name):
        for _, last, known in self.spans[word]:
            if known == name:
                return last
        raise cells.Unreadable("not a period")

    def of_name(self, name, word=None):
        for kind in (word,) if word is not None else reversed(WORDS):
            for number, (_, _, known) in enumerate(self.spans.get(kind, ())):
                if known == name:
                    return self.period(kind, number)
        return super().of_name(name, word) if word not in self.spans else None

    def told_by(self):
        return next((word for word in ("quarter", "month", "half", "year") if word in self.spans), "program")

    def _number(self, word, day):
        if word not in self.spans:
            return super()._number(word, day)
        for number, (first, last, _) in enumerate(self.spans[word]):
            if first <= day <= last:
                return number
        raise Fault("impossible-date")

    def _span(self, word, number):
        if number == len(self.spans[word]):
            # What is after the table, where whoever goes from period to period stops.
            return self.last + timedelta(days=1), date.max, "after"
        if not 0 <= number < len(self.spans[word]):
            raise Fault("impossible-date")
        return self.spans[word][number]

    def first_day(self, word, number):
        return self._span(word, number)[0] if word in self.spans else super().first_day(word, number)

    def last_day(self, word, number):
        return self._span(word, number)[1] if word in self.spans else super().last_day(word, number)

    def name(self, period):
        return self._span(period.word, period.number)[2] if period.word in self.spans else super().name(period)

    def _year_of(self, word, number):
        """The numbers of all periods of a kind in the year of one."""
        year = self.period_of("year", self.first_day(word, number))
        return [one for one, (first, _, _) in enumerate(self.spans[word]) if year.first <= first <= year.last], year.number

    def part_number(self, word, day):
        number = self._number(word, day)
        return self._year_of(word, number)[0].index(number) + 1

    def year_name(self, day):
        name = self.name(self.period_of("year", day))
        runs = "".join(letter if letter.isdigit() else " " for letter in name).split()
        return next(int(run) for run in runs if len(run) == 4)

    def a_year_before(self, period):
        own, year = self._year_of(period.word, period.number)
        if year == 0:
            raise Fault("impossible-date")
        then, _ = self._year_of(period.word, self.period_of(period.word, self._span("year", year - 1)[0]).number)
        place = own.index(period.number)
        # The first year may have begun before the table.
        place = place - len(own) + len(then) if year == 1 else place
        if not 0 <= place < len(then):
            raise Fault("impossible-date")
        return self.period(period.word, then[place])


def _spans(days):
    """First day, last day and name of each run of days."""
    spans = []
    for day, name in days:
        if spans and spans[-1][2] == name:
            spans[-1] = (spans[-1][0], day, name)
        else:
            spans.append((day, day, name))
    return spans


def of_weeks(life, content):
    """`periods 4-4-5 ending last saturday of december`"""
    names = "january february march april may june july august september october november december".split()
    return WeekYears(
        life,
        content["pattern"]["value"],
        WEEKDAYS.index(content["day"]["text"].lower()),
        names.index(content["month"]["text"].lower()) + 1,
        content["nearest"] is not None,
        content["named_by"] is not None and content["named_by"][0] == "start",
    )


def from_table(life, items, name, sheets, first_weekday):
    """`periods from fiscal`"""
    if sheets is None:
        return Calendar(None, False, life, first_weekday)
    for item in items:
        if item["name"]["text"] == name:
            return TableCalendar(life, item, sheets[item["file"]["value"]], first_weekday)
    raise Unknown(f"no calendar `{name}`")
