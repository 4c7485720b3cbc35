/* Random MMU operations on the simulated machine, with every invariant checked after each. */
#pragma once

/* Makes `operations` of them; fails the test at the first invariant that is broken, at a refusal
 * that changed something, and when less than 30 % were granted. Prints seed and share. */
void campaign(unsigned long operations, unsigned long seed);

/* From the environment, or the default. */
unsigned long campaign_count(unsigned long usual);
unsigned long campaign_seed(void);
