"""Which kinds there are. Rooms register theirs while the program starts."""

from leads.activities.kind import Chip, Kind, Trait

_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Makes a kind known and returns it; ValueError for a code that is taken or does not fit the column."""
    if not 0 < len(kind.code) <= 20:
        raise ValueError(f"{kind.code!r} is no code of a kind of activity: give 1 to 20 characters.")
    if kind.code in _KINDS:
        raise ValueError(f"There is a kind of activity {kind.code} already.")
    _KINDS[kind.code] = kind
    return kind


def all_kinds() -> tuple[Kind, ...]:
    """Every kind, in the order of registration."""
    return tuple(_KINDS.values())


def is_known(code: object) -> bool:
    return isinstance(code, str) and code in _KINDS


def kind_of(code: str) -> Kind:
    """The kind with this code. One that no room declares any more still has a name and an icon."""
    return _KINDS.get(code) or _forgotten(code)


def codes_with(trait: Trait) -> list[str]:
    """The codes of the kinds with this trait, in the order of registration."""
    return [kind.code for kind in _KINDS.values() if trait in kind.traits]


def codes_under(chip: Chip) -> list[str]:
    """The codes of the kinds under a filter chip."""
    return [kind.code for kind in _KINDS.values() if kind.chip == chip]


def _forgotten(code):
    label = code.replace("_", " ").capitalize()
    return Kind(code, label, label.lower(), label.lower(), icon="history", chip=Chip.SYSTEM)
