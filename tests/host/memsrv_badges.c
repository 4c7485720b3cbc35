#include "../../servers/memsrv/task.h"
#include "memsrv_requests.h"

unsigned memsrv_via(hf_badge_t badge) {
    static const unsigned vias[BADGE_KINDS] = {[BADGE_SELF] = HF_VIA_SELF,
                                               [BADGE_TASK] = HF_VIA_TASK,
                                               [BADGE_OBJECT] = HF_VIA_OBJECT,
                                               [BADGE_PAGER] = HF_VIA_PAGER};
    return badge_kind(badge) < BADGE_KINDS ? vias[badge_kind(badge)] : 0;
}
