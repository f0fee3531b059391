"""Pages read line by line: layout by image analysis, then the line reader."""
