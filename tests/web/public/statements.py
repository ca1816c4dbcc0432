import re

from django.db import connection

_SAVEPOINT = re.compile(r'"s\d+_x\d+"')


def statements_of(work):
    """The SQL that `work` runs, without its values: what two requests have alike unless they do different work."""
    statements = []

    def note(execute, sql, params, many, context):
        statements.append(_SAVEPOINT.sub("SAVEPOINT", sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return statements
