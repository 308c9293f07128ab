"""The nouns and verbs of quality assurance: audits, returns, findings, recommendations, actions."""
