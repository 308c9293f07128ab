"""That what is owed is sent, once, to the right person, and never in a shape that nobody meant."""
