"""No syscalls to speak of, but much of the library and of the processor's floating point."""
import bz2
import decimal
import fractions
import hashlib
import json
import lzma
import math
import pickle
import random
import re
import sqlite3
import statistics
import struct
import unicodedata
import zlib

random.seed(7)
numbers = [random.gauss(0, 1) for _ in range(20000)]
print(statistics.fmean(numbers), math.fsum(numbers), max(numbers))
print(struct.pack("<d", math.sin(1) * math.exp(0.5)).hex(), sum(math.sqrt(n) for n in range(10000)))
decimal.getcontext().prec = 60
print(decimal.Decimal(2).sqrt(), fractions.Fraction(355, 113) ** 3)
print(hash(1 << 200), len(str(3 ** 8000)), pow(3, 10 ** 30, 10 ** 15 + 37))
text = " ".join(f"word{n % 977}" for n in range(30000)).encode()
for module in (zlib, bz2, lzma):
    packed = module.compress(text)
    print(module.__name__, hashlib.sha1(module.decompress(packed)).hexdigest(), len(packed) < len(text) // 10)
for name in ("md5", "sha256", "sha3_512", "blake2b"):
    print(name, hashlib.new(name, text).hexdigest()[:32])
print(len(re.findall(rb"\bword(\d)\1\b", text)), re.sub(r"(\w+) (\w+)", r"\2 \1", "hello big world"))
value = {"list": list(range(100)), "nested": {"a": [None, True, 1.5, "\u00e4\u4e2d"]}}
print(json.loads(json.dumps(value)) == value, pickle.loads(pickle.dumps(value)) == value)
print(json.dumps(value["nested"]), unicodedata.name("\u00e4"), unicodedata.normalize("NFD", "\u00e4").encode())
database = sqlite3.connect(":memory:")
database.execute("create table t(a integer primary key, b text)")
database.executemany("insert into t(b) values (?)", ((f"row {n * 7919 % 1000}",) for n in range(2000)))
print(database.execute("select count(distinct b), max(b), sum(a) from t where b like '%1%'").fetchall())
