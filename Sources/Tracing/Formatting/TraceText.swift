/// Text that lines are appended to: bytes in one piece that grows and is used again.
///
/// Its arithmetic is not checked for overflow: a count never exceeds what memory holds.
public struct TraceText: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// How many bytes there are.
    public private(set) var count = 0
    /// Where the last line begins.
    public private(set) var lineStart = 0

    public init(capacity: Int = 1 << 16) {
        self.capacity = max(capacity, 64)
        base = .allocate(capacity: self.capacity)
    }

    deinit {
        base.deallocate()
    }

    /// The bytes, until the next change.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count)
    }

    /// How many bytes the last line has so far.
    @inline(__always)
    public var column: Int { count &- lineStart }

    /// Forgets everything and keeps the room.
    public mutating func removeAll() {
        count = 0
        lineStart = 0
    }

    /// Takes back what was appended since the text had this many bytes.
    public mutating func truncate(to length: Int) {
        count = min(count, max(length, 0))
        lineStart = min(lineStart, count)
    }

    /// Ends the line.
    @inline(__always)
    public mutating func endLine() {
        append(byte: UInt8(ascii: "\n"))
        lineStart = count
    }

    /// Room for `added` more bytes.
    @inline(__always)
    mutating func reserve(_ added: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity &- count < added { grow(added) }
        return base + count
    }

    /// Counts bytes that were put into the room.
    @inline(__always)
    mutating func advance(_ added: Int) {
        count &+= added
    }

    @inline(never)
    private mutating func grow(_ added: Int) {
        capacity = max(capacity * 2, count + added)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
    }

    @inline(__always)
    public mutating func append(byte: UInt8) {
        reserve(1).pointee = byte
        advance(1)
    }

    @inline(__always)
    public mutating func append(_ text: StaticString) {
        append(text.utf8Start, text.utf8CodeUnitCount)
    }

    @inline(__always)
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        append(start.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    @inline(__always)
    mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
        reserve(length).update(from: start, count: length)
        advance(length)
    }

    /// Appends the first `length` of these: all are copied, which takes less than asking how many.
    @inline(__always)
    mutating func append(_ bytes: InlineArray<24, UInt8>, _ length: Int) {
        UnsafeMutableRawPointer(reserve(24)).storeBytes(of: bytes, as: InlineArray<24, UInt8>.self)
        advance(length)
    }

    /// Appends `length` bytes of what has at least `shortByteCount`, most often of that in one piece.
    @inline(__always)
    mutating func append(short start: UnsafePointer<UInt8>, _ length: Int) {
        if length > TraceText.shortByteCount { return append(start, length) }
        UnsafeMutableRawPointer(reserve(TraceText.shortByteCount))
            .copyMemory(from: start, byteCount: TraceText.shortByteCount)
        advance(length)
    }

    static let shortByteCount = 16

    /// Appends the same byte several times.
    @inline(__always)
    public mutating func append(byte: UInt8, times: Int) {
        guard times > 0 else { return }
        // Eight at once, and some more than asked for: most often it is a handful of spaces.
        let target = UnsafeMutableRawPointer(reserve(times &+ 8))
        let eight = UInt64(byte) &* 0x0101_0101_0101_0101
        var done = 0
        while done < times {
            target.storeBytes(of: eight, toByteOffset: done, as: UInt64.self)
            done &+= 8
        }
        advance(times)
    }

    /// Escapes what was appended since `start` so that it can stand in a JSON string: all of it is ASCII already.
    mutating func escapeJson(from start: Int) {
        var added = 0
        for index in start..<count where TraceText.needsEscape(base[index]) { added += 1 }
        if added == 0 { return }
        _ = reserve(added)
        var source = count - 1
        var target = count + added - 1
        while source < target {
            base[target] = base[source]
            if TraceText.needsEscape(base[source]) {
                target -= 1
                base[target] = 0x5C
            }
            target -= 1
            source -= 1
        }
        count += added
    }

    private static func needsEscape(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x5C }
}
