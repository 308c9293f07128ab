"""The Django application of Viewflow."""
