"""An installation as a whole: carried from one database to another, kept in one file, and brought back out of it."""
