/* assert ends the program with a sentence when its condition doesn't hold. */
#pragma once

_Noreturn void hf_assert_failed(const char *condition, const char *file, int line);

#define assert(condition) ((condition) ? (void)0 : hf_assert_failed(#condition, __FILE__, __LINE__))
#define static_assert _Static_assert
