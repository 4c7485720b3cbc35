/* Bytes and strings, as C has them. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *at, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
void *memchr(const void *at, int byte, size_t length);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t room);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t room);
char *strchr(const char *text, int c);
char *strrchr(const char *text, int c);
char *strstr(const char *text, const char *part);
char *strcpy(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t room);
char *strcat(char *restrict to, const char *restrict from);
