"""Group commit: one thread that owns an area's writing connection and commits what gathered in the meantime.

A member is settled only after COMMIT returned, into files that are at their paths then (P1).  A member that raises is
undone by its savepoint and fails alone.  When the database rolled the whole transaction back by itself, the members are
done again one by one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import apsw

from passbook.errors import PassbookError

BATCH_MEMBERS: Final = 64
WATCH_SECONDS: Final = 0.5
"""Between two looks at the files of an area that has no work."""
T = TypeVar("T")


OnOutcome: TypeAlias = Callable[[BaseException | None], None]
"""Told of an outcome: None, or why not."""


def nothing(_failed: BaseException | None) -> None:
    """No other caller has to know."""


class Progress(NamedTuple):
    """How far a writer is; one that has work and whose count stands still does not get on.

    Attributes:
        ended: transactions that ended, well or not.
        waiting: whether work is queued or under way.
    """

    ended: int
    waiting: bool


@dataclass(slots=True)
class Member(Generic[T]):
    """One piece of work in a transaction.

    Attributes:
        work: done inside the transaction; an error that it *returns* is raised to the caller after the commit.
        cost: upper bound in bytes of what it writes to the log; asked just before it joins.
        unknown: the error for a commit that may have happened or not.
        settled: told the outcome before the caller is.
    """

    work: Callable[[], T | PassbookError]
    cost: Callable[[], int]
    unknown: PassbookError
    urgent: bool = False
    settled: OnOutcome = nothing
    future: Future[T] = field(default_factory=Future)

    def joins(self) -> bool:
        """Whether it is still wanted; from here on it cannot be cancelled."""
        if self.future.set_running_or_notify_cancel():
            return True
        self.settled(CancelledError())
        return False

    def fail(self, error: BaseException) -> None:
        """Tell the caller that nothing was changed, or that this is unknown."""
        self.settled(error)
        self.future.set_exception(error)

    def succeed(self, result: T | PassbookError) -> None:
        """It is on disk."""
        if isinstance(result, PassbookError):
            self.fail(result)
            return
        self.settled(None)
        self.future.set_result(result)


class Host(Protocol):
    """The functions of an area that its writer calls; none raises but `prepare` and `complete`."""

    @property
    def connection(self) -> apsw.Connection:
        """The writing connection."""

    def prepare(self, cost: int) -> None:
        """Empty the log unless a transaction of that cost fits it.  Raises apsw.Error."""

    def fits(self, cost: int) -> bool:
        """Whether the log has space for a transaction of that cost."""

    def complete(self) -> None:
        """Write what a transaction writes once, at its end.  Raises apsw.Error."""

    def committed(self) -> None:
        """A commit returned: measure what is used now."""

    def refusal(self) -> PassbookError | None:
        """Why nothing may be written any more; None while all is well."""

    def fenced_error(self) -> PassbookError:
        """The error for a caller that comes when it is out of use."""

    def disk_full(self) -> PassbookError:
        """The error for a member that found no space on the disk."""

    def fence(self, why: str) -> None:
        """Take the area out of use."""

    def look(self) -> None:
        """There is no work: see how the files and the disk are."""

    def watch(self) -> bool:
        """Whether every file of it is the one at its path; one that is not takes it out of use."""


class _End(Enum):
    """How a transaction ended."""

    COMMITTED = auto()
    """COMMIT returned."""
    UNDONE = auto()
    """Nothing of it is on disk, certainly."""
    UNKNOWN = auto()
    """COMMIT failed, or it went into a file that is not at its path."""


Done: TypeAlias = list[tuple[Member[Any], Any]]
"""The members that joined a transaction, each with its result or with what it raised."""


class Writer:
    """The thread of one area."""

    def __init__(self, name: str, host: Host) -> None:
        """Start nothing yet."""
        self._host = host
        self._wanted = threading.Condition()
        self._urgent: deque[Member[Any]] = deque()
        self._others: deque[Member[Any]] = deque()
        self._closing = False
        self._busy = False
        self._ended = 0
        self._thread = threading.Thread(target=self._run, name=f"area-{name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, member: Member[T]) -> Future[T]:
        """Queue a member; its future resolves after the commit, or with the reason why not."""
        with self._wanted:
            accepted = not self._closing
            if accepted:
                (self._urgent if member.urgent else self._others).append(member)
                self._wanted.notify()
        if not accepted and member.joins():
            member.fail(self._host.fenced_error())
        return member.future

    @contextmanager
    def gathering(self) -> Generator[None]:
        """Commit the work that this thread submits in the block in few transactions; keep the block short."""
        with self._wanted:
            yield

    def progress(self) -> Progress:
        """How far it is, without waiting for a transaction."""
        with self._wanted:
            return Progress(self._ended, self._busy or bool(self._urgent or self._others))

    def close(self) -> None:
        """Do what is queued, then end the thread."""
        with self._wanted:
            self._closing = True
            self._wanted.notify()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over():
            batch = [member for member in self._gather() if member.joins()]
            try:
                if batch:
                    self._do(batch)
                else:
                    self._host.look()
            except Exception as error:  # noqa: BLE001 - a thread that died would leave everybody waiting for ever
                self._host.fence(f"its writer failed ({type(error).__name__})")
                for member in batch:
                    if not member.future.done():
                        member.fail(member.unknown)
        if not self._closing:
            raise RuntimeError("a writer ended without being closed")

    def _is_over(self) -> bool:
        with self._wanted:
            self._busy = False
            return self._closing and not (self._urgent or self._others)

    def _gather(self) -> list[Member[Any]]:
        """The next members; none when it is time to look at the files."""
        with self._wanted:
            self._wanted.wait_for(lambda: self._urgent or self._others or self._closing, WATCH_SECONDS)
            batch: list[Member[Any]] = []
            while len(batch) < BATCH_MEMBERS and (self._urgent or self._others):
                batch.append((self._urgent or self._others).popleft())
            self._busy = bool(batch)
            return batch

    def _do(self, batch: list[Member[Any]]) -> None:
        rest = batch
        while rest:
            done = self._together(rest)
            rest = rest[done:]

    def _together(self, members: list[Member[Any]]) -> int:
        """Settle as many of the first members as fit one transaction; how many those were."""
        end, done = self._attempt(members)
        self._ended += 1
        if end is not _End.UNDONE:
            self._settle(end, done)
        elif len(members) == 1 or not done:
            # Alone it was undone with its transaction, for a reason of its own.
            own = done[0][1] if done and isinstance(done[0][1], Exception) else None
            error = self._host.refusal() or own or self._host.disk_full()
            for member in members:
                member.fail(error)
            return len(members)
        else:
            for member, _ in done:
                self._together([member])
        return len(done)

    def _settle(self, end: _End, done: Done) -> None:
        if end is _End.COMMITTED:
            self._host.committed()
        for member, result in done:
            if isinstance(result, Exception):
                member.fail(result)
            elif end is _End.COMMITTED:
                member.succeed(result)
            else:
                member.fail(member.unknown)

    def _attempt(self, members: list[Member[Any]]) -> tuple[_End, Done]:
        done: Done = []
        if not self._host.watch():
            return _End.UNDONE, done
        connection = self._host.connection
        try:
            cost = members[0].cost()
            self._host.prepare(cost)
            connection.execute("BEGIN IMMEDIATE")
            for member in members:
                cost += member.cost() if done else 0
                if done and not self._host.fits(cost):
                    break
                result = self._join(connection, member) if len(members) > 1 else self._alone(connection, member)
                done.append((member, result))
                if not connection.in_transaction:
                    return _End.UNDONE, done
        except (apsw.Error, OSError) as error:
            self._host.fence(f"the disk or the file fails ({type(error).__name__})")
            self._roll_back(connection)
            return _End.UNDONE, done
        return self._commit(connection), done

    def _alone(self, connection: apsw.Connection, member: Member[Any]) -> object:
        """Do the work of the only member; an error of it has undone the transaction."""
        try:
            return member.work()
        except apsw.FullError:
            result: Exception = self._host.disk_full()
        except apsw.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a rule raises, its member fails
            result = error
        self._roll_back(connection)
        return result

    def _join(self, connection: apsw.Connection, member: Member[Any]) -> object:
        """The result of its work, or what it raised, undone.  Raises apsw.Error when the area is not to be trusted."""
        connection.execute("SAVEPOINT member")
        try:
            result = member.work()
        except apsw.FullError:
            result = self._host.disk_full()
        except apsw.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a rule raises, only its own member fails
            result = error
        else:
            connection.execute("RELEASE member")
            return result
        if connection.in_transaction:
            connection.execute("ROLLBACK TO member")
            connection.execute("RELEASE member")
        return result

    def _commit(self, connection: apsw.Connection) -> _End:
        failed = _End.UNDONE
        try:
            self._host.complete()
            failed = _End.UNKNOWN
            connection.execute("COMMIT")
        except apsw.FullError:
            # Written in part: without its last frame a transaction is none.
            self._roll_back(connection)
            return _End.UNDONE
        except apsw.Error as error:
            self._host.fence(f"a commit failed ({type(error).__name__})")
            self._roll_back(connection)
            return failed
        # COMMIT succeeds in a file that has lost its name, and no boot would ever find it there.
        return _End.COMMITTED if self._host.watch() else _End.UNKNOWN

    def _roll_back(self, connection: apsw.Connection) -> None:
        if connection.in_transaction:
            with suppress(apsw.Error):
                connection.execute("ROLLBACK")
