"""Plain modules and their configurations: pixels and tokens in, logits out, nothing else."""
