"""Synthetic pages with layouts, and manifests of training samples."""
