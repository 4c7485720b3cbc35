"""The core's check of itself, tried on a live guest: mistakes go into its memory and registers, through
QEMU's server for gdb, and it must find them."""
