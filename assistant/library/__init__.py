"""What a writer has: voices, documents, drafts; how files become documents; the catalogue (SQL) and the index (Chroma).

``assistant.library.library.Library`` is the only door; the modules beside it are its rooms.
"""
