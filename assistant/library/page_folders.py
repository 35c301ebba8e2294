"""Folders of the data folder in which the page keeps files for a while; named here, for erasing must know them."""

UPLOADS_FOLDER = "uploads"
"""Files on their way from the browser into the library."""
TEMPORARY_FOLDER = "temporary"
"""What Gradio must store: files that programs send to its endpoints."""
