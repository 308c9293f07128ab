"""The Django application of django-fsm-2."""
