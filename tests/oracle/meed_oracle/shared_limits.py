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
from .values import round_whole


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
    left = {name: [] for name in names}
    for item in run.program.shared_limits:
        over = lambda line: line.rule in names_of(item) and line.smallest != 0
        state, together, after = {}, {}, []
        if is_pro_rata(item):
            for line, _ in lines:
                key = _key(run, item, line) if over(line) else None
                if key is not None:
                    together[key] = together.get(key, 0) + line.smallest
        for line, place in lines:
            if over(line):
                smallest = _limited(run, item, state, together, line, line.smallest)
                line = replace(line, smallest=smallest, amount=Fraction(smallest, 10**line.unit.decimals))
            after.append((line, place))
        lines = after
    for line, place in lines:
        if line.smallest != 0:
            left[line.rule].append((place, line))
    for name in names:
        run.rules[name].lines = [line for _, line in sorted(left[name], key=lambda one: one[0])]
        run.rules[name].finish()


def is_pro_rata(item):
    """Whether every line gets the same share."""
    (clause,) = item["limits"]
    return form(clause["kind"])[1].get("pro_rata") is not None


def budget_of(program, rule):
    """The word of the period in which the lines of a rule are shared in proportion, if they are."""
    for item in limits_of(program, rule):
        if is_pro_rata(item):
            words = [path_names(path) for path in form(item["limits"][0]["kind"])[1]["per"]]
            return next((one[0] for one in words if len(one) == 1 and one[0] in WORDS), "program")
    return None


def _key(run, item, line):
    """Whose lines in which time a line is counted with; none where the limit is not over it."""
    (clause,) = item["limits"]
    name, content = form(clause["kind"])
    key = []
    for path in content["per"]:
        words = path_names(path)
        if len(words) == 1 and words[0] in WORDS:
            # Everything lies in the program's life.
            key.append(None if words[0] == "program" else run.program.calendar.period_of(words[0], line.when).number)
            continue
        party = _party(run, item, line, words)
        if party is None:
            return None
        key.append((party.record.name, party.key_text()))
    return tuple(key)


def _limited(run, item, state, together, line, smallest):
    (clause,) = item["limits"]
    name, content = form(clause["kind"])
    key = _key(run, item, line)
    if key is None:
        return smallest
    if name == "at_most_payments":
        bound = evaluate(content["most"], Scope(run))
        if smallest > 0:
            if state.get(key, 0) >= bound:
                return 0
            state[key] = state.get(key, 0) + 1
        return smallest
    if name != "at_most":
        raise Unknown(f"`{name}` over several rules")
    if is_pro_rata(item):
        most, before = floor(evaluate(content["amount"], Scope(run)) * 10**line.unit.decimals), state.get(key, 0)
        state[key] = before + smallest
        if together[key] <= most:
            return smallest
        out = lambda total: round_whole(Fraction(total * most, together[key]), line.unit.mode)
        return out(before + smallest) - out(before)
    return _at_most(key, floor(evaluate(content["amount"], Scope(run)) * 10**line.unit.decimals), smallest, state)


def _party(run, item, line, words):
    """Whose line it is, by the kind of party or as rules call the payee; nobody's where another kind is paid."""
    if words == ["payee"]:
        return line.payee
    if words[0] in run.program.records and not all(words == called for called in _called_under(run, item)):
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
    return _payee_of(next(one for one in run.program.rules[line.rule] if one.number == line.version))


def _called_under(run, item):
    """As the rules under a limit call whom they pay."""
    return [_payee_of(version) for name in names_of(item) for version in run.program.rules[name]]


def _payee_of(version):
    for name, content in (form(clause["kind"]) for clause in version.clauses):
        if name in ("pay", "take_back") and expression(content["payee"])[0] == "path":
            return path_names(expression(content["payee"])[1])
    return None
