// What a run is about: the model of now, the open descriptors, chance; and the one way to say that something is wrong.
#ifndef VOLUME_MODEL_STATE_H
#define VOLUME_MODEL_STATE_H

#include "disk.h"
#include "watch.h"
#include <setjmp.h>

enum { DESCRIPTORS_MAX = 14, NAMES_MAX = 60 };

// What open made; descriptors that were duplicated share one, and with it the offset.
struct description {
    struct inode *inode;
    size_t offset;
    int access; // O_RDONLY, O_WRONLY, O_RDWR
    bool appends;
    unsigned reference_count;
};

struct descriptor {
    int number;
    struct description *description;
};

static struct {
    uint64_t random;
    unsigned long long seed, sequence, operation;
    char what[2 * PATH_MAX + 200]; // the operation that is under way
    char volume[PATH_MAX]; // without symbolic links
    bool is_root;
    size_t block_size;
    mode_t mask;
    struct inode *working_directory;
    struct model model;
    struct descriptor descriptors[DESCRIPTORS_MAX];
    size_t descriptor_count;
} run;

// Said now and then, so that whoever reads it sees progress; not where all output must be the same each time.
static bool says_where;

// Whether everything is being compared. A takeover in the middle of it gives files other numbers, so that names that
// are one file are not recognised as such: then all of it is compared once more.
static bool is_comparing, was_taken_over;
static jmp_buf compare_again;

static void model_failed(const char *format, ...) {
    if (is_comparing && watch_has_ended()) longjmp(compare_again, 1);
    static char text[5 * PATH_MAX], why[2 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    int length = snprintf(text, sizeof text, "%s: FAILED: seed %llu sequence %llu operation %llu (%s): %s\n",
                          check_name(), run.seed, run.sequence, run.operation, run.what, why);
    if (write(STDOUT_FILENO, text, (size_t)length) < 0) _exit(2);
    if (check_cleanup) check_cleanup();
    _exit(1);
}

CHECK_INLINE size_t below(size_t bound) { return random_next(&run.random) % bound; }
CHECK_INLINE bool one_in(size_t count) { return below(count) == 0; }

#define WHAT(...) snprintf(run.what, sizeof run.what, __VA_ARGS__)

// Whether a call went well, after making sure that it went as the model says: `error` is 0 or its errno.
CHECK_INLINE bool came_out(long result, int error) {
    int given = result < 0 ? errno : 0;
    if (given != error)
        model_failed("gives %s, not %s", given ? strerrorname_np(given) : "success",
                     error ? strerrorname_np(error) : "success");
    return error == 0;
}

// Bytes that depend on chance alone; most are few, some cross pages, a few are more than is written in one piece.
enum { PAYLOAD_MAX = 700000 };
static unsigned char payload[PAYLOAD_MAX];

CHECK_INLINE size_t random_length(void) {
    size_t kind = below(100);
    if (kind < 60) return 1 + below(200);
    if (kind < 90) return 1 + below(9000);
    if (kind < 99) return 1 + below(40000);
    return 1 + below(PAYLOAD_MAX);
}

CHECK_INLINE size_t random_payload(void) {
    size_t count = random_length();
    uint64_t state = random_next(&run.random);
    for (size_t i = 0; i < count; i += 8) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        memcpy(payload + i, &state, count - i < 8 ? count - i : 8);
    }
    return count;
}

// Files stay small enough to be compared often.
CHECK_INLINE bool has_room(size_t end) { return end < CONTENT_BYTES_MAX / 2; }

// Descriptors.

CHECK_INLINE bool may_open(void) { return run.descriptor_count < DESCRIPTORS_MAX; }

CHECK_INLINE void descriptor_add(int number, struct description *description) {
    run.descriptors[run.descriptor_count++] = (struct descriptor){ number, description };
    description->reference_count++;
}

CHECK_INLINE void descriptor_open(int number, struct inode *inode, int flags) {
    struct description *description = calloc(1, sizeof *description);
    CHECK(description != NULL);
    description->inode = inode;
    description->access = flags & O_ACCMODE;
    description->appends = flags & O_APPEND;
    inode->open_count++;
    descriptor_add(number, description);
}

// Forgets a descriptor that was closed; the description goes with the last, and a file without a name with it.
CHECK_INLINE void descriptor_forget(struct descriptor *descriptor) {
    struct description *description = descriptor->description;
    *descriptor = run.descriptors[--run.descriptor_count];
    if (--description->reference_count > 0) return;
    description->inode->open_count--;
    inode_release(description->inode);
    free(description);
}

