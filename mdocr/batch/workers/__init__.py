"""Documents read in worker processes, so that a page costs at most itself.

    with WorkerPool(PageReaderMaker(choice), WorkerOptions(workers=4)) as pool:
        for event in read_in_workers(pool, tasks, options):     # as parsing.read_documents does
            ...

options     how many processes, and their limits: seconds, silence, memory
messages    what the two sides tell one another
devices     which device each worker computes on
reader      what a worker does: opens documents, reads pages, with one model
process     the worker's side: a loop over assignments
handle      the supervisor's side of one worker: starts it, sees what it exceeds, ends it
pool        many workers: assignments in, answers out; the lost are tried once more, alone
documents   documents through a pool, reported as ``parsing.read_documents`` reports them

For a server: ``pool.submit(Assignment(...))`` from any request, ``pool.wait(seconds)`` in one
thread gives ``(number, answer)`` pairs, ``pool.cancel(number)`` frees the work of one that went
away. Workers are started by ``wait``; on Linux they die with the thread that called it.

The supervisor never opens a document: to hash it, count its pages, render and read them is the
workers' part. Knows nothing of outputs.
"""

from mdocr.batch.workers.documents import read_in_workers
from mdocr.batch.workers.messages import Assignment, Done, Found
from mdocr.batch.workers.options import WorkerOptions
from mdocr.batch.workers.pool import WorkerPool
from mdocr.batch.workers.reader import PageReaderMaker

__all__ = [
    "Assignment",
    "Done",
    "Found",
    "PageReaderMaker",
    "WorkerOptions",
    "WorkerPool",
    "read_in_workers",
]
