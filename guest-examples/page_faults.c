// Handlers that see a page fault, check what siginfo and the saved registers say about it, mend it and return: the
// instruction is then made again. Garbage collectors and databases live on this.
#include "scratch.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

enum { PAGE = 4096, PRESENT = 1, WRITE = 2, USER = 4, FETCH = 16 };

// What the next fault must look like.
static volatile struct {
    int signal, code;
    char *address;
    int error;
} expected;
static volatile int faults;
static int file;

static void mend(int signal, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    CHECK_EQUAL(signal, expected.signal);
    CHECK_EQUAL(info->si_code, expected.code);
    CHECK(info->si_addr == expected.address);
    CHECK_EQUAL(registers[REG_TRAPNO], 14);
    CHECK_EQUAL(registers[REG_CR2], (uintptr_t)expected.address);
    if (expected.error >= 0) CHECK_EQUAL(registers[REG_ERR] & (PRESENT | WRITE | USER | FETCH), expected.error);
    faults = faults + 1;

    void *page = (void *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1));
    if (signal == SIGBUS) { // past the file's end: put anonymous memory in its place
        CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
    } else if (info->si_code == SEGV_MAPERR) {
        CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
              page);
    } else {
        CHECK(mprotect(page, PAGE, expected.error & FETCH ? PROT_READ | PROT_EXEC : PROT_READ | PROT_WRITE) == 0);
    }
}

static void expect(int signal, int code, volatile char *address, int error) {
    expected.signal = signal, expected.code = code, expected.address = (char *)address, expected.error = error;
}

int main(void) {
    struct sigaction action = { .sa_sigaction = mend, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);

    // A write barrier: every page protected, each first write lets one through.
    enum { PAGES = 64 };
    volatile char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(area != MAP_FAILED);
    memset((char *)area, 1, PAGES * PAGE);
    for (int round = 0; round < 3; round++) {
        CHECK(mprotect((char *)area, PAGES * PAGE, PROT_READ) == 0);
        faults = 0;
        for (int i = 0; i < PAGES; i++) {
            expect(SIGSEGV, SEGV_ACCERR, area + i * PAGE + 100 + round, PRESENT | WRITE | USER);
            area[i * PAGE + 100 + round] = (char)(i + round);
            area[i * PAGE + 200] = 3; // no second fault
        }
        CHECK_EQUAL(faults, PAGES);
    }
    for (int i = 0; i < PAGES; i++)
        CHECK(area[i * PAGE + 100] == i && area[i * PAGE + 102] == i + 2 && area[i * PAGE + 99] == 1);
    printf("write barrier ok\n");

    // Memory mapped on demand, for a read and for a write.
    CHECK(munmap((char *)area, PAGES * PAGE) == 0);
    faults = 0;
    expect(SIGSEGV, SEGV_MAPERR, area + 5 * PAGE + 7, USER);
    CHECK_EQUAL(area[5 * PAGE + 7], 0);
    expect(SIGSEGV, SEGV_MAPERR, area + 9 * PAGE, WRITE | USER);
    area[9 * PAGE] = 'w';
    CHECK(area[9 * PAGE] == 'w' && faults == 2);
    // PROT_NONE is an access error, not a missing mapping. Whether the page was ever present shows in the error code.
    CHECK(mprotect((char *)area + 9 * PAGE, PAGE, PROT_NONE) == 0);
    expect(SIGSEGV, SEGV_ACCERR, area + 9 * PAGE + PAGE - 1, -1);
    CHECK_EQUAL(area[9 * PAGE + PAGE - 1], 0);
    CHECK(area[9 * PAGE] == 'w' && faults == 3);
    printf("on demand ok\n");

    // Code written to a page that may not be executed yet: the fault's address is the instruction's.
    static const unsigned char code[] = { 0xb8, 0x2a, 0, 0, 0, 0xc3 }; // mov $42,%eax; ret
    memcpy((char *)area + 5 * PAGE, code, sizeof code);
    int (*function)(void) = (int (*)(void))(uintptr_t)(area + 5 * PAGE);
    expect(SIGSEGV, SEGV_ACCERR, area + 5 * PAGE, PRESENT | USER | FETCH);
    CHECK_EQUAL(function(), 42);
    CHECK_EQUAL(faults, 4);
    printf("execution ok\n");

    // A file mapping reaches past the file: its last page is padded with zeroes, the next is a bus error.
    scratch_enter();
    file_write("short", "0123456789", 10);
    file = file_open("short", O_RDONLY);
    volatile char *mapped = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(mapped != MAP_FAILED && mapped[9] == '9' && mapped[10] == 0 && mapped[PAGE - 1] == 0);
    expect(SIGBUS, BUS_ADRERR, mapped + PAGE, -1);
    CHECK_EQUAL(mapped[PAGE], 0);
    expect(SIGBUS, BUS_ADRERR, mapped + 3 * PAGE - 1, -1);
    CHECK_EQUAL(mapped[3 * PAGE - 1], 0);
    CHECK_EQUAL(faults, 6);
    CHECK(munmap((char *)mapped, 3 * PAGE) == 0 && close(file) == 0 && unlink("short") == 0);
    scratch_leave();
    printf("past the end ok\n");
    return check_ok();
}
