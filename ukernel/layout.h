/* Where things stand in the kernel half. Each PML4 slot spans 512 GiB.
 *
 *   slot  address              what
 *    256  0xffff800000000000   PMO: RAM, and nothing but RAM, up to slot 383 (64 TiB)
 *    384  0xffffc00000000000   frame table: run headers, and 256 GiB above them the frame entries
 *    448  0xffffe00000000000   stacks with guard pages below them, registers of devices
 *    511  0xffffffff80000000   the core's image
 */
#pragma once

#define PMO_START 0xffff800000000000ul
#define PMO_LIMIT 0x400000000000ul /* bytes of physical memory that fit */

#define FRAME_HEADERS_START 0xffffc00000000000ul
#define FRAME_ENTRIES_START 0xffffc04000000000ul

#define STACKS_START 0xffffe00000000000ul
#define STACK_SPAN 0x10000ul /* from one stack's top to the next: whatever is not mapped guards */
#define DEVICES_START 0xffffe00010000000ul

#define IMAGE_BASE 0xffffffff80000000ul

#define KERNEL_HALF_SLOT 256u
