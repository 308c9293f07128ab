"""The forms: what a page asks for, how it is read, and what is wrong with it."""
