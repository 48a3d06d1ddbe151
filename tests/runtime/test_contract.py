"""The contract's JSON: round trip, every kind of damage named, and signatures that don't fit together."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lwisp_mobile import shipped_bundle
from lwisp_mobile.contract import (
    METADATA_NAME,
    ContextContract,
    InputContract,
    ModelContract,
    SignatureContract,
    TensorSpec,
    from_json,
    to_json,
)
from lwisp_mobile.errors import ContractError
from lwisp_mobile.inspect.model_facts import read_metadata

STAGES = (
    SignatureContract("down", ("packed", "gate"), ("skip",), 6, 4, 4000, 100, 20),
    SignatureContract("render", ("packed", "skip"), ("rgb",), 2, 2, 9000, 300.5, 80),
)
CONTRACT = ModelContract(
    name="lwisp",
    task="isp",
    precision="int8",
    parameters=2_009_193,
    macs_per_packed_px=103_697.4,
    weights_sha256="00" * 32,
    interpreter_bytes=12_000_000,
    input=InputContract(reference_to_srgb=((1.8, -0.5, -0.3), (-0.4, 1.9, -0.5), (0.0, -0.7, 1.7))),
    context=ContextContract(),
    tensors=(
        TensorSpec("packed", "int8", 1 / 255, -128, 4, 1),
        TensorSpec("rgb", "int8", 1 / 256, -128, 3, 2),
        TensorSpec("gate", "int8", 1 / 256, -128, 16, 0),
        TensorSpec("skip", "int8", 0.01, 3, 32, 0.5),
    ),
    whole=SignatureContract("serving_default", ("packed",), ("rgb",), 8, 16, 14_000, 400, 90),
    sample=SignatureContract("context", ("packed",), ("gate",), 0, 16, 1000, 100, 20),
    develop=SignatureContract("develop", ("packed", "gate"), ("rgb",), 8, 4, 13_000, 400, 90),
    stages=STAGES,
)


def test_round_trip() -> None:
    assert from_json(to_json(CONTRACT), "here") == CONTRACT
    plain = replace(
        CONTRACT,
        input=InputContract(white_balance=False),
        tensors=(TensorSpec("packed", "float32", None, None, 4, 1), *CONTRACT.tensors[1:]),
    )
    assert from_json(to_json(plain), "here") == plain


def test_tensors_are_found_by_name() -> None:
    assert (CONTRACT.input_tensor.name, CONTRACT.output_tensor.name, CONTRACT.output_scale) == ("packed", "rgb", 2)
    assert [spec.values_per_packed_px for spec in CONTRACT.tensors] == [4, 12, 0, 8]
    with pytest.raises(ContractError, match="no tensor 'grey'; it has packed, rgb, gate, skip"):
        CONTRACT.tensor("grey")


def _changed(**changes: object) -> str:
    return json.dumps({**json.loads(to_json(CONTRACT)), **changes})


def _tensor(**changes: object) -> str:
    first, *others = json.loads(to_json(CONTRACT))["tensors"]
    return _changed(tensors=[{**first, **changes}, *others])


def _stage(**changes: object) -> str:
    first, *others = json.loads(to_json(CONTRACT))["stages"]
    return _changed(stages=[{**first, **changes}, *others])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "isn't JSON"),
        ("[]", "version None"),
        ("{}", "version None"),
        (_changed(contract_version=3), r"version 3; this release reads version 2\. Update lwisp-mobile"),
        (_changed(contract_version=1), r"version 1; this release reads version 2\. Export the model again"),
        (_changed(contract_version=True), "version True"),
        (_changed(input={"planes": 3}), "planes must be a list"),
        (_changed(input={"size_multiple": 0}), "size_multiple 0"),
        (_changed(input={"curve_offset": -1}), "curve_offset -1"),
        (_changed(input={"curve_offset": float("nan")}), "finite"),
        (_changed(input={"reference_to_srgb": [[1, 2, 3]]}), "must have 3 entries"),
        (_changed(context={"grid": 3, "crop_px": 5}), "3 crops of 5 px isn't a multiple of 16"),
        (_changed(tensors=[{"name": "packed"}]), "'dtype' is missing"),
        (_tensor(scale=0.0), "scale 0.0"),
        (_tensor(dtype="string"), "string"),
        (_tensor(channels=0), "0 channels at resolution 1"),
        (_tensor(resolution=-1), "resolution -1"),
        (_stage(halo_px="wide"), "halo_px must be int"),
        (_stage(halo_px=5), "halo 5 px at multiples of 4"),
        (_stage(multiple_px=0), "multiple 0"),
        (_stage(bytes_per_packed_px=0, shared_bytes_per_packed_px=0), "0.0 bytes per px"),
        (_stage(shared_bytes_per_packed_px=101), "101.0 shared of 100.0"),
        (_changed(precision="int4"), "precision must be one of float32, fp16, int8"),
        (_changed(colour="red"), "unknown key 'colour'"),
        ("[" * 100_000, "isn't JSON"),
        (b"\xff\xfe\x00", "isn't JSON"),
    ],
)
def test_damage_is_named(text: str | bytes, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        from_json(text, "contract.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tensors": CONTRACT.tensors[:3]}, "describes no tensor 'skip'"),
        ({"stages": STAGES[::-1]}, "nothing before 'render' gives skip"),
        ({"stages": STAGES[:1]}, "the last stage must give rgb"),
        ({"stages": ()}, "the last stage must give rgb"),
        ({"develop": STAGES[0]}, "the last stage must give rgb"),
        ({"whole": CONTRACT.develop}, "develop must take one tensor and return one"),
        ({"sample": CONTRACT.develop}, "develop must take what serving_default does"),
    ],
)
def test_signatures_that_do_not_fit_together_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        replace(CONTRACT, **changes)


@pytest.mark.parametrize("bundle", ["lwisp", "lwisp-lite"])
def test_shipped_models_carry_the_contract_that_stands_beside_them(bundle: str) -> None:
    shipped = shipped_bundle(bundle)
    for model in shipped.models:
        carried = read_metadata(shipped.read(model.contract.precision), METADATA_NAME)
        assert carried == to_json(model.contract).encode(), model.file
