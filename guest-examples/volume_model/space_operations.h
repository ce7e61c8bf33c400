// fallocate and its modes, and calls that copy inside the kernel.
#ifndef VOLUME_MODEL_SPACE_OPERATIONS_H
#define VOLUME_MODEL_SPACE_OPERATIONS_H

#include "content_operations.h"
#include <linux/falloc.h>

// One call of fallocate; `error` is what a writable descriptor gives.
static bool allocate(struct descriptor *descriptor, int mode, size_t offset, size_t byte_count, int error) {
    WHAT("fallocate %d mode %#x at %zu, %zu bytes", descriptor->number, mode, offset, byte_count);
    int result = fallocate(descriptor->number, mode, (off_t)offset, (off_t)byte_count);
    // ext4 sets the time before it looks whether the range is within the file.
    file_of(descriptor)->has_time = false;
    return came_out(result, is_writable(descriptor) ? error : EBADF);
}

static void grow_to(struct inode *file, size_t end) {
    if (end > file->byte_count) inode_resize(file, end);
}

static void do_allocate(void) {
    struct descriptor *descriptor = random_file();
    if (descriptor == NULL) return;
    size_t offset = random_offset(file_of(descriptor)), count = random_length();
    if (!has_room(offset + count)) return;
    if (allocate(descriptor, 0, offset, count, 0)) grow_to(file_of(descriptor), offset + count);
}

static void do_allocate_keeping_size(void) {
    struct descriptor *descriptor = random_file();
    if (descriptor == NULL) return;
    size_t offset = random_offset(file_of(descriptor)), count = random_length();
    allocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, count, 0);
}

static void do_punch_hole(void) {
    struct descriptor *descriptor = random_file();
    if (descriptor == NULL) return;
    size_t offset = random_offset(file_of(descriptor)), count = random_length();
    if (allocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count, 0))
        inode_zero(file_of(descriptor), offset, count);
}

static void do_zero_range(void) {
    struct descriptor *descriptor = random_file();
    if (descriptor == NULL) return;
    size_t offset = random_offset(file_of(descriptor)), count = random_length();
    bool keeps_size = one_in(2);
    if (!has_room(offset + count)) return;
    int mode = FALLOC_FL_ZERO_RANGE | (keeps_size ? FALLOC_FL_KEEP_SIZE : 0);
    if (!allocate(descriptor, mode, offset, count, 0)) return;
    inode_zero(file_of(descriptor), offset, count);
    if (!keeps_size) grow_to(file_of(descriptor), offset + count);
}

static void do_collapse_range(void) {
    struct descriptor *descriptor = random_file();
    if (descriptor == NULL) return;
    struct inode *file = file_of(descriptor);
    size_t blocks = file->byte_count / run.block_size;
    size_t offset = below(blocks + 1) * run.block_size, count = (1 + below(3)) * run.block_size;
    bool is_within = offset + count < file->byte_count;
    if (!allocate(descriptor, FALLOC_FL_COLLAPSE_RANGE, offset, count, is_within ? 0 : EINVAL)) return;
    memmove(file->bytes + offset, file->bytes + offset + count, file->byte_count - offset - count);
    inode_resize(file, file->byte_count - count);
}

static void do_insert_range(void) {
    struct descriptor *descriptor = random_file();
    if (descriptor == NULL) return;
    struct inode *file = file_of(descriptor);
    size_t blocks = file->byte_count / run.block_size, before = file->byte_count;
    size_t offset = below(blocks + 1) * run.block_size, count = (1 + below(3)) * run.block_size;
    if (!has_room(before + count)) return;
    if (!allocate(descriptor, FALLOC_FL_INSERT_RANGE, offset, count, offset < before ? 0 : EINVAL)) return;
    inode_resize(file, before + count);
    memmove(file->bytes + offset + count, file->bytes + offset, before - offset);
    memset(file->bytes + offset, 0, count);
}

