"""Training of MDiff4STR: sources of words, noising, augmentation, the trainer."""
