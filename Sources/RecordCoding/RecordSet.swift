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
public struct RecordSet: Equatable, Sendable {
    public private(set) var records: [RecordKey: [UInt8]] = [:]

    public init() {}

    public subscript(key: RecordKey) -> [UInt8]? {
        get { records[key] }
        set { records[key] = newValue }
    }

    /// The records of one family, lowest number first.
    public func family(_ family: UInt8) -> [(number: UInt64, bytes: [UInt8])] {
        records.filter { $0.key.family == family }.map { ($0.key.number, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// What has to be done to `old` to make it this.
    public func delta(since old: RecordSet) -> RecordDelta {
        var delta = RecordDelta()
        for (key, bytes) in records where old.records[key] != bytes {
            delta.changed.append(RecordDelta.Change(key: key, bytes: bytes))
        }
        for key in old.records.keys where records[key] == nil { delta.removed.append(key) }
        return delta
    }

    public mutating func apply(_ delta: RecordDelta) {
        for key in delta.removed { records[key] = nil }
        for change in delta.changed { records[change.key] = change.bytes }
    }
}
