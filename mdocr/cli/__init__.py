"""The command line, one file per subcommand: arguments in, text out, exit code; no logic.

The product goes to stdout, everything for people to stderr. Nothing here imports torch, ONNX
Runtime, Pillow or PyMuPDF before a command runs that needs them.
"""
