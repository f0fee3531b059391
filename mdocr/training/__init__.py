"""Training: one loop, its checkpoints and logs; a sub-folder for each model."""
