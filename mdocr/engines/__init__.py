"""What runs a model: the same few calls over torch, ONNX Runtime or a server.

An engine knows nothing of decoding strategies: pixels and tokens in, logits out.

    protocols                     what readers ask of an engine for words, and for pages
    word_engines, page_engines    choose one
    torch_*, onnx_*               run one: words, pages; ``*_blocks`` a pass of block diffusion
    server                        replaces a page model as a whole
"""
