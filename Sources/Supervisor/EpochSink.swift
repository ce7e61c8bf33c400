import GuestKernel

/// Where encoded epochs go.
protocol EpochSink: Sendable {
    /// Whether the mirror is on the same machine, and can be given the guest's own descriptors.
    var isOnSameMachine: Bool { get }

    /// They are on their way before the epoch that names them.
    func hand(_ descriptors: [HandedDescriptors.Descriptor])

    /// All of it, for as long as that takes.
    func send(_ bytes: UnsafeRawBufferPointer) throws

    /// As much of it as can go at once: the number of bytes.
    func sendNow(_ bytes: UnsafeRawBufferPointer) throws -> Int

    /// All of an epoch has been sent, or is with the sending thread.
    func noteSent(epoch: UInt64)
}
