/// When an epoch that is wanted is cut although the guest has something else to do: pure, times are passed in.
///
/// A server that takes all that its clients ask before it waits answers them all at once, and then they all ask again:
/// while the mirror gets the epoch nobody has anything to do. Where it is cut in between, those who asked later are
/// served meanwhile.
public enum EarlyCut {
    /// So much work is worth an epoch of its own: what every epoch has, whatever was done, takes a tenth of a
    /// millisecond. (With 10 clients redis has nothing left to do before that; with 50 it answers 41 000 requests a
    /// second instead of 35 500.)
    static let workNanosecondsMin: UInt64 = 200_000

    /// The same where the guest's own thread could not cut the last one, or could not send it at once as it was large:
    /// the next would only wait behind it.
    public static let workNanosecondsOtherwise: UInt64 = 5_000_000

    /// For how long the guest is to work before the next one, after one that took so long: no more of its time goes to
    /// epochs than to its work.
    public static func workNanoseconds(afterCutOf nanoseconds: UInt64, wasSentAtOnce: Bool) -> UInt64 {
        max(nanoseconds, wasSentAtOnce ? workNanosecondsMin : workNanosecondsOtherwise)
    }
}
