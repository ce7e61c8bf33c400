/// One thing that the guest has done to a stream and the outside has not seen yet. Its bytes lie in the queue's
/// payload, in the order of the operations.
struct HeldOperation {
    enum Kind: UInt8 {
        case bytes = 0
        case datagram = 1
        /// shutdown(2) of the sending side.
        case shutdown = 2
        /// The last reference to the description went: the host's descriptor is closed.
        case close = 3
    }

    var kind: Kind
    /// The stream's position where it begins. Bytes count one each, any other operation counts one.
    var position: UInt64
    /// Of the payload; a datagram's begins with its destination.
    var byteCount = 0
    /// How much of a datagram's payload is its destination's sockaddr.
    var addressByteCount = 0
    /// A datagram's MSG_* flags; shutdown(2)'s `how`.
    var flags: Int32 = 0

    var end: UInt64 { position + (kind == .bytes ? UInt64(byteCount) : 1) }
}
