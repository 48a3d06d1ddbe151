"""Jobs: how pictures are named, and the order of outcomes."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lwisp_mobile import Developer, shipped_bundle
from lwisp_mobile.batch.jobs import Failed, Job, Outcome, Settings, develop_job, in_order, plan_jobs
from lwisp_mobile.batch.sources import Source
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.developer import Developed, DevelopOptions


def test_options_travel_with_the_job(sample_dng: Path, tmp_path: Path) -> None:
    """Pickled, as to another process or machine, they give the picture that they give here."""
    options = DevelopOptions(exposure_ev=1.0, tone="standard", lens_shading=False, max_memory_bytes=400_000_000)
    settings = Settings(shipped_bundle("lwisp-lite"), "int8", 1, options, sandbox=False)
    travelled = pickle.loads(pickle.dumps(settings))
    assert travelled == settings
    outcome = develop_job(Job(sample_dng, tmp_path / "a.png"), travelled)
    assert isinstance(outcome, Developed)
    assert (outcome.exposure_ev, outcome.tone) == (1.0, "standard")
    with Developer("lwisp-lite", precision="int8") as developer, Image.open(tmp_path / "a.png") as written:
        here = developer.develop(sample_dng, exposure_ev=1.0, tone="standard", dtype=np.uint8)
        assert np.array_equal(np.asarray(written), here)


class TestPlanning:
    def test_beside_the_raw(self) -> None:
        assert plan_jobs([Source(Path("a/x.dng"))], None) == (Job(Path("a/x.dng"), Path("a/x.png")),)

    def test_a_name_for_one(self) -> None:
        assert plan_jobs([Source(Path("x.dng"))], Path("b.tif")) == (Job(Path("x.dng"), Path("b.tif")),)

    @pytest.mark.parametrize("files", [["x.dng"], ["x.dng", "y.dng"]])
    def test_one_file_is_named_as_many_are(self, files: list[str]) -> None:
        jobs = plan_jobs([Source(Path(file)) for file in files], Path("pictures"))
        assert [job.output for job in jobs] == [Path("pictures", file).with_suffix(".png") for file in files]

    def test_folders_within_stay_apart(self) -> None:
        jobs = plan_jobs([Source(Path("a/x.dng"), Path("a")), Source(Path("b/x.dng"), Path("b"))], Path("out"))
        assert [job.output for job in jobs] == [Path("out/a/x.png"), Path("out/b/x.png")]

    @pytest.mark.parametrize(("name", "suffix"), [("x.jpeg", ".jpg"), ("x.TIFF", ".tif"), ("x.png", ".png")])
    def test_a_type_that_agrees(self, name: str, suffix: str) -> None:
        assert plan_jobs([Source(Path("a.dng"))], Path(name), suffix)[0].output == Path(name)

    def test_a_type_that_contradicts_the_name(self) -> None:
        with pytest.raises(UsageError, match=r"x\.png isn't named \.jpg, which --type asks for"):
            plan_jobs([Source(Path("a.dng"))], Path("x.png"), ".jpg")

    def test_a_folder_for_all(self, tmp_path: Path) -> None:
        jobs = plan_jobs([Source(Path("a/x.dng")), Source(Path("b/y.dng"))], tmp_path, ".jpg")
        assert [job.output for job in jobs] == [tmp_path / "x.jpg", tmp_path / "y.jpg"]

    @pytest.mark.parametrize(
        ("sources", "output", "message"),
        [
            (["a.dng", "b.dng"], "all.png", "isn't a folder"),
            (["a.dng"], "a.gif", "suffix '.gif' is unknown"),
            (["a.dng", "a.cr2"], None, r"a\.dng and a\.cr2 would both become a\.png"),
            (["a.dng", "a.dng"], None, "would both become"),
            (["a.png"], None, "is the RAW file itself"),
            (["a.dng", "a.png"], None, "is the RAW file itself"),
        ],
    )
    def test_names_that_clash(self, sources: list[str], output: str | None, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            plan_jobs([Source(Path(source)) for source in sources], None if output is None else Path(output))


@given(order=st.permutations(range(9)))
def test_outcomes_come_in_the_order_of_their_jobs(order: list[int]) -> None:
    jobs = [Job(Path(f"{index}.dng"), Path(f"{index}.png")) for index in range(9)]
    outcomes: list[Outcome] = [Failed(job.source, "", "") for job in jobs]
    assert list(in_order(jobs, ((jobs[index], outcomes[index]) for index in order))) == outcomes


def test_an_outcome_waits_for_no_later_one() -> None:
    jobs = [Job(Path(f"{index}.dng"), Path(f"{index}.png")) for index in range(3)]
    finished = ((job, Failed(job.source, "", "")) for job in (jobs[1], jobs[0], jobs[2]))
    assert next(in_order(jobs, finished)).source == Path("0.dng")
    assert next(finished)[0] == jobs[2]
