import Commands
import Glibc

exit(runMain(CommandLine.arguments))
