"""Whether a bundle's INT8 was made by what its calibration.json says."""

from lwisp_export.calibration.manifest import MANIFEST_FILE
from lwisp_export.calibration.provenance import STAMP, Provenance, digest_tiles
from lwisp_export.verification.bundle_json import read_bundle_json
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite.graph import Graph


def check_provenance(bundle: Bundle) -> Provenance:
    """A bundle's provenance, held against the stamp in its INT8 model.

    Raises ModelError if there is none, it can't be read, or it lists other tiles than the model was calibrated on.
    """
    where = bundle.folder / MANIFEST_FILE
    provenance = read_bundle_json(bundle, MANIFEST_FILE, Provenance)
    if provenance is None:
        raise ModelError(f"{where} is missing, so nothing says what made the INT8. Export the bundle again.")
    stamp = Graph.parse(bundle.read("int8")).metadata(STAMP)
    stamped = None if stamp is None else stamp.decode(errors="replace")
    listed = None
    if provenance.calibration is not None:
        listed = digest_tiles(tile.sha256 for tile in provenance.calibration.tiles)
    if not stamped == provenance.tiles_sha256 == listed:
        raise ModelError(
            f"{where} isn't of this INT8 model: the model was made with {_tiles(stamped)}, the file says "
            f"{_tiles(provenance.tiles_sha256)} and lists {_tiles(listed)}. Export the bundle again."
        )
    return provenance


def _tiles(digest: str | None) -> str:
    return "no calibration tiles" if digest is None else f"tiles {digest[:16]}…"
