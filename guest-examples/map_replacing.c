// MAP_FIXED over memory that another thread is reading or running, and advice that drops its pages: the other thread
// sees what was there or what comes, and never finds nothing.
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>

enum { PAGE = 4096, SIZE = 4 * PAGE, ROUNDS = 300 };
static const int rw = PROT_READ | PROT_WRITE;
static volatile char *area;
static volatile int stopping;

static void *reader(void *unused) {
    while (!stopping)
        for (int i = 0; i < SIZE; i += PAGE) (void)area[i];
    return unused;
}

static void *runner(void *unused) {
    int (*code)(void) = (int (*)(void))(uintptr_t)area;
    while (!stopping) CHECK_EQUAL(code(), 7);
    return unused;
}

static void against(void *(*body)(void *), int protection, int flags, int file, int advice) {
    area = mmap(NULL, SIZE, protection, flags, file, 0);
    CHECK(area != MAP_FAILED);
    stopping = 0;
    pthread_t thread = thread_start(body, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        if (advice) CHECK_EQUAL(madvise((void *)area, SIZE, advice), 0);
        else CHECK(mmap((void *)area, SIZE, protection, flags | MAP_FIXED, file, 0) == area);
    }
    stopping = 1;
    thread_join(thread);
    CHECK_EQUAL(munmap((void *)area, SIZE), 0);
}

int main(void) {
    static char content[SIZE] = { (char)0xb8, 7, 0, 0, 0, (char)0xc3 }; // mov $7, %eax; ret
    FILE *temporary = tmpfile();
    CHECK(temporary != NULL);
    int file = fileno(temporary);
    CHECK_EQUAL(write(file, content, SIZE), SIZE);

    against(reader, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    against(reader, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    against(reader, PROT_READ, MAP_PRIVATE, file, 0);
    printf("replacing ok\n");
    against(reader, PROT_READ, MAP_PRIVATE, file, MADV_DONTNEED);
    against(runner, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, MADV_DONTNEED);
    printf("dropping ok\n");

    char *mapped = mmap(NULL, SIZE, rw, MAP_PRIVATE, file, 0);
    CHECK(mapped != MAP_FAILED);
    CHECK_FAILS(madvise(mapped, SIZE, MADV_FREE), EINVAL); // for anonymous memory only
    // Other kinds in turn at one place: what shows is always the last.
    for (int i = 0; i < 100; i++) {
        CHECK(mmap(mapped, SIZE, rw, MAP_PRIVATE | MAP_FIXED, file, 0) == mapped);
        CHECK(mapped[1] == 7 && mapped[PAGE] == 0);
        mapped[PAGE] = 1;
        CHECK(mmap(mapped + PAGE, PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mapped + PAGE);
        CHECK(mapped[1] == 7 && mapped[PAGE] == 0);
        mapped[PAGE] = 2;
        CHECK(mmap(mapped, SIZE, rw, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mapped);
        CHECK(mapped[1] == 0 && mapped[PAGE] == 0);
        CHECK(mmap(mapped, SIZE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mapped);
        CHECK(mapped[1] == 0 && mapped[PAGE] == 0);
        mapped[PAGE] = 3;
        CHECK(mmap(mapped, SIZE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mapped);
        CHECK_EQUAL(mapped[PAGE], 0);
    }
    return check_ok();
}
