#!/bin/bash
# Runs everything the three tables list and checks status, output and verdict.
#   run-corpus.sh [-n ROUNDS] [-k "KINDS"] [-o PATTERN] OUT [COMMAND…]
# OUT is where make put the programs; KINDS are directories in it (static dynamic static-pie); PATTERN limits the runs
# to lines that match it. COMMAND… runs the program: `run-corpus.sh OUT taskset 1`,
# `run-corpus.sh OUT understudy run --`.
# The output must be the same in every round and in every kind.
set -u
rounds=1 kinds="static dynamic static-pie" pattern=.
while getopts n:k:o: option; do
    case $option in
        n) rounds=$OPTARG ;;
        k) kinds=$OPTARG ;;
        o) pattern=$OPTARG ;;
        *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || { echo "usage: run-corpus.sh [-n ROUNDS] [-k KINDS] [-o PATTERN] OUT [COMMAND…]" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work/files"
mkdir "$TMPDIR"
ulimit -c 0
runs=0 failures=0

fail() { echo "FAILED: $*" | cut -c 1-300; tail -n 5 "$work/stdout" | cut -c 1-300; failures=$((failures + 1)); }

# one LABEL STATUS PROGRAM [ARG…]: STATUS as the shell shows it, 128 + the signal's number.
one() {
    local label=$1 wanted=$2 reference="$work/reference.$(echo "$1" | tr ' /' '__')" status
    shift 2
    # In a group of its own, so that the shell's message about a signal goes nowhere. A hang is a failure.
    { timeout -s KILL 60 "$@" </dev/null >"$work/stdout" 2>"$work/stderr"; } 2>/dev/null
    status=$?
    runs=$((runs + 1))
    [ $status = "$wanted" ] || { fail "$label: status $status, not $wanted ($*)"; return; }
    [ "$wanted" -ge 128 ] || [ "$(tail -n 1 "$work/stdout")" = "$(basename "${label%% *}"): ok" ] ||
        { fail "$label: no verdict ($*)"; return; }
    [ -e "$reference" ] || cp "$work/stdout" "$reference"
    cmp -s "$work/stdout" "$reference" || fail "$label: the output differs from the first run's ($*)"
}

all() { # every kind there is of one run
    local name=$1 args=$2 status=$3 kind
    # Arguments have no spaces in them.
    for kind in $kinds; do
        [ -x "$out/$kind/$name" ] && one "$name $args" "$status" ${command[@]+"${command[@]}"} "$out/$kind/$name" $args
    done
}

command=("$@")
for ((round = 0; round < rounds; round++)); do
    while IFS=$'\t' read -r name args; do all "$name" "$args" 0; done < <(grep -e "$pattern" "$here/corpus.txt")
    while IFS=$'\t' read -r name args status; do
        all "$name" "$args" "$status"
    done < <(grep -e "$pattern" "$here/expected-exits.txt")
    while IFS=$'\t' read -r name args signal; do
        all "$name" "$args" $((128 + signal))
    done < <(grep -e "$pattern" "$here/expected-signals.txt")
    if [[ big_environment =~ $pattern ]]; then
        # An environment and arguments of about a megabyte, as big_environment.c describes them.
        count=40 length=12000 letters=abcdefghijklmnopqrstuvwxyz variables=() arguments=()
        long=$(printf "$letters%.0s" $(seq 1 $((length / 26 + 3))))
        for ((i = 0; i < count; i++)); do
            variables+=("BIG_$i=${long:i % 26:length}")
            arguments+=("${long:i % 26:length}")
        done
        for kind in $kinds; do
            [ -x "$out/$kind/big_environment" ] || continue
            one "big_environment large" 0 env "${variables[@]}" ${command[@]+"${command[@]}"} \
                "$out/$kind/big_environment" $count $length "${arguments[@]}"
        done
    fi
done
[ -z "$(ls -A "$TMPDIR")" ] ||
    { echo "FAILED: left behind: $(ls -A "$TMPDIR" | tr '\n' ' ')"; failures=$((failures + 1)); }
echo "$runs runs, $failures failures"
[ $failures = 0 ]
