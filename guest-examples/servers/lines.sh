# Prints "line 1" to "line COUNT", each through a pipeline. One that a takeover has killed is started again.
# A shell says on standard error that something it runs was killed.
exec 2>/dev/null
set -o pipefail
number=0
while [ $((number += 1)) -le "$1" ]; do
    until line=$(echo "$number line" | sed 's/\(.*\) \(.*\)/\2 \1/' | tr -d '\r') && [ -n "$line" ]; do :; done
    echo "$line"
done
