"""The door for people: pages, and the same as JSON. It reads queries and calls commands; it decides nothing."""
