"""Jobs on a Dask cluster whose workers see the same files. Dask sends code as pickles: use a cluster you trust."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lwisp_mobile.batch.jobs import Failed, Job, Outcome, Settings, develop_job, in_order
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import BundleError, UsageError, require_extra

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10


def develop_on_cluster(
    jobs: Sequence[Job], settings: Settings, address: str, connect_s: float = CONNECT_S
) -> Iterator[Outcome]:
    """Develop on the workers of a scheduler; yields in the order of the jobs.

    A job whose worker dies is done again by another; one that crashes several workers is reported as Failed.
    connect_s: how long to wait for the scheduler. Raises MissingExtraError without dask, UsageError if nothing answers
    at the address.
    """
    everywhere = tuple(Job(job.source.absolute(), job.output.absolute()) for job in jobs)
    with _connected(address, connect_s) as client:
        yield from in_order(everywhere, _finished(client, everywhere, settings))


def _finished(client: "Client", jobs: Sequence[Job], settings: Settings) -> Iterator[tuple[Job, Outcome]]:
    from distributed import as_completed  # noqa: PLC0415

    # Not pure: a file that two calls develop is developed twice, not taken from a cache.
    futures = {client.submit(develop_there, job, settings, pure=False): job for job in jobs}
    for future in as_completed(futures, loop=client.loop):
        # Fetched and released at once: a result that only a worker holds is lost, and computed again, when it dies.
        job = futures.pop(future)
        yield job, _outcome(future, job)
        future.release()


def _outcome(future: object, job: Job) -> Outcome:
    from distributed import KilledWorker  # noqa: PLC0415

    try:
        outcome: Outcome = future.result()  # type: ignore[attr-defined]
    except KilledWorker as error:
        return Failed(job.source, "KilledWorker", f"{job.source}: {error}")
    return outcome


def develop_there(job: Job, settings: Settings) -> Outcome:
    """Do a job on a worker, with that machine's own copy of the bundle if need be: the hashes must be the same."""
    return develop_job(job, replace(settings, bundle=replace(settings.bundle, folder=_folder(settings))))


def _folder(settings: Settings) -> Path:
    folder = settings.bundle.folder
    if folder.exists():
        return folder
    try:
        return shipped_bundle(settings.bundle.name).folder
    except BundleError:
        return folder


@contextmanager
def _connected(address: str, connect_s: float) -> Iterator["Client"]:
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("dask", "dask", error) from error
    try:
        client = Client(address, timeout=connect_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"No Dask scheduler answers at {address} ({error}). Start one with `dask scheduler` and workers with "
            "`dask worker ADDRESS`, and give the scheduler's address, such as tcp://host:8786."
        ) from error
    with client:
        yield client
