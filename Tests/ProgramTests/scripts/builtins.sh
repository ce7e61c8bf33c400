#!/bin/sh
# Builtins only: no child is needed anywhere.
echo "arguments: $# $*"
count=0
while read -r first rest; do
    count=$((count + 1))
    case $first in
        a*) last=$rest ;;
    esac
done <words.txt
echo "lines $count, last $last"
for word in one 'two three' "$HOME"; do printf '[%s] ' "$word"; done
echo
f() { local inner=$1; shift; [ $# -gt 0 ] && f "$@"; printf '%s ' "$inner"; }
f 1 2 3 4 5
echo "$((1 << 20)) $((7 % 3)) ${count%00} ${HOME:-none} ${undefined:-fallback}"
trap 'echo "trapped"' USR1
kill -USR1 $$
trap 'echo "at exit $?"' EXIT
echo text >made.txt
echo more >>made.txt
while read -r line; do echo "read $line"; done <made.txt
[ -f made.txt ] && [ ! -e none ] && [ -d tree ] && echo tests
umask 077
eval 'echo evaluated $count'
set -- x y z
echo "$3$2$1"
exit 42
