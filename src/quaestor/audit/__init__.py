"""Judge: policies in, findings and a decision out. Reads the ledger, never the bill."""
