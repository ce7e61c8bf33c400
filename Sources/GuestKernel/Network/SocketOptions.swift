import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// setsockopt and getsockopt. Most options are the host's, and kept in the record as well; a few
/// are the guest kernel's own, because the host's socket has to have another value.
enum SocketOptions {
    private static let valueByteCountMax = 4096

    static func set(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        let level = Int32(truncatingIfNeeded: arguments.b)
        let name = Int32(truncatingIfNeeded: arguments.c)
        let length = Int(Int32(truncatingIfNeeded: arguments.e))
        guard length >= 0 else { return failed(EINVAL) }
        if let refusal = refusal(level, name) { return failed(refusal) }
        if file.hold?.kind == .datagrams {
            // A datagram goes with the options of when it was sent: traceroute sets another TTL for each.
            let settled = thread.settleHeldBytes(file)
            if settled != 0 { return settled }
        }
        let count = min(length, valueByteCountMax)
        let value = thread.scratch
        guard GuestAccess.copyIn(value, from: arguments.d, count: count) else { return failed(EFAULT) }
        if level == SOL_SOCKET, let result = setOwn(file, name, value, count) { return result }
        let result = hostCall(
            __NR_setsockopt, UInt64(signed: file.hostFD), arguments.b, arguments.c, UInt64(address: value),
            UInt64(count))
        if result >= 0 { keep(file, level, name, value, count) }
        return result
    }

    static func get(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard file.kind == .socket else { return failed(ENOTSOCK) }
        guard arguments.d < GuestLayout.arenaEnd, arguments.e < GuestLayout.arenaEnd else { return failed(EFAULT) }
        let level = Int32(truncatingIfNeeded: arguments.b)
        let name = Int32(truncatingIfNeeded: arguments.c)
        if let refusal = refusal(level, name) { return failed(refusal) }
        if level == SOL_SOCKET, let result = getOwn(file, name, at: arguments.d, lengthAt: arguments.e) {
            return result
        }
        if level == SOL_SOCKET, name == SO_ERROR, let error = file.hold?.takeError(), error != 0 {
            return give(withUnsafeBytes(of: error) { Array($0) }, at: arguments.d, arguments.e)
        }
        // Reading SO_ERROR takes the error, also where it then cannot be given.
        return thread.writing(arguments.d, Int(pageSize), and: arguments.e, 0) {
            hostCall(__NR_getsockopt, UInt64(signed: file.hostFD), arguments.b, arguments.c, arguments.d, arguments.e)
        }
    }

    /// Connections that a takeover leaves behind must not keep a new listener from its port, and
    /// accepted sockets inherit this. Not before listen: until then bind has to fail where the guest expects it to.
    static func reuseAddressSilently(_ file: FileDescription, _ record: SocketRecord) {
        guard record.domain == AF_INET || record.domain == AF_INET6, record.type == SocketType.stream else { return }
        allowReuse(file.hostFD)
    }

    // MARK: - What is refused

    // asm-generic/socket.h, linux/tcp.h and linux/netfilter_ipv4/ip_tables.h.
    private static let attachFilter: [Int32] = [26, 50, 51, 52]
    private static let zeroCopy: Int32 = 60
    private static let passPidDescriptor: Int32 = 76
    private static let peerPidDescriptor: Int32 = 77
    private static let tcpZeroCopyReceive: Int32 = 35
    private static let tcpRepair: ClosedRange<Int32> = 19...22
    private static let ipTables: [Int32] = [64, 65, 66, 67, 68, 69]
    /// IPv6 has ordinary options in between.
    private static let ip6Tables: [Int32] = [64, 65, 68, 69]
    /// From here on: arptables, ebtables, multicast routing.
    private static let firstTableControl: Int32 = 96

    /// Options that hold pointers, make descriptors, or move pages behind the guest kernel's back.
    private static func refusal(_ level: Int32, _ name: Int32) -> Int32? {
        switch level {
        case SOL_SOCKET:
            if attachFilter.contains(name) { return ENOPROTOOPT }
            if name == passPidDescriptor || name == peerPidDescriptor { return ENOPROTOOPT }
            return name == zeroCopy ? EOPNOTSUPP : nil
        case Int32(IPPROTO_TCP):
            if tcpRepair.contains(name) { return EPERM }
            return name == tcpZeroCopyReceive ? ENOPROTOOPT : nil
        case Int32(IPPROTO_IP), Int32(IPPROTO_IPV6):
            let tables = level == Int32(IPPROTO_IP) ? ipTables : ip6Tables
            return tables.contains(name) || name >= firstTableControl ? ENOPROTOOPT : nil
        default:
            return nil
        }
    }

