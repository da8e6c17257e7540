"""Agendas as PDF: A4, in every script of the market, with fonts of their own."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from app.fonts import MAIN, cut, writable
from app.lettering import fit
from app.meetings.day.sheets import Line, Sheet, SheetDay

MARGIN = 15.0
# Where what is held is written; its time stands before it
INDENT = 32.0
TITLE, HEADING, BODY, SMALL = 16.0, 12.0, 10.5, 9.0
# The height of a line to that of its letters (which are in points)
LEADING = 0.5
LONGEST = 600
# What is held is hardly ever higher
TALLEST = 60.0


def pdf_of(sheet: Sheet) -> bytes:
    """Print an agenda."""
    with TemporaryDirectory() as folder:
        page = _Paper(sheet, Path(folder))
        page.put_title()
        for day in sheet.days:
            page.put_day(day)
        if not sheet.days:
            page.put(sheet.nothing, BODY)
        return bytes(page.output())


class _Paper(FPDF):
    def __init__(self, sheet: Sheet, folder: Path) -> None:
        super().__init__(format="A4")
        self.sheet = sheet
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + 5)
        self.set_title(_fit(sheet.title))
        self.set_creator("FilmMart")
        self.set_lang("en")
        fonts = cut(
            {letter for text in sheet.texts() for letter in _fit(text)} | set("0123456789/ ")
        )
        for number, (name, content) in enumerate(fonts.items()):
            path = folder / f"{number}.ttf"
            path.write_bytes(content)
            self.add_font(name, fname=path)
        self.set_font(MAIN, size=BODY)
        self.set_fallback_fonts([name for name in fonts if name != MAIN], exact_match=False)
        self.set_text_shaping(use_shaping_engine=True)
        self.add_page()

    def footer(self) -> None:
        """Say on every page what it is of, and when it was printed."""
        self.set_y(-MARGIN)
        self.set_font(MAIN, size=SMALL)
        self.set_text_color(110)
        text = f"{_fit(self.sheet.footer)}  {self.page_no()}"
        self.cell(w=0, h=SMALL * LEADING, text=text, align="R")
        self.set_text_color(0)

    def put_title(self) -> None:
        """Say whose agenda it is."""
        self.put(self.sheet.title, TITLE)
        self.put(self.sheet.subtitle, BODY)

    def put_day(self, day: SheetDay) -> None:
        """Write a day, and what is held on it."""
        self.ln(5)
        if self.will_page_break(4 * HEADING * LEADING):
            self.add_page()
        self.put(day.heading, HEADING)
        self.set_draw_color(150)
        self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())
        for line in day.lines:
            self.put_held(line)

    def put_held(self, line: Line) -> None:
        """Write something that is held; it stays on one page."""
        self.ln(2)
        rows = [(line.who, BODY), *((note, SMALL) for note in line.notes if note)]
        # To know how high a text is takes as long as to write it.
        if self.will_page_break(TALLEST) and self.will_page_break(
            sum(self.height_of(text, size) for text, size in rows)
        ):
            self.add_page()
        self.set_font(MAIN, size=BODY)
        top = self.get_y()
        self.cell(w=INDENT, h=BODY * LEADING, text=_fit(line.time))
        self.set_y(top)
        for text, size in rows:
            self.put(text, size, indent=INDENT)

    def height_of(self, text: str, size: float) -> float:
        """Tell how high a text will be."""
        self.set_font(MAIN, size=size)
        room = self.epw - INDENT
        lines = self.multi_cell(w=room, text=_fit(text), dry_run=True, output="LINES")
        return len(cast("list[str]", lines)) * size * LEADING

    def put(self, text: str, size: float, indent: float = 0.0) -> None:
        """Write a text, in as many lines as it needs."""
        self.set_font(MAIN, size=size)
        self.set_x(MARGIN + indent)
        self.multi_cell(
            w=self.epw - indent,
            h=size * LEADING,
            text=_fit(text),
            align="L",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )


def _fit(text: str) -> str:
    """Write in letters that the fonts have, in one line, and not without end."""
    shown = " ".join(fit(text[:LONGEST]).split())
    return writable(f"{shown}…" if len(text) > LONGEST else shown)
