"""Jobs in several processes on this machine; one that crashes costs one file, not the run."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

from lwisp_mobile.batch.jobs import Failed, Job, Outcome, Settings, develop_job
from lwisp_mobile.batch.worker_process import ProcessDiedError, WorkerProcess

Worker = WorkerProcess[[Job, Settings], Outcome]


def develop_in_pool(jobs: Sequence[Job], settings: Settings, processes: int) -> Iterator[Outcome]:
    """Develop with several processes at once; yields in the order of the jobs, each once those before it are done.

    If the caller stops early (Ctrl-C), the processes are ended and pictures that weren't whole yet don't appear.
    """
    idle: SimpleQueue[Worker] = SimpleQueue()

    def develop(job: Job) -> Outcome:
        worker = idle.get()
        try:
            return _develop(worker, job, settings)
        finally:
            idle.put(worker)

    with ExitStack() as stack:
        workers: list[Worker] = [stack.enter_context(WorkerProcess(develop_job)) for _ in range(processes)]
        threads = stack.enter_context(ThreadPoolExecutor(processes))
        stack.callback(_stop, threads, workers)
        for worker in workers:
            idle.put(worker)
        yield from threads.map(develop, jobs)


def _stop(threads: ThreadPoolExecutor, workers: Sequence[Worker]) -> None:
    """Start no more jobs and end those that run, so that the threads that wait for them finish."""
    threads.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.kill()


def _develop(worker: Worker, job: Job, settings: Settings) -> Outcome:
    try:
        return worker.call(None, job, settings)
    except ProcessDiedError as error:
        advice = " Memory may have run out; use fewer --jobs." if str(error) == "SIGKILL" else ""
        return Failed(job.source, "ProcessDiedError", f"{job.source}: its worker process crashed ({error}).{advice}")
