"""Segments under lock: AES-128 as HLS has it (RFC 8216, 4.3.2.4 and 5.2)."""

import hmac
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

PERIOD_SEGMENTS = 10
KEY_BYTES = 16
_BLOCK_BITS = 128
_CHUNK_BYTES = 1 << 20


def period_of(number: int) -> int:
    """Give the period of a segment: the segments of a minute share a key."""
    return number // PERIOD_SEGMENTS


def period_key(media_key: bytes, period: int) -> bytes:
    """Derive the key of a period from the film's: who has one learns nothing of the others."""
    return hmac.digest(media_key, period.to_bytes(8), "sha256")[:KEY_BYTES]


def encrypt_segment(source: Path, target: Path, *, media_key: bytes, number: int) -> int:
    """Encrypt a segment (AES-128-CBC, PKCS7, its number as the IV); give the bytes written."""
    encryptor = _cipher(media_key, number).encryptor()
    padder = PKCS7(_BLOCK_BITS).padder()
    with source.open("rb") as plain, target.open("wb") as locked:
        while chunk := plain.read(_CHUNK_BYTES):
            locked.write(encryptor.update(padder.update(chunk)))
        locked.write(encryptor.update(padder.finalize()) + encryptor.finalize())
        return locked.tell()


def decrypt_segment(content: bytes, *, media_key: bytes, number: int) -> bytes:
    """Undo `encrypt_segment`.

    Raises:
        ValueError: another key or number, or not a segment of ours.
    """
    decryptor = _cipher(media_key, number).decryptor()
    padded = decryptor.update(content) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _cipher(media_key: bytes, number: int) -> Cipher[CBC]:
    return Cipher(AES(period_key(media_key, period_of(number))), CBC(number.to_bytes(KEY_BYTES)))
