/// The words behind `understudy trace`, taken apart as getopt does it for strace: short options may be joined (`-ttT`,
/// `-fs100`), and the first word that is no option is PROGRAM, behind which nothing is looked at.
public struct StraceWords: Sendable, Equatable {
    /// One option a word: short ones without a value as `-t`, those with one as `--name` and the value.
    public private(set) var options: [String] = []
    /// PROGRAM and its arguments as they were given; empty when there is none.
    public private(set) var program: [String] = []

    public init(_ words: [String]) throws(TraceOptionError) {
        var rest = words[...]
        while let word = rest.first {
            if word == "--" {
                rest.removeFirst()
                break
            }
            if !word.hasPrefix("-") || word == "-" { break }
            rest.removeFirst()
            if word.hasPrefix("--") { try takeLong(word, &rest) } else { try takeShort(word, &rest) }
        }
        program = Array(rest)
    }

    private mutating func takeShort(_ word: String, _ rest: inout ArraySlice<String>) throws(TraceOptionError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            try StraceNames.refuse("-\(letter)")
            // An older way to follow forks.
            if letter == "F" { continue }
            guard let name = StraceNames.valuedLetters[letter] else {
                try add(letter == "V" ? "--version" : "-\(letter)")
                continue
            }
            // The value is the rest of the word, or the next one.
            add(name, letters.isEmpty ? rest.popFirst() : String(letters))
            return
        }
    }

    private mutating func takeLong(_ word: String, _ rest: inout ArraySlice<String>) throws(TraceOptionError) {
        if let short = StraceNames.equivalents[word] {
            for option in short { try add(option) }
            return
        }
        let name = String(word.dropFirst(2).prefix { $0 != "=" })
        try StraceNames.refuse("--\(name)")
        let hasValue = word.contains("=")
        let value = hasValue ? String(word.dropFirst(2 + name.count + 1)) : nil
        if StraceNames.qualifiers.contains(name) {
            guard let text = value ?? rest.popFirst() else { throw TraceOptionError("--\(name) needs a value") }
            add("expression", "\(name)=\(text)")
        } else if StraceNames.valuedNames.contains(name) {
            add(name, value ?? rest.popFirst())
        } else {
            options.append(word)
        }
    }

    private mutating func add(_ option: String) throws(TraceOptionError) {
        if option == "-f", options.contains("-f") { try StraceNames.refuse("-ff") }
        options.append(option)
    }

    /// Without a value it is the parser that says so.
    private mutating func add(_ name: String, _ value: String?) {
        options.append("--\(name)")
        if let value { options.append(value) }
    }
}
