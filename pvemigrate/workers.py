"""Work spread over processes by fork: for large trees, and for the command alone unless a program that
uses the library asks for it."""

import os

__all__ = ["Workers", "available"]

#: From how many items on more than one process is worth its start.
_MANY = 1000
#: How many items are done between two calls of *tell*.
_STEP = 200


def available():
    """How many processes this machine runs at once for us, as far as it makes sense to use them."""
    try:
        number = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        number = os.cpu_count() or 1
    return min(number, 8)


class Workers:
    """Up to *jobs* processes, this one among them.

    *tell*: callable that is told now and then how much of the work is done: ``tell(done, total)``.
    """

    def __init__(self, jobs=1, tell=None):
        self.jobs = max(1, jobs)
        self._tell = tell

    @staticmethod
    def are_many(items):
        """Whether so many *items* take their time."""
        return len(items) >= _MANY

    def spreads(self, items):
        """Whether :meth:`map` would use other processes for *items*."""
        return self.jobs > 1 and self.are_many(items) and hasattr(os, "fork")

    def each(self, items, tells=True):
        """Yield the items, and tell how far it is."""
        if self._tell is None or not self.are_many(items) or not tells:
            yield from items
            return
        total = len(items)
        for number, item in enumerate(items):
            if number % _STEP == 0:
                self._tell(number, total)
            yield item
        self._tell(total, total)

    def map(self, work, items):
        """Yield what ``work(share, is_ours)`` gives for each share of *items*; it can be pickled.

        The first share is done here, the others meanwhile by children; where a child cannot be made,
        or dies, its share is done here too.
        """
        shares = [items[number::self.jobs] for number in range(self.jobs)]
        children = []
        try:
            for share in shares[1:]:
                children.append((self._start(work, share), share))
            yield work(shares[0], True)
            while children:
                child, share = children.pop(0)
                done, result = False, None
                if child is not None:
                    done, result = child.result()
                yield result if done else work(share, True)
        finally:
            for child, _ in children:
                if child is not None:
                    child.stop()

    @staticmethod
    def _start(work, share):
        try:
            return _Child(work, share)
        except OSError:
            return None


class _Child:
    """A forked process that does ``work(share, False)``. OSError where there can be none."""

    def __init__(self, work, share):
        self._pipe, end = os.pipe()
        try:
            self._process = os.fork()
        except OSError:
            os.close(self._pipe)
            os.close(end)
            raise
        if self._process == 0:
            self._run(work, share, end)
        os.close(end)

    def _run(self, work, share, end):
        """What the child does. It never returns: nothing that the parent has begun is ended twice."""
        status = 1
        try:
            os.close(self._pipe)
            from pickle import HIGHEST_PROTOCOL, dumps

            data = memoryview(dumps(work(share, False), HIGHEST_PROTOCOL))
            while data:
                data = data[os.write(end, data):]
            status = 0
        finally:
            os._exit(status)

    def result(self):
        """Whether the child has done its work, and the result."""
        from pickle import loads

        parts = []
        try:
            while True:
                part = os.read(self._pipe, 1 << 20)
                if not part:
                    break
                parts.append(part)
        except BaseException:
            self.stop()
            raise
        os.close(self._pipe)
        _, status = os.waitpid(self._process, 0)
        # The other end was ours alone: what came through is of this very program.
        return (True, loads(b"".join(parts))) if status == 0 else (False, None)

    def stop(self):
        """End a child whose work is not wanted any more."""
        os.close(self._pipe)
        os.kill(self._process, 9)  # SIGKILL; the module signal takes time to import
        os.waitpid(self._process, 0)
