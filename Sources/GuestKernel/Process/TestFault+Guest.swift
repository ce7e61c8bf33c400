/// `run --test-fault call:N` and `wait:N`, on the guest's threads.
extension GuestThread {
    /// After a call. The thread is between two calls, as at any safe point; the Nth time it stays there until the
    /// process dies.
    func testCall() {
        // One that was interrupted is not made yet.
        guard let fault = kernel.configuration.testFault, interruptedResult == 0, !hasToEnd, fault.reaches(.call)
        else { return }
        kernel.gate.demand.want()
        while !hasToEnd, !fault.isOver { sleepBriefly() }
    }
}

extension GuestKernel {
    /// Before a wait.
    func testWait() {
        guard let fault = configuration.testFault, fault.reaches(.wait) else { return }
        gate.demand.want()
    }
}
