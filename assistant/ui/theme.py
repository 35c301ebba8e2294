"""Gradio's theme, told to use our own colours and type.

Every value is one of the custom properties of ``static/ownhand.css``, where light and dark are decided once: so a
variable and its ``_dark`` twin, where it has one, get the same value.
"""

import gradio as gr

_VALUES = {
    "body_background_fill": "var(--paper)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--quiet)",
    "background_fill_primary": "var(--paper)",
    "background_fill_secondary": "var(--wash)",
    "block_background_fill": "transparent",
    "block_border_color": "var(--line)",
    "block_label_text_color": "var(--quiet)",
    "block_title_text_color": "var(--ink)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--accent-wash)",
    "link_text_color": "var(--accent)",
    "link_text_color_hover": "var(--accent)",
    "link_text_color_visited": "var(--accent)",
    "link_text_color_active": "var(--accent)",
    "input_background_fill": "var(--field)",
    "input_border_color": "var(--line)",
    "input_border_color_focus": "var(--accent)",
    "input_placeholder_color": "var(--quiet)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent)",
    "button_primary_text_color": "var(--on-accent)",
    "button_secondary_background_fill": "var(--wash)",
    "button_secondary_background_fill_hover": "var(--wash)",
    "button_secondary_text_color": "var(--ink)",
    "error_text_color": "var(--warn)",
    "loader_color": "var(--accent)",
}


def theme() -> gr.themes.Base:
    """The theme all pages share. Fonts are names of system fonts: nothing is fetched."""
    base = gr.themes.Base(font=["var(--sans)"], font_mono=["ui-monospace", "monospace"])
    twins = {f"{name}_dark": value for name, value in _VALUES.items() if hasattr(base, f"{name}_dark")}
    return base.set(**_VALUES, **twins)
