"""Training of MDiff4STR: word batches, noising, augmentation, the trainer."""
