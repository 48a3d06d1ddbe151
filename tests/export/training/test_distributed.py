"""Training by several processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lwisp_export.training.batches import Share
from lwisp_export.training.distributed import check_share
from lwisp_export.training.training_run import TrainOptions, train
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import silent
from tests.export.training_data import RECIPE, random_objective


def test_uneven_shares_are_refused() -> None:
    with pytest.raises(UsageError, match="batch of 3"):
        check_share(3, Share(0, 2))


_RANK = """
import sys
from pathlib import Path
from lwisp_export.training.training_run import TrainOptions, train
from tests.export.training_data import RECIPE
train(RECIPE, TrainOptions(data=Path(sys.argv[1]), run=Path(sys.argv[2]), workers=0), print)
"""


@pytest.mark.slow
def test_two_processes_train_as_one_does(data: Path, tmp_path: Path) -> None:
    """Under torchrun's own launcher on CPUs (gloo): one process's weights, up to the rounding of bfloat16."""
    train(RECIPE, TrainOptions(data=data, run=tmp_path / "one", workers=0), silent)
    script = tmp_path / "rank.py"
    script.write_text(_RANK)
    root = Path(__file__).parents[3]
    path = os.pathsep.join(str(root / part) for part in ("", "export", "benchmarks"))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*launcher, str(script), str(data), str(tmp_path / "two")]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("step 8/8") == 1, done.stdout
    one, two = (torch.load(tmp_path / name / "state.pt", weights_only=True)["objective"] for name in ("one", "two"))
    start = make_start()
    moved = sum(float((value - start[key]).abs().sum()) for key, value in one.items())
    apart = sum(float((value - two[key]).abs().sum()) for key, value in one.items())
    assert apart < 0.2 * moved


def make_start() -> dict[str, Tensor]:
    """The weights before the first step."""
    torch.manual_seed(RECIPE.seed)
    return random_objective().state_dict()
