"""Measurements: each file without an underscore in front is a program that `make bench` runs."""
