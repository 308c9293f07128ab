"""What looks after the house: the whole check, and the check of the documents."""
