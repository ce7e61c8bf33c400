"""Writes numbered rows into an sqlite3 database, one transaction each, and says which are committed.

usage: ledger.py DATABASE JOURNAL_MODE COUNT     goes on behind the last row, until there are COUNT
"""
import sqlite3
import sys

path, mode, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("pragma locking_mode = exclusive")
connection.execute(f"pragma journal_mode = {mode}")
connection.execute("pragma synchronous = full")
connection.execute("create table if not exists ledger (number integer primary key, text)")
last = connection.execute("select coalesce(max(number), 0) from ledger").fetchone()[0]
for number in range(last + 1, count + 1):
    connection.execute("begin immediate")
    connection.execute("insert into ledger values (?, ?)", (number, str(number) * (number % 300)))
    connection.execute("update ledger set text = text || '.' where number = ?", (number // 2,))
    connection.execute("commit")
    print("committed", number, flush=True)
if connection.execute("pragma integrity_check").fetchone()[0] != "ok":
    sys.exit("integrity_check failed")
print("ledger: ok")
