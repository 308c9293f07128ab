"""The sub group's nouns and verbs: audits, returns, findings, recommendations, actions."""
