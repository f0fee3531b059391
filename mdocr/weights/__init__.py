"""Where weights come from: names, the cache, downloads, and the formats of checkpoints.

``registry`` ← ``cache`` ← ``download`` (over ``hub``) ← ``resolve``: from a name to files. One file
for each format: ``mdiff4str`` (our word models), ``mdiff4str_released`` (the published ``.pth``),
``line_reader``, ``mineru_diffusion``, ``onnx_files``. ``configuration`` checks what they say of
sizes before anything is built; only what loads weights needs torch.
"""
