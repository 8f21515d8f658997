"""Pages of the registry's administration."""
