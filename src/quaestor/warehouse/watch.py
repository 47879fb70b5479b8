"""Stop what runs too long."""

from __future__ import annotations

import threading

from quaestor.warehouse.driver import duckdb


class Watch:
    """Interrupts a query that runs too long; one thread for all queries of a sandbox.

    It counts its own ticks, so that starting and stopping costs a query nothing.
    """

    _TICKS = 20

    def __init__(self, cursor: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._cursor = cursor
        self._tick = seconds / self._TICKS
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._running = False
        self._ticks = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Begin to count for a query."""
        with self._lock:
            self._running, self._ticks = True, 0

    def stop(self) -> None:
        """Let the next query be another one."""
        with self._lock:
            self._running = False

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(self._tick):
            with self._lock:
                self._ticks += 1
                if self._running and self._ticks > self._TICKS:
                    self._cursor.interrupt()
