"""How fast we are, beside the plain reference built from the same libraries, in one run."""
