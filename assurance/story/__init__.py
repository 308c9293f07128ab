"""A year of a group as data: read whole, checked whole, then played on a virtual clock."""

from __future__ import annotations

from assurance.story.play import Played, play
from assurance.story.script import Story, read_story
from assurance.story.summary import Summary, summary

__all__ = ["Played", "Story", "Summary", "play", "read_story", "summary"]
