"""Images to tensors, prompts to tokens: what each model expects as its input."""
