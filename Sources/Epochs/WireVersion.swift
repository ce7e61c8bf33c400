/// The wire format's version. Both sides must have the same: bump it with any change of a frame, a record or the page
/// coding.
public let wireVersion: UInt16 = 7
