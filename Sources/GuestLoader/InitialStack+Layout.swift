import GuestMemory

extension InitialStack {
    /// Where each part of the stack starts, worked out from the top down.
    struct Layout {
        let stackTop: UInt64
        let executablePath: UInt64
        let environment: UInt64
        let arguments: UInt64
        let platform: UInt64
        let randomBytes: UInt64
        let auxiliaryVector: UInt64
        let stackPointer: UInt64

        /// Zero bytes at the very top (bprm_mm_init in fs/exec.c).
        static let topByteCount: UInt64 = 8

        /// Lays the parts out, or gives nil where they do not fit between address 0 and the top.
        init?(_ contents: Contents, stackTop: UInt64) {
            let pointerCount = contents.arguments.count + 1 + contents.environment.count + 1
            let tableByteCount =
                UInt64(1 + pointerCount) * 8 + Self.auxiliaryVectorByteCount(contents.auxiliaryVector)
            let stringByteCount =
                Self.byteCount(of: contents.arguments) + Self.byteCount(of: contents.environment)
                + UInt64(contents.executablePath.count) + 1
            // The strings have passed the limits before, so these sums are small; the rest is padding and the platform.
            if stackTop < Self.topByteCount + stringByteCount + tableByteCount + 64 { return nil }

            self.stackTop = stackTop
            executablePath = stackTop - Self.topByteCount - UInt64(contents.executablePath.count) - 1
            environment = executablePath - Self.byteCount(of: contents.environment)
            arguments = environment - Self.byteCount(of: contents.arguments)
            platform = (arguments & ~15) - UInt64(InitialStack.platform.count)
            randomBytes = platform - UInt64(contents.randomBytes.count)
            stackPointer = (randomBytes - tableByteCount) & ~15
            auxiliaryVector = stackPointer + UInt64(1 + pointerCount) * 8
        }

        /// Bytes of the vector with its AT_NULL.
        static func auxiliaryVectorByteCount(_ vector: AuxiliaryVector) -> UInt64 {
            UInt64(vector.entries.count + 1) * 16
        }

        /// Bytes of strings with a NUL each.
        static func byteCount(of strings: [[UInt8]]) -> UInt64 {
            strings.reduce(0) { $0 + UInt64($1.count) + 1 }
        }

        /// Writes everything from the stack pointer up to the top.
        func fill(with contents: Contents) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Int(stackTop - stackPointer))
            Self.append(UInt64(contents.arguments.count), to: &bytes)
            Self.appendPointers(to: contents.arguments, from: arguments, &bytes)
            Self.appendPointers(to: contents.environment, from: environment, &bytes)
            for entry in contents.auxiliaryVector.entries {
                Self.append(entry.key.rawValue, to: &bytes)
                Self.append(number(for: entry.value), to: &bytes)
            }
            Self.append(AuxiliaryVector.Key.null.rawValue, to: &bytes)
            Self.append(0, to: &bytes)

            pad(&bytes, to: randomBytes)
            bytes += contents.randomBytes
            bytes += InitialStack.platform
            pad(&bytes, to: arguments)
            for string in contents.arguments + contents.environment + [contents.executablePath] {
                bytes += string
                bytes.append(0)
            }
            pad(&bytes, to: stackTop)
            return bytes
        }

        private func number(for value: AuxiliaryVector.Value) -> UInt64 {
            switch value {
            case .number(let number): return number
            case .randomBytesAddress: return randomBytes
            case .platformAddress: return platform
            case .executablePathAddress: return executablePath
            }
        }

        /// Adds zeros up to an address.
        private func pad(_ bytes: inout [UInt8], to address: UInt64) {
            let missing = Int(address - stackPointer) - bytes.count
            precondition(missing >= 0, "the stack's parts overlap below \(hexadecimal(address))")
            bytes += [UInt8](repeating: 0, count: missing)
        }

        /// Adds the addresses of strings that lie one after the other, and a 0.
        private static func appendPointers(to strings: [[UInt8]], from start: UInt64, _ bytes: inout [UInt8]) {
            var address = start
            for string in strings {
                append(address, to: &bytes)
                address += UInt64(string.count) + 1
            }
            append(0, to: &bytes)
        }

        private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
            for shift in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * shift)))
            }
        }
    }
}
