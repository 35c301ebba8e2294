"""Persona-Plug: a few vectors that carry a writer, read by a frozen language model before the prompt."""
