"""Render what the ledger and the audit hold. Reads the warehouse, changes nothing in it."""
