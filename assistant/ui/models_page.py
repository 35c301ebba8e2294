"""The Models page: which language model writes, which are on this machine, and which are worth fetching.

As on the Library page, Gradio carries an empty place and a script, ``static/models.js``, draws it from the JSON of
``models_routes``.
"""

import gradio as gr

_MARKUP = '<div data-models tabindex="-1"></div>'
_START = "import('/own/static/models.js').then((page) => page.start(element.querySelector('[data-models]')));"


def build_models_page() -> None:
    """Fill the Blocks route of the page."""
    gr.HTML(html_template=_MARKUP, js_on_load=_START, apply_default_css=False, elem_id="page-models")
