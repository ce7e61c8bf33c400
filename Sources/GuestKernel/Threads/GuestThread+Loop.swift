import CGuestEntry
import Glibc
import GuestMemory

extension GuestThread {
    /// The thread's whole life: enter the guest, do what ended its run, again. Returns when the
    /// thread or the process has ended. Runs on a host thread of its own.
    func run() {
        let attached = guest_context_attach(context)
        precondition(attached == 0, "the alternate signal stack could not be set: errno \(-attached)")
        // Seccomp filters are inherited and add up, until the kernel has enough of them: a host thread that a guest
        // thread has made has one.
        if kernel.configuration.dispatch != .seccomp || !origin.hasFilter {
            let dispatched = guest_dispatch_enable(kernel.configuration.dispatch.rawValue, GuestLayout.arenaEnd)
            precondition(dispatched == 0, "syscall dispatch could not be turned on for a thread: errno \(-dispatched)")
        }
        if origin == .restored { makeCallAgain() }
        if origin == .executed { takeOverDeathSignal() }
        if origin == .first { traceStart() }
        while true {
            if context.pointee.stop != 0, !passSafePoint() { break }
            switch guest_enter(context) {
            case UInt32(EXIT_CALLED):
                doCall()
                if kernel.testsCalls { testCall() }
            case UInt32(EXIT_SYSCALL):
                doSyscall()
                if kernel.testsCalls { testCall() }
            case UInt32(EXIT_FAULT):
                // Whoever goes step by step would never get past a stub.
                if context.pointee.fault_signal != SIGTRAP { kernel.callSites.leaveStub(context) }
                takeFault()
            case UInt32(EXIT_PREEMPTED): kernel.callSites.leaveStub(context)
            case UInt32(EXIT_BAD_STATE): takeBadState()
            default: break
            }
        }
        guest_dispatch_disable(kernel.configuration.dispatch.rawValue)
        guest_context_detach(context)
    }

    /// Goes on with the call that a restored thread was in, by the record that it has kept. One that was interrupted is
    /// settled at the first safe point, as it would have been.
    private func makeCallAgain() {
        let changesName = waiter.isAboutToChangeName
        defer { if changesName { kernel.nameChanges.noteMadeAgain() } }
        guard waiter.callNumber >= 0, interruptedResult == 0 else { return }
        finish(call(UInt32(truncatingIfNeeded: lastCallNumber)))
    }

    /// Parks while a stop is on and delivers signals. False when the thread is to end.
    private func passSafePoint() -> Bool {
        _ = guest_context_take_stop(context)
        kernel.gate.park(self)
        if hasToEnd { return false }
        while kernel.isStoppedByJobControl {
            kernel.waitForContinue(self)
            if kernel.isEnding { return false }
        }
        return deliverSignals()
    }

    /// Whether it, or the whole guest, is to end.
    var hasToEnd: Bool { mustEnd.load(ordering: .acquiring) || kernel.isEnding }

    /// A call that was caught.
    private func doSyscall() {
        if context.pointee.syscall_architecture != UInt32(AUDIT_ARCH_X86_64) {
            // int 0x80 and the like: the 32-bit table is not served.
            kernel.statistics.countUnknown(-1)
            context.pointee.rax = UInt64(signed: failed(ENOSYS))
            return
        }
        callCounts[GuestThread.caughtIndex] &+= 1
        beginCall()
        look(atSite: context.pointee.rip)
        makeCall()
    }

    /// A call from a rewritten site, which may have been made in part.
    private func doCall() {
        beginCall()
        waiter.progress = Int(context.pointee.call_progress)
        makeCall()
    }

