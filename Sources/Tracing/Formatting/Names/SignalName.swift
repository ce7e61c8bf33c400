/// Names of signals.
enum SignalName {
    /// Without `SIG`, from 1 on.
    private static let names: [StaticString] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ]

    /// `HUP`, `RTMIN`, `RT_1` …; nil for what is no signal.
    @discardableResult
    static func append(_ number: UInt64, _ text: inout TraceText) -> Bool {
        switch number {
        case 1...31: text.append(names[Int(number) - 1])
        case 32: text.append("RTMIN")
        case 33...64:
            text.append("RT_")
            text.append(decimal: number - 32)
        default: return false
        }
        return true
    }

    /// `SIGHUP` …, or the number.
    static func append(full number: Int32, _ text: inout TraceText) {
        guard number >= 1, number <= 64 else { return text.append(signed: Int64(number)) }
        text.append("SIG")
        append(UInt64(number), &text)
    }

    /// `[HUP INT]`, or `~[KILL STOP]` where most are in the set.
    static func append(set bits: UInt64, _ text: inout TraceText) {
        var rest = bits
        if bits.nonzeroBitCount >= 42 {
            rest = ~bits
            text.append(byte: UInt8(ascii: "~"))
        }
        text.append(byte: UInt8(ascii: "["))
        var isFirst = true
        while rest != 0 {
            if !isFirst { text.append(byte: UInt8(ascii: " ")) }
            isFirst = false
            append(UInt64(rest.trailingZeroBitCount + 1), &text)
            rest &= rest - 1
        }
        text.append(byte: UInt8(ascii: "]"))
    }
}
