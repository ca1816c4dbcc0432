from enum import StrEnum


class Lane(StrEnum):
    """Kinds of work that never wait for each other; the value is the name of the Celery queue of its ticks."""

    SETTLE = "settle"
    BULK = "bulk"
    MAIL = "mail"
