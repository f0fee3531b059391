"""Files, folders and streams in; pictures and pages out."""
