"""What this machine gives to graders, proved by trying."""
