"""Small wrong changes to the core, one at a time, and whether the tests notice."""
