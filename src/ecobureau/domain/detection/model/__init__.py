"""The data model of one outlet: what a factor should have read, and how far it is from that."""
