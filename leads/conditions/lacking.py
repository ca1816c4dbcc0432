"""What somebody lacks of a condition: those of its parts, each a condition itself, that do not hold."""

from leads.conditions.compiler import compile_node
from leads.conditions.describer import describe_node
from leads.conditions.grammar import ConditionError
from leads.conditions.reading import read

GONE = "what is no longer known here"


def parts_of(tree) -> list[dict]:
    """The smallest conditions that hold together exactly when the tree holds, from left to right."""
    if len(tree.get("any", ())) == 1:
        return parts_of(tree["any"][0])
    if "all" in tree:
        return [part for member in tree["all"] for part in parts_of(member)]
    inner = tree.get("not")
    if inner is not None and "not" in inner:
        return parts_of(inner["not"])
    if inner is not None and "any" in inner:
        return [part for member in inner["any"] for part in parts_of({"not": member})]
    return [tree]


def lacking(leads, trees, *, now, vocabulary) -> dict[int, dict]:
    """{lead id: {key: the parts of the condition under this key that she does not meet}}, in one query.

    `trees` are conditions by key; `leads` is a queryset of Lead. A lead or a key that lacks nothing is left out.
    Raises ConditionError.
    """
    tests, asked = {}, []
    for key, tree in trees.items():
        for part in parts_of(tree):
            name = f"meets_{len(asked)}"
            tests[name] = compile_node(read(part, vocabulary, closed=False), now=now, vocabulary=vocabulary)
            asked.append((key, part))
    if not asked:
        return {}
    found = {}
    for pk, *held in leads.order_by("pk").annotate(**tests).values_list("pk", *tests):
        for (key, part), holds in zip(asked, held, strict=True):
            if not holds:
                found.setdefault(pk, {}).setdefault(key, []).append(part)
    return found


def lacking_words(parts, vocabulary) -> list[str]:
    """What is lacking in English, a phrase for each part; one that names something that is gone says so."""
    return [_words(part, vocabulary) for part in parts]


def _words(part, vocabulary):
    try:
        return describe_node(read(part, vocabulary, closed=False), vocabulary)
    except ConditionError:
        return GONE
