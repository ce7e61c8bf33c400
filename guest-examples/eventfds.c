// eventfd, the event loops' doorbell: as a counter and as a semaphore, blocking both ways, and watched by poll.
#include "check.h"
#include <poll.h>
#include <sys/eventfd.h>

static int counter, semaphore, done;
static uint64_t total;

static void *adds(void *argument) {
    for (uint64_t i = 1; i <= 1000; i++) CHECK_EQUAL(write(counter, &i, 8), 8);
    return argument;
}

static void *takes(void *argument) {
    uint64_t taken = 0, one;
    for (int i = 0; i < 300; i++) {
        CHECK_EQUAL(read(semaphore, &one, 8), 8);
        CHECK_EQUAL(one, 1); // however much there is
        taken++;
    }
    __atomic_add_fetch(&total, taken, __ATOMIC_SEQ_CST);
    return argument;
}

static void *unblocks(void *argument) {
    uint64_t value;
    sleep_us(3000);
    CHECK_EQUAL(__atomic_load_n(&done, __ATOMIC_SEQ_CST), 0); // the writer waits for us
    CHECK_EQUAL(read(counter, &value, 8), 8);
    CHECK_EQUAL(value, UINT64_MAX - 1);
    return argument;
}

int main(void) {
    uint64_t value = 5, sum = 0;
    counter = eventfd(7, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(counter >= 0 && read(counter, &value, 8) == 8 && value == 7); // the first value, then 0
    CHECK_FAILS(read(counter, &value, 8), EAGAIN);
    for (value = 1; value <= 4; value++) CHECK_EQUAL(write(counter, &value, 8), 8);
    CHECK(read(counter, &value, 8) == 8 && value == 10);
    CHECK_FAILS(read(counter, &value, 7), EINVAL);
    CHECK_FAILS(write(counter, &value, 4), EINVAL);
    value = UINT64_MAX;
    CHECK_FAILS(write(counter, &value, 8), EINVAL);
    value = UINT64_MAX - 1;
    CHECK_EQUAL(write(counter, &value, 8), 8);
    struct pollfd one = { counter, POLLIN | POLLOUT, 0 };
    CHECK(poll(&one, 1, 0) == 1 && one.revents == POLLIN); // full: not writable
    value = 1;
    CHECK_FAILS(write(counter, &value, 8), EAGAIN);
    CHECK(read(counter, &value, 8) == 8 && poll(&one, 1, 0) == 1 && one.revents == POLLOUT);
    CHECK(close(counter) == 0);
    CHECK_FAILS(eventfd(0, 0x1234000), EINVAL);
    printf("counter ok\n");

    counter = eventfd(0, 0);
    pthread_t threads[3] = { thread_start(adds, NULL), thread_start(adds, NULL) };
    for (; sum < 2 * 500500; sum += value) CHECK_EQUAL(read(counter, &value, 8), 8); // each read takes all there is
    CHECK_EQUAL(sum, 2 * 500500);
    for (int i = 0; i < 2; i++) thread_join(threads[i]);
    // A blocking write to a full counter waits for a reader.
    value = UINT64_MAX - 1;
    CHECK_EQUAL(write(counter, &value, 8), 8);
    pthread_t reader = thread_start(unblocks, NULL);
    value = 9;
    CHECK_EQUAL(write(counter, &value, 8), 8);
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    thread_join(reader);
    CHECK(read(counter, &value, 8) == 8 && value == 9);
    printf("blocking ok\n");

    semaphore = eventfd(0, EFD_SEMAPHORE);
    for (int i = 0; i < 3; i++) threads[i] = thread_start(takes, NULL);
    for (value = 90; sum < 2 * 500500 + 900; sum += 90) CHECK_EQUAL(write(semaphore, &value, 8), 8);
    for (int i = 0; i < 3; i++) thread_join(threads[i]);
    CHECK_EQUAL(total, 900);
    one = (struct pollfd){ semaphore, POLLIN, 0 };
    CHECK_EQUAL(poll(&one, 1, 0), 0);
    return check_ok();
}
