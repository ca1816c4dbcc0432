"""Where Django looks for the models of the room; each stands with what it belongs to."""

from capture.importing.models import Import, ImportProblem, ImportRow, RememberedMapping, UnansweredWord

__all__ = ["Import", "ImportProblem", "ImportRow", "RememberedMapping", "UnansweredWord"]
