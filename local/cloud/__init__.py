"""AWS on the laptop: moto behind a thin front, the template deployed in it, and what moto lacks."""
