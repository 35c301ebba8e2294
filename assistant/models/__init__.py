"""Which language models there are: on this machine, in a short list worth having, and on the hub."""
