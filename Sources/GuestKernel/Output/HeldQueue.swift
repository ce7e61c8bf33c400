import RecordCoding

/// What is held of one stream, in order, and how far it has been cut, committed and released. Pure: who writes to the
/// host, and when, is `HeldStream`'s business.
///
/// Positions only grow: released ≤ committed ≤ cut ≤ end, except that what was thrown away counts as released.
struct HeldQueue: ~Copyable, Sendable {
    /// What an operation that keeps its boundaries counts beside its bytes, so that a million empty datagrams have a
    /// limit, too.
    static let overheadByteCount = 64

    /// The part of the queue that may go out next.
    ///
    /// Sound as unchecked: the payload is the queue's, for as long as nobody changes it, or a copy.
    struct Step: @unchecked Sendable {
        var kind: HeldOperation.Kind
        var payload: UnsafeRawPointer?
        var byteCount: Int
        var addressByteCount: Int
        var flags: Int32
    }

    /// Bytes held at most, boundaries included.
    let byteCountMax: Int
    /// Writes are joined into one host call up to this; a write is not split unless it alone is longer. Without limit
    /// their boundaries are forgotten at once.
    let joinByteCountMax: Int

    private var operations: [HeldOperation] = []
    /// The index of the first operation that is not released yet.
    private var first = 0
    private var payload = HeldBytes()
    private var boundaryByteCount = 0
    /// The position after the last operation.
    private(set) var end: UInt64 = 0
    /// Everything before it belongs to an epoch that was cut.
    private(set) var cutPosition: UInt64 = 0
    /// Everything before it may go out.
    private(set) var committed: UInt64 = 0

    init(byteCountMax: Int, joinByteCountMax: Int = .max) {
        self.byteCountMax = byteCountMax
        self.joinByteCountMax = joinByteCountMax
    }

    var isEmpty: Bool { first == operations.count }
    /// What has gone out ends here.
    var released: UInt64 { isEmpty ? end : operations[first].position }
    var heldByteCount: Int { payload.count + boundaryByteCount }
    var payloadByteCount: Int { payload.count }
    /// How many more bytes may be held.
    var room: Int { max(0, byteCountMax - heldByteCount) }
    /// Whether something may go out.
    var isDue: Bool { released < committed }
    private var keepsBoundaries: Bool { joinByteCountMax != .max }

    // MARK: - What the guest does

    /// Holds up to `count` bytes that `fill` writes; its result: how many it wrote, or a negative errno.
    mutating func appendBytes(_ count: Int, _ fill: (UnsafeMutableRawPointer, Int) -> Int) -> Int {
        let filled = fill(payload.reserve(count), count)
        guard filled > 0 else { return filled }
        payload.extend(filled)
        if !keepsBoundaries, !isEmpty, operations[operations.count - 1].kind == .bytes {
            operations[operations.count - 1].byteCount += filled
        } else {
            add(HeldOperation(kind: .bytes, position: end, byteCount: filled))
            if keepsBoundaries { boundaryByteCount += HeldQueue.overheadByteCount }
        }
        end += UInt64(filled)
        return filled
    }

    /// Holds a datagram, which `fill` writes whole: its result is `count`, or a negative errno.
    mutating func appendDatagram(
        to address: UnsafeRawBufferPointer, flags: Int32, _ count: Int, _ fill: (UnsafeMutableRawPointer, Int) -> Int
    ) -> Int {
        let place = payload.reserve(address.count + count)
        if let source = address.baseAddress { place.copyMemory(from: source, byteCount: address.count) }
        let filled = count == 0 ? 0 : fill(place + address.count, count)
        guard filled >= 0 else { return filled }
        payload.extend(address.count + filled)
        add(
            HeldOperation(
                kind: .datagram, position: end, byteCount: address.count + filled, addressByteCount: address.count,
                flags: flags))
        boundaryByteCount += HeldQueue.overheadByteCount
        end += 1
        return filled
    }

