"""Tests of the command line, through its own door."""
