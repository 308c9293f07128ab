"""Tests of accounts, sign-in and sessions."""
