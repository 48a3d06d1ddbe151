"""Signed bundles: only the owner of the key can have made them, and nothing in them was changed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import CONTRACT_FILE, Bundle, load_bundle, shipped_bundle
from lwisp_mobile.bundle.signing import SIGNATURE_FILE, load_signed_bundle, sign_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import BundleError, SignatureError

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def write_keys(folder: Path, name: str, key: Key, password: bytes | None = None) -> tuple[Path, Path]:
    """A private and a public key as openssl writes them."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, locked))
    subject = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, subject))
    return private, public


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_keys(tmp_path_factory.mktemp("keys"), "ours", ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(params=["folder", "zip"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the shipped bundle, unsigned."""
    if request.param == "folder":
        return Path(shutil.copytree(shipped_bundle().folder, tmp_path / "bundle"))
    write_archive(tmp_path / "bundle.zip", read_all(shipped_bundle().folder))
    return tmp_path / "bundle.zip"


def replace_file(bundle: Path, name: str, content: bytes | None) -> None:
    """Change a file of a bundle, or remove it, as an attacker would."""
    files = read_all(bundle)
    files.pop(name, None)
    if content is not None:
        files[name] = content
    if bundle.is_dir():
        shutil.rmtree(bundle)
        bundle.mkdir()
        for file, data in files.items():
            (bundle / file).write_bytes(data)
    else:
        write_archive(bundle, files)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_a_signed_bundle_is_the_bundle(bundle: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    private, public = write_keys(tmp_path, "key", ec.generate_private_key(curve))
    sign_bundle(bundle, private)
    signed = load_signed_bundle(bundle, public)
    assert signed == Bundle(bundle, shipped_bundle().name, shipped_bundle().models)
    assert signed.read("int8") == shipped_bundle().read("int8")
    assert load_bundle(bundle) == signed


def test_no_signature(bundle: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(SignatureError, match="isn't signed"):
        load_signed_bundle(bundle, keys[1])


def test_another_key(bundle: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    sign_bundle(bundle, keys[0])
    _, other = write_keys(tmp_path, "other", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(SignatureError, match=r"isn't what the owner of .*other\.pub signed"):
        load_signed_bundle(bundle, other)


def test_a_key_named_as_ours(bundle: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    """The signature names its key; naming another's doesn't make it that one's."""
    private, public = write_keys(tmp_path, "other", ec.generate_private_key(ec.SECP256R1()))
    sign_bundle(bundle, keys[0])
    ours = json.loads(read_all(bundle)[SIGNATURE_FILE])
    sign_bundle(bundle, private)
    theirs = json.loads(read_all(bundle)[SIGNATURE_FILE])
    theirs["verificationMaterial"] = ours["verificationMaterial"]
    replace_file(bundle, SIGNATURE_FILE, json.dumps(theirs).encode())
    for key in (keys[1], public):
        with pytest.raises(SignatureError, match="isn't what the owner"):
            load_signed_bundle(bundle, key)


@pytest.mark.parametrize("name", [CONTRACT_FILE, "lwisp.fp16.tflite", "MODEL_CARD.md", "drift.json"])
@pytest.mark.parametrize("change", ["flip", "remove"])
def test_every_file_is_signed(bundle: Path, keys: tuple[Path, Path], name: str, change: str) -> None:
    sign_bundle(bundle, keys[0])
    content = bytearray(read_all(bundle)[name])
    content[-2] ^= 1
    replace_file(bundle, name, bytes(content) if change == "flip" else None)
    with pytest.raises(SignatureError, match="isn't what the owner"):
        load_signed_bundle(bundle, keys[1])


@pytest.mark.parametrize("name", ["extra.tflite", ".gitignore", ".git"])
def test_no_file_can_be_added(bundle: Path, keys: tuple[Path, Path], name: str) -> None:
    sign_bundle(bundle, keys[0])
    if name.startswith(".") and not bundle.is_dir():
        pytest.skip("a .zip with such a name isn't read at all")
    if bundle.is_dir():
        (bundle / name).write_bytes(b"x")
    else:
        replace_file(bundle, name, b"x")
    with pytest.raises(BundleError, match=r"isn't what the owner|isn't a plain file name"):
        load_signed_bundle(bundle, keys[1])


def test_swapped_hashes_do_not_help(bundle: Path, keys: tuple[Path, Path]) -> None:
    """A changed model with a contract that fits it passes unsigned, and not signed."""
    sign_bundle(bundle, keys[0])
    tree = json.loads(read_all(bundle)[CONTRACT_FILE])
    tree["name"] = "other"
    replace_file(bundle, CONTRACT_FILE, json.dumps(tree).encode())
    assert load_bundle(bundle).name == "other"
    with pytest.raises(SignatureError):
        load_signed_bundle(bundle, keys[1])


@pytest.mark.parametrize(
    "signature", [b"", b"{", b"[]", b"{}", b'{"verificationMaterial": {}}', b"[" * 1_100, b"\xff\xfe"]
)
def test_a_broken_signature(bundle: Path, keys: tuple[Path, Path], signature: bytes) -> None:
    sign_bundle(bundle, keys[0])
    replace_file(bundle, SIGNATURE_FILE, signature)
    with pytest.raises(SignatureError, match="isn't what the owner"):
        load_signed_bundle(bundle, keys[1])


def test_a_broken_bundle_is_not_vouched_for(bundle: Path, keys: tuple[Path, Path]) -> None:
    replace_file(bundle, "lwisp.int8.tflite", b"TFL3")
    with pytest.raises(BundleError, match="sha256 is"):
        sign_bundle(bundle, keys[0])
    assert SIGNATURE_FILE not in read_all(bundle)


def test_keys_that_can_not_be_used(bundle: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    locked, _ = write_keys(tmp_path, "locked", ec.generate_private_key(ec.SECP256R1()), b"word")
    rare, rare_public = write_keys(tmp_path, "rare", ec.generate_private_key(ec.SECP256K1()))
    rsa_private, rsa_public = write_keys(tmp_path, "rsa", rsa.generate_private_key(65537, 2048))
    for key in (keys[1], locked, rare, rsa_private, tmp_path, tmp_path / "none"):
        with pytest.raises(SignatureError, match=r"isn't a usable key|can't be read"):
            sign_bundle(bundle, key)
    sign_bundle(bundle, keys[0])
    for key in (keys[0], rare_public, rsa_public, tmp_path / "none"):
        with pytest.raises(SignatureError, match=r"isn't a usable key|can't be read"):
            load_signed_bundle(bundle, key)


def test_the_commands(bundle: Path, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    private, public = map(str, keys)
    run = ["time", "--runs", "1", "--size", "32", "--threads", "1", "--bundle", str(bundle), "--key", public]
    assert main(run) == 2
    assert "isn't signed" in capsys.readouterr().err
    assert main(["verify-signature", str(bundle), "--key", public, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["signed"] is False
    assert main(["sign", str(bundle), "--key", private]) == 0
    assert main(["verify-signature", str(bundle), "--key", public]) == 0
    assert "lwisp, signed by the owner of" in capsys.readouterr().out
    assert main(run) == 0


def test_the_shipped_bundle_needs_its_signature_too(
    keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["time", "--key", str(keys[1])]) == 2
    assert "isn't signed" in capsys.readouterr().err


def test_model_signing_itself_agrees(keys: tuple[Path, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped_bundle().folder, tmp_path / "bundle"))
    sign_bundle(folder, keys[0])
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(folder)]
    command += ["--signature", str(folder / SIGNATURE_FILE), "--public_key", str(keys[1])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_file_managers_leave_is_not_signed(keys: tuple[Path, Path], tmp_path: Path, when: str) -> None:
    """The rule without a signature is the rule with one; anything else that is added is refused above."""
    folder = Path(shutil.copytree(shipped_bundle().folder, tmp_path / "bundle"))
    if when == "before":
        (folder / ".DS_Store").write_bytes(b"left before")
    sign_bundle(folder, keys[0])
    (folder / ".DS_Store").write_bytes(b"left later")
    assert load_signed_bundle(folder, keys[1]).models == shipped_bundle().models
