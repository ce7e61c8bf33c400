// A pipe whose only writer has closed it is at its end at once, whatever the supervisor does meanwhile.
// `pipe_ends [ROUNDS]`
#include "check.h"
#include <poll.h>

int main(int count, char **words) {
    long rounds = count > 1 ? atol(words[1]) : 5000;
    for (long i = 0; i < rounds; i++) {
        int ends[2];
        CHECK(pipe(ends) == 0);
        CHECK(close(ends[1]) == 0);
        struct pollfd reader = { .fd = ends[0], .events = POLLIN };
        CHECK_EQUAL(poll(&reader, 1, 0), 1);
        CHECK_EQUAL(reader.revents, POLLHUP);
        CHECK(close(ends[0]) == 0);
    }
    return check_ok();
}
