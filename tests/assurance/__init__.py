"""Tests of the group's nouns and verbs."""
