"""Generic reading of HTML: charset, main text, title, author, dates, comments, and what a host repeats.

`reader.read_page` reads one page; the other modules are its parts, usable alone.
"""
