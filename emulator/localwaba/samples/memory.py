"""What must outlive a restart: which webhooks were handled, and who wants no news."""

from __future__ import annotations

import sqlite3

DAYS = 8
"""How long handled webhooks are remembered: Meta repeats what was not acknowledged for seven days."""


class Memory:
    """Sets of texts in a SQLite file; `:memory:` forgets them with the process."""

    def __init__(self, path: str) -> None:
        self.rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.rows.execute("PRAGMA journal_mode = WAL")
        self.rows.execute("PRAGMA synchronous = NORMAL")
        made = "at INTEGER DEFAULT (strftime('%s')), PRIMARY KEY (kind, key)"
        self.rows.execute(f"CREATE TABLE IF NOT EXISTS kept (kind TEXT, key TEXT, {made})")
        self.rows.execute("DELETE FROM kept WHERE kind = 'seen' AND at < strftime('%s') - ?", (DAYS * 86_400,))

    def add(self, kind: str, key: str) -> bool:
        """Whether it was not there before: of two who ask at the same time only one is told so."""
        return self.rows.execute("INSERT OR IGNORE INTO kept (kind, key) VALUES (?, ?)", (kind, key)).rowcount == 1

    def has(self, kind: str, key: str) -> bool:
        """Whether it is there."""
        found = self.rows.execute("SELECT 1 FROM kept WHERE kind = ? AND key = ?", (kind, key))
        return found.fetchone() is not None

    def drop(self, kind: str, key: str) -> None:
        """It is not there any more."""
        self.rows.execute("DELETE FROM kept WHERE kind = ? AND key = ?", (kind, key))
