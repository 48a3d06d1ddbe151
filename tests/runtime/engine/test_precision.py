"""The precision `auto`: its rule, and the check of it."""

from dataclasses import replace

import pytest

from lwisp_mobile import Developer, Session, shipped_bundle
from lwisp_mobile.engine.cpu import find_dot_products
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.precision import AUTO, ChosenPrecision, choose_precision
from lwisp_mobile.engine.precision_check import PrecisionCheck, check_precisions
from lwisp_mobile.engine.timing import Timing
from lwisp_mobile.errors import BundleError

BUNDLE = shipped_bundle("lwisp-lite")
CPU = Target()


@pytest.mark.parametrize(
    ("instructions", "precision", "reason"),
    [
        (("SDOT", "SMMLA"), "int8", "this CPU has 8-bit dot-product instructions (SDOT, SMMLA)"),
        ((), "fp16", "this CPU has no 8-bit dot-product instructions, so INT8 is no faster"),
        (None, "fp16", "this system doesn't say whether its CPU has 8-bit dot-product instructions"),
    ],
)
def test_the_rule(instructions: tuple[str, ...] | None, precision: str, reason: str) -> None:
    chosen = choose_precision(BUNDLE, AUTO, CPU, find_instructions=lambda: instructions)
    assert chosen == ChosenPrecision(precision, (f"Precision {precision}: {reason}.",))


def test_what_a_user_chose_stays_and_needs_no_note() -> None:
    assert choose_precision(BUNDLE, "fp16", CPU, find_instructions=lambda: ("SDOT",)) == ChosenPrecision("fp16")


def test_another_delegate_gets_int8() -> None:
    chosen = choose_precision(BUNDLE, AUTO, Target(delegate="npu"), find_instructions=lambda: ())
    assert chosen.notes == ("Precision int8: npu runs the model, not the CPU.",)


def test_a_bundle_of_one_model_leaves_no_choice() -> None:
    single = replace(BUNDLE, models=(BUNDLE.model("fp16"),))
    chosen = choose_precision(single, AUTO, CPU, find_instructions=lambda: ("SDOT",))
    assert chosen.notes == ("Precision fp16: lwisp-lite has no int8 model.",)
    with pytest.raises(BundleError, match="has no int8 model"):
        Session.from_bundle(replace(BUNDLE, models=()))


def test_a_session_and_a_developer_choose_by_this_cpu() -> None:
    wanted = "int8" if find_dot_products() else "fp16"
    with Session.from_bundle(BUNDLE, threads=1) as session, Developer(BUNDLE, threads=1) as developer:
        for found in (session, developer.session):
            assert found.contract.precision == wanted
            assert found.notes[0].startswith(f"Precision {wanted}: ")


def test_the_check_says_how_far_auto_is_from_the_fastest() -> None:
    timings = {"int8": Timing((), (100.0, 104.0, 900.0)), "fp16": Timing((), (90.0, 100.0, 101.0))}
    check = PrecisionCheck(ChosenPrecision("int8"), timings)
    assert (check.fastest, check.right) == ("fp16", True)
    assert check.excess == pytest.approx(0.04)
    slower = replace(check, timings={**timings, "int8": Timing((), (106.0,))})
    assert not slower.right
    assert replace(slower, auto=ChosenPrecision("fp16")).excess == 0


def test_every_model_is_timed() -> None:
    check = check_precisions(BUNDLE, 1, CPU, side_px=16, turns=2)
    assert {name: len(timing.samples_ms) for name, timing in check.timings.items()} == {"int8": 2, "fp16": 2}
