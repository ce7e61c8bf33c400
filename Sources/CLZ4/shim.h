// liblz4 of Debian (liblz4-dev): the block format of lz4.h.
#include <lz4.h>
