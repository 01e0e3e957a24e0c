"""The web sockets of media streaming and transcription, from the service to the application."""
