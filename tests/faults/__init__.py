"""What happens when a process is killed: the records stay sound, and the same command finishes the job."""
