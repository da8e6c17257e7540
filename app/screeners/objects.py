"""What of a screener lies where in the store: all of it in one folder."""

KEY_PREFIX = "screeners/"
SEGMENT_TYPE = "video/mp2t"
PICTURE_TYPE = "image/jpeg"


def folder_of(screener_id: int) -> str:
    """Name the folder that holds everything of a screener."""
    return f"{KEY_PREFIX}{screener_id}/"


def original_key(screener_id: int) -> str:
    """Name the file as its seller sent it: in quarantine, whatever becomes of it."""
    return f"{folder_of(screener_id)}original"


def made_folder(screener_id: int) -> str:
    """Name the folder of what was made of the file."""
    return f"{folder_of(screener_id)}hls/"


def segment_key(screener_id: int, rendition: str, number: int) -> str:
    """Name an encrypted segment; they are numbered from 0."""
    return f"{made_folder(screener_id)}{rendition}/{number:05}.ts"


def poster_key(screener_id: int) -> str:
    """Name the poster."""
    return f"{made_folder(screener_id)}poster.jpg"


def thumbnails_key(screener_id: int) -> str:
    """Name the sheet of thumbnails."""
    return f"{made_folder(screener_id)}thumbnails.jpg"
