"""The media service: takes the WebSockets of ACS, on which it streams the audio and the transcripts of calls."""