// The kernel may copy less than it is asked to, but not nothing.
static void copied(ssize_t result, size_t most) {
    if ((size_t)result > most || (result == 0 && most > 0)) model_failed("%zd of %zu bytes are copied", result, most);
}

static size_t bytes_behind(const struct inode *file, size_t offset, size_t most) {
    size_t there = offset < file->byte_count ? file->byte_count - offset : 0;
    return there < most ? there : most;
}

// A source that can be read and a target that can be written, which are not one file.
static bool random_pair(struct descriptor **source, struct descriptor **target) {
    *source = random_descriptor(S_IFREG);
    *target = random_descriptor(S_IFREG);
    return *source && *target && is_readable(*source) && is_writable(*target) && file_of(*source) != file_of(*target);
}

static void do_copy_range(void) {
    struct descriptor *source, *target;
    if (!random_pair(&source, &target)) return;
    bool has_offsets = one_in(2);
    struct inode *from = file_of(source), *to = file_of(target);
    size_t start = has_offsets ? below(from->byte_count + 1) : source->description->offset;
    size_t end = has_offsets ? random_offset(to) : target->description->offset;
    size_t most = bytes_behind(from, start, random_length());
    if (most == 0 || !has_room(end + most)) return;
    off_t in = (off_t)start, out = (off_t)end;
    WHAT("copy_file_range %d at %zu to %d at %zu, %zu bytes", source->number, start, target->number, end, most);
    ssize_t result = copy_file_range(source->number, has_offsets ? &in : NULL, target->number,
                                     has_offsets ? &out : NULL, most, 0);
    if (!came_out(result, target->description->appends ? EBADF : 0)) return;
    copied(result, most);
    inode_write(to, end, from->bytes + start, (size_t)result);
    if (has_offsets) {
        if (in != (off_t)start + result || out != (off_t)end + result) model_failed("the offsets are not moved");
    } else {
        source->description->offset += (size_t)result;
        target->description->offset += (size_t)result;
    }
}

static void do_sendfile(void) {
    struct descriptor *source, *target;
    if (!random_pair(&source, &target)) return;
    bool has_offset = one_in(2);
    struct inode *from = file_of(source);
    size_t start = has_offset ? below(from->byte_count + 1) : source->description->offset;
    size_t most = bytes_behind(from, start, random_length()), end = target->description->offset;
    if (most == 0 || !has_room(end + most)) return;
    off_t in = (off_t)start;
    WHAT("sendfile %d at %zu to %d at %zu, %zu bytes", source->number, start, target->number, end, most);
    ssize_t result = sendfile(target->number, source->number, has_offset ? &in : NULL, most);
    if (!came_out(result, target->description->appends ? EINVAL : 0)) return;
    copied(result, most);
    inode_write(file_of(target), end, from->bytes + start, (size_t)result);
    target->description->offset += (size_t)result;
    if (!has_offset) source->description->offset += (size_t)result;
}

static void do_splice(void) {
    struct descriptor *descriptor = random_file();
    int ends[2];
    size_t count = 1 + below(30000);
    if (descriptor == NULL || !is_writable(descriptor)) return;
    bool has_offset = one_in(2);
    size_t start = has_offset ? random_offset(file_of(descriptor)) : descriptor->description->offset;
    if (!has_room(start + count)) return;
    off_t out = (off_t)start;
    memset(payload, (int)below(256), count);
    CHECK(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], payload, count) == (ssize_t)count);
    WHAT("splice to %d at %zu, %zu bytes", descriptor->number, start, count);
    ssize_t result = splice(ends[0], NULL, descriptor->number, has_offset ? &out : NULL, count, 0);
    if (came_out(result, descriptor->description->appends ? EINVAL : 0)) {
        copied(result, count);
        inode_write(file_of(descriptor), start, payload, (size_t)result);
        if (!has_offset) descriptor->description->offset = start + (size_t)result;
    }
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

#endif
