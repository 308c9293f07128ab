"""Keys that sign: Ed25519. Whoever has the public half can check what was signed, and cannot sign anything."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class SigningKey:
    """A key that signs; `public` is its other half, 32 bytes in base64."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = _public_text(key.public_key())

    @classmethod
    def draw(cls) -> SigningKey:
        """Draw a new key at random."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """Read a key as `pem` writes it; raises ValueError for anything else."""
        key: object
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if isinstance(key, Ed25519PrivateKey):
            return cls(key)
        raise ValueError("it holds no private key of Ed25519 in a PEM file without a password")

    def sign(self, text: str) -> str:
        """Sign a text; the signature is 64 bytes in base64, and always the same for the same text."""
        return base64.b64encode(self._key.sign(text.encode())).decode()

    @property
    def pem(self) -> bytes:
        """Write the key, unencrypted: the file is to be read by its owner only."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public_pem(self) -> bytes:
        """Write the public half."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_key_in(pem: bytes) -> str:
    """Give the public half of whatever a PEM file holds, a private or a public key; raises ValueError for anything else."""
    if b"PRIVATE KEY" in pem:
        return SigningKey.from_pem(pem).public
    key: object
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PublicKey):
        return _public_text(key)
    raise ValueError("it holds no key of Ed25519 in a PEM file")


def is_signed(text: str, signature: str, public: str) -> bool:
    """Say whether whoever has the private half of a public key signed exactly this text."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _public_text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
