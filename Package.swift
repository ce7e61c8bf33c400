// swift-tools-version: 6.2
import PackageDescription

// A warning is an error everywhere; the core targets use no packages.
let swiftSettings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// Code that runs in signal context must not touch thread-local storage or vector registers.
let signalContextFlags: [CSetting] = [
    .unsafeFlags([
        "-fno-stack-protector", "-mgeneral-regs-only", "-mfsgsbase", "-mxsave", "-Wall", "-Wextra", "-Werror",
    ])
]

let package = Package(
    name: "understudy",
    products: [.executable(name: "understudy", targets: ["understudy"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        .target(name: "CThreadGate", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(name: "CGuestEntry", cSettings: signalContextFlags),
        .systemLibrary(name: "CLZ4"),
        .systemLibrary(name: "CXXHash"),
        .systemLibrary(name: "CZydis"),
        .target(name: "RecordCoding", swiftSettings: swiftSettings),
        .target(
            name: "GuestMemory", dependencies: ["CGuestEntry", "CThreadGate", "RecordCoding"],
            swiftSettings: swiftSettings),
        .target(name: "GuestLoader", dependencies: ["CGuestEntry", "GuestMemory"], swiftSettings: swiftSettings),
        .target(name: "CallSites", dependencies: ["CZydis"], swiftSettings: swiftSettings),
        .target(name: "Unwinding", swiftSettings: swiftSettings),
        .target(name: "Volumes", dependencies: ["RecordCoding"], swiftSettings: swiftSettings),
        .target(name: "SyscallShapes", swiftSettings: swiftSettings),
        .target(
            name: "GuestKernel",
            dependencies: [
                "CallSites", "CGuestEntry", "CThreadGate", "GuestLoader", "GuestMemory", "RecordCoding",
                "SyscallShapes", "Unwinding",
                "Volumes",
            ],
            swiftSettings: swiftSettings),
        .target(name: "Epochs", dependencies: ["CLZ4", "CXXHash", "RecordCoding"], swiftSettings: swiftSettings),
        .target(
            name: "VolumeStore", dependencies: ["CGuestEntry", "Epochs", "RecordCoding", "Volumes"],
            swiftSettings: swiftSettings),
        .target(name: "Replication", dependencies: ["Epochs"], swiftSettings: swiftSettings),
        .target(name: "Transport", dependencies: ["CThreadGate", "Epochs"], swiftSettings: swiftSettings),
        .target(
            name: "Supervisor",
            dependencies: [
                "CGuestEntry", "CThreadGate", "Epochs", "GuestKernel", "GuestLoader", "GuestMemory", "RecordCoding",
                "Replication", "SyscallShapes", "Transport", "VolumeStore", "Volumes",
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Tracing", dependencies: ["CGuestEntry", "GuestKernel", "SyscallShapes", "Unwinding"],
            swiftSettings: swiftSettings),
        // The guests that are measured, optimised in every build.
        .target(
            name: "CMeasurement", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "Measurement", dependencies: ["CMeasurement", "Epochs", "Supervisor"], swiftSettings: swiftSettings),
        .target(
            name: "Commands",
            dependencies: [
                "Supervisor", "GuestKernel", "GuestLoader", "GuestMemory", "CGuestEntry", "Measurement",
                "SyscallShapes", "Tracing", "Transport", "Volumes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(name: "understudy", dependencies: ["Commands"], swiftSettings: swiftSettings),

        // Pure tests load the code they test. The others start the built executable: no guest runs in the test runner.
        .target(name: "CTestSupport", path: "Tests/CTestSupport"),
        .target(
            name: "TestSupport", dependencies: ["CTestSupport"], path: "Tests/TestSupport", swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "GuestMemoryTests", dependencies: ["CGuestEntry", "GuestMemory", "RecordCoding", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(name: "CallSitesTests", dependencies: ["CallSites", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "UnwindingTests", dependencies: ["TestSupport", "Unwinding"], exclude: ["programs"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "GuestLoaderTests", dependencies: ["GuestLoader", "GuestMemory", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "GuestKernelTests",
            dependencies: [
                "CGuestEntry", "GuestKernel", "GuestMemory", "RecordCoding", "TestSupport", "Unwinding", "Volumes",
            ],
            swiftSettings: swiftSettings),
        // A process that tests of Transport start and kill.
        .executableTarget(
            name: "TransportPeer", dependencies: ["Transport"], path: "Tests/TransportPeer",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TransportTests", dependencies: ["Transport", "Epochs", "TestSupport", "TransportPeer"],
            swiftSettings: swiftSettings),
        .testTarget(name: "RecordCodingTests", dependencies: ["RecordCoding"], swiftSettings: swiftSettings),
        // What reads the link, fed with anything: by a test that replays the kept inputs, and by `make fuzz`.
        .target(
            name: "WireFuzzing", dependencies: ["Epochs", "GuestKernel", "RecordCoding", "Volumes"],
            path: "Tests/WireFuzzing", exclude: ["corpus"], swiftSettings: swiftSettings),
        .testTarget(
            name: "EpochsTests", dependencies: ["Epochs", "RecordCoding", "TestSupport", "WireFuzzing"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "VolumeStoreTests",
            dependencies: ["CGuestEntry", "Epochs", "RecordCoding", "TestSupport", "VolumeStore", "Volumes"],
            swiftSettings: swiftSettings),
        .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ReplicationTests", dependencies: ["Replication", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "SupervisorTests",
            dependencies: [
                "Epochs", "GuestKernel", "GuestMemory", "RecordCoding", "Supervisor", "TestSupport", "Transport",
                "VolumeStore", "Volumes",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SyscallTableTests", dependencies: ["GuestKernel", "SyscallShapes"], swiftSettings: swiftSettings),
        .testTarget(
            name: "TraceOptionsTests", dependencies: ["GuestKernel", "Tracing", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SyscallShapesTests", dependencies: ["SyscallShapes", "TestSupport"], swiftSettings: swiftSettings),
        // Traces of real programs beside strace's.
        .testTarget(name: "TraceTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "TracingTests", dependencies: ["GuestKernel", "SyscallShapes", "TestSupport", "Tracing"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "MeasurementTests", dependencies: ["Measurement", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(name: "CorpusTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ProgramTests", dependencies: ["TestSupport"], exclude: ["scripts"], swiftSettings: swiftSettings),
        // Other people's tests, natively and as guests.
        .testTarget(
            name: "ConformanceTests", dependencies: ["TestSupport"], exclude: ["scripts"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BadInputTests", dependencies: ["Epochs", "TestSupport"], exclude: ["scripts"],
            swiftSettings: swiftSettings),
        // Counters of an epoch and a request beside what is stored of them.
        .testTarget(
            name: "CounterTests", dependencies: ["TestSupport"], exclude: ["counters.txt"],
            swiftSettings: swiftSettings),
        .testTarget(name: "RedisTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
        // Programs that people run, alone and taken over.
        .testTarget(name: "ServerTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "TakeoverTests", dependencies: ["TestSupport"], exclude: ["scripts"], swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings a main of its own, so its program is only there when scripts/fuzz asks for it.
if Context.environment["UNDERSTUDY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "WireFuzzer", dependencies: ["WireFuzzing"], path: "Tests/WireFuzzer",
            swiftSettings: swiftSettings + [.unsafeFlags(["-parse-as-library"])]))
}
