/// A socket: what the guest has told it to be.
public struct SocketRecord: Sendable, Equatable {
    public enum State: Sendable, Equatable { case unconnected, bound, listening, connecting, connected }

    /// A setsockopt(2) that succeeded.
    public struct Option: Sendable, Equatable {
        public var level: Int32
        public var name: Int32
        public var value: [UInt8]

        public init(level: Int32, name: Int32, value: [UInt8]) {
            self.level = level
            self.name = name
            self.value = value
        }
    }

    /// More options than this are not kept: only group memberships can be many, and the kernel
    /// limits those to 20 a socket unless told otherwise (net.ipv4.igmp_max_memberships).
    public static let optionCountMax = 256

    public var domain: Int32
    public var type: Int32
    public var networkProtocol: Int32
    public var state: State = .unconnected
    /// The raw sockaddr as the guest gave it; with the port that the kernel chose where it gave none.
    public var localAddress: [UInt8] = []
    /// The raw sockaddr as the guest gave it to connect, or as accept told it.
    public var peerAddress: [UInt8] = []
    public var backlog: Int32 = 0
    public var options: [Option] = []
    /// Nonzero for the ends of a socketpair: the same for both.
    public var pair: UInt64 = 0
    public var isShutForReading = false
    public var isShutForWriting = false
    /// SO_RCVTIMEO and SO_SNDTIMEO; nil blocks for ever.
    public var receiveTimeoutNanoseconds: UInt64?
    public var sendTimeoutNanoseconds: UInt64?

    public init(domain: Int32, type: Int32, networkProtocol: Int32) {
        self.domain = domain
        self.type = type
        self.networkProtocol = networkProtocol
    }

    /// The value that the guest set last; nil when it did not.
    public func option(level: Int32, name: Int32) -> [UInt8]? {
        options.last { $0.level == level && $0.name == name }?.value
    }

    /// Keeps an option. Joining a group adds to what is there, leaving it takes away; any other replaces.
    public mutating func keep(_ option: Option) {
        if let joining = GroupMembership.joining(leftBy: option) {
            options.removeAll { $0.level == option.level && $0.name == joining && $0.value == option.value }
            return
        }
        if GroupMembership.isJoining(option) {
            options.removeAll { $0 == option }
        } else {
            options.removeAll { $0.level == option.level && $0.name == option.name }
        }
        if options.count < SocketRecord.optionCountMax { options.append(option) }
    }
}

/// The options that name a multicast group, of which a socket can have many (linux/in.h, linux/in6.h).
private enum GroupMembership {
    /// Joining and leaving, by level: IP_ADD_MEMBERSHIP, IP_ADD_SOURCE_MEMBERSHIP, MCAST_JOIN_GROUP, …
    private static let pairs: [(level: Int32, join: Int32, leave: Int32)] = [
        (0, 35, 36), (0, 39, 40), (0, 42, 45), (0, 46, 47), (41, 20, 21), (41, 42, 45), (41, 46, 47),
    ]

    static func isJoining(_ option: SocketRecord.Option) -> Bool {
        pairs.contains { $0.level == option.level && $0.join == option.name }
    }

    static func joining(leftBy option: SocketRecord.Option) -> Int32? {
        pairs.first { $0.level == option.level && $0.leave == option.name }?.join
    }
}
