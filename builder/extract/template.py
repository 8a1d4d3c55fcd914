"""What a host repeats on its pages, learned from the archive."""
