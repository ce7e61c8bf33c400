/// The guest's timers: setitimer(2), alarm(2) and timer_create(2).
final class TimerService: Sendable {
}
