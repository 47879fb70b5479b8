"""Words that all stages share. Imports nothing of Quaestor and no engine."""