    // MARK: - The guest kernel's own

    private static let receiveTimeouts: [Int32] = [20, 66]
    private static let sendTimeouts: [Int32] = [21, 67]

    private static func setOwn(
        _ file: FileDescription, _ name: Int32, _ value: UnsafeMutableRawPointer, _ count: Int
    ) -> Int? {
        if receiveTimeouts.contains(name) { return setTimeout(file, \.receiveTimeoutNanoseconds, value, count) }
        if sendTimeouts.contains(name) { return setTimeout(file, \.sendTimeoutNanoseconds, value, count) }
        switch name {
        case SO_REUSEADDR:
            // A guest listener keeps it on the host whatever the guest says.
            guard let record = file.socketRecord, record.state == .listening else { return nil }
            guard count >= 4 else { return failed(EINVAL) }
            keep(file, SOL_SOCKET, name, value, 4)
            return 0
        case SO_LINGER:
            // close(2) would wait inside the host; with no time to linger it resets at once, and is passed on.
            guard count >= 8 else { return failed(EINVAL) }
            keep(file, SOL_SOCKET, name, value, 8)
            var lingers = value.loadUnaligned(as: linger.self)
            if lingers.l_linger != 0 { lingers.l_onoff = 0 }
            return hostCall(
                __NR_setsockopt, UInt64(signed: file.hostFD), UInt64(SOL_SOCKET), UInt64(SO_LINGER),
                UInt64(address: &lingers), 8)
        default:
            return nil
        }
    }

    private static func getOwn(
        _ file: FileDescription, _ name: Int32, at address: UInt64, lengthAt: UInt64
    ) -> Int? {
        guard let record = file.socketRecord else { return nil }
        if receiveTimeouts.contains(name) {
            return give(timevalBytes(record.receiveTimeoutNanoseconds), at: address, lengthAt)
        }
        if sendTimeouts.contains(name) {
            return give(timevalBytes(record.sendTimeoutNanoseconds), at: address, lengthAt)
        }
        switch name {
        case SO_REUSEADDR:
            let value = record.option(level: SOL_SOCKET, name: name)?.contains { $0 != 0 } ?? false
            return give([value ? 1 : 0, 0, 0, 0], at: address, lengthAt)
        case SO_LINGER:
            guard let value = record.option(level: SOL_SOCKET, name: name) else { return nil }
            return give(value, at: address, lengthAt)
        default:
            return nil
        }
    }

    /// sock_set_timeout in net/core/sock.c: zero is for ever, and less than that not at all.
    private static func setTimeout(
        _ file: FileDescription, _ field: WritableKeyPath<SocketRecord, UInt64?>,
        _ value: UnsafeMutableRawPointer, _ count: Int
    ) -> Int {
        guard count >= MemoryLayout<timeval>.size else { return failed(EINVAL) }
        let time = value.loadUnaligned(as: timeval.self)
        guard time.tv_usec >= 0, time.tv_usec < 1_000_000 else { return failed(EDOM) }
        var nanoseconds: UInt64? = 0
        if time.tv_sec >= 0 {
            let total = GuestClock.nanoseconds(seconds: UInt64(time.tv_sec), UInt64(time.tv_usec) * 1000)
            nanoseconds = total == 0 || total == UInt64(Int64.max) ? nil : total
        }
        file.updateSocket { $0[keyPath: field] = nanoseconds }
        file.hasTimeouts.store(true, ordering: .relaxed)
        return 0
    }

    private static func timevalBytes(_ nanoseconds: UInt64?) -> [UInt8] {
        let microseconds = Int((nanoseconds ?? 0) / 1000)
        let time = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
        return withUnsafeBytes(of: time) { Array($0) }
    }

    /// Gives the guest a value as getsockopt does: cut to its room, with the length given.
    private static func give(_ value: [UInt8], at address: UInt64, _ lengthAddress: UInt64) -> Int {
        guard let room = GuestAccess.load(Int32.self, at: lengthAddress) else { return failed(EFAULT) }
        guard room >= 0 else { return failed(EINVAL) }
        let given = Array(value.prefix(Int(room)))
        guard GuestAccess.storeArray(given, at: address) else { return failed(EFAULT) }
        return GuestAccess.store(Int32(given.count), at: lengthAddress) ? 0 : failed(EFAULT)
    }

    private static func keep(
        _ file: FileDescription, _ level: Int32, _ name: Int32, _ value: UnsafeMutableRawPointer, _ count: Int
    ) {
        let bytes = Array(UnsafeRawBufferPointer(start: value, count: count))
        file.updateSocket { $0.keep(SocketRecord.Option(level: level, name: name, value: bytes)) }
    }
}
