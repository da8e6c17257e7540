"""What can go wrong with a film, in words for its seller, and whose fault it is."""

import errno
import os
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.screeners.media.refusals import MediaFailedError
from app.screeners.processing.fetching import AnotherFileError
from app.screeners.processing.rows import TooOftenError
from app.screeners.processing.scratch import NoRoomError
from app.stored import ObjectGone, StorageUnavailable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# A disk with less is full for whoever writes films
TIGHT_BYTES, TIGHT_FILES = 16 * 2**20, 8


def reason_of(error: Exception) -> str:
    """Say for the seller why the file is rejected."""
    match error:
        case AnotherFileError():
            return "The store holds another file than the one that was uploaded. Upload it again."
        case ObjectGone():
            return "The store has lost the file. Upload it again."
        case TooOftenError():
            return "Our program came to a sudden end each time it opened this file."
    return str(error)


def waits_for(error: Exception, root: Path) -> str:
    """Say for the seller what the film waits for."""
    match error:
        case StorageUnavailable():
            said = "The store does not answer."
        case NoRoomError():
            said = str(error)
        case DBAPIError() | ConnectionError() | TimeoutError():
            said = "The database did not answer."
        case OSError() if error.errno not in FULL:
            said = "The worker cannot use its scratch folder."
        case _ if isinstance(error, OSError) or _is_tight(root):
            said = "The worker's disk is full."
        case MediaFailedError():
            said = str(error)
        case _:
            said = "Something broke on our side."
    return said


def is_of_our_house(error: Exception, root: Path) -> bool:
    """Tell whether the file had no part in it."""
    of_ours = StorageUnavailable | NoRoomError | DBAPIError | OSError
    return isinstance(error, of_ours) or _is_tight(root)


def _is_tight(root: Path) -> bool:
    """Tell whether the disk is as good as full: a program of others says so in its own words."""
    try:
        found = os.statvfs(root)
    except OSError:
        return True
    few_files = found.f_files > 0 and found.f_favail < TIGHT_FILES
    return few_files or found.f_bavail * found.f_frsize < TIGHT_BYTES
