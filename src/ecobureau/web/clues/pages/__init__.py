"""Pages of the clue pool that are no record's own: sources, answers owed, sensitive places, the tables of kinds."""
