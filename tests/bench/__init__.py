"""The measurements can be made at all; what they say is for a quiet machine."""
