"""The Write page: its markup is ``static/write.html``, its behaviour ``static/write.js``.

The markup is the same for everyone. Whatever comes from a draft, a document or the model reaches the page through the
routes and is drawn as text.
"""

from pathlib import Path

import gradio as gr

_MARKUP = Path(__file__).parent / "static" / "write.html"
_START = "import('/own/static/write.js').then((page) => page.start(element));"


def build_write_page() -> None:
    """Add the page to the Blocks being built."""
    gr.HTML(
        html_template=_MARKUP.read_text(encoding="utf-8"),
        js_on_load=_START,
        apply_default_css=False,
        elem_id="page-write",
    )
