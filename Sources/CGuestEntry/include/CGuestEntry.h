#ifndef CGUESTENTRY_H
#define CGUESTENTRY_H

#include "guest_access.h"
#include "guest_clock.h"
#include "guest_context.h"
#include "guest_direct.h"
#include "guest_dispatch.h"
#include "guest_processor.h"
#include "guest_signals.h"
#include "guest_trace.h"
#include "host_call.h"
#include "host_fork.h"
#include "memory_keeper.h"

#endif
