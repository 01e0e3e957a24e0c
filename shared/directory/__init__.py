"""The people and the accounts that calls are about: Graph, Entra, and the identities of ACS."""
