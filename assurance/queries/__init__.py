"""Named questions that pages and reports ask, already filtered by what may be seen."""
