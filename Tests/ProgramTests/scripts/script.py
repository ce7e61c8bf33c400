#!/usr/bin/python3 -u
import sys
print("from a script", sys.argv, sys.flags.dont_write_bytecode)
sys.exit(len(sys.argv))
