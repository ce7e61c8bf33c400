import GuestKernel
import SyscallShapes

/// Shapes and names of all calls, flat: a line's formatting looks at them without counting references.
///
/// Sound: filled once and never changed or freed.
struct CallNames: @unchecked Sendable {
    static let shared = CallNames()

    /// The last is that of numbers without one.
    private let shapes: UnsafeMutablePointer<CallShape>
    private let names: UnsafeMutablePointer<UInt8>
    /// Where each name begins in `names`; one more at the end.
    private let starts: UnsafeMutablePointer<Int>

    private init() {
        let count = SyscallTable.count
        shapes = .allocate(capacity: count + 1)
        starts = .allocate(capacity: count + 1)
        var bytes: [UInt8] = []
        for number in 0..<count {
            (shapes + number).initialize(to: SyscallTable.shapes[number])
            starts[number] = bytes.count
            if let row = SyscallTable.rows[number] { bytes += row.name.utf8 }
        }
        (shapes + count).initialize(to: CallShape([.bits, .bits, .bits, .bits, .bits, .bits]))
        starts[count] = bytes.count
        // Behind the last as much as may be read of it.
        names = .allocate(capacity: bytes.count + TraceText.shortByteCount)
        names.initialize(repeating: 0, count: bytes.count + TraceText.shortByteCount)
        for (index, byte) in bytes.enumerated() { names[index] = byte }
    }

    /// The shape of a call before its arguments are looked at.
    @inline(__always)
    func shape(_ number: Int) -> UnsafePointer<CallShape> {
        UnsafePointer(shapes + (number >= 0 && number < SyscallTable.count ? number : SyscallTable.count))
    }

    /// `read`, or `syscall_0x3e7`.
    @inline(__always)
    func append(_ number: Int, _ text: inout TraceText) {
        if number >= 0, number < SyscallTable.count, starts[number + 1] > starts[number] {
            return text.append(short: names + starts[number], starts[number + 1] - starts[number])
        }
        text.append("syscall_")
        text.append(hex: UInt64(bitPattern: Int64(number)))
    }
}
