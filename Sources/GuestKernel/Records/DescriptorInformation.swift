import GuestMemory

/// The numbers that the host shows of one of its descriptors in /proc/self/fdinfo (proc_pid_fdinfo(5)).
struct DescriptorInformation {
    private let lines: [ArraySlice<UInt8>]

    init(_ hostFD: Int32) {
        lines = HostFile.contents("/proc/self/fdinfo/\(hostFD)").split(separator: UInt8(ascii: "\n"))
    }

    /// The number behind a name and its colon; nil where there is no such line.
    func value(of name: String, radix: Int) -> UInt64? {
        let start = Array("\(name):".utf8)
        guard let line = lines.first(where: { $0.starts(with: start) }) else { return nil }
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let digits = line.dropFirst(start.count).drop(while: isSpace).prefix { !isSpace($0) }
        return UInt64(String(decoding: digits, as: UTF8.self), radix: radix)
    }
}
