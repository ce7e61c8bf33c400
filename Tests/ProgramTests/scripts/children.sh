#!/bin/sh
# Programs, pipes, substitutions, background jobs and traps: what shell scripts are made of.
echo "words $(wc -w <words.txt | tr -d ' ')"
sort words.txt | uniq | tail -n 1
(exit 9); echo "subshell $?"
/bin/false; echo "false $?"
/nonexistent/program 2>/dev/null; echo "missing $?"
for i in 1 2 3 4; do (sleep 0.0$i; exit $i) & last=$!; done
wait $last; echo "last $?"
wait; echo "all"
trap 'echo "child said so"' USR1
(kill -USR1 $$)
sh -c 'kill -TERM $$'; echo "killed $?"
yes | head -n 3 | tr 'y' 'n'
cat <<END | sed 's/here/there/'
text from here
END
x=$(echo a; echo b >&2) 2>/dev/null; echo "captured $x"
exec env -i PATH=/usr/bin:/bin ONE=two sh -c 'echo "executed $ONE $#" ; exit 4' name three
