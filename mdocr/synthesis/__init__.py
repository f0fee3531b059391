"""Made training data: pictures of words with known text."""
