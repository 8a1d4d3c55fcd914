"""One module a site whose pages have a layout of their own; found by being here."""
