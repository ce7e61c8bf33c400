import Commands

UnderstudyCommand.main()
