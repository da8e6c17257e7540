"""The kinds of files that go in and out."""

from enum import StrEnum

CSV = "text/csv"
NDJSON = "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileFormat(StrEnum):
    """A kind of file, which is also the end of its name."""

    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = "xlsx"


MEDIA_TYPES = {FileFormat.CSV: CSV, FileFormat.NDJSON: NDJSON, FileFormat.XLSX: XLSX}
# What a file may be sent as
FORMATS = {
    CSV: FileFormat.CSV,
    "text/tab-separated-values": FileFormat.CSV,
    NDJSON: FileFormat.NDJSON,
    "application/ndjson": FileFormat.NDJSON,
    "application/jsonl": FileFormat.NDJSON,
    XLSX: FileFormat.XLSX,
}
