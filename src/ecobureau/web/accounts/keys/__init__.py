"""API keys (密钥): how machines come in. A key acts as its account, with the grants held now."""
