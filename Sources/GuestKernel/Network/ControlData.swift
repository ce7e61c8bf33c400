import CGuestEntry
import Glibc
import GuestMemory

/// Walks the control messages of a sendmsg or recvmsg that lie in the supervisor's memory (cmsg(3)).
struct ControlMessages {
    static let headerByteCount = 16
    static let rights: Int32 = 1
    static let credentials: Int32 = 2

    let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// One message: where it starts, its length with the header, and what it is.
    struct Message {
        var offset: Int
        var byteCount: Int
        var level: Int32
        var type: Int32
    }

    /// The message at an offset; nil at the end, or where its length makes no sense.
    func message(at offset: Int) -> Message? {
        guard offset + ControlMessages.headerByteCount <= byteCount else { return nil }
        let length = base.loadUnaligned(fromByteOffset: offset, as: Int.self)
        guard length >= ControlMessages.headerByteCount, length <= byteCount - offset else { return nil }
        return Message(
            offset: offset, byteCount: length,
            level: base.loadUnaligned(fromByteOffset: offset + 8, as: Int32.self),
            type: base.loadUnaligned(fromByteOffset: offset + 12, as: Int32.self))
    }

    static func aligned(_ byteCount: Int) -> Int {
        (byteCount + 7) & ~7
    }
}

/// Control data on its way out: descriptors become the host's.
struct OutgoingControl {
    /// In the thread's scratch memory.
    let byteCount: Int
    /// What keeps the host descriptors open until they are sent.
    private(set) var held: [FileDescription] = []

    static func load(_ thread: GuestThread, at address: UInt64, count: Int) -> Result<OutgoingControl, CallError> {
        if count == 0 { return .success(OutgoingControl(byteCount: 0)) }
        guard count > 0, count <= MessageScratch.controlByteCountMax else {
            return .failure(CallError(errno: ENOBUFS))
        }
        let base = thread.scratch + MessageScratch.control
        guard GuestAccess.copyIn(base, from: address, count: count) else { return .failure(CallError(errno: EFAULT)) }
        var control = OutgoingControl(byteCount: count)
        let messages = ControlMessages(base: base, byteCount: count)
        var offset = 0
        while let message = messages.message(at: offset) {
            if message.level == SOL_SOCKET, message.type == ControlMessages.rights {
                guard control.translateRights(thread, messages, message) else {
                    return .failure(CallError(errno: EBADF))
                }
            } else if message.level == SOL_SOCKET, message.type == ControlMessages.credentials {
                translateCredentials(thread, messages, message)
            }
            offset = message.offset + ControlMessages.aligned(message.byteCount)
        }
        return .success(control)
    }

    private mutating func translateRights(
        _ thread: GuestThread, _ messages: ControlMessages, _ message: ControlMessages.Message
    ) -> Bool {
        let first = message.offset + ControlMessages.headerByteCount
        for index in 0..<(message.byteCount - ControlMessages.headerByteCount) / 4 {
            let place = messages.base + (first + index * 4)
            let descriptor = place.loadUnaligned(as: Int32.self)
            guard let file = thread.kernel.files.find(UInt64(signed: descriptor)) else { return false }
            thread.kernel.network.inFlight.add(file)
            place.storeBytes(of: file.hostFD, as: Int32.self)
            held.append(file)
        }
        return true
    }

    /// The guest's pid is the supervisor's at the start only.
    private static func translateCredentials(
        _ thread: GuestThread, _ messages: ControlMessages, _ message: ControlMessages.Message
    ) {
        guard message.byteCount >= ControlMessages.headerByteCount + 4 else { return }
        let place = messages.base + (message.offset + ControlMessages.headerByteCount)
        if place.loadUnaligned(as: Int32.self) == thread.kernel.identity.pid {
            place.storeBytes(of: thread.kernel.identity.hostPid, as: Int32.self)
        }
    }
}

/// Control data that came in: host descriptors become the guest's.
struct IncomingControl {
    /// What is left of it, for the guest.
    private(set) var byteCount = 0
    /// MSG_CTRUNC: not all descriptors found room.
    private(set) var isTruncated = false

    /// Rewrites the control data in place. Every host descriptor in it is taken over or closed.
    static func translate(
        _ thread: GuestThread, _ base: UnsafeMutableRawPointer, _ byteCount: Int, closesOnExec: Bool
    ) -> IncomingControl {
        var incoming = IncomingControl()
        let messages = ControlMessages(base: base, byteCount: byteCount)
        var offset = 0
        while let message = messages.message(at: offset) {
            offset = message.offset + ControlMessages.aligned(message.byteCount)
            var kept = message.byteCount
            if message.level == SOL_SOCKET, message.type == ControlMessages.rights {
                kept = incoming.takeRights(thread, messages, message, closesOnExec: closesOnExec)
            } else if message.level == SOL_SOCKET, message.type == ControlMessages.credentials {
                translateCredentials(thread, messages, message)
            }
            // A message whose descriptors found no room at all is left out, as in scm_detach_fds.
            if kept <= ControlMessages.headerByteCount, kept < message.byteCount { continue }
            incoming.append(messages, message, keeping: kept)
        }
        return incoming
    }

    /// Moves a message down to where the last one ended.
    private mutating func append(
        _ messages: ControlMessages, _ message: ControlMessages.Message, keeping kept: Int
    ) {
        let target = messages.base + byteCount
        target.copyMemory(from: messages.base + message.offset, byteCount: kept)
        target.storeBytes(of: kept, as: Int.self)
        let end = min(ControlMessages.aligned(kept), messages.byteCount - byteCount)
        byteCount += end
    }

    /// How much of the message is left.
    private mutating func takeRights(
        _ thread: GuestThread, _ messages: ControlMessages, _ message: ControlMessages.Message, closesOnExec: Bool
    ) -> Int {
        let first = message.offset + ControlMessages.headerByteCount
        let count = (message.byteCount - ControlMessages.headerByteCount) / 4
        var taken = 0
        for index in 0..<count {
            let place = messages.base + (first + index * 4)
            let file = ReceivedFile.adopt(place.loadUnaligned(as: Int32.self), thread.kernel)
            // Without room the description goes out of scope, which closes it.
            let descriptor = taken == index ? thread.kernel.files.add(file, closesOnExec: closesOnExec) : -1
            if descriptor < 0 {
                isTruncated = true
                continue
            }
            place.storeBytes(of: Int32(descriptor), as: Int32.self)
            taken += 1
        }
        return ControlMessages.headerByteCount + taken * 4
    }

    private static func translateCredentials(
        _ thread: GuestThread, _ messages: ControlMessages, _ message: ControlMessages.Message
    ) {
        guard message.byteCount >= ControlMessages.headerByteCount + 4 else { return }
        let place = messages.base + (message.offset + ControlMessages.headerByteCount)
        if place.loadUnaligned(as: Int32.self) == thread.kernel.identity.hostPid {
            place.storeBytes(of: thread.kernel.identity.pid, as: Int32.self)
        }
    }
}
