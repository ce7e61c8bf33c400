extension Selection {
    func selectProtocol(_ family: Int32, _ shape: inout CallShape) {
        switch family {
        // AF_INET, AF_INET6
        case 2, 10: shape.kinds[2] = .named(.internetProtocol)
        // AF_NETLINK
        case 16: shape.kinds[2] = .named(.netlinkProtocol)
        default: shape.kinds[2] = .integer
        }
    }

    func selectSetting(_ arguments: SyscallArguments, _ shape: inout CallShape) {
        shape.kinds[2] = optionNames(arguments.int(1))
        switch (arguments.int(1), arguments.int(2)) {
        case (1, 13) where arguments.int(4) >= 8: shape.kinds[3] = .input(.linger)
        case _ where arguments.int(4) == 4: shape.kinds[3] = .input(.int32)
        default: shape.kinds[3] = .input(.bytes, .count(4))
        }
    }

    func selectReading(_ arguments: SyscallArguments, _ shape: inout CallShape) {
        shape.kinds[2] = optionNames(arguments.int(1))
        switch (arguments.int(1), arguments.int(2)) {
        case (1, 4): shape.kinds[3] = .output(.errorNumber)
        case (1, 13): shape.kinds[3] = .output(.linger)
        case (1, 17): shape.kinds[3] = .output(.credentials)
        // SO_RCVTIMEO and SO_SNDTIMEO in both sizes, SO_BINDTODEVICE, SO_PEERSEC
        case (1, 20), (1, 21), (1, 66), (1, 67), (1, 25), (1, 31):
            shape.kinds[3] = .output(.bytes, .pointed(4))
        // TCP_INFO, TCP_CONGESTION
        case (6, 11), (6, 13): shape.kinds[3] = .output(.bytes, .pointed(4))
        case (1, _), (6, _), (0, _), (41, _): shape.kinds[3] = .output(.int32)
        default: shape.kinds[3] = .output(.bytes, .pointed(4))
        }
    }

    private func optionNames(_ level: Int32) -> ArgumentKind {
        switch level {
        case 0: return .named(.internetOption)
        case 1: return .named(.socketOption)
        case 6: return .named(.tcpOption)
        case 41: return .named(.internet6Option)
        case 270: return .named(.netlinkOption)
        default: return .integer
        }
    }
}
