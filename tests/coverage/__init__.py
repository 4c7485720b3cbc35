"""Which lines of the core all tests together reach: on the host by gcov, in guests by a plugin of QEMU's."""
