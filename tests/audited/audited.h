/* A program in memsrv's place that makes a machine worth auditing and lets the core check
 * itself (HF_OP_AUDIT) whenever somebody types an `a`. What is wrong in the machine is planted
 * from outside: see tests/guest/test_audit_core.py. */
#pragma once

#include "world.h"

/* ---- scene.c: something of everything that an audit looks at */

void scene_build(void);

/* ---- ask.c */

/* One whole audit, said line by line. */
void ask_audit(void);
void ask_again(void);   /* begins one, and then does a whole one */
void ask_wrongly(void); /* begins one, and goes on elsewhere */
