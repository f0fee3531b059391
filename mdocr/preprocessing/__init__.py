"""From pictures to tensors, from prompts to tokens."""
