"""Official statistics of the running system: from valid hours to days, months, quarters, years, rankings."""
