"""The whole path on one machine: serve a small site, crawl it, build a release, verify it."""
