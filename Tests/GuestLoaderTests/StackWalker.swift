import GuestLoader

/// Reads a new program's stack as its C library would, from rsp upwards, without knowing how it was laid out.
struct StackWalker {
    let arguments: [[UInt8]]
    let environment: [[UInt8]]
    let auxiliary: [(key: UInt64, value: UInt64)]
    let argumentAddresses: [UInt64]
    let environmentAddresses: [UInt64]
    /// Where the vector's AT_NULL pair ends.
    let tablesEnd: UInt64

    private let bytes: [UInt8]
    private let base: UInt64

    struct Stray: Error {
        let address: UInt64
    }

    init(_ stack: InitialStack) throws {
        bytes = stack.bytes
        base = stack.stackPointer
        var cursor = stack.stackPointer

        func word() throws -> UInt64 {
            defer { cursor += 8 }
            let offset = try Self.offset(of: cursor, count: 8, stack)
            return (0..<8).reduce(0) { $0 | UInt64(stack.bytes[offset + $1]) << UInt64(8 * $1) }
        }

        let count = try word()
        var argumentAddresses: [UInt64] = []
        for _ in 0..<count { argumentAddresses.append(try word()) }
        if try word() != 0 { throw Stray(address: cursor) }
        var environmentAddresses: [UInt64] = []
        while true {
            let address = try word()
            if address == 0 { break }
            environmentAddresses.append(address)
        }
        var auxiliary: [(key: UInt64, value: UInt64)] = []
        while true {
            let pair = (key: try word(), value: try word())
            if pair.key == 0 { break }
            auxiliary.append(pair)
        }
        tablesEnd = cursor
        arguments = try argumentAddresses.map { try Self.string(at: $0, stack) }
        environment = try environmentAddresses.map { try Self.string(at: $0, stack) }
        self.argumentAddresses = argumentAddresses
        self.environmentAddresses = environmentAddresses
        self.auxiliary = auxiliary
    }

    func value(of key: AuxiliaryVector.Key) -> UInt64? {
        auxiliary.first { $0.key == key.rawValue }?.value
    }

    func bytes(at address: UInt64, count: Int) -> [UInt8] {
        let start = Int(address - base)
        return Array(bytes[start..<(start + count)])
    }

    private static func offset(of address: UInt64, count: Int, _ stack: InitialStack) throws -> Int {
        guard address >= stack.stackPointer, address - stack.stackPointer + UInt64(count) <= UInt64(stack.bytes.count)
        else { throw Stray(address: address) }
        return Int(address - stack.stackPointer)
    }

    private static func string(at address: UInt64, _ stack: InitialStack) throws -> [UInt8] {
        let start = try offset(of: address, count: 1, stack)
        guard let end = stack.bytes[start...].firstIndex(of: 0) else { throw Stray(address: address) }
        return Array(stack.bytes[start..<end])
    }
}
