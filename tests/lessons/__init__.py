"""What a lesson shows, judged by an independent reading of the guest; docs/testing.md tells how."""
