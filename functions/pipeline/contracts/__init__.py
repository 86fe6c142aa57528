"""The shapes that states, records in S3 and the API have, and the keys of S3."""
