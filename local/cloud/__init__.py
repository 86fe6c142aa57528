"""AWS on the laptop: moto behind a thin WSGI front, the services that moto lacks, and the deployed template."""
