// Random operations of all kinds on a directory, each checked against a model in memory, the whole tree compared with
// the model again and again. With a mirror the model is memory and the directory a volume: what is compared after a
// takeover says whether the mirror's files are those of the epoch that its memory is of.
//
// usage: volume_model                                    in a directory of its own
//        volume_model DIRECTORY SEED SEQUENCES [keep]    there, beginning with what is in it; `keep` leaves the tree
//        volume_model digest DIRECTORY                   one number for a tree, as `keep` prints it at the end
#include "scratch.h"
#include "volume_model/attribute_operations.h"
#include "volume_model/rename_operations.h"
#include "volume_model/space_operations.h"

enum { OPERATIONS_MAX = 120, OPERATIONS_BETWEEN_COMPARISONS = 50, NANOSECONDS_BETWEEN_LINES = 50000000 };

static struct kind {
    const char *name;
    unsigned weight;
    void (*body)(void);
    unsigned long count;
} kinds[] = {
    { "open O_CREAT", 8, do_create, 0 },
    { "open O_CREAT of what is there", 3, do_create_existing, 0 },
    { "open O_CREAT O_EXCL", 5, do_create_exclusive, 0 },
    { "open O_CREAT O_TRUNC", 3, do_create_truncate, 0 },
    { "open O_CREAT O_APPEND", 4, do_create_append, 0 },
    { "open", 3, do_open, 0 },
    { "open O_APPEND", 3, do_open_append, 0 },
    { "open O_TRUNC", 2, do_open_truncate, 0 },
    { "open O_DIRECTORY", 3, do_open_directory, 0 },
    { "open O_TMPFILE", 3, do_open_nameless, 0 },
    { "open of a descriptor", 2, do_reopen, 0 },
    { "linkat of a descriptor", 3, do_link_descriptor, 0 },
    { "link", 5, do_link, 0 },
    { "symlink", 5, do_symlink, 0 },
    { "mkdir", 8, do_mkdir, 0 },
    { "mknod FIFO", 2, do_make_fifo, 0 },
    { "mknod file", 2, do_make_file, 0 },
    { "mknod device", 1, do_make_device, 0 },
    { "bind", 1, do_bind_socket, 0 },
    { "unlink", 8, do_unlink, 0 },
    { "rmdir", 5, do_rmdir, 0 },
    { "rename", 6, do_rename, 0 },
    { "rename over another", 4, do_rename_over, 0 },
    { "rename of a directory", 5, do_rename_directory, 0 },
    { "rename onto itself", 1, do_rename_itself, 0 },
    { "renameat2 RENAME_NOREPLACE", 2, do_rename_keep, 0 },
    { "renameat2 RENAME_EXCHANGE", 4, do_rename_exchange, 0 },
    { "write", 9, do_write, 0 },
    { "writev", 4, do_writev, 0 },
    { "pwrite", 6, do_pwrite, 0 },
    { "pwritev", 3, do_pwritev, 0 },
    { "pwritev2 RWF_APPEND", 2, do_pwritev2_append, 0 },
    { "pwrite behind the end", 3, do_sparse_write, 0 },
    { "read", 3, do_read, 0 },
    { "lseek", 4, do_seek, 0 },
    { "truncate", 3, do_truncate, 0 },
    { "ftruncate", 4, do_ftruncate, 0 },
    { "fallocate", 3, do_allocate, 0 },
    { "fallocate FALLOC_FL_KEEP_SIZE", 2, do_allocate_keeping_size, 0 },
    { "fallocate FALLOC_FL_PUNCH_HOLE", 3, do_punch_hole, 0 },
    { "fallocate FALLOC_FL_ZERO_RANGE", 3, do_zero_range, 0 },
    { "fallocate FALLOC_FL_COLLAPSE_RANGE", 2, do_collapse_range, 0 },
    { "fallocate FALLOC_FL_INSERT_RANGE", 2, do_insert_range, 0 },
    { "copy_file_range", 4, do_copy_range, 0 },
    { "sendfile", 3, do_sendfile, 0 },
    { "splice", 3, do_splice, 0 },
    { "chmod", 4, do_chmod, 0 },
    { "fchmod", 3, do_fchmod, 0 },
    { "chown", 2, do_chown, 0 },
    { "lchown", 2, do_lchown, 0 },
    { "fchown", 2, do_fchown, 0 },
    { "utimensat", 4, do_utimens, 0 },
    { "futimens", 2, do_futimens, 0 },
    { "setxattr", 4, do_setxattr, 0 },
    { "fsetxattr", 3, do_fsetxattr, 0 },
    { "removexattr", 3, do_removexattr, 0 },
    { "fremovexattr", 2, do_fremovexattr, 0 },
    { "dup", 3, do_duplicate, 0 },
    { "close", 7, do_close, 0 },
    { "fcntl O_APPEND", 2, do_set_append, 0 },
    { "chdir", 2, do_chdir, 0 },
    { "umask", 1, do_umask, 0 },
    { "fsync", 1, do_synchronise, 0 },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

// What this file system, or this user, cannot do is not done.

static void leave_out(const char *name, int result) {
    if (result == 0) return;
    bool is_refused = errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM || errno == EINVAL;
    if (!is_refused) model_failed("to try \"%s\": %s", name, strerror(errno));
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) kinds[i].weight = 0;
}

