"""What auditloop is measured against, each doing the same job: programs of an environment of their own."""
