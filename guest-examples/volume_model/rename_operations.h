// rename and its flags, in the order in which the kernel looks at what may be wrong.
#ifndef VOLUME_MODEL_RENAME_OPERATIONS_H
#define VOLUME_MODEL_RENAME_OPERATIONS_H

#include "name_operations.h"
#include <linux/fs.h>

static int rename_error(const struct found *old, const struct found *new, unsigned flags) {
    if (old->error || new->error) return old->error ? old->error : new->error;
    if (missing(old)) return missing(old);
    if (new->name_error) return new->name_error;
    if ((flags & RENAME_NOREPLACE) && new->inode) return EEXIST;
    if ((flags & RENAME_EXCHANGE) && new->inode == NULL) return ENOENT;
    if (old->inode->kind == S_IFDIR && old->parent != new->parent && directory_holds(old->inode, new->parent))
        return EINVAL;
    if (new->inode && new->inode->kind == S_IFDIR && old->parent != new->parent
        && directory_holds(new->inode, old->parent))
        return flags & RENAME_EXCHANGE ? EINVAL : ENOTEMPTY;
    if (old->inode == new->inode) return 0;
    if (new->inode == NULL) return new->parent->link_count == 0 ? ENOENT : 0;
    if (flags & RENAME_EXCHANGE) return 0;
    if (old->inode->kind == S_IFDIR && new->inode->kind != S_IFDIR) return ENOTDIR;
    if (old->inode->kind != S_IFDIR && new->inode->kind == S_IFDIR) return EISDIR;
    return new->inode->kind == S_IFDIR && !directory_is_empty(&run.model, new->inode) ? ENOTEMPTY : 0;
}

static void exchange(struct found *old, struct found *new) {
    struct entry *left = entry_find(&run.model, old->parent, old->name);
    struct entry *right = entry_find(&run.model, new->parent, new->name);
    struct inode *inode = left->inode;
    left->inode = right->inode;
    right->inode = inode;
    if (left->inode->kind == S_IFDIR) left->inode->parent = left->directory;
    if (right->inode->kind == S_IFDIR) right->inode->parent = right->directory;
    left->directory->has_time = right->directory->has_time = false;
}

static void move(struct found *old, struct found *new) {
    struct inode *inode = old->inode;
    if (new->inode) entry_remove(&run.model, entry_find(&run.model, new->parent, new->name));
    entry_add(&run.model, new->parent, new->name, inode);
    entry_remove(&run.model, entry_find(&run.model, old->parent, old->name));
    if (inode->kind == S_IFDIR) inode->parent = new->parent;
}

static void rename_to(struct place from, struct place to, unsigned flags) {
    struct found old = find(&from, false), new = find(&to, false);
    if (old.is_outside || new.is_outside) return;
    bool moves_directory = old.inode && old.inode->kind == S_IFDIR && new.parent;
    if (moves_directory && depth_of(new.parent) + height_of(old.inode) > DEPTH_MAX) return;
    bool is_exchanged = flags & RENAME_EXCHANGE && new.inode && new.inode->kind == S_IFDIR && old.parent;
    if (is_exchanged && depth_of(old.parent) + height_of(new.inode) > DEPTH_MAX) return;
    int error = rename_error(&old, &new, flags);
    WHAT("renameat2 %d \"%s\" to %d \"%s\" flags %u", from.base, from.path, to.base, to.path, flags);
    long result = flags == 0 ? renameat(from.base, from.path, to.base, to.path)
                             : syscall(SYS_renameat2, from.base, from.path, to.base, to.path, flags);
    if (!came_out(result, error) || old.inode == new.inode) return;
    if (flags & RENAME_EXCHANGE) exchange(&old, &new);
    else move(&old, &new);
}

static void do_rename(void) { rename_to(old_place(0), new_place(), 0); }
static void do_rename_over(void) { rename_to(old_place(S_IFREG), old_place(one_in(5) ? 0 : S_IFREG), 0); }
static void do_rename_directory(void) {
    rename_to(old_place(S_IFDIR), one_in(3) ? old_place(one_in(4) ? 0 : S_IFDIR) : new_place(), 0);
}
static void do_rename_keep(void) { rename_to(old_place(0), one_in(2) ? new_place() : old_place(0), RENAME_NOREPLACE); }
static void do_rename_exchange(void) {
    rename_to(old_place(0), one_in(6) ? new_place() : old_place(0), RENAME_EXCHANGE);
}

// Onto itself, or onto another name of the same file: nothing happens, and both names stay.
static void do_rename_itself(void) {
    struct entry *entry = random_entry();
    if (entry == NULL) return;
    struct place from, to;
    struct entry *other = entry;
    for (size_t i = 0; i < run.model.entry_count && one_in(2); i++)
        if (run.model.entries[i].inode == entry->inode) other = &run.model.entries[i];
    place_in(&from, entry->directory, entry->name);
    place_in(&to, other->directory, other->name);
    rename_to(from, to, 0);
}

#endif
