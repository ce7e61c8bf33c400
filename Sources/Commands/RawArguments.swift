import Glibc

/// The command line's bytes. A `String` repairs what is not UTF-8, and the guest would be given other file names than
/// were typed.
enum RawArguments {
    /// The last words of the command line as they were given; `words` is what the parser made of them.
    static func tail(matching words: [String]) -> [[UInt8]] {
        let count = Int(CommandLine.argc)
        let repaired = words.map { Array($0.utf8) }
        guard words.count < count else { return repaired }
        let raw = (count - words.count..<count).map { index -> [UInt8] in
            guard let word = CommandLine.unsafeArgv[index] else { return [] }
            return Array(UnsafeRawBufferPointer(start: word, count: strlen(word)))
        }
        let isSame = zip(raw, words).allSatisfy { String(decoding: $0, as: UTF8.self) == $1 }
        return isSame ? raw : repaired
    }
}
