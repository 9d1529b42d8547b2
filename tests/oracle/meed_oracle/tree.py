"""Small helpers to read the tree that `meed show tree --json` writes.

A choice of several forms is written {"form": content}, or "form" alone where it has no content.
"""


def form(node):
    """The form of a node and its content: ("binary", {...}), or ("days", None)."""
    if isinstance(node, str):
        return node, None
    (name, content), = node.items()
    return name, content


def expression(node):
    """The form and the content of an expression."""
    return form(node["kind"])


def path_names(path):
    """The names of a dotted path."""
    return [part["text"] for part in path["parts"]]


def without_brackets(node):
    """The expression inside of any brackets around it."""
    while expression(node)[0] == "bracket":
        node = expression(node)[1]
    return node


def parts(node):
    """The expressions directly inside an expression, those inside the brackets of a set too."""
    _, content = expression(node)
    return list(_expressions_in(content))


def _expressions_in(content):
    if isinstance(content, list):
        for one in content:
            yield from _expressions_in(one)
    elif isinstance(content, dict):
        if set(content) == {"kind", "span"}:
            yield content
        else:
            for name, one in content.items():
                if name != "window":
                    yield from _expressions_in(one)


_FOUND = {}  # what was found before, with the node, so that it stays


def all_of(node, wanted):
    """Every expression of a form in an expression, inner ones first, those inside the brackets of sets left out."""
    if (id(node), wanted) not in _FOUND:
        name, _ = expression(node)
        inside = [] if name in ("aggregate", "set", "one_row") else parts(node)
        found = [one for part in inside for one in all_of(part, wanted)]
        _FOUND[id(node), wanted] = node, found + [node] * (name == wanted)
    return _FOUND[id(node), wanted][1]


def forget():
    """Forgets all that was found, before another program."""
    _FOUND.clear()
