// Descriptors that tell by a signal that they are ready, or that their directory has changed: whom, which signal, and
// what it says; owners of all kinds; what is refused.
#include "scratch.h"
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static volatile sig_atomic_t told, last_code, last_descriptor;
static volatile pid_t last_thread;

static void note(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    last_code = info->si_code;
    last_descriptor = info->si_fd;
    last_thread = gettid();
    told = 1;
}
static void put(int descriptor) {
    told = last_code = last_descriptor = 0;
    CHECK_EQUAL(write(descriptor, "x", 1), 1);
}
static void take(int descriptor) {
    char byte;
    CHECK_EQUAL(read(descriptor, &byte, 1), 1);
}

static int pair[2];
static void *own(void *argument) {
    struct f_owner_ex owner = { F_OWNER_TID, gettid() }, got;
    (void)argument;
    CHECK(fcntl(pair[0], F_SETOWN_EX, &owner) == 0 && fcntl(pair[0], F_GETOWN_EX, &got) == 0);
    CHECK(got.type == F_OWNER_TID && got.pid == gettid());
    put(pair[1]);
    CHECK_EVENTUALLY(told);
    CHECK_EQUAL(last_thread, gettid());
    take(pair[0]);
    return NULL;
}

int main(void) {
    struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART };
    int queued = SIGRTMIN + 3, ends[2], value;
    CHECK(sigaction(SIGIO, &action, NULL) == 0 && sigaction(queued, &action, NULL) == 0 && pipe(ends) == 0);
    CHECK(sigaction(SIGURG, &action, NULL) == 0);
    CHECK_EQUAL(fcntl(ends[0], F_GETOWN), 0);
    CHECK_FAILS(fcntl(ends[0], F_SETOWN, 0x3ffffff), ESRCH);
    CHECK_FAILS(fcntl(ends[0], F_SETSIG, 65), EINVAL);
    CHECK_FAILS(fcntl(ends[0], F_SETOWN_EX, (void *)8), EFAULT);
    CHECK(fcntl(ends[0], F_SETFL, O_ASYNC) == 0 && fcntl(ends[0], F_GETFL) == O_ASYNC);
    put(ends[1]);
    take(ends[0]);
    CHECK_EQUAL(told, 0); // nobody owns it

    // SIGIO, which says nothing else; and a signal of one's choice, which says which descriptor.
    CHECK(fcntl(ends[0], F_SETOWN, getpid()) == 0 && fcntl(ends[0], F_GETOWN) == getpid());
    put(ends[1]);
    CHECK_EVENTUALLY(told && last_code == SI_KERNEL);
    CHECK(fcntl(ends[0], F_SETSIG, queued) == 0 && fcntl(ends[0], F_GETSIG) == queued);
    put(ends[1]);
    CHECK_EVENTUALLY(last_code == POLL_IN && last_descriptor == ends[0]);
    CHECK(fcntl(ends[0], F_SETFL, 0) == 0 && fcntl(ends[0], F_GETFL) == 0);
    put(ends[1]);

    // Sockets, by FIOASYNC; a thread, and urgent data, which needs an owner alone.
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && ioctl(pair[0], FIOASYNC, &(int){ 1 }) == 0);
    CHECK(fcntl(pair[0], F_SETSIG, queued) == 0 && fcntl(pair[0], F_GETFL) == (O_RDWR | O_ASYNC));
    thread_join(thread_start(own, NULL));
    CHECK(ioctl(pair[0], FIOSETOWN, &(int){ -getpgrp() }) == 0 && ioctl(pair[0], FIOGETOWN, &value) == 0);
    CHECK_EQUAL(value, -getpgrp());
    CHECK(fcntl(pair[0], F_SETOWN, 0) == 0 && close(pair[0]) == 0);
    CHECK_FAILS(ioctl(open("/", O_RDONLY), FIOASYNC, &(int){ 1 }), ENOTTY);

    // A directory: once, or until it is closed.
    scratch_enter();
    int here = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(fcntl(here, F_SETSIG, queued) == 0 && fcntl(here, F_NOTIFY, DN_CREATE) == 0);
    for (int round = 0; round < 3; round++) {
        told = last_descriptor = 0;
        CHECK(close(file_open("made", O_CREAT | O_EXCL | O_WRONLY)) == 0 && unlink("made") == 0);
        CHECK_EVENTUALLY(told && last_descriptor == here);
        CHECK(round > 0 || fcntl(here, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0);
    }
    CHECK_FAILS(fcntl(ends[0], F_NOTIFY, DN_CREATE), ENOTDIR);
    CHECK_EQUAL(close(here), 0);
    told = 0;
    CHECK(close(file_open("made", O_CREAT | O_WRONLY)) == 0 && unlink("made") == 0);
    sleep_us(20000);
    CHECK_EQUAL(told, 0);
    scratch_leave();
    return check_ok();
}
