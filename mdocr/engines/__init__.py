"""Where a model runs: the same few calls over torch, ONNX Runtime or a server.

An engine knows nothing of strategies: pixels and tokens in, logits out. ``protocols`` says what
readers ask of one, ``word_engines`` and ``page_engines`` choose one, ``exported`` finds the files of
ONNX Runtime.
"""
