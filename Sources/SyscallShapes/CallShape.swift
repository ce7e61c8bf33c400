/// What a call's arguments and its result mean, flat: looked at once or twice for every traced call.
public struct CallShape: Sendable {
    /// Those from `count` on mean nothing.
    public internal(set) var kinds: InlineArray<6, ArgumentKind>
    public internal(set) var count: Int
    public internal(set) var result: ResultKind
    /// What decides about arguments, if another argument does.
    @usableFromInline let selection: Selection?
    /// Whether anything has to be captured before and after the call.
    public private(set) var isCapturedAtEntry = false
    public private(set) var isCapturedAtExit = false

    public init(_ arguments: [ArgumentKind], result: ResultKind = .number) {
        kinds = InlineArray(repeating: .bits)
        count = min(arguments.count, 6)
        self.result = result
        var selection: Selection?
        for index in 0..<count {
            kinds[index] = arguments[index]
            if case .selected(let found) = arguments[index] { selection = found }
        }
        self.selection = selection
        noteCaptures()
    }

    /// Whether an argument decides what others mean.
    @inlinable
    public var dependsOnArguments: Bool { selection != nil }

    /// The shape of this call: as the table has it, or, where an argument decides what others mean, as that one says.
    @inlinable
    public func resolved(for arguments: SyscallArguments) -> CallShape {
        guard let selection else { return self }
        return resolved(by: selection, arguments)
    }

    @usableFromInline
    func resolved(by selection: Selection, _ arguments: SyscallArguments) -> CallShape {
        var shape = self
        selection.apply(arguments, &shape)
        shape.noteCaptures()
        return shape
    }

    private mutating func noteCaptures() {
        isCapturedAtEntry = false
        isCapturedAtExit = false
        for index in 0..<count {
            if kinds[index].isCapturedAtEntry { isCapturedAtEntry = true }
            if kinds[index].isWritten { isCapturedAtExit = true }
        }
    }

    /// Gives the arguments from `first` on the meanings that follow, and ends the list behind them.
    mutating func end(
        from first: Int, _ one: ArgumentKind? = nil, _ two: ArgumentKind? = nil, _ three: ArgumentKind? = nil,
        _ four: ArgumentKind? = nil
    ) {
        count = first
        let given: InlineArray<4, ArgumentKind?> = [one, two, three, four]
        for index in given.indices {
            guard let kind = given[index] else { break }
            kinds[count] = kind
            count += 1
        }
    }
}
