"""Taking submissions from inboxes and learning platforms, checked before anything is written."""
