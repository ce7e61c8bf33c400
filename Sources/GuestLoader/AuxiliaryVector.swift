/// What the kernel tells a new program beyond arguments and environment (getauxval(3)).
///
/// There is no AT_SYSINFO_EHDR among the keys: the guest gets no vDSO, so that its clocks go through the supervisor.
public struct AuxiliaryVector: Equatable, Sendable {
    /// The entries in order, without the closing AT_NULL.
    public private(set) var entries: [Entry] = []

    /// Most entries, those of the closing AT_NULL not counted; Linux's own array has some 50 (AT_VECTOR_SIZE in
    /// linux/mm_types.h).
    public static let entryCountMax = 64

    public init() {}

    /// Adds an entry after the others.
    ///
    /// - Precondition: `key` is not AT_NULL, and there are fewer than ``entryCountMax``.
    public mutating func append(_ key: Key, _ value: Value) {
        precondition(key != .null, "the auxiliary vector is closed by the stack that takes it")
        precondition(entries.count < Self.entryCountMax, "the auxiliary vector is full")
        entries.append(Entry(key: key, value: value))
    }

    /// Adds an entry with a plain number after the others.
    public mutating func append(_ key: Key, _ number: UInt64) {
        append(key, .number(number))
    }

    /// One pair of the vector.
    public struct Entry: Equatable, Sendable {
        public let key: Key
        public let value: Value
    }

    /// What an entry says.
    public enum Value: Equatable, Sendable {
        /// A number known beforehand.
        case number(UInt64)
        /// The address of the 16 random bytes on the new stack.
        case randomBytesAddress
        /// The address of the string "x86_64" on the new stack.
        case platformAddress
        /// The address of the executable's path on the new stack.
        case executablePathAddress
    }

    /// AT_*, with the kernel's numbers (linux/auxvec.h).
    public struct Key: RawRepresentable, Equatable, Hashable, Sendable {
        public let rawValue: UInt64

        public init(rawValue: UInt64) {
            self.rawValue = rawValue
        }
    }
}

extension AuxiliaryVector.Key {
    /// AT_NULL: the end.
    public static let null = Self(rawValue: 0)
    /// AT_PHDR: where the program's headers are in memory.
    public static let programHeaderAddress = Self(rawValue: 3)
    /// AT_PHENT: bytes in one of them.
    public static let programHeaderEntryByteCount = Self(rawValue: 4)
    /// AT_PHNUM: how many there are.
    public static let programHeaderCount = Self(rawValue: 5)
    /// AT_PAGESZ: bytes in a page.
    public static let pageByteCount = Self(rawValue: 6)
    /// AT_BASE: where the dynamic linker has been loaded; 0 for none.
    public static let interpreterBase = Self(rawValue: 7)
    /// AT_FLAGS: always 0.
    public static let flags = Self(rawValue: 8)
    /// AT_ENTRY: where the program itself starts.
    public static let entry = Self(rawValue: 9)
    /// AT_UID: the real user.
    public static let realUser = Self(rawValue: 11)
    /// AT_EUID: the effective user.
    public static let effectiveUser = Self(rawValue: 12)
    /// AT_GID: the real group.
    public static let realGroup = Self(rawValue: 13)
    /// AT_EGID: the effective group.
    public static let effectiveGroup = Self(rawValue: 14)
    /// AT_PLATFORM: the machine's name.
    public static let platform = Self(rawValue: 15)
    /// AT_HWCAP: what cpuid leaf 1 gives in edx.
    public static let hardwareCapabilities = Self(rawValue: 16)
    /// AT_CLKTCK: ticks a second of times(2).
    public static let clockTicksPerSecond = Self(rawValue: 17)
    /// AT_SECURE: 1 where the program runs with rights that its user lacks.
    public static let isSecure = Self(rawValue: 23)
    /// AT_RANDOM: the address of 16 random bytes.
    public static let randomBytes = Self(rawValue: 25)
    /// AT_HWCAP2: on x86-64, bit 1 says that the guest may use wrfsbase and its like (asm/hwcap2.h).
    public static let hardwareCapabilities2 = Self(rawValue: 26)
    /// AT_RSEQ_FEATURE_SIZE: bytes of struct rseq that the kernel fills in.
    public static let rseqFeatureByteCount = Self(rawValue: 27)
    /// AT_RSEQ_ALIGN: the alignment that struct rseq needs.
    public static let rseqAlignment = Self(rawValue: 28)
    /// AT_EXECFN: the executable's path as execve(2) was given it.
    public static let executablePath = Self(rawValue: 31)
    /// AT_SYSINFO_EHDR: where the vDSO is.
    public static let vdso = Self(rawValue: 33)
    /// AT_MINSIGSTKSZ: the least bytes an alternate signal stack must have.
    public static let minimumSignalStackByteCount = Self(rawValue: 51)
}
