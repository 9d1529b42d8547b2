"""Rules of which a row is paid by one, or by all up to an amount (rules.md, "Choosing between rules")."""

from .expressions import evaluate
from .tree import form
from .trouble import Unknown


def settle_choice(choice, rules):
    """Row by row: what each rule would pay, then what is given of it."""
    policy = choice["policy"]
    name, most = (policy, None) if isinstance(policy, str) else form(policy)
    for rows in zip(*(rule.rows() for rule in rules), strict=True):
        candidates = [rule.candidate(*row) for rule, row in zip(rules, rows) if row is not None]
        candidates = [one for one in candidates if one is not None and one[0] != 0]
        if not candidates:
            continue
        amounts = [amount for amount, _, _ in candidates]
        if name == "all_up_to":
            scope = next(row[1] for row in rows if row is not None)
            # Where all rules read returns alike, what bounds them does too.
            modes = {version.mode() for rule in rules for version in rule.versions}
            with rules[0].run.reading(modes.pop() if len(modes) == 1 else False):
                bound = evaluate(most, scope)
            if bound is None:
                raise Unknown("a choice without its amount")
            given = _up_to(abs(int(bound * 10 ** candidates[0][1].decimals)), amounts)
        else:
            best = amounts[0]
            if name == "highest":
                best = max(amounts) if max(amounts) > 0 else min(amounts)
            chosen = amounts.index(best)
            given = [amount if place == chosen else 0 for place, amount in enumerate(amounts)]
        for (_, _, give), amount in zip(candidates, given):
            if amount:
                give(amount)


def _up_to(most, amounts):
    total, given = 0, []
    for amount in amounts:
        after = max(-most, min(most, total + amount))
        given.append(after - total)
        total = after
    return given
