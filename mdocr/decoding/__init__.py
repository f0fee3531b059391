"""Which positions to commit and when to stop; knows nothing of images, weights or devices."""
