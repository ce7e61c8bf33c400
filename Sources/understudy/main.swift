import Commands

UnderstudyCommand.runAndExit()
