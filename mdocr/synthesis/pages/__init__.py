"""Synthetic pages and manifests."""
