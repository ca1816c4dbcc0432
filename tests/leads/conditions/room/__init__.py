"""A room above the others, with something that conditions may ask."""
