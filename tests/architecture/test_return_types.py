"""Public functions of actions, queries and rules say what they return."""

import ast

from tests.architecture.test_source import SOURCES, found_in

KINDS = {"actions", "queries", "rules"}


def silent(path):
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in functions if not node.name.startswith("_") and node.returns is None]


def test_public_functions_of_actions_queries_and_rules_have_return_types():
    asked = [path for path in SOURCES if KINDS & {part.removesuffix(".py") for part in path.parts}]

    assert len(asked) > 30
    assert found_in(asked, silent) == {}
