import Glibc

/// What a record describes: a family (threads, objects, …; `GuestKernel` names them) and a number within it.
public struct RecordKey: Hashable, Comparable, Sendable {
    public let family: UInt8
    public let number: UInt64

    public init(family: UInt8, number: UInt64 = 0) {
        self.family = family
        self.number = number
    }

    public static func < (left: RecordKey, right: RecordKey) -> Bool {
        (left.family, left.number) < (right.family, right.number)
    }
}

/// The records that changed between two epochs, and those that are gone.
public struct RecordDelta: Equatable, Sendable {
    public struct Change: Equatable, Sendable {
        public var key: RecordKey
        public var bytes: [UInt8]

        public init(key: RecordKey, bytes: [UInt8]) {
            self.key = key
            self.bytes = bytes
        }
    }

    public var changed: [Change] = []
    public var removed: [RecordKey] = []

    public init() {}

    public var isEmpty: Bool { changed.isEmpty && removed.isEmpty }
}

/// A guest kernel's records by key, each as flat bytes. The mirror keeps the last epoch's; the primary keeps what the
/// mirror was last given, so that only what differs travels.
///
/// A sorted array, as it is made anew in each pause and compared with the one before: no hashing, and two sets are
/// compared in one walk over both.
public struct RecordSet: Equatable, Sendable {
    /// A record with its key.
    public typealias Entry = RecordDelta.Change

    /// Lowest key first; no key twice.
    private var entries: [Entry] = []

    public init() {}

    /// Takes records in any order, which is not looked at until the last is there. No key may come twice.
    public init(unsorted entries: [Entry]) {
        self.entries = entries
        sort()
    }

    public var count: Int { entries.count }

    /// Of all records together, without their keys.
    public var byteCount: Int {
        var byteCount = 0
        for index in entries.indices { byteCount += entries[index].bytes.count }
        return byteCount
    }

    public subscript(key: RecordKey) -> [UInt8]? {
        get {
            let index = firstIndex(notBelow: key)
            return index < entries.count && entries[index].key == key ? entries[index].bytes : nil
        }
        set {
            let index = firstIndex(notBelow: key)
            let isThere = index < entries.count && entries[index].key == key
            switch (newValue, isThere) {
            case (let bytes?, true): entries[index].bytes = bytes
            case (let bytes?, false): entries.insert(Entry(key: key, bytes: bytes), at: index)
            case (nil, true): entries.remove(at: index)
            case (nil, false): break
            }
        }
    }

    /// The records of one family, lowest number first.
    public func family(_ family: UInt8) -> ArraySlice<Entry> {
        let start = firstIndex(notBelow: RecordKey(family: family))
        var end = start
        while end < entries.count, entries[end].key.family == family { end += 1 }
        return entries[start..<end]
    }

    /// What has to be done to `old` to make it this: both lists lowest key first.
    public func delta(since old: RecordSet) -> RecordDelta {
        var delta = RecordDelta()
        var (index, oldIndex) = (0, 0)
        while index < entries.count || oldIndex < old.entries.count {
            if oldIndex == old.entries.count
                || index < entries.count && entries[index].key < old.entries[oldIndex].key
            {
                delta.changed.append(entries[index])
                index += 1
            } else if index == entries.count || old.entries[oldIndex].key < entries[index].key {
                delta.removed.append(old.entries[oldIndex].key)
                oldIndex += 1
            } else {
                if !RecordSet.isSame(entries[index].bytes, old.entries[oldIndex].bytes) {
                    delta.changed.append(entries[index])
                }
                index += 1
                oldIndex += 1
            }
        }
        return delta
    }

    /// As ==, which looks at each byte by itself.
    private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.withUnsafeBytes { one in
            other.withUnsafeBytes { other in
                guard one.count == other.count, let first = one.baseAddress, let second = other.baseAddress else {
                    return one.count == other.count
                }
                // Most are the very same array.
                return first == second || memcmp(first, second, one.count) == 0
            }
        }
    }

    public mutating func apply(_ delta: RecordDelta) {
        if !delta.removed.isEmpty {
            let removed = Set(delta.removed)
            entries.removeAll { removed.contains($0.key) }
        }
        // What is new is put behind the others, so that many at once are sorted once. Of what comes twice the later is
        // kept.
        var new: [RecordKey: [UInt8]] = [:]
        for change in delta.changed {
            let index = firstIndex(notBelow: change.key)
            if index < entries.count, entries[index].key == change.key {
                entries[index].bytes = change.bytes
            } else {
                new[change.key] = change.bytes
            }
        }
        if new.isEmpty { return }
        for (key, bytes) in new { entries.append(Entry(key: key, bytes: bytes)) }
        sort()
    }

    private func firstIndex(notBelow key: RecordKey) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func sort() {
        entries.sort { $0.key < $1.key }
        for index in entries.indices.dropFirst() {
            precondition(entries[index - 1].key < entries[index].key, "a record is in a set twice")
        }
    }
}
