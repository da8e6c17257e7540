"""Subtitles of sellers: any encoding, no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.screeners.media.refusals import MediaRefusedError, Reason
from app.screeners.media.webvtt import MAX_BYTES, MAX_CUES, to_webvtt

RUSSIAN = "Здравствуйте, товарищи! Сегодня мы показываем вам новый фильм о дружбе народов."
SRT = (
    f"1\r\n00:00:01,000 --> 00:00:02,500\r\n{RUSSIAN}\r\n\r\n"
    "2\r\n00:00:03,000 --> 00:00:04,000\r\n- Да.\r\n- Нет.\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r"])
def test_a_subrip_file_of_any_encoding_becomes_webvtt(encoding: str) -> None:
    content = to_webvtt(SRT.encode(encoding)).decode()
    assert content == (
        f"WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n{RUSSIAN}\n"
        "\n00:00:03.000 --> 00:00:04.000\n- Да.\n- Нет.\n"
    )


def test_big_endian_and_persian() -> None:
    persian = "\ufeff1\n00:00:01,000 --> 00:00:02,000\nسلام\n"
    assert "سلام" in to_webvtt(persian.encode("utf-16-be")).decode()


def cue(text: str) -> str:
    """Give what becomes of a cue's text."""
    content = to_webvtt(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n".encode()).decode()
    return content.partition("00:00:02.000\n")[2]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<script>alert(1)</script>", "alert(1)\n"),
        ("<b>bold <i>both</b> x</i>", "<b>bold <i>both x</i></b>\n"),
        ('<font color="red">red</font>', "red\n"),
        ('<img src=x onerror="alert(1)">', ""),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d\n"),
        ("a &amp; b &lt;script&gt;", "a &amp; b &lt;script&gt;\n"),
        (r"{\an8}above", "above\n"),
        ("nul\x00 bell\x07", "nul bell\n"),
        ("<v Roger Bingham>words", "words\n"),
        ("</i>closed", "closed\n"),
    ],
)
def test_a_cue_keeps_words_and_the_simplest_marks(text: str, wanted: str) -> None:
    if wanted:
        assert cue(text) == wanted
    else:
        with pytest.raises(MediaRefusedError):
            cue(text)


def test_places_are_kept_and_styles_are_not() -> None:
    content = to_webvtt(
        b"WEBVTT\n\nSTYLE\n::cue { background: url(http://evil) }\n\n"
        b"NOTE hidden\n\nid\n"
        b"01:00:00.000 --> 01:00:01.000 line:10% position:50%,center region:x evil:1\nUp\n"
    ).decode()
    assert content == "WEBVTT\n\n01:00:00.000 --> 01:00:01.000 line:10% position:50%,center\nUp\n"


def test_cues_are_put_in_order_and_made_finite() -> None:
    content = to_webvtt(
        b"99:00:00,000 --> 99:59:59,000\nlast\n\n00:00:05,000 --> 00:00:04,000\nbackwards\n\n"
        b"00:00:01,000 --> 00:00:02,000\nfirst\n"
    ).decode()
    assert [line for line in content.splitlines() if "-->" in line] == [
        "00:00:01.000 --> 00:00:02.000",
        "99:00:00.000 --> 99:10:00.000",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.TEXT_UNREADABLE),
        (b"just words", Reason.TEXT_UNREADABLE),
        (bytes(range(256)) * 10, Reason.TEXT_UNREADABLE),
        (b"x" * (MAX_BYTES + 1), Reason.TEXT_TOO_LARGE),
        (b"00:00:01,000 --> 00:00:02,000\nx\n\n" * (MAX_CUES + 1), Reason.TEXT_TOO_LARGE),
    ],
)
def test_what_is_no_subtitle_is_refused(content: bytes, reason: Reason) -> None:
    with pytest.raises(MediaRefusedError) as refused:
        to_webvtt(content)
    assert refused.value.reason is reason


@given(st.text(max_size=200))
def test_no_cue_gets_out_of_its_text(text: str) -> None:
    content = f"00:00:01,000 --> 00:00:02,000\nbegin {text}".encode(errors="replace")
    written = to_webvtt(content).decode()
    for tag in ("<b>", "</b>", "<i>", "</i>", "<u>", "</u>"):
        written = written.replace(tag, "")
    assert "<" not in written
    assert to_webvtt(written.encode())