static void try_contents(int file) {
    off_t block = (off_t)run.block_size;
    CHECK(ftruncate(file, 8 * block) == 0);
    leave_out("fallocate", fallocate(file, 0, 0, block));
    leave_out("fallocate FALLOC_FL_KEEP_SIZE", fallocate(file, FALLOC_FL_KEEP_SIZE, 0, block));
    int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    leave_out("fallocate FALLOC_FL_PUNCH_HOLE", fallocate(file, hole, 0, block));
    leave_out("fallocate FALLOC_FL_ZERO_RANGE", fallocate(file, FALLOC_FL_ZERO_RANGE, 0, block));
    leave_out("fallocate FALLOC_FL_COLLAPSE_RANGE", fallocate(file, FALLOC_FL_COLLAPSE_RANGE, 0, block));
    leave_out("fallocate FALLOC_FL_INSERT_RANGE", fallocate(file, FALLOC_FL_INSERT_RANGE, 0, block));
    int attribute = fsetxattr(file, attribute_names[0], "", 0, 0);
    leave_out("setxattr", attribute);
    leave_out("fsetxattr", attribute);
    leave_out("removexattr", attribute);
    leave_out("fremovexattr", attribute);
}

static void learn_file_system(void) {
    struct statfs facts;
    struct stat status;
    char path[PATH_MAX];
    WHAT("what the file system can do");
    CHECK(snprintf(path, sizeof path, "%s/.volume_model-trial", run.volume) < PATH_MAX);
    CHECK(statfs(run.volume, &facts) == 0);
    run.block_size = (size_t)facts.f_bsize;
    // Of one that was killed in the middle of this.
    (void)(rmdir(path) == 0 || unlink(path) == 0);
    CHECK(mkdir(path, 0700) == 0 && stat(path, &status) == 0);
    counts_directory_links = status.st_nlink == 2;
    CHECK(rmdir(path) == 0);
    int file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) model_failed("open %s: %s", path, strerror(errno));
    try_contents(file);
    CHECK(close(file) == 0 && unlink(path) == 0);
    leave_out("mknod device", mknod(path, S_IFCHR | 0600, makedev(1, 3)));
    unlink(path);
    int nameless = open(run.volume, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    leave_out("open O_TMPFILE", nameless < 0 ? -1 : close(nameless));
    // Only who is root may give files away.
    static const char *const of_root[] = { "chown", "lchown", "fchown" };
    errno = EPERM;
    for (int i = 0; i < 3; i++) leave_out(of_root[i], run.is_root ? 0 : -1);
}

static struct kind *random_kind(void) {
    unsigned sum = 0;
    for (int i = 0; i < KINDS; i++) sum += kinds[i].weight;
    unsigned at = (unsigned)below(sum);
    struct kind *kind = kinds;
    while (at >= kind->weight) at -= kind++->weight;
    return kind;
}

