/* Bringing a simulated machine back to where it began, as a memory server could: by operations only. */
#pragma once

/* Ends and takes apart all that there is; what could not be freed, as text, or NULL. Modules stay. */
const char *drain(void);
