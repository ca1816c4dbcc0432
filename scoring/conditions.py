"""What conditions may ask of a score."""

from leads.conditions import built_in, register

# What the engine writes first, and all the others follow from.
SCORE = "score"

register(
    built_in("grade", depends_on=[SCORE]),
    built_in(SCORE),
    built_in("scored_at", depends_on=[SCORE]),
)
