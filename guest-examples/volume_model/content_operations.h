// Operations that change what is in a file, through a descriptor or by its path.
#ifndef VOLUME_MODEL_CONTENT_OPERATIONS_H
#define VOLUME_MODEL_CONTENT_OPERATIONS_H

#include "paths.h"
#include <sys/sendfile.h>
#include <sys/uio.h>

static struct inode *file_of(const struct descriptor *descriptor) { return descriptor->description->inode; }

static struct descriptor *random_file(void) {
    // As a rule one that can be written.
    for (int tries = 0; tries < 3; tries++) {
        struct descriptor *descriptor = random_descriptor(S_IFREG);
        if (descriptor == NULL || is_writable(descriptor)) return descriptor;
    }
    return random_descriptor(S_IFREG);
}

// The same payload in up to five pieces, some of them empty.
static int cut(struct iovec pieces[5], size_t byte_count) {
    int count = 0;
    size_t at = 0;
    for (; count < 4; count++) {
        size_t length = below(byte_count - at + 1);
        pieces[count] = (struct iovec){ payload + at, length };
        at += length;
    }
    pieces[count++] = (struct iovec){ payload + at, byte_count - at };
    return count;
}

// What a write of the payload comes to; at the end of the file for those that append.
static void written(struct descriptor *descriptor, ssize_t result, size_t byte_count, size_t offset, bool moves) {
    if (!came_out(result, is_writable(descriptor) ? 0 : EBADF)) return;
    if ((size_t)result != byte_count) model_failed("%zd bytes of %zu were written", result, byte_count);
    inode_write(file_of(descriptor), offset, payload, byte_count);
    if (moves) descriptor->description->offset = offset + byte_count;
}

static size_t position(const struct descriptor *descriptor) {
    return descriptor->description->appends ? file_of(descriptor)->byte_count : descriptor->description->offset;
}

static void do_write(void) {
    struct descriptor *descriptor = random_file();
    size_t count = random_payload();
    if (descriptor == NULL || !has_room(position(descriptor) + count)) return;
    size_t offset = position(descriptor);
    WHAT("write %d at %zu, %zu bytes", descriptor->number, offset, count);
    written(descriptor, write(descriptor->number, payload, count), count, offset, true);
}

static void do_writev(void) {
    struct descriptor *descriptor = random_file();
    struct iovec pieces[5];
    size_t count = random_payload();
    if (descriptor == NULL || !has_room(position(descriptor) + count)) return;
    size_t offset = position(descriptor);
    int pieces_count = cut(pieces, count);
    WHAT("writev %d at %zu, %zu bytes", descriptor->number, offset, count);
    written(descriptor, writev(descriptor->number, pieces, pieces_count), count, offset, true);
}

static size_t random_offset(const struct inode *file) {
    return one_in(6) ? file->byte_count + below(100000) : below(file->byte_count + 1);
}

// pwrite to a file that is open for appending appends (pwrite(2), "Bugs"), and leaves the offset alone.
static void do_pwrite(void) {
    struct descriptor *descriptor = random_file();
    size_t count = random_payload();
    if (descriptor == NULL) return;
    size_t offset = random_offset(file_of(descriptor)), real = offset;
    if (descriptor->description->appends) real = file_of(descriptor)->byte_count;
    if (!has_room(real + count)) return;
    WHAT("pwrite %d at %zu, %zu bytes", descriptor->number, offset, count);
    written(descriptor, pwrite(descriptor->number, payload, count, (off_t)offset), count, real, false);
}

static void do_pwritev(void) {
    struct descriptor *descriptor = random_file();
    struct iovec pieces[5];
    size_t count = random_payload();
    if (descriptor == NULL) return;
    size_t offset = random_offset(file_of(descriptor)), real = offset;
    if (descriptor->description->appends) real = file_of(descriptor)->byte_count;
    if (!has_room(real + count)) return;
    int pieces_count = cut(pieces, count);
    WHAT("pwritev %d at %zu, %zu bytes", descriptor->number, offset, count);
    written(descriptor, pwritev(descriptor->number, pieces, pieces_count, (off_t)offset), count, real, false);
}

