"""What the house promises, as sentences of the trade."""
