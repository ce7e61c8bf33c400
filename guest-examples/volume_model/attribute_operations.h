// Operations on what is known about a file, on descriptors themselves, and those that wait for the disk.
#ifndef VOLUME_MODEL_ATTRIBUTE_OPERATIONS_H
#define VOLUME_MODEL_ATTRIBUTE_OPERATIONS_H

#include "name_operations.h"
#include <sys/statfs.h>

static void do_chmod(void) {
    struct place place = old_place(0);
    struct found found = find(&place, true);
    if (found.is_outside) return;
    mode_t mode = random_mode(found.inode ? found.inode->kind : S_IFREG);
    WHAT("fchmodat %d \"%s\" mode %#o", place.base, place.path, mode);
    if (came_out(fchmodat(place.base, place.path, mode, 0), missing(&found))) found.inode->mode = mode;
}

static struct descriptor *any_descriptor(void) {
    return run.descriptor_count ? &run.descriptors[below(run.descriptor_count)] : NULL;
}

static void do_fchmod(void) {
    struct descriptor *descriptor = any_descriptor();
    if (descriptor == NULL) return;
    struct inode *inode = descriptor->description->inode;
    mode_t mode = random_mode(inode->kind);
    WHAT("fchmod %d mode %#o", descriptor->number, mode);
    if (came_out(fchmod(descriptor->number, mode), 0)) inode->mode = mode;
}

// Whoever changes it, an executable's set-id bits go with the owner.
static void owner_changed(struct inode *inode, uid_t user, gid_t group) {
    if (user != (uid_t)-1) inode->user = user;
    if (group != (gid_t)-1) inode->group = group;
    if (inode->kind == S_IFDIR) return;
    inode->mode &= ~(mode_t)S_ISUID;
    if (inode->mode & S_IXGRP) inode->mode &= ~(mode_t)S_ISGID;
}

static unsigned random_owner(void) { return one_in(4) ? (unsigned)-1 : one_in(4) ? 0 : 1000 + (unsigned)below(5); }

static void change_owner(int flags) {
    struct place place = old_place(0);
    struct found found = find(&place, !flags);
    uid_t user = random_owner();
    gid_t group = random_owner();
    if (found.is_outside) return;
    WHAT("fchownat %d \"%s\" %d:%d flags %#x", place.base, place.path, (int)user, (int)group, flags);
    if (came_out(fchownat(place.base, place.path, user, group, flags), missing(&found)))
        owner_changed(found.inode, user, group);
}

static void do_chown(void) { change_owner(0); }
static void do_lchown(void) { change_owner(AT_SYMLINK_NOFOLLOW); }

static void do_fchown(void) {
    struct descriptor *descriptor = any_descriptor();
    uid_t user = random_owner();
    gid_t group = random_owner();
    if (descriptor == NULL) return;
    WHAT("fchown %d %d:%d", descriptor->number, (int)user, (int)group);
    if (came_out(fchown(descriptor->number, user, group), 0))
        owner_changed(descriptor->description->inode, user, group);
}

static void random_times(struct timespec times[2]) {
    for (int i = 0; i < 2; i++) {
        times[i].tv_sec = 600000000 + (time_t)random_next(&run.random) % 1200000000;
        times[i].tv_nsec = (long)below(1000000000);
    }
    if (one_in(6)) times[0].tv_nsec = UTIME_OMIT;
    if (one_in(6)) times[1].tv_nsec = one_in(2) ? UTIME_OMIT : UTIME_NOW;
}

static void times_changed(struct inode *inode, const struct timespec times[2]) {
    if (times[1].tv_nsec == UTIME_OMIT) return;
    inode->has_time = times[1].tv_nsec != UTIME_NOW;
    inode->modified_ns = times[1].tv_sec * 1000000000LL + times[1].tv_nsec;
}

static void do_utimens(void) {
    struct place place = old_place(0);
    int flags = one_in(2) ? AT_SYMLINK_NOFOLLOW : 0;
    struct found found = find(&place, !flags);
    struct timespec times[2];
    if (found.is_outside) return;
    random_times(times);
    // With nothing to do the kernel does not even look for the file.
    bool is_nothing = times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT;
    WHAT("utimensat %d \"%s\" flags %#x", place.base, place.path, flags);
    if (!came_out(utimensat(place.base, place.path, times, flags), is_nothing ? 0 : missing(&found))) return;
    if (!is_nothing) times_changed(found.inode, times);
}

static void do_futimens(void) {
    struct descriptor *descriptor = any_descriptor();
    struct timespec times[2];
    if (descriptor == NULL) return;
    random_times(times);
    WHAT("futimens %d", descriptor->number);
    if (came_out(futimens(descriptor->number, times), 0)) times_changed(descriptor->description->inode, times);
}

// Attributes.

static int attribute_error(const struct inode *inode, int index, int flags) {
    if (inode->kind != S_IFREG && inode->kind != S_IFDIR) return EPERM;
    bool is_set = inode->attributes[index].is_set;
    if (flags & XATTR_CREATE) return is_set ? EEXIST : 0;
    return (flags & XATTR_REPLACE) && !is_set ? ENODATA : 0;
}

static void set_attribute(struct inode *inode, int index, size_t byte_count) {
    struct attribute *attribute = &inode->attributes[index];
    attribute->is_set = true;
    attribute->byte_count = byte_count;
    memcpy(attribute->bytes, payload, byte_count);
}

static size_t random_value(void) {
    random_payload();
    return below(one_in(4) ? ATTRIBUTE_BYTES_MAX : 40);
}

// Paths of these calls start at the working directory.
static bool is_plain(const struct place *place) {
    return place->path[0] == '/' || (place->base == AT_FDCWD && place->from == run.working_directory);
}

