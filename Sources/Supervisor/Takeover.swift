import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory
import RecordCoding
import Transport
import VolumeStore

/// What the mirror has of the guest: whole epochs only.
struct CommittedGuest {
    var epoch: UInt64 = 0
    var checked = CheckedRecords()
    var output = OutputLedger()
    /// Set by the guest's last epoch.
    var end: GuestEnd?
}

/// Builds the guest's kernel from the committed records and lets the guest go on (architecture §4, §6).
struct Takeover {
    let guest: CommittedGuest
    let memory: MirrorMemory
    let handed: [UInt64: Int32]
    /// Where both sides share a machine.
    let primary: ProcessHandle?
    let volumes: VolumeStore
    let dispatch: DispatchMethod
    let start: StartState
    let messages: MessageLog

    /// A disk that hangs for longer holds up the guest no further.
    private static let lastWritePatienceNanoseconds: UInt64 = 2_000_000_000

    /// The guest's kernel with its threads made, but not running: all that the old primary may have kept back is out.
    func rebuild() throws(SupervisorError) -> GuestKernel {
        var configuration = GuestConfiguration(dispatch: dispatch, messages: messages)
        configuration.originalStackLimit = start.stackLimit
        configuration.outsideDescriptors = Set(start.descriptors)
        configuration.sharesMachineWithPrimary = primary != nil
        let files = volumes.handOver()
        configuration.volumes = files.places
        configuration.restoredFiles = files.files
        for place in files.places where place.hostPath != place.guestPath {
            messages.say(.info, "volume \(place.guestPath) is at \(place.hostPath)")
        }
        do {
            let space = try memory.becomeAddressSpace(volumeFiles: files.files)
            configuration.restoredObjects = memory.takeObjectDescriptors()
            let kernel = try GuestKernel(
                restoring: guest.checked.records, configuration: configuration, memory: space, handed: handed)
            var output = guest.output
            // A thread of the primary's may still be in write(2): what it writes counts as written.
            if output.hasFileOutput {
                _ = try primary?.waitUntilGone(timeoutNanoseconds: Takeover.lastWritePatienceNanoseconds)
            }
            output.emit(into: kernel)
            return kernel
        } catch {
            throw SupervisorError(.failed, "the guest cannot go on from epoch \(guest.epoch): \(LinkWords.of(error))")
        }
    }
}
