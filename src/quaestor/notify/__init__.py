"""Tell people of an audit: messages from the warehouse, sent once, by mail and webhooks."""
