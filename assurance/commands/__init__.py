"""The verbs: each takes a transaction, decides through the workflow files, and writes everything or nothing."""
