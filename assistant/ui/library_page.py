"""The Library page: past writing comes in, is looked through, and goes again.

Gradio carries an empty place and the script ``static/library.js``, which draws the page from the JSON of
``library_routes``. So no text of a document and no file name ever meets a template.
"""

from pathlib import Path

import gradio as gr

from assistant.assembly import Assistant
from assistant.errors import OwnhandError
from assistant.library.reports import ImportReport
from assistant.types import WriterId
from assistant.ui.writers import current_writer

_MARKUP = '<div data-library tabindex="-1"></div>'
_START = "import('/own/static/library.js').then((page) => page.start(element.querySelector('[data-library]')));"


def build_library_page(assistant: Assistant) -> None:
    """Fill the Blocks route of the page."""
    gr.HTML(
        html_template=_MARKUP,
        js_on_load=_START,
        apply_default_css=False,
        elem_id="page-library",
    )
    _add_import_endpoint(assistant)


def _add_import_endpoint(assistant: Assistant) -> None:
    """The named endpoint ``/import``; its components are never shown, they say what a program sends and gets."""

    def import_files(files: list[str] | None, voice: str, request: gr.Request) -> dict[str, object]:
        """Import files into the voice of this name, made if there is none; what became of each file is the answer."""
        paths = [Path(file) for file in files or ()]
        try:
            return _import(assistant, current_writer(request.request), paths, voice)
        except OwnhandError as error:
            raise gr.Error(str(error), print_exception=False) from error
        finally:
            for path in paths:  # Gradio would keep its copies, also of what the writer later erases
                path.unlink(missing_ok=True)

    files = gr.File(file_count="multiple", visible=False)
    voice = gr.Textbox(visible=False)
    report = gr.JSON(visible=False)
    gr.Button(visible=False).click(import_files, [files, voice], report, api_name="import", concurrency_limit=1)


def _import(assistant: Assistant, writer: WriterId, files: list[Path], name: str) -> dict[str, object]:
    _, report = assistant.library.import_by_name(writer, name, files)
    return _report_json(report)


def _report_json(report: ImportReport) -> dict[str, object]:
    """What ``python -m assistant import --json`` prints, but with "name" for "path".

    gradio_client takes every object in an answer that has a "path" for a file that it should fetch.
    """
    return {
        "files": [
            {
                "name": file.path,
                "status": file.status,
                "documents": file.documents,
                "snippets": file.snippets,
                "reason": file.reason,
            }
            for file in report.files
        ],
        "documents": report.documents,
        "snippets": report.snippets,
    }
