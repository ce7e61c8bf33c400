// libxxhash of Debian (libxxhash-dev): XXH3_64bits, the checksum of frames and pages.
#include <xxhash.h>
