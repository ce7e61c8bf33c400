import CGuestEntry
import Glibc
import GuestMemory

extension GuestThread {
    /// rt_sigreturn(2): the registers come from a frame that the guest may have written at will.
    /// A frame that natively would make the kernel or IRET fault gives SIGSEGV here as well.
    func returnFromSignal() -> Int {
        replacesRegisters = true
        if !restoreFrame(at: context.pointee.rsp &- 8) {
            forceSignal(SignalInfo.fromKernel(signal: SIGSEGV), trap: 13, errorCode: 0)
        } else if context.pointee.rip >= GuestLayout.arenaEnd {
            refuseToReturn(to: context.pointee.rip)
        }
        return 0
    }

    /// A frame that leads out of the guest faults as natively: by the page, which is not there for the
    /// guest, or by the address where it is not canonical.
    private func refuseToReturn(to address: UInt64) {
        let isCanonical = address < 1 << 47 || address >= ~0 << 47
        let info =
            isCanonical
            ? SignalInfo.fault(signal: SIGSEGV, code: segvMapError, address: address)
            : SignalInfo.fromKernel(signal: SIGSEGV)
        forceSignal(info, trap: isCanonical ? 14 : 13, errorCode: isCanonical ? 0x14 : 0)
    }

    private func restoreFrame(at address: UInt64) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: SignalFrame.byteCount, alignment: 16) { frame in
            let base = frame.baseAddress!
            guard GuestAccess.copyIn(base, from: address, count: SignalFrame.byteCount) else { return false }
            func get(_ offset: Int) -> UInt64 { base.load(fromByteOffset: offset, as: UInt64.self) }

            let selectors = get(SignalFrame.selectors)
            // The mask comes first, as in the kernel: a bad frame's SIGSEGV may find itself blocked.
            setMask(get(SignalFrame.mask))
            // A wrong stack selector is put right for a frame that does not insist on it.
            let insists = get(SignalFrame.contextFlags) & SignalFrame.strictStackSelector != 0
            guard selectors & 0xffff | 3 == SignalFrame.codeSelector,
                !insists || selectors >> 48 | 3 == SignalFrame.stackSelector
            else { return false }
            guard restoreVectorState(from: get(SignalFrame.vectorState)) else { return false }
            UnsafeMutableRawPointer(context).copyMemory(
                from: base + SignalFrame.registers, byteCount: SignalFrame.registerCount * 8)
            context.pointee.rflags = guest_sanitised_flags(context.pointee.rflags)
            context.pointee.resume_full = 1
            restoreAlternateStack(
                base: get(SignalFrame.stackBase), byteCount: get(SignalFrame.stackByteCount),
                flags: UInt32(truncatingIfNeeded: get(SignalFrame.stackFlags)))
            return true
        }
    }

    private func restoreAlternateStack(base: UInt64, byteCount: UInt64, flags: UInt32) {
        // As restore_altstack(): a stack in use, or a bad one, is left as it is.
        if alternateStack.contains(context.pointee.rsp) { return }
        let checked = AlternateStack.checked(base: base, byteCount: byteCount, flags: flags)
        if case .success(let stack) = checked { alternateStack = stack }
    }

    /// Takes an image over after checking everything that XRSTOR would fault on.
    private func restoreVectorState(from address: UInt64) -> Bool {
        if address == 0 {
            guest_context_clear_vector_state(context)
            return true
        }
        guard address & 63 == 0 else { return false }
        let byteCount = Int(guest_xsave_bytes())
        let area = UnsafeMutableRawPointer(guest_context_xsave_area(context)!)
        guard let magic = GuestAccess.load(UInt32.self, at: address &+ UInt64(SignalFrame.softwareBytes)),
            let stated = GuestAccess.load(UInt32.self, at: address &+ UInt64(SignalFrame.softwareBytes + 16))
        else { return false }
        var isExtended = magic == SignalFrame.magicStart && Int(stated) == byteCount
        if isExtended {
            guard let end = GuestAccess.load(UInt32.self, at: address &+ UInt64(byteCount)) else { return false }
            isExtended = end == SignalFrame.magicEnd
        }
        if isExtended {
            guard GuestAccess.copyIn(area, from: address, count: byteCount) else { return false }
        } else {
            // Only x87 and SSE: the rest starts out clear.
            guest_context_clear_vector_state(context)
            guard GuestAccess.copyIn(area, from: address, count: 512) else { return false }
            area.storeBytes(of: 3, toByteOffset: 512, as: UInt64.self)
        }
        let isValid = guest_context_vector_state_is_valid(context)
        if !isValid { guest_context_clear_vector_state(context) }
        return isValid
    }
}
