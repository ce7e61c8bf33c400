import GuestMemory

/// The plain values that describe the objects behind guest descriptors, enough to rebuild each one
/// elsewhere (architecture §4).
public enum ObjectRecord: Sendable, Equatable {
    case file(FileRecord)
    case pipe(PipeRecord)
    case socket(SocketRecord)
    case epoll(EpollRecord)
    case event(EventRecord)
    case timer(TimerRecord)
    case signal(SignalFileRecord)
    case watch(WatchRecord)
    /// Made by the supervisor: a file below /proc/self.
    case synthetic(SyntheticRecord)
    /// Came from outside at the start: stdin, stdout, stderr and other inherited descriptors.
    case outside(OutsideRecord)
}

/// A file, directory or device that was opened by its path.
public struct FileRecord: Sendable, Equatable {
    public var path: [UInt8]
    public var flags: Int32
    public var identity: FileIdentity?
    /// A memfd has no path to be opened again by.
    public var isMemory = false

    public init(path: [UInt8], flags: Int32, identity: FileIdentity? = nil) {
        self.path = path
        self.flags = flags
        self.identity = identity
    }
}

public struct EventRecord: Sendable, Equatable {
    public var isSemaphore: Bool
    public init(isSemaphore: Bool) { self.isSemaphore = isSemaphore }
}

/// A timerfd: its setting in guest time.
public struct TimerRecord: Sendable, Equatable {
    public var clock: Int32
    /// Guest time of the next expiry; 0 when disarmed.
    public var expiryNanoseconds: UInt64 = 0
    public var intervalNanoseconds: UInt64 = 0
    /// Expiries that nobody has read; known at a checkpoint only.
    public var unreadTicks: UInt64 = 0
    /// TFD_TIMER_CANCEL_ON_SET.
    public var isCancelledOnSet = false
    public init(clock: Int32) { self.clock = clock }
}

public struct SignalFileRecord: Sendable, Equatable {
    public var mask: UInt64
    public init(mask: UInt64) { self.mask = mask }
}

public struct SyntheticRecord: Sendable, Equatable {
    public var path: [UInt8]
    public var content: [UInt8]
    public init(path: [UInt8], content: [UInt8]) {
        self.path = path
        self.content = content
    }
}

public struct OutsideRecord: Sendable, Equatable {
    public var descriptor: Int32
    public init(descriptor: Int32) { self.descriptor = descriptor }
}

/// An epoll set: who is registered and for what.
public struct EpollRecord: Sendable, Equatable {
    public struct Interest: Sendable, Equatable {
        /// The identity of the description that is watched.
        public var file: UInt64
        /// The guest's number of it when it was registered, which may stand for something else by now.
        public var descriptor: Int32
        public var events: UInt32
        public var data: UInt64
        /// EPOLLONESHOT has fired and was not armed again.
        public var hasFired = false
        public init(file: UInt64, descriptor: Int32, events: UInt32, data: UInt64) {
            self.file = file
            self.descriptor = descriptor
            self.events = events
            self.data = data
        }
    }
    public var interests: [Interest] = []
    public init() {}
}
