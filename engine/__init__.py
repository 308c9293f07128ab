"""Decides, judges, remembers: the workflow engine, which knows no noun of the field."""
