"""WARC files: written, read back, checked."""
