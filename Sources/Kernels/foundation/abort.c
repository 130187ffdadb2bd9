#include <signal.h>

#include "c_library.h"

_Noreturn void sb_abort(bool quietly) {
    if (quietly) signal(SIGABRT, SIG_DFL);
    abort();
}
