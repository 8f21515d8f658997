"""Rectification after inspection (督察整改) and hanging accounts (挂账督办): until it is proved that it is mended."""
