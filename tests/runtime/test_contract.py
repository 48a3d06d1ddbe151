"""The contract's JSON: round trip, and every kind of damage named."""

import json
from dataclasses import replace

import pytest

from lwisp_mobile.contract import InputContract, ModelContract, TensorSpec, from_json, to_json
from lwisp_mobile.errors import ContractError

CONTRACT = ModelContract(
    name="lwisp",
    task="isp",
    precision="int8",
    input=InputContract(reference_to_srgb=((1.8, -0.5, -0.3), (-0.4, 1.9, -0.5), (0.0, -0.7, 1.7))),
    input_tensor=TensorSpec("packed", "int8", 1 / 255, -128),
    output_tensor=TensorSpec("rgb", "int8", 1 / 256, -128),
    output_scale=2,
    halo_px=112,
    parameters=2_009_193,
    macs_per_packed_px=103_697.4,
    weights_sha256="00" * 32,
)


def test_round_trip() -> None:
    assert from_json(to_json(CONTRACT), "here") == CONTRACT
    plain = replace(
        CONTRACT, input=InputContract(white_balance=False), input_tensor=TensorSpec("a", "float32", None, None)
    )
    assert from_json(to_json(plain), "here") == plain


def _changed(**changes: object) -> str:
    return json.dumps({**json.loads(to_json(CONTRACT)), **changes})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "isn't JSON"),
        ("[]", "version None"),
        ("{}", "version None"),
        (_changed(contract_version=2), "version 2"),
        (_changed(input={}, halo_px="wide"), "halo_px must be int"),
        (_changed(input={"planes": 3}), "planes must be a list"),
        (_changed(input={"size_multiple": 0}), "size_multiple 0"),
        (_changed(input={"curve_offset": -1}), "curve_offset -1"),
        (_changed(input={"curve_offset": float("nan")}), "finite"),
        (_changed(input={"reference_to_srgb": [[1, 2, 3]]}), "must have 3 entries"),
        (_changed(input_tensor={"name": "packed"}), "'dtype' is missing"),
        (_changed(input_tensor={"name": "a", "dtype": "int8", "scale": 0.0, "zero_point": 0}), "scale 0.0"),
        (_changed(input_tensor={"name": "a", "dtype": "string", "scale": None, "zero_point": None}), "string"),
        (_changed(precision="int4"), "precision must be one of float32, fp16, int8"),
        (_changed(colour="red"), "unknown key 'colour'"),
        ("[" * 100_000, "isn't JSON"),
        (b"\xff\xfe\x00", "isn't JSON"),
    ],
)
def test_damage_is_named(text: str | bytes, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        from_json(text, "contract.json")
