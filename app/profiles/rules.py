"""Which of a profile's languages somebody reads."""

from collections.abc import Collection, Sequence

LAST_RESORT = "en"


def chosen_language(offered: Collection[str], wanted: Sequence[str]) -> str | None:
    """Choose one of the offered BCP 47 tags; None when nothing is offered.

    `wanted` is in lower case, best first, each tag followed by its shorter forms (RFC 4647 lookup).
    Who wants zh reads zh-Hant rather than nothing; who wants nothing that is offered gets English,
    or the first tag of the alphabet.
    """
    by_lower = {tag.lower(): tag for tag in sorted(offered)}
    for tag in (*wanted, LAST_RESORT):
        if tag in by_lower:
            return by_lower[tag]
        for lower, longer in by_lower.items():
            if lower.startswith(f"{tag}-"):
                return longer
    return next(iter(by_lower.values()), None)
