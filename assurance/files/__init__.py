"""Files that people hand in: what is taken, where it lies, who has looked at it. Nothing here opens a document."""
