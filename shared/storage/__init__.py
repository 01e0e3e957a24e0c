"""Azure Storage: call rows, the recordings archive, the quarantine and the wake queue."""
