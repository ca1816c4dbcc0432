"""Word from a worker that it is to end, for the work that goes on in its child processes."""

import mmap

# Memory that processes share with those they fork. Nobody takes a lock on it, so nobody can die with one.
_flag = mmap.mmap(-1, 1)


def begin():
    """Tells this process and those it has forked, or will fork, to come to an end."""
    _flag[0] = 1


def has_begun() -> bool:
    """Whether work that goes on step by step should leave its next step to another worker."""
    return _flag[0] == 1
