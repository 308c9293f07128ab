"""The same queries and commands as JSON, for programs that somebody lets act on their behalf."""
