"""One command for the figures of the whole path: `python -m benchmarks PAGES`; see benchmarks/build.py."""

from benchmarks.build import main

main()
