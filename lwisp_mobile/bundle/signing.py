"""Signatures of bundles: the OpenSSF model-signing format with a key of your own, offline.

The signature is a file of the bundle and covers all others; any model-signing tool can check it.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import CONTRACT_FILE, Bundle, parse_bundle
from lwisp_mobile.errors import SignatureError, require_extra
from lwisp_mobile.serialize.files import atomic_write, check_file

SIGNATURE_FILE = "model.sig"
"""model-signing's default name."""

MAX_KEY_BYTES = 65_536

_MAKE_KEYS = (
    "Create a pair: openssl ecparam -name prime256v1 -genkey -noout -out key.pem && "
    "openssl ec -in key.pem -pubout -out key.pub"
)


def sign_bundle(path: Path, private_key: Path) -> None:
    """Sign every file of a bundle, a folder or a .zip; an earlier signature is replaced.

    private_key: PEM, NIST P-256, P-384 or P-521, unencrypted. Raises BundleError if the bundle is broken (a signature
    would vouch for it), SignatureError if the key can't be used.
    """
    files = read_all(path)
    files.pop(SIGNATURE_FILE, None)
    _check_whole(path, files)
    with _on_disk(files) as folder, _errors(private_key):
        modules = _model_signing()
        hashing = modules.hashing.Config().set_ignored_paths(paths=[SIGNATURE_FILE])
        signer = modules.signing.Config().use_elliptic_key_signer(private_key=private_key)
        signature = folder.with_name(SIGNATURE_FILE)
        signer.set_hashing_config(hashing).sign(folder, signature)
        content = signature.read_bytes()
    _add_signature(path, files, content)


def load_signed_bundle(path: Path, public_key: Path) -> Bundle:
    """Read a bundle that must be signed by a key; the signature is checked before anything in the bundle is parsed.

    The models are read later, and their hashes compared with the signed contract's.
    Raises SignatureError if the signature is missing, by another key, or not of these files.
    """
    files = read_all(path)
    signature = files.pop(SIGNATURE_FILE, None)
    if signature is None:
        raise SignatureError(
            f"{path} isn't signed (no {SIGNATURE_FILE}); a signature by {public_key}'s owner is needed."
        )
    with _on_disk(files) as folder, _errors(public_key):
        modules = _model_signing()
        signature_file = folder.with_name(SIGNATURE_FILE)
        signature_file.write_bytes(signature)
        verifier = modules.verifying.Config().use_elliptic_key_verifier(public_key=public_key)
        with _mismatch(path, public_key):
            verifier.verify(folder, signature_file)
    return _check_whole(path, files)


def _check_whole(path: Path, files: Mapping[str, bytes]) -> Bundle:
    if CONTRACT_FILE not in files:
        raise SignatureError(f"{path} has no {CONTRACT_FILE}, so it isn't a bundle. Give a bundle's folder or .zip.")
    bundle = parse_bundle(path, files[CONTRACT_FILE])
    for model in bundle.models:
        bundle.read(model.contract.precision)
    return bundle


def _add_signature(path: Path, files: dict[str, bytes], signature: bytes) -> None:
    if not path.is_dir():
        write_archive(path, {**files, SIGNATURE_FILE: signature})
        return
    with atomic_write(path / SIGNATURE_FILE) as temporary:
        temporary.write_bytes(signature)


@contextmanager
def _on_disk(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write the files to a private folder, so that model-signing hashes the very bytes that are used."""
    with tempfile.TemporaryDirectory(prefix="lwisp-") as temporary:
        folder = Path(temporary) / "bundle"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        yield folder


def _model_signing() -> Any:
    try:
        import model_signing  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("model-signing", "signing", error) from error
    return model_signing


@contextmanager
def _errors(key: Path) -> Iterator[None]:
    """Turn what an unusable key raises into SignatureError."""
    try:
        check_file(key, MAX_KEY_BYTES)
        yield
    except SignatureError:
        raise
    except OSError as error:
        raise SignatureError(f"{key} can't be read ({error.strerror or error}). {_MAKE_KEYS}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise SignatureError(
            f"{key} isn't a usable key ({error}); a PEM key on NIST P-256, P-384 or P-521, unencrypted, "
            f"is needed. {_MAKE_KEYS}"
        ) from error


@contextmanager
def _mismatch(path: Path, key: Path) -> Iterator[None]:
    """Turn what a wrong or broken signature raises into SignatureError."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  comes with model-signing

    try:
        yield
    except (InvalidSignature, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise SignatureError(
            f"{path} isn't what the owner of {key} signed ({str(error) or type(error).__name__}). Don't use it; "
            "get the bundle again, or the right key."
        ) from error