    mutating func appendShutdown(_ how: Int32) {
        add(HeldOperation(kind: .shutdown, position: end, flags: how))
        end += 1
    }

    mutating func appendClose() {
        add(HeldOperation(kind: .close, position: end))
        end += 1
    }

    private mutating func add(_ operation: HeldOperation) {
        if isEmpty, first > 0 {
            operations.removeAll(keepingCapacity: true)
            first = 0
        }
        operations.append(operation)
    }

    // MARK: - Epochs

    /// Everything held so far belongs to the epoch that is being cut. Writes what is new of bytes and datagrams where
    /// there is a writer.
    mutating func cut(into writer: inout RecordWriter) {
        let from = indexAfterCut()
        var offset = payload.count
        for operation in operations[from...] { offset -= operation.byteCount }
        let travelling = operations[from...].reduce(0) { $0 + ($1.kind == .bytes || $1.kind == .datagram ? 1 : 0) }
        writer.put(UInt32(travelling))
        for operation in operations[from...] {
            let isBytes = operation.kind == .bytes
            // The beginning of joined bytes may have been cut before.
            let skipped = isBytes ? Int(max(cutPosition, operation.position) - operation.position) : 0
            if isBytes || operation.kind == .datagram {
                OutputRecord.put(
                    operation, skipping: skipped, payload: payload.pointer(at: offset), into: &writer)
            }
            offset += operation.byteCount
        }
        cutPosition = end
    }

    mutating func cut() {
        cutPosition = end
    }

    private func indexAfterCut() -> Int {
        var index = operations.count
        while index > first, operations[index - 1].end > cutPosition { index -= 1 }
        return index
    }

    /// The epochs up to this position are committed.
    mutating func commit(to position: UInt64) {
        committed = max(committed, min(position, end))
    }

    /// There is no mirror: nothing has to wait.
    mutating func commitEverything() {
        cutPosition = end
        committed = end
    }

    // MARK: - Release

    /// What may go out now; nil when nothing may.
    func next() -> Step? {
        guard isDue else { return nil }
        let operation = operations[first]
        var step = Step(
            kind: operation.kind, payload: payload.pointer(at: 0), byteCount: operation.byteCount,
            addressByteCount: operation.addressByteCount, flags: operation.flags)
        guard operation.kind == .bytes else { return step }
        step.byteCount = min(step.byteCount, Int(committed - operation.position))
        guard keepsBoundaries else { return step }
        var index = first + 1
        while index < operations.count, operations[index].kind == .bytes, operations[index].end <= committed,
            step.byteCount + operations[index].byteCount <= joinByteCountMax
        {
            step.byteCount += operations[index].byteCount
            index += 1
        }
        return step
    }

    /// So many bytes of the step have gone out.
    mutating func releaseBytes(_ byteCount: Int) {
        payload.dropFirst(byteCount)
        var left = byteCount
        while left > 0 {
            let length = operations[first].byteCount
            if left < length {
                operations[first].byteCount -= left
                operations[first].position += UInt64(left)
                return
            }
            left -= length
            if keepsBoundaries { boundaryByteCount -= HeldQueue.overheadByteCount }
            removeFirst()
        }
    }

    /// The step, which is not bytes, has been done.
    mutating func releaseOperation() {
        let operation = operations[first]
        payload.dropFirst(operation.byteCount)
        if operation.kind == .datagram { boundaryByteCount -= HeldQueue.overheadByteCount }
        removeFirst()
    }

    /// Throws away what was to be sent, after an error: the end of the stream stays.
    mutating func discardPayload() {
        payload.dropFirst(payload.count)
        boundaryByteCount = 0
        let kept = operations[first...].filter { $0.kind == .shutdown || $0.kind == .close }
        operations = kept
        first = 0
    }

    private mutating func removeFirst() {
        first += 1
        // A queue that never becomes empty sheds what is done every now and then.
        if first >= 256, first * 2 >= operations.count {
            operations.removeFirst(first)
            first = 0
        }
    }
}
