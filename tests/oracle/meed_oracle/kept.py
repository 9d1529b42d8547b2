"""Which rules act on which balances (balances.md)."""

from .tree import form


def clauses_of(rule_versions):
    return [form(clause["kind"]) for version in rule_versions for clause in version.clauses]


def balances_of(rule_versions):
    """The names of the balances on which a rule acts."""
    found = set()

    def walk(node):
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if isinstance(node.get("balance"), dict) and "of" in node:
                found.add(node["balance"]["text"])
            for one in node.values():
                walk(one)

    walk([version.clauses for version in rule_versions])
    return found


def acts(version):
    """Whether a version acts on a balance."""
    return bool(balances_of([version]))


def is_at_start(version):
    return any(name == "add" and content["at_start"] is not None for name, content in clauses_of([version]))


def together(program, name):
    """The rules that share balances with a rule, and with one another."""
    own = balances_of(program.rules[name])
    if not own:
        return [name]
    while True:
        names = [other for other, versions in program.rules.items() if balances_of(versions) & own]
        more = own.union(*(balances_of(program.rules[other]) for other in names))
        if more == own:
            return names
        own = more
