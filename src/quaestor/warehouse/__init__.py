"""The only package that speaks to an engine. Everyone else sends it SQL."""
