public import GuestKernel

/// How lines look.
public struct LineOptions: Sendable, Equatable {
    /// The time in front of a line: `-t`, `-tt`, `-ttt`.
    public enum Timestamps: Int, Sendable {
        case none
        /// "15:07:02".
        case seconds
        /// "15:07:02.123456".
        case microseconds
        /// "1795878422.671339".
        case unixMicroseconds
    }

    /// Which strings have all bytes in hexadecimal: `-x`, `-xx`.
    public enum HexadecimalStrings: Int, Sendable {
        case none
        /// Those that have a byte outside ASCII.
        case nonASCII
        case all
    }

    /// What is said about a descriptor beside its number: `-y`, `-yy`.
    public enum DescriptorDetail: Int, Sendable {
        case none
        case paths
        /// Also addresses of sockets, device numbers and the like.
        case all
    }

    public var timestamps = Timestamps.none
    /// `-r`: the time since the line before.
    public var showsRelativeTimes = false
    /// `-T`: the time in the call.
    public var showsDurations = false
    /// `-s`: so many bytes of a string are shown.
    public var stringByteCountMax = 32
    public var hexadecimalStrings = HexadecimalStrings.none
    public var descriptorDetail = DescriptorDetail.none
    /// `-n`: the syscall's number in front.
    public var showsNumbers = false
    /// `-k`: the guest's stack behind each call.
    public var showsStacks = false
    /// `-a`: where the = of a result stands.
    public var resultColumn = 40
    /// `-e abbrev=`, none of which is `-v`: the calls whose structures are shortened.
    public var abbreviated = CallSelection.all
    /// `-e verbose=`: the calls whose structures are looked into.
    public var dereferenced = CallSelection.all
    /// `-e raw=`: the calls whose arguments are shown as hexadecimal numbers.
    public var raw = CallSelection.none

    /// As strace, which takes up to a quarter of what an int holds.
    public static let stringByteCounts = 0...0x3fff_ffff
    public static let resultColumns = 0...32_767

    public init() {}
}
