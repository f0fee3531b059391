"""Training of MinerU-Diffusion: manifests, rows, the trainer, mining of hard samples."""
