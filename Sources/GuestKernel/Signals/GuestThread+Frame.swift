import CGuestEntry
import Glibc
import GuestMemory

extension GuestThread {
    /// Builds a handler's frame on the guest's stack and puts the guest at the handler, as
    /// x64_setup_rt_frame does. False when the stack cannot be written.
    func pushFrame(_ info: SignalInfo, _ action: SignalAction, trap: UInt64, errorCode: UInt64) -> Bool {
        let registers = context.pointee
        guard action.flags & SignalAction.restorerFlag != 0 else { return false }
        var top = registers.rsp &- 128  // the red zone
        let entersAlternateStack =
            action.flags & SignalAction.onStack != 0 && alternateStack.isEnabled
            && !alternateStack.contains(registers.rsp)
        if entersAlternateStack {
            top = alternateStack.base &+ alternateStack.byteCount
        }
        let vectorByteCount = Int(guest_xsave_bytes())
        let vectorState = (top &- UInt64(vectorByteCount + 4)) & ~63
        let frame = ((vectorState &- UInt64(SignalFrame.byteCount)) & ~15) &- 8
        // A handler's frame must not run off the alternate stack, which may be too small for the vector state.
        let isOnAlternateStack = alternateStack.contains(registers.rsp) || entersAlternateStack
        if isOnAlternateStack, action.flags & SignalAction.onStack != 0, !alternateStack.contains(frame) {
            return false
        }
        guard storeVectorState(at: vectorState, vectorByteCount) else { return false }
        guard
            storeFrame(
                at: frame, vectorState: vectorState, info, action, trap: trap, errorCode: errorCode)
        else { return false }
        enterHandler(frame: frame, info, action)
        return true
    }

    private func enterHandler(frame: UInt64, _ info: SignalInfo, _ action: SignalAction) {
        context.pointee.rsp = frame
        context.pointee.rip = action.handler
        context.pointee.rdi = UInt64(info.signal)
        context.pointee.rsi = frame + UInt64(SignalFrame.info)
        context.pointee.rdx = frame + UInt64(SignalFrame.contextFlags)
        context.pointee.rax = 0
        context.pointee.rflags = guest_sanitised_flags(context.pointee.rflags) & ~0x1_0500  // DF, RF, TF
        context.pointee.resume_full = 1
        guest_context_clear_vector_state(context)
        if alternateStack.flags & AlternateStack.autodisarm != 0 { alternateStack = AlternateStack() }
        var blocked = action.mask
        if action.flags & SignalAction.noDefer == 0 { blocked |= SignalSet.bit(info.signal) }
        savedMask = nil
        let mask = kernel.signals.state.withLock { _ in signals.mask }
        setMask(mask | blocked)
    }

    private func storeVectorState(at address: UInt64, _ byteCount: Int) -> Bool {
        let area = UnsafeMutableRawPointer(guest_context_xsave_area(context)!)
        guest_context_complete_vector_state(context)
        let software = area + SignalFrame.softwareBytes
        software.storeBytes(of: SignalFrame.magicStart, as: UInt32.self)
        software.storeBytes(of: UInt32(byteCount + 4), toByteOffset: 4, as: UInt32.self)
        software.storeBytes(of: guest_xsave_mask(), toByteOffset: 8, as: UInt64.self)
        software.storeBytes(of: UInt32(byteCount), toByteOffset: 16, as: UInt32.self)
        guard GuestAccess.copyOut(to: address, area, count: byteCount) else { return false }
        return GuestAccess.store(SignalFrame.magicEnd, at: address + UInt64(byteCount))
    }

    private func storeFrame(
        at address: UInt64, vectorState: UInt64, _ info: SignalInfo, _ action: SignalAction, trap: UInt64,
        errorCode: UInt64
    ) -> Bool {
        let mask = savedMask ?? kernel.signals.state.withLock { _ in signals.mask }
        return withUnsafeTemporaryAllocation(byteCount: SignalFrame.byteCount, alignment: 16) { frame in
            frame.initializeMemory(as: UInt8.self, repeating: 0)
            let base = frame.baseAddress!
            func put(_ value: UInt64, _ offset: Int) {
                base.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
            }
            put(action.restorer, SignalFrame.returnAddress)
            put(SignalFrame.contextFlagsValue, SignalFrame.contextFlags)
            put(alternateStack.base, SignalFrame.stackBase)
            put(UInt64(alternateStackFlags()), SignalFrame.stackFlags)
            put(alternateStack.byteCount, SignalFrame.stackByteCount)
            (base + SignalFrame.registers).copyMemory(from: context, byteCount: SignalFrame.registerCount * 8)
            put(SignalFrame.codeSelector | SignalFrame.stackSelector << 48, SignalFrame.selectors)
            put(errorCode, SignalFrame.errorCode)
            put(trap, SignalFrame.trapNumber)
            put(mask, SignalFrame.oldMask)
            if trap == 14 { put(info.field0, SignalFrame.faultAddress) }
            put(vectorState, SignalFrame.vectorState)
            put(mask, SignalFrame.mask)
            withUnsafeBytes(of: info) {
                (base + SignalFrame.info).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
            return GuestAccess.copyOut(to: address, base, count: SignalFrame.byteCount)
        }
    }

    /// What sigaltstack(2) reports as ss_flags.
    func alternateStackFlags() -> UInt32 {
        if !alternateStack.isEnabled { return AlternateStack.disabled }
        let onStack = alternateStack.contains(context.pointee.rsp) ? AlternateStack.onStack : 0
        return onStack | alternateStack.flags & AlternateStack.autodisarm
    }
}
