"""Who somebody is: passwords, authenticator apps, links and sessions. What they may do follows from their posts."""