// RWF_APPEND appends whatever the descriptor was opened for; with -1 it moves the offset.
static void do_pwritev2_append(void) {
    struct descriptor *descriptor = random_file();
    struct iovec pieces[5];
    size_t count = random_payload();
    if (descriptor == NULL || !has_room(file_of(descriptor)->byte_count + count)) return;
    size_t end = file_of(descriptor)->byte_count;
    bool moves = one_in(2);
    int pieces_count = cut(pieces, count);
    WHAT("pwritev2 %d RWF_APPEND, %zu bytes, moves %d", descriptor->number, count, moves);
    ssize_t result = pwritev2(descriptor->number, pieces, pieces_count, moves ? -1 : 0, RWF_APPEND);
    written(descriptor, result, count, end, moves);
}

// Far behind the end: what is between reads as zeros.
static void do_sparse_write(void) {
    struct descriptor *descriptor = random_file();
    size_t count = 1 + below(5000);
    if (descriptor == NULL || descriptor->description->appends) return;
    size_t offset = file_of(descriptor)->byte_count + 4096 * (1 + below(40)) + below(3);
    if (!has_room(offset + count)) return;
    memset(payload, (int)below(256), count);
    WHAT("pwrite %d behind the end at %zu, %zu bytes", descriptor->number, offset, count);
    written(descriptor, pwrite(descriptor->number, payload, count, (off_t)offset), count, offset, false);
}

static unsigned char received[70000];

static void do_read(void) {
    struct descriptor *descriptor = random_descriptor(S_IFREG);
    if (descriptor == NULL) return;
    struct description *description = descriptor->description;
    size_t count = 1 + below(sizeof received), size = file_of(descriptor)->byte_count;
    size_t there = description->offset < size ? size - description->offset : 0;
    WHAT("read %d at %zu, %zu bytes", descriptor->number, description->offset, count);
    ssize_t result = read(descriptor->number, received, count);
    if (!came_out(result, is_readable(descriptor) ? 0 : EBADF)) return;
    size_t wanted = count < there ? count : there;
    if ((size_t)result != wanted) model_failed("%zd bytes were read, not %zu", result, wanted);
    if (wanted > 0 && memcmp(received, file_of(descriptor)->bytes + description->offset, wanted) != 0)
        model_failed("other bytes than were written");
    description->offset += wanted;
}

static void do_seek(void) {
    struct descriptor *descriptor = random_descriptor(S_IFREG);
    if (descriptor == NULL) return;
    size_t offset = random_offset(file_of(descriptor));
    WHAT("lseek %d to %zu", descriptor->number, offset);
    off_t from_end = (off_t)offset - (off_t)file_of(descriptor)->byte_count;
    off_t result = one_in(2) ? lseek(descriptor->number, (off_t)offset, SEEK_SET)
                             : lseek(descriptor->number, from_end, SEEK_END);
    if (came_out(result, 0)) descriptor->description->offset = offset;
}

static void do_truncate(void) {
    struct place place = old_place(one_in(12) ? 0 : S_IFREG);
    struct found found = find(&place, true);
    if (found.is_outside) return;
    int error = missing(&found);
    if (!error && found.inode->kind != S_IFREG) error = found.inode->kind == S_IFDIR ? EISDIR : EINVAL;
    size_t size = error ? 0 : random_offset(found.inode);
    // truncate(2) takes no descriptor to start from.
    if (place.base != AT_FDCWD || !has_room(size) || (place.path[0] != '/' && place.from != run.working_directory))
        return;
    WHAT("truncate \"%s\" to %zu", place.path, size);
    if (came_out(truncate(place.path, (off_t)size), error)) inode_resize(found.inode, size);
}

static void do_ftruncate(void) {
    struct descriptor *descriptor = random_file();
    if (descriptor == NULL) return;
    size_t size = random_offset(file_of(descriptor));
    if (!has_room(size)) return;
    WHAT("ftruncate %d to %zu", descriptor->number, size);
    int result = ftruncate(descriptor->number, (off_t)size);
    if (came_out(result, is_writable(descriptor) ? 0 : EINVAL)) inode_resize(file_of(descriptor), size);
}

#endif
