"""A server on loopback that behaves like SingStat, replaying recorded answers."""
