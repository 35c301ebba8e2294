"""The page: our own FastAPI application around Gradio, one file per page or panel, no model code."""
