"""Which positions to commit and when to stop; knows nothing of pictures, weights or devices."""
