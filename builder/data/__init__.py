"""Data that ships with Hiwar: the platform lexicon, stop words, the starting recipe."""
