"""Messages and addresses: who is told, when, and that nothing owed is lost."""
