// What `understudy bench` needs in C: the guests that it measures, and what Swift's view of glibc lacks.
#ifndef MEASUREMENT_H
#define MEASUREMENT_H

// Does what words[0] names with the rest; returns an exit status, 64 for what it does not know.
// Results go to standard output, a line each.
int measurement_guest(int count, char **words);

// The first processor that this thread may run on.
int measurement_first_processor(void);

// Binds this thread, and what it starts from now on, to one processor; for -1 to all that it had at first. Returns 0 or
// an errno.
int measurement_bind(int processor);

// Removes a directory with all that is in it; links are removed, not followed.
void measurement_remove_tree(const char *path);

#endif
