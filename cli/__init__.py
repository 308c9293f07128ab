"""The operators' door: every command of `auditloop`."""
