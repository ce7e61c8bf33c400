import SyscallShapes

extension CallWriter {
    /// An ioctl command: its name, or what its number is made of (asm-generic/ioctl.h).
    func appendDeviceControl(_ command: UInt32, _ text: inout TraceText) {
        if let name = NameTable.deviceControl.choice(UInt64(command)) { return text.append(name) }
        text.append("_IOC(")
        switch command >> 30 {
        case 0: text.append("_IOC_NONE")
        case 1: text.append("_IOC_WRITE")
        case 2: text.append("_IOC_READ")
        default: text.append("_IOC_READ|_IOC_WRITE")
        }
        text.append(", ")
        text.append(bits: UInt64(command >> 8 & 0xFF))
        text.append(", ")
        text.append(bits: UInt64(command & 0xFF))
        text.append(", ")
        text.append(bits: UInt64(command >> 16 & 0x3FFF))
        text.append(byte: UInt8(ascii: ")"))
    }
}
