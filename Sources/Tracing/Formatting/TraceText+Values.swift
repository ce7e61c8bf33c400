extension TraceText {
    /// A user's or group's id.
    mutating func append(identity: UInt32) {
        if identity == .max { append("-1") } else { append(decimal: UInt64(identity)) }
    }

    /// `makedev(0x1, 0x3)`.
    mutating func append(device: UInt64) {
        append("makedev(")
        append(bits: device >> 8 & 0xFFF | device >> 32 & 0xFFFF_F000)
        append(", ")
        append(bits: device & 0xFF | device >> 12 & 0xFFFF_FF00)
        append(byte: UInt8(ascii: ")"))
    }

    /// `S_IFREG|0644`.
    mutating func append(fileMode mode: UInt32) {
        switch mode & 0o170000 {
        case 0o010000: append("S_IFIFO|")
        case 0o020000: append("S_IFCHR|")
        case 0o040000: append("S_IFDIR|")
        case 0o060000: append("S_IFBLK|")
        case 0o100000: append("S_IFREG|")
        case 0o120000: append("S_IFLNK|")
        case 0o140000: append("S_IFSOCK|")
        default: return append(mode: UInt64(mode))
        }
        for (bit, name) in TraceText.specialBits where mode & bit != 0 { append(name) }
        append(mode: UInt64(mode & 0o777))
    }

    private static let specialBits: [(UInt32, StaticString)] = [
        (0o4000, "S_ISUID|"), (0o2000, "S_ISGID|"), (0o1000, "S_ISVTX|"),
    ]

    /// `2026-11-28T15:36:36+0000`: a second since 1970, by UTC.
    mutating func append(moment seconds: Int64, nanoseconds: UInt64? = nil) {
        let isEarlier = seconds % 86400 < 0
        let rest = UInt64(seconds % 86400 + (isEarlier ? 86400 : 0))
        append(day: seconds / 86400 - (isEarlier ? 1 : 0))
        append(byte: UInt8(ascii: "T"))
        append(clock: rest)
        if let nanoseconds {
            append(byte: UInt8(ascii: "."))
            append(decimal: nanoseconds, width: 9)
        }
        append("+0000")
    }

    /// ` /* 2026-11-28T15:36:36+0000 */` behind a number of seconds; nothing behind 0.
    mutating func append(momentComment seconds: Int64, nanoseconds: UInt64 = 0) {
        if seconds == 0, nanoseconds == 0 { return }
        append(" /* ")
        append(moment: seconds, nanoseconds: nanoseconds == 0 ? nil : nanoseconds)
        append(" */")
    }

    /// `15:36:36`: a second of the day.
    mutating func append(clock second: UInt64) {
        append(decimal: second / 3600, width: 2)
        append(byte: UInt8(ascii: ":"))
        append(decimal: second / 60 % 60, width: 2)
        append(byte: UInt8(ascii: ":"))
        append(decimal: second % 60, width: 2)
    }

    /// A day since 1970 by the Gregorian calendar, whose years begin in March here: leap days come last.
    private mutating func append(day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        if year < 0 { append(byte: UInt8(ascii: "-")) }
        append(decimal: year.magnitude, width: 4)
        append(byte: UInt8(ascii: "-"))
        append(decimal: UInt64(month), width: 2)
        append(byte: UInt8(ascii: "-"))
        append(decimal: UInt64(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1), width: 2)
    }
}
