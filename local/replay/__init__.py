"""A server on loopback that behaves like the SingStat API and serves recorded responses."""