    /// What a call that was caught says of its site. The call is in the waiter's record already, as this may stop all
    /// threads, and park: a mirror that takes over then makes it.
    private func look(atSite returnAddress: UInt64) {
        // By wrgsbase, without asking anybody.
        if !guest_context_has_gs(context), kernel.callSites.hasGS { kernel.callSites.giveUp(self) }
        // The way back from a signal's handler stays as it is: debuggers and unwinders know it by its bytes.
        if callHeat.count(returnAddress), waiter.callNumber != __NR_rt_sigreturn {
            kernel.callSites.rewrite(returnAddress, self)
        }
    }

    @inline(__always)
    private func beginCall() {
        let number = UInt32(truncatingIfNeeded: context.pointee.rax)
        lastCallNumber = context.pointee.rax
        if number < UInt32(SyscallTable.count) { callCounts[Int(number)] &+= 1 }
        waiter = WaiterRecord()
        waiter.callNumber = Int32(bitPattern: number)
    }

    /// Goes on with a call that was interrupted, perhaps before its trace could begin.
    func goOnWithCall() {
        if context.pointee.trace_has_begun != 0 {
            finish(call(UInt32(truncatingIfNeeded: lastCallNumber)))
        } else {
            makeCall()
        }
    }

    @inline(__always)
    private func makeCall() {
        let number = UInt32(truncatingIfNeeded: lastCallNumber)
        if isTraced(number) { return makeTracedCall(number) }
        finish(call(number))
    }

    func call(_ number: UInt32) -> Int {
        let result = kernel.dispatcher.call(number, self, callArguments)
        if result == -Int(EFBIG) { LimitCalls.tellOfFileSize(self) }
        return result
    }

    /// The arguments in the registers.
    @inline(__always)
    var callArguments: SyscallArguments {
        SyscallArguments(
            a: context.pointee.rdi, b: context.pointee.rsi, c: context.pointee.rdx, d: context.pointee.r10,
            e: context.pointee.r8, f: context.pointee.r9)
    }

    /// Gives the guest a call's result, or keeps it until the interruption is settled.
    func finish(_ result: Int) {
        if Restart.contains(result) {
            interruptedResult = result
            guest_context_request_stop(context)
            return
        }
        complete(result)
    }

    /// Gives the guest a call's result.
    func complete(_ result: Int) {
        if context.pointee.trace_has_begun != 0 { traceResult(result) }
        if !replacesRegisters {
            context.pointee.rax = UInt64(signed: result)
        }
        replacesRegisters = false
        waiter.callNumber = -1
    }

    /// A synchronous fault in guest code becomes the guest's signal.
    private func takeFault() {
        let fault = context.pointee
        var code = fault.fault_code
        let isWrite = fault.fault_trap_number == pageFaultTrap && fault.fault_error_code & pageFaultIsWrite != 0
        if fault.fault_signal == SIGSEGV, isWrite, code == segvAccessError,
            kernel.memory.resolveTrackedWrite(fault.fault_address)
        {
            return
        }
        if fault.fault_signal == SIGSEGV, fault.fault_address < GuestLayout.arenaEnd, code == segvAccessError,
            kernel.memory.area(containing: fault.fault_address) == nil
        {
            // The arena is mapped without access where the guest has nothing mapped.
            code = segvMapError
        }
        forceSignal(
            SignalInfo.fault(signal: fault.fault_signal, code: code, address: fault.fault_address),
            trap: fault.fault_trap_number, errorCode: fault.fault_error_code)
    }

    /// Registers that the CPU would not load: as the kernel, SIGSEGV.
    private func takeBadState() {
        forceSignal(SignalInfo.fault(signal: SIGSEGV, code: siKernel, address: 0), trap: 13, errorCode: 0)
    }
}

// asm-generic/siginfo.h and linux/audit.h; not visible to Swift.
let segvMapError: Int32 = 1
let segvAccessError: Int32 = 2
let siKernel: Int32 = 0x80
// SDM vol. 3, 4.7 and 6.15.
private let pageFaultTrap: UInt64 = 14
private let pageFaultIsWrite: UInt64 = 2
private let AUDIT_ARCH_X86_64: UInt32 = 0xc000_003e
