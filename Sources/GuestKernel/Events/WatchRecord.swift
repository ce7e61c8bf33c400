/// An inotify descriptor: what it watches.
public struct WatchRecord: Sendable, Equatable {
    public struct Watch: Sendable, Equatable {
        /// What inotify_add_watch(2) returned, and events name.
        public var number: Int32
        public var path: [UInt8]
        public var mask: UInt32

        public init(number: Int32, path: [UInt8], mask: UInt32) {
            self.number = number
            self.path = path
            self.mask = mask
        }
    }

    public var watches: [Watch] = []

    public init() {}
}