static void run_operations(size_t count) {
    static int64_t next_line;
    for (size_t i = 0; i < count; i++) {
        run.operation++;
        struct kind *kind = random_kind();
        WHAT("%s", kind->name);
        kind->body();
        kind->count++;
        // Chance is asked in any case, so that a sequence stays the same wherever a takeover falls.
        bool is_due = one_in(OPERATIONS_BETWEEN_COMPARISONS);
        was_taken_over = watch_has_ended();
        if (was_taken_over || is_due) verify_all();
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (now < next_line || !says_where) continue;
        next_line = now + NANOSECONDS_BETWEEN_LINES;
        printf("sequence %llu operation %llu\n", run.sequence, run.operation);
    }
}

static void close_all(void) {
    WHAT("closing everything");
    while (run.descriptor_count > 0) {
        CHECK(close(run.descriptors[0].number) == 0);
        descriptor_forget(&run.descriptors[0]);
    }
    CHECK(chdir(run.volume) == 0);
    run.working_directory->open_count--;
    inode_release(run.working_directory);
    run.working_directory = model_root(&run.model);
    run.working_directory->open_count++;
}

// Empties the volume, from the leaves on.
static void remove_all(void) {
    char path[PATH_MAX];
    while (run.model.entry_count > 0) {
        size_t at = below(run.model.entry_count);
        struct entry *entry = &run.model.entries[at];
        bool is_directory = entry->inode->kind == S_IFDIR;
        if (is_directory && !directory_is_empty(&run.model, entry->inode)) continue;
        entry_path(&run.model, entry, path);
        WHAT("remove \"%s\"", path);
        came_out(unlinkat(AT_FDCWD, path, is_directory ? AT_REMOVEDIR : 0), 0);
        entry_remove(&run.model, entry);
    }
}

static void run_sequences(unsigned long long count, bool keeps) {
    for (run.sequence = 1; run.sequence <= count; run.sequence++) {
        // Each depends on the seed and its number alone.
        run.random = run.seed * 1000003 + run.sequence;
        run.operation = 0;
        run_operations(1 + below(OPERATIONS_MAX));
        verify_all();
        if (keeps && run.sequence == count) return close_all();
        close_all();
        if (!one_in(4)) remove_all();
    }
    remove_all();
    verify_all();
}

static void start_in(const char *directory, unsigned long long seed) {
    run.seed = seed;
    run.is_root = geteuid() == 0;
    run.mask = 022;
    umask(run.mask);
    if (realpath(directory, run.volume) == NULL || chdir(run.volume) != 0)
        model_failed("%s: %s", directory, strerror(errno));
    learn_file_system();
    // Before any file's number is known.
    watch_start();
    WHAT("reading what is there");
    model_read(&run.model, run.volume);
    model_root(&run.model)->has_time = false;
    run.working_directory = model_root(&run.model);
    run.working_directory->open_count++;
}

static int print_digest(const char *directory) {
    model_read(&run.model, directory);
    printf("tree %016llx\n", (unsigned long long)model_digest(&run.model));
    return 0;
}

static void print_kinds(void) {
    unsigned long sum = 0;
    int used = 0;
    for (int i = 0; i < KINDS; i++) {
        sum += kinds[i].count;
        used += kinds[i].count > 0;
        if (kinds[i].weight == 0) printf("not done here: %s\n", kinds[i].name);
    }
    printf("%lu operations of %d kinds\n", sum, used);
}

int main(int count, char **words) {
    if (count == 3 && strcmp(words[1], "digest") == 0) return print_digest(words[2]);
    if (count >= 4) {
        start_in(words[1], strtoull(words[2], NULL, 10));
        says_where = true;
        bool keeps = count == 5 && strcmp(words[4], "keep") == 0;
        run_sequences(strtoull(words[3], NULL, 10), keeps);
        print_kinds();
        if (keeps) printf("tree %016llx\n", (unsigned long long)model_digest(&run.model));
        return check_ok();
    }
    scratch_enter();
    start_in(scratch_path, 1);
    run_sequences(10, false);
    scratch_leave();
    return check_ok();
}
