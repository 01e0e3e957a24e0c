"""The contact centre's HTTP API. Imported when the first request comes, not before."""
