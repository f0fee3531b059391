"""Where weights come from: names, the cache, downloads, and the formats of checkpoints.

``registry`` ← ``cache`` ← ``download`` ← ``resolve``: from a name to files; ``hub`` finds them, and
``transfer`` downloads them. One module for each format: ``mdiff4str`` (our word models),
``mdiff4str_released`` (the published ``.pth``), ``line_reader``, ``mineru_diffusion`` and
``onnx_files``. ``configuration`` and ``page_configuration`` check sizes before anything is built.
Only what loads weights needs torch.
"""
