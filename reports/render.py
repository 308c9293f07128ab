"""Writes a report in the formats that people ask for: Markdown, HTML and Word."""

from __future__ import annotations

from reports.markdown import render_markdown
from reports.web_page import render_html
from reports.word import render_docx

__all__ = ["render_docx", "render_html", "render_markdown"]