static void do_setxattr(void) {
    struct place place = old_place(one_in(6) ? 0 : S_IFREG);
    bool follows = one_in(2);
    struct found found = find(&place, follows);
    int index = (int)below(ATTRIBUTES), flags = one_in(3) ? (one_in(2) ? XATTR_CREATE : XATTR_REPLACE) : 0;
    size_t count = random_value();
    if (found.is_outside || !is_plain(&place)) return;
    int error = missing(&found);
    if (!error) error = attribute_error(found.inode, index, flags);
    WHAT("setxattr \"%s\" %s, %zu bytes, flags %d, follows %d", place.path, attribute_names[index], count, flags,
         follows);
    int result = follows ? setxattr(place.path, attribute_names[index], payload, count, flags)
                         : lsetxattr(place.path, attribute_names[index], payload, count, flags);
    if (came_out(result, error)) set_attribute(found.inode, index, count);
}

static void do_fsetxattr(void) {
    struct descriptor *descriptor = any_descriptor();
    int index = (int)below(ATTRIBUTES);
    size_t count = random_value();
    if (descriptor == NULL) return;
    WHAT("fsetxattr %d %s, %zu bytes", descriptor->number, attribute_names[index], count);
    if (came_out(fsetxattr(descriptor->number, attribute_names[index], payload, count, 0), 0))
        set_attribute(descriptor->description->inode, index, count);
}

static void do_removexattr(void) {
    struct place place = old_place(one_in(6) ? 0 : S_IFREG);
    struct found found = find(&place, true);
    int index = (int)below(ATTRIBUTES);
    if (found.is_outside || !is_plain(&place)) return;
    int error = missing(&found);
    if (!error) error = attribute_error(found.inode, index, XATTR_REPLACE);
    WHAT("removexattr \"%s\" %s", place.path, attribute_names[index]);
    if (came_out(removexattr(place.path, attribute_names[index]), error))
        found.inode->attributes[index].is_set = false;
}

static void do_fremovexattr(void) {
    struct descriptor *descriptor = any_descriptor();
    int index = (int)below(ATTRIBUTES);
    if (descriptor == NULL) return;
    struct inode *inode = descriptor->description->inode;
    WHAT("fremovexattr %d %s", descriptor->number, attribute_names[index]);
    int result = fremovexattr(descriptor->number, attribute_names[index]);
    if (came_out(result, attribute_error(inode, index, XATTR_REPLACE))) inode->attributes[index].is_set = false;
}

// Descriptors.

static void do_duplicate(void) {
    struct descriptor *descriptor = any_descriptor();
    if (descriptor == NULL || !may_open()) return;
    WHAT("dup %d", descriptor->number);
    int number = one_in(2) ? dup(descriptor->number) : fcntl(descriptor->number, F_DUPFD_CLOEXEC, (int)below(50));
    if (came_out(number, 0)) descriptor_add(number, descriptor->description);
}

static void do_close(void) {
    struct descriptor *descriptor = any_descriptor();
    if (descriptor == NULL) return;
    WHAT("close %d", descriptor->number);
    if (came_out(close(descriptor->number), 0)) descriptor_forget(descriptor);
}

// Opened once more by its descriptor's name in /proc, which leads to files without a name as well.
static void do_reopen(void) {
    struct descriptor *descriptor = random_descriptor(S_IFREG);
    char path[64];
    if (descriptor == NULL || !may_open()) return;
    int flags = one_in(2) ? O_RDWR : O_RDONLY;
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor->number);
    WHAT("open %s flags %#o", path, flags);
    int number = open(path, flags | O_CLOEXEC);
    if (came_out(number, 0)) descriptor_open(number, descriptor->description->inode, flags);
}

static void do_set_append(void) {
    struct descriptor *descriptor = random_descriptor(S_IFREG);
    if (descriptor == NULL) return;
    bool appends = one_in(2);
    WHAT("fcntl %d F_SETFL %s", descriptor->number, appends ? "O_APPEND" : "0");
    if (came_out(fcntl(descriptor->number, F_SETFL, appends ? O_APPEND : 0), 0))
        descriptor->description->appends = appends;
}

static void do_chdir(void) {
    struct place place = old_place(S_IFDIR);
    struct descriptor *descriptor = one_in(3) ? random_descriptor(S_IFDIR) : NULL;
    struct inode *directory;
    if (descriptor) {
        directory = descriptor->description->inode;
        WHAT("fchdir %d", descriptor->number);
        if (!came_out(fchdir(descriptor->number), 0)) return;
    } else {
        struct found found = find(&place, true);
        if (found.is_outside || !is_plain(&place)) return;
        int error = missing(&found);
        if (!error && found.inode->kind != S_IFDIR) error = ENOTDIR;
        WHAT("chdir \"%s\"", place.path);
        if (!came_out(chdir(place.path), error)) return;
        directory = found.inode;
    }
    directory->open_count++;
    run.working_directory->open_count--;
    inode_release(run.working_directory);
    run.working_directory = directory;
}

static void do_umask(void) {
    static const mode_t masks[] = { 0, 022, 077, 02, 027 };
    // The owner keeps what comparing needs.
    mode_t mask = masks[below(sizeof masks / sizeof *masks)];
    WHAT("umask %#o", mask);
    if (umask(mask) != run.mask) model_failed("the old mask is not %#o", run.mask);
    run.mask = mask;
}

static void do_synchronise(void) {
    struct descriptor *descriptor = random_descriptor(S_IFREG);
    if (descriptor == NULL) return;
    bool is_whole = one_in(2);
    WHAT("%s %d", is_whole ? "fsync" : "fdatasync", descriptor->number);
    came_out(is_whole ? fsync(descriptor->number) : fdatasync(descriptor->number), 0);
}

#endif
