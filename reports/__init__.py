"""What the group hands on: the annual report and its tables."""
