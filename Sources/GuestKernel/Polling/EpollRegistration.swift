import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Where a description is registered: it tells the set when it closes, as the kernel's
/// eventpoll_release does.
struct EpollRegistration: Sendable {
    var set: EpollSet
    /// The guest number of the registration.
    var descriptor: Int32
    /// The description's own host descriptor, or a duplicate that was made for this registration.
    var hostFD: Int32
}

/// A description's payload that has something to do when the description closes, before its host
/// descriptor does.
protocol ClosingPayload: AnyObject, Sendable {
    func descriptionCloses()
}

extension FileDescription {
    func isRegistered(with set: EpollSet, as hostFD: Int32) -> Bool {
        registrations.withLock { $0.contains { $0.set === set && $0.hostFD == hostFD } }
    }

    func register(_ registration: EpollRegistration) {
        let dead = registrations.withLock { registrations in
            // Sets that were closed do not come back to say so: they are looked for here, so that a
            // descriptor that outlives many sets does not collect them.
            let dead = registrations.filter { $0.set.isClosed }
            if !dead.isEmpty { registrations.removeAll { $0.set.isClosed } }
            registrations.append(registration)
            return dead
        }
        dead.forEach(closeDuplicate)
    }

    func unregister(_ registration: EpollRegistration) {
        registrations.withLock { registrations in
            registrations.removeAll { $0.set === registration.set && $0.hostFD == registration.hostFD }
        }
        closeDuplicate(registration)
    }

    /// The last reference goes: whoever watches is told, and nothing keeps the host's file open. Unless it is kept for
    /// output that is held: then the host's epolls are told, too, which otherwise see it close.
    func closeRegistrations(isHostFileKept: Bool) {
        let all = registrations.withLock { registrations in
            let all = registrations
            registrations = []
            return all
        }
        for registration in all {
            registration.set.forget(identity, registration.descriptor, isHostFileKept: isHostFileKept)
            closeDuplicate(registration)
        }
    }

    private func closeDuplicate(_ registration: EpollRegistration) {
        if registration.hostFD != hostFD { hostCall(__NR_close, UInt64(signed: registration.hostFD)) }
    }
}
