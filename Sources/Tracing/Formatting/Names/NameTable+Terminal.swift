/// Names in a terminal's settings.
extension NameTable {
    static let terminalInput = NameTable(
        unknown: "???",
        bits: [
            (1, "IGNBRK"), (2, "BRKINT"), (4, "IGNPAR"), (8, "PARMRK"), (0x10, "INPCK"), (0x20, "ISTRIP"),
            (0x40, "INLCR"), (0x80, "IGNCR"), (0x100, "ICRNL"), (0x200, "IUCLC"), (0x400, "IXON"), (0x800, "IXANY"),
            (0x1000, "IXOFF"), (0x2000, "IMAXBEL"), (0x4000, "IUTF8"),
        ])

    static let terminalOutput = NameTable(
        unknown: "???",
        bits: [
            (1, "OPOST"), (2, "OLCUC"), (4, "ONLCR"), (8, "OCRNL"), (0x10, "ONOCR"), (0x20, "ONLRET"),
            (0x40, "OFILL"), (0x80, "OFDEL"),
        ])

    static let terminalControl = NameTable(
        unknown: "???",
        bits: [
            (0x40, "CSTOPB"), (0x80, "CREAD"), (0x100, "PARENB"), (0x200, "PARODD"), (0x400, "HUPCL"),
            (0x800, "CLOCAL"), (0x4000_0000, "CMSPAR"), (0x8000_0000, "CRTSCTS"),
        ])

    static let terminalLocal = NameTable(
        unknown: "???",
        bits: [
            (1, "ISIG"), (2, "ICANON"), (8, "ECHO"), (0x10, "ECHOE"), (0x20, "ECHOK"), (0x40, "ECHONL"),
            (0x80, "NOFLSH"), (0x100, "TOSTOP"), (0x8000, "IEXTEN"), (0x200, "ECHOCTL"), (0x400, "ECHOPRT"),
            (0x800, "ECHOKE"), (0x1000, "FLUSHO"), (0x4000, "PENDIN"), (4, "XCASE"),
        ])

    static let characterSize = NameTable(
        unknown: "???", choices: [(0, "CS5"), (0x10, "CS6"), (0x20, "CS7"), (0x30, "CS8")])

    static let terminalSpeed = NameTable(
        unknown: "???",
        choices: [
            (0, "B0"), (1, "B50"), (2, "B75"), (3, "B110"), (4, "B134"), (5, "B150"), (6, "B200"), (7, "B300"),
            (8, "B600"), (9, "B1200"), (10, "B1800"), (11, "B2400"), (12, "B4800"), (13, "B9600"), (14, "B19200"),
            (15, "B38400"), (0x1001, "B57600"), (0x1002, "B115200"), (0x1003, "B230400"), (0x1004, "B460800"),
            (0x1005, "B500000"), (0x1006, "B576000"), (0x1007, "B921600"), (0x1008, "B1000000"),
        ])

    /// `NL0|CR0|TAB0|BS0|VT0|FF0`: how long the terminal takes for what.
    static func appendDelays(_ flags: UInt64, _ text: inout TraceText) {
        let delays: [(name: StaticString, shift: UInt64, mask: UInt64)] = [
            ("NL", 8, 1), ("|CR", 9, 3), ("|TAB", 11, 3), ("|BS", 13, 1), ("|VT", 14, 1), ("|FF", 15, 1),
        ]
        for delay in delays {
            text.append(delay.name)
            text.append(decimal: flags >> delay.shift & delay.mask)
        }
    }

    /// More flags behind others.
    func append(more flags: UInt64, _ text: inout TraceText) {
        if flags == 0 { return }
        text.append(byte: UInt8(ascii: "|"))
        append(flags, &text)
    }
}
