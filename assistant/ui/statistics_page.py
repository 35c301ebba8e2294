"""The Statistics page: what became of suggestions on this machine.

As on the Models page, Gradio carries an empty place and a script, ``static/statistics.js``, draws it from the JSON of
``statistics_routes``.
"""

import gradio as gr

_MARKUP = '<div data-statistics tabindex="-1"></div>'
_START = "import('/own/static/statistics.js').then((page) => page.start(element.querySelector('[data-statistics]')));"


def build_statistics_page() -> None:
    """Fill the Blocks route of the page."""
    gr.HTML(html_template=_MARKUP, js_on_load=_START, apply_default_css=False, elem_id="page-statistics")
