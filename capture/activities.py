"""The kind of activity that an import writes."""

from leads.activities import Chip, Kind, Trait, register, register_reason

IMPORTED = register(
    Kind(
        "imported",
        "Import",
        one="import",
        many="imports",
        icon="file-import",
        chip=Chip.SYSTEM,
        traits=(Trait.AUTOMATIC,),
    )
)

register_reason("imported", "Imported from {file}")
