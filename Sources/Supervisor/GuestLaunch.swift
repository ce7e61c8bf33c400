import Glibc
import GuestKernel
import GuestLoader
import GuestMemory

/// What to run, and how.
public struct GuestLaunch: Sendable {
    public var path: String
    public var arguments: [[UInt8]]
    public var environment: [[UInt8]]
    public var configuration: GuestConfiguration

    public init(path: String, arguments: [[UInt8]], environment: [[UInt8]], configuration: GuestConfiguration) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.configuration = configuration
    }

    /// Makes the guest's memory and kernel, loads the program, and starts its first thread.
    public func start() throws -> GuestKernel {
        let memory = try AddressSpace()
        let kernel = GuestKernel(configuration: configuration, memory: memory)
        kernel.adoptOutsideDescriptors([0, 1, 2])
        try kernel.start(path: path, arguments: arguments, environment: environment)
        return kernel
    }
}
