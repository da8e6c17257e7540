"""Made-up words and names with the frequencies of real ones, in the languages of the market."""

import random
import tomllib
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

WORDS = 30_000
STREAM = 2**18
PEOPLE = 40_000


@dataclass(frozen=True, slots=True)
class Speech:
    """How a language is written here."""

    share: int
    # What stands between words
    joint: str
    syllables: tuple[str, ...]
    common: tuple[str, ...]
    given: tuple[str, ...]


def _read() -> dict[str, Speech]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {language: _speech(**told) for language, told in tomllib.loads(text).items()}


def _speech(share: int, joint: str, syllables: str, common: str, given: str) -> Speech:
    units = syllables.split() if joint else "".join(syllables.split())
    return Speech(share, joint, tuple(units), tuple(common.split()), tuple(given.split()))


SPEECHES = _read()


@dataclass(frozen=True, slots=True)
class Voice:
    """A language that speaks: a long stream of its words, and its people."""

    speech: Speech
    stream: list[str]
    people: list[str]

    def say(self, at: random.Random, words: int) -> str:
        """Give some words as they follow each other somewhere in the stream."""
        start = int(at.random() * (STREAM - words))
        return self.speech.joint.join(self.stream[start : start + words])

    def name(self, at: random.Random) -> str:
        """Give somebody's name: a few are everywhere, most are rare."""
        return self.people[int(at.random() ** 2.5 * PEOPLE)]


def voices(seed: int) -> dict[str, Voice]:
    """Make every language's words and people; the same seed gives the same."""
    made = {}
    for language, speech in SPEECHES.items():
        at = random.Random(f"{seed}/{language}")  # noqa: S311  # data, not secrets
        words = _words(speech, at)
        # Zipf's law, flattened at the head so that a title's likeliest word is in 5-10 % of titles
        weights = list(accumulate(1 / (rank + 3) ** 1.02 for rank in range(len(words))))
        stream = at.choices(words, cum_weights=weights, k=STREAM)
        made[language] = Voice(speech, stream, _people(speech, at))
    return made


def _words(speech: Speech, at: random.Random) -> list[str]:
    words = dict.fromkeys(speech.common)
    lengths = (1, 2) if not speech.joint else (2, 4)
    while len(words) < WORDS:
        words["".join(at.choices(speech.syllables, k=at.randint(*lengths)))] = None
    return list(words)


def _people(speech: Speech, at: random.Random) -> list[str]:
    people = []
    for _ in range(PEOPLE):
        family = "".join(
            at.choices(speech.syllables, k=1 if not speech.joint else at.randint(2, 4))
        )
        given = at.choice(speech.given)
        people.append(f"{given} {family.capitalize()}" if speech.joint else family + given)
    return people
