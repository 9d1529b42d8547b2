"""Limits over several rules: their lines come in the one order, after the limits of the rules themselves (rules.md, "Limits over several
rules")."""

from dataclasses import replace
from fractions import Fraction
from math import floor

from .expressions import evaluate
from .holds import order_of
from .limits import _at_most
from .periods import WORDS
from .scope import Scope
from .tree import expression, form, path_names
from .trouble import Unknown


def limits_of(program, rule):
    return [item for item in program.shared_limits if rule in names_of(item)]


def names_of(item):
    return [name["text"] for name in item["over"]]


def together(program, rule):
    """The rules whose lines are known together with those of a rule."""
    names = [rule]
    while True:
        more = list(dict.fromkeys(other for name in names for item in limits_of(program, name) for other in names_of(item)))
        if not more or set(more) <= set(names):
            return names
        names = list(dict.fromkeys([*names, *more]))


def apply(run, names):
    """What is left of the lines of rules, all of which are done."""
    rules = list(run.program.rules)
    lines = [(line, place) for name in names for place, line in enumerate(run.rules[name].lines)]
    lines.sort(key=lambda one: (*order_of(run, one[0], None, names), rules.index(one[0].rule), one[1]))
    sums = [{} for _ in run.program.shared_limits]
    left = {name: [] for name in names}
    for line, place in lines:
        smallest = line.smallest
        for item, state in zip(run.program.shared_limits, sums):
            if line.rule in names_of(item) and smallest != 0:
                smallest = _limited(run, item, state, line, smallest)
        if smallest != 0:
            left[line.rule].append((place, replace(line, smallest=smallest, amount=Fraction(smallest, 10**line.unit.decimals))))
    for name in names:
        run.rules[name].lines = [line for _, line in sorted(left[name], key=lambda one: one[0])]
        run.rules[name].take_back()


def _limited(run, item, state, line, smallest):
    (clause,) = item["limits"]
    name, content = form(clause["kind"])
    key = []
    for path in content["per"]:
        words = path_names(path)
        if len(words) == 1 and words[0] in WORDS:
            # Everything lies in the program's life.
            key.append(None if words[0] == "program" else run.program.calendar.period_of(words[0], line.when).number)
            continue
        party = _party(run, line, words)
        if party is None:
            return smallest
        key.append((party.record.name, party.key_text()))
    key = tuple(key)
    if name == "at_most_payments":
        bound = evaluate(content["most"], Scope(run))
        if smallest > 0:
            if state.get(key, 0) >= bound:
                return 0
            state[key] = state.get(key, 0) + 1
        return smallest
    if name != "at_most":
        raise Unknown(f"`{name}` over several rules")
    return _at_most(key, floor(evaluate(content["amount"], Scope(run)) * 10**line.unit.decimals), smallest, state)


def _party(run, line, words):
    """Whose line it is, by the kind of party or as rules call the payee; nobody's where another kind is paid."""
    if words == ["payee"]:
        return line.payee
    if words[0] in run.program.records:
        if line.payee.record.name != words[0]:
            return None
        words = words[1:]
    elif words == _called(run, line):
        words = []
    party = line.payee
    for word in words:
        party = party.values.get(word)
        if party is None:
            return None
    return party


def _called(run, line):
    version = next(one for one in run.program.rules[line.rule] if one.number == line.version)
    for name, content in (form(clause["kind"]) for clause in version.clauses):
        if name in ("pay", "take_back") and expression(content["payee"])[0] == "path":
            return path_names(expression(content["payee"])[1])
    return None
