"""Training on what people have corrected: pictures of lines and words, and what they should say."""
