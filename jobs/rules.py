import datetime

# How long to wait after the first attempt that failed; twice as long after each further one.
FIRST_PAUSE = datetime.timedelta(minutes=1)
LONGEST_PAUSE = datetime.timedelta(hours=1)
FAILURE_LENGTH = 2000


def pause_after(attempts) -> datetime.timedelta:
    """How long work rests after so many attempts that failed, at least one."""
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


def told(failure) -> str:
    """A failure as it is kept: a text as it is; of an error its kind and first line, since the others may hold data."""
    if isinstance(failure, BaseException):
        failure = ": ".join([type(failure).__name__, *str(failure).splitlines()[:1]])
    return failure[:FAILURE_LENGTH]
