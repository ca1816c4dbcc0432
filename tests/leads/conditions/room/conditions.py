from leads.conditions import Column, Field, Rows, register
from leads.enums import TaskKind
from leads.fields import ValueType

register(
    Field(
        "task_due_at",
        "Task due at",
        ValueType.DATETIME,
        Rows("leads.Task", "due_at", {"done_at": None}),
        group="Tasks",
    ),
    Field(
        "task_kind",
        "Kind of a task",
        ValueType.CHOICE,
        Rows("leads.Task", "kind", {"done_at": None}),
        choices=tuple(TaskKind.choices),
        can_be_empty=False,
        group="Tasks",
    ),
    # Only for what it follows from.
    Field("fame", "Fame", ValueType.TEXT, Column("job_title"), depends_on=frozenset({"owner"})),
)
