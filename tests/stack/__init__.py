"""How deep the core's stacks can become: computed from what the compiler says of each function."""