// One that is open on a file, or on a directory; NULL where none is.
CHECK_INLINE struct descriptor *random_descriptor(mode_t kind) {
    size_t start = below(DESCRIPTORS_MAX);
    for (size_t i = 0; i < run.descriptor_count; i++) {
        struct descriptor *descriptor = &run.descriptors[(start + i) % run.descriptor_count];
        if (descriptor->description->inode->kind == kind) return descriptor;
    }
    return NULL;
}

CHECK_INLINE bool is_writable(const struct descriptor *descriptor) {
    return descriptor->description->access != O_RDONLY;
}

CHECK_INLINE bool is_readable(const struct descriptor *descriptor) {
    return descriptor->description->access != O_WRONLY;
}

static void verify_descriptor(const struct descriptor *descriptor) {
    struct description *description = descriptor->description;
    struct inode *inode = description->inode;
    char name[48];
    snprintf(name, sizeof name, "descriptor %d", descriptor->number);
    struct stat status;
    if (fstat(descriptor->number, &status) != 0) model_failed("fstat of %s: %s", name, strerror(errno));
    if (status.st_mode != (inode->kind | inode->mode))
        model_failed("%s has mode %#o, not %#o", name, status.st_mode, inode->kind | inode->mode);
    if (status.st_uid != inode->user || status.st_gid != inode->group)
        model_failed("%s belongs to %u:%u, not %u:%u", name, status.st_uid, status.st_gid, inode->user, inode->group);
    if (inode->number == 0) inode->number = status.st_ino;
    if (status.st_ino != inode->number)
        model_failed("%s has inode %lu, not %lu", name, (unsigned long)status.st_ino, (unsigned long)inode->number);
    if (inode->kind != S_IFREG) return;
    if (status.st_nlink != inode->link_count)
        model_failed("%s has %lu links, not %u", name, (unsigned long)status.st_nlink, inode->link_count);
    if ((size_t)status.st_size != inode->byte_count)
        model_failed("%s has %lld bytes, not %zu", name, (long long)status.st_size, inode->byte_count);
    off_t offset = lseek(descriptor->number, 0, SEEK_CUR);
    if ((size_t)offset != description->offset)
        model_failed("%s is at %lld, not %zu", name, (long long)offset, description->offset);
    int flags = fcntl(descriptor->number, F_GETFL);
    int wanted = description->access | (description->appends ? O_APPEND : 0);
    if ((flags & (O_ACCMODE | O_APPEND)) != wanted) model_failed("%s has flags %#o, not %#o", name, flags, wanted);
    if (!is_readable(descriptor)) return;
    struct inode found = { 0 };
    read_contents(descriptor->number, name, &found, inode->byte_count);
    compare_contents(name, inode, &found);
    free(found.bytes);
}

static void compare_all(void) {
    static struct model found;
    model_free(&found);
    model_read(&found, run.volume);
    model_compare(&run.model, &found);
    model_free(&found);
    for (size_t i = 0; i < run.descriptor_count; i++) verify_descriptor(&run.descriptors[i]);
    if (run.working_directory->link_count == 0) return;
    char wanted[PATH_MAX], path[PATH_MAX], given[PATH_MAX];
    directory_path(&run.model, run.working_directory, path);
    CHECK(snprintf(wanted, PATH_MAX, "%s%s%s", run.volume, *path ? "/" : "", path) < PATH_MAX);
    if (getcwd(given, sizeof given) == NULL) model_failed("getcwd: %s", strerror(errno));
    if (strcmp(wanted, given) != 0) model_failed("the working directory is %s, not %s", given, wanted);
}

// The mirror's files have numbers of their own.
static void forget_numbers(void) {
    if (says_where) printf("takeover: sequence %llu operation %llu\n", run.sequence, run.operation);
    strncat(run.what, ", compared after a takeover", sizeof run.what - strlen(run.what) - 1);
    for (size_t i = 0; i < INODES_MAX; i++) run.model.inodes[i].number = 0;
}

// Everything: the tree below the volume's directory, and what is open.
CHECK_INLINE void verify_all(void) {
    is_comparing = true;
    if (setjmp(compare_again) != 0 || was_taken_over) forget_numbers();
    was_taken_over = false;
    compare_all();
    is_comparing = false;
}

#endif
