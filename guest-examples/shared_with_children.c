// What children leave in memory that their parent shares with them: in anonymous memory, in a memory file that is
// mapped, and in one that is only written to. The parent had all of it before, and reads it for long afterwards.
#include "check.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096, SIZE = 4 * PAGE, ROUNDS = 15, LOOKS = 10 };
static unsigned char *anonymous, *mapped;
static int file, written;

static void fill(int value) {
    unsigned char bytes[SIZE];
    memset(bytes, value, SIZE);
    memset(anonymous, value, SIZE);
    memset(mapped, value, SIZE);
    CHECK_EQUAL(pwrite(written, bytes, SIZE, 0), SIZE);
}

static void expect(int value) {
    unsigned char bytes[SIZE], all[SIZE];
    memset(all, value, SIZE);
    CHECK(pread(written, bytes, SIZE, 0) == SIZE && memcmp(bytes, all, SIZE) == 0);
    CHECK(pread(file, bytes, SIZE, 0) == SIZE && memcmp(bytes, all, SIZE) == 0);
    CHECK(memcmp(anonymous, all, SIZE) == 0);
    CHECK(memcmp(mapped, all, SIZE) == 0);
}

// One that is killed, as all are when their parent goes on elsewhere, has another in its place.
static void fill_by_child(int value) {
    int status;
    do {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            // By a child of its own, of which nobody else knows.
            if (value % 3 == 0 && fork() > 0) _exit(wait(&status) > 0 && status == 0 ? 0 : 1);
            fill(value);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
    } while (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_EQUAL(status, 0);
}

int main(void) {
    int protection = PROT_READ | PROT_WRITE;
    file = memfd_create("mapped", 0);
    written = memfd_create("written", 0);
    CHECK(file >= 0 && written >= 0 && ftruncate(file, SIZE) == 0);
    anonymous = mmap(NULL, SIZE, protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mapped = mmap(NULL, SIZE, protection, MAP_SHARED, file, 0);
    CHECK(anonymous != MAP_FAILED && mapped != MAP_FAILED);
    for (int round = 1; round <= ROUNDS; round++) {
        fill(0);
        sleep_us(1000);
        expect(0);
        fill_by_child(round);
        for (int look = 0; look < LOOKS; look++) {
            expect(round);
            sleep_us(1000);
        }
        if (round % 5 == 0) printf("round %d ok\n", round);
    }
    return check_ok();
}
