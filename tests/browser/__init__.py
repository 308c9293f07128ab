"""Tests in a real browser: journeys by mouse and by keyboard, with and without scripts, and what keeps people out."""
