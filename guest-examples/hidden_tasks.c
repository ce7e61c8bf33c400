// Processes and threads that are not the program's: a supervisor's threads in the same process are nobody to it, by
// every call that takes an id, and what is about other processes' memory is refused or harmless.
#include "check.h"
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { NEIGHBOURS = 40 };

static int is_listed(int id) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d", id);
    return access(path, F_OK) == 0;
}

// What /proc does not show is not there for any call. Somebody may come or go on the machine: then it is asked again.
static void nobody_there(int id) {
    struct rlimit limit = { 4096, 4096 };
    struct sched_param parameters = { 0 };
    uint32_t header[2] = { 0x20080522, (uint32_t)id }, data[6];
    unsigned long mask[16];
    for (int attempt = 0; attempt < 5; attempt++) {
        if (is_listed(id)) return;
        const long results[] = {
            syscall(SYS_kill, id, 0L), syscall(SYS_prlimit64, id, RLIMIT_CORE, NULL, &limit),
            syscall(SYS_sched_getaffinity, id, sizeof mask, mask), syscall(SYS_sched_getparam, id, &parameters),
            syscall(SYS_getpgid, id), syscall(SYS_getsid, id), syscall(SYS_capget, header, data),
            syscall(SYS_getpriority, PRIO_PROCESS, id),
        };
        size_t found = 0;
        while (found < sizeof results / sizeof *results && results[found] == -1) found++;
        if (found == sizeof results / sizeof *results) return;
        if (attempt == 4 && !is_listed(id)) check_failed(__FILE__, __LINE__, "%d is there for call %zu", id, found);
    }
}

static void own_process(void) {
    const pid_t pid = getpid();
    for (int id = pid - NEIGHBOURS; id < pid + NEIGHBOURS; id++) {
        if (id <= 1) continue;
        // This program has one thread.
        if (id != pid) CHECK_FAILS(syscall(SYS_tgkill, pid, id, 0L), ESRCH);
        nobody_there(id);
    }
    CHECK_EQUAL(syscall(SYS_tgkill, pid, pid, 0L), 0);
    CHECK_FAILS(syscall(SYS_tgkill, pid, -1L, 0L), EINVAL);
    CHECK_FAILS(syscall(SYS_tgkill, 0L, pid, 0L), EINVAL);
    CHECK_FAILS(syscall(SYS_tkill, 0L, 0L), EINVAL);
    printf("nobody is there but this program\n");
}

static void other_memory(void) {
    char bytes[16] = { 0 };
    struct iovec local = { bytes, sizeof bytes };
    const uint64_t places[] = { 0x200000000000, 0x555555554000, 0x7ffff7fc0000, 0xffffffff81000000 };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct iovec remote = { (void *)places[i], sizeof bytes };
        CHECK(syscall(SYS_process_vm_writev, getpid(), &local, 1L, &remote, 1L, 0L) == -1);
        CHECK(syscall(SYS_process_vm_readv, getpid(), &local, 1L, (void *)places[i], 1L, 0L) == -1);
        CHECK(syscall(SYS_ptrace, 4L, getpid(), places[i], 0L) == -1); // PTRACE_POKETEXT
    }
    printf("no memory but this program's was written to\n");
}

int main(void) {
    own_process();
    other_memory();
    // Asking is all that is done to the first process.
    CHECK(kill(1, 0) == 0 || errno == EPERM || errno == ESRCH);
    CHECK_FAILS(kill(0x7fffffff, 0), ESRCH);
    CHECK(kill(getpid(), 0) == 0);
    return check_ok();
}
