"""Contests (contests.md): the rows of a period in the order of a measure, and what becomes of those who are level."""

from dataclasses import replace
from fractions import Fraction

from . import sets
from .expressions import evaluate
from .tree import all_of, expression, form, path_names
from .trouble import Fault


def is_contest(version):
    return any(form(clause["kind"])[0] == "ranked_by" for clause in version.clauses)


def ranking(version):
    """The measure, and what becomes of ties."""
    clauses = [form(clause["kind"]) for clause in version.clauses]
    return next(content for name, content in clauses if name == "ranked_by")


def completed(version, scope):
    """The row that completed the measure: the latest that is in one of its sets."""
    lets = {}
    for name, content in (form(clause["kind"]) for clause in version.clauses):
        if name == "let":
            lets[content["name"]["text"]] = content["value"]
    records = list(scope.run.program.records)
    found = []

    def walk(node):
        for one in all_of(node, "aggregate"):
            content = expression(one)[1]
            chosen = sets.unnamed(content["set"] or sets._short_set(content["value"]), scope)
            rows = [inner.subject for inner in sets.rows_of(chosen, scope, evaluate)]
            found.extend((row.when, records.index(row.record.name), row.order) for row in rows)
        for one in all_of(node, "path"):
            name = path_names(expression(one)[1])[0]
            if name in lets:
                walk(lets[name])

    walk(ranking(version)["measure"])
    return max(found, default=None)


def settle_contest(rule):
    """All rows as far as the ranking, then on from there."""
    waiting = {}
    for place, row in enumerate(rule.rows()):
        if row is None:
            continue
        version, scope, period, _ = row
        with rule.run.reading(rule._mode(version, scope)):
            steps = rule._begin(version, scope, period)
            try:
                measure = next(steps)
            except StopIteration:
                continue
            last = completed(version, scope) if ranking(version)["ties"] == "to_the_earliest" else None
        waiting.setdefault((version.number, period.number), []).append((place, row, steps, measure, last))
    ready = []
    for rows in waiting.values():
        version = rows[0][1][0]
        is_earliest, is_shared = (ranking(version)["ties"] == word for word in ("to_the_earliest", "share_prizes"))
        rows.sort(key=lambda one: (-one[3], one[4] is None if is_earliest else False, one[4] or () if is_earliest else (), one[0]))
        start = 0
        while start < len(rows):
            end = start
            while end < len(rows) and rows[end][3:] == rows[start][3:]:
                end += 1
            level = rows[start:end]
            shares = _shares(rule, level, start + 1) if is_shared and len(level) > 1 and not version.only_sets else [None] * len(level)
            for (place, row, steps, _, _), share in zip(level, shares):
                row[1].rank, row[1].prize = Fraction(start + 1), share
                row[1].is_undecided = is_earliest and len(level) > 1
                ready.append((place, row, steps))
            start = end
    for _, row, steps in sorted(ready, key=lambda one: one[0]):
        version, scope, period, is_accrual = row
        with rule.run.reading(rule._mode(version, scope)):
            try:
                steps.send(None)
            except StopIteration as stop:
                if stop.value:
                    rule._pay_all(version, scope, period, is_accrual)


def _shares(rule, level, first):
    """What level rows get: what their places are paid, in equal parts, the spare cents to the first."""
    version, scope, _, _ = level[0][1]
    with rule.run.reading(rule._mode(version, scope)):
        whole = sum(rule._prize(version, replace(scope, lets=dict(scope.lets), rank=Fraction(first + idx))) for idx in range(len(level)))
    each, spare = divmod(abs(whole), len(level))
    sign = 1 if whole > 0 else -1
    return [sign * (each + (idx < spare)) for idx in range(len(level))]


def checked(scope, smallest):
    """The amount of a row in a contest."""
    if scope.is_undecided and scope.end > scope.run.through:
        return 0
    if scope.is_undecided and smallest:
        raise Fault("contest-tie")
    return smallest if scope.prize is None else scope.prize
