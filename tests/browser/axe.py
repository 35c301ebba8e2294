"""What axe-core finds wrong with a page."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_GRAVE = ("serious", "critical")
# What fades in is judged once it is there; what moves for ever is not waited for.
_STILL = """Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => {})))"""


def faults(page: Page) -> list[str]:
    """What axe finds that keeps someone out: the rule, what it asks, and where it is broken."""
    page.evaluate(_STILL)
    # Left to itself axe fetches imported stylesheets again, from the wrong place.
    found: list[dict[str, Any]] = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{fault['id']} ({fault['help']}): {node['html'][:200]} - {node['failureSummary']}"
        for fault in found
        if fault["impact"] in _GRAVE
        for node in fault["nodes"]
    ]
