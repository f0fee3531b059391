"""Training of MinerU-Diffusion: manifests, training rows, the trainer, mining of hard samples."""
