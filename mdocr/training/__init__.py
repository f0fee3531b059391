"""Training: datasets, noising, losses, the loop, checkpoints. One loop serves both models."""
