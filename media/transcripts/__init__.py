"""The transcript of a call: lines in Blob while people talk, captions at the end."""
